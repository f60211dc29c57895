"""The same request again: it gets the same answer, and is not done twice."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.db import connection as database

from calendly_integration import clients
from calendly_integration.calendly.errors import SlotTaken
from calendly_integration.models import AgentKey, Booking, CalendlyAccount, IdempotencyRecord
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services import errors
from calendly_integration.services.actors import Actor
from calendly_integration.services.agents import keys
from calendly_integration.services.bookings import create, idempotency
from calendly_integration.services.bookings.idempotency import InProgress, Mismatch, Replay, StoredAnswer
from calendly_integration.services.bookings.results import Booked, BookingResult, SlotUnavailable

from ..factories import TEN, booking_request, now, posts

pytestmark = pytest.mark.django_db

BODY = {"eventType": "Sales Demo", "preferredTime": TEN}
KEY = idempotency.explicit_key("k-1")
IMPLICIT = idempotency.implicit_key("c-1", "type", "ana@example.com", "")
NOT_OFFERED = {"preferred": TEN.replace(minute=7), "flexibility": "exact"}


@pytest.fixture
def agent_key(calendly: Calendly) -> AgentKey:
    return keys.create("Agent", now=now())[0]


def send(
    agent_key: AgentKey, key: str = KEY, *, body: Any = BODY, after: timedelta = timedelta(), **wanted: Any
) -> BookingResult | Replay:
    """What the view does: book, and store the answer."""
    at = now() + after
    record = idempotency.new_record(agent_key=agent_key, key=key, body=body, now=at)
    result = create.book_once(
        record=record,
        booking_request=booking_request(**({"preferred": TEN} | wanted)),
        by=Actor.agent(agent_key),
        now=at,
    )
    if not isinstance(result, Replay) or result.answer is None:
        status, body = answer_of(result)
        idempotency.keep_answer(record, status=status, body=body, now=at)
    return result


def answer_of(result: BookingResult | Replay) -> tuple[int, dict[str, Any]]:
    if isinstance(result, SlotUnavailable):
        return 200, {"booking": None}
    assert result.booking is not None
    confirmed = result.booking.status == "confirmed"
    return 201 if confirmed else 202, {"booking": str(result.booking.pk)}


def stored() -> StoredAnswer:
    record = IdempotencyRecord.objects.get()
    assert record.status is not None
    return StoredAnswer(record.status, record.body)


@pytest.mark.parametrize("text", ["", "  ", "k" * 256, "a\x00", "a\nb", "a\x7f", "é"])
def test_a_key_is_printable_and_not_too_long(text: str) -> None:
    with pytest.raises(idempotency.InvalidKey):
        idempotency.explicit_key(text)


def test_the_same_key_gives_the_same_answer(agent_key: AgentKey, calendly: Calendly) -> None:
    first = send(agent_key)
    assert isinstance(first, Booked)
    again = send(agent_key, after=timedelta(days=1))
    assert again == Replay(StoredAnswer(201, {"booking": str(first.booking.pk)}), None)
    assert posts(calendly) == 1


def test_the_order_of_keys_does_not_make_another_body(agent_key: AgentKey) -> None:
    send(agent_key)
    assert isinstance(send(agent_key, body=dict(reversed(BODY.items()))), Replay)


def test_another_body_is_refused(agent_key: AgentKey) -> None:
    send(agent_key)
    with pytest.raises(Mismatch):
        send(agent_key, body={**BODY, "notes": "n"})


def test_keys_of_two_agents_are_separate(agent_key: AgentKey, calendly: Calendly) -> None:
    send(agent_key)
    assert isinstance(send(keys.create("Other", now=now())[0]), Booked)
    assert posts(calendly) == 2


def running(agent_key: AgentKey, booking: Booking | None = None) -> None:
    """A request that has not been answered."""
    IdempotencyRecord.objects.create(
        agent_key=agent_key,
        key=KEY,
        fingerprint=idempotency.fingerprint(BODY),
        started_at=now(),
        booking=booking,
    )


def test_while_the_first_runs_the_second_has_to_wait(agent_key: AgentKey, calendly: Calendly) -> None:
    running(agent_key)
    with pytest.raises(InProgress) as caught:
        send(agent_key, after=timedelta(seconds=60))
    assert caught.value.retry_after > 0
    assert posts(calendly) == 0
    with pytest.raises(Mismatch):
        send(agent_key, body={})


@pytest.mark.parametrize("key", [KEY, IMPLICIT])
def test_after_a_failure_the_request_may_be_repeated(
    agent_key: AgentKey, calendly: Calendly, key: str
) -> None:
    calendly.faults.add("refuse", method="POST", path="/invitees", times=None)
    with pytest.raises(errors.CalendlyUnavailable):
        send(agent_key, key)
    assert not IdempotencyRecord.objects.exists()
    calendly.faults.clear()
    assert isinstance(send(agent_key, key), Booked)


def test_a_failure_with_a_booking_that_may_exist_is_answered_from_it(
    agent_key: AgentKey, calendly: Calendly, account: CalendlyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_given: Any) -> Any:
        raise OperationalError("gone after the booking was sent")

    monkeypatch.setattr(clients.calendly(account), "create_invitee", die)
    with pytest.raises(OperationalError):
        send(agent_key)
    with pytest.raises(InProgress):
        send(agent_key)
    again = send(agent_key, after=timedelta(seconds=61))
    assert again == Replay(None, Booking.objects.get())
    assert stored().status == 202
    assert posts(calendly) == 0


@pytest.mark.parametrize(("status", "answered"), [("confirmed", 201), ("pending", 202), ("failed", None)])
def test_a_request_that_died_is_answered_from_its_booking(
    agent_key: AgentKey, calendly: Calendly, status: str, answered: int | None
) -> None:
    first = send(agent_key)
    assert isinstance(first, Booked)
    IdempotencyRecord.objects.all().delete()
    Booking.objects.update(status=status)
    running(agent_key, first.booking)
    result = send(agent_key, after=timedelta(seconds=61))
    if answered is None:
        assert isinstance(result, Booked)
        assert result.booking != first.booking
    else:
        assert result == Replay(None, first.booking)
        assert stored() == StoredAnswer(answered, {"booking": str(first.booking.pk)})
    assert send(agent_key, after=timedelta(seconds=62)) == Replay(stored(), None)


def test_a_request_that_died_before_its_booking_is_run_again(agent_key: AgentKey) -> None:
    running(agent_key)
    assert isinstance(send(agent_key, after=timedelta(seconds=61)), Booked)


@pytest.fixture
def while_it_looks(
    account: CalendlyAccount, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[], object]], None]:
    """`while_it_looks(act)`: `act` happens once, before the next request gets the free times."""
    client = clients.calendly(account)
    available_times = client.available_times

    def install(act: Callable[[], object]) -> None:
        def look(*args: Any, **options: Any) -> Any:
            monkeypatch.setattr(client, "available_times", available_times)
            act()
            return available_times(*args, **options)

        monkeypatch.setattr(client, "available_times", look)

    return install


def test_a_request_that_took_too_long_books_nothing(
    agent_key: AgentKey, calendly: Calendly, while_it_looks: Callable[[Callable[[], object]], None]
) -> None:
    while_it_looks(lambda: send(agent_key, after=timedelta(seconds=61)))
    with pytest.raises(InProgress):
        send(agent_key)
    assert IdempotencyRecord.objects.get().answered_at is not None
    assert posts(calendly) == Booking.objects.count() == 1


def test_without_a_free_start_only_a_request_with_a_key_is_stored(agent_key: AgentKey) -> None:
    assert isinstance(send(agent_key, IMPLICIT, **NOT_OFFERED), SlotUnavailable)
    assert isinstance(send(agent_key, IMPLICIT, **NOT_OFFERED), SlotUnavailable)
    assert not IdempotencyRecord.objects.exists()
    assert isinstance(send(agent_key, KEY, **NOT_OFFERED), SlotUnavailable)
    assert send(agent_key, KEY, **NOT_OFFERED) == Replay(StoredAnswer(200, {"booking": None}), None)


def test_without_a_key_a_start_lost_to_another_leaves_no_record(
    agent_key: AgentKey, account: CalendlyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*_given: Any) -> Any:
        raise SlotTaken("already_filled", status=400)

    monkeypatch.setattr(clients.calendly(account), "create_invitee", taken)
    assert isinstance(send(agent_key, IMPLICIT, flexibility="exact"), SlotUnavailable)
    assert not IdempotencyRecord.objects.exists()


def test_without_a_key_the_same_request_is_one_for_ten_minutes(
    agent_key: AgentKey, calendly: Calendly
) -> None:
    send(agent_key, IMPLICIT)
    again = send(agent_key, IMPLICIT, after=timedelta(minutes=10), body={"other": "notes"})
    assert isinstance(again, Replay)
    assert isinstance(send(agent_key, IMPLICIT, after=timedelta(minutes=10, seconds=1)), Booked)
    assert posts(calendly) == 2


def test_without_a_key_a_canceled_booking_may_be_booked_again(
    agent_key: AgentKey, clock: time_machine.Traveller
) -> None:
    send(agent_key, IMPLICIT)
    Booking.objects.update(status="canceled")
    clock.shift(1)
    assert isinstance(send(agent_key, IMPLICIT), Booked)


def test_an_outdated_record_whose_start_is_taken_now_is_deleted(
    agent_key: AgentKey, clock: time_machine.Traveller
) -> None:
    send(agent_key, IMPLICIT)
    Booking.objects.update(status="canceled")
    clock.shift(1)
    assert isinstance(send(agent_key, IMPLICIT, **NOT_OFFERED), SlotUnavailable)
    assert not IdempotencyRecord.objects.exists()


def test_without_a_key_the_booking_is_given_as_it_is_and_nothing_is_written(
    agent_key: AgentKey, django_assert_num_queries: Any
) -> None:
    first = send(agent_key, IMPLICIT)
    Booking.objects.update(start_at=TEN + timedelta(hours=3), end_at=TEN + timedelta(hours=4))
    with django_assert_num_queries(2):  # the record and the booking
        again = send(agent_key, IMPLICIT)
    assert isinstance(again, Replay)
    assert again.answer == StoredAnswer(*answer_of(first))
    assert again.booking is not None
    assert again.booking.start_at == TEN + timedelta(hours=3)


def test_with_a_key_the_first_answer_is_given_whatever_became_of_the_booking(agent_key: AgentKey) -> None:
    first = send(agent_key)
    Booking.objects.update(status="canceled")
    assert send(agent_key) == Replay(StoredAnswer(*answer_of(first)), None)


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_cannot_be_stored_is_given_all_the_same(
    agent_key: AgentKey, caplog: pytest.LogCaptureFixture
) -> None:
    def locked(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE") and '"answered_at" = %s' in sql:
            raise OperationalError("database is locked")
        return execute(sql, *rest)

    with database.execute_wrapper(locked):
        first = send(agent_key)
    assert isinstance(first, Booked)
    assert "an answer was not stored" in caplog.text
    assert send(agent_key, after=timedelta(seconds=61)) == Replay(None, first.booking)


def test_old_records_are_deleted(agent_key: AgentKey) -> None:
    send(agent_key, IMPLICIT)
    assert idempotency.forget(now=now() + timedelta(days=6)) == 0
    assert idempotency.forget(now=now() + timedelta(days=8)) == 1


def test_records_without_a_booking_are_kept_for_an_hour(agent_key: AgentKey) -> None:
    send(agent_key, **NOT_OFFERED)
    assert idempotency.forget(now=now() + timedelta(minutes=59)) == 0
    assert idempotency.forget(now=now() + timedelta(minutes=61)) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", [KEY, IMPLICIT])
def test_of_twenty_at_once_one_books(calendly: Calendly, agent_key: AgentKey, key: str) -> None:
    go = threading.Barrier(20)
    outcomes: list[str] = []

    def act() -> None:
        go.wait()
        try:
            outcomes.append(type(send(agent_key, key)).__name__)
        except InProgress:
            outcomes.append("InProgress")
        finally:
            database.close()

    threads = [threading.Thread(target=act) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert outcomes.count("Booked") == 1
    assert set(outcomes) <= {"Booked", "InProgress", "Replay"}
    assert len(outcomes) == 20
    assert posts(calendly) == Booking.objects.count() == IdempotencyRecord.objects.count() == 1
    assert isinstance(send(agent_key, key), Replay)


def test_without_a_key_its_own_booking_is_found_when_its_start_is_not_free(
    agent_key: AgentKey, while_it_looks: Callable[[Callable[[], object]], None]
) -> None:
    """The same request is booked while this one looks: the start is not free because it is its own."""
    first: list[Any] = []
    while_it_looks(lambda: first.append(send(agent_key, IMPLICIT, flexibility="exact")))
    found = send(agent_key, IMPLICIT, flexibility="exact")
    assert found == Replay(StoredAnswer(*answer_of(first[0])), first[0].booking)


def test_without_a_key_its_own_running_booking_is_in_progress(
    agent_key: AgentKey, while_it_looks: Callable[[Callable[[], object]], None]
) -> None:
    def book_without_answer() -> None:
        send(agent_key, IMPLICIT, flexibility="exact")
        IdempotencyRecord.objects.update(answered_at=None)

    while_it_looks(book_without_answer)
    with pytest.raises(InProgress):
        send(agent_key, IMPLICIT, flexibility="exact")
