"""Of a move by the invitee only the old half is ever told: the meeting is not where it was."""

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from calendly_integration.models import Booking, TimelineEntry, WebhookDelivery
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.backoffice import today
from calendly_integration.services.reconcile import refetch
from calendly_integration.services.webhooks import inbox

from ..factories import (
    AGENT,
    TEN,
    active,
    apply_inbox,
    assert_consistent,
    book,
    deliver,
    hours,
    logged,
    now,
    pass_time,
    told,
)

pytestmark = pytest.mark.django_db


def moved_without_its_new_half(calendly: Calendly, booking: Booking | None = None) -> Booking | None:
    """The invitee moves the meeting, and only `invitee.canceled` is delivered."""
    [invitee] = active(calendly)
    calendly.state.open_deliveries.clear()
    calendly.reschedule_as_invitee(invitee, TEN + hours(2))
    [old] = [each for each in calendly.pending_deliveries if each.event == "invitee.canceled"]
    WebhookDelivery.objects.create(
        digest="old", body=old.body.encode(), received_at=now(), next_attempt_at=now()
    )
    calendly.held_back = list(calendly.pending_deliveries)  # type: ignore[attr-defined]
    calendly.state.open_deliveries.clear()
    apply_inbox()
    return Booking.objects.first()


def confirmed(calendly: Calendly) -> Booking:
    booking = book()
    deliver(calendly)
    return booking


@pytest.mark.parametrize("status", [403, 404, 500])
def test_it_is_not_confirmed_at_the_old_time_for_long_and_staff_see_it(
    calendly: Calendly, clock: time_machine.Traveller, admin_client: Client, status: int
) -> None:
    booking = confirmed(calendly)
    calendly.faults.add("status", method="GET", path=".*/invitees/.*", status=status, times=10_000)
    moved_without_its_new_half(calendly)
    pass_time(clock, calendly, minutes=2, hooks=False)
    booking.refresh_from_db()
    assert (booking.status, booking.start_at) == ("pending", TEN)
    entries = TimelineEntry.objects.filter(booking=booking, action="new_time_unknown")
    assert entries.count() == 1
    assert [row.pk for row in today.lost_moves().rows] == [booking.pk]
    page = admin_client.get(reverse("admin:app_list", args=["calendly_integration"])).content.decode()
    assert "Mutată la o oră încă necunoscută" in page
    assert "/calendly/canceled" not in told()


@pytest.mark.parametrize("status", [403, 404])
def test_what_comes_late_after_all_mends_it(
    calendly: Calendly, clock: time_machine.Traveller, status: int
) -> None:
    booking = confirmed(calendly)
    calendly.faults.add("status", method="GET", path=".*/invitees/.*", status=status, times=10_000)
    moved_without_its_new_half(calendly)
    pass_time(clock, calendly, minutes=2, hooks=False)
    [new] = [each for each in calendly.held_back if each.event == "invitee.created"]  # type: ignore[attr-defined]
    WebhookDelivery.objects.create(
        digest="new", body=new.body.encode(), received_at=now(), next_attempt_at=now()
    )
    while inbox.process(now=now()):
        pass
    booking.refresh_from_db()
    assert (booking.status, booking.start_at) == ("confirmed", TEN + hours(2))
    assert told().count("/calendly/rescheduled") == 1
    assert told().count("/calendly/notify") == 1
    assert not today.lost_moves().rows
    calendly.faults.clear()
    pass_time(clock, calendly)
    assert_consistent(calendly)


def test_a_person_may_have_calendly_asked_again(calendly: Calendly, clock: time_machine.Traveller) -> None:
    booking = confirmed(calendly)
    calendly.faults.add("status", method="GET", path=".*/invitees/.*", status=404, times=10_000)
    moved_without_its_new_half(calendly)
    pass_time(clock, calendly, minutes=2, hooks=False)
    calendly.faults.clear()
    booking.refresh_from_db()
    refetch.request_refetch(booking, by=AGENT, now=now())
    pass_time(clock, calendly, minutes=1, hooks=False)
    booking.refresh_from_db()
    assert (booking.status, booking.start_at) == ("confirmed", TEN + hours(2))


def test_a_stranger_of_whom_only_the_old_half_was_told_is_shown_with_what_is_known(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    calendly.book_as_invitee("Sales Demo", TEN, email="nora@example.com", name="Nora")
    calendly.faults.add("status", method="GET", path=".*/invitees/.*", status=404, times=10_000)
    moved_without_its_new_half(calendly)
    pass_time(clock, calendly, minutes=2, hooks=False)
    booking = Booking.objects.get()
    assert (booking.status, booking.start_at, booking.invitee_name) == ("pending", TEN, "Nora")
    assert booking.event_name == "Sales Demo"
    assert booking.calendly_bookings.count() == 2
    assert logged() == []


def test_a_new_half_that_can_be_read_is_read_and_nothing_is_in_doubt(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = confirmed(calendly)
    moved_without_its_new_half(calendly)
    pass_time(clock, calendly, minutes=1, hooks=False)
    booking.refresh_from_db()
    assert (booking.status, booking.start_at) == ("confirmed", TEN + hours(2))
    assert not TimelineEntry.objects.filter(action="new_time_unknown").exists()
    assert told().count("/calendly/rescheduled") == 1
