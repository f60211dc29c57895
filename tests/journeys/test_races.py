"""Fault 7: for eight seconds web and worker read and then write the same rows. Nobody meets a lock error."""

import time
from collections import Counter
from typing import Any

import pytest

from .agents import at_once, deliver
from .system import SIGNING_KEYS, System

pytestmark = pytest.mark.processes

FOR = 8.0


def test_read_then_write_races_meet_no_lock_error(system: System) -> None:
    booking_requests = [system.booking_request() for _ in range(3)]
    bookings = [system.confirmed(booking_request) for booking_request in booking_requests]
    ends = time.monotonic() + FOR
    seen: Counter[tuple[str, int]] = Counter()

    def race(number: int) -> None:
        act = (annotate, write_keys, deliver_once, move_about)[number % 4]
        turn = 0
        while time.monotonic() < ends:
            turn += 1
            which = 2 if act is write_keys else number // 4
            name, status = act(system, bookings[which], booking_requests[which], f"{number}-{turn}")
            seen[name, status] += 1

    at_once(8, race)
    assert {status for _name, status in seen} <= {200, 201, 409}, seen
    assert all(seen[name, status] >= 5 for name, status in PLENTY), seen
    for booking, booking_request in zip(bookings, booking_requests, strict=True):
        assert system.agent.look(booking["id"])["invitee"]["email"] == booking_request["inviteeEmail"]
    logged = system.logged().lower()
    assert "locked" not in logged
    assert "deadlock" not in logged
    assert seen["move_about", 200] >= 4
    assert (
        len(
            system.agent.call("GET", f"bookings?email={booking_requests[2]['inviteeEmail']}").body["bookings"]
        )
        == 1
    )


PLENTY = (("annotate", 200), ("write_keys", 200), ("deliver_once", 200))


def annotate(system: System, booking: Any, _booking_request: dict[str, Any], mark: str) -> tuple[str, int]:
    """Metadata are locked, read and written."""
    answer = system.agent.call("PATCH", f"bookings/{booking['id']}/metadata", {"notes": mark})
    return "annotate", answer.status


def write_keys(system: System, _booking: Any, booking_request: dict[str, Any], mark: str) -> tuple[str, int]:
    """A key is looked for, written and answered from. That start is taken, so that nothing else comes of it."""
    taken = {
        **booking_request,
        "flexibility": "exact",
        "conversationId": booking_request["conversationId"] + mark,
    }
    answer = system.agent.book(taken, Idempotency_Key=f"race-{mark}")
    return "write_keys", answer.status


def deliver_once(
    system: System, _booking: Any, _booking_request: dict[str, Any], mark: str
) -> tuple[str, int]:
    """A delivery is stored, and the worker claims and marks it."""
    body = b'{"event": "journey.race-%s-%d", "payload": {}}' % (mark.encode(), time.time_ns())
    return "deliver_once", deliver(system.url, SIGNING_KEYS[0], body).status


def move_about(system: System, booking: Any, _booking_request: dict[str, Any], _mark: str) -> tuple[str, int]:
    """A booking is moved, read again and told of, by web and worker. A second mover has to wait: 409."""
    start = system.start_at().strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = system.agent.call("POST", f"bookings/{booking['id']}/reschedule", {"newStartTime": start})
    return "move_about", answer.status
