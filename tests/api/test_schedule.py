"""Booking through the door: each outcome of the contract's table."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from calendly_integration.models import Booking, EventType, VAIMetadata
from calendly_integration.sandbox import seeds
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.catalog import event_types as catalog

from .document import CheckedClient

URL = "/api/calendly/schedule"
SCHEDULE_BODY = {"eventType": "Sales Demo", "inviteeEmail": "ana@example.com", "inviteeName": "Ana Pop"}
TUESDAY_TEN = "2026-11-24T10:00:00"

pytestmark = pytest.mark.usefixtures("event_types")


def ask(api: CheckedClient, **booking_request: Any) -> Any:
    headers = booking_request.pop("headers", {})
    return api.post(URL, {**SCHEDULE_BODY, **booking_request}, format="json", headers=headers)


def calls_to_book(sandbox: Calendly) -> int:
    return sum(call.method == "POST" and call.path == "/invitees" for call in sandbox.calls)


def test_a_booked_meeting_is_a_201_with_the_booking_and_words_to_say(api: CheckedClient) -> None:
    answer = ask(
        api, preferredTime=TUESDAY_TEN, conversationId="c-1", userId="u", agentType="sales", notes="n"
    )
    assert answer.status_code == 201
    body = answer.json()
    assert body["message"] == "You are booked for Sales Demo: Tuesday, November 24 at 10:00."
    assert body["timezone"] == {"name": "Europe/Bucharest", "source": "default", "confidence": "low"}
    booking = body["booking"]
    assert booking["status"] == "confirmed"
    assert (booking["startTime"], booking["endTime"]) == ("2026-11-24T08:00:00Z", "2026-11-24T08:30:00Z")
    assert booking["local"] == {
        "timezone": "Europe/Bucharest",
        "start": "2026-11-24T10:00:00+02:00",
        "end": "2026-11-24T10:30:00+02:00",
        "weekday": "Tuesday",
        "text": "Tuesday, November 24 at 10:00",
    }
    assert booking["conversationId"] == "c-1"
    assert booking["host"]["name"] == "Ana Ionescu"
    kept = VAIMetadata.objects.get()
    assert (kept.user_id, kept.agent_type, kept.notes) == ("u", "sales", "n")


def test_romanian_is_spoken_by_default_and_on_request(romanian: CheckedClient) -> None:
    body = ask(romanian, preferredTime=TUESDAY_TEN).json()
    assert body["booking"]["local"]["text"] == "marți, 24 noiembrie, ora 10:00"
    assert "marți, 24 noiembrie, ora 10:00" in body["message"]
    del romanian.defaults["HTTP_ACCEPT_LANGUAGE"]
    body = ask(romanian, preferredTime="2026-11-25T10:00").json()
    assert body["booking"]["local"]["weekday"] == "miercuri"


def test_snake_case_is_understood_and_unknown_keys_are_ignored(api: CheckedClient) -> None:
    answer = api.post(
        URL,
        {
            "event_type": "sales-demo",
            "invitee_email": "ana@example.com",
            "invitee_name": "Ana",
            "preferred_time": TUESDAY_TEN,
            "conversation_id": "c-2",
            "mood": "good",
        },
        format="json",
    )
    assert answer.status_code == 201
    assert answer.json()["booking"]["conversationId"] == "c-2"


def test_nulls_count_as_left_out(api: CheckedClient) -> None:
    optional = (
        "preferredTime",
        "flexibility",
        "timezone",
        "phone",
        "locale",
        "notes",
        "customAnswers",
        "guests",
    )
    assert ask(api, **dict.fromkeys(optional)).status_code == 201


def test_nothing_free_suggests_days_with_at_most_three_starts(api: CheckedClient) -> None:
    answer = ask(api, preferredTime="2026-11-28T10:00:00", flexibility="exact")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["success"], body["code"]) == (False, "no_availability")
    assert body["suggestions"][0]["date"] == "2026-11-30"
    assert body["suggestions"][0]["label"] == "Monday, November 30"
    assert all(1 <= len(day["slots"]) <= 3 for day in body["suggestions"])
    assert len(body["suggestions"]) == 10
    assert Booking.objects.count() == 0


def test_a_start_taken_meanwhile_is_replaced_by_the_next(api: CheckedClient, sandbox: Calendly) -> None:
    taking(sandbox, "2026-11-24T08:00:00Z")
    body = ask(api, preferredTime=TUESDAY_TEN).json()
    assert body["booking"]["startTime"] > "2026-11-24T08:00:00Z"


def test_an_exact_start_taken_meanwhile_is_slot_taken(api: CheckedClient, sandbox: Calendly) -> None:
    taking(sandbox, "2026-11-24T08:00:00Z")
    answer = ask(api, preferredTime=TUESDAY_TEN, flexibility="exact")
    assert answer.status_code == 200
    assert answer.json()["code"] == "slot_taken"
    starts = [slot["startTime"] for day in answer.json()["suggestions"] for slot in day["slots"]]
    assert "2026-11-24T08:00:00Z" not in starts
    assert Booking.objects.get().status == "failed"


def taking(sandbox: Calendly, start: str) -> None:
    """Somebody else takes that start right before our request for it arrives."""
    handle = sandbox.handle

    def first_somebody_else(request: Any) -> Any:
        if request.method == "POST" and request.path == "/invitees":
            sandbox.handle = handle  # type: ignore[method-assign]
            sandbox.book_as_invitee(
                "Sales Demo", datetime.fromisoformat(start), email="x@example.com", name="X"
            )
        return handle(request)

    sandbox.handle = first_somebody_else  # type: ignore[method-assign]


def test_up_to_five_minutes_past_is_as_soon_as_possible(api: CheckedClient) -> None:
    assert ask(api, preferredTime="2026-11-23T05:55:30Z").status_code == 201


def test_a_required_question_left_out_is_named(
    api: CheckedClient, sandbox: Calendly, clock: time_machine.Traveller
) -> None:
    sandbox.add_event_type("Audit", 30, questions=[seeds.question("Which company?", required=True)])
    catalog.sync(calendly_accounts.default(), now=datetime.now(UTC))
    answer = ask(api, eventType="Audit")
    assert answer.status_code == 400
    assert "Which company?" in answer.json()["errors"]["customAnswers"][0]
    told = [{"question": "which company?", "answer": "VAI"}]
    assert ask(api, eventType="Audit", customAnswers=told).status_code == 201


def test_an_unknown_event_type_is_a_404_with_the_names(api: CheckedClient) -> None:
    answer = ask(api, eventType="Yoga")
    assert answer.status_code == 404
    body = answer.json()
    assert body["code"] == "event_type_not_found"
    assert body["eventTypes"] == ["Sales Demo", "Technical Support", "Strategy Call", "Quick Consultation"]


def test_a_used_up_allowance_is_a_429_with_the_public_page(api: CheckedClient, sandbox: Calendly) -> None:
    sandbox.faults.add("status", method="POST", path="/invitees", status=429, seconds=1800)
    answer = ask(api)
    assert answer.status_code == 429
    assert answer.json()["code"] == "quota_exhausted"
    assert answer.json()["schedulingUrl"].startswith("https://calendly.com/")
    assert 1700 <= int(answer["Retry-After"]) <= 1900
    assert Booking.objects.get().status == "failed"
    again = ask(api)
    assert again.status_code == 429
    assert calls_to_book(sandbox) == 1


def test_a_refusal_is_a_502_with_what_calendly_said_and_no_secret(
    api: CheckedClient, sandbox: Calendly
) -> None:
    sandbox.faults.add("status", method="POST", path="/invitees", status=403)
    answer = ask(api)
    assert answer.status_code == 502
    assert answer.json()["code"] == "calendly_refused"
    assert answer.json()["detail"]
    assert seeds.TOKEN not in answer.content.decode()


def test_a_revoked_token_is_a_502(api: CheckedClient, sandbox: Calendly) -> None:
    sandbox.state.tokens[seeds.TOKEN].state = "revoked"
    assert ask(api).status_code == 502


@pytest.mark.parametrize("kind", ["refuse", "connect_timeout"])
def test_an_unreachable_calendly_is_a_503_and_nothing_is_booked(
    api: CheckedClient, sandbox: Calendly, kind: str
) -> None:
    sandbox.faults.add(kind, method="POST", path="/invitees", times=None)
    answer = ask(api)
    assert answer.status_code == 503
    assert answer.json()["code"] == "calendly_unavailable"
    assert int(answer["Retry-After"]) > 0
    assert Booking.objects.get().status == "failed"
    assert not sandbox.state.events


def test_a_rate_limited_look_at_free_times_is_a_503(api: CheckedClient, sandbox: Calendly) -> None:
    sandbox.faults.add("status", path="/event_type_available_times", status=429, seconds=20, times=None)
    answer = ask(api)
    assert (answer.status_code, answer.json()["code"]) == (503, "calendly_unavailable")
    assert 15 <= int(answer["Retry-After"]) <= 25
    assert Booking.objects.count() == 0


@pytest.mark.parametrize(
    ("kind", "happened"),
    [
        ("lose_answer", True),
        ("drop", False),
        ("hang", False),
        ("truncate", True),
        ("html", True),
        ("cut_body", True),
    ],
)
def test_a_lost_answer_is_a_202_with_a_pending_booking(
    api: CheckedClient, sandbox: Calendly, kind: str, happened: bool
) -> None:
    sandbox.faults.add(kind, method="POST", path="/invitees")
    answer = ask(api, preferredTime=TUESDAY_TEN)
    assert answer.status_code == 202
    body = answer.json()
    assert (body["success"], body["code"]) == (False, "outcome_unknown")
    assert body["booking"]["status"] == "pending"
    assert body["booking"]["startTime"] == "2026-11-24T08:00:00Z"
    assert body["booking"]["calendlyEventId"] is None
    assert bool(sandbox.state.events) is happened
    assert calls_to_book(sandbox) == 1


def test_a_server_error_is_unknown_too(api: CheckedClient, sandbox: Calendly) -> None:
    sandbox.faults.add("status", method="POST", path="/invitees", status=500, after_effect=True)
    assert ask(api).status_code == 202


def test_names_with_scripts_and_right_to_left_marks_come_back_as_they_were(api: CheckedClient) -> None:
    name = "<script>alert(1)</script> \u202eאבג 🎉 =1+1"
    body = ask(api, inviteeName=name, notes="a\nb\t" + "🎉" * 3000).json()
    assert body["booking"]["invitee"]["name"] == name


def test_the_seats_of_a_group_are_given_exactly(
    api: CheckedClient, sandbox: Calendly, clock: time_machine.Traveller
) -> None:
    sandbox.add_group_type("Workshop", seats=3)
    catalog.sync(calendly_accounts.default(), now=datetime.now(UTC))
    answers = [
        ask(
            api,
            eventType="Workshop",
            inviteeEmail=f"p{n}@example.com",
            preferredTime=TUESDAY_TEN,
            flexibility="exact",
        )
        for n in range(5)
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 200, 200]


def test_two_agents_wanting_one_start_get_two_starts(
    api: CheckedClient, agent_with: Callable[..., CheckedClient]
) -> None:
    first = ask(api, preferredTime=TUESDAY_TEN).json()["booking"]["startTime"]
    second = ask(agent_with("book"), preferredTime=TUESDAY_TEN, inviteeEmail="b@example.com").json()
    assert second["booking"]["startTime"] > first


def test_the_system_address_is_a_guest_of_every_booking(
    api: CheckedClient, sandbox: Calendly, settings: Any
) -> None:
    settings.CALENDLY_INTEGRATION = {**settings.CALENDLY_INTEGRATION, "SYSTEM_EMAIL": "vai@example.com"}
    ask(api, guests=["guest@example.com"])
    [event] = sandbox.state.events.values()
    assert {"vai@example.com", "guest@example.com"} == {guest["email"] for guest in guests_of(event)}


def guests_of(event: Any) -> list[dict[str, str]]:
    return [guest if isinstance(guest, dict) else {"email": guest} for guest in event.guests]


def test_same_day_stays_on_the_invitees_day(api: CheckedClient, event_types: dict[str, EventType]) -> None:
    late = ask(api, preferredTime="2026-11-24T16:45:00", flexibility="sameDay")
    assert late.json()["code"] == "no_availability"
    fine = ask(api, preferredTime="2026-11-24T16:00:00", flexibility="sameDay")
    assert fine.json()["booking"]["startTime"] == "2026-11-24T14:00:00Z"


def test_next_available_looks_seven_days_ahead(
    api: CheckedClient, sandbox: Calendly, clock: time_machine.Traveller
) -> None:
    now = datetime.now(UTC)
    sandbox.add_busy_time(now, now + timedelta(days=9))
    answer = ask(api)
    assert answer.json()["code"] == "no_availability"
    assert answer.json()["suggestions"][0]["date"] == "2026-12-02"
