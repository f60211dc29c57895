"""A booking that takes long: each try has its own lease, and nobody else ends what is under way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError

from calendly_integration import clients
from calendly_integration.calendly.errors import SlotTaken
from calendly_integration.models import Booking, CalendlyAccount, CalendlyBooking, TimelineEntry
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.actors import SYSTEM, Actor
from calendly_integration.services.backoffice import staff_booking
from calendly_integration.services.bookings import attempts, create
from calendly_integration.services.bookings.results import Booked, OutcomeUnknown, SlotUnavailable

from ..factories import AGENT, TEN, active, booking_request, now, posts, try_booking, work_pending_actions

pytestmark = pytest.mark.django_db
STAFF = Actor.staff("maria")


@pytest.fixture
def during(
    account: CalendlyAccount, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, Callable[[], None]], None]:
    """`during("create_invitee", act)`: `act` happens while that call to Calendly is on its way."""
    client = clients.calendly(account)

    def install(name: str, act: Callable[[], None]) -> None:
        call = getattr(client, name)

        def slow(*args: Any, **options: Any) -> Any:
            act()
            return call(*args, **options)

        monkeypatch.setattr(client, name, slow)

    return install


def taken() -> SlotTaken:
    return SlotTaken("already_filled", status=400)


def test_each_try_has_a_lease_of_its_own(
    calendly: Calendly, clock: time_machine.Traveller, during: Callable[[str, Callable[[], None]], None]
) -> None:
    claimed, sent_at = [], []

    def lose_the_race_three_times() -> None:
        clock.shift(30)
        claimed.append(work_pending_actions())
        sent_at.append(CalendlyBooking.objects.get().sent_at)
        if len(sent_at) <= 3:
            raise taken()

    during("create_invitee", lose_the_race_three_times)
    assert isinstance(try_booking(preferred=TEN), Booked)
    assert claimed == [0, 0, 0, 0]
    assert len(set(sent_at)) == 4


def test_a_worker_that_looked_between_two_tries_does_not_end_the_second(
    calendly: Calendly, clock: time_machine.Traveller, during: Callable[[str, Callable[[], None]], None]
) -> None:
    tries = []

    def slow_look() -> None:
        if tries:  # the free times are read once more after a start was taken
            clock.shift(50)
            assert work_pending_actions() == 1

    def try_to_book() -> None:
        tries.append(now())
        clock.shift(25)
        work_pending_actions()
        assert Booking.objects.get().status == "pending"
        if len(tries) == 1:
            raise taken()

    during("available_times", slow_look)
    during("create_invitee", try_to_book)
    outcome = try_booking(preferred=TEN)
    assert isinstance(outcome, Booked)
    assert Booking.objects.get().status == "confirmed"
    assert len(active(calendly)) == 1


def test_a_look_that_began_before_a_new_try_cannot_end_it(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    calendly.faults.add("lose_answer", method="POST", path="/invitees")
    outcome = try_booking(preferred=TEN)
    assert isinstance(outcome, OutcomeUnknown)
    seen_before = CalendlyBooking.objects.get()
    CalendlyBooking.objects.update(sent_at=now() + timedelta(seconds=30))
    assert not attempts.fail(seen_before, "Calendly has no such booking.", by=SYSTEM, now=now())
    assert Booking.objects.get().status == "pending"


def test_a_try_is_not_sent_for_a_leg_that_has_ended(
    calendly: Calendly, clock: time_machine.Traveller, during: Callable[[str, Callable[[], None]], None]
) -> None:
    tries = []

    def end_it() -> None:
        for calendly_booking in CalendlyBooking.objects.all():
            assert attempts.fail(calendly_booking, "Calendly has no such booking.", by=SYSTEM, now=now())

    def refuse() -> None:
        tries.append(now())
        raise taken()

    during("available_times", end_it)
    during("create_invitee", refuse)
    outcome = try_booking(preferred=TEN)
    assert isinstance(outcome, SlotUnavailable)
    assert len(tries) == 1
    assert Booking.objects.get().status == "failed"
    assert TimelineEntry.objects.filter(action="not_booked").count() == 1


def test_a_form_sent_twice_leaves_the_first_booking_its_start(
    calendly: Calendly,
    clock: time_machine.Traveller,
    account: CalendlyAccount,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    booking_id = uuid4()
    first: list[Any] = []
    client = clients.calendly(account)
    available_times = client.available_times

    def send() -> Any:
        return staff_booking.book(
            booking_request=booking_request(preferred=TEN, flexibility="exact"),
            booking_id=booking_id,
            by=STAFF,
            now=now(),
        )

    def read_before_the_first_one_books(*args: Any, **options: Any) -> Any:
        offered = available_times(*args, **options)
        if not first:
            first.append(None)
            first.append(send())
            clock.shift(60)
        return offered

    monkeypatch.setattr(client, "available_times", read_before_the_first_one_books)
    outcome = send()
    assert isinstance(first[1], Booked)
    assert isinstance(outcome, staff_booking.AlreadyBooked)
    assert outcome.booking.pk == booking_id
    assert CalendlyBooking.objects.get().slot_key
    assert posts(calendly) == 1


def test_a_booking_that_calendly_takes_ends_a_failure_kept_before(
    calendly: Calendly, account: CalendlyAccount
) -> None:
    calendly_accounts.mark_failing(account, Exception("The access token is invalid"), now=now())
    assert isinstance(try_booking(preferred=TEN), Booked)
    account.refresh_from_db()
    assert (account.health, account.health_note) == ("ok", "")


def test_the_wanted_start_is_kept_as_an_instant(calendly: Calendly) -> None:
    for preferred in (TEN, TEN.replace(hour=10, tzinfo=None)):
        try_booking(preferred=preferred, email=f"{preferred.hour}@example.com")
    kept = TimelineEntry.objects.filter(action="requested").values_list("detail__wanted", flat=True)
    assert set(kept) == {"2026-11-24T08:00:00Z"}


def test_a_doubled_id_is_not_reported_as_a_start_that_was_taken(calendly: Calendly) -> None:
    outcome = try_booking(preferred=TEN)
    assert isinstance(outcome, Booked)
    with pytest.raises(IntegrityError):
        create.book(booking_request=booking_request(), by=AGENT, now=now(), booking_id=outcome.booking.pk)
    assert posts(calendly) == 1
