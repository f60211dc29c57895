"""The note for staff on a booking. Agents, the portal and the invitee never get it."""

from datetime import datetime

from django.db import transaction

from ...models import Booking
from ..actors import Actor, entry

ACTION = "staff_noted"


class NoteChanged(Exception):
    """Somebody else has changed the note since it was read. Nothing was written."""


def write(booking: Booking, *, text: str, before: str, by: Actor, now: datetime) -> None:
    """Replace the note, which was `before` when it was read; the timeline keeps both. Raises NoteChanged."""
    text = text.strip()
    if text == before:
        return
    with transaction.atomic():
        if not Booking.objects.set_staff_note(booking.pk, text=text, before=before):
            raise NoteChanged
        entry(booking.pk, at=now, by=by, action=ACTION, note=text).save()
