"""The same request again: once done, always answered alike."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.db import connection as database

from calendly_integration.models import AgentKey, Booking, CalendlyAccount, IdempotencyRecord
from calendly_integration.services.agents import keys
from calendly_integration.services.bookings import idempotency
from calendly_integration.services.bookings.idempotency import Answer, InProgress, Key, Mismatch

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
BODY = {"eventType": "Sales Demo", "preferredTime": NOW}
KEY = idempotency.explicit("k-1")
IMPLICIT = idempotency.implicit("c-1", "type", "ana@example.com", "")


@pytest.fixture
def agent_key(db: None) -> AgentKey:
    return keys.create("Agent", now=NOW)[0]


def made(status: str = "confirmed") -> Booking:
    account, _made = CalendlyAccount.objects.get_or_create(slug="default")
    return Booking.objects.create(
        account=account,
        status=status,
        source="agent",
        invitee_email="a@b.ro",
        email_key="a@b.ro",
        event_id="E",
        start_at=NOW,
        created_at=NOW,
    )


class Request:
    """A request that counts how often it ran past its intent."""

    def __init__(self, agent_key: AgentKey, key: Key = KEY, answer: Answer | Exception | None = None) -> None:
        self.agent_key, self.key = agent_key, key
        self.answer = answer or Answer(201, {"n": 1})
        self.runs, self.intends = 0, key.implicit

    def send(self, now: datetime = NOW, body: Any = BODY) -> Answer:
        return idempotency.once(
            agent_key=self.agent_key, key=self.key, body=body, run=self._run, recover=_recovered, now=now
        )

    def _run(self, on_intent: idempotency.OnIntent, _keep: idempotency.Keep) -> Answer:
        if self.intends:
            with transaction.atomic():
                on_intent(made("failed" if isinstance(self.answer, Exception) else "confirmed"))
        self.runs += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def _recovered(booking: Booking, earlier: Answer | None) -> Answer:
    """Shows the booking as it is, with the earlier answer's number."""
    body = {"recovered": str(booking.pk), "start": str(booking.start_at), **(earlier.body if earlier else {})}
    return Answer(201 if booking.status == "confirmed" else 202, body)


@pytest.mark.parametrize("text", ["", "  ", "k" * 256, "a\x00", "a\nb", "a\x7f", "é"])
def test_a_key_is_printable_and_not_too_long(text: str) -> None:
    with pytest.raises(idempotency.InvalidKey):
        idempotency.explicit(text)


def test_the_same_key_gives_the_same_answer(agent_key: AgentKey) -> None:
    request = Request(agent_key, answer=Answer(201, {"n": 1}, {"X": "y"}))
    first, again = request.send(), request.send(now=NOW + timedelta(days=1))
    assert not first.replayed
    assert again == Answer(201, {"n": 1}, {"X": "y"}, replayed=True)
    assert request.runs == 1


def test_the_order_of_keys_does_not_make_another_body(agent_key: AgentKey) -> None:
    request = Request(agent_key)
    request.send()
    assert request.send(body=dict(reversed(BODY.items()))).replayed


def test_another_body_is_refused(agent_key: AgentKey) -> None:
    request = Request(agent_key)
    request.send()
    with pytest.raises(Mismatch):
        request.send(body={**BODY, "notes": "n"})


def test_keys_of_two_agents_are_apart(agent_key: AgentKey) -> None:
    other = Request(keys.create("Other", now=NOW)[0])
    Request(agent_key).send()
    other.send()
    assert other.runs == 1


def test_while_the_first_runs_the_second_is_told_to_wait(agent_key: AgentKey) -> None:
    IdempotencyRecord.objects.create(
        agent_key=agent_key, key="k-1", fingerprint=idempotency.fingerprint(BODY), started_at=NOW
    )
    request = Request(agent_key)
    with pytest.raises(InProgress) as caught:
        request.send(now=NOW + timedelta(seconds=60))
    assert caught.value.retry_after > 0
    assert request.runs == 0
    with pytest.raises(Mismatch):
        request.send(body={})


@pytest.mark.parametrize("error", [ValueError("no"), OperationalError("gone")])
def test_after_a_failure_the_request_may_be_repeated(agent_key: AgentKey, error: Exception) -> None:
    failing = Request(agent_key, answer=error)
    failing.intends = True
    with pytest.raises(type(error)):
        failing.send()
    request = Request(agent_key)
    request.send()
    assert request.runs == 1


