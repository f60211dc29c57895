"""What Calendly delivers: doubled, reversed, held back, all at once, and signed with a new key."""

import json
from typing import Any

import pytest

from . import invariants
from .agents import at_once, deliver
from .processes import until
from .system import SIGNING_KEYS, System

pytestmark = pytest.mark.processes


def test_one_delivery_twenty_times_at_once_is_one(system: System) -> None:
    """Fault 12."""
    booking_request = system.booking_request()
    system.calendly.options.webhook_hold = True
    system.agent.book(booking_request)
    [held] = system.calendly.pending_deliveries
    body = held.body.encode()
    answers = at_once(20, lambda _number: deliver(system.url, SIGNING_KEYS[0], body))
    assert [answer.status for answer in answers] == [200] * 20
    until(lambda: len(system.paths(booking_request)) == 5, what=lambda: system.paths(booking_request))
    system.calendly.release_deliveries()
    until(lambda: not system.calendly.state.open_deliveries)
    assert rows_of(system, body) == 1


def rows_of(system: System, body: bytes) -> int:
    sql = "SELECT body FROM calendly_integration_webhookdelivery"
    return sum(bytes(found) == body for (found,) in system.database.rows(sql))


@pytest.mark.parametrize("order", ["sent", "reversed", "random"])
def test_doubled_deliveries_in_any_order_leave_the_same_state(system: System, order: Any) -> None:
    options = system.calendly.options
    options.webhook_hold = options.webhook_double = True
    options.webhook_order = order
    booking_request, stranger = system.booking_request(), system.booking_request()
    booking = system.agent.book(booking_request).booking
    guest = system.calendly.book_as_invitee(
        "Sales Demo", system.start_at(), email=stranger["inviteeEmail"], name="Stranger"
    )
    moved = system.calendly.reschedule_as_invitee(system.invitee_of(booking), system.start_at())
    system.calendly.cancel_as_invitee(guest, "nu pot")
    system.calendly.release_deliveries()
    invariants.finished(system)
    now = system.agent.look(booking["id"])
    assert (now["status"], now["calendlyEventId"]) == ("confirmed", moved.event_id)
    # Reversed, the move is known before the first confirmation: that comes from the same Calendly record.
    told = system.paths(booking_request)
    assert told.count("/calendly/rescheduled") == 1
    assert told.count("/calendly/notify") == 1
    assert told.count("/calendly/confirmed") <= 1
    assert "/calendly/canceled" not in told
    assert set(system.paths(stranger)) == {"/analytics/log"}
    assert logged(system, stranger) == ["invitee_canceled", "invitee_created"]


def logged(system: System, booking_request: dict[str, Any]) -> list[str]:
    """The kinds of events that the portal's analytics know of that person."""
    return sorted(
        each.json["event_type"] for each in system.told(booking_request) if each.path == "/analytics/log"
    )


def test_a_rotated_signing_key_is_never_refused(system: System) -> None:
    """Fault 16: both keys are configured; Calendly changes from one to the other under traffic."""
    [subscription] = system.calendly.state.subscriptions.values()
    first = len(system.calendly.state.deliveries)
    guests = []
    try:
        for number in range(6):
            subscription.signing_key = SIGNING_KEYS[number % 2]
            guest = system.booking_request()
            guests.append(guest)
            system.calendly.book_as_invitee("Sales Demo", system.start_at(), email=guest["inviteeEmail"])
            until(lambda: not system.calendly.state.open_deliveries)
    finally:
        subscription.signing_key = SIGNING_KEYS[0]
    deliveries = system.calendly.state.deliveries[first:]
    assert [each.results for each in deliveries] == [["200"]] * 6
    until(lambda: all(system.paths(guest) for guest in guests))


@pytest.mark.parametrize(
    ("key", "body"), [("a-key-that-nobody-knows", b"{}"), ("", b"{}"), (SIGNING_KEYS[0] + "x", b"[]")]
)
def test_a_forged_delivery_leaves_nothing(system: System, key: str, body: bytes) -> None:
    before = system.database.one("SELECT count(*) FROM calendly_integration_webhookdelivery")
    answer = deliver(system.url, key, body)
    assert (answer.status, json.loads(answer.body)) == (401, {"error": "Invalid signature"})
    assert system.database.one("SELECT count(*) FROM calendly_integration_webhookdelivery") == before


def test_a_signed_delivery_that_is_not_json_is_kept_and_shown(system: System) -> None:
    """Fault 17."""
    for body in (b"not json \xff\x00", b"[" * 5000, b'{"event": "\\ud800", "payload": {}}'):
        assert deliver(system.url, SIGNING_KEYS[1], body).status == 200
        invariants.finished(system)
        assert rows_of(system, body) == 1
    page = system.staff.get("/admin/calendly_integration/webhookdelivery/")
    assert "Server Error" not in page


def test_a_stranger_on_the_public_page_is_only_counted(system: System) -> None:
    guest = system.booking_request()
    system.calendly.book_as_invitee(
        "Sales Demo", system.start_at(), email=guest["inviteeEmail"], name="Somebody"
    )
    until(lambda: system.paths(guest))
    listed = system.agent.call("GET", f"bookings?email={guest['inviteeEmail']}").body["bookings"]
    assert [each["status"] for each in listed] == ["confirmed"]
    assert system.paths(guest) == ["/analytics/log"]
