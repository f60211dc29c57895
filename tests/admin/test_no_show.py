"""Marking a no-show from the admin, and taking the mark away."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from time_machine import Traveller

from calendly_integration.models import Booking, TimelineEntry
from calendly_integration.sandbox.calendly import Calendly

MARK, UNDO = "no_show", "undo_no_show"


def address(booking: Booking, page: str = MARK) -> str:
    return reverse(f"admin:calendly_integration_booking_{page}", args=[booking.pk])


@pytest.fixture
def begun(booking: Booking, flush: Callable[[], None], clock: Traveller) -> Booking:
    """A meeting that has just begun."""
    flush()
    booking.refresh_from_db()
    assert booking.start_at
    clock.move_to(booking.start_at)
    return booking


def test_a_yes_marks_at_calendly_and_here_and_a_second_page_takes_it_away(
    staff: Client, begun: Booking, sandbox: Calendly, flush: Callable[[], None]
) -> None:
    page = address(begun, "change")
    assert address(begun) in staff.get(page).content.decode()
    assert address(begun, UNDO) not in staff.get(page).content.decode()
    calls = sandbox.calls_made
    assert "is marked as no-show at Calendly" in staff.get(address(begun)).content.decode()
    assert sandbox.calls_made == calls
    answer = staff.post(address(begun), follow=True)
    assert answer.redirect_chain == [(page, 302)]
    assert "Marked as no-show at Calendly." in answer.content.decode()
    flush()
    begun.refresh_from_db()
    assert begun.no_show_at == begun.start_at
    shown = staff.get(page).content.decode()
    assert address(begun, UNDO) in shown
    assert f'href="{address(begun)}"' not in shown
    answer = staff.post(address(begun, UNDO), follow=True)
    assert "removed at Calendly" in answer.content.decode()
    flush()
    begun.refresh_from_db()
    assert begun.no_show_at is None
    log = list(LogEntry.objects.order_by("pk").values_list("user__username", "change_message"))
    assert log == [
        ("maria", "Marked as no-show at Calendly."),
        ("maria", "The no-show mark is removed at Calendly."),
    ]
    requests = TimelineEntry.objects.filter(booking=begun, actor="staff")
    assert [each.action for each in requests] == ["no_show_requested", "no_show_undo_requested"]


def test_a_second_click_says_so_and_asks_calendly_nothing(
    staff: Client, begun: Booking, sandbox: Calendly
) -> None:
    staff.post(address(begun))
    calls = sandbox.calls_made
    answer = staff.post(address(begun), follow=True)
    assert "already marked as no-show" in answer.content.decode()
    assert sandbox.calls_made == calls


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "refuse"}, "cannot be reached"),
        ({"kind": "status", "status": 429, "seconds": 30}, "cannot be reached"),
        ({"kind": "status", "status": 403}, "refused"),
    ],
)
def test_where_calendly_does_not_do_it_the_page_says_so(
    staff: Client, begun: Booking, sandbox: Calendly, fault: dict[str, Any], said: str
) -> None:
    sandbox.faults.add(method="POST", path="/invitee_no_shows", times=None, **fault)
    answer = staff.post(address(begun))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    begun.refresh_from_db()
    assert begun.no_show_at is None
    assert not LogEntry.objects.exists()
    shown = staff.get(address(begun, "change")).content.decode()
    assert "The no-show mark is unchanged" in shown
    assert "POST /invitee_no_shows" in shown


def test_a_lost_answer_that_cannot_be_looked_up_is_told_as_such(
    staff: Client, begun: Booking, sandbox: Calendly
) -> None:
    sandbox.faults.add("lose_answer", method="POST", path="/invitee_no_shows")
    sandbox.faults.add("refuse", method="GET", times=None)
    answer = staff.post(address(begun), follow=True)
    assert "answer was lost" in answer.content.decode()
    assert LogEntry.objects.count() == 1


def test_a_meeting_that_has_not_begun_has_no_button_and_no_form(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    assert address(booking) not in staff.get(address(booking, "change")).content.decode()
    for page in (staff.get(address(booking)), staff.post(address(booking))):
        text = page.content.decode()
        assert "has not begun" in text
        assert '<button type="submit" class="default">' not in text
    assert not sandbox.state.no_shows


def test_others_do_nothing(entered: Callable[..., Client], begun: Booking, sandbox: Calendly) -> None:
    for who, status in (("viewer", 403), ("stranger", 403), ("customer", 302), ("nobody", 302)):
        for method in ("get", "post"):
            assert getattr(entered(who), method)(address(begun)).status_code == status
    browser = entered("staff", enforce_csrf_checks=True)
    assert browser.post(address(begun)).status_code == 403
    assert not sandbox.state.no_shows