def test_a_failure_with_a_booking_that_may_stand_is_answered_from_it(agent_key: AgentKey) -> None:
    def dies(on_intent: idempotency.OnIntent, _keep: idempotency.Keep) -> Answer:
        on_intent(made("pending"))
        raise OperationalError("gone after the booking was sent")

    with pytest.raises(OperationalError):
        idempotency.once(agent_key=agent_key, key=KEY, body=BODY, run=dies, recover=_recovered, now=NOW)
    request = Request(agent_key)
    with pytest.raises(InProgress):
        request.send()
    assert request.send(now=NOW + timedelta(seconds=61)).status == 202
    assert request.runs == 0


@pytest.mark.parametrize(
    ("status", "answered", "runs"), [("confirmed", 201, 0), ("pending", 202, 0), ("failed", 201, 1)]
)
def test_a_request_that_died_is_answered_from_its_booking(
    agent_key: AgentKey, status: str, answered: int, runs: int
) -> None:
    IdempotencyRecord.objects.create(
        agent_key=agent_key,
        key="k-1",
        fingerprint=idempotency.fingerprint(BODY),
        started_at=NOW,
        booking=made(status),
    )
    request = Request(agent_key)
    answer = request.send(now=NOW + timedelta(seconds=61))
    assert (answer.status, request.runs) == (answered, runs)
    assert answer.replayed is (runs == 0)
    assert request.send(now=NOW + timedelta(seconds=62)).body == answer.body


def test_a_request_that_died_before_its_booking_is_run_anew(agent_key: AgentKey) -> None:
    IdempotencyRecord.objects.create(
        agent_key=agent_key, key="k-1", fingerprint=idempotency.fingerprint(BODY), started_at=NOW
    )
    request = Request(agent_key)
    request.send(now=NOW + timedelta(seconds=61))
    assert request.runs == 1


def test_one_that_was_taken_for_dead_books_nothing_any_more(agent_key: AgentKey) -> None:
    def slow(on_intent: idempotency.OnIntent, _keep: idempotency.Keep) -> Answer:
        Request(agent_key).send(now=NOW + timedelta(seconds=61))
        on_intent(made())
        raise AssertionError("the intent went through")

    with pytest.raises(InProgress):
        idempotency.once(agent_key=agent_key, key=KEY, body=BODY, run=slow, recover=_recovered, now=NOW)
    assert IdempotencyRecord.objects.get().answered_at is not None


def test_nothing_free_is_kept_for_explicit_keys_only(agent_key: AgentKey) -> None:
    for key, runs in ((KEY, 1), (IMPLICIT, 2)):
        request = Request(agent_key, key, Answer(200, {"code": "no_availability"}))
        request.intends = False
        request.send()
        request.send()
        assert request.runs == runs


def test_without_a_key_the_same_request_is_one_for_ten_minutes(agent_key: AgentKey) -> None:
    request = Request(agent_key, IMPLICIT)
    request.send()
    assert request.send(now=NOW + timedelta(minutes=10), body={"other": "notes"}).replayed
    assert not request.send(now=NOW + timedelta(minutes=10, seconds=1)).replayed
    assert request.runs == 2


def test_without_a_key_a_canceled_booking_may_be_booked_again(agent_key: AgentKey) -> None:
    request = Request(agent_key, IMPLICIT)
    request.send()
    Booking.objects.update(status="canceled")
    assert not request.send().replayed
    assert request.runs == 2


def test_without_a_key_the_answer_shows_the_booking_as_it_is_and_nothing_is_written(
    agent_key: AgentKey, django_assert_num_queries: Any
) -> None:
    request = Request(agent_key, IMPLICIT)
    request.send()
    Booking.objects.update(start_at=NOW + timedelta(hours=3))
    with django_assert_num_queries(2):  # the record and the booking
        again = request.send()
    assert (again.status, again.replayed, request.runs) == (201, True, 1)
    assert again.body == {
        "n": 1,
        "recovered": str(Booking.objects.get().pk),
        "start": str(NOW + timedelta(hours=3)),
    }


def test_an_explicit_key_gives_the_first_answer_whatever_became_of_the_booking(agent_key: AgentKey) -> None:
    request = Request(agent_key)
    request.intends = True
    first = request.send()
    Booking.objects.update(status="canceled")
    assert request.send().body == first.body
    assert request.runs == 1


def test_without_a_key_a_settled_booking_is_told_as_it_is_now(agent_key: AgentKey) -> None:
    request = Request(agent_key, IMPLICIT, Answer(202, {"code": "outcome_unknown"}))
    request.send()
    again = request.send()
    assert again.replayed
    assert "recovered" in again.body
    assert request.runs == 1


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    agent_key: AgentKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = idempotency._own
    monkeypatch.setattr(idempotency, "_own", lambda _record: _Locked())
    assert Request(agent_key).send().status == 201
    monkeypatch.setattr(idempotency, "_own", real)


