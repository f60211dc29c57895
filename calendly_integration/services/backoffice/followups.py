"""What staff do with follow-ups: assign, note, wait, close, reopen, book again.

    to do <-> waiting -> rebooked | closed -> to do again

Each step is a conditional update: the second of two people learns that it has changed, and changes nothing.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from ...models import Booking, FollowUp, TimelineEntry
from ..actors import Actor, entry

# Notes are internal: agents do not get these entries.
NOTED = "followup_noted"
OPEN = (FollowUp.Status.OPEN, FollowUp.Status.WAITING)
ENDED = (FollowUp.Status.REBOOKED, FollowUp.Status.CLOSED)


class NotPossible(Exception):
    """The step does not fit the follow-up's present status, which is `status`."""

    def __init__(self, status: str) -> None:
        super().__init__(f"The follow-up is {status}.")
        self.status = status


def assign(followup: FollowUp, *, user: AbstractBaseUser | None, by: Actor, now: datetime) -> None:
    """Assign an open follow-up, or unassign it. Raises NotPossible."""
    name = user.get_username() if user is not None else ""
    _step(followup, OPEN, {"assignee": user}, "followup_assigned", by, now, to=name or "–")


def note(followup: FollowUp, *, text: str, by: Actor, now: datetime) -> None:
    """Replace the note; the timeline keeps both. Raises NotPossible."""
    text = text.strip()
    _step(followup, OPEN, {"note": text}, NOTED, by, now, note=text[:1000])


def wait(followup: FollowUp, *, by: Actor, now: datetime) -> None:
    """The invitee was asked. Raises NotPossible."""
    _step(followup, (FollowUp.Status.OPEN,), {"status": FollowUp.Status.WAITING}, "followup_waiting", by, now)


def close(followup: FollowUp, *, by: Actor, now: datetime) -> None:
    """No further action is needed. Raises NotPossible."""
    changes = {"status": FollowUp.Status.CLOSED, "closed_at": now}
    _step(followup, OPEN, changes, "followup_closed", by, now)


def reopen(followup: FollowUp, *, by: Actor, now: datetime) -> None:
    """The follow-up needs action again. Raises NotPossible."""
    changes = {"status": FollowUp.Status.OPEN, "closed_at": None, "rebooking": None}
    _step(followup, (FollowUp.Status.WAITING, *ENDED), changes, "followup_reopened", by, now)


def rebooked(followup: FollowUp, *, booking: Booking, by: Actor, now: datetime) -> None:
    """The invitee has a new meeting: `booking`. Both timelines record it. Raises NotPossible."""
    changes = {"status": FollowUp.Status.REBOOKED, "rebooking": booking, "closed_at": now}
    with transaction.atomic():
        _step(followup, OPEN, changes, "followup_rebooked", by, now, booking=str(booking.pk))
        new_entry = entry(
            booking.pk, at=now, by=by, action="followup_rebooked", instead_of=str(followup.booking_id)
        )
        new_entry.save()


def _step(
    followup: FollowUp,
    fit: tuple[FollowUp.Status, ...],
    changes: dict[str, Any],
    action: str,
    by: Actor,
    now: datetime,
    **detail: Any,
) -> None:
    """Change it if its status fits, and record it in the booking's timeline."""
    with transaction.atomic():
        if FollowUp.objects.filter(pk=followup.pk, status__in=fit).update(**changes):
            TimelineEntry.objects.bulk_create(
                [entry(followup.booking_id, at=now, by=by, action=action, **detail)]
            )
            for name, value in changes.items():
                setattr(followup, name, value)
            return
    followup.refresh_from_db(fields=["status"])
    raise NotPossible(followup.status)
