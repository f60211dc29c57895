"""Killed after any line, raced by anybody: one meeting at Calendly, one booking here, each thing told once."""

import linecache
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import time_machine
from django.db import connection as database
from django.db import connections as databases

from calendly_integration import clients
from calendly_integration.models import (
    AgentKey,
    Booking,
    CalendlyAccount,
    CalendlyBooking,
    EventType,
    IdempotencyRecord,
    OutboxMessage,
)
from calendly_integration.sandbox.adapter import SandboxAdapter
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services import errors
from calendly_integration.services.actors import Actor
from calendly_integration.services.bookings import (
    attempts,
    cancel,
    create,
    idempotency,
    pending_actions,
    queries,
    reschedule,
)
from calendly_integration.services.bookings.attempts import NotReschedulable
from calendly_integration.services.bookings.results import Booked, OutcomeUnknown, SlotUnavailable

from ..factories import (
    AGENT,
    KEY,
    TEN,
    URL,
    active,
    assert_consistent,
    book,
    booking_request,
    deliver,
    hours,
    mirrored,
    now,
    pass_time,
    posts,
    rolled_back,
    told,
    try_booking,
    work_pending_actions,
)

pytestmark = pytest.mark.django_db

SERVICES = Path(attempts.__file__).parent
TRACED = frozenset(
    str((SERVICES / name).resolve())
    for name in (
        "create.py",
        "idempotency.py",
        "attempts.py",
        "cancel.py",
        "reschedule.py",
        "pending_actions.py",
        "../reconcile/apply.py",
        "../../models/bulk_sql.py",
        "../../models/calendly_booking.py",
    )
)


class Killed(BaseException):
    """The process has died. Nothing catches this."""


class CrashInjector:
    """Dies at the first line after the `victim`-th effect. Between two effects all lines are alike: what stood in
    memory is lost. An effect is a call to Calendly, or a statement that writes, or the end of a transaction."""

    def __init__(self, calendly: Calendly, victim: int | None = None) -> None:
        self.calendly, self.victim = calendly, victim
        self.writes = 0
        self.moments: dict[tuple[int, int], None] = {}

    def run(self, act: Callable[[], object]) -> bool:
        """True if the act was killed."""
        before = sys.gettrace()
        with database.execute_wrapper(self._count):
            sys.settrace(self._call)
            try:
                act()
            except Killed:
                return True
            finally:
                sys.settrace(before)
        return False

    def _count(self, execute: Any, sql: str, *rest: Any) -> Any:
        self.writes += sql.startswith(("INSERT", "UPDATE", "DELETE", "RELEASE"))
        return execute(sql, *rest)

    def _call(self, frame: FrameType, _event: str, _arg: object) -> Any:
        return self._line if frame.f_code.co_filename in TRACED else None

    def _line(self, frame: FrameType, event: str, _arg: object) -> Any:
        # Not at the end of a `with`: there its block would stay open, which no death leaves behind.
        text = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        moment = (self.calendly.calls_made, self.writes)
        if event == "line" and moment not in self.moments and not text.startswith("with "):
            self.moments[moment] = None
            if len(self.moments) == self.victim:
                raise Killed
        return self._line


class Scenario:
    """One story, told again and again from the same beginning, each time killed at another line."""

    def __init__(self, account: CalendlyAccount, clock: time_machine.Traveller) -> None:
        self.account, self.clock = account, clock
        self.begin = now()
        self.calendly = Calendly()

    def fresh(self) -> Calendly:
        """A Calendly with the same ids and nothing in it, at the hour when the story begins."""
        self.clock.move_to(self.begin)
        self.calendly = Calendly(clock=now)
        self.calendly.seed_standard()
        self.calendly.subscribe(URL, KEY)
        adapter = SandboxAdapter(self.calendly, sleep=lambda _seconds: None)
        clients.calendly(self.account).session.mount("https://api.calendly.com", adapter)
        return self.calendly

    def everywhere(
        self,
        prepare: Callable[[Calendly], Any],
        act: Callable[[Any], object],
        check: Callable[[], None],
        *,
        hooks: bool,
    ) -> int:
        """Kill the act after each of its effects, let time pass, check. Returns how often it was killed."""
        with rolled_back():
            prepared = prepare(self.fresh())
            whole = CrashInjector(self.calendly)
            assert not whole.run(lambda: act(prepared))
        for victim in range(1, len(whole.moments) + 1):
            with rolled_back():
                prepared = prepare(self.fresh())
                assert CrashInjector(self.calendly, victim).run(lambda given=prepared: act(given))
                pass_time(self.clock, self.calendly, hooks=hooks)
                try:
                    assert_consistent(self.calendly)
                    check()
                except AssertionError as error:
                    raise AssertionError(f"killed after effect {victim}") from error
        return len(whole.moments)


