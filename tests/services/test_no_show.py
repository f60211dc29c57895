"""Marking an invitee who did not come: once, whatever happens on the way."""

from datetime import timedelta
from typing import Any

import pytest

from calendly_integration.models import Booking, CalendlyBooking, OutboxMessage, TimelineEntry
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services import errors
from calendly_integration.services.actors import Actor
from calendly_integration.services.bookings import cancel, no_show, queries

from ..factories import book, deliver, now, posts, work_pending_actions

STAFF = Actor.staff("ioana")


@pytest.fixture
def begun(calendly: Calendly, clock: Any) -> Booking:
    """A meeting that has begun, confirmed by Calendly."""
    booking = book()
    deliver(calendly)
    clock.move_to(booking.start_at)
    return queries.find(str(booking.pk))


def told(booking: Booking, action: str) -> int:
    return TimelineEntry.objects.filter(booking=booking, action=action).count()


def logged(what: str) -> int:
    return OutboxMessage.objects.filter(path="/analytics/log", body__event_type=what).count()


def marked(sandbox: Calendly) -> bool:
    [invitee] = sandbox.state.invitees.values()
    return invitee.no_show_id is not None


def test_marked_at_calendly_and_here_and_the_delivery_changes_nothing_more(
    calendly: Calendly, begun: Booking
) -> None:
    after = no_show.mark(begun, by=STAFF, now=now())
    assert marked(calendly)
    assert after.no_show_at == now()
    deliver(calendly)
    assert told(begun, "no_show_requested") == told(begun, "no_show") == 1
    assert logged("invitee_no_show_created") == 1
    assert begun.timeline.get(action="no_show_requested").actor_name == "ioana"


def test_undone_at_calendly_and_here_and_the_delivery_changes_nothing_more(
    calendly: Calendly, begun: Booking, clock: Any
) -> None:
    after = no_show.mark(begun, by=STAFF, now=now())
    deliver(calendly)
    clock.shift(60)
    after = no_show.undo(after, by=STAFF, now=now())
    assert not marked(calendly)
    assert after.no_show_at is None
    deliver(calendly)
    assert told(begun, "no_show_undo_requested") == told(begun, "no_show_undone") == 1
    assert logged("invitee_no_show_deleted") == 1
    clock.shift(60)
    assert no_show.mark(after, by=STAFF, now=now()).no_show_at == now()


def test_what_is_so_already_is_given_back_without_asking(calendly: Calendly, begun: Booking) -> None:
    stale = queries.find(str(begun.pk))
    assert no_show.undo(begun, by=STAFF, now=now()).no_show_at is None
    after = no_show.mark(begun, by=STAFF, now=now())
    calls = calendly.calls_made
    no_show.mark(after, by=STAFF, now=now())
    no_show.mark(stale, by=STAFF, now=now())  # the second click of two
    assert calendly.calls_made == calls
    assert told(begun, "no_show_requested") == told(begun, "no_show") == 1


@pytest.mark.parametrize("status", [400, 409])
def test_one_that_was_marked_at_calendly_itself_counts_as_marked(
    calendly: Calendly, begun: Booking, status: int
) -> None:
    [invitee] = calendly.state.invitees.values()
    calendly.mark_no_show(invitee)
    calendly.options.no_show_twice_status = status
    assert no_show.mark(begun, by=STAFF, now=now()).no_show_at == now()
    assert told(begun, "no_show_unchanged") == 0
    deliver(calendly)
    assert told(begun, "no_show") == logged("invitee_no_show_created") == 1


def test_one_whose_mark_was_taken_away_at_calendly_itself_counts_as_unmarked(
    calendly: Calendly, begun: Booking, clock: Any
) -> None:
    after = no_show.mark(begun, by=STAFF, now=now())
    clock.shift(60)
    [invitee] = calendly.state.invitees.values()
    calendly.undo_no_show(invitee)
    assert no_show.undo(after, by=STAFF, now=now()).no_show_at is None


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "refuse"}, errors.CalendlyUnavailable),
        ({"kind": "status", "status": 429, "seconds": 30}, errors.CalendlyUnavailable),
        ({"kind": "status", "status": 403}, errors.CalendlyRefused),
        ({"kind": "status", "status": 401}, errors.CalendlyRefused),
        ({"kind": "drop"}, errors.CalendlyUnavailable),
    ],
)
@pytest.mark.parametrize("undoing", [False, True])
def test_where_calendly_does_not_do_it_all_stays_and_the_timeline_says_so(
    calendly: Calendly, begun: Booking, fault: dict[str, Any], error: type[Exception], undoing: bool
) -> None:
    before = no_show.mark(begun, by=STAFF, now=now()) if undoing else begun
    calendly.faults.add(
        method="DELETE" if undoing else "POST", path="/invitee_no_shows.*", times=None, **fault
    )
    with pytest.raises(error):
        (no_show.undo if undoing else no_show.mark)(before, by=STAFF, now=now())
    assert (queries.find(str(begun.pk)).no_show_at is not None) == undoing == marked(calendly)
    assert told(begun, "no_show_unchanged") == 1


def test_a_lost_answer_is_looked_up_at_once(calendly: Calendly, begun: Booking) -> None:
    calendly.faults.add("lose_answer", method="POST", path="/invitee_no_shows")
    assert no_show.mark(begun, by=STAFF, now=now()).no_show_at == now()
    assert posts(calendly, "/invitee_no_shows") == 1
    deliver(calendly)
    assert told(begun, "no_show") == logged("invitee_no_show_created") == 1


@pytest.mark.parametrize("fault", ["lose_answer", "drop"])
def test_what_cannot_be_read_now_is_read_by_the_worker_soon(
    calendly: Calendly, begun: Booking, fault: Any
) -> None:
    calendly.faults.add(fault, method="POST", path="/invitee_no_shows")
    calendly.faults.add("refuse", method="GET", path=".*", times=3)
    with pytest.raises(no_show.MarkUnknown):
        no_show.mark(begun, by=STAFF, now=now())
    assert CalendlyBooking.objects.get(booking=begun).pending_action == "refetch"
    work_pending_actions()
    known = queries.find(str(begun.pk)).no_show_at is not None
    assert known == (fault == "lose_answer") == marked(calendly)
    assert posts(calendly, "/invitee_no_shows") == 1


def test_done_but_not_read_is_no_failure(calendly: Calendly, begun: Booking) -> None:
    calendly.faults.add("refuse", method="GET", path=".*", times=3)
    with pytest.raises(no_show.MarkUnknown):
        no_show.mark(begun, by=STAFF, now=now())
    deliver(calendly)
    assert queries.find(str(begun.pk)).no_show_at == now()
    assert told(begun, "no_show_unchanged") == 0


def test_only_meetings_that_have_begun_and_stand_can_be_missed(
    calendly: Calendly, begun: Booking, clock: Any
) -> None:
    assert begun.start_at
    clock.shift(-3600)
    with pytest.raises(no_show.NotMarkable) as early:
        no_show.mark(begun, by=STAFF, now=begun.start_at - timedelta(seconds=1))
    assert early.value.why == "early"
    cancel.cancel_booking(begun, reason="", by=STAFF, now=begun.start_at - timedelta(hours=1))
    with pytest.raises(no_show.NotMarkable) as canceled:
        no_show.mark(queries.find(str(begun.pk)), by=STAFF, now=now())
    assert canceled.value.why == "canceled"
    assert posts(calendly, "/invitee_no_shows") == 0
