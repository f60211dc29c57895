"""Free times, always Calendly's own; suggestions; a host's day."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from calendly_integration.models import CalendlyAccount, EventType, Host
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services import errors
from calendly_integration.services.catalog import availability
from calendly_integration.services.catalog.availability import Slot, Span

from ..factories import TEN, book, hours, mirrored, now, strict

pytestmark = pytest.mark.django_db

BUCHAREST = ZoneInfo("Europe/Bucharest")


def slot(start: datetime) -> Slot:
    return Slot(start, start + hours(0.5), "")


def ana() -> Host:
    return Host.objects.get(name="Ana Ionescu")


def day_of(host: Host, day: str = "2026-11-24", *, days: int = 1) -> list[Span]:
    begins = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=BUCHAREST)
    ends = (begins.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=BUCHAREST)
    return availability.of_host(host, start=begins.astimezone(UTC), end=ends.astimezone(UTC), now=now())


def local(spans: list[Span]) -> list[tuple[str, str, str]]:
    return [
        (
            f"{span.start.astimezone(BUCHAREST):%d %H:%M}",
            f"{span.end.astimezone(BUCHAREST):%d %H:%M}",
            span.status,
        )
        for span in spans
    ]


# Free starts


def test_what_calendly_offers_is_what_is_free(calendly: Calendly, event_types: dict[str, EventType]) -> None:
    kind = event_types["Strategy Call"]
    book("Strategy Call")
    found = availability.free(kind, start=TEN - hours(1), end=TEN + hours(3), now=now())
    assert [each.start for each in found] == [
        TEN + hours(1.25),
        *[TEN + hours(1.5 + 0.25 * n) for n in range(6)],
    ]
    assert all(each.end - each.start == hours(1) for each in found)
    assert all(each.text.endswith("Z") for each in found)
    strict(calendly)


def test_the_end_is_not_part_of_the_span(calendly: Calendly, event_types: dict[str, EventType]) -> None:
    found = availability.free(event_types["Sales Demo"], start=TEN, end=TEN + hours(0.5), now=now())
    assert [each.start for each in found] == [TEN, TEN + hours(0.25)]


@pytest.mark.parametrize("end", [-1.0, 0.0, 1 / 120])
def test_a_span_in_the_past_costs_no_call(
    calendly: Calendly, event_types: dict[str, EventType], end: float
) -> None:
    kind = event_types["Sales Demo"]
    assert availability.free(kind, start=now() - hours(5), end=now() + hours(end), now=now()) == []
    assert not calendly.calls


def test_only_starts_in_the_future_are_asked_for(
    calendly: Calendly, event_types: dict[str, EventType]
) -> None:
    availability.free(event_types["Sales Demo"], start=now() - hours(5), end=now() + hours(5), now=now())
    assert calendly.calls[0].status == 200
    assert "start_time=2026-11-23T06%3A01%3A00Z" in calendly.calls[0].path


def test_no_more_than_31_days_are_asked_for_at_once(
    calendly: Calendly, event_types: dict[str, EventType]
) -> None:
    calendly.calls.clear()
    found = availability.free(event_types["Sales Demo"], start=TEN, end=TEN + timedelta(days=90), now=now())
    assert [call.status for call in calendly.calls] == [200, 200, 200]
    assert found[-1].start > TEN + timedelta(days=89)
    assert len({slot.start for slot in found}) == len(found)


def test_a_full_group_is_not_free(calendly: Calendly, account: CalendlyAccount) -> None:
    calendly.add_group_type("Webinar", seats=1)
    calendly.add_group_type("Workshop", seats=2)
    mirrored(account)
    calendly.book_as_invitee("Workshop", TEN, email="a@example.com")
    kind = EventType.objects.get(name="Workshop")
    assert availability.free(kind, start=TEN, end=TEN + hours(0.1), now=now())
    calendly.book_as_invitee("Workshop", TEN, email="b@example.com")
    assert not availability.free(kind, start=TEN, end=TEN + hours(0.1), now=now())


def test_who_only_looks_is_told_in_our_words_what_is_wrong(
    calendly: Calendly, event_types: dict[str, EventType]
) -> None:
    kind = event_types["Sales Demo"]
    calendly.faults.add("refuse", method="GET", times=None)
    with pytest.raises(errors.CalendlyUnavailable):
        availability.offered(kind, start=TEN, end=TEN + hours(1), now=now())
    calendly.faults.clear()
    calendly.faults.add("status", method="GET", status=404)
    with pytest.raises(errors.CalendlyRefused):
        availability.offered(kind, start=TEN, end=TEN + hours(1), now=now())


# Suggestions


def test_a_day_shows_the_three_starts_nearest_to_the_hour_that_was_wanted() -> None:
    starts = [slot(TEN.replace(hour=hour)) for hour in range(6, 16)]
    [day] = availability.suggest(starts, around=TEN, zone=BUCHAREST)
    assert day.on == date(2026, 11, 24)
    assert [each.start.hour for each in day.slots] == [8, 9, 10]
    tomorrow = [slot(each.start + timedelta(days=1)) for each in starts]
    [day] = availability.suggest(tomorrow, around=TEN, zone=BUCHAREST)
    assert [each.start.hour for each in day.slots] == [7, 8, 9]


def test_days_are_the_invitees() -> None:
    late = datetime(2026, 11, 24, 23, tzinfo=UTC)
    [day] = availability.suggest([slot(late)], around=TEN, zone=BUCHAREST)
    assert day.on == date(2026, 11, 25)
    [day] = availability.suggest([slot(late)], around=TEN, zone=ZoneInfo("America/New_York"))
    assert day.on == date(2026, 11, 24)


def test_of_many_days_the_first_fourteen_are_shown() -> None:
    starts = [slot(TEN + timedelta(days=number)) for number in range(-2, 30)]
    days = availability.suggest(starts, around=TEN, zone=BUCHAREST)
    assert [day.on for day in days] == [date(2026, 11, 24) + timedelta(days=number) for number in range(14)]
    assert availability.suggest([], around=TEN, zone=BUCHAREST) == []


def test_the_last_day_is_the_fourteenth_after_the_wanted_one() -> None:
    starts = [slot(TEN + timedelta(days=number)) for number in (1, 14, 15)]
    days = availability.suggest(starts, around=TEN, zone=BUCHAREST)
    assert [day.on for day in days] == [date(2026, 11, 25), date(2026, 12, 8)]


def test_fourteen_days_across_the_end_of_summer_time_are_fourteen_days() -> None:
    around = datetime(2027, 10, 25, 21, tzinfo=UTC)  # midnight in Bucharest
    starts = [slot(around + hours(number)) for number in range(24 * 20)]
    days = availability.suggest(starts, around=around, zone=BUCHAREST)
    assert len(days) == 14
    assert all(len(day.slots) == 3 for day in days)


# A host's day


def test_a_hosts_day_is_busy_with_buffers_and_available_within_the_hours(calendly: Calendly) -> None:
    book()
    calendly.add_busy_time(TEN + hours(3), TEN + hours(4))
    calendly.calls.clear()
    assert local(day_of(ana())) == [
        ("24 09:00", "24 10:00", "available"),
        ("24 10:00", "24 10:45", "busy"),
        ("24 10:45", "24 13:00", "available"),
        ("24 13:00", "24 14:00", "busy"),
        ("24 14:00", "24 17:00", "available"),
    ]
    assert len(calendly.calls) == 2
    strict(calendly)


def test_busy_outside_the_hours_is_shown_too(calendly: Calendly) -> None:
    calendly.add_busy_time(TEN - hours(4), TEN - hours(0.5))
    assert local(day_of(ana()))[:2] == [
        ("24 06:00", "24 09:30", "busy"),
        ("24 09:30", "24 17:00", "available"),
    ]


def test_overlapping_obligations_are_one(calendly: Calendly) -> None:
    for begin, end in ((0, 2), (1, 3), (3, 4), (1.5, 1.6)):
        calendly.add_busy_time(TEN + hours(begin), TEN + hours(end))
    busy = [each for each in local(day_of(ana())) if each[2] == "busy"]
    assert busy == [("24 10:00", "24 14:00", "busy")]


def test_a_rule_for_a_date_beats_that_for_its_weekday(calendly: Calendly) -> None:
    rules: list[dict[str, Any]] = [
        {"type": "wday", "wday": "tuesday", "intervals": [{"from": "09:00", "to": "17:00"}]},
        {"type": "wday", "wday": "wednesday", "intervals": [{"from": "22:00", "to": "24:00"}]},
        {"type": "date", "date": "2026-11-24", "intervals": []},
    ]
    calendly.set_hours(calendly.owner, rules)
    assert day_of(ana()) == []
    assert local(day_of(ana(), "2026-11-25")) == [("25 22:00", "26 00:00", "available")]


@pytest.mark.parametrize("name", ["europe/bucharest", "Europe/Bucuresti", "Mars", ""])
def test_hours_in_a_zone_of_another_name_are_read_all_the_same(calendly: Calendly, name: str) -> None:
    """One that nobody knows is read as the zone of last resort, which is the same here."""
    for schedule in calendly.state.schedules.values():
        schedule.timezone = name or "Europe/Bucharest "
    assert local(day_of(ana())) == [("24 09:00", "24 17:00", "available")]


@pytest.mark.parametrize(("day", "length"), [("2027-03-28", 23), ("2027-10-31", 25), ("2026-11-29", 24)])
def test_a_hosts_day_is_as_long_as_it_is(
    calendly: Calendly, clock: time_machine.Traveller, day: str, length: int
) -> None:
    clock.move_to(datetime.fromisoformat(f"{day}T00:00+00:00") - timedelta(days=2))
    always = [{"type": "wday", "wday": "sunday", "intervals": [{"from": "00:00", "to": "24:00"}]}]
    calendly.set_hours(calendly.owner, always)
    [span] = day_of(ana(), day)
    assert span.end - span.start == hours(length)


def test_what_is_past_is_not_shown(calendly: Calendly, clock: time_machine.Traveller) -> None:
    clock.move_to(TEN)
    assert local(day_of(ana())) == [("24 10:01", "24 17:00", "available")]
    clock.move_to(TEN + timedelta(days=1))
    calendly.calls.clear()
    assert day_of(ana()) == []
    assert not calendly.calls


def test_a_calendar_that_calendly_cannot_read_is_a_refusal(calendly: Calendly) -> None:
    calendly.break_calendar()
    with pytest.raises(errors.CalendlyRefused):
        day_of(ana())
    calendly.faults.add("status", method="GET", status=503, times=None)
    with pytest.raises(errors.CalendlyUnavailable):
        day_of(ana())
