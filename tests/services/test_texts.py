"""Instants for machines and for people."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from calendly_integration.services import texts

TEN = datetime(2026, 11, 24, 8, tzinfo=UTC)
BUCHAREST = ZoneInfo("Europe/Bucharest")


def test_for_machines_it_is_utc_with_whole_seconds() -> None:
    assert texts.utc(TEN.replace(microsecond=999_999)) == "2026-11-24T08:00:00Z"
    assert texts.utc(TEN.astimezone(timezone(timedelta(hours=5, minutes=45)))) == "2026-11-24T08:00:00Z"


@pytest.mark.parametrize(
    ("lang", "day", "spoken", "written"),
    [
        (
            "ro",
            "marți, 24 noiembrie",
            "marți, 24 noiembrie, ora 10:00",
            "marți, 24 noiembrie 2026, ora 10:00 (Europe/Bucharest)",
        ),
        (
            "en",
            "Tuesday, November 24",
            "Tuesday, November 24 at 10:00",
            "Tuesday, November 24, 2026 at 10:00 (Europe/Bucharest)",
        ),
    ],
)
def test_for_people_it_is_in_their_language(lang: str, day: str, spoken: str, written: str) -> None:
    assert texts.day(date(2026, 11, 24), lang) == day
    assert texts.spoken(TEN, BUCHAREST, lang) == spoken
    assert texts.written(TEN, BUCHAREST, lang) == written


def test_an_interval_on_the_invitees_clock() -> None:
    assert texts.local(TEN, TEN + timedelta(minutes=30), BUCHAREST, "ro") == {
        "timezone": "Europe/Bucharest",
        "start": "2026-11-24T10:00:00+02:00",
        "end": "2026-11-24T10:30:00+02:00",
        "weekday": "marți",
        "text": "marți, 24 noiembrie, ora 10:00",
    }


def test_an_interval_across_the_end_of_summer_time_shows_both_offsets() -> None:
    start = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    local = texts.local(start, start + timedelta(hours=1), BUCHAREST, "en")
    assert (local["start"], local["end"]) == ("2027-10-31T03:30:00+03:00", "2027-10-31T03:30:00+02:00")


@pytest.mark.parametrize(
    ("code", "lang"),
    [
        ("ro", "ro"),
        ("ro-RO", "ro"),
        ("EN_us", "en"),
        ("de", "ro"),
        ("", "ro"),
        (None, "ro"),
        ("english", "ro"),
    ],
)
def test_a_language_that_we_do_not_speak_is_romanian(code: str | None, lang: str) -> None:
    assert texts.language(code) == lang


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_every_day_and_month_has_a_name(lang: str) -> None:
    days = {texts.day(date(2026, 1, 1) + timedelta(days=number), lang) for number in range(365)}
    assert len(days) == 365


def test_no_text_follows_the_locale_of_the_process() -> None:
    package = Path(texts.__file__).parent.parent
    names = re.compile(r"""(?:strftime\([^)]*|\{[^{}"']*:[^{}"']*)%-?[aAbBhcxXpr]""")
    found = [path.name for path in package.rglob("*.py") if names.search(path.read_text(encoding="utf-8"))]
    assert not found
