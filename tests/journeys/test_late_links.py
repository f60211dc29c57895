"""The conference link comes after the booking: the confirmation mail waits for it, whatever dies meanwhile."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .processes import until
from .system import System

pytestmark = pytest.mark.processes

MAIL = "/email/send"


def mail_of(system: System, booking_request: dict[str, Any]) -> dict[str, Any]:
    """The body of the only mail."""
    [mail] = [each for each in system.told(booking_request) if each.path == MAIL]
    body: dict[str, Any] = mail.json
    return body


def booked(system: System) -> tuple[dict[str, Any], Any]:
    """A booking that Calendly has confirmed, of which the portal knows all but the mail."""
    booking_request = system.booking_request()
    answer = system.agent.book(booking_request)
    assert answer.status == 201
    until(lambda: len(system.paths(booking_request)) == 4, what=lambda: system.paths(booking_request))
    assert MAIL not in system.paths(booking_request)
    return booking_request, answer.booking


def test_the_mail_has_the_link_although_the_worker_is_killed_meanwhile(system: System) -> None:
    system.complaints_allowed = system.repeats_allowed = True
    system.calendly.options.location_push_seconds = 3
    booking_request, booking = booked(system)
    system.kill_worker_process()
    system.wait_for_worker()
    system.pass_a_minute()
    until(
        lambda: MAIL in system.paths(booking_request), within=30, what=lambda: system.paths(booking_request)
    )
    shown = system.agent.call("GET", f"bookings/{booking['id']}").body["booking"]
    assert mail_of(system, booking_request)["data"]["meeting_url"] == shown["meetingUrl"]
    assert shown["meetingUrl"]


def test_a_mail_without_a_link_leaves_in_the_end_and_staff_see_it(system: System) -> None:
    system.calendly.options.location_push_seconds = 12  # found by the look after fifteen
    booking_request, booking = booked(system)
    # The end of its wait, a minute early.
    ago = datetime.now(UTC) - timedelta(seconds=1)
    system.database.change("UPDATE calendly_integration_pendingmail SET next_attempt_at = ?", ago)
    until(
        lambda: MAIL in system.paths(booking_request), within=30, what=lambda: system.paths(booking_request)
    )
    assert mail_of(system, booking_request)["data"]["meeting_url"] is None
    page = system.staff.get("/admin/calendly_integration/")
    assert f"/booking/{booking['id']}/send_confirmation/" in page


def test_a_canceled_meeting_is_not_confirmed_and_the_news_does_not_wait(system: System) -> None:
    system.calendly.options.location_push_seconds = 20
    booking_request, booking = booked(system)
    assert system.agent.call("POST", f"bookings/{booking['id']}/cancel", {"reason": "x"}).status == 200
    until(lambda: "/calendly/canceled" in system.paths(booking_request), within=10)
    assert system.database.one("SELECT count(*) FROM calendly_integration_pendingmail") == 0
    assert MAIL not in system.paths(booking_request)
