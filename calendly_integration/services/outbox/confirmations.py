"""The confirmation mail: it waits for the conference link, and staff may send it again.

A waiting mail is a row of its own, so no other message waits for it. Its text is written when it leaves, under the
lock of the booking: a canceled meeting is not confirmed, and a moved one has its new time.
"""

import logging
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from ...models import Booking, OutboxMessage, PendingMail, TimelineEntry
from ...models.work import DATABASE_AWAY
from .. import mapping, outbox
from ..actors import SYSTEM, Actor, entry
from . import portal_messages
from .portal_messages import MAIL_PATH

log = logging.getLogger("calendly.confirmations")

# The contract allows 60 s after the confirmation message. The worker needs the rest.
LINK_WAIT = timedelta(seconds=58)
LEASE = timedelta(seconds=60)
# The columns that a mail mentions, or that decide whether and when it leaves.
MAIL_COLUMNS = (
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
    """`why` is one of: past, not_ours (the portal mails only for bookings of agents), unseen (Calendly has not
    confirmed the booking, so the first mail is still to come), waiting (a mail waits for its link), or the status
    of a booking that is not confirmed."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Mails:
    """`drafts` leave now, `pending` wait for their link. Neither is saved."""

    drafts: list[outbox.Draft]
    pending: list[PendingMail]


def resolve(drafts: Sequence[outbox.Draft], bookings: Mapping[uuid.UUID, Booking], *, now: datetime) -> Mails:
    """Write the text of the mails among `drafts`. Mails without a link yet wait, and mails of canceled meetings are
    left out. Other drafts stay as they are, in their order."""
    ready: list[outbox.Draft] = []
    pending: list[PendingMail] = []
    for draft in drafts:
        if draft.path != MAIL_PATH or draft.booking_id is None:
            ready.append(draft)
            continue
        booking = bookings[draft.booking_id]
        if booking.status == Booking.Status.CONFIRMED and _waits_for_link(booking):
            pending.append(_pending_mail(booking, draft.once_key, now))
        elif booking.status == Booking.Status.CONFIRMED:
            ready.append(portal_messages.mail(booking, once_key=draft.once_key, now=now))
    return Mails(ready, pending)


def update_unsent(
    changed: Iterable[tuple[Booking, Mapping[str, Any]]], *, now: datetime
) -> list[outbox.Draft]:
    """Update the mails that have not left to bookings that have changed. Each booking comes with its columns before
    the change. Returns the mails that leave now. The caller holds the transaction and the locks of the bookings.
    """
    affected = {
        booking.pk: booking
        for booking, before in changed
        if booking.agent_made
        and before["confirmed_at"] is not None
        and any(getattr(booking, name) != before[name] for name in MAIL_COLUMNS)
    }
    if not affected:
        return []
    unsent = dict(outbox.recall(affected, path=MAIL_PATH))
    recalled = set(unsent)
    unsent |= dict(PendingMail.objects.filter(pk__in=affected).values_list("pk", "once_key"))
    mails = resolve(
        [portal_messages.wanted_mail(affected[pk], once_key=once) for pk, once in unsent.items()],
        affected,
        now=now,
    )
    pending = {mail.pk for mail in mails.pending}
    PendingMail.objects.filter(pk__in=unsent.keys() - pending).delete()
    save_pending([mail for mail in mails.pending if mail.pk in recalled])
    with_link_now = Booking.objects.filter(pk__in=recalled - pending, mailed_without_link_at__isnull=False)
    with_link_now.update(mailed_without_link_at=None)
    return mails.drafts


def save_pending(mails: Sequence[PendingMail]) -> None:
    """Save mails that wait for their link. A booking keeps the one that it has."""
    if mails:
        PendingMail.objects.bulk_create(mails, ignore_conflicts=True)


def process(*, now: datetime, limit: int = 50) -> int:
    """Send the mails that have waited long enough. Returns how many were claimed."""
    due = PendingMail.objects.claim(now=now, lease=LEASE, limit=limit)
    try:
        _send_due(due, now)
    except DATABASE_AWAY:
        raise
    except Exception:
        log.exception("A batch of %s mails failed; each is tried alone.", len(due))
        for mail in due:
            try:
                _send_due([mail], now)
            except Exception:  # its lease ends and it is tried again; the others go on
                log.exception("The confirmation of booking %s failed.", mail.pk)
    return len(due)


def _send_due(due: Sequence[PendingMail], now: datetime) -> None:
    """Where there is still no link, the mail leaves without one. Staff see that."""
    if not due:
        return
    with transaction.atomic(durable=True):
        keys = [mail.pk for mail in due]
        locked = Booking.objects.filter(pk__in=keys).shown().order_by("pk")
        bookings = {each.pk: each for each in locked.select_for_update(of=("self",), no_key=True)}
        held = PendingMail.objects.filter(pk__in=keys, lease_token=due[0].lease_token)
        confirmed = {
            mail: bookings[mail.pk] for mail in held if bookings[mail.pk].status == Booking.Status.CONFIRMED
        }
        without_link = [booking.pk for booking in confirmed.values() if not booking.meeting_url]
        drafts = [
            portal_messages.mail(booking, once_key=mail.once_key, now=now)
            for mail, booking in confirmed.items()
        ]
        held.delete()
        Booking.objects.filter(pk__in=without_link).update(mailed_without_link_at=now, updated_at=now)
        TimelineEntry.objects.bulk_create(
            [entry(pk, at=now, by=SYSTEM, action="mailed_without_link") for pk in without_link]
        )
        outbox.add(drafts, now=now)


def _waits_for_link(booking: Booking) -> bool:
    calendly_booking = booking.current_calendly_booking
    return (
        not booking.meeting_url
        and calendly_booking is not None
        and mapping.may_have_link(calendly_booking.event_raw)
    )


def _pending_mail(booking: Booking, once_key: str, now: datetime) -> PendingMail:
    calendly_booking = booking.current_calendly_booking
    no_link = calendly_booking is not None and mapping.link_failed(calendly_booking.event_raw)
    return PendingMail(
        booking=booking, once_key=once_key, next_attempt_at=now if no_link else now + LINK_WAIT
    )


def why_not(booking: Booking, *, now: datetime) -> str:
    """Why no confirmation can be sent, as `NotSendable.why`. Empty where it can."""
    if not booking.agent_made:
        return "not_ours"
    if booking.status != Booking.Status.CONFIRMED:
        return str(booking.status)
    if booking.confirmed_at is None:
        return "unseen"
    return "past" if booking.end_at is not None and booking.end_at <= now else ""


def send_again(booking: Booking, *, once: uuid.UUID, by: Actor, now: datetime) -> bool:
    """Send the confirmation mail again, as the meeting is now. Like the first mail it waits for the link.

    `once` names the request: a repeated request sends nothing and returns False. Raises NotSendable.
    """
    with transaction.atomic(durable=True):
        Booking.objects.select_for_update(no_key=True).get(pk=booking.pk)  # one of two requests at once waits
        fresh = Booking.objects.shown().select_related("current_calendly_booking").get(pk=booking.pk)
        key = f"again:{booking.pk.hex}:{once.hex}:{MAIL_PATH}"
        waiting = PendingMail.objects.filter(pk=booking.pk).first()
        if OutboxMessage.objects.filter(once_key=key).exists() or (waiting and waiting.once_key == key):
            return False
        why = why_not(fresh, now=now) or ("waiting" if waiting else "")
        if why:
            raise NotSendable(why)
        mails = resolve([portal_messages.wanted_mail(fresh, once_key=key)], {fresh.pk: fresh}, now=now)
        save_pending(mails.pending)
        outbox.add(mails.drafts, now=now)
        Booking.objects.filter(pk=booking.pk).update(mailed_without_link_at=None, updated_at=now)
        entry(booking.pk, at=now, by=by, action="confirmation_sent_again").save()
    return True
