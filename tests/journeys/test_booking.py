"""Agents book over HTTP: one story from the call to the portal's knowledge, and many agents at once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from .agents import at_once
from .processes import until
from .system import PORTAL_KEY, System, utc

pytestmark = pytest.mark.processes


def test_a_booking_goes_all_the_way_to_the_portal(system: System) -> None:
    start = system.start_at()
    booking_request = system.booking_request(
        start, userId="user-7", agentType="sales", notes="Wants to see the reports."
    )
    answer = system.agent.book(booking_request)
    assert answer.status == 201
    booking = answer.booking
    assert (booking["status"], booking["startTime"]) == ("confirmed", utc(start))
    assert booking["conversationId"] == booking_request["conversationId"]
    until(lambda: len(system.paths(booking_request)) == 5, what=lambda: system.paths(booking_request))
    messages = system.told(booking_request)
    assert [each.path for each in messages[:4]] == [
        "/calendly/metadata",
        "/calendly/notify",
        "/calendly/confirmed",
        "/email/send",
    ]
    assert [each.path for each in messages[4:]] == ["/analytics/log"]
    check_messages(system, booking, booking_request, {each.path: dict(each.json) for each in messages})
    keys = [each.key for each in messages]
    assert all(keys)
    assert len(set(keys)) == len(keys)
    assert PORTAL_KEY not in str([each.json for each in messages])


def check_messages(
    system: System, booking: Any, booking_request: dict[str, Any], bodies: dict[str, Any]
) -> None:
    """Fields exactly as the wire contract, section 4, names them."""
    invitee = system.invitee_of(booking)
    start, end = booking["startTime"], booking["endTime"]
    stamps = [body.pop("timestamp") for body in bodies.values()]
    assert all(datetime.fromisoformat(stamp).tzinfo for stamp in stamps)
    person = {
        "invitee_email": booking_request["inviteeEmail"],
        "invitee_name": booking_request["inviteeName"],
    }
    times = {"start_time": start, "end_time": end}
    talk = {"booking_id": booking["id"], "conversation_id": booking_request["conversationId"]}
    assert bodies["/calendly/metadata"] == {
        "booking_uri": system.calendly.uri("scheduled_events", invitee.event_id),
        "metadata": {
            "conversation_id": booking_request["conversationId"],
            "agent_type": "sales",
            "booking_source": "vai_agent",
            "notes": booking_request["notes"],
        },
    }
    notified = bodies["/calendly/notify"]
    notified.pop("meeting_url")  # Calendly makes the conference after the booking: null, or a link already
    assert notified == {**talk, **person, **times, "user_id": "user-7", "event_type": "Sales Demo"}
    assert bodies["/calendly/confirmed"] == {**talk, **person, **times, "event_type": "Sales Demo"}
    mail = bodies["/email/send"]
    assert mail.keys() == {"to", "subject", "template", "data"}
    assert (mail["to"], mail["template"]) == (booking_request["inviteeEmail"], "calendly_confirmation")
    data = mail["data"]
    assert data.keys() == {
        "event_name",
        "start_time",
        "end_time",
        "meeting_url",
        "conversation_context",
        "agent_type",
    }
    assert data["meeting_url"].startswith("https://")
    there = datetime.fromisoformat(start).astimezone(ZoneInfo("Europe/Bucharest"))
    assert f"{there:%H:%M}" in data["start_time"]
    assert f"{there:%H:%M}" in mail["subject"]
    logged = bodies["/analytics/log"]
    assert logged.keys() == {"event_type", "platform", "data"}
    assert (logged["event_type"], logged["platform"]) == ("invitee_created", "calendly")


def test_of_twenty_agents_for_one_start_one_gets_it(system: System) -> None:
    start = system.start_at()
    booking_requests = [system.booking_request(start) for _ in range(20)]
    answers = at_once(20, lambda number: system.agent.book(booking_requests[number]))
    assert sorted(answer.status for answer in answers) == [200] * 19 + [201]
    for answer in answers:
        if answer.status == 200:
            assert answer.body["code"] in ("slot_taken", "no_availability")
            offered = [slot["startTime"] for day in answer.body["suggestions"] for slot in day["slots"]]
            assert offered
            assert utc(start) not in offered
    assert system.meetings_at(start) == 1


def test_fifty_agents_who_take_what_is_next_never_share_a_start(system: System) -> None:
    start = system.start_at() + timedelta(days=40)  # they take what comes after it too
    booking_requests = [
        system.booking_request(start, flexibility="nextAvailable", eventType="quick-consultation")
        for _ in range(50)
    ]
    answers = at_once(50, lambda number: system.agent.book(booking_requests[number]))
    booked = [answer.booking["startTime"] for answer in answers if answer.status == 201]
    others = [answer for answer in answers if answer.status != 201]
    assert len(booked) >= 10
    assert len(set(booked)) == len(booked)
    assert all(answer.status == 200 and answer.body["code"] == "slot_taken" for answer in others)
    assert all(answer.body["suggestions"] for answer in others)
    assert all(start <= datetime.fromisoformat(each) < start + timedelta(days=7) for each in booked)


def test_a_group_type_with_three_seats_is_booked_three_times(system: System) -> None:
    system.calendly.add_group_type("Workshop", seats=3)
    until(lambda: "Workshop" in names(system))
    start = system.start_at()
    booking_requests = [system.booking_request(start, eventType="Workshop") for _ in range(8)]
    answers = at_once(8, lambda number: system.agent.book(booking_requests[number]))
    assert sorted(answer.status for answer in answers) == [200] * 5 + [201] * 3
    assert system.meetings_at(start) == 3
    assert all(answer.body["suggestions"] for answer in answers if answer.status == 200)


def names(system: System) -> list[str]:
    return [each["name"] for each in system.agent.call("GET", "event-types").body["eventTypes"]]


def test_one_idempotency_key_used_by_many_at_once_books_once(system: System) -> None:
    start = system.start_at()
    booking_request = system.booking_request(start)
    answers = at_once(10, lambda _number: system.agent.book(booking_request, Idempotency_Key="journey-1"))
    statuses = {answer.status for answer in answers}
    assert statuses <= {201, 409}
    assert 201 in statuses
    for answer in answers:
        if answer.status == 409:
            assert answer.body["code"] == "in_progress"
            assert int(answer.headers["Retry-After"]) >= 1
    again = system.agent.book(booking_request, Idempotency_Key="journey-1")
    assert again.headers["Idempotent-Replayed"] == "true"
    [first] = {answer.booking["id"] for answer in [*answers, again] if answer.status == 201}
    other = system.agent.book({**booking_request, "notes": "else"}, Idempotency_Key="journey-1")
    assert (other.status, other.body["code"]) == (422, "idempotency_mismatch")
    assert system.meetings_at(start) == 1
    assert first in {booking["id"] for booking in upcoming(system, booking_request)}


def upcoming(system: System, booking_request: dict[str, Any]) -> list[Any]:
    answer = system.agent.call("GET", f"upcoming/{booking_request['inviteeEmail']}?days=365")
    return list(answer.body["events"])


def test_upcoming_knows_it_at_once(system: System) -> None:
    booking_request = system.booking_request()
    booking = system.agent.book(booking_request).booking
    assert [each["id"] for each in upcoming(system, booking_request)] == [booking["id"]]
    assert datetime.fromisoformat(booking["startTime"]) > datetime.now(UTC)
