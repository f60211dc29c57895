"""Handing a meeting over to another host from the admin."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from time_machine import Traveller

from calendly_integration.models import Booking, CalendlyAccount, EventType, OutboxMessage, TimelineEntry
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.seeds import place, question
from calendly_integration.services.catalog import event_types

OWN_START = "2026-11-23T07:00:00Z"


def address(booking: Booking) -> str:
    return reverse("admin:calendly_integration_booking_reassign", args=[booking.pk])


def starts(answer: Any) -> list[str]:
    return re.findall(r'name="start-\d+" value="([^"]+)"', answer.content.decode())


def colleague(
    sandbox: Calendly, name: str = "Demo with Radu", duration: int = 30, **fields: Any
) -> EventType:
    """A type of Radu's, synced."""
    radu = next(user for user in sandbox.state.users.values() if user.name == "Radu Marin")
    sandbox.add_event_type(name, duration, owner=radu, **fields)
    event_types.sync(CalendlyAccount.objects.get(), now=datetime.now(UTC))
    return EventType.objects.get(name=name)


def test_the_present_start_is_chosen_where_the_colleague_is_free_then(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    kind = colleague(sandbox)
    page = reverse("admin:calendly_integration_booking_change", args=[booking.pk])
    assert "Give the meeting to a colleague" in staff.get(page).content.decode()
    calls = sandbox.calls_made
    text = staff.get(address(booking)).content.decode()
    assert sandbox.calls_made == calls + 1
    assert "Radu Marin" in text
    assert f"to={kind.pk}" in text
    assert f'value="{OWN_START}" checked' in text
    sandbox.book_as_invitee("Demo with Radu", datetime.fromisoformat(OWN_START), email="fast@example.com")
    text = staff.get(address(booking)).content.decode()
    assert " checked" not in text
    assert "is not free. Choose another start." in text
    nearest = re.findall(r'data-start="([^"]+)"', text)
    assert nearest == sorted(nearest)  # nothing is free before it
    assert nearest[0] == starts(staff.get(address(booking)))[0]
    assert "Monday, 23 Nov, 09:00 <span" in text


def test_the_colleague_on_whose_column_it_was_dropped_is_chosen_with_the_hour(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    kind = colleague(sandbox)
    host = kind.hosts.get()
    asked = {"host": str(host.pk), "start": "2026-11-24T10:00:00Z"}
    text = staff.get(address(booking), asked).content.decode()
    assert 'value="2026-11-24T10:00:00Z" checked' in text
    assert "start=2026-11-24T10%3A00%3A00Z&amp;to=" in text
    colleague(sandbox, "Second with Radu")
    calls = sandbox.calls_made
    text = staff.get(address(booking), asked).content.decode()
    assert sandbox.calls_made == calls  # two fit: first one is chosen
    assert "Second with Radu" in text
    assert "no event type of the same length" not in text
    for other in (str(booking.host_id), "none", "x"):
        text = staff.get(address(booking), asked | {"host": other}).content.decode()
        assert "That colleague has no event type of the same length" in text


def test_of_a_start_that_went_the_whole_day_of_the_colleague_comes_first(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    colleague(sandbox, increment=15)
    chosen = "2026-12-02T10:00:00Z"
    assert chosen in starts(staff.get(address(booking)))
    sandbox.book_as_invitee("Demo with Radu", datetime.fromisoformat(chosen), email="fast@example.com")
    answer = staff.post(address(booking), {"start": chosen})
    text = answer.content.decode()
    first = text.partition('<details class="slot-day" name="slot-day" open>')[2].partition("</details>")[0]
    offered = re.findall(r'name="start-\d+" value="([^"]+)"', first)
    assert "Wednesday, December 2" in first
    assert f"{len(offered)} free" in first
    assert offered[0] < chosen < offered[-1]
    assert starts(answer)[: len(offered)] == offered
    assert "The meeting is unchanged. Choose another one." in text
    assert "is not free. Choose another start." not in text


def test_a_choice_hands_the_meeting_over_and_it_keeps_its_number(
    staff: Client, booking: Booking, sandbox: Calendly, flush: Callable[[], None]
) -> None:
    kind, old = colleague(sandbox), booking.event_id
    answer = staff.post(f"{address(booking)}?to={kind.pk}", {"start": OWN_START}, follow=True)
    text = answer.content.decode()
    assert "The meeting is reassigned to Radu Marin" in text
    assert "maria gave the meeting to a colleague" in text
    fresh = Booking.objects.get()
    assert (fresh.pk, fresh.event_type, fresh.host and fresh.host.name) == (booking.pk, kind, "Radu Marin")
    assert (fresh.start_at, fresh.event_name) == (booking.start_at, "Demo with Radu")
    assert sandbox.state.events[old].status == "canceled"
    assert sandbox.state.events[fresh.event_id].status == "active"
    flush()
    assert Booking.objects.get().host == fresh.host
    assert OutboxMessage.objects.filter(path="/calendly/rescheduled").count() == 1
    assert LogEntry.objects.get(object_id=str(booking.pk)).get_change_message() == "Reassigned to Radu Marin."
    assert TimelineEntry.objects.get(action="rescheduled").actor_name == "maria"


def test_of_several_colleagues_one_is_chosen_first(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    colleague(sandbox)
    second = colleague(sandbox, "Second with Radu")
    colleague(sandbox, "Too long", 60)
    calls = sandbox.calls_made
    answer = staff.get(address(booking))
    assert sandbox.calls_made == calls
    assert not starts(answer)
    assert "Too long" not in answer.content.decode()
    assert "Sales Demo</bdi> <span" not in answer.content.decode()
    assert starts(staff.get(address(booking), {"to": str(second.pk)}))
    staff.post(address(booking), {"start": OWN_START})  # to nobody: nothing happens
    assert Booking.objects.get().event_type == booking.event_type


def test_without_a_colleague_the_page_says_so_and_there_is_no_button(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    page = reverse("admin:calendly_integration_booking_change", args=[booking.pk])
    assert "Reassign" not in staff.get(page).content.decode()
    text = staff.get(address(booking)).content.decode()
    assert "No other host has an event type of the same length" in text


def test_a_start_that_went_meanwhile_leaves_the_meeting_and_offers_others(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    colleague(sandbox)
    sandbox.book_as_invitee("Demo with Radu", datetime.fromisoformat(OWN_START), email="fast@example.com")
    answer = staff.post(address(booking), {"start": OWN_START})
    assert "no longer free" in answer.content.decode()
    assert OWN_START not in starts(answer)
    assert starts(answer)
    fresh = Booking.objects.get(pk=booking.pk)
    assert (fresh.event_id, fresh.event_type) == (booking.event_id, booking.event_type)


def test_what_only_the_other_type_asks_is_asked_on_the_page(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    colleague(sandbox, questions=[question("Which product?", required=True)])
    assert "Which product?" in staff.get(address(booking)).content.decode()
    answer = staff.post(address(booking), {"start": OWN_START})
    assert "Answer what the other event type asks." in answer.content.decode()
    assert f'value="{OWN_START}" checked' in answer.content.decode()
    look = staff.post(
        f"{address(booking)}?zone=host", {"look": "1", "start": OWN_START, "question_0": "Tele"}
    )
    assert "Tele</textarea>" in look.content.decode()
    assert Booking.objects.get().event_id == booking.event_id
    staff.post(address(booking), {"start": OWN_START, "question_0": "Telephones"})
    fresh = Booking.objects.get()
    assert fresh.event_name == "Demo with Radu"
    assert fresh.current_calendly_booking
    assert fresh.current_calendly_booking.request["answers"] == [["Which product?", "Telephones"]]


def test_an_answer_that_calendly_would_refuse_is_named(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    colleague(sandbox, questions=[question("Which number?", kind="phone_number")])
    answer = staff.post(address(booking), {"start": OWN_START, "question_0": "none"})
    assert "A question asks for a phone number" in answer.content.decode()
    assert Booking.objects.get().event_id == booking.event_id
    staff.post(address(booking), {"start": OWN_START, "question_0": "0721 234 567"})
    calendly_booking = Booking.objects.get().current_calendly_booking
    assert calendly_booking
    assert calendly_booking.request["answers"] == [["Which number?", "+40721234567"]]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "status", "status": 403}, "is unchanged"),
        ({"kind": "status", "status": 429, "seconds": 600}, "allowance at Calendly is used up"),
        ({"kind": "lose_answer"}, "is being looked up"),
        ({"kind": "refuse"}, "cannot be reached"),
    ],
)
def test_what_stood_in_the_way_is_said_and_the_meeting_stands(
    staff: Client, booking: Booking, sandbox: Calendly, fault: dict[str, Any], said: str
) -> None:
    colleague(sandbox)
    sandbox.faults.add(fault.pop("kind"), method="POST", path="/invitees", times=None, **fault)
    answer = staff.post(address(booking), {"start": OWN_START}, follow=True)
    assert said in answer.content.decode()
    fresh = Booking.objects.get(pk=booking.pk)
    assert (fresh.status, fresh.event_id, fresh.host) == ("confirmed", booking.event_id, booking.host)


def test_a_call_without_a_number_is_refused_clearly(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    colleague(sandbox, locations=[place("outbound_call")])
    text = staff.post(address(booking), {"start": OWN_START}).content.decode()
    assert "phone number is needed" in text
    assert Booking.objects.get().event_id == booking.event_id


def test_without_calendly_the_page_opens(staff: Client, booking: Booking, sandbox: Calendly) -> None:
    colleague(sandbox)
    sandbox.faults.add("refuse", times=None)
    answer = staff.get(address(booking))
    assert answer.status_code == 200
    assert "cannot be reached" in answer.content.decode()
    assert "Radu Marin" in answer.content.decode()


def test_what_has_begun_or_is_canceled_is_not_handed_over(
    staff: Client, booking: Booking, sandbox: Calendly, clock: Traveller
) -> None:
    colleague(sandbox)
    calls = sandbox.calls_made
    assert booking.start_at
    clock.move_to(booking.start_at + timedelta(minutes=1))
    assert "has begun" in staff.post(address(booking), {"start": OWN_START}).content.decode()
    Booking.objects.update(status="canceled")
    assert "is canceled" in staff.post(address(booking), {"start": OWN_START}).content.decode()
    assert sandbox.calls_made == calls
