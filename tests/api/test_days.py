"""Times in queries may be days: they begin and end on the clock of the zone, also when that changes."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from calendly_integration.models import CalendlyAccount, EventType, Host
from calendly_integration.sandbox.calendly import Calendly

from .document import PREFIX, CheckedClient

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@pytest.fixture(autouse=True)
def _around_the_clock(sandbox: Calendly, event_types: dict[str, EventType]) -> None:
    rules = [{"type": "wday", "wday": day, "intervals": [{"from": "00:00", "to": "24:00"}]} for day in DAYS]
    sandbox.set_hours(sandbox.owner, rules)


def free(api: CheckedClient, **query: str) -> list[str]:
    answer = api.get(PREFIX + "availability", {"eventType": "sales-demo", **query})
    assert answer.status_code == 200, answer.content
    return [slot["local"]["start"] for slot in answer.json()["slots"]]


def of_host(api: CheckedClient, **query: str) -> Any:
    host = Host.objects.get(name="Ana Ionescu")
    return api.get(f"{PREFIX}hosts/{host.pk}/availability", query)


def test_days_are_whole_and_the_last_is_included(api: CheckedClient) -> None:
    starts = free(api, start="2026-12-01", end="2026-12-03")
    assert starts[0] == "2026-12-01T00:00:00+02:00"
    assert starts[-1].startswith("2026-12-03T23:")
    assert {start[:10] for start in starts} == {"2026-12-01", "2026-12-02", "2026-12-03"}


def test_a_day_begins_in_the_zone_that_is_given(api: CheckedClient) -> None:
    starts = free(api, start="2026-12-01", end="2026-12-01", timezone="asia/tokyo")
    assert starts[0] == "2026-12-01T00:00:00+09:00"
    assert starts[-1].startswith("2026-12-01T23:")


def test_without_a_zone_it_begins_in_that_of_the_account(api: CheckedClient) -> None:
    CalendlyAccount.objects.update(time_zone="America/New York")
    starts = free(api, start="2026-12-01", end="2026-12-01")
    assert starts[0] == "2026-12-01T00:00:00-05:00"
    assert starts[-1].startswith("2026-12-01T23:")


def test_both_are_optional_each_alone(api: CheckedClient) -> None:
    assert free(api, start="2026-12-01")[-1].startswith("2026-12-07T23:")
    until = free(api, end="2026-11-24")
    assert (until[0][:10], until[-1][:13]) == ("2026-11-23", "2026-11-24T23")
    assert free(api, start="2026-12-01", end="2026-12-01T12:00")[-1].startswith("2026-12-01T11:")


@pytest.mark.parametrize(
    ("now", "day", "hours"), [("2027-03-22", "2027-03-28", 23), ("2027-10-25", "2027-10-31", 25)]
)
def test_days_of_23_and_25_hours_are_whole(
    api: CheckedClient, clock: time_machine.Traveller, now: str, day: str, hours: int
) -> None:
    clock.move_to(datetime.fromisoformat(now + "T06:00:00+00:00"))
    body = of_host(api, start=day, end=day).json()["availability"]
    first, last = datetime.fromisoformat(body[0]["startTime"]), datetime.fromisoformat(body[-1]["endTime"])
    assert (last - first).total_seconds() == hours * 3600
    local = free(api, start=day, end=day, timezone="Europe/Bucharest")
    assert {start[:10] for start in local} == {day}


def test_a_month_and_a_week_of_days_may_have_an_hour_more(
    api: CheckedClient, clock: time_machine.Traveller, sandbox: Calendly
) -> None:
    clock.move_to(datetime(2027, 9, 20, 6, tzinfo=UTC))
    starts = free(api, start="2027-10-01", end="2027-10-31")
    assert starts[-1].startswith("2027-10-31T23:")
    assert len(set(starts)) == len(starts)
    answer = of_host(api, start="2027-10-25", end="2027-10-31")
    assert answer.json()["availability"][-1]["endTime"] == "2027-10-31T22:00:00Z"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"start": "2026-12-01", "end": "2026-11-30"}, "end"),
        ({"start": "2026-12-01", "end": "2027-01-01"}, "end"),
        ({"start": "2026-02-30"}, "start"),
        ({"start": "2026-12"}, "start"),
        ({"start": "20261201"}, "start"),
        ({"start": "9999-12-31"}, "start"),
        ({"start": "0001-01-01"}, "start"),
        ({"end": "9999-12-31"}, "end"),
        ({"end": "0001-01-01"}, "end"),
    ],
)
def test_days_that_cannot_be_meant_are_a_400(api: CheckedClient, given: dict[str, str], field: str) -> None:
    for answer in (
        api.get(PREFIX + "availability", {"eventType": "sales-demo", **given}),
        of_host(api, **given),
    ):
        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == [field]


def test_a_week_of_a_hosts_days_is_the_most(api: CheckedClient) -> None:
    assert of_host(api, start="2026-12-01", end="2026-12-07").status_code == 200
    assert of_host(api, start="2026-12-01", end="2026-12-08").status_code == 400


def test_where_the_clocks_skip_midnight_the_day_begins_later(
    api: CheckedClient, clock: time_machine.Traveller
) -> None:
    """In Cairo the clocks go from 00:00 to 01:00 on the last Friday of April."""
    clock.move_to(datetime(2027, 4, 26, 6, tzinfo=UTC))
    starts = free(api, start="2027-04-30", end="2027-04-30", timezone="Africa/Cairo")
    assert starts[0] == "2027-04-30T01:00:00+03:00"
    assert starts[-1].startswith("2027-04-30T23:")


def test_the_preferred_time_of_a_booking_is_no_day(api: CheckedClient) -> None:
    booking_request = {"eventType": "Sales Demo", "inviteeEmail": "ana@example.com", "inviteeName": "Ana Pop"}
    answer = api.post(PREFIX + "schedule", {**booking_request, "preferredTime": "2026-12-01"}, format="json")
    assert list(answer.json()["errors"]) == ["preferredTime"]
