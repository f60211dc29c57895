"""Calendly's answer is lost, or we die before we wrote it down: one meeting, one booking, nothing sent twice."""

from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest
import requests

from .agents import Answer, begun
from .processes import until
from .system import System

pytestmark = pytest.mark.processes

BOOK = {"method": "POST", "path": "/invitees"}


def test_a_lost_answer_is_looked_up_and_settled(system: System) -> None:
    """Fault 22."""
    system.calendly.options.webhook_hold = True
    system.calendly.faults.add("lose_answer", **BOOK)
    start = system.start_at()
    booking_request = system.booking_request(start)
    answer = system.agent.book(booking_request)
    assert (answer.status, answer.body["code"]) == (202, "outcome_unknown")
    assert answer.booking["status"] == "pending"
    booking_id = answer.booking["id"]
    until(lambda: system.agent.look(booking_id)["status"] == "confirmed")
    assert system.meetings_at(start) == 1
    assert posts(system, booking_request["inviteeEmail"]) == 1
    system.calendly.release_deliveries()
    until(lambda: len(system.paths(booking_request)) == 5, what=lambda: system.paths(booking_request))


def posts(system: System, email: str) -> int:
    """How often we have asked Calendly to book for that person."""
    return sum(call.path == "/invitees" and email in call.body for call in system.calendly.calls)


def test_a_lost_answer_is_settled_by_the_webhook_too(system: System) -> None:
    system.calendly.faults.add("lose_answer", **BOOK)
    start = system.start_at()
    booking_request = system.booking_request(start)
    answer = system.agent.book(booking_request)
    assert answer.status == 202
    until(lambda: len(system.paths(booking_request)) == 5, what=lambda: system.paths(booking_request))
    assert system.agent.look(answer.booking["id"])["status"] == "confirmed"
    assert system.meetings_at(start) == 1
    again = system.agent.book(booking_request)
    assert again.booking["id"] == answer.booking["id"]
    assert system.meetings_at(start) == 1


def test_a_request_that_never_arrived_fails_after_the_grace(system: System) -> None:
    system.calendly.faults.add("drop", **BOOK)
    start = system.start_at()
    booking_request = system.booking_request(start)
    answer = system.agent.book(booking_request)
    assert (answer.status, answer.body["code"]) == (202, "outcome_unknown")
    booking_id = answer.booking["id"]
    system.pass_a_minute()
    until(lambda: system.agent.look(booking_id)["status"] == "failed", within=25)
    assert system.meetings_at(start) == 0
    assert posts(system, booking_request["inviteeEmail"]) == 1
    assert system.paths(booking_request) == []
    second = system.agent.book(booking_request)
    assert second.status == 201
    assert second.booking["id"] != booking_id


