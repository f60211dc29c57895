"""What can be asked of bookings, and done with them."""

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from calendly_integration import clients
from calendly_integration.models import (
    Booking,
    CalendlyAccount,
    CalendlyBooking,
    EventType,
    FollowUp,
    OutboxMessage,
    TimelineEntry,
    VAIMetadata,
)
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.seeds import place, question
from calendly_integration.services import errors, time_zones
from calendly_integration.services.actors import Actor
from calendly_integration.services.bookings import queries, reschedule
from calendly_integration.services.bookings.attempts import NotReschedulable
from calendly_integration.services.bookings.cancel import (
    CancellationUnknown,
    NotCancelable,
    cancel_booking,
    retry_cancel_replaced,
)
from calendly_integration.services.bookings.results import Booked, OutcomeUnknown, SlotUnavailable
from calendly_integration.services.reconcile import sync

from ..factories import (
    AGENT,
    TEN,
    active,
    assert_consistent,
    book,
    deliver,
    hours,
    logged,
    message,
    mirrored,
    now,
    pass_time,
    posts,
    told,
    try_booking,
)

pytestmark = pytest.mark.django_db

STAFF = Actor.staff("Ioana")
NEW = TEN + hours(3)


def cancel(booking: Booking, reason: str = "Nu mai e nevoie", **options: Any) -> Booking:
    found = queries.find(str(booking.pk))
    return cancel_booking(found, reason=reason, by=AGENT, now=now(), **options)


def move(booking: Booking, start: datetime = NEW) -> Booked | SlotUnavailable | OutcomeUnknown:
    return reschedule.reschedule(queries.find(str(booking.pk)), new_start=start, by=AGENT, now=now())


def booked(calendly: Calendly, **changes: Any) -> Booking:
    """A booking of which Calendly has told already, its link ready; the journal begins after it."""
    calendly.options.location_push_seconds = 0
    booking = book(**changes)
    deliver(calendly)
    calendly.calls.clear()
    return queries.find(str(booking.pk))


# Find and list


def test_a_booking_is_found_by_our_id_and_by_any_of_calendlys(calendly: Calendly) -> None:
    booking = booked(calendly)
    first = booking.event_id
    assert isinstance(move(booking), Booked)
    second = queries.find(str(booking.pk)).event_id
    assert first != second
    for key in (str(booking.pk), booking.pk.hex, first, second):
        assert queries.find(key).pk == booking.pk


@pytest.mark.parametrize(
    "key", ["", "nothing", "5cae332e-9f76-486e-bd18-4b515102c0aa", "a" * 65, "a\x00b", "é", "%", "../x"]
)
def test_what_is_no_booking_is_not_found(calendly: Calendly, key: str) -> None:
    with pytest.raises(queries.BookingNotFound):
        queries.find(key)


