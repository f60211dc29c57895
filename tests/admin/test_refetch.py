"""Staff have Calendly asked at once about a booking that it has not confirmed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from calendly_integration.models import Booking, CalendlyBooking, TimelineEntry
from calendly_integration.services.bookings import pending_actions

pytestmark = pytest.mark.django_db(transaction=True)


def address(booking: Booking) -> str:
    return reverse("admin:calendly_integration_booking_refetch", args=[booking.pk])


def told(answer: Any) -> list[str]:
    return [str(each) for each in answer.context["messages"]]


def test_a_booking_that_was_never_confirmed_is_read_at_calendly_and_confirmed(
    staff: Client, booking: Booking
) -> None:
    assert booking.confirmed_at is None
    CalendlyBooking.objects.update(pending_action="", next_attempt_at=None)
    assert staff.get(address(booking)).status_code == 200
    assert not CalendlyBooking.objects.exclude(pending_action="").exists()
    answer = staff.post(address(booking), follow=True)
    assert told(answer) == ["Calendly will be asked in a moment. Its answer appears on this page."]
    entry = TimelineEntry.objects.get(action="look_requested")
    assert (entry.booking_id, entry.actor, entry.actor_name) == (booking.pk, "staff", "maria")
    assert LogEntry.objects.get(object_id=str(booking.pk)).user.get_username() == "maria"

    [calendly_booking] = pending_actions.claim(now=datetime.now(UTC), limit=5)
    pending_actions.work(calendly_booking, now=datetime.now(UTC))
    booking.refresh_from_db()
    assert booking.confirmed_at is not None
    assert address(booking) not in staff.get(answer.request["PATH_INFO"]).content.decode()


def test_an_unknown_outcome_comes_due_at_once(staff: Client, booking: Booking) -> None:
    later = datetime(2099, 1, 1, tzinfo=UTC)
    Booking.objects.update(status="pending")
    CalendlyBooking.objects.update(
        status="pending", pending_action="resolve", next_attempt_at=later, lease_token=None
    )
    staff.post(address(booking))
    assert CalendlyBooking.objects.get().next_attempt_at <= datetime.now(UTC)  # type: ignore[operator]


def test_what_a_worker_is_just_asking_goes_on(staff: Client, booking: Booking) -> None:
    later = datetime(2099, 1, 1, tzinfo=UTC)
    CalendlyBooking.objects.update(pending_action="refetch", next_attempt_at=later, lease_token=booking.pk)
    staff.post(address(booking))
    assert CalendlyBooking.objects.get().next_attempt_at == later


def test_where_calendly_has_answered_meanwhile_nothing_is_done(
    staff: Client, booking: Booking, flush: Callable[[], None]
) -> None:
    flush()
    before = list(CalendlyBooking.objects.values())
    answer = staff.post(address(booking), follow=True)
    assert told(answer) == ["Calendly has answered meanwhile: nothing was done."]
    assert list(CalendlyBooking.objects.values()) == before
    assert not TimelineEntry.objects.filter(action="look_requested").exists()
