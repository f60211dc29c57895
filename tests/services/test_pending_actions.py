"""What is left to do at Calendly: settled, tried again, and never done twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connections

from calendly_integration.models import Booking, CalendlyAccount, CalendlyBooking, TimelineEntry
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.bookings import cancel, pending_actions, queries, reschedule
from calendly_integration.services.bookings.results import Booked, OutcomeUnknown
from calendly_integration.services.reconcile import Observation, apply

from ..factories import (
    AGENT,
    TEN,
    active,
    assert_consistent,
    book,
    deliver,
    hours,
    mirrored,
    now,
    pass_time,
    posts,
    told,
    try_booking,
    work_pending_actions,
)

pytestmark = pytest.mark.django_db


def lost(calendly: Calendly, fault: Any, *, event_type: str = "Sales Demo", **facts: Any) -> Booking:
    """A booking of which nobody knows whether it was made."""
    calendly.faults.add(fault, method="POST", path="/invitees", **facts)
    outcome = try_booking(event_type, preferred=TEN, flexibility="exact")
    assert isinstance(outcome, OutcomeUnknown)
    return outcome.booking


def status(booking: Booking) -> str:
    return queries.find(str(booking.pk)).status


@pytest.mark.parametrize("hooks", [True, False])
@pytest.mark.parametrize(
    ("fault", "facts"),
    [
        ("lose_answer", {}),
        ("truncate", {}),
        ("huge", {}),
        ("status", {"status": 500, "after_effect": True}),
        ("slow", {"seconds": 60}),
    ],
)
def test_one_that_was_booked_is_found_and_confirmed(
    calendly: Calendly, clock: time_machine.Traveller, hooks: bool, fault: Any, facts: dict[str, Any]
) -> None:
    booking = lost(calendly, fault, **facts)
    pass_time(clock, calendly, minutes=1, hooks=hooks)
    assert status(booking) == "confirmed"
    assert told() == ["/calendly/metadata", "/calendly/notify", "/calendly/confirmed", "/email/send"]
    pass_time(clock, calendly)
    assert_consistent(calendly)
    assert posts(calendly) == 1
    assert told() == ["/calendly/metadata", "/calendly/notify", "/calendly/confirmed", "/email/send"]


def test_one_that_was_not_booked_has_failed_after_two_looks_and_is_never_sent_again(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = lost(calendly, "drop")
    clock.shift(3)
    work_pending_actions()
    clock.shift(20)
    work_pending_actions()
    assert status(booking) == "pending"
    clock.shift(40)
    work_pending_actions()
    fresh = queries.find(str(booking.pk))
    assert (fresh.status, fresh.failure) == ("failed", "Calendly has no such booking.")
    assert posts(calendly) == 1
    assert told() == []
    assert_consistent(calendly)
    assert book().start_at == TEN


def test_while_calendly_is_away_nobody_has_looked(calendly: Calendly, clock: time_machine.Traveller) -> None:
    """After an outage of an hour one look is not enough: a second one follows within two minutes."""
    booking = lost(calendly, "drop")
    calendly.faults.add("status", status=503, times=None)
    pass_time(clock, calendly, minutes=60)
    assert status(booking) == "pending"
    assert CalendlyBooking.objects.get().attempts > 5
    calendly.faults.clear()
    begun = len(calendly.calls)
    clock.shift(40)
    work_pending_actions()
    assert status(booking) == "pending"
    pass_time(clock, calendly, minutes=1)
    assert status(booking) == "failed"
    looks = [call for call in list(calendly.calls)[begun:] if call.path.startswith("/scheduled_events?")]
    assert len(looks) == 2


def test_one_that_was_booked_during_an_outage_is_found_after_it(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = lost(calendly, "lose_answer")
    calendly.faults.add("status", status=503, times=None)
    pass_time(clock, calendly, minutes=30, hooks=False)
    calendly.faults.clear()
    pass_time(clock, calendly, minutes=2, hooks=False)
    assert status(booking) == "confirmed"


def test_pauses_grow_and_what_calendly_asks_for_is_obeyed(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    lost(calendly, "drop")
    calendly.faults.add("status", status=503, times=None)
    pauses = []
    for _ in range(8):
        calendly_booking = CalendlyBooking.objects.get()
        assert calendly_booking.next_attempt_at is not None
        pauses.append((calendly_booking.next_attempt_at - now()).total_seconds())
        clock.move_to(calendly_booking.next_attempt_at)
        work_pending_actions()
    assert pauses[1] < pauses[2] < pauses[3] < pauses[4]
    assert pauses[-1] <= 36
    calendly.faults.clear()
    calendly.faults.add("status", status=429, seconds=300, times=None)
    calendly_booking = CalendlyBooking.objects.get()
    clock.move_to(calendly_booking.next_attempt_at or now())
    work_pending_actions()
    calendly_booking = CalendlyBooking.objects.get()
    assert calendly_booking.next_attempt_at is not None
    assert 300 <= (calendly_booking.next_attempt_at - now()).total_seconds() <= 360


def test_a_lost_booking_in_a_group_is_told_from_those_of_others(
    calendly: Calendly, account: CalendlyAccount, clock: time_machine.Traveller
) -> None:
    """The same person is at the same start already: the reference decides, not the address."""
    calendly.add_group_type("Webinar", seats=5)
    mirrored(account)
    calendly.book_as_invitee("Webinar", TEN, email="maria@example.com", name="Maria")
    booking = lost(calendly, "drop", event_type="Webinar")
    pass_time(clock, calendly)
    assert status(booking) == "failed"
    again = lost(calendly, "lose_answer", event_type="Webinar")
    pass_time(clock, calendly)
    assert status(again) == "confirmed"
    assert len(active(calendly)) == 2
    assert_consistent(calendly)


def test_a_lost_booking_that_the_invitee_has_canceled_meanwhile_is_canceled(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = lost(calendly, "lose_answer")
    calendly.cancel_as_invitee(active(calendly)[0], "M-am răzgândit")
    pass_time(clock, calendly, hooks=False)
    assert status(booking) == "canceled"
    assert told() == ["/calendly/metadata", "/calendly/notify", "/calendly/canceled"]
    pass_time(clock, calendly)
    assert told() == ["/calendly/metadata", "/calendly/notify", "/calendly/canceled"]
    assert_consistent(calendly)


def test_a_token_that_may_not_list_the_organization_looks_among_its_own(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = lost(calendly, "lose_answer")
    calendly.owner.role = "user"
    try:
        pass_time(clock, calendly, minutes=1, hooks=False)
    finally:
        next(iter(calendly.state.users.values())).role = "owner"
    assert status(booking) == "confirmed"


def test_a_booking_comes_to_life_again_if_calendly_tells_of_it_later(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    """Read replicas may lag: what was given up for failed and is then delivered, is confirmed."""
    calendly.options.webhook_hold = True
    booking = lost(calendly, "lose_answer")
    listed = calendly.state.by_email.pop("maria@example.com")
    pass_time(clock, calendly, minutes=2)
    assert status(booking) == "failed"
    calendly.state.by_email["maria@example.com"] = listed
    calendly.release_deliveries()
    pass_time(clock, calendly)
    assert status(booking) == "confirmed"
    assert_consistent(calendly)
    assert told() == ["/calendly/metadata", "/calendly/notify", "/calendly/confirmed", "/email/send"]


# The link


@pytest.mark.parametrize("hooks", [True, False])
def test_a_conference_link_is_read_as_soon_as_it_is_ready(
    calendly: Calendly, clock: time_machine.Traveller, hooks: bool
) -> None:
    booking = book()
    assert booking.meeting_url == ""
    if hooks:
        deliver(calendly)
    clock.shift(6)
    work_pending_actions()
    fresh = queries.find(str(booking.pk))
    assert fresh.meeting_url.startswith("https://")
    assert fresh.location == "zoom"
    assert_consistent(calendly)


def test_a_link_that_never_becomes_ready_is_given_up(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    calendly.options.location_push_seconds = 1e9
    book()
    for _ in range(60):
        clock.shift(60)
        work_pending_actions()
    calendly_booking = CalendlyBooking.objects.get()
    assert (calendly_booking.pending_action, calendly_booking.next_attempt_at) == ("", None)
    reads = sum(call.method == "GET" and "/invitees/" in call.path for call in calendly.calls)
    assert reads == 6


def test_a_link_that_calendly_could_not_make_is_not_waited_for(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    calendly.options.location_outcome = "failed"
    booking = book()
    pass_time(clock, calendly)
    assert queries.find(str(booking.pk)).meeting_url == ""
    assert_consistent(calendly)


def test_an_invitee_that_was_erased_is_not_read_for_ever(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    book()
    calendly.faults.add("status", method="GET", path="/scheduled_events/.*", status=404, times=None)
    pass_time(clock, calendly, minutes=1, hooks=False)
    assert not CalendlyBooking.objects.exclude(pending_action="").exists()


def test_the_half_of_a_move_that_nobody_tells_of_is_read(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = book()
    deliver(calendly)
    calendly.options.pair_order = "canceled_first"
    calendly.reschedule_as_invitee(active(calendly)[0], TEN + hours(2))
    waiting = calendly.pending_deliveries
    assert [delivery.event for delivery in waiting] == ["invitee.canceled", "invitee.created"]
    waiting[1].status = "dropped"
    pass_time(clock, calendly)
    assert queries.find(str(booking.pk)).start_at == TEN + hours(2)
    assert told().count("/calendly/rescheduled") == 1
    assert_consistent(calendly)


# Workers


def test_a_leg_that_is_worked_on_is_claimed_by_nobody_else(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    lost(calendly, "drop")
    clock.shift(5)
    [calendly_booking] = pending_actions.claim(now=now(), limit=5)
    assert pending_actions.claim(now=now(), limit=5) == []
    clock.shift(61)
    [again] = pending_actions.claim(now=now(), limit=5)
    assert again.pk == calendly_booking.pk
    # Who lost the lease writes nothing.
    assert not CalendlyBooking.objects.finish(calendly_booking, next_attempt_at=now() + timedelta(days=1))
    assert CalendlyBooking.objects.finish(again, next_attempt_at=now())


def test_a_leg_with_nothing_left_to_do_is_let_go(calendly: Calendly, clock: time_machine.Traveller) -> None:
    """Between claim and work Calendly has told all there is to know."""
    calendly.options.location_push_seconds = 0
    booking = lost(calendly, "lose_answer")
    clock.shift(5)
    [calendly_booking] = pending_actions.claim(now=now(), limit=5)
    deliver(calendly)
    asked = len(calendly.calls)
    pending_actions.work(calendly_booking, now=now())
    assert len(calendly.calls) == asked
    assert CalendlyBooking.objects.get().next_attempt_at is None
    assert status(booking) == "confirmed"


def test_an_error_of_our_own_is_kept_and_tried_again(
    calendly: Calendly, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = lost(calendly, "lose_answer")
    with monkeypatch.context() as broken:
        broken.setattr(pending_actions.reconcile, "apply_observations", lambda *_args, **_options: 1 / 0)
        clock.shift(5)
        work_pending_actions()
    calendly_booking = CalendlyBooking.objects.get()
    assert "division by zero" in calendly_booking.last_error
    pass_time(clock, calendly, minutes=1, hooks=False)
    assert status(booking) == "confirmed"


def test_a_missing_token_makes_the_work_wait(
    calendly: Calendly, clock: time_machine.Traveller, settings: Any
) -> None:
    booking = lost(calendly, "lose_answer")
    CalendlyAccount.objects.update(token_encrypted="")
    settings.CALENDLY_INTEGRATION["API_KEY"] = ""
    pass_time(clock, calendly, minutes=2, hooks=False)
    assert status(booking) == "pending"
    settings.CALENDLY_INTEGRATION["API_KEY"] = "sandbox-token"
    pass_time(clock, calendly, minutes=2, hooks=False)
    assert status(booking) == "confirmed"


def test_a_refused_cancellation_is_not_tried_for_ever(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = book()
    deliver(calendly)
    calendly.faults.add("drop", method="POST", path=".*/cancellation")
    with pytest.raises(cancel.CancellationUnknown):
        cancel.cancel_booking(queries.find(str(booking.pk)), reason="", by=AGENT, now=now())
    calendly.faults.add("status", method="POST", path=".*/cancellation", status=403, times=None)
    pass_time(clock, calendly)
    assert posts(calendly, "/cancellation") == 2
    assert status(booking) == "confirmed"
    assert TimelineEntry.objects.filter(booking=booking, action="not_canceled").count() == 1
    assert not CalendlyBooking.objects.exclude(pending_action="").exists()


def test_a_move_after_a_refused_cancellation_still_ends_the_old_half(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = book()
    deliver(calendly)
    calendly.faults.add("drop", method="POST", path=".*/cancellation")
    with pytest.raises(cancel.CancellationUnknown):
        cancel.cancel_booking(queries.find(str(booking.pk)), reason="", by=AGENT, now=now())
    calendly.faults.add("status", method="POST", path=".*/cancellation", status=403)
    pass_time(clock, calendly)
    found = queries.find(str(booking.pk))
    assert isinstance(reschedule.reschedule(found, new_start=TEN + hours(3), by=AGENT, now=now()), Booked)
    pass_time(clock, calendly)
    assert_consistent(calendly)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_leg_is_not_claimed_while_what_was_told_of_it_is_brought_in(
    calendly: Calendly,
    account: CalendlyAccount,
    clock: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A lease that began in between would outlive the work: its holder would make due what is done."""
    calendly.add_event_type("Nowhere", no_location=True)
    mirrored(account)
    booking = book("Nowhere")
    clock.shift(10)
    claimed: list[CalendlyBooking] = []
    merge = apply.merge

    def claim() -> list[CalendlyBooking]:
        try:
            return pending_actions.claim(now=now(), limit=5)
        finally:
            connections.close_all()

    def merge_slowly(calendly_booking: CalendlyBooking, observation: Observation, *, now: datetime) -> bool:
        with ThreadPoolExecutor(1) as pool:
            claimed.extend(pool.submit(claim).result(10))
        return merge(calendly_booking, observation, now=now)

    monkeypatch.setattr(apply, "merge", merge_slowly)
    deliver(calendly)
    calendly_booking = CalendlyBooking.objects.get(booking=booking)
    assert (
        calendly_booking.confirmed_at is not None,
        calendly_booking.pending_action,
        calendly_booking.next_attempt_at,
        calendly_booking.lease_token,
    ) == (True, "", None, None)
    assert claimed == []
