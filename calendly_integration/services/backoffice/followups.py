"""What staff do with follow-ups: assign, note, call, postpone, wait, close, reopen, book again.

    to do <-> waiting -> rebooked | closed -> to do again

Each step is a conditional update: the second of two people learns that it has changed, and changes nothing.
"""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from ...models import Booking, FollowUp
from .. import texts
from ..actors import Actor, entry

# Notes are internal: agents do not get these entries.
NOTED = "followup_noted"
OPEN = (FollowUp.Status.PLANNED, FollowUp.Status.SENT)


class NotPossible(Exception):
    """The step does not fit the follow-up's present status, which is `status`."""

    def __init__(self, status: str) -> None:
        super().__init__(f"The follow-up is {status}.")
        self.status = status


def assign(followup: FollowUp, *, user: AbstractBaseUser | None, by: Actor, now: datetime) -> None:
    """Assign an open follow-up, or unassign it. Raises NotPossible."""
    name = user.get_username() if user is not None else ""
    with transaction.atomic():
        held = FollowUp.objects.assign(followup, user=user)
        _record(held, followup, "followup_assigned", by, now, to=name or "–")


def note(followup: FollowUp, *, text: str, by: Actor, now: datetime) -> None:
    """Replace the note; the timeline keeps both. Raises NotPossible."""
    text = text.strip()
    with transaction.atomic():
        _record(FollowUp.objects.set_note(followup, text=text), followup, NOTED, by, now, note=text[:1000])


def wait(followup: FollowUp, *, by: Actor, now: datetime) -> None:
    """The invitee was asked, and it is their turn. Raises NotPossible."""
    with transaction.atomic():
        _record(FollowUp.objects.wait_for_invitee(followup), followup, "followup_waiting", by, now)


def postpone(followup: FollowUp, *, until: datetime, by: Actor, now: datetime) -> None:
    """Make it due at `until`. Raises NotPossible."""
    with transaction.atomic():
        held = FollowUp.objects.postpone(followup, until=until)
        _record(held, followup, "followup_postponed", by, now, until=texts.utc(until))


def no_answer(followup: FollowUp, *, until: datetime, by: Actor, now: datetime) -> None:
    """The invitee did not answer the phone: due again at `until`. Raises NotPossible."""
    with transaction.atomic():
        held = FollowUp.objects.record_no_answer(followup, until=until)
        _record(held, followup, "followup_no_answer", by, now, until=texts.utc(until))


def wants_later(followup: FollowUp, *, until: datetime, by: Actor, now: datetime) -> None:
    """The invitee asked to be called at `until`. Raises NotPossible."""
    with transaction.atomic():
        held = FollowUp.objects.postpone(followup, until=until)
        _record(held, followup, "followup_wants_later", by, now, until=texts.utc(until))


def lose(followup: FollowUp, *, by: Actor, now: datetime) -> None:
    """The invitee no longer wants the meeting. Raises NotPossible."""
    with transaction.atomic():
        held = FollowUp.objects.close(followup, now=now, reason=FollowUp.Reason.LOST)
        _record(held, followup, "followup_lost", by, now)


def close(followup: FollowUp, *, by: Actor, now: datetime) -> None:
    """Nothing is to be done any more. Raises NotPossible."""
    with transaction.atomic():
        _record(FollowUp.objects.close(followup, now=now), followup, "followup_closed", by, now)


def reopen(followup: FollowUp, *, by: Actor, now: datetime) -> None:
    """Something is to be done again, now: after it was ended, or instead of waiting longer. Raises NotPossible."""
    with transaction.atomic():
        _record(FollowUp.objects.reopen(followup, due=now), followup, "followup_reopened", by, now)


def rebooked(followup: FollowUp, *, booking: Booking, by: Actor, now: datetime) -> None:
    """The invitee has a meeting again: `booking`. Both meetings tell of it. Raises NotPossible."""
    with transaction.atomic():
        held = FollowUp.objects.mark_rebooked(followup, rebooking=booking, now=now)
        _record(held, followup, "followup_rebooked", by, now, booking=str(booking.pk))
        new_entry = entry(
            booking.pk, at=now, by=by, action="followup_rebooked", instead_of=str(followup.booking_id)
        )
        new_entry.save()


def _record(held: bool, followup: FollowUp, action: str, by: Actor, now: datetime, **detail: str) -> None:
    """Write the step to the booking's timeline, in its transaction. Raises NotPossible if it did not hold."""
    if not held:
        followup.refresh_from_db(fields=["status"])
        raise NotPossible(followup.status)
    entry(followup.booking_id, at=now, by=by, action=action, **detail).save()
