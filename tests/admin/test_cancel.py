"""Cancelling a meeting from the admin."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from time_machine import Traveller

from calendly_integration.models import (
    AgentKey,
    Booking,
    CalendlyBooking,
    EventType,
    FollowUp,
    OutboxMessage,
    TimelineEntry,
)
from calendly_integration.sandbox.calendly import Calendly

from .conftest import make


def address(booking: Booking) -> str:
    return reverse("admin:calendly_integration_booking_cancel", args=[booking.pk])


def page(booking: Booking) -> str:
    return reverse("admin:calendly_integration_booking_change", args=[booking.pk])


def event_of(sandbox: Calendly, booking: Booking) -> Any:
    return sandbox.state.events[booking.event_id]


def test_the_page_says_what_will_happen_and_changes_nothing(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    calls = sandbox.calls_made
    answer = staff.get(address(booking))
    assert answer.status_code == 200
    assert "Calendly mails the invitee" in answer.content.decode()
    assert sandbox.calls_made == calls
    assert event_of(sandbox, booking).status == "active"


def test_a_yes_cancels_at_calendly_and_here_and_is_logged(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    answer = staff.post(address(booking), {"code": "host_away", "reason": "Radu is ill"}, follow=True)
    assert answer.redirect_chain == [(page(booking), 302)]
    assert "canceled at Calendly" in answer.content.decode()
    booking.refresh_from_db()
    assert (booking.status, booking.cancel_reason) == ("canceled", "The host cannot come: Radu is ill")
    assert event_of(sandbox, booking).status == "canceled"
    entry = TimelineEntry.objects.get(booking=booking, action="canceled")
    assert (entry.actor, entry.actor_name) == ("staff", "maria")
    assert LogEntry.objects.get(object_id=str(booking.pk)).user.username == "maria"


def test_a_second_yes_changes_nothing(staff: Client, booking: Booking, sandbox: Calendly) -> None:
    staff.post(address(booking), {"code": "not_needed", "reason": "x"})
    calls = sandbox.calls_made
    answer = staff.post(
        address(booking), {"code": "host_away", "reason": "y", "follow_up": "on"}, follow=True
    )
    assert "already canceled" in answer.content.decode()
    assert sandbox.calls_made == calls
    booking.refresh_from_db()
    assert booking.cancel_reason == "No longer needed: x"
    assert not FollowUp.objects.exists()


def test_a_get_with_the_forms_fields_changes_nothing(staff: Client, booking: Booking) -> None:
    staff.get(address(booking), {"code": "not_needed", "reason": "x", "whole_event": "on"})
    booking.refresh_from_db()
    assert booking.status == "confirmed"


def test_without_the_token_of_the_form_nothing_happens(
    entered: Callable[..., Client], booking: Booking
) -> None:
    browser = entered("staff", enforce_csrf_checks=True)
    assert browser.post(address(booking), {"code": "not_needed", "reason": "x"}).status_code == 403
    booking.refresh_from_db()
    assert booking.status == "confirmed"
    browser.get(address(booking))
    token = browser.cookies["csrftoken"].value
    assert (
        browser.post(
            address(booking), {"code": "not_needed", "reason": "x", "csrfmiddlewaretoken": token}
        ).status_code
        == 302
    )
    booking.refresh_from_db()
    assert booking.status == "canceled"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "refuse"}, "cannot be reached"),
        ({"kind": "status", "status": 429, "seconds": 30}, "cannot be reached"),
        ({"kind": "status", "status": 403}, "refused"),
    ],
)
def test_where_calendly_does_not_do_it_the_meeting_stands_and_the_reason_is_kept(
    staff: Client, booking: Booking, sandbox: Calendly, fault: dict[str, Any], said: str
) -> None:
    sandbox.faults.add(method="POST", path=".*/cancellation", times=None, **fault)
    answer = staff.post(address(booking), {"code": "host_away", "reason": "Radu is ill"})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert said in text
    assert "Radu is ill" in text
    booking.refresh_from_db()
    assert booking.status == "confirmed"
    assert not CalendlyBooking.objects.exclude(pending_action="").filter(pending_action="cancel").exists()
    assert not LogEntry.objects.exists()


def test_a_lost_answer_is_told_as_such(staff: Client, booking: Booking, sandbox: Calendly) -> None:
    sandbox.faults.add("lose_answer", method="POST", path=".*/cancellation")
    answer = staff.post(address(booking), {"code": "not_needed", "reason": "x"}, follow=True)
    assert "retried until its outcome is known" in answer.content.decode()
    assert LogEntry.objects.count() == 1
    assert CalendlyBooking.objects.get(booking=booking).pending_action == "cancel"


def test_a_meeting_that_is_over_has_no_button_and_no_form(
    staff: Client, booking: Booking, clock: Traveller
) -> None:
    assert booking.end_at
    assert address(booking) in staff.get(page(booking)).content.decode()
    clock.move_to(booking.end_at)
    assert address(booking) not in staff.get(page(booking)).content.decode()
    assert 'name="reason"' not in staff.get(address(booking)).content.decode()
    assert "is over" in staff.post(address(booking), {"code": "not_needed", "reason": "x"}).content.decode()
    booking.refresh_from_db()
    assert booking.status == "confirmed"


def test_a_group_event_ends_for_all_only_if_that_is_ticked(
    staff: Client, account: Any, sandbox: Calendly, agent_key: AgentKey
) -> None:
    from calendly_integration.services.catalog import event_types

    sandbox.add_group_type("Webinar", seats=3)
    event_types.sync(account, now=datetime.now(UTC))
    kind = EventType.objects.get(name="Webinar")
    first = make(kind, agent_key, email="a@example.com")
    second = make(kind, agent_key, email="b@example.com")
    assert first.event_id == second.event_id
    shown = staff.get(address(first)).content.decode()
    assert "1 other confirmed booking here shares it" in shown
    refused = staff.post(address(first), {"code": "not_needed", "reason": "x"})
    assert "tick the box" in refused.content.decode()
    assert event_of(sandbox, first).status == "active"
    staff.post(address(first), {"code": "not_needed", "reason": "x", "whole_event": "on"})
    assert event_of(sandbox, first).status == "canceled"


@pytest.mark.django_db(transaction=True)
def test_a_host_that_wraps_requests_in_a_transaction_does_not_wrap_this_one(
    staff: Client, booking: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(database.settings_dict, "ATOMIC_REQUESTS", True)
    assert staff.post(address(booking), {"code": "not_needed", "reason": "x"}).status_code == 302
    booking.refresh_from_db()
    assert booking.status == "canceled"


def test_staff_have_to_choose_a_kind_of_reason_and_to_say_another_one(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    calls = sandbox.calls_made
    for given in ({"reason": "x"}, {"code": "made-up"}, {"code": "other"}, {"code": "other", "reason": " "}):
        answer = staff.post(address(booking), given)
        assert answer.status_code == 200
        assert "errorlist" in answer.content.decode()
    assert sandbox.calls_made == calls
    booking.refresh_from_db()
    assert booking.status == "confirmed"


@pytest.mark.parametrize(
    ("given", "language", "told"),
    [
        ({"code": "duplicate"}, "en", "Booked twice"),
        ({"code": "duplicate", "reason": "see Tuesday"}, "en", "Booked twice: see Tuesday"),
        ({"code": "other", "reason": "the roof leaks"}, "en", "the roof leaks"),
        ({"code": "other", "reason": "plouă înăuntru"}, "ro", "plouă înăuntru"),
    ],
)
def test_calendly_is_told_the_kind_of_reason_and_the_text(
    staff: Client, booking: Booking, sandbox: Calendly, given: dict[str, str], language: str, told: str
) -> None:
    staff.post(address(booking), given, headers={"accept-language": language})
    booking.refresh_from_db()
    assert (booking.cancel_code, booking.cancel_reason) == (given["code"], told)
    assert event_of(sandbox, booking).cancellation.reason == told


def test_where_the_host_cannot_come_a_follow_up_for_staff_is_planned_unless_unticked(
    staff: Client, booking: Booking, flush: Callable[[], None]
) -> None:
    page = staff.get(address(booking)).content.decode()
    assert 'data-only-for="host_away wrong_time"' in page
    assert "checked" in page
    answer = staff.post(address(booking), {"code": "host_away", "follow_up": "on"}, follow=True)
    assert "A follow-up is planned." in answer.content.decode()
    flush()
    followup = FollowUp.objects.get()
    assert (followup.kind, followup.status, followup.booking_id) == ("rebook", "planned", booking.pk)
    assert not OutboxMessage.objects.filter(path="/followup/schedule").exists()
    assert (
        OutboxMessage.objects.get(path="/calendly/canceled").body["cancel_reason"] == "The host cannot come"
    )


@pytest.mark.parametrize(
    "given", [{"code": "host_away"}, {"code": "duplicate", "follow_up": "on"}, {"code": "not_needed"}]
)
def test_otherwise_none_is(staff: Client, booking: Booking, given: dict[str, str]) -> None:
    answer = staff.post(address(booking), given, follow=True)
    assert "A follow-up is planned." not in answer.content.decode()
    assert not FollowUp.objects.exists()


def test_the_kind_of_reason_is_kept_when_the_answer_was_lost(
    staff: Client, booking: Booking, sandbox: Calendly, flush: Callable[[], None]
) -> None:
    sandbox.faults.add("lose_answer", method="POST", path=".*/cancellation")
    staff.post(address(booking), {"code": "wrong_time", "follow_up": "on"})
    flush()
    booking.refresh_from_db()
    assert (booking.status, booking.cancel_code) == ("canceled", "wrong_time")
    assert FollowUp.objects.get().kind == "rebook"
