"""`POST schedule` sent again, at once, after a crash."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection as database

from calendly_integration.models import AgentKey, Booking, EventType, IdempotencyRecord
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.agents import keys
from calendly_integration.services.catalog import event_types as catalog

from .conftest import agent
from .document import CheckedClient

URL = "/api/calendly/schedule"
SCHEDULE_BODY = {
    "eventType": "Sales Demo",
    "inviteeEmail": "ana@example.com",
    "inviteeName": "Ana Pop",
    "conversationId": "c-1",
    "preferredTime": "2026-11-24T10:00:00",
}


def send(api: CheckedClient, key: str | None = None, **booking_request: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return api.post(URL, {**SCHEDULE_BODY, **booking_request}, format="json", headers=headers)


@pytest.mark.usefixtures("event_types")
class TestOneAfterTheOther:
    """The same request again."""

    def test_the_same_key_is_answered_byte_for_byte(self, api: CheckedClient, sandbox: Calendly) -> None:
        first, again = send(api, "k"), send(api, "k")
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        assert "Idempotent-Replayed" not in first
        assert again["Idempotent-Replayed"] == "true"
        assert len(sandbox.state.events) == 1

    def test_snake_case_is_the_same_body(self, api: CheckedClient) -> None:
        send(api, "k")
        spelled = {
            "invitee_email" if name == "inviteeEmail" else name: value
            for name, value in SCHEDULE_BODY.items()
        }
        again = api.post(URL, {**spelled, "mood": "good"}, format="json", headers={"Idempotency-Key": "k"})
        assert again["Idempotent-Replayed"] == "true"

    def test_another_body_is_a_422(self, api: CheckedClient) -> None:
        send(api, "k")
        answer = send(api, "k", inviteeName="Ana P.")
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")
        assert Booking.objects.count() == 1

    def test_while_it_runs_it_is_a_409(self, api: CheckedClient, agent_key: AgentKey) -> None:
        send(api, "k")
        IdempotencyRecord.objects.update(answered_at=None, status=None, body=None)
        answer = send(api, "k")
        assert (answer.status_code, answer.json()["code"]) == (409, "in_progress")
        assert int(answer["Retry-After"]) >= 1

    def test_after_a_crash_the_booking_is_found(
        self, api: CheckedClient, sandbox: Calendly, clock: time_machine.Traveller
    ) -> None:
        first = send(api, "k").json()
        IdempotencyRecord.objects.update(answered_at=None, status=None, body=None)
        clock.shift(61)
        again = send(api, "k")
        assert again.status_code == 201
        assert again.json()["booking"] == first["booking"]
        assert len(sandbox.state.events) == 1

    def test_after_a_crash_between_intent_and_answer_it_is_still_open(
        self, api: CheckedClient, sandbox: Calendly, clock: time_machine.Traveller
    ) -> None:
        sandbox.faults.add("lose_answer", method="POST", path="/invitees")
        send(api, "k")
        IdempotencyRecord.objects.update(answered_at=None, status=None, body=None)
        clock.shift(61)
        again = send(api, "k")
        assert (again.status_code, again.json()["booking"]["status"]) == (202, "pending")
        assert len(sandbox.state.events) == 1

    def test_a_lost_answer_is_told_again_and_nothing_is_sent_twice(
        self, api: CheckedClient, sandbox: Calendly
    ) -> None:
        sandbox.faults.add("lose_answer", method="POST", path="/invitees")
        first, again = send(api, "k"), send(api, "k")
        assert (first.status_code, again.status_code) == (202, 202)
        assert len(sandbox.state.events) == 1

    def test_after_an_outage_the_same_key_books(self, api: CheckedClient, sandbox: Calendly) -> None:
        sandbox.faults.add("refuse", method="POST", path="/invitees", times=None)
        assert send(api, "k").status_code == 503
        sandbox.faults.clear()
        assert send(api, "k").status_code == 201

    @pytest.mark.parametrize("wrong", [{"inviteeEmail": "x"}, {"eventType": "Yoga"}])
    def test_after_a_mistake_the_same_key_books(self, api: CheckedClient, wrong: dict[str, str]) -> None:
        assert send(api, "k", **wrong).status_code in (400, 404)
        assert send(api, "k").status_code == 201

    @pytest.mark.parametrize("key", ["k" * 256, "a\x01b"])
    def test_a_key_that_is_none_is_a_400(self, api: CheckedClient, key: str) -> None:
        answer = send(api, key)
        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == ["Idempotency-Key"]

    def test_without_a_key_conversation_type_invitee_and_time_make_it_the_same(
        self, api: CheckedClient, sandbox: Calendly, event_types: dict[str, EventType]
    ) -> None:
        first = send(api)
        again = send(
            api, eventType="sales-demo", inviteeEmail="ANA@example.com", inviteeName="Ana", notes="other"
        )
        assert again["Idempotent-Replayed"] == "true"
        assert again.json() == first.json()
        assert len(sandbox.state.events) == 1

    @pytest.mark.parametrize(
        "other",
        [
            {"conversationId": "c-2"},
            {"eventType": "Quick Consultation"},
            {"inviteeEmail": "b@example.com"},
            {"preferredTime": "2026-11-25T10:00"},
        ],
    )
    def test_without_a_key_any_of_the_four_makes_another(
        self, api: CheckedClient, other: dict[str, str]
    ) -> None:
        send(api)
        assert "Idempotent-Replayed" not in send(api, **other)
        assert Booking.objects.count() == 2

    def test_without_a_key_ten_minutes_later_it_is_another(
        self, api: CheckedClient, clock: time_machine.Traveller
    ) -> None:
        send(api)
        clock.shift(601)
        assert "Idempotent-Replayed" not in send(api)
        assert Booking.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", ["k", None])
def test_twenty_at_once_are_one_booking(sandbox: Calendly, transactional_db: None, key: str | None) -> None:
    """None of them hears that the start which it wants is taken: it is its own."""
    now = datetime.now(UTC)
    catalog.sync(calendly_accounts.default(), now=now)
    secret = keys.create("Agent", expires_at=now + timedelta(days=1), now=now)[1]
    go, answers = threading.Barrier(20), list[Any]()

    def one() -> None:
        go.wait()
        try:
            answers.append(send(agent(secret), key, flexibility="exact"))
        finally:
            database.close()

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 20
    assert {answer.status_code for answer in answers} <= {201, 409}
    fresh = [
        answer for answer in answers if answer.status_code == 201 and "Idempotent-Replayed" not in answer
    ]
    assert len(fresh) == 1
    assert all(int(answer["Retry-After"]) for answer in answers if answer.status_code == 409)
    assert len(sandbox.state.events) == Booking.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_fifty_agents_for_one_start_get_fifty_starts_or_other_offers(
    sandbox: Calendly, transactional_db: None
) -> None:
    now = datetime.now(UTC)
    catalog.sync(calendly_accounts.default(), now=now)
    secret = keys.create("Agent", now=now)[1]
    go, answers = threading.Barrier(50), list[Any]()

    def one(number: int) -> None:
        go.wait()
        try:
            answers.append(send(agent(secret), inviteeEmail=f"p{number}@example.com", flexibility="exact"))
        finally:
            database.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200] * 49 + [201]
    assert len([event for event in sandbox.state.events.values() if event.status == "active"]) == 1
    offers = [answer.json() for answer in answers if answer.status_code == 200]
    assert all(offer["suggestions"] for offer in offers)
