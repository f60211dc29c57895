"""Booking across zones: whose clock is meant, and what the clocks do in spring and autumn."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.seeds import place
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.catalog import event_types

from .document import CheckedClient

SCHEDULE_BODY = {"eventType": "Sales Demo", "inviteeEmail": "ana@example.com", "inviteeName": "Ana Pop"}

pytestmark = pytest.mark.usefixtures("event_types")


def ask(api: CheckedClient, **booking_request: Any) -> Any:
    return api.post("/api/calendly/schedule", {**SCHEDULE_BODY, **booking_request}, format="json")


@pytest.mark.parametrize(
    ("given", "zone"),
    [
        (
            {"timezone": "america/new_york"},
            {"name": "America/New_York", "source": "explicit", "confidence": "high"},
        ),
        (
            {"timezone": "America/New York"},
            {"name": "America/New_York", "source": "explicit", "confidence": "high"},
        ),
        ({"timezone": "Europe/Kiev"}, {"name": "Europe/Kyiv", "source": "explicit", "confidence": "high"}),
        ({"phone": "0040721234567"}, {"name": "Europe/Bucharest", "source": "phone", "confidence": "medium"}),
        ({"phone": "+40721234567"}, {"name": "Europe/Bucharest", "source": "phone", "confidence": "medium"}),
        (
            {"preferredTime": "2026-11-24T14:45:00+05:45"},
            {"name": "Asia/Kathmandu", "source": "offset", "confidence": "low"},
        ),
        ({"locale": "ro-RO"}, {"name": "Europe/Bucharest", "source": "locale", "confidence": "low"}),
    ],
)
def test_the_zone_is_told_with_its_source(
    api: CheckedClient, given: dict[str, str], zone: dict[str, str]
) -> None:
    body = ask(api, **given).json()
    assert body["timezone"] == zone
    assert body["booking"]["local"]["timezone"] == zone["name"]


@pytest.mark.parametrize("phone", ["0040722123456", "0040 722 123 456", "(00) 40 722-123-456"])
def test_a_host_calls_a_number_that_was_written_with_00(
    api: CheckedClient, sandbox: Calendly, phone: str
) -> None:
    sandbox.add_event_type("Call", 30, locations=[place("outbound_call")])
    event_types.sync(calendly_accounts.default(), now=datetime.now(UTC))
    answer = ask(api, eventType="Call", phone=phone)
    assert answer.status_code == 201, answer.content
    [event] = sandbox.state.events.values()
    assert event.location
    assert event.location["location"] == "+40722123456"
    assert answer.json()["timezone"]["source"] == "phone"


def test_an_offset_is_that_instant_and_none_is_local_time(api: CheckedClient) -> None:
    zoned = ask(api, preferredTime="2026-11-24T08:00:00Z", conversationId="a").json()
    assert zoned["booking"]["startTime"] == "2026-11-24T08:00:00Z"
    local = ask(api, preferredTime="2026-11-25T04:00:00", timezone="America/New_York").json()
    assert local["booking"]["startTime"] == "2026-11-25T09:00:00Z"


def test_a_time_that_the_clocks_skip_is_a_400_in_clear_words(
    api: CheckedClient, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2027, 3, 22, 6, tzinfo=UTC))
    answer = ask(api, preferredTime="2027-03-28T03:30:00", timezone="Europe/Bucharest")
    assert answer.status_code == 400
    assert "2027-03-28 03:30:00 does not exist" in answer.json()["errors"]["preferredTime"][0]


@pytest.mark.parametrize(("given", "utc"), [("+03:00", "00:30"), ("+02:00", "01:30"), ("", "00:30")])
def test_of_a_repeated_hour_the_offset_decides_and_without_one_the_first_is_meant(
    api: CheckedClient, sandbox: Calendly, clock: time_machine.Traveller, given: str, utc: str
) -> None:
    clock.move_to(datetime(2027, 10, 26, 6, tzinfo=UTC))
    around_the_clock = [{"from": "00:00", "to": "24:00"}]
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    rules = [{"type": "wday", "wday": day, "intervals": around_the_clock} for day in days]
    sandbox.set_hours(sandbox.owner, rules)
    body = ask(api, preferredTime=f"2027-10-31T03:30:00{given}", timezone="Europe/Bucharest").json()
    assert body["booking"]["startTime"] == f"2027-10-31T{utc}:00Z"
    assert body["booking"]["local"]["start"].startswith("2027-10-31T03:30:00")