def test_upcoming_shows_confirmed_ones_of_the_window_soonest_first(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    later = book(preferred=TEN + timedelta(days=2))
    first = book(preferred=TEN)
    gone = book(preferred=TEN + hours(4))
    cancel(gone)
    book(preferred=TEN + hours(6), email="other@example.com")
    book(preferred=TEN + timedelta(days=9))
    calendly.faults.add("drop", method="POST", path="/invitees")
    try_booking(preferred=TEN + hours(5), flexibility="exact")
    found = queries.upcoming(" MARIA@example.com", days=7, now=now())
    assert [booking.pk for booking in found] == [first.pk, later.pk]
    clock.move_to(TEN + timedelta(seconds=1))
    assert [booking.pk for booking in queries.upcoming("maria@example.com", days=7, now=now())] == [later.pk]


def test_bookings_are_listed_by_what_an_agent_knows(calendly: Calendly) -> None:
    one = book(preferred=TEN)
    two = book(preferred=TEN + hours(2), email="b@example.com", conversation_id="conv-2")
    cancel(two)

    def listed(**wanted: str) -> set[uuid.UUID]:
        return set(queries.listed(**wanted).values_list("pk", flat=True))

    assert listed() == {one.pk, two.pk}
    assert listed(email="MARIA@EXAMPLE.com") == {one.pk}
    assert listed(conversation_id="conv-2") == {two.pk}
    assert listed(status="canceled") == {two.pk}
    assert listed(status="canceled", email="maria@example.com") == set()


def test_metadata_can_be_changed_and_that_is_noted(calendly: Calendly) -> None:
    booking = book()
    kept = queries.annotate(booking, changes={"notes": "Altceva", "extra": {"a": 1}}, by=AGENT, now=now())
    assert VAIMetadata.objects.get(booking=booking).notes == kept.notes == "Altceva"
    last = TimelineEntry.objects.filter(booking=booking).last()
    assert last is not None
    assert (last.action, last.detail, last.actor_name) == (
        "metadata_changed",
        {"fields": ["extra", "notes"]},
        "Test agent",
    )


# Cancel


def test_a_cancellation_is_done_at_calendly_then_here_and_told_once(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = booked(calendly)
    gone = cancel(booking, "Nu mai am timp")
    assert (gone.status, gone.cancel_reason, gone.canceled_by) == (
        "canceled",
        "Nu mai am timp",
        "Test agent",
    )
    assert gone.canceled_at is not None
    assert not active(calendly)
    assert [(call.method, call.path.rpartition("/")[2]) for call in calendly.calls] == [
        ("POST", "cancellation")
    ]
    assert json.loads(calendly.calls[0].body) == {"reason": "Nu mai am timp"}
    pass_time(clock, calendly)
    assert told().count("/calendly/canceled") == 1
    assert logged() == ["invitee_created", "invitee_canceled"]
    # The agent cancels for the invitee, and writes down what they said.
    assert told().count("/followup/schedule") == 1
    assert FollowUp.objects.count() == 1
    assert_consistent(calendly)


@pytest.mark.parametrize("by", [AGENT, STAFF])
def test_who_canceled_through_us_is_named_for_good(
    calendly: Calendly, clock: time_machine.Traveller, by: Actor
) -> None:
    """Calendly names the owner of our token: for its delivery, too, it was the host."""
    booking = booked(calendly)
    cancel_booking(booking, reason="Nu mai e nevoie", by=by, now=now())
    for _ in range(2):
        booking.refresh_from_db()
        assert (booking.canceled_by, booking.cancel_reason) == (by.name, "Nu mai e nevoie")
        pass_time(clock, calendly)
        sync.events(booking.account, now=now())
    calendly_booking = booking.calendly_bookings.get()
    assert (calendly_booking.canceler, calendly_booking.canceled_by) == ("host", "Ana Ionescu")


def test_whoever_was_faster_than_us_at_calendly_is_named(calendly: Calendly) -> None:
    booking = booked(calendly)
    calendly.cancel_as_host(calendly.find_event(booking.event_id), "Boală")
    gone = cancel(booking, "Agentul")
    assert (gone.canceled_by, gone.cancel_reason) == ("Ana Ionescu", "Boală")


def test_canceling_what_is_canceled_already_changes_nothing(calendly: Calendly) -> None:
    booking = booked(calendly)
    cancel(booking)
    before = (
        list(OutboxMessage.objects.values()),
        list(CalendlyBooking.objects.values()),
        len(calendly.calls),
    )
    again = cancel(booking, "Altceva")
    assert again.status == "canceled"
    assert again.cancel_reason == "Nu mai e nevoie"
    assert (
        list(OutboxMessage.objects.values()),
        list(CalendlyBooking.objects.values()),
        len(calendly.calls),
    ) == before


def test_one_that_calendly_has_canceled_already_takes_the_reason_from_there(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    """The invitee was faster, and we have not been told yet: it counts as theirs, follow-up included."""
    booking = booked(calendly)
    calendly.cancel_as_invitee(active(calendly)[0], "Ora nu e bună")
    gone = cancel(booking, "Agentul")
    assert (gone.status, gone.cancel_reason, gone.canceled_by) == ("canceled", "Ora nu e bună", "Maria Popa")
    assert FollowUp.objects.count() == 1
    entry = TimelineEntry.objects.get(booking=booking, action="canceled")
    assert (entry.actor, entry.actor_name) == ("invitee", "Maria Popa")
    pass_time(clock, calendly)
    assert told().count("/calendly/canceled") == 1
    assert told().count("/followup/schedule") == 1
    assert_consistent(calendly)


def test_one_that_the_invitee_has_just_moved_is_not_called_canceled(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = booked(calendly)
    calendly.reschedule_as_invitee(active(calendly)[0], NEW)
    with pytest.raises(NotCancelable) as caught:
        cancel(booking)
    assert caught.value.why == "pending"
    pass_time(clock, calendly)
    assert_consistent(calendly)
    assert "/calendly/canceled" not in told()
    assert told().count("/calendly/rescheduled") == 1
    assert cancel(booking).status == "canceled"


def test_an_event_that_calendly_knows_no_more_is_canceled(calendly: Calendly) -> None:
    booking = booked(calendly)
    calendly.faults.add("status", method="POST", path=".*/cancellation", status=404)
    assert cancel(booking).status == "canceled"


@pytest.mark.parametrize(
    ("fault", "facts"),
    [
        ("lose_answer", {}),
        ("drop", {}),
        ("truncate", {}),
        ("status", {"status": 502}),
        ("slow", {"seconds": 60}),
    ],
)
def test_a_cancellation_whose_answer_was_lost_is_tried_until_it_is_certain(
    calendly: Calendly, clock: time_machine.Traveller, fault: Any, facts: dict[str, Any]
) -> None:
    booking = booked(calendly)
    calendly.faults.add(fault, method="POST", path=".*/cancellation", **facts)
    with pytest.raises(CancellationUnknown) as caught:
        cancel(booking)
    assert caught.value.booking.pk == booking.pk
    pass_time(clock, calendly, hooks=False)
    assert queries.find(str(booking.pk)).status == "canceled"
    assert queries.find(str(booking.pk)).cancel_reason == "Nu mai e nevoie"
    assert not active(calendly)
    pass_time(clock, calendly)
    assert told().count("/calendly/canceled") == 1
    assert_consistent(calendly)


@pytest.mark.parametrize(
    ("fault", "facts", "error"),
    [
        ("status", {"status": 403}, errors.CalendlyRefused),
        ("status", {"status": 401}, errors.CalendlyRefused),
        ("status", {"status": 429}, errors.CalendlyUnavailable),
        ("refuse", {}, errors.CalendlyUnavailable),
    ],
)
def test_a_cancellation_that_was_refused_is_taken_back(
    calendly: Calendly, clock: time_machine.Traveller, fault: Any, facts: dict[str, Any], error: Any
) -> None:
    booking = booked(calendly)
    calendly.faults.add(fault, method="POST", path=".*/cancellation", **facts)
    with pytest.raises(error):
        cancel(booking)
    calendly_booking = CalendlyBooking.objects.get()
    assert (calendly_booking.status, calendly_booking.pending_action, calendly_booking.next_attempt_at) == (
        "active",
        "",
        None,
    )
    assert "cancel" not in calendly_booking.intent
    pass_time(clock, calendly)
    assert len(active(calendly)) == 1
    assert_consistent(calendly)


def test_a_cancellation_taken_back_does_not_forget_the_link(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = book()  # its link is not ready yet
    calendly.faults.add("refuse", method="POST", path=".*/cancellation")
    with pytest.raises(errors.CalendlyUnavailable):
        cancel(booking)
    pass_time(clock, calendly, minutes=1, hooks=False)
    assert queries.find(str(booking.pk)).meeting_url.startswith("https://")


def test_a_later_cancellation_by_the_host_is_not_put_down_to_the_agent(calendly: Calendly) -> None:
    booking = booked(calendly)
    calendly.faults.add("status", method="POST", path=".*/cancellation", status=403)
    with pytest.raises(errors.CalendlyRefused):
        cancel(booking)
    calendly.cancel_as_host(calendly.find_event(booking.event_id), "Boală")
    deliver(calendly)
    entry = TimelineEntry.objects.get(booking=booking, action="canceled")
    assert (entry.actor, entry.actor_name) == ("calendly", "Ana Ionescu")


@pytest.mark.parametrize("minutes", [10, 31])
def test_a_meeting_that_has_begun_or_is_over_cannot_be_canceled(
    calendly: Calendly, clock: time_machine.Traveller, minutes: int
) -> None:
    booking = booked(calendly)
    clock.move_to(TEN + timedelta(minutes=minutes))
    with pytest.raises(NotCancelable) as caught:
        cancel(booking)
    assert caught.value.why == "past"
    assert queries.find(str(booking.pk)).status == "confirmed"
    assert not CalendlyBooking.objects.filter(next_attempt_at__isnull=False).exists()


def test_one_that_is_pending_or_has_failed_cannot_be_canceled(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    calendly.faults.add("drop", method="POST", path="/invitees")
    outcome = try_booking(preferred=TEN)
    assert isinstance(outcome, OutcomeUnknown)
    with pytest.raises(NotCancelable) as caught:
        cancel(outcome.booking)
    assert caught.value.why == "pending"
    pass_time(clock, calendly)
    with pytest.raises(NotCancelable) as caught:
        cancel(outcome.booking)
    assert caught.value.why == "failed"


def test_a_place_in_a_group_with_others_cannot_be_canceled_alone(
    calendly: Calendly, account: CalendlyAccount
) -> None:
    calendly.add_group_type("Webinar", seats=3)
    mirrored(account)
    mine = book("Webinar")
    other = calendly.book_as_invitee("Webinar", TEN, email="b@example.com", name="B")
    with pytest.raises(NotCancelable) as caught:
        cancel(mine)
    assert caught.value.why == "group"
    with pytest.raises(NotReschedulable) as moved:
        move(mine)
    assert moved.value.why == "group"
    assert len(active(calendly)) == 2
    calendly.cancel_as_invitee(other)
    assert cancel(mine).status == "canceled"


def test_staff_may_cancel_a_group_for_all(calendly: Calendly, account: CalendlyAccount) -> None:
    calendly.add_group_type("Webinar", seats=3)
    mirrored(account)
    mine, other = book("Webinar"), book("Webinar", email="b@example.com")
    assert cancel(mine, whole_event=True).status == "canceled"
    deliver(calendly)
    assert queries.find(str(other.pk)).status == "canceled"


# Move


def test_a_move_books_the_new_start_first_and_then_ends_the_old_one(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = booked(calendly)
    outcome = move(booking)
    assert isinstance(outcome, Booked)
    assert outcome.booking.pk == booking.pk
    assert (outcome.booking.start_at, outcome.booking.end_at) == (NEW, NEW + hours(0.5))
    assert outcome.booking.event_id != booking.event_id
    assert outcome.booking.meeting_url == ""
    assert [call.path.rpartition("/")[2].partition("?")[0] for call in calendly.calls] == [
        "event_type_available_times",
        "invitees",
        "cancellation",
    ]
    pass_time(clock, calendly)
    assert_consistent(calendly)
    assert told() == [
        "/calendly/metadata",
        "/calendly/notify",
        "/calendly/confirmed",
        "/calendly/rescheduled",
        "/email/send",
    ]
    assert message("/calendly/rescheduled")["old_start_time"] == "2026-11-24T08:00:00Z"
    assert logged() == ["invitee_created", "invitee_rescheduled"]
    fresh = queries.find(str(booking.pk))
    assert fresh.meeting_url.startswith("https://")
    assert fresh.metadata.conversation_id == "conv-1"
    new = fresh.current_calendly_booking
    assert new is not None
    assert new.replaces is not None
    assert (new.status, new.replaces.status, fresh.calendly_bookings.count()) == ("active", "canceled", 2)


def test_a_booking_may_be_moved_again_and_again(calendly: Calendly, clock: time_machine.Traveller) -> None:
    booking = booked(calendly)
    for number in (3, 5, 1, 0):
        assert isinstance(move(booking, TEN + hours(number)), Booked)
        pass_time(clock, calendly, minutes=1)
    assert_consistent(calendly)
    assert queries.find(str(booking.pk)).start_at == TEN
    assert told().count("/calendly/rescheduled") == 4


def test_a_move_takes_people_answers_and_place_along(calendly: Calendly, account: CalendlyAccount) -> None:
    calendly.add_event_type(
        "Visit",
        locations=[place("physical", text="Str. Lungă 1")],
        questions=[question("Cine?", required=True), question("De ce?", position=1)],
    )
    mirrored(account)
    booking = booked(
        calendly,
        event_type="Visit",
        answers=(("Cine?", "Eu"),),
        guests=("g@example.com",),
        time_zone="Asia/Kathmandu",
    )
    first = next(iter(calendly.state.invitees.values()))
    assert isinstance(move(booking), Booked)
    second = active(calendly)[0]
    assert (second.email, second.name, second.timezone) == (first.email, first.name, "Asia/Kathmandu")
    assert second.answers == first.answers
    event = calendly.state.events[second.event_id]
    assert [guest["email"] for guest in event.guests] == ["g@example.com"]
    assert event.location is not None
    assert event.location["location"] == "Str. Lungă 1"


def test_a_booking_made_on_the_public_page_can_be_moved_too(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    calendly.book_as_invitee(
        "Sales Demo", TEN, email="nora@example.com", name="Nora", guests=["g@example.com"]
    )
    deliver(calendly)
    booking = Booking.objects.get()
    assert isinstance(move(booking), Booked)
    pass_time(clock, calendly)
    assert_consistent(calendly)
    assert booking.pk == Booking.objects.get().pk
    # The portal is told of its own bookings only.
    assert told() == []
    event = calendly.state.events[active(calendly)[0].event_id]
    assert [guest["email"] for guest in event.guests] == ["g@example.com"]


def test_a_call_moves_with_its_number(calendly: Calendly, account: CalendlyAccount) -> None:
    calendly.add_event_type("Call", locations=[place("outbound_call")])
    mirrored(account)
    calendly.book_as_invitee(
        "Call", TEN, location={**place("outbound_call"), "location": "+40721234567"}, email="n@example.com"
    )
    deliver(calendly)
    assert isinstance(move(Booking.objects.get()), Booked)
    location = calendly.state.events[active(calendly)[0].event_id].location
    assert location is not None
    assert location["location"] == "+40721234567"


@pytest.mark.parametrize("phone", ["", "+40721234567"])
def test_a_meeting_at_the_invitees_place_moves_with_the_place(
    calendly: Calendly, account: CalendlyAccount, phone: str
) -> None:
    calendly.add_event_type("Visit", locations=[place("ask_invitee")])
    mirrored(account)
    calendly.book_as_invitee("Visit", TEN, location={**place("ask_invitee"), "location": "Str. Lungă 1"})
    deliver(calendly)
    Booking.objects.update(phone=phone)
    assert isinstance(move(Booking.objects.get()), Booked)
    location = calendly.state.events[active(calendly)[0].event_id].location
    assert location is not None
    assert location["location"] == "Str. Lungă 1"


def test_a_new_start_without_offset_is_on_the_invitees_clock(calendly: Calendly) -> None:
    booking = booked(calendly, time_zone="America/New_York")
    outcome = move(booking, datetime(2026, 11, 24, 6))
    assert isinstance(outcome, Booked)
    assert outcome.booking.start_at == NEW


def test_a_new_start_that_is_not_free_leaves_the_old_meeting_untouched(calendly: Calendly) -> None:
    booking = booked(calendly)
    calendly.add_busy_time(NEW, NEW + hours(1))
    outcome = move(booking)
    assert isinstance(outcome, SlotUnavailable)
    assert not outcome.taken
    assert outcome.suggestions
    assert len(calendly.calls) == 1
    fresh = queries.find(str(booking.pk))
    assert (fresh.status, fresh.start_at, fresh.event_id) == ("confirmed", TEN, booking.event_id)
    assert CalendlyBooking.objects.count() == 1


def test_a_new_start_that_is_taken_meanwhile_leaves_the_old_meeting_untouched(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = booked(calendly)
    original = calendly.handle

    def handle(request: Any) -> Any:
        if request.method == "POST":
            calendly.add_busy_time(NEW, NEW + hours(1))
        return original(request)

    calendly.handle = handle  # type: ignore[method-assign]
    outcome = move(booking)
    assert isinstance(outcome, SlotUnavailable)
    assert outcome.taken
    assert queries.find(str(booking.pk)).start_at == TEN
    pass_time(clock, calendly)
    assert_consistent(calendly)


@pytest.mark.parametrize(
    ("fault", "error"), [("refuse", errors.CalendlyUnavailable), ("status", errors.CalendlyRefused)]
)
def test_a_new_start_that_is_refused_leaves_the_old_meeting_untouched(
    calendly: Calendly, fault: Any, error: Any
) -> None:
    booking = booked(calendly)
    calendly.faults.add(fault, method="POST", path="/invitees", status=403)
    with pytest.raises(error):
        move(booking)
    fresh = queries.find(str(booking.pk))
    assert (fresh.status, fresh.start_at) == ("confirmed", TEN)
    assert isinstance(move(booking), Booked)


@pytest.mark.parametrize(("fault", "moved"), [("lose_answer", True), ("drop", False)])
def test_a_move_whose_answer_was_lost_is_looked_up(
    calendly: Calendly, clock: time_machine.Traveller, fault: Any, moved: bool
) -> None:
    booking = booked(calendly)
    calendly.faults.add(fault, method="POST", path="/invitees")
    outcome = move(booking)
    assert isinstance(outcome, OutcomeUnknown)
    assert (outcome.booking.status, outcome.booking.start_at) == ("confirmed", TEN)
    for act in (lambda: cancel(booking), lambda: move(booking, TEN + hours(5))):
        with pytest.raises((NotCancelable, NotReschedulable)) as caught:
            act()
        assert caught.value.why == "pending"
    pass_time(clock, calendly)
    assert_consistent(calendly)
    assert queries.find(str(booking.pk)).start_at == (NEW if moved else TEN)
    assert told().count("/calendly/rescheduled") == int(moved)
    assert posts(calendly) == 1


@pytest.mark.parametrize("hooks", [True, False])
def test_an_old_half_that_cannot_be_ended_at_once_is_ended_later(
    calendly: Calendly, clock: time_machine.Traveller, hooks: bool
) -> None:
    booking = booked(calendly)
    calendly.faults.add("status", method="POST", path=".*/cancellation", status=500, times=4)
    outcome = move(booking)
    assert isinstance(outcome, Booked)
    assert len(active(calendly)) == 2
    pass_time(clock, calendly, minutes=6, hooks=hooks)
    assert_consistent(calendly)
    assert told().count("/calendly/rescheduled") == 1
    assert "/calendly/canceled" not in told()


def test_an_old_half_that_calendly_will_not_end_is_shown_to_staff(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = booked(calendly)
    calendly.faults.add("status", method="POST", path=".*/cancellation", status=403, times=None)
    assert isinstance(move(booking), Booked)
    pass_time(clock, calendly)
    assert TimelineEntry.objects.filter(booking=booking, action="not_canceled").count() == 1
    assert not CalendlyBooking.objects.filter(next_attempt_at__isnull=False).exists()
    assert queries.find(str(booking.pk)).start_at == NEW
    [old] = CalendlyBooking.objects.left_standing(now())
    assert old.start_at == TEN
    assert not CalendlyBooking.objects.left_standing(TEN + timedelta(days=1)).exists()

    calendly.faults.clear()
    assert retry_cancel_replaced(old, by=STAFF, now=now())
    assert not retry_cancel_replaced(old, by=STAFF, now=now())
    pass_time(clock, calendly)
    assert not CalendlyBooking.objects.left_standing(now()).exists()
    assert_consistent(calendly)


def test_a_second_cancellation_keeps_the_reason_of_the_first(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = booked(calendly)
    calendly.faults.add("status", method="POST", path=".*/cancellation", status=500, times=2)
    with pytest.raises(CancellationUnknown):
        cancel(booking)
    with pytest.raises(CancellationUnknown):
        cancel_booking(queries.find(str(booking.pk)), reason="another reason", by=STAFF, now=now())
    pass_time(clock, calendly)
    fresh = queries.find(str(booking.pk))
    assert (fresh.status, fresh.cancel_reason) == ("canceled", "Nu mai e nevoie")
    assert message("/calendly/canceled")["cancel_reason"] == "Nu mai e nevoie"
    assert TimelineEntry.objects.filter(booking=booking, action="cancel_requested").count() == 1


def test_a_second_cancellation_does_not_take_the_lease_of_the_first(
    calendly: Calendly, monkeypatch: pytest.MonkeyPatch, account: CalendlyAccount
) -> None:
    booking = booked(calendly)
    client = clients.calendly(account)
    cancel_there = client.cancel

    def cancel_while_another_does(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(client, "cancel", cancel_there)
        held = CalendlyBooking.objects.get().lease_token
        calendly.faults.add("refuse", method="POST", path=".*/cancellation")
        with pytest.raises(CancellationUnknown):
            cancel_booking(queries.find(str(booking.pk)), reason="another reason", by=STAFF, now=now())
        assert CalendlyBooking.objects.get().lease_token == held
        return cancel_there(*args, **options)

    monkeypatch.setattr(client, "cancel", cancel_while_another_does)
    fresh = cancel(booking)
    assert (fresh.status, fresh.cancel_reason) == ("canceled", "Nu mai e nevoie")


def test_an_old_half_whose_hour_has_passed_meanwhile_is_let_be(
    calendly: Calendly, clock: time_machine.Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    booking = booked(calendly)
    calendly.faults.add("status", method="POST", path=".*/cancellation", status=500, times=2)
    assert isinstance(move(booking), Booked)
    clock.move_to(TEN + timedelta(minutes=1))
    pass_time(clock, calendly, minutes=2)
    assert not CalendlyBooking.objects.filter(next_attempt_at__isnull=False).exists()
    assert not [record for record in caplog.records if record.exc_info]


def test_a_clock_of_ours_that_is_late_does_not_break_a_move(calendly: Calendly) -> None:
    """For Calendly the old meeting has begun, for us not yet."""
    booking = booked(calendly)
    calendly.move_clock((TEN - now()).total_seconds())
    assert isinstance(move(booking), Booked)
    assert not CalendlyBooking.objects.filter(pending_action="cancel").exists()


def test_what_cannot_be_moved_says_why(calendly: Calendly, clock: time_machine.Traveller) -> None:
    def why(booking: Booking, start: datetime = NEW) -> str:
        with pytest.raises(NotReschedulable) as caught:
            move(booking, start)
        return caught.value.why

    booking = booked(calendly)
    assert why(booking, TEN) == "same"
    EventType.objects.filter(name="Sales Demo").update(active=False)
    assert why(booking) == "gone"
    EventType.objects.update(active=True)
    gone = booked(calendly, email="b@example.com", preferred=TEN + hours(5))
    cancel(gone)
    assert why(gone) == "canceled"
    clock.move_to(TEN + timedelta(seconds=1))
    assert why(booking) == "past"
    assert posts(calendly) == 0


@pytest.mark.parametrize(
    ("start", "code"),
    [
        (datetime(2026, 11, 20, 10), "past"),
        (datetime(2029, 1, 1), "out_of_range"),
        (datetime(1, 1, 1), "out_of_range"),
    ],
)
def test_a_new_start_that_cannot_be_meant_is_refused(calendly: Calendly, start: datetime, code: str) -> None:
    with pytest.raises(errors.InvalidBookingRequest) as caught:
        move(booked(calendly), start)
    assert (caught.value.field, caught.value.code) == ("newStartTime", code)


def test_a_move_heeds_the_allowance_that_is_used_up(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = booked(calendly)
    calendly.faults.add("status", method="POST", path="/invitees", status=429, seconds=60)
    for _ in range(2):
        with pytest.raises(errors.QuotaExhausted):
            move(booking)
    assert posts(calendly) == 1
    assert queries.find(str(booking.pk)).start_at == TEN
    clock.shift(61)
    assert isinstance(move(booking), Booked)


def test_a_booking_being_canceled_is_not_moved(calendly: Calendly) -> None:
    booking = booked(calendly)
    calendly.faults.add("drop", method="POST", path=".*/cancellation")
    with pytest.raises(CancellationUnknown):
        cancel(booking)
    with pytest.raises(NotReschedulable) as caught:
        move(booking)
    assert caught.value.why == "pending"


def test_an_invitee_who_moves_an_agents_booking_keeps_it_an_agents(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = booked(calendly)
    calendly.reschedule_as_invitee(active(calendly)[0], NEW)
    pass_time(clock, calendly)
    assert_consistent(calendly)
    assert told().count("/calendly/rescheduled") == 1
    assert not {"/calendly/canceled"} & set(told())
    assert told().count("/calendly/confirmed") == 1
    assert queries.find(str(booking.pk)).start_at == NEW
    assert isinstance(move(booking, TEN), Booked)
    pass_time(clock, calendly)
    assert_consistent(calendly)


def test_the_zone_of_a_booking_without_one_is_the_default(calendly: Calendly) -> None:
    booking = Booking(time_zone="Nowhere/Else")
    assert time_zones.zone_of(booking).source == "default"


def test_the_timeline_tells_who_did_what(calendly: Calendly, account: CalendlyAccount) -> None:
    booking = booked(calendly)
    move(booking)
    deliver(calendly)
    cancel_booking(queries.find(str(booking.pk)), reason="Gata", by=STAFF, now=now())
    entries = TimelineEntry.objects.filter(booking=booking).exclude(action="called")
    assert [(entry.action, entry.actor_name) for entry in entries] == [
        ("requested", "Test agent"),
        ("booked", "Test agent"),
        ("confirmed", ""),
        ("move_requested", "Test agent"),
        ("rescheduled", "Test agent"),
        ("cancel_requested", "Ioana"),
        ("canceled", "Ioana"),
    ]
    assert clients.token(account) not in str(list(entries.values()))