@pytest.fixture
def scenario(
    account: CalendlyAccount, event_types: dict[str, EventType], clock: time_machine.Traveller
) -> Iterator[Scenario]:
    yield Scenario(account, clock)
    clock.move_to(now())


def told_once() -> None:
    """No fact is told twice to the portal; a database constraint says so, too, but not for all of them."""
    paths = Counter(OutboxMessage.objects.exclude(path="/analytics/log").values_list("booking_id", "path"))
    assert set(paths.values()) <= {1}, paths


@pytest.mark.parametrize("hooks", [True, False])
def test_a_booking_killed_at_any_line_is_one_meeting_or_none(scenario: Scenario, hooks: bool) -> None:
    def act(_nothing: object) -> None:
        try_booking(preferred=TEN)

    def check() -> None:
        told_once()
        made = bool(active(scenario.calendly))
        assert posts(scenario.calendly) <= 1
        assert Counter(told()) == Counter(
            ["/calendly/metadata", "/calendly/notify", "/calendly/confirmed", "/email/send"] if made else []
        )
        assert {booking.status for booking in Booking.objects.all()} <= {"confirmed" if made else "failed"}

    assert scenario.everywhere(lambda _calendly: None, act, check, hooks=hooks) > 6


def test_a_request_killed_at_any_line_gets_the_answer_of_its_booking_when_it_is_sent_again(
    scenario: Scenario, agent_key: AgentKey
) -> None:
    actor = Actor.agent(agent_key)

    def act(_nothing: object) -> None:
        again()

    def again() -> Any:
        at = now()
        record = idempotency.new_record(agent_key=agent_key, key="k", body={}, now=at)
        wanted = booking_request(preferred=TEN)
        result = create.book_once(record=record, booking_request=wanted, by=actor, now=at)
        assert not isinstance(result, SlotUnavailable)
        if isinstance(result, Booked | OutcomeUnknown) or result.answer is None:
            idempotency.keep_answer(record, status=201, body={"id": str(result.booking)}, now=at)
        return result

    def check() -> None:
        again()
        told_once()
        assert posts(scenario.calendly) == len(active(scenario.calendly)) == 1
        booking = Booking.objects.get(status="confirmed")
        assert IdempotencyRecord.objects.get().booking == booking

    assert scenario.everywhere(lambda _calendly: None, act, check, hooks=True) > 8


def booked_and_told(calendly: Calendly) -> Booking:
    """A booking of whose confirmation the portal knows."""
    booking = book()
    deliver(calendly)
    return queries.find(str(booking.pk))


@pytest.mark.parametrize("hooks", [True, False])
def test_a_cancellation_killed_at_any_line_is_done_or_not_begun(scenario: Scenario, hooks: bool) -> None:
    def act(booking: Booking) -> None:
        cancel.cancel_booking(booking, reason="Nu mai e nevoie", by=AGENT, now=now())

    def check() -> None:
        told_once()
        booking = Booking.objects.get()
        gone = not active(scenario.calendly)
        assert booking.status == ("canceled" if gone else "confirmed")
        assert told().count("/calendly/canceled") == int(gone)
        assert posts(scenario.calendly, "/cancellation") <= 2

    assert scenario.everywhere(booked_and_told, act, check, hooks=hooks) > 4


@pytest.mark.parametrize("hooks", [True, False])
def test_a_move_killed_at_any_line_leaves_one_meeting_and_one_booking(
    scenario: Scenario, hooks: bool
) -> None:
    def act(booking: Booking) -> None:
        reschedule.reschedule(booking, new_start=TEN + hours(3), by=AGENT, now=now())

    def check() -> None:
        told_once()
        booking = Booking.objects.get()
        assert booking.status == "confirmed"
        assert len(active(scenario.calendly)) == 1
        moved = booking.start_at == TEN + hours(3)
        assert moved or booking.start_at == TEN
        assert told().count("/calendly/rescheduled") == int(moved)
        assert told().count("/calendly/confirmed") == 1
        assert "/calendly/canceled" not in told()

    least = 10 if database.vendor == "postgresql" else 12  # what goes in one round trip is one effect
    assert scenario.everywhere(booked_and_told, act, check, hooks=hooks) > least


