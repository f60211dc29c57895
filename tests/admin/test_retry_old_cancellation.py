"""A move whose old half Calendly refused to cancel: staff see that two meetings stand, and have it tried again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from time_machine import Traveller

from calendly_integration.models import Booking, CalendlyBooking, TimelineEntry
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.actors import Actor
from calendly_integration.services.bookings import pending_actions, queries, reschedule
from calendly_integration.services.bookings.results import Booked

pytestmark = pytest.mark.django_db(transaction=True)
APP = "calendly_integration"
TITLE = "Moved, but the old meeting is still in Calendly"


def work_off() -> None:
    for calendly_booking in pending_actions.claim(now=datetime.now(UTC), limit=5):
        pending_actions.work(calendly_booking, now=datetime.now(UTC))


def address(booking: Booking, page: str = "retry_old_cancellation") -> str:
    return reverse(f"admin:{APP}_booking_{page}", args=[booking.pk])


def today(browser: Client) -> str:
    return browser.get(reverse("admin:app_list", args=[APP])).content.decode()


@pytest.fixture
def doubled(booking: Booking, flush: Callable[[], None], sandbox: Calendly, clock: Traveller) -> Booking:
    """A meeting that stands twice at Calendly."""
    flush()
    found = queries.find(str(booking.pk))
    sandbox.faults.add("status", method="POST", path=".*/cancellation", status=403, times=None)
    assert found.start_at
    moved = reschedule.reschedule(
        found, new_start=found.start_at + timedelta(hours=3), by=Actor.staff("ana"), now=datetime.now(UTC)
    )
    assert isinstance(moved, Booked)
    for _round in range(3):
        clock.shift(60)
        work_off()
        flush()
    sandbox.faults.clear()
    old = CalendlyBooking.objects.exclude(pk=moved.booking.current_calendly_booking_id).get(booking=booking)
    assert (old.status, old.pending_action) == ("active", "")
    assert old.last_error
    return moved.booking


def test_two_meetings_that_stand_need_attention_until_one_is_canceled(
    staff: Client, doubled: Booking, sandbox: Calendly, flush: Callable[[], None]
) -> None:
    text = today(staff)
    assert TITLE in text
    assert address(doubled) in text
    page = staff.get(address(doubled, "change")).content.decode()
    assert "Calendly refused to cancel the meeting at its old time, 23 Nov 2026, 09:00 UTC+2" in page
    assert "both are in the host&#x27;s calendar" in staff.get(address(doubled)).content.decode()
    assert CalendlyBooking.objects.left_standing(datetime.now(UTC)).count() == 1
    answer = staff.post(address(doubled), follow=True)
    assert "The old meeting is being canceled." in answer.content.decode()
    entry = TimelineEntry.objects.filter(booking=doubled, action="cancel_requested").latest("pk")
    assert (entry.actor, entry.actor_name) == ("staff", "maria")
    work_off()
    flush()
    assert sorted(event.status for event in sandbox.state.events.values()) == ["active", "canceled"]
    assert TITLE not in today(staff)
    doubled.refresh_from_db()
    assert doubled.status == "confirmed"


def test_what_is_canceled_meanwhile_is_not_tried_again(staff: Client, doubled: Booking) -> None:
    staff.post(address(doubled))
    before = list(CalendlyBooking.objects.order_by("pk").values())
    answer = staff.post(address(doubled), follow=True)
    assert "nothing was done" in answer.content.decode()
    assert list(CalendlyBooking.objects.order_by("pk").values()) == before


def test_an_old_meeting_that_is_past_needs_nothing_more(
    staff: Client, doubled: Booking, clock: Traveller
) -> None:
    assert doubled.start_at
    clock.move_to(doubled.start_at - timedelta(hours=1))
    assert TITLE not in today(staff)


def test_a_viewer_sees_it_without_the_button(entered: Callable[..., Client], doubled: Booking) -> None:
    text = today(entered("viewer"))
    assert TITLE in text
    assert address(doubled) not in text


def test_neither_a_current_meeting_nor_one_still_tried_is_an_old_half(db: None, doubled: Any) -> None:
    now = datetime.now(UTC)
    CalendlyBooking.objects.filter(pk=doubled.current_calendly_booking_id).update(last_error="read failed")
    assert [calendly_booking.pk for calendly_booking in CalendlyBooking.objects.left_standing(now)] != [
        doubled.current_calendly_booking_id
    ]
    CalendlyBooking.objects.filter(pending_action="").update(pending_action="cancel", next_attempt_at=now)
    assert not CalendlyBooking.objects.left_standing(now).exists()