class _Locked:
    def update(self, **_changes: Any) -> int:
        raise OperationalError("database is locked")


def test_an_answer_can_be_kept_with_what_it_tells_of(agent_key: AgentKey) -> None:
    def rolls_back(on_intent: idempotency.OnIntent, keep: idempotency.Keep) -> Answer:
        with transaction.atomic():
            on_intent(made("pending"))
        with transaction.atomic():
            keep(Answer(201, {"n": 1}))
            raise OperationalError("the connection is gone")

    def runs(on_intent: idempotency.OnIntent, keep: idempotency.Keep) -> Answer:
        with transaction.atomic():
            on_intent(made())
            keep(Answer(201, {"n": 1}))
        return Answer(201, {"n": 1})

    def send(key: str, run: idempotency.Run) -> Answer:
        return idempotency.once(
            agent_key=agent_key,
            key=idempotency.explicit(key),
            body=BODY,
            run=run,
            recover=_recovered,
            now=NOW,
        )

    with pytest.raises(OperationalError):
        send("lost", rolls_back)
    with pytest.raises(InProgress):  # its booking may stand
        send("lost", runs)
    assert not send("kept", runs).replayed
    assert send("kept", rolls_back) == Answer(201, {"n": 1}, replayed=True)


def test_old_records_are_forgotten(agent_key: AgentKey) -> None:
    Request(agent_key, IMPLICIT).send()
    assert idempotency.forget(now=NOW + timedelta(days=6)) == 0
    assert idempotency.forget(now=NOW + timedelta(days=8)) == 1


def test_those_of_requests_that_booked_nothing_are_kept_for_an_hour(agent_key: AgentKey) -> None:
    Request(agent_key, answer=Answer(200, {"success": False})).send()
    assert idempotency.forget(now=NOW + timedelta(minutes=59)) == 0
    assert idempotency.forget(now=NOW + timedelta(minutes=61)) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", [KEY, IMPLICIT])
def test_of_twenty_at_once_one_books(transactional_db: None, key: Key) -> None:
    agent_key = keys.create("Agent", now=NOW)[0]
    gate, go = threading.Event(), threading.Barrier(20)
    all_run = threading.Barrier(20)
    outcomes: list[str] = []
    request = Request(agent_key, key)
    real = request._run

    def run(on_intent: idempotency.OnIntent, keep: idempotency.Keep) -> Answer:
        if key.implicit:  # those run until their intent
            all_run.wait(20)
        else:
            gate.wait(10)
        return real(on_intent, keep)

    request._run = run  # type: ignore[method-assign]

    def send() -> None:
        go.wait()
        try:
            request.send()
            outcomes.append("answered")
        except InProgress:
            outcomes.append("in progress")
            if outcomes.count("in progress") == 19:
                gate.set()
        finally:
            database.close()

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["answered"] + ["in progress"] * 19
    assert request.runs == 1
    assert Booking.objects.count() == key.implicit
    assert request.send().replayed


def test_without_a_key_who_finds_nothing_free_hears_of_its_own_booking(agent_key: AgentKey) -> None:
    """The same request was booked while this one looked: the start is not free because it is its own."""
    first = Request(agent_key, IMPLICIT)

    def looks(_on_intent: idempotency.OnIntent, _keep: idempotency.Keep) -> Answer:
        first.send()
        return Answer(200, {"code": "no_availability"})

    def looks_earlier(on_intent: idempotency.OnIntent, keep: idempotency.Keep) -> Answer:
        answer = looks(on_intent, keep)
        IdempotencyRecord.objects.update(answered_at=None)
        return answer

    def send(run: idempotency.Run) -> Answer:
        return idempotency.once(
            agent_key=agent_key, key=IMPLICIT, body=BODY, run=run, recover=_recovered, now=NOW
        )

    found = send(looks)
    assert (found.status, found.body["n"], found.replayed) == (201, 1, True)
    IdempotencyRecord.objects.all().delete()
    with pytest.raises(InProgress):
        send(looks_earlier)


def test_without_a_key_nothing_is_written_for_what_came_to_nothing(
    agent_key: AgentKey, django_assert_num_queries: Any
) -> None:
    request = Request(agent_key, IMPLICIT, Answer(200, {"code": "no_availability"}))
    request.intends = False
    with django_assert_num_queries(2):  # one before and one after
        request.send()
    assert not IdempotencyRecord.objects.exists()
