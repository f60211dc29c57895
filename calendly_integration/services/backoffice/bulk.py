"""Acts on many rows: asked for at once, done in the background an item at a time, each with its own outcome.

An item is one call of the service that does the same for one row. What went wrong is noted on the item and stops
no other. Notes are words of ours, such as `past`, with what somebody else said after a colon.
"""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q

from ... import jobs
from ...models import Booking, BulkItem, BulkRun, CalendlyBooking, OutboxMessage, WebhookDelivery
from ...models.work import DATABASE_AWAY
from .. import errors, outbox
from ..actors import Actor
from ..bookings import cancel
from ..webhooks import inbox

log = logging.getLogger("calendly.bulk")

# Longer than the lease of a Calendly booking: after a crash its worker ends what was begun before the item is due.
LEASE = timedelta(seconds=120)
MOST_TRIES = 10
LONGEST_PAUSE = 300.0
LOOK_AGAIN = 15
UNDECIDED = 30

Kind, Status = BulkRun.Kind, BulkItem.Status


@dataclass(frozen=True, slots=True)
class Target:
    """A row to be treated: its primary key, and what people know it by."""

    pk: str
    label: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come."""

    total: int
    done: int
    failed: int

    @property
    def waiting(self) -> int:
        """Items still to do."""
        return self.total - self.done - self.failed


class _Failed(Exception):
    """This item cannot be done; `str` is the note."""


class _Later(Exception):
    """Not now: again in `wait` seconds. `everybody`: it would go no better with the other items."""

    def __init__(self, note: str, wait: float, *, everybody: bool = False, error: str = "") -> None:
        super().__init__(note)
        self.wait, self.everybody, self.error = wait, everybody, error


def start(
    *,
    kind: str,
    targets: Sequence[Target],
    given: dict[str, object],
    by: Actor,
    user_id: str = "",
    now: datetime,
) -> BulkRun:
    """Write down what is to be done with each target, all or nothing; the worker does it. A target that is named
    twice is done once."""
    with transaction.atomic():
        run = BulkRun.objects.create(
            kind=kind,
            given=given,
            by=by.name[:255],
            user_id=user_id,
            created_at=now,
            finished_at=None if targets else now,
        )
        once = {target.pk: target for target in targets}
        BulkItem.objects.bulk_create(
            [
                BulkItem(run=run, target=target.pk, label=target.label[:300], next_attempt_at=now)
                for target in once.values()
            ],
            batch_size=500,
        )
        jobs.wake()
    return run


def progress(run: BulkRun) -> Progress:
    """Count its items."""
    return Progress(
        **run.items.aggregate(
            total=Count("pk"),
            done=Count("pk", filter=Q(status=Status.DONE)),
            failed=Count("pk", filter=Q(status=Status.FAILED)),
        )
    )


def retry_failed(run: BulkRun, *, now: datetime) -> int:
    """Do its failed items once more, with all their tries. Returns how many there are."""
    with transaction.atomic():
        _lock(run.pk)
        count = BulkItem.objects.retry_failed(run, now=now)
        if count:
            BulkRun.objects.reopen(run)
            jobs.wake()
    return count


def claim(*, now: datetime, limit: int) -> list[BulkItem]:
    """Items to do, for one worker."""
    return BulkItem.objects.claim(now=now, lease=LEASE, limit=limit)


def work(item: BulkItem, *, now: datetime) -> None:
    """Do one claimed item, and note what came of it. May be done twice without harm."""
    run = BulkRun.objects.get(pk=item.run_id)
    try:
        if item.attempts > MOST_TRIES:  # each time the worker died of it
            raise _Failed("broken")
        note = STEPS[Kind(run.kind)](item, run, now)
    except _Failed as failed:
        _end(item, Status.FAILED, str(failed), now)
    except _Later as later:
        _again(item, later, now)
    except DATABASE_AWAY:
        raise  # the database is away: the lease ends, and it is done anew
    except Exception as error:
        log.exception("bulk item %s failed", item.pk)
        _again(item, _Later("broken", 0, error=f"{type(error).__name__}: {error}"[:500]), now)
    else:
        _end(item, Status.DONE, note, now)


def _lock(run_id: int) -> None:
    """Who ends an item, or calls many of them back, is alone with the run: its last item is seen to be the last."""
    list(BulkRun.objects.select_for_update(no_key=True).filter(pk=run_id))


def _end(item: BulkItem, status: str, note: str, now: datetime, error: str = "") -> None:
    with transaction.atomic(durable=True):
        _lock(item.run_id)
        BulkItem.objects.finish(item, status=status, note=note[:1000], last_error=error, done_at=now)
        BulkRun.objects.finish(item.run_id, now=now)


def _again(item: BulkItem, later: _Later, now: datetime) -> None:
    """Try it again later: as Calendly asks, and after each failure in a row longer; in the end it has failed."""
    if item.attempts >= MOST_TRIES:
        _end(item, Status.FAILED, str(later), now, error=later.error)
        return
    pause = max(later.wait, min(LONGEST_PAUSE, 2.0**item.attempts)) * random.uniform(1.0, 1.2)
    with transaction.atomic(durable=True):
        _lock(item.run_id)
        at = now + timedelta(seconds=pause)
        BulkItem.objects.finish(item, next_attempt_at=at, note=str(later), last_error=later.error)
        if later.everybody:
            BulkItem.objects.postpone(item.run_id, due_before=at, until=now + timedelta(seconds=later.wait))


def _cancel(item: BulkItem, run: BulkRun, now: datetime) -> str:
    booking = Booking.objects.shown().filter(pk=item.target).first()
    if booking is None:
        raise _Failed("gone")
    current = booking.current_calendly_booking
    if current is not None and CalendlyBooking.objects.is_being_canceled(current):
        raise _Later("unknown", LOOK_AGAIN)  # under way, perhaps by our own first try
    given = run.given
    try:
        after = cancel.cancel_booking(
            booking,
            reason=str(given.get("reason") or ""),
            by=Actor.staff(run.by),
            now=now,
            code=str(given.get("code") or ""),
            follow_up=bool(given.get("follow_up")),
        )
    except cancel.NotCancelable as error:
        if error.why == "pending":
            raise _Later("pending", UNDECIDED) from error
        raise _Failed(error.why) from error
    except cancel.CancellationUnknown as error:
        raise _Later("unknown", LOOK_AGAIN) from error
    except errors.CalendlyUnavailable as error:
        raise _Later("unavailable", error.retry_after, everybody=True, error=str(error)) from error
    except errors.CalendlyRefused as error:
        raise _Failed(f"refused: {error}") from error
    return "" if _by_this_run(after, run) else "already"


def _by_this_run(booking: Booking, run: BulkRun) -> bool:
    """Whether it was canceled as this run wished, perhaps by a first try that nobody saw the end of."""
    booking_request = (
        (booking.current_calendly_booking.intent.get("cancel") or {})
        if booking.current_calendly_booking
        else {}
    )
    ours = (booking_request.get("name"), booking_request.get("reason")) == (
        run.by,
        run.given.get("reason") or "",
    )
    return ours and booking.cancel_code == (run.given.get("code") or "")


def _replay(item: BulkItem, run: BulkRun, now: datetime) -> str:
    row = WebhookDelivery.objects.only("pk", "status").filter(pk=item.target).first()
    if row is None:
        raise _Failed("gone")
    if row.status == WebhookDelivery.Status.RECEIVED:
        return "waits"
    inbox.again(row, now=now)
    return ""


def _resend(item: BulkItem, run: BulkRun, now: datetime) -> str:
    message = OutboxMessage.objects.filter(pk=item.target).first()
    if message is None:
        raise _Failed("gone")
    try:
        outbox.resend(message, now=now)
    except outbox.NotParked:
        return "not_parked"
    return ""


STEPS = {Kind.CANCEL: _cancel, Kind.REPLAY: _replay, Kind.RESEND: _resend}
