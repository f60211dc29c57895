"""A meeting is moved or canceled, by whomever: one booking, one id, one message of it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from . import invariants
from .processes import until
from .system import System, utc

pytestmark = pytest.mark.processes


def by_agent(system: System, booking: Any, start: datetime) -> None:
    answer = system.agent.call("POST", f"bookings/{booking['id']}/reschedule", {"newStartTime": utc(start)})
    assert (answer.status, answer.body["success"]) == (200, True)
    assert answer.body["newBooking"]["id"] == booking["id"]
    assert answer.body["newBooking"]["calendlyEventId"] != booking["calendlyEventId"]


def by_invitee(system: System, booking: Any, start: datetime) -> None:
    system.calendly.reschedule_as_invitee(system.invitee_of(booking), start)


def by_staff(system: System, booking: Any, start: datetime) -> None:
    page = f"/admin/calendly_integration/booking/{booking['id']}/reschedule/"
    system.staff.post(page, start=utc(start))


@pytest.mark.parametrize("pair_order", ["canceled_first", "created_first"])
@pytest.mark.parametrize("mover", [by_agent, by_invitee, by_staff])
def test_a_move_keeps_the_booking_and_is_told_once(
    system: System, mover: Callable[..., None], pair_order: Any
) -> None:
    system.calendly.options.pair_order = pair_order
    booking_request = system.booking_request()
    before = system.confirmed(booking_request)
    told = len(system.paths(booking_request))
    new_start = system.start_at()
    mover(system, before, new_start)
    until(
        lambda: "/analytics/log" in system.paths(booking_request)[told:],
        what=lambda: system.paths(booking_request),
    )
    invariants.finished(system)
    now = system.agent.look(before["id"])
    assert (now["status"], now["startTime"]) == ("confirmed", utc(new_start))
    assert now["conversationId"] == booking_request["conversationId"]
    assert system.agent.look(before["calendlyEventId"])["id"] == before["id"]
    messages = system.told(booking_request)[told:]
    assert sorted({each.path for each in messages}) == ["/analytics/log", "/calendly/rescheduled"]
    [moved] = [each.json for each in messages if each.path == "/calendly/rescheduled"]
    moved = {name: value for name, value in moved.items() if name != "timestamp"}
    assert moved == {
        "booking_id": before["id"],
        "conversation_id": booking_request["conversationId"],
        "old_start_time": before["startTime"],
        "new_start_time": now["startTime"],
        "new_end_time": now["endTime"],
        "invitee_email": booking_request["inviteeEmail"],
    }
    assert system.meetings_at(new_start) == 1
    assert system.meetings_at(datetime.fromisoformat(before["startTime"])) == 0


def test_a_move_to_a_taken_start_leaves_the_meeting_where_it_was(system: System) -> None:
    booking_request, other = system.booking_request(), system.booking_request()
    booking, taken = system.confirmed(booking_request), system.confirmed(other)
    answer = system.agent.call(
        "POST", f"bookings/{booking['id']}/reschedule", {"newStartTime": taken["startTime"]}
    )
    assert (answer.status, answer.body["code"]) == (200, "no_availability")
    assert answer.body["suggestions"]
    assert system.agent.look(booking["id"])["startTime"] == booking["startTime"]


def test_a_move_whose_answer_is_lost_ends_with_one_meeting(system: System) -> None:
    booking_request = system.booking_request()
    booking = system.confirmed(booking_request)
    new_start = system.start_at()
    system.calendly.faults.add("lose_answer", method="POST", path="/invitees")
    answer = system.agent.call(
        "POST", f"bookings/{booking['id']}/reschedule", {"newStartTime": utc(new_start)}
    )
    assert (answer.status, answer.body["code"]) == (202, "outcome_unknown")
    until(lambda: system.agent.look(booking["id"])["startTime"] == utc(new_start))
    until(lambda: system.meetings_at(datetime.fromisoformat(booking["startTime"])) == 0)
    until(lambda: "/calendly/rescheduled" in system.paths(booking_request))
    assert "/calendly/canceled" not in system.paths(booking_request)


def test_an_invitee_without_time_is_followed_up(system: System) -> None:
    booking_request = system.booking_request()
    booking = system.confirmed(booking_request)
    told = len(system.paths(booking_request))
    system.calendly.cancel_as_invitee(system.invitee_of(booking), "nu mai am timp")
    until(lambda: len(system.paths(booking_request)) == told + 3, what=lambda: system.paths(booking_request))
    bodies = {each.path: dict(each.json) for each in system.told(booking_request)[told:]}
    stamp = datetime.fromisoformat(bodies["/followup/schedule"].pop("timestamp"))
    canceled = bodies["/calendly/canceled"]
    assert canceled.pop("timestamp")
    assert canceled == {
        "booking_id": booking["id"],
        "conversation_id": booking_request["conversationId"],
        "invitee_email": booking_request["inviteeEmail"],
        "cancel_reason": "nu mai am timp",
    }
    followup = bodies["/followup/schedule"]
    later = datetime.fromisoformat(followup.pop("scheduled_for")) - stamp
    assert later.total_seconds() == pytest.approx(24 * 3600, abs=5)
    assert followup.pop("message")
    assert followup == {
        "user_email": booking_request["inviteeEmail"],
        "conversation_id": booking_request["conversationId"],
        "followup_type": "reschedule_assistance",
    }
    assert bodies["/analytics/log"]["event_type"] == "invitee_canceled"
    assert system.agent.look(booking["id"])["status"] == "canceled"


def test_an_agent_cancels_once_however_often_it_says_so(system: System) -> None:
    booking_request = system.booking_request()
    booking = system.confirmed(booking_request)
    for _ in range(2):
        answer = system.agent.call("POST", f"bookings/{booking['id']}/cancel", {"reason": "Changed plans"})
        assert (answer.status, answer.booking["status"]) == (200, "canceled")
    until(lambda: "/calendly/canceled" in system.paths(booking_request))
    invariants.finished(system)
    assert system.paths(booking_request).count("/calendly/canceled") == 1
    assert "/followup/schedule" not in system.paths(booking_request)


def test_a_cancellation_whose_answer_is_lost_is_made_certain(system: System) -> None:
    booking_request = system.booking_request()
    booking = system.confirmed(booking_request)
    system.calendly.options.webhook_hold = True
    system.calendly.faults.add("lose_answer", method="POST", path=".*/cancellation")
    answer = system.agent.call("POST", f"bookings/{booking['id']}/cancel", {"reason": "Changed plans"})
    assert answer.status == 202
    until(lambda: system.agent.look(booking["id"])["status"] == "canceled")
    system.calendly.release_deliveries()
    until(lambda: "/calendly/canceled" in system.paths(booking_request))


def test_staff_cancel_on_their_page(system: System) -> None:
    booking_request = system.booking_request()
    booking = system.confirmed(booking_request)
    page = f"/admin/calendly_integration/booking/{booking['id']}/cancel/"
    system.staff.post(page, code="host_away", reason="Host is ill")
    until(lambda: "/calendly/canceled" in system.paths(booking_request))
    assert system.agent.look(booking["id"])["status"] == "canceled"