def test_calendly_is_away_and_comes_back(system: System) -> None:
    booking_request = system.booking_request()
    system.server.stop()
    try:
        answer = system.agent.book(booking_request)
        assert (answer.status, answer.body["code"]) == (503, "calendly_unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.seconds < 5
        known = system.agent.call("GET", f"upcoming/{booking_request['inviteeEmail']}")
        assert (known.status, known.body["events"]) == (200, [])
    finally:
        system.server.start()
    system.confirmed(booking_request)


def test_calendly_refuses_with_a_limit(system: System) -> None:
    """Fault 9: the allowance is known for as long as it lasts, and nobody asks in vain."""
    system.calendly.faults.add("status", status=429, seconds=2, **BOOK)
    booking_request = system.booking_request()
    answer = system.agent.book(booking_request)
    assert (answer.status, answer.body["code"]) == (429, "quota_exhausted")
    assert int(answer.headers["Retry-After"]) <= 3
    assert answer.body["schedulingUrl"].startswith("http")
    before = system.calendly.calls_made
    assert system.agent.book(booking_request).status == 429
    assert system.calendly.calls_made == before
    until(lambda: system.agent.book(booking_request).status == 201, every=0.3)


LOOK = {"method": "GET", "path": "/scheduled_events"}


def looked(system: System, email: str) -> list[float]:
    """When we have looked for that person's meeting at Calendly, in seconds."""
    person = quote(email)
    return [
        call.at.timestamp()
        for call in list(system.calendly.calls)
        if (call.method, call.path.partition("?")[0]) == tuple(LOOK.values()) and person in call.path
    ]


@pytest.mark.parametrize("series", [(500, 502, 503), (429, 429, 429)])
def test_calendly_fails_for_a_while_and_is_asked_again_later_and_later(
    system: System, series: tuple[int, ...]
) -> None:
    """Faults 9 and 10: each look has its pause, longer than the one before or as long as Calendly asks; other
    work goes on meanwhile."""
    options, faults = system.calendly.options, system.calendly.faults
    options.webhook_hold = True
    asked_for = 3
    # A read that fails is repeated at once, twice; one that met a limit is not.
    calls_a_look = 1 if 429 in series else 3
    for status in series if 429 in series else series * 2:
        faults.add("status", status=status, seconds=asked_for, **LOOK)
    faults.add("lose_answer", **BOOK)
    start = system.start_at()
    booking_request, other = system.booking_request(start), system.booking_request()
    answer = system.agent.book(booking_request)
    assert answer.status == 202
    options.webhook_hold = False
    assert system.agent.book(other).status == 201
    until(lambda: len(system.paths(other)) == 5, within=10, what=lambda: system.paths(other))
    assert system.agent.look(answer.booking["id"])["status"] == "pending"
    until(lambda: system.agent.look(answer.booking["id"])["status"] == "confirmed", within=40)
    moments = looked(system, booking_request["inviteeEmail"])[::calls_a_look]
    pauses = [later - sooner for sooner, later in pairwise(moments)]
    if 429 in series:
        assert len(pauses) == 3
        assert all(asked_for - 0.1 <= pause <= asked_for * 1.2 + 2 for pause in pauses), pauses
    else:
        assert len(pauses) == 2
        assert 1.5 < pauses[0] < pauses[1] - 1, pauses
    assert system.meetings_at(start) == 1
    assert posts(system, booking_request["inviteeEmail"]) == 1
    system.calendly.release_deliveries()
    until(lambda: len(system.paths(booking_request)) == 5, what=lambda: system.paths(booking_request))


def test_a_worker_killed_while_it_looks_for_a_lost_answer_leaves_it_to_the_next(system: System) -> None:
    """Fault 1."""
    system.complaints_allowed = True
    system.calendly.options.webhook_hold = True
    system.calendly.faults.add("slow", seconds=5, **LOOK)
    system.calendly.faults.add("lose_answer", **BOOK)
    start = system.start_at()
    booking_request = system.booking_request(start)
    answer = system.agent.book(booking_request)
    assert answer.status == 202
    taken = "SELECT count(*) FROM calendly_integration_calendlybooking WHERE lease_token IS NOT NULL"
    until(lambda: system.database.one(taken) == 1)
    system.kill_worker_process()
    assert system.database.one(taken) == 1
    assert system.agent.look(answer.booking["id"])["status"] == "pending"
    system.wait_for_worker()
    system.pass_a_minute()
    until(lambda: system.agent.look(answer.booking["id"])["status"] == "confirmed", within=25)
    assert system.meetings_at(start) == 1
    assert posts(system, booking_request["inviteeEmail"]) == 1
    system.calendly.release_deliveries()
    until(lambda: len(system.paths(booking_request)) == 5, what=lambda: system.paths(booking_request))


def test_web_dies_between_calendlys_answer_and_our_commit(system: System) -> None:
    """Fault 21."""
    system.complaints_allowed = True  # gunicorn's master tells of the kill
    system.calendly.options.webhook_hold = True
    system.calendly.faults.add("slow", seconds=4, **BOOK)
    start = system.start_at()
    booking_request = system.booking_request(start)
    calling = begun(lambda: system.agent.book(booking_request, Idempotency_Key="journey-crash"))
    until(lambda: system.meetings_at(start) == 1)
    system.kill_web_workers()
    with pytest.raises(requests.ConnectionError):
        calling.result(20)
    again = until(lambda: retried(system, booking_request))
    assert (again.status, again.body["code"]) == (409, "in_progress")
    system.pass_a_minute()
    until(lambda: status_of(system, booking_request) == "confirmed")
    replayed = system.agent.book(booking_request, Idempotency_Key="journey-crash")
    assert replayed.status == 201
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert system.meetings_at(start) == 1
    system.calendly.release_deliveries()
    until(lambda: len(system.paths(booking_request)) == 5, what=lambda: system.paths(booking_request))


def retried(system: System, booking_request: dict[str, Any]) -> Answer | None:
    """The same request again, once somebody serves again."""
    try:
        return system.agent.book(booking_request, Idempotency_Key="journey-crash")
    except OSError:
        return None


def status_of(system: System, booking_request: dict[str, Any]) -> str | None:
    """The status of that person's only booking here; None while there is none."""
    found = system.database.rows(
        "SELECT status FROM calendly_integration_booking WHERE invitee_email = ?",
        booking_request["inviteeEmail"],
    )
    assert len(found) < 2
    return found[0][0] if found else None


def test_a_delivery_may_come_before_the_answer_to_our_own_request(system: System) -> None:
    """Fault 23."""
    system.calendly.faults.add("slow", seconds=2, **BOOK)
    start = system.start_at()
    booking_request = system.booking_request(start)
    calling = begun(lambda: system.agent.book(booking_request))
    until(lambda: status_of(system, booking_request) == "confirmed", within=5)
    assert not calling.done()
    answer = calling.result(10)
    assert answer.status == 201
    until(lambda: len(system.paths(booking_request)) == 5, what=lambda: system.paths(booking_request))
    assert status_of(system, booking_request) == "confirmed"
