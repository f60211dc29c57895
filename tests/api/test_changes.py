"""Cancelling, moving and annotating bookings through the door."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from calendly_integration.models import Booking, CalendlyBooking, TimelineEntry
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.bookings import pending_actions
from calendly_integration.services.catalog import event_types as catalog

from .document import CheckedClient

PREFIX = "/api/calendly/"
Book = Callable[..., dict[str, Any]]


def get(api: CheckedClient, path: str, **query: Any) -> Any:
    answer = api.get(PREFIX + path, query)
    assert answer.status_code == 200, answer.content
    assert answer.json()["success"] is True
    return answer.json()


def post(api: CheckedClient, path: str, **body: Any) -> Any:
    return api.post(PREFIX + path, body, format="json")


# Cancelling


def test_a_canceled_booking_is_given_back(api: CheckedClient, sandbox: Calendly, book: Book) -> None:
    made = book()
    answer = post(api, f"bookings/{made['id']}/cancel", reason="nu mai am timp")
    assert answer.status_code == 200
    assert answer.json()["booking"]["status"] == "canceled"
    [event] = sandbox.state.events.values()
    assert event.status == "canceled"
    assert Booking.objects.get().cancel_reason == "nu mai am timp"


def test_cancelling_twice_changes_nothing(api: CheckedClient, sandbox: Calendly, book: Book) -> None:
    made = book()
    post(api, f"bookings/{made['id']}/cancel")
    entries, calls = TimelineEntry.objects.count(), sandbox.calls_made
    answer = post(api, f"bookings/{made['id']}/cancel", reason="again")
    assert (answer.status_code, answer.json()["booking"]["status"]) == (200, "canceled")
    assert (TimelineEntry.objects.count(), sandbox.calls_made) == (entries, calls)


def test_a_body_is_not_needed_to_cancel(api: CheckedClient, book: Book) -> None:
    made = book()
    assert api.generic("POST", f"{PREFIX}bookings/{made['id']}/cancel").status_code == 200


def test_what_is_over_is_not_cancelable(
    api: CheckedClient, book: Book, clock: time_machine.Traveller
) -> None:
    made = book(preferredTime="2026-11-24T10:00:00")
    clock.move_to(datetime(2026, 11, 24, 9, tzinfo=UTC))
    answer = post(api, f"bookings/{made['id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_cancelable")
    assert answer.json()["reason"] == "past"


def test_of_a_group_only_the_invitee_can_give_up_a_place(
    api: CheckedClient, sandbox: Calendly, book: Book
) -> None:
    sandbox.add_group_type("Workshop", seats=3)
    catalog.sync(calendly_accounts.default(), now=datetime.now(UTC))
    booking_request = {
        "eventType": "Workshop",
        "preferredTime": "2026-11-24T10:00:00",
        "flexibility": "exact",
    }
    made = book(**booking_request)
    book(**booking_request, inviteeEmail="b@example.com")
    answer = post(api, f"bookings/{made['id']}/cancel")
    assert (answer.status_code, answer.json()["reason"]) == (409, "group")
    assert answer.json()["booking"]["cancelUrl"]
    assert all(event.status == "active" for event in sandbox.state.events.values())


def test_a_lost_answer_to_a_cancellation_is_a_202_and_settled_later(
    api: CheckedClient, sandbox: Calendly, book: Book, clock: time_machine.Traveller
) -> None:
    made = book()
    sandbox.faults.add("lose_answer", method="POST", path=".*/cancellation")
    answer = post(api, f"bookings/{made['id']}/cancel", reason="r")
    assert (answer.status_code, answer.json()["code"]) == (202, "outcome_unknown")
    assert answer.json()["booking"]["status"] == "confirmed"
    clock.shift(60)
    work_off_legs()
    assert get(api, f"bookings/{made['id']}")["booking"]["status"] == "canceled"


def work_off_legs() -> None:
    now = datetime.now(UTC)
    for calendly_booking in pending_actions.claim(now=now, limit=10):
        pending_actions.work(calendly_booking, now=now)


def test_an_unreachable_calendly_cancels_nothing(api: CheckedClient, sandbox: Calendly, book: Book) -> None:
    made = book()
    sandbox.faults.add("refuse", method="POST", path=".*/cancellation", times=None)
    answer = post(api, f"bookings/{made['id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (503, "calendly_unavailable")
    assert get(api, f"bookings/{made['id']}")["booking"]["status"] == "confirmed"


@pytest.mark.parametrize(
    ("path", "body"), [("cancel", {}), ("reschedule", {"newStartTime": "2026-11-25T10:00"})]
)
def test_an_unknown_booking_is_a_404(api: CheckedClient, path: str, body: dict[str, str]) -> None:
    answer = post(api, f"bookings/00000000-0000-0000-0000-000000000000/{path}", **body)
    assert (answer.status_code, answer.json()["code"]) == (404, "booking_not_found")


def test_too_long_a_reason_is_a_400(api: CheckedClient, book: Book) -> None:
    made = book()
    answer = post(api, f"bookings/{made['id']}/cancel", reason="x" * 10_001)
    assert list(answer.json()["errors"]) == ["reason"]


# Moving


def test_a_moved_booking_keeps_its_id(api: CheckedClient, sandbox: Calendly, book: Book) -> None:
    made = book(preferredTime="2026-11-24T10:00:00", timezone="America/New_York")
    answer = post(api, f"bookings/{made['id']}/reschedule", new_start_time="2026-11-25T04:00:00")
    assert answer.status_code == 200, answer.content
    moved = answer.json()["newBooking"]
    assert moved["id"] == made["id"]
    assert moved["calendlyEventId"] != made["calendlyEventId"]
    assert moved["startTime"] == "2026-11-25T09:00:00Z"
    assert sorted(event.status for event in sandbox.state.events.values()) == ["active", "canceled"]
    for key in (made["calendlyEventId"], moved["calendlyEventId"]):
        assert get(api, f"bookings/{key}")["booking"]["id"] == made["id"]


def test_a_start_that_is_not_free_leaves_the_old_meeting(
    api: CheckedClient, sandbox: Calendly, book: Book
) -> None:
    made = book(preferredTime="2026-11-24T10:00:00")
    answer = post(api, f"bookings/{made['id']}/reschedule", newStartTime="2026-11-28T10:00:00")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["success"], body["code"]) == (False, "no_availability")
    assert body["suggestions"]
    assert get(api, f"bookings/{made['id']}")["booking"] == made


@pytest.mark.parametrize(
    ("event_type", "start", "wanted"),
    [
        ("Sales Demo", "10:00", "10:15"),
        ("Sales Demo", "10:00", "10:30"),
        ("Sales Demo", "10:00", "09:45"),
        ("Strategy Call", "13:00", "13:30"),
    ],
)
def test_a_meeting_in_its_own_way_is_said_to_be_so_with_the_link_that_can_move_it(
    api: CheckedClient, sandbox: Calendly, book: Book, event_type: str, start: str, wanted: str
) -> None:
    made = book(eventType=event_type, preferredTime=f"2026-11-24T{start}:00", flexibility="exact")
    answer = post(api, f"bookings/{made['id']}/reschedule", newStartTime=f"2026-11-24T{wanted}:00")
    body = answer.json()
    assert (answer.status_code, body["success"], body["code"]) == (200, False, "no_availability")
    assert body["message"].startswith("That time overlaps the meeting as it stands now")
    assert body["rescheduleUrl"] == made["rescheduleUrl"]
    assert body["suggestions"]
    assert get(api, f"bookings/{made['id']}")["booking"] == made


@pytest.mark.parametrize("wanted", ["2026-11-24T11:00:00", "2026-11-28T10:00:00", "2026-11-24T09:00:00"])
def test_a_start_that_others_hold_is_not_said_to_be_held_by_the_meeting(
    api: CheckedClient, sandbox: Calendly, book: Book, wanted: str
) -> None:
    made = book(preferredTime="2026-11-24T10:00:00", flexibility="exact")
    sandbox.add_busy_time(datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 10, tzinfo=UTC))
    sandbox.add_busy_time(datetime(2026, 11, 24, 7, tzinfo=UTC), datetime(2026, 11, 24, 7, 30, tzinfo=UTC))
    body = post(api, f"bookings/{made['id']}/reschedule", newStartTime=wanted).json()
    assert body["code"] == "no_availability"
    assert body["message"].startswith("Nothing is free at that time.")
    assert body["rescheduleUrl"] == made["rescheduleUrl"]


@pytest.mark.parametrize(
    ("fault", "facts", "status", "code"),
    [
        ("status", {"status": 429, "seconds": 120}, 429, "quota_exhausted"),
        ("status", {"status": 403}, 502, "calendly_refused"),
        ("refuse", {}, 503, "calendly_unavailable"),
        ("lose_answer", {}, 202, "outcome_unknown"),
    ],
)
@pytest.mark.parametrize("language", ["ro", "en"])
def test_a_move_that_fails_is_told_in_the_words_and_with_the_link_of_a_move(
    api: CheckedClient,
    sandbox: Calendly,
    book: Book,
    fault: Any,
    facts: dict[str, Any],
    status: int,
    code: str,
    language: str,
) -> None:
    made = book(preferredTime="2026-11-24T10:00:00")
    sandbox.faults.add(fault, method="POST", path="/invitees", **facts)
    url = f"{PREFIX}bookings/{made['id']}/reschedule"
    answer = api.post(
        url, {"newStartTime": "2026-11-25T10:00:00"}, format="json", HTTP_ACCEPT_LANGUAGE=language
    )
    body = answer.json()
    assert (answer.status_code, body["success"], body["code"]) == (status, False, code)
    assert body["rescheduleUrl"] == made["rescheduleUrl"]
    assert "schedulingUrl" not in body
    if status == 429:
        assert answer.headers["Retry-After"] == "120"
        assert ("linkul de reprogramare" if language == "ro" else "rescheduling link") in body["message"]
        assert ("mut" if language == "ro" else "move") in body["message"]


def test_a_move_while_the_allowance_is_known_to_be_used_up_names_the_link_of_a_move(
    api: CheckedClient, sandbox: Calendly, book: Book
) -> None:
    made = book(preferredTime="2026-11-24T10:00:00")
    calendly_accounts.mark_quota_exhausted(
        calendly_accounts.default(), retry_after=300, now=datetime.now(UTC)
    )
    answer = post(api, f"bookings/{made['id']}/reschedule", newStartTime="2026-11-25T10:00:00")
    assert (answer.status_code, answer.json()["rescheduleUrl"]) == (429, made["rescheduleUrl"])
    assert "schedulingUrl" not in answer.json()


def test_a_lost_answer_to_a_move_is_a_202_and_the_old_meeting_stands(
    api: CheckedClient, sandbox: Calendly, book: Book, clock: time_machine.Traveller
) -> None:
    made = book(preferredTime="2026-11-24T10:00:00")
    sandbox.faults.add("lose_answer", method="POST", path="/invitees")
    answer = post(api, f"bookings/{made['id']}/reschedule", newStartTime="2026-11-25T10:00:00")
    assert (answer.status_code, answer.json()["code"]) == (202, "outcome_unknown")
    assert answer.json()["booking"]["startTime"] == made["startTime"]
    clock.shift(60)
    work_off_legs()
    clock.shift(60)
    work_off_legs()
    assert get(api, f"bookings/{made['id']}")["booking"]["startTime"] == "2026-11-25T08:00:00Z"
    active = [event for event in sandbox.state.events.values() if event.status == "active"]
    assert len(active) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "newStartTime"),
        ({"newStartTime": None}, "newStartTime"),
        ({"newStartTime": "soon"}, "newStartTime"),
        ({"newStartTime": "2026-11-22T10:00:00"}, "newStartTime"),
        ({"newStartTime": "2027-03-28T03:30:00"}, "newStartTime"),
        ({"newStartTime": "9999-12-31T23:59:59"}, "newStartTime"),
    ],
)
def test_a_malformed_move_is_a_400(api: CheckedClient, book: Book, given: dict[str, Any], field: str) -> None:
    made = book()
    answer = post(api, f"bookings/{made['id']}/reschedule", **given)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert CalendlyBooking.objects.count() == 1


def test_what_is_canceled_or_already_there_is_not_moved(api: CheckedClient, book: Book) -> None:
    made = book(preferredTime="2026-11-24T10:00:00")
    same = post(api, f"bookings/{made['id']}/reschedule", newStartTime="2026-11-24T10:00:00")
    assert (same.status_code, same.json()["reason"]) == (409, "same")
    post(api, f"bookings/{made['id']}/cancel")
    gone = post(api, f"bookings/{made['id']}/reschedule", newStartTime="2026-11-25T10:00:00")
    assert (gone.status_code, gone.json()["code"], gone.json()["reason"]) == (
        409,
        "not_reschedulable",
        "canceled",
    )
    assert gone.json()["rescheduleUrl"] == made["rescheduleUrl"]
    assert same.json()["rescheduleUrl"] == made["rescheduleUrl"]


# Annotating


def test_metadata_is_changed_field_by_field(api: CheckedClient, book: Book) -> None:
    made = book(conversationId="c-1", notes="n")
    url = f"{PREFIX}bookings/{made['id']}/metadata"
    extra = {"score_of_lead": 7, "tags": ["a"], "text": "🎉"}
    answer = api.patch(url, {"user_id": "u", "notes": None, "extra": extra}, format="json")
    assert answer.status_code == 200
    kept = answer.json()["metadata"]
    assert (kept["conversationId"], kept["userId"], kept["notes"], kept["extra"]) == ("c-1", "u", None, extra)
    assert get(api, f"bookings/{made['id']}/metadata")["metadata"] == kept
    assert api.patch(url, {"extra": None}, format="json").json()["metadata"]["extra"] == {}


def test_an_empty_change_leaves_no_trace(api: CheckedClient, book: Book) -> None:
    made = book()
    entries = TimelineEntry.objects.count()
    assert api.patch(f"{PREFIX}bookings/{made['id']}/metadata", {"x": 1}, format="json").status_code == 200
    assert TimelineEntry.objects.count() == entries


def test_a_change_to_what_is_so_already_leaves_no_trace(api: CheckedClient, book: Book) -> None:
    made = book(notes="n")
    entries = TimelineEntry.objects.count()
    url = f"{PREFIX}bookings/{made['id']}/metadata"
    for _again in range(3):
        assert api.patch(url, {"notes": "n", "extra": "", "userId": None}, format="json").status_code == 200
    assert TimelineEntry.objects.count() == entries
    api.patch(url, {"notes": "n", "userId": "u"}, format="json")
    assert TimelineEntry.objects.last().detail == {"fields": ["user_id"]}  # type: ignore[union-attr]


def test_a_booking_made_elsewhere_has_metadata_of_nulls(
    api: CheckedClient, event_types: Any, sandbox: Calendly, book: Book
) -> None:
    made = book()
    Booking.objects.get(pk=made["id"]).metadata.delete()
    assert get(api, f"bookings/{made['id']}/metadata")["metadata"]["conversationId"] is None
    answer = api.patch(f"{PREFIX}bookings/{made['id']}/metadata", {"notes": "n"}, format="json")
    assert answer.json()["metadata"]["notes"] == "n"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"extra": "text"}, "extra"),
        ({"extra": [1]}, "extra"),
        ({"extra": {"a": "x" * 17_000}}, "extra"),
        ({"extra": {"a": "\x00"}}, "extra"),
        ({"extra": {"\ud800": 1}}, "extra"),
        ({"extra": {"a": [[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]}}, "extra"),
        ({"conversationId": 5}, "conversationId"),
        ({"agentType": "a" * 101}, "agentType"),
    ],
)
def test_malformed_metadata_is_a_400(
    api: CheckedClient, book: Book, given: dict[str, Any], field: str
) -> None:
    made = book()
    url = f"{PREFIX}bookings/{made['id']}/metadata"
    answer = api.generic("PATCH", url, json.dumps(given).encode(), content_type="application/json")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
