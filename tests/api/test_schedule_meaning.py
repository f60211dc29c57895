"""The same request without a key: what it means now, and what makes two requests the same."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from calendly_integration.models import Booking, Host
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services import legs

from .document import PREFIX, CheckedClient

WISH = {
    "eventType": "Sales Demo",
    "inviteeEmail": "ana@example.com",
    "inviteeName": "Ana Pop",
    "conversationId": "c-1",
    "preferredTime": "2026-11-24T09:00:00",
}
NINE, NOON = "2026-11-24T07:00:00Z", "2026-11-24T10:00:00Z"

pytestmark = pytest.mark.usefixtures("event_types")


def send(api: CheckedClient, key: str | None = None, **wish: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    body = {name: value for name, value in {**WISH, **wish}.items() if value is not ...}
    return api.post(PREFIX + "schedule", body, format="json", headers=headers)


def replayed(answer: Any) -> bool:
    assert answer.status_code in (201, 202), answer.content
    return "Idempotent-Replayed" in answer


def move(api: CheckedClient, booking: dict[str, Any], start: str) -> dict[str, Any]:
    answer = api.post(f"{PREFIX}bookings/{booking['id']}/reschedule", {"newStartTime": start}, format="json")
    moved: dict[str, Any] = answer.json()["newBooking"]
    return moved


class TestMeaning:
    """The answer without a key is true when it is given."""

    def test_a_booking_that_was_moved_is_shown_where_it_is(
        self, api: CheckedClient, sandbox: Calendly
    ) -> None:
        first = send(api).json()
        moved = move(api, first["booking"], NOON)
        again = send(api)
        assert replayed(again)
        assert again.json()["booking"] == moved
        assert again.json()["message"] == "You are booked for Sales Demo: Tuesday, November 24 at 12:00."
        assert again.json()["timezone"] == first["timezone"]
        assert [event.status for event in sandbox.state.events.values()].count("active") == 1

    def test_one_that_was_canceled_is_booked_anew(self, api: CheckedClient, sandbox: Calendly) -> None:
        first = send(api).json()["booking"]
        move(api, first, NOON)
        api.post(f"{PREFIX}bookings/{first['id']}/cancel", {}, format="json")
        again = send(api)
        assert not replayed(again)
        assert again.json()["booking"]["startTime"] == NINE
        assert again.json()["booking"]["id"] != first["id"]
        assert replayed(send(api))
        assert Booking.objects.count() == 2

    def test_a_link_that_came_meanwhile_is_in_the_answer(
        self, api: CheckedClient, clock: time_machine.Traveller
    ) -> None:
        assert send(api).json()["booking"]["meetingUrl"] is None
        clock.shift(30)
        for leg in legs.claim(now=datetime.now(UTC), limit=10):
            legs.work(leg, now=datetime.now(UTC))
        again = send(api)
        assert replayed(again)
        assert again.json()["booking"]["meetingUrl"].startswith("https://")

    def test_another_host_and_another_zone_are_in_the_answer(self, api: CheckedClient) -> None:
        first = send(api).json()
        host = Host.objects.get(name="Radu Marin")
        Booking.objects.update(host=host, time_zone="America/New_York")
        again = send(api).json()
        assert again["booking"]["host"]["name"] == "Radu Marin"
        assert again["booking"]["local"]["start"] == "2026-11-24T02:00:00-05:00"
        assert (first["timezone"]["name"], again["timezone"]["name"]) == (
            "Europe/Bucharest", "America/New_York",
        )  # fmt: skip

    def test_the_answer_is_in_the_language_of_who_asks(
        self, api: CheckedClient, romanian: CheckedClient
    ) -> None:
        send(api)
        again = send(romanian)
        assert replayed(again)
        assert again.json()["booking"]["local"]["weekday"] == "marți"

    def test_an_explicit_key_gives_the_first_answer_all_the_same(self, api: CheckedClient) -> None:
        first = send(api, "k").json()
        move(api, first["booking"], NOON)
        assert send(api, "k").json() == first
        api.post(f"{PREFIX}bookings/{first['booking']['id']}/cancel", {}, format="json")
        assert send(api, "k").json() == first

    def test_a_start_that_has_passed_meanwhile_is_no_mistake(
        self, api: CheckedClient, clock: time_machine.Traveller
    ) -> None:
        wish = {"preferredTime": "2026-11-23T06:00:00Z"}
        first = send(api, **wish).json()
        clock.shift(360)
        again = send(api, **wish)
        assert replayed(again)
        assert again.json() == first
