"""Meetings on the wall clock, and the nights when the clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from calendly_integration.services.backoffice import calendar

BUCHAREST = ZoneInfo("Europe/Bucharest")
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def utc(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type, misc]


def test_the_night_with_25_hours_has_three_oclock_twice() -> None:
    on = calendar.days("2026-10-25", "2026-10-26", BUCHAREST)
    assert on.end - on.start == timedelta(hours=25)
    (change,) = calendar.clock_changes(on)
    assert change.at == utc(2026, 10, 25, 1)
    assert change.back
    assert change.span == (datetime(2026, 10, 25, 3), datetime(2026, 10, 25, 4))
    first, second = utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)
    assert (
        calendar.wall_clock(first, BUCHAREST)
        == calendar.wall_clock(second, BUCHAREST)
        == datetime(2026, 10, 25, 3, 30)
    )
    assert calendar.is_ambiguous(first, BUCHAREST)
    assert calendar.is_ambiguous(second, BUCHAREST)
    assert not calendar.is_ambiguous(utc(2026, 10, 25, 2), BUCHAREST)


def test_the_night_with_23_hours_has_no_three_oclock() -> None:
    on = calendar.days("2027-03-22", "2027-03-29", BUCHAREST)
    (change,) = calendar.clock_changes(on)
    assert change.at == utc(2027, 3, 28, 1)
    assert not change.back
    assert change.span == (datetime(2027, 3, 28, 3), datetime(2027, 3, 28, 4))
    assert not calendar.is_ambiguous(utc(2027, 3, 28, 1), BUCHAREST)


def test_a_meeting_over_the_change_is_never_drawn_backwards() -> None:
    start = utc(2026, 10, 25, 0, 30)
    assert calendar.drawn_span(start, start + timedelta(hours=1), BUCHAREST) == (
        datetime(2026, 10, 25, 3, 30),
        datetime(2026, 10, 25, 4, 30),
    )
    start = utc(2027, 3, 28, 0, 30)
    assert calendar.drawn_span(start, start + timedelta(hours=1), BUCHAREST) == (
        datetime(2027, 3, 28, 2, 30),
        datetime(2027, 3, 28, 4, 30),
    )


@pytest.mark.parametrize(
    ("first", "after"),
    [
        ("", ""),
        ("x", "2026-01-01"),
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01", "2026-02-16"),
        ("0001-01-01", "0001-01-02"),
    ],
)
def test_no_days_and_too_many_are_refused(first: str, after: str) -> None:
    with pytest.raises(calendar.InvalidDays):
        calendar.days(first, after, BUCHAREST)
    assert calendar.days("2026-01-01", "2026-02-15", BUCHAREST).first.day == 1


def test_the_week_begins_on_monday_and_no_day_means_today() -> None:
    assert calendar.week("2026-11-29", zone=BUCHAREST, now=NOW).first.isoformat() == "2026-11-23"
    for none in ("", "tomorrow", "9999-12-31"):
        assert calendar.week(none, zone=BUCHAREST, now=NOW).first.isoformat() == "2026-11-23"
