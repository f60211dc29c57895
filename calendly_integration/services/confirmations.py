"""The mail that confirms a meeting, once more: staff ask for it, the portal sends it."""

import uuid
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from ..models import Booking, Message
from . import outbox, telling
from .actors import Actor, entry

MAIL = "/email/send"


class NotSendable(Exception):
    """`why`: past, not_ours (the portal mails for agents' bookings only), unseen (Calendly has not confirmed it
    yet: the first mail is still to come), or the status of a booking that is not confirmed."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def why_not(booking: Booking, *, now: datetime) -> str:
    """Why no confirmation can be sent, as `NotSendable.why`; empty where one can."""
    if not booking.agent_made:
        return "not_ours"
    if booking.status != Booking.Status.CONFIRMED:
        return str(booking.status)
    if booking.seen_at is None:
        return "unseen"
    return "past" if booking.end_at is not None and booking.end_at <= now else ""


def send_again(booking: Booking, *, once: uuid.UUID, by: Actor, now: datetime) -> bool:
    """Ask the portal to mail the confirmation again, as the meeting stands now. `once` names the wish: the same
    one a second time sends nothing and gives False. Raises NotSendable."""
    with transaction.atomic(durable=True):
        Booking.objects.select_for_update(no_key=True).get(pk=booking.pk)  # of two at once, one waits
        fresh = Booking.objects.shown().get(pk=booking.pk)
        key = f"again:{booking.pk.hex}:{once.hex}:{MAIL}"
        if Message.objects.filter(once_key=key).exists():
            return False
        why = why_not(fresh, now=now)
        if why:
            raise NotSendable(why)
        mails = [draft for draft in telling.confirmed(fresh, now=now) if draft.path == MAIL]
        outbox.add([replace(draft, once_key=key) for draft in mails], now=now)
        entry(booking.pk, at=now, by=by, action="confirmation_sent_again").save()
    return True
