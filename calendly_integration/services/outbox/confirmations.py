"""The mail that confirms a meeting: it waits for the conference link, and staff may ask for it once more.

A mail that waits is a row of its own, so nothing else waits for it. Its text is written when it leaves, under the
booking's lock: a canceled meeting is not confirmed, and a moved one has its new time.
"""

import logging
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from ...models import Booking, OutboxMessage, PendingMail, TimelineEntry
from ...models.bulk_sql import insertion, send
from ...models.work import DATABASE_AWAY
from .. import outbox
from ..actors import SYSTEM, Actor, entry
from ..reconcile import mapping
from . import portal_messages
from .portal_messages import MAIL

log = logging.getLogger("calendly.confirmations")

# The contract allows 60 s after the portal was told of the confirmation; the rest is the worker's.
LINK_WAIT = timedelta(seconds=58)
LEASE = timedelta(seconds=60)
# What a mail says, or decides whether and when it leaves.
SAID = (
    "status",
    "current_calendly_booking_id",
    "start_at",
    "end_at",
    "event_name",
    "location",
    "meeting_url",
    "invitee_email",
    "time_zone",
    "locale",
)


class NotSendable(Exception):
    """`why`: past, not_ours (the portal mails for agents' bookings only), unseen (Calendly has not confirmed it
    yet: the first mail is still to come), waiting (one waits for its link), or the status of a booking that is not
    confirmed."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Mails:
    """`drafts` leave now, `pending` wait. Neither is saved."""

    drafts: list[outbox.Draft]
    pending: list[PendingMail]


def resolve(drafts: Sequence[outbox.Draft], bookings: Mapping[uuid.UUID, Booking], *, now: datetime) -> Mails:
    """Write the wanted mails among `drafts` as their bookings are now; those whose link is not there yet wait, and
    those of canceled meetings are left out. The other drafts stay as they are, in their order."""
    ready: list[outbox.Draft] = []
    pending: list[PendingMail] = []
    for draft in drafts:
        if draft.path != MAIL or draft.booking_id is None:
            ready.append(draft)
            continue
        booking = bookings[draft.booking_id]
        if booking.status == Booking.Status.CONFIRMED and _lacks_link(booking):
            pending.append(_pending(booking, draft.once_key, now))
        elif booking.status == Booking.Status.CONFIRMED:
            ready.append(portal_messages.mail(booking, once_key=draft.once_key, now=now))
    return Mails(ready, pending)


def follow(changed: Iterable[tuple[Booking, Mapping[str, Any]]], *, now: datetime) -> list[outbox.Draft]:
    """Bring the mails that have not left into line with bookings that have changed; each comes with its columns as
    they were. Returns the mails that leave now. The caller holds the transaction and the locks of the bookings.
    """
    found = {
        booking.pk: booking
        for booking, before in changed
        if booking.agent_made
        and before["confirmed_at"] is not None
        and any(getattr(booking, name) != before[name] for name in SAID)
    }
    if not found:
        return []
    waiting = dict(outbox.recall(found, path=MAIL))
    again = set(waiting)
    waiting |= dict(PendingMail.objects.filter(pk__in=found).values_list("pk", "once_key"))
    mails = resolve(
        [portal_messages.wanted_mail(found[pk], once_key=once) for pk, once in waiting.items()],
        found,
        now=now,
    )
    stay = {mail.pk for mail in mails.pending}
    PendingMail.objects.filter(pk__in=waiting.keys() - stay).delete()
    send(insertion([mail for mail in mails.pending if mail.pk in again], otherwise="DO NOTHING"))
    mended = Booking.objects.filter(pk__in=again - stay, mailed_without_link_at__isnull=False)
    mended.update(mailed_without_link_at=None)
    return mails.drafts


def process(*, now: datetime, limit: int = 50) -> int:
    """Let the mails leave that have waited long enough. Returns how many were taken."""
    due = PendingMail.objects.claim(now=now, lease=LEASE, limit=limit)
    try:
        _leave(due, now)
    except DATABASE_AWAY:
        raise
    except Exception:
        log.exception("A batch of %s mails failed; each is tried alone.", len(due))
        for mail in due:
            try:
                _leave([mail], now)
            except Exception:  # its lease ends, and it is tried again; the others go on
                log.exception("The confirmation of booking %s failed.", mail.pk)
    return len(due)


def _leave(due: Sequence[PendingMail], now: datetime) -> None:
    """Without a link, where there is still none; staff see that."""
    if not due:
        return
    with transaction.atomic(durable=True):
        keys = [mail.pk for mail in due]
        locked = Booking.objects.filter(pk__in=keys).shown().order_by("pk")
        bookings = {each.pk: each for each in locked.select_for_update(of=("self",), no_key=True)}
        held = PendingMail.objects.filter(pk__in=keys, lease_token=due[0].lease_token)
        leaving = {
            mail: bookings[mail.pk] for mail in held if bookings[mail.pk].status == Booking.Status.CONFIRMED
        }
        bare = [booking.pk for booking in leaving.values() if not booking.meeting_url]
        drafts = [
            portal_messages.mail(booking, once_key=mail.once_key, now=now)
            for mail, booking in leaving.items()
        ]
        held.delete()
        Booking.objects.filter(pk__in=bare).update(mailed_without_link_at=now, updated_at=now)
        TimelineEntry.objects.bulk_create(
            [entry(pk, at=now, by=SYSTEM, action="mailed_without_link") for pk in bare]
        )
        outbox.add(drafts, now=now)


def _lacks_link(booking: Booking) -> bool:
    calendly_booking = booking.current_calendly_booking
    return (
        not booking.meeting_url
        and calendly_booking is not None
        and mapping.may_have_link(calendly_booking.event_raw)
    )


def _pending(booking: Booking, once_key: str, now: datetime) -> PendingMail:
    calendly_booking = booking.current_calendly_booking
    hopeless = calendly_booking is not None and mapping.link_failed(calendly_booking.event_raw)
    return PendingMail(
        booking=booking, once_key=once_key, next_attempt_at=now if hopeless else now + LINK_WAIT
    )


def why_not(booking: Booking, *, now: datetime) -> str:
    """Why no confirmation can be sent, as `NotSendable.why`; empty where one can."""
    if not booking.agent_made:
        return "not_ours"
    if booking.status != Booking.Status.CONFIRMED:
        return str(booking.status)
    if booking.confirmed_at is None:
        return "unseen"
    return "past" if booking.end_at is not None and booking.end_at <= now else ""


def send_again(booking: Booking, *, once: uuid.UUID, by: Actor, now: datetime) -> bool:
    """Ask the portal to mail the confirmation again, as the meeting stands now; like the first one, the mail waits
    for the link. `once` names the wish: the same one a second time sends nothing and gives False. Raises
    NotSendable."""
    with transaction.atomic(durable=True):
        Booking.objects.select_for_update(no_key=True).get(pk=booking.pk)  # of two at once, one waits
        fresh = Booking.objects.shown().select_related("current_calendly_booking").get(pk=booking.pk)
        key = f"again:{booking.pk.hex}:{once.hex}:{MAIL}"
        waiting = PendingMail.objects.filter(pk=booking.pk).first()
        if OutboxMessage.objects.filter(once_key=key).exists() or (waiting and waiting.once_key == key):
            return False
        why = why_not(fresh, now=now) or ("waiting" if waiting else "")
        if why:
            raise NotSendable(why)
        mails = resolve([portal_messages.wanted_mail(fresh, once_key=key)], {fresh.pk: fresh}, now=now)
        send(insertion(mails.pending))
        outbox.add(mails.drafts, now=now)
        Booking.objects.filter(pk=booking.pk).update(mailed_without_link_at=None, updated_at=now)
        entry(booking.pk, at=now, by=by, action="confirmation_sent_again").save()
    return True
