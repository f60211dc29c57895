"""The portal is down, slow, choosy or overloaded, and our worker dies while it tells: nothing is lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from calendly_integration.sandbox.portal_state import Arrival

from .agents import deliver
from .processes import until
from .system import SIGNING_KEYS, System, pause

pytestmark = pytest.mark.processes

FIVE = ["/calendly/metadata", "/calendly/notify", "/calendly/confirmed", "/email/send", "/analytics/log"]


def book(system: System, count: int = 3) -> list[dict[str, Any]]:
    """Some bookings; no agent waits for the portal."""
    booking_requests = [system.booking_request() for _ in range(count)]
    for booking_request in booking_requests:
        answer = system.agent.book(booking_request)
        assert answer.status == 201
        assert answer.seconds < 2
    return booking_requests


def arrivals(system: System, since: int) -> list[Arrival]:
    return system.portal.arrivals[since:]


def all_told(system: System, booking_requests: list[dict[str, Any]], *, within: float = 20) -> None:
    """Everything of everybody is told, and in order."""
    until(
        lambda: all(len(system.paths(booking_request)) == 5 for booking_request in booking_requests),
        within=within,
        what=lambda: [system.paths(booking_request) for booking_request in booking_requests],
    )
    for booking_request in booking_requests:
        told = [each for each in system.portal.arrivals if each.kept and belongs(each, booking_request)]
        assert first_of_each(told) == FIVE


def belongs(arrival: Arrival, booking_request: dict[str, Any]) -> bool:
    return any(
        mark in str(arrival.json)
        for mark in (booking_request["inviteeEmail"], booking_request["conversationId"])
    )


def first_of_each(told: list[Arrival]) -> list[str]:
    return list(dict.fromkeys(each.path for each in sorted(told, key=lambda each: each.number)))


def waiting(system: System) -> int:
    return int(
        system.database.one(
            "SELECT count(*) FROM calendly_integration_outboxmessage WHERE status = 'waiting'"
        )
    )


def test_a_portal_that_answers_503_loses_nothing(system: System) -> None:
    system.portal.down = True
    booking_requests = book(system)
    until(lambda: waiting(system) == 15)
    pause(1.5)  # a few tries in vain
    system.portal.down = False
    all_told(system, booking_requests, within=15)


def test_a_portal_that_cannot_be_reached_loses_nothing(system: System) -> None:
    system.portal.stop()
    try:
        booking_requests = book(system)
        until(lambda: waiting(system) == 15)
    finally:
        system.portal.start()
    all_told(system, booking_requests, within=15)


def test_a_portal_that_hangs_up_after_taking_a_message_gets_it_again_under_the_same_key(
    system: System,
) -> None:
    system.repeats_allowed = True
    system.portal.lose = True
    [booking_request] = booking_requests = book(system, 1)
    until(lambda: any(belongs(each, booking_request) for each in list(system.portal.arrivals)))
    system.portal.lose = False
    all_told(system, booking_requests)
    tries: dict[str, set[str | None]] = {}
    for each in system.portal.arrivals:
        if belongs(each, booking_request):
            tries.setdefault(each.path, set()).add(each.key)
    assert all(len(keys) == 1 for keys in tries.values())


def test_a_slow_portal_slows_nobody_who_waits_for_us(system: System) -> None:
    system.portal.latency = 1.0
    booking_requests = book(system)
    answer = deliver(system.url, SIGNING_KEYS[0], b'{"event": "journey.slow", "payload": {}}')
    assert (answer.status, answer.seconds < 1) == (200, True)
    all_told(system, booking_requests)


def test_a_refused_message_is_parked_and_the_rest_goes_on(system: System) -> None:
    system.portal.refuse = {"/email/send": 422}
    [booking_request] = book(system, 1)
    until(lambda: len(system.paths(booking_request)) == 4)
    assert system.paths(booking_request) == [path for path in FIVE if path != "/email/send"]
    sql = "SELECT id FROM calendly_integration_outboxmessage WHERE path = '/email/send' AND status = 'parked'"
    [[key]] = until(lambda: system.database.rows(sql))
    system.portal.refuse = {}
    page = system.staff.get(f"/admin/calendly_integration/outboxmessage/{key}/change/")
    assert booking_request["inviteeEmail"] in page
    system.resend_parked()
    until(lambda: "/email/send" in system.paths(booking_request))


def test_the_pause_that_the_portal_asks_for_is_kept(system: System) -> None:
    since = len(system.portal.arrivals)
    system.portal.limit_for = 2
    [booking_request] = booking_requests = book(system, 1)
    until(lambda: len(arrivals(system, since)) >= 1)
    system.portal.limit_for = None
    all_told(system, booking_requests)
    first, second = [each.at for each in arrivals(system, since) if belongs(each, booking_request)][:2]
    assert (second - first).total_seconds() >= 2


def test_a_worker_killed_in_mid_delivery_tells_everything(system: System) -> None:
    """Fault 1."""
    system.complaints_allowed = system.repeats_allowed = True
    since = len(system.portal.arrivals)
    system.portal.latency = 0.5
    booking_requests = book(system, 8)
    until(lambda: len(arrivals(system, since)) >= 4)
    system.kill_worker_process()
    in_work = system.database.one(
        "SELECT count(*) FROM calendly_integration_outboxqueue WHERE lease_token IS NOT NULL"
    )
    assert in_work > 0
    system.portal.latency = 0.0
    system.wait_for_worker()
    system.pass_a_minute()
    all_told(system, booking_requests, within=30)


def test_a_new_key_of_the_portal_pauses_everything_and_loses_nothing(system: System) -> None:
    key, system.portal.key = system.portal.key, "another"
    try:
        booking_requests = book(system)
        until(lambda: waiting(system) == 15)
        paused = (
            "SELECT count(*) FROM calendly_integration_circuitstate WHERE name = 'portal refuses our key'"
        )
        until(lambda: system.database.one(paused) == 1)
        pause(3)  # other processes learn of it
        since = len(system.portal.arrivals)
        pause(3)
        assert len(system.portal.arrivals) == since  # nobody tries in vain
        assert "Portalul ne refuză cheia" in system.staff.get("/admin/calendly_integration/")
    finally:
        system.portal.key = key
    # The end of the minute, early.
    system.database.change(
        "UPDATE calendly_integration_circuitstate SET probed_at = ? WHERE name = 'portal refuses our key'",
        datetime.now(UTC) - timedelta(seconds=61),
    )
    all_told(system, booking_requests)
