"""In which time zone the invitee lives, and how sure that is."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest

from calendly_integration.services import time_zones
from calendly_integration.services.time_zones import Zone

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


def offset(hours: float, *, month: int = 11) -> datetime:
    return datetime(2026, month, 24, 10, tzinfo=timezone(timedelta(hours=hours)))


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ({}, Zone("Europe/Bucharest", "default", "low")),
        ({"explicit": "Asia/Kathmandu"}, Zone("Asia/Kathmandu", "explicit", "high")),
        ({"explicit": " europe/LONDON "}, Zone("Europe/London", "explicit", "high")),
        ({"explicit": "America/New York"}, Zone("America/New_York", "explicit", "high")),
        ({"explicit": "america / new  york"}, Zone("America/New_York", "explicit", "high")),
        (
            {"explicit": "AMERICA/ARGENTINA/BUENOS AIRES"},
            Zone("America/Argentina/Buenos_Aires", "explicit", "high"),
        ),
        ({"explicit": "Europe/Kiev"}, Zone("Europe/Kyiv", "explicit", "high")),
        ({"explicit": "asia/calcutta"}, Zone("Asia/Kolkata", "explicit", "high")),
        ({"explicit": "US/Eastern"}, Zone("America/New_York", "explicit", "high")),
        ({"explicit": "Etc/GMT+2"}, Zone("Etc/GMT+2", "explicit", "high")),
        ({"explicit": "Etc/GMT 2"}, Zone("Etc/GMT+2", "explicit", "high")),
        ({"explicit": "EET"}, Zone("EET", "explicit", "high")),
        ({"explicit": "UTC", "phone": "+40721234567"}, Zone("UTC", "explicit", "high")),
        ({"preferred": offset(2)}, Zone("Europe/Bucharest", "offset", "medium")),
        ({"preferred": offset(3, month=7)}, Zone("Europe/Bucharest", "offset", "medium")),
        ({"preferred": offset(1)}, Zone("Europe/Paris", "offset", "low")),
        ({"preferred": offset(-5)}, Zone("America/New_York", "offset", "low")),
        ({"preferred": offset(5.75)}, Zone("Asia/Kathmandu", "offset", "low")),
        ({"preferred": offset(5.5)}, Zone("Asia/Kolkata", "offset", "low")),
        ({"preferred": offset(14)}, Zone("Etc/GMT-14", "offset", "low")),
        ({"preferred": offset(-12)}, Zone("Etc/GMT+12", "offset", "low")),
        ({"preferred": offset(0.25)}, Zone("Europe/Bucharest", "default", "low")),
        # A bare Z is how programs write: no evidence.
        ({"preferred": offset(0)}, Zone("Europe/Bucharest", "default", "low")),
        ({"preferred": offset(0), "phone": "+442079460000"}, Zone("Europe/London", "phone", "medium")),
        ({"phone": "+40721234567"}, Zone("Europe/Bucharest", "phone", "medium")),
        ({"phone": "+40 21 312 34 56"}, Zone("Europe/Bucharest", "phone", "medium")),
        ({"phone": "0040722123456"}, Zone("Europe/Bucharest", "phone", "medium")),
        ({"phone": "(00)40-722-123-456"}, Zone("Europe/Bucharest", "phone", "medium")),
        ({"phone": " 00 44 20 7946 0000"}, Zone("Europe/London", "phone", "medium")),
        ({"phone": "+12125550123"}, Zone("America/New_York", "phone", "medium")),
        ({"phone": "+14155550123"}, Zone("America/Los_Angeles", "phone", "medium")),
        ({"phone": "+9779812345678"}, Zone("Asia/Kathmandu", "phone", "medium")),
        ({"phone": "0721234567"}, Zone("Europe/Bucharest", "default", "low")),
        ({"phone": "no number"}, Zone("Europe/Bucharest", "default", "low")),
        ({"phone": "+919812345678"}, Zone("Asia/Kolkata", "phone", "medium")),
        # Russia has eleven clocks, ours among them: the number alone does not tell.
        ({"phone": "+79161234567", "locale": "en-US"}, Zone("Europe/Bucharest", "phone", "low")),
        ({"phone": "+12125550123", "preferred": offset(-8)}, Zone("America/Los_Angeles", "offset", "low")),
        ({"locale": "ro-RO"}, Zone("Europe/Bucharest", "locale", "low")),
        ({"locale": "en_GB"}, Zone("Europe/London", "locale", "low")),
        ({"locale": "ne-NP"}, Zone("Asia/Kathmandu", "locale", "low")),
        ({"locale": "en-US"}, Zone("Europe/Bucharest", "default", "low")),
        ({"locale": "ro"}, Zone("Europe/Bucharest", "default", "low")),
        ({"locale": "xx-YY"}, Zone("Europe/Bucharest", "default", "low")),
        ({"locale": "-"}, Zone("Europe/Bucharest", "default", "low")),
        ({"phone": "+40721234567", "locale": "en-GB"}, Zone("Europe/Bucharest", "phone", "medium")),
    ],
    ids=str,
)
def test_the_best_evidence_decides(evidence: dict[str, Any], expected: Zone) -> None:
    assert time_zones.resolve(**evidence, now=NOW) == expected


@pytest.mark.parametrize(
    "phone",
    ["+79161234567", "+61491570006", "+5511912345678", "+1 800 555 0199", "+870773111632", "+" + "9" * 60],
)
def test_a_number_that_does_not_tell_leads_to_a_zone_all_the_same(phone: str) -> None:
    zone = time_zones.resolve(phone=phone, now=NOW)
    assert zone.info
    assert zone.confidence in ("low", "medium")


def test_the_default_is_what_the_settings_say(settings: Any) -> None:
    settings.CALENDLY_INTEGRATION["DEFAULT_TIME_ZONE"] = "America/Chicago"
    assert time_zones.resolve(now=NOW) == Zone("America/Chicago", "default", "low")
    assert time_zones.resolve(preferred=offset(-6), now=NOW) == Zone("America/Chicago", "offset", "medium")


@pytest.mark.parametrize(
    "name",
    [
        "Mars/Olympus",
        "Europe/Bucuresti",
        "GMT+2",
        "+02:00",
        "localtime",
        "Factory",
        "../etc/passwd",
        " ",
        "a\x00b",
        "Europe",
        "Europe/",
        "New York",
        "America/New-York",
    ],
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(time_zones.UnknownZone):
        time_zones.named(name)
    if name.strip():
        with pytest.raises(time_zones.UnknownZone):
            time_zones.resolve(explicit=name, now=NOW)


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("Europe/Bucharest", datetime(2026, 11, 24, 10), datetime(2026, 11, 24, 8, tzinfo=UTC)),
        ("Europe/Bucharest", datetime(2027, 3, 28, 2, 59, 59), datetime(2027, 3, 28, 0, 59, 59, tzinfo=UTC)),
        ("Europe/Bucharest", datetime(2027, 3, 28, 4), datetime(2027, 3, 28, 1, tzinfo=UTC)),
        ("Europe/Bucharest", datetime(2027, 10, 31, 3, 30), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
        (
            "Europe/Bucharest",
            datetime(2027, 10, 31, 3, 30, fold=1),
            datetime(2027, 10, 31, 1, 30, tzinfo=UTC),
        ),
        ("America/New_York", datetime(2026, 11, 1, 1, 30), datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        ("America/New_York", datetime(2027, 3, 14, 3), datetime(2027, 3, 14, 7, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2026, 11, 24, 13, 45), datetime(2026, 11, 24, 8, tzinfo=UTC)),
    ],
)
def test_a_local_time_is_one_instant(zone: str, local: datetime, utc: datetime) -> None:
    assert time_zones.at(local, ZoneInfo(zone)) == utc
    assert utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) == local.replace(fold=0)


@pytest.mark.parametrize(
    ("zone", "local"),
    [
        ("Europe/Bucharest", datetime(2027, 3, 28, 3)),
        ("Europe/Bucharest", datetime(2027, 3, 28, 3, 59, 59)),
        ("Europe/Bucharest", datetime(2027, 3, 28, 3, 30, fold=1)),
        ("America/New_York", datetime(2027, 3, 14, 2, 30)),
        ("Pacific/Apia", datetime(2011, 12, 30, 12)),
    ],
)
def test_a_local_time_that_the_clocks_skip_is_none(zone: str, local: datetime) -> None:
    with pytest.raises(time_zones.NoSuchTime):
        time_zones.at(local, ZoneInfo(zone))


def test_every_name_of_the_database_keeps_its_clock() -> None:
    for name in available_timezones() - {"localtime", "Factory"}:
        for moment in (NOW, datetime(2026, 7, 1, 12, tzinfo=UTC)):
            there = moment.astimezone(time_zones.named(name.replace("_", " ").swapcase())).utcoffset()
            assert there == moment.astimezone(ZoneInfo(name)).utcoffset(), name
