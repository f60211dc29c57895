"""What the database itself refuses."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from calendly_integration.models import Booking, CalendlyAccount, CalendlyBooking, FollowUp, TimelineEntry
from tests.factories import TEN, now

pytestmark = pytest.mark.django_db


def booking(account: CalendlyAccount, **columns: Any) -> Booking:
    facts: dict[str, Any] = {"source": "agent", "invitee_email": "a@example.com", "created_at": now()}
    return Booking.objects.create(account=account, **(facts | columns))


def calendly_booking(of: Booking, **columns: Any) -> CalendlyBooking:
    facts: dict[str, Any] = {"status": "pending", "pending_action": "resolve", "created_at": now()}
    return CalendlyBooking.objects.create(booking=of, **(facts | columns))


def refused(act: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        act()


def test_confirmed_implies_an_event_and_a_start(account: CalendlyAccount) -> None:
    refused(lambda: booking(account, status="confirmed"))
    refused(lambda: booking(account, status="confirmed", start_at=TEN))
    refused(lambda: booking(account, status="confirmed", event_id="e"))
    assert booking(account, status="confirmed", event_id="e", start_at=TEN).pk


def test_an_end_comes_after_its_start(account: CalendlyAccount) -> None:
    refused(lambda: booking(account, start_at=TEN, end_at=TEN))
    assert booking(account, start_at=TEN, end_at=TEN + timedelta(minutes=1)).pk


def test_an_invitee_belongs_to_one_leg(account: CalendlyAccount) -> None:
    of = booking(account)
    calendly_booking(of, invitee_uri="https://api.calendly.com/scheduled_events/e/invitees/i")
    refused(
        lambda: calendly_booking(of, invitee_uri="https://api.calendly.com/scheduled_events/e/invitees/i")
    )
    calendly_booking(of)
    calendly_booking(of)


def test_an_active_leg_has_an_invitee_and_an_event(account: CalendlyAccount) -> None:
    of = booking(account)
    refused(lambda: calendly_booking(of, status="active"))
    refused(lambda: calendly_booking(of, status="active", invitee_uri="i"))
    assert calendly_booking(of, status="active", invitee_uri="i", event_uri="e").pk


def test_a_start_is_held_once(account: CalendlyAccount) -> None:
    of = booking(account)
    calendly_booking(of, slot_key="k")
    refused(lambda: calendly_booking(of, slot_key="k"))


def test_only_a_leg_with_something_to_do_comes_due(account: CalendlyAccount) -> None:
    of = booking(account)
    refused(lambda: calendly_booking(of, pending_action="", next_attempt_at=now()))
    assert calendly_booking(of, pending_action="cancel", next_attempt_at=now()).pk


def test_a_leg_is_followed_up_once(account: CalendlyAccount) -> None:
    of = booking(account)
    one = calendly_booking(of)

    def follow() -> FollowUp:
        return FollowUp.objects.create(
            booking=of,
            calendly_booking=one,
            kind="reschedule_assistance",
            email="a@example.com",
            scheduled_for=TEN,
            message="m",
            created_at=now(),
        )

    follow()
    refused(follow)


def test_a_timeline_is_only_added_to(account: CalendlyAccount) -> None:
    of = booking(account)
    entry = TimelineEntry.objects.create(booking=of, at=now(), actor="system", action="booked")
    entry.action = "canceled"
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()
    assert TimelineEntry.objects.get().action == "booked"
    of.delete()
    assert not TimelineEntry.objects.exists()


def test_an_address_is_found_whatever_its_case(account: CalendlyAccount) -> None:
    of = booking(account, invitee_email="A@Example.com", email_key="a@example.com")
    assert Booking.objects.of_email("  a@EXAMPLE.com ").get() == of
