"""What the database itself refuses."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from calendly_integration.models import Booking, BookingLeg, Connection, FollowUp, TimelineEntry
from tests.services.story import TEN, now

pytestmark = pytest.mark.django_db


def booking(connection: Connection, **columns: Any) -> Booking:
    facts: dict[str, Any] = {"source": "agent", "invitee_email": "a@example.com", "created_at": now()}
    return Booking.objects.create(connection=connection, **(facts | columns))


def leg(of: Booking, **columns: Any) -> BookingLeg:
    facts: dict[str, Any] = {"status": "pending", "todo": "settle", "created_at": now()}
    return BookingLeg.objects.create(booking=of, **(facts | columns))


def refused(act: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        act()


def test_confirmed_implies_an_event_and_a_start(connection: Connection) -> None:
    refused(lambda: booking(connection, status="confirmed"))
    refused(lambda: booking(connection, status="confirmed", start_at=TEN))
    refused(lambda: booking(connection, status="confirmed", event_id="e"))
    assert booking(connection, status="confirmed", event_id="e", start_at=TEN).pk


def test_an_end_comes_after_its_start(connection: Connection) -> None:
    refused(lambda: booking(connection, start_at=TEN, end_at=TEN))
    assert booking(connection, start_at=TEN, end_at=TEN + timedelta(minutes=1)).pk


def test_an_invitee_belongs_to_one_leg(connection: Connection) -> None:
    of = booking(connection)
    leg(of, invitee_uri="https://api.calendly.com/scheduled_events/e/invitees/i")
    refused(lambda: leg(of, invitee_uri="https://api.calendly.com/scheduled_events/e/invitees/i"))
    leg(of)
    leg(of)


def test_an_active_leg_has_an_invitee_and_an_event(connection: Connection) -> None:
    of = booking(connection)
    refused(lambda: leg(of, status="active"))
    refused(lambda: leg(of, status="active", invitee_uri="i"))
    assert leg(of, status="active", invitee_uri="i", event_uri="e").pk


def test_a_start_is_held_once(connection: Connection) -> None:
    of = booking(connection)
    leg(of, slot_key="k")
    refused(lambda: leg(of, slot_key="k"))


def test_only_a_leg_with_something_to_do_comes_due(connection: Connection) -> None:
    of = booking(connection)
    refused(lambda: leg(of, todo="", next_attempt_at=now()))
    assert leg(of, todo="cancel", next_attempt_at=now()).pk


def test_a_leg_is_followed_up_once(connection: Connection) -> None:
    of = booking(connection)
    one = leg(of)

    def follow() -> FollowUp:
        return FollowUp.objects.create(
            booking=of, leg=one, kind="reschedule_assistance", email="a@example.com", scheduled_for=TEN,
            message="m", created_at=now(),
        )  # fmt: skip

    follow()
    refused(follow)


def test_a_timeline_is_only_added_to(connection: Connection) -> None:
    of = booking(connection)
    entry = TimelineEntry.objects.create(booking=of, at=now(), actor="system", action="booked")
    entry.action = "canceled"
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()
    assert TimelineEntry.objects.get().action == "booked"
    of.delete()
    assert not TimelineEntry.objects.exists()


def test_an_address_is_found_whatever_its_case(connection: Connection) -> None:
    of = booking(connection, invitee_email="A@Example.com", email_key="a@example.com")
    assert Booking.objects.of_email("  a@EXAMPLE.com ").get() == of
