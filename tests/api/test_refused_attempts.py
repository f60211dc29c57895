"""What agents could not book is kept for staff: each refusal, once for a conversation, not for ever."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from calendly_integration.models import AgentKey, RefusedAttempt
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.worker import scheduled

from .document import CheckedClient

WISH = {
    "eventType": "Sales Demo",
    "inviteeEmail": "Ana@example.com",
    "inviteeName": "Ana Pop",
    "phone": "0744 120 980",
    "conversationId": "chat-1",
}
SUNDAY_NIGHT = {"preferredTime": "2026-11-29T23:30:00+02:00", "flexibility": "exact"}

pytestmark = pytest.mark.usefixtures("event_types")


def ask(api: CheckedClient, **changes: Any) -> Any:
    headers = changes.pop("headers", {})
    return api.post("/api/calendly/schedule", {**WISH, **changes}, format="json", headers=headers)


def test_what_was_asked_is_kept_with_the_reason(api: CheckedClient, agent_key: AgentKey) -> None:
    assert ask(api, **SUNDAY_NIGHT).json()["code"] == "no_availability"
    kept = RefusedAttempt.objects.get()
    assert (kept.code, kept.event_name, kept.name) == ("no_availability", "Sales Demo", "Ana Pop")
    assert (kept.email, kept.email_key, kept.phone) == ("Ana@example.com", "ana@example.com", "0744 120 980")
    assert kept.preferred_at == datetime(2026, 11, 29, 21, 30, tzinfo=UTC)
    assert (kept.conversation_id, kept.agent_key, kept.time_zone) == ("chat-1", agent_key, "Europe/Bucharest")
    assert kept.event_type is not None


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 429, "seconds": 1800}, "quota_exhausted"),
        ({"status": 403}, "calendly_refused"),
        ({"status": 503, "times": None}, "calendly_unavailable"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])
def test_each_refusal_is_kept_under_its_code(
    api: CheckedClient, sandbox: Calendly, fault: dict[str, Any], code: str, headers: dict[str, str]
) -> None:
    path = "/event_type_available_times" if code == "calendly_unavailable" else "/invitees"
    sandbox.faults.add("status", path=path, **fault)
    assert ask(api, headers=headers).json()["code"] == code
    assert RefusedAttempt.objects.get().code == code


def test_a_booked_meeting_and_a_malformed_request_are_not_kept(api: CheckedClient) -> None:
    assert ask(api).status_code == 201
    assert ask(api, eventType="nothing of that name").status_code == 404
    assert ask(api, preferredTime="yesterday").status_code == 400
    assert not RefusedAttempt.objects.exists()


def test_a_conversation_has_one_row_that_shows_its_latest_wish(
    api: CheckedClient, clock: time_machine.Traveller
) -> None:
    ask(api, **SUNDAY_NIGHT)
    clock.shift(timedelta(minutes=15))
    ask(api, **SUNDAY_NIGHT, eventType="Strategy Call", inviteeName="Ana Popescu")
    ask(api, **SUNDAY_NIGHT, conversationId="chat-2")
    kept = RefusedAttempt.objects.get(conversation_id="chat-1")
    assert (kept.times, kept.event_name, kept.name) == (2, "Strategy Call", "Ana Popescu")
    assert kept.last_at - kept.first_at == timedelta(minutes=15)
    assert RefusedAttempt.objects.count() == 2


def test_without_a_conversation_a_person_has_one_row(api: CheckedClient) -> None:
    for name in ("Ana", "Ana Pop"):
        ask(api, **SUNDAY_NIGHT, conversationId="", inviteeName=name)
    ask(api, **SUNDAY_NIGHT, conversationId="", inviteeEmail="dan@example.com")
    assert RefusedAttempt.objects.get(email_key="ana@example.com").times == 2
    assert RefusedAttempt.objects.count() == 2


def test_who_is_booked_afterwards_leaves_the_list_and_a_closed_one_begins_anew(
    api: CheckedClient, clock: time_machine.Traveller
) -> None:
    ask(api, **SUNDAY_NIGHT)
    assert RefusedAttempt.objects.open().count() == 1
    clock.shift(timedelta(minutes=1))
    assert ask(api).status_code == 201
    assert RefusedAttempt.objects.open().count() == 0
    clock.shift(timedelta(minutes=1))
    ask(api, **SUNDAY_NIGHT)
    assert RefusedAttempt.objects.open().get().times == 2
    assert RefusedAttempt.objects.all().close(by="maria", now=datetime.now(UTC)) == 1
    ask(api, **SUNDAY_NIGHT, eventType="Strategy Call")
    assert RefusedAttempt.objects.open().get().times == 1
    assert RefusedAttempt.objects.count() == 2


def test_old_ones_are_deleted_by_the_housekeeping(api: CheckedClient) -> None:
    ask(api, **SUNDAY_NIGHT)
    scheduled.run_housekeeping(now=datetime.now(UTC) + timedelta(days=29))
    assert RefusedAttempt.objects.exists()
    scheduled.run_housekeeping(now=datetime.now(UTC) + timedelta(days=31))
    assert not RefusedAttempt.objects.exists()
