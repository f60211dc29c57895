"""Texts of several lines and texts that look like something else, typed by staff: shown as they were typed."""

from typing import Any

import pytest
from django import forms
from django.test import Client
from django.urls import reverse

from calendly_integration.admin import booking_form, cancel, event_type_form, fields, followup
from calendly_integration.models import Booking, EventType, FollowUp, OutboxMessage, TimelineEntry
from calendly_integration.services import outbox

from . import factories
from .test_pages import named

QUESTION = {"name": "Why?", "type": "text", "position": 0, "enabled": True}


@pytest.fixture
def meeting(db: None) -> Booking:
    return factories.create_booking(factories.create_account())


def shown_at(browser: Client, row: Any) -> str:
    return browser.get(reverse(f"{named(type(row))}_change", args=[row.pk])).content.decode()


def test_a_note_of_several_lines_is_kept_and_shown_in_lines(root: Client, meeting: Booking) -> None:
    followup_of = FollowUp.objects.get()
    address = reverse(f"{named(FollowUp)}_note", args=[followup_of.pk])
    root.post(address, {"note": "called\r\nno answer\r\n\r\ntry again"})
    followup_of.refresh_from_db()
    assert followup_of.note == "called\nno answer\n\ntry again"
    for row, lines in (
        (followup_of, "called\nno answer\n\ntry again</textarea>"),
        (meeting, "called<br>no answer<br><br>try again"),
    ):
        body = shown_at(root, row)
        assert lines in body
        assert "u000d" not in body


def test_lines_from_elsewhere_are_shown_as_lines_too(root: Client, meeting: Booking) -> None:
    Booking.objects.update(status="canceled", cancel_reason="ill\r\nsorry")
    body = shown_at(root, meeting)
    assert "ill<br>sorry" in body
    assert "u000d" not in body


def test_every_field_of_several_lines_keeps_line_breaks_alike(meeting: Booking) -> None:
    kind = EventType.objects.get()
    kind.questions = [QUESTION]
    found = [
        cancel.CancelForm(shared=True),
        followup.NoteForm(),
        booking_form.BookingForm(kind=kind),
        event_type_form.EventTypeForm(kind),
    ]
    areas = [
        field for form in found for field in form.fields.values() if isinstance(field.widget, forms.Textarea)
    ]
    assert len(areas) == 6
    assert all(isinstance(field, fields.MultilineField) for field in areas)


def test_a_text_that_reads_like_an_instant_is_shown_as_typed(root: Client, meeting: Booking) -> None:
    TimelineEntry.objects.create(
        booking=meeting,
        at=factories.NOW,
        actor="staff",
        action="canceled",
        detail={"reason": "2026-11-24T10:00:00Z", "note": "2026-11-24T11:00:00+02:00"},
    )
    TimelineEntry.objects.create(
        booking=meeting,
        at=factories.NOW,
        actor="staff",
        action="requested",
        detail={"wanted": "2026-11-25T10:00:00Z"},
    )
    body = shown_at(root, meeting)
    assert "2026-11-24T10:00:00Z" in body
    assert "2026-11-24T11:00:00+02:00" in body
    assert "2026-11-25T10:00:00Z" not in body.partition("What happened")[2].partition("Raw data")[0]
    assert "25 Nov 2026, 12:00 UTC+2" in body


class StillElsewhere(outbox.NotParked):
    """A refusal of a kind that a page has no words of its own for."""


def test_a_refusal_of_a_finer_kind_is_told_in_the_words_of_its_base(
    root: Client, meeting: Booking, monkeypatch: Any
) -> None:
    def refuse(*_args: Any, **_options: Any) -> None:
        raise StillElsewhere

    monkeypatch.setattr(outbox, "resend", refuse)
    message = OutboxMessage.objects.get()
    one: Any = root.post(reverse(f"{named(OutboxMessage)}_resend", args=[message.pk]), follow=True)
    assert "It is no longer parked" in one.content.decode()
    chosen = {"action": "send_again", "index": "0", "_selected_action": message.pk, "sure": "yes"}
    many: Any = root.post(reverse(f"{named(OutboxMessage)}_changelist"), chosen, follow=True)
    assert "It is no longer parked" in many.content.decode()
