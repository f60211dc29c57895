"""The same request without a key: what it means now, and what makes two requests the same."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from calendly_integration.models import Booking, EventType, Host
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.seeds import place, question
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.bookings import pending_actions
from calendly_integration.services.catalog import event_types as catalog

from .document import PREFIX, CheckedClient

SCHEDULE_BODY = {
    "eventType": "Sales Demo",
    "inviteeEmail": "ana@example.com",
    "inviteeName": "Ana Pop",
    "conversationId": "c-1",
    "preferredTime": "2026-11-24T09:00:00",
}
NINE, NOON = "2026-11-24T07:00:00Z", "2026-11-24T10:00:00Z"

pytestmark = pytest.mark.usefixtures("event_types")


def send(api: CheckedClient, key: str | None = None, **booking_request: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    body = {name: value for name, value in {**SCHEDULE_BODY, **booking_request}.items() if value is not ...}
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
        for calendly_booking in pending_actions.claim(now=datetime.now(UTC), limit=10):
            pending_actions.work(calendly_booking, now=datetime.now(UTC))
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
            "Europe/Bucharest",
            "America/New_York",
        )

    def test_of_a_booking_that_is_closed_to_the_key_by_now_nothing_new_is_shown(
        self, api: CheckedClient, sandbox: Calendly, event_types: dict[str, EventType]
    ) -> None:
        first = send(api).json()
        EventType.objects.filter(name="Strategy Call").update(open_to="staff")
        Booking.objects.update(event_type=event_types["Strategy Call"], event_name="Strategy Call")
        again = send(api)
        assert replayed(again)
        assert again.json() == first
        assert len(sandbox.state.events) == 1

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
        booking_request = {"preferredTime": "2026-11-23T06:00:00Z"}
        first = send(api, **booking_request).json()
        clock.shift(360)
        again = send(api, **booking_request)
        assert replayed(again)
        assert again.json() == first


CITY = question("Where?", kind="single_select", choices=("București", "Cluj"))
DAYS = question("Which days?", kind="multi_select", position=1, choices=("Luni", "Marți"))
ASKED = {"eventType": "Visit", "location": "Str. Lungă 1"}


@pytest.fixture
def visit(sandbox: Calendly, event_types: dict[str, EventType]) -> None:
    """An event type that asks two questions and for the place."""
    sandbox.add_event_type("Visit", 30, questions=[CITY, DAYS], locations=[place("ask_invitee")])
    catalog.sync(calendly_accounts.default(), now=datetime.now(UTC))


def answered(*pairs: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"question": text, "answer": answer} for text, answer in pairs]


@pytest.mark.usefixtures("visit")
class TestSameness:
    """What makes two requests without a key the same, and what does not."""

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ({"timezone": "Europe/Bucharest"}, {"timezone": "europe/BUCHAREST"}),
            ({"timezone": "Europe/Bucharest"}, {}),
            ({"preferredTime": "2026-11-24T09:00:00+02:00"}, {"preferredTime": "2026-11-24T08:00:00+01:00"}),
            ({"preferredTime": "2026-11-24T07:00:00Z"}, {"preferredTime": "2026-11-24T09:00:00"}),
            (
                {"timezone": "Europe/Berlin", "preferredTime": "2026-11-24T08:00:00"},
                {"timezone": "Europe/Berlin", "preferredTime": "2026-11-24T07:00:00Z"},
            ),
            ({"guests": ["a@x.ro", "b@x.ro"]}, {"guests": ["B@x.ro", "a@x.ro", "A@X.ro", "ana@example.com"]}),
            ({"flexibility": "nextAvailable"}, {"flexibility": None}),
            (
                {"customAnswers": answered(("Where?", "bucuresti"), ("Which days?", ["Luni", "Marți"]))},
                {"customAnswers": answered(("which days", "LUNI\nmarti"), ("where", "București"))},
            ),
            ({"customAnswers": answered(("Where?", ""))}, {}),
            ({"location": "Str. Lungă 1 "}, {"location": "Str. Lungă 1"}),
            ({"notes": "a", "agentType": "sales", "userId": "1"}, {"notes": "b", "userId": "2"}),
            ({"inviteeEmail": "ana@example.com"}, {"inviteeEmail": "ANA@example.com"}),
            ({"preferredTime": ...}, {"preferredTime": None}),
        ],
    )
    def test_the_same_in_other_words_is_one_request(
        self, api: CheckedClient, sandbox: Calendly, first: dict[str, Any], second: dict[str, Any]
    ) -> None:
        assert not replayed(send(api, **ASKED | first))
        assert replayed(send(api, **ASKED | second))
        assert len(sandbox.state.events) == 1

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ({"timezone": "Europe/Berlin"}, {"timezone": "America/New_York"}),
            (
                {"timezone": "Europe/Berlin", "preferredTime": "2026-11-24T08:00:00Z"},
                {"timezone": "Europe/Bucharest", "preferredTime": "2026-11-24T08:00:00Z"},
            ),
            ({}, {"phone": "+1 212 555 0100"}),
            ({}, {"flexibility": "sameDay"}),
            ({}, {"guests": ["a@x.ro"]}),
            ({"guests": ["a@x.ro"]}, {"guests": ["b@x.ro"]}),
            ({}, {"customAnswers": answered(("Where?", "Cluj"))}),
            (
                {"customAnswers": answered(("Which days?", ["Luni"]))},
                {"customAnswers": answered(("Which days?", ["Luni", "Marți"]))},
            ),
            ({}, {"location": "Str. Scurtă 2"}),
            ({}, {"conversationId": "c-2"}),
            ({}, {"preferredTime": None}),
        ],
    )
    def test_what_changes_the_meeting_makes_another_request(
        self, api: CheckedClient, sandbox: Calendly, first: dict[str, Any], second: dict[str, Any]
    ) -> None:
        assert not replayed(send(api, **ASKED | first))
        assert not replayed(send(api, **ASKED | second))
        assert Booking.objects.count() == len(sandbox.state.events) == 2

    def test_of_two_hosts_with_one_name_each_is_a_request(
        self, api: CheckedClient, sandbox: Calendly
    ) -> None:
        radu = next(user for user in sandbox.state.users.values() if user.name == "Radu Marin")
        sandbox.add_event_type("Sales Demo", owner=radu)
        catalog.sync(calendly_accounts.default(), now=datetime.now(UTC))
        kinds = api.get(PREFIX + "event-types").json()["eventTypes"]
        demos = [each["id"] for each in kinds if each["name"] == "Sales Demo"]
        assert [replayed(send(api, eventType=key)) for key in (*demos, *demos)] == [False, False, True, True]

    def test_a_zone_that_an_offset_tells_is_enough_to_read_a_number(
        self, api: CheckedClient, sandbox: Calendly
    ) -> None:
        sandbox.add_event_type("Call", 30, locations=[place("outbound_call")])
        catalog.sync(calendly_accounts.default(), now=datetime.now(UTC))
        booking_request = {
            "eventType": "Call",
            "phone": "(212) 555-0100",
            "preferredTime": "2026-11-24T09:00:00-05:00",
        }
        assert [replayed(send(api, **booking_request)) for _time in range(2)] == [False, True]

    def test_the_number_that_is_called_belongs_to_it(self, api: CheckedClient, sandbox: Calendly) -> None:
        sandbox.add_event_type("Call", 30, locations=[place("outbound_call")])
        catalog.sync(calendly_accounts.default(), now=datetime.now(UTC))
        phones = ("+40 721 234 567", "0040721234567", "0721234567", "+40721234568")
        answers = [replayed(send(api, eventType="Call", phone=phone)) for phone in phones]
        assert answers == [False, True, True, False]