def lost(calendly: Calendly) -> None:
    """A booking whose answer was lost, due to be looked up."""
    calendly.faults.add("lose_answer", method="POST", path="/invitees")
    assert isinstance(try_booking(preferred=TEN), OutcomeUnknown)


def test_a_worker_killed_at_any_line_while_it_settles_leaves_the_rest_to_the_next(scenario: Scenario) -> None:
    def act(_nothing: object) -> None:
        scenario.clock.shift(3)
        assert work_pending_actions() == 1

    def check() -> None:
        told_once()
        assert Booking.objects.get().status == "confirmed"
        assert posts(scenario.calendly) == 1

    assert scenario.everywhere(lost, act, check, hooks=False) > 4


def half_moved(calendly: Calendly) -> None:
    """A move whose new half stands; the old one is still to be canceled."""
    booking = booked_and_told(calendly)
    calendly.faults.add("status", method="POST", path=".*/cancellation", status=500)
    outcome = reschedule.reschedule(booking, new_start=TEN + hours(3), by=AGENT, now=now())
    assert isinstance(outcome, Booked)
    assert len(active(calendly)) == 2


def test_a_worker_killed_at_any_line_while_it_ends_the_old_half_of_a_move(scenario: Scenario) -> None:
    def act(_nothing: object) -> None:
        scenario.clock.shift(10)
        assert work_pending_actions() == 2

    def check() -> None:
        told_once()
        assert Booking.objects.get().start_at == TEN + hours(3)
        assert told().count("/calendly/rescheduled") == 1

    assert scenario.everywhere(half_moved, act, check, hooks=True) > 4


def test_a_delivery_may_come_before_the_answer_to_our_own_request(
    calendly: Calendly,
    monkeypatch: pytest.MonkeyPatch,
    clock: time_machine.Traveller,
    account: CalendlyAccount,
) -> None:
    client = clients.calendly(account)
    book_there = client.create_invitee

    def book_and_be_told(request: Any) -> Any:
        invitee = book_there(request)
        deliver(calendly)
        return invitee

    monkeypatch.setattr(client, "create_invitee", book_and_be_told)
    booking = book()
    assert booking.status == "confirmed"
    assert CalendlyBooking.objects.count() == 1
    assert told() == ["/calendly/metadata", "/calendly/notify", "/calendly/confirmed"]
    pass_time(clock, calendly)
    assert_consistent(calendly)
    assert told() == ["/calendly/metadata", "/calendly/notify", "/calendly/confirmed", "/email/send"]


def test_an_answer_lost_after_the_delivery_came_is_a_booking_all_the_same(
    calendly: Calendly, monkeypatch: pytest.MonkeyPatch, account: CalendlyAccount
) -> None:
    client = clients.calendly(account)
    book_there = client.create_invitee
    calendly.faults.add("lose_answer", method="POST", path="/invitees")

    def book_and_be_told(request: Any) -> Any:
        try:
            return book_there(request)
        finally:
            deliver(calendly)

    monkeypatch.setattr(client, "create_invitee", book_and_be_told)
    assert isinstance(try_booking(preferred=TEN), Booked)


# Races


