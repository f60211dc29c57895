"""What staff do with follow-ups: take one on, note, wait, close, reopen, book again.

    to do <-> waiting -> rebooked | closed -> to do again

Each step is a conditional update: whoever comes second learns that it was changed meanwhile, and changes nothing.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from ...models import Booking, FollowUp, TimelineEntry
from ..actors import Actor, entry

# Staff write it for staff: agents do not get these entries.
NOTED = "followup_noted"
OPEN = (FollowUp.Status.OPEN, FollowUp.Status.WAITING)
ENDED = (FollowUp.Status.REBOOKED, FollowUp.Status.CLOSED)


class NotPossible(Exception):
    """The step does not fit the follow-up as it stands now: `status` is what it has become."""

    def __init__(self, status: str) -> None:
        super().__init__(f"The follow-up is {status}.")
        self.status = status


def assign(followup: FollowUp, *, user: AbstractBaseUser | None, by: Actor, now: datetime) -> None:
    """Give an open one to somebody, or to nobody. Raises NotPossible."""
    name = user.get_username() if user is not None else ""
    _step(followup, OPEN, {"assignee": user}, "followup_assigned", by, now, to=name or "–")


def note(followup: FollowUp, *, text: str, by: Actor, now: datetime) -> None:
    """Keep a note on it, instead of the one before; the timeline keeps both. Raises NotPossible."""
    text = text.strip()
    _step(followup, OPEN, {"note": text}, NOTED, by, now, note=text[:1000])


def wait(followup: FollowUp, *, by: Actor, now: datetime) -> None:
    """The invitee was asked, and it is their turn. Raises NotPossible."""
    _step(followup, (FollowUp.Status.OPEN,), {"status": FollowUp.Status.WAITING}, "followup_waiting", by, now)


def close(followup: FollowUp, *, by: Actor, now: datetime) -> None:
    """Nothing is to be done any more. Raises NotPossible."""
    changes = {"status": FollowUp.Status.CLOSED, "closed_at": now}
    _step(followup, OPEN, changes, "followup_closed", by, now)


def reopen(followup: FollowUp, *, by: Actor, now: datetime) -> None:
    """Something is to be done again: after it was ended, or instead of waiting longer. Raises NotPossible."""
    changes = {"status": FollowUp.Status.OPEN, "closed_at": None, "rebooking": None}
    _step(followup, (FollowUp.Status.WAITING, *ENDED), changes, "followup_reopened", by, now)


def rebooked(followup: FollowUp, *, booking: Booking, by: Actor, now: datetime) -> None:
    """The invitee has a meeting again: `booking`. Both meetings tell of it. Raises NotPossible."""
    changes = {"status": FollowUp.Status.REBOOKED, "rebooking": booking, "closed_at": now}
    with transaction.atomic():
        _step(followup, OPEN, changes, "followup_rebooked", by, now, booking=str(booking.pk))
        told = entry(
            booking.pk, at=now, by=by, action="followup_rebooked", instead_of=str(followup.booking_id)
        )
        told.save()


def _step(
    followup: FollowUp,
    fit: tuple[FollowUp.Status, ...],
    changes: dict[str, Any],
    action: str,
    by: Actor,
    now: datetime,
    **detail: Any,
) -> None:
    """Change it if its status fits, and write it into its booking's story."""
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
