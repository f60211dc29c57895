"""Guests of a booking: who is counted."""

from typing import Any

import pytest

from calendly_integration.sandbox.calendly import Calendly

from .document import PREFIX, CheckedClient

SCHEDULE_BODY = {"eventType": "Sales Demo", "inviteeEmail": "ana@example.com", "inviteeName": "Ana Pop"}
TEN = [f"g{number}@example.com" for number in range(10)]

pytestmark = pytest.mark.usefixtures("event_types")


def invited(sandbox: Calendly) -> list[str]:
    [event] = sandbox.state.events.values()
    return [guest["email"] for guest in event.guests]


@pytest.mark.parametrize(
    "more",
    [
        ["g3@example.com"],
        ["G3@Example.com "],
        ["ANA@example.com"],
        ["", None],
        ["g0@example.com"] * 400,
        [*TEN, "ana@example.com"],
    ],
)
def test_doubles_and_the_invitee_are_not_counted(
    api: CheckedClient, sandbox: Calendly, more: list[str | None]
) -> None:
    answer = api.post(PREFIX + "schedule", {**SCHEDULE_BODY, "guests": [*TEN, *more]}, format="json")
    assert answer.status_code == 201, answer.content
    assert invited(sandbox) == TEN


def test_eleven_others_are_too_many(api: CheckedClient, romanian: CheckedClient) -> None:
    booking_request = {**SCHEDULE_BODY, "guests": [*TEN, "g11@example.com"]}
    answer = api.post(PREFIX + "schedule", booking_request, format="json")
    assert answer.json()["errors"] == {"guests": ["There can be at most 10 guests."]}
    assert romanian.post(PREFIX + "schedule", booking_request, format="json").json()["errors"] == {
        "guests": ["Pot fi cel mult 10 invitați suplimentari."]
    }


@pytest.mark.parametrize(
    ("guests", "expected"),
    [
        (TEN, TEN),
        ([*TEN[:9], "g0@example.com", "ana@example.com"], [*TEN[:9], "agent@portal.example"]),
        ([*TEN[:9], "AGENT@portal.example"], [*TEN[:9], "AGENT@portal.example"]),
    ],
)
def test_the_portals_own_address_takes_only_a_place_that_is_left(
    api: CheckedClient, sandbox: Calendly, settings: Any, guests: list[str], expected: list[str]
) -> None:
    settings.CALENDLY_INTEGRATION["SYSTEM_EMAIL"] = "agent@portal.example"
    answer = api.post(PREFIX + "schedule", {**SCHEDULE_BODY, "guests": guests}, format="json")
    assert answer.status_code == 201, answer.content
    assert invited(sandbox) == expected