def at_once(count: int, act: Callable[[int], object]) -> list[object]:
    """What comes of it when so many do it at the same moment, each in a thread of its own."""
    gate, results = threading.Barrier(count), list[object]()

    def run(number: int) -> None:
        try:
            gate.wait()
            results.append(act(number))
        except Exception as error:
            results.append(error)
        finally:
            databases.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def gathered(calendly: Calendly, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Nobody books before all have seen the free times."""
    gate = threading.Barrier(count)
    book_one = attempts.book_first_free

    def book_together(*args: Any, **options: Any) -> Any:
        gate.wait(timeout=20)
        return book_one(*args, **options)

    monkeypatch.setattr(attempts, "book_first_free", book_together)


@pytest.mark.django_db(transaction=True)
def test_twenty_agents_want_one_start_and_one_gets_it(
    calendly: Calendly, monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller
) -> None:
    gathered(calendly, monkeypatch, 20)
    outcomes = at_once(
        20, lambda number: try_booking(preferred=TEN, flexibility="exact", email=f"{number}@example.com")
    )
    kinds = Counter(type(outcome).__name__ for outcome in outcomes)
    assert kinds == {"Booked": 1, "SlotUnavailable": 19}, outcomes
    assert all(each.taken and each.suggestions for each in outcomes if isinstance(each, SlotUnavailable))
    assert posts(calendly) == 1
    pass_time(clock, calendly, minutes=2)
    assert_consistent(calendly)


@pytest.mark.django_db(transaction=True)
def test_twenty_agents_want_the_next_start_and_get_different_ones(
    calendly: Calendly, monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller
) -> None:
    gathered(calendly, monkeypatch, 20)
    outcomes = at_once(20, lambda number: try_booking(preferred=TEN, email=f"{number}@example.com"))
    booked = [outcome for outcome in outcomes if isinstance(outcome, Booked)]
    assert len(booked) >= 18, outcomes
    # Who lost ten races gets other times, not an error.
    assert all(isinstance(outcome, Booked) or outcome.taken for outcome in outcomes), outcomes  # type: ignore[attr-defined]
    pass_time(clock, calendly, minutes=2)
    assert_consistent(calendly)
    assert Booking.objects.filter(status="confirmed").values("start_at").distinct().count() == len(booked)


@pytest.mark.django_db(transaction=True)
def test_a_group_type_with_three_seats_takes_three(
    calendly: Calendly,
    account: CalendlyAccount,
    monkeypatch: pytest.MonkeyPatch,
    clock: time_machine.Traveller,
) -> None:
    calendly.add_group_type("Workshop", seats=3)
    mirrored(account)
    gathered(calendly, monkeypatch, 8)
    outcomes = at_once(
        8,
        lambda number: try_booking(
            "Workshop", preferred=TEN, flexibility="exact", email=f"{number}@example.com"
        ),
    )
    assert Counter(type(outcome).__name__ for outcome in outcomes) == {"Booked": 3, "SlotUnavailable": 5}, (
        outcomes
    )
    pass_time(clock, calendly, minutes=2)
    assert_consistent(calendly)


@pytest.mark.django_db(transaction=True)
def test_an_agent_and_an_invitee_who_cancel_at_once_cancel_once(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = booked_and_told(calendly)
    outcomes = at_once(
        4,
        lambda _number: cancel.cancel_booking(queries.find(str(booking.pk)), reason="r", by=AGENT, now=now()),
    )
    assert [outcome.status for outcome in outcomes if isinstance(outcome, Booking)] == ["canceled"] * 4, (
        outcomes
    )
    pass_time(clock, calendly, minutes=2)
    assert_consistent(calendly)
    assert told().count("/calendly/canceled") == 1


@pytest.mark.django_db(transaction=True)
def test_two_moves_of_one_booking_at_once_leave_one_meeting(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = booked_and_told(calendly)

    def move(number: int) -> object:
        found = queries.find(str(booking.pk))
        return reschedule.reschedule(found, new_start=TEN + hours(2 + number), by=AGENT, now=now())

    outcomes = at_once(3, move)
    assert any(isinstance(outcome, Booked) for outcome in outcomes), outcomes
    assert all(isinstance(outcome, Booked | NotReschedulable) for outcome in outcomes), outcomes
    pass_time(clock, calendly, minutes=3)
    assert_consistent(calendly)
    assert len(active(calendly)) == 1
    moved = sum(isinstance(outcome, Booked) for outcome in outcomes)
    assert told().count("/calendly/rescheduled") == moved


def test_a_lease_outlives_one_request(
    calendly: Calendly, account: CalendlyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker looks up a booking whose request still runs: connect and read timeouts fit into the lease."""
    client = clients.calendly(account)
    book_there = client.create_invitee

    def book_slowly(request: Any) -> Any:
        assert CalendlyBooking.objects.get().next_attempt_at is not None
        assert not pending_actions.claim(now=now() + timedelta(seconds=30), limit=5)
        return book_there(request)

    monkeypatch.setattr(client, "create_invitee", book_slowly)
    assert book().status == "confirmed"


def test_no_transaction_is_open_while_calendly_is_asked(
    calendly: Calendly, monkeypatch: pytest.MonkeyPatch
) -> None:
    depth = len(database.savepoint_ids)
    original = calendly.handle

    def handle(request: Any) -> Any:
        assert len(database.savepoint_ids) == depth
        return original(request)

    monkeypatch.setattr(calendly, "handle", handle)
    booking = book()
    moved = reschedule.reschedule(
        queries.find(str(booking.pk)), new_start=TEN + hours(2), by=AGENT, now=now()
    )
    assert isinstance(moved, Booked)
    cancel.cancel_booking(moved.booking, reason="", by=AGENT, now=now())
    calendly.faults.add("refuse", method="GET", times=None)
    with pytest.raises(errors.CalendlyUnavailable):
        try_booking()
