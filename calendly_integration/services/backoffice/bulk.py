"""Acts on many rows: asked for at once, done in the background an item at a time, each with its own outcome.

An item is one call of the service that does the same for one row. What went wrong is noted on the item and stops
no other. Notes are words of ours, such as `past`, with what somebody else said after a colon.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q

from ...http.backoff import backoff_seconds, with_jitter
from ...models import Booking, BulkItem, BulkRun, CalendlyBooking, OutboxMessage, WebhookDelivery
from ...models.work import DATABASE_AWAY
from .. import errors, outbox
from ..actors import Actor
from ..bookings import cancel
from ..webhooks import inbox

log = logging.getLogger("calendly.bulk")

# Longer than the lease of a Calendly booking, so that after a crash its worker finishes before the item is retried.
LEASE = timedelta(seconds=120)
MAX_ATTEMPTS = 10
MAX_PAUSE_SECONDS = 300.0
UNKNOWN_RETRY_SECONDS = 15
PENDING_RETRY_SECONDS = 30

Kind, Status = BulkRun.Kind, BulkItem.Status


@dataclass(frozen=True, slots=True)
class Target:
    """A row to process: its primary key and its name."""

    pk: str
    label: str


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a run."""

    total: int
    done: int
    failed: int

    @property
    def waiting(self) -> int:
        """Items that are not processed yet."""
        return self.total - self.done - self.failed


class _Failed(Exception):
    """The item cannot be processed; `str` is the note."""


class _Later(Exception):
    """Retry in `wait` seconds. `all_items`: the cause affects all items of the run."""

    def __init__(self, note: str, wait: float, *, all_items: bool = False, error: str = "") -> None:
        super().__init__(note)
        self.wait, self.all_items, self.error = wait, all_items, error


def start(
    *,
    kind: str,
    targets: Sequence[Target],
    given: dict[str, object],
    by: Actor,
    user_id: str = "",
    now: datetime,
) -> BulkRun:
    """Store what to do with each target, all or nothing; the worker does it. A target that is named twice
    is processed once."""
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
    """Retry the failed items with all their attempts. Returns their number."""
    with transaction.atomic():
        _lock(run.pk)
        count = BulkItem.objects.retry_failed(run, now=now)
        if count:
            BulkRun.objects.reopen(run)
    return count


def claim(*, now: datetime, limit: int) -> list[BulkItem]:
    """Claim due items for one worker."""
    return BulkItem.objects.claim(now=now, lease=LEASE, limit=limit)


def work(item: BulkItem, *, now: datetime) -> None:
    """Process one claimed item and note the outcome. Safe to repeat."""
    run = BulkRun.objects.get(pk=item.run_id)
    try:
        if item.attempts > MAX_ATTEMPTS:  # the worker was killed in each attempt
            raise _Failed("broken")
        note = HANDLERS[Kind(run.kind)](item, run, now)
    except _Failed as failed:
        _finish(item, Status.FAILED, str(failed), now)
    except _Later as later:
        _retry_later(item, later, now)
    except DATABASE_AWAY:
        raise  # The database is down. The lease ends, and the item is claimed again.
    except Exception as error:
        log.exception("bulk item %s failed", item.pk)
        _retry_later(item, _Later("broken", 0, error=f"{type(error).__name__}: {error}"[:500]), now)
    else:
        _finish(item, Status.DONE, note, now)


def _lock(run_id: int) -> None:
    """Lock the run, so that the process that finishes its last item sees that it is the last."""
    list(BulkRun.objects.select_for_update(no_key=True).filter(pk=run_id))


def _finish(item: BulkItem, status: str, note: str, now: datetime, error: str = "") -> None:
    with transaction.atomic(durable=True):
        _lock(item.run_id)
        BulkItem.objects.finish(item, status=status, note=note[:1000], last_error=error, done_at=now)
        BulkRun.objects.finish(item.run_id, now=now)


def _retry_later(item: BulkItem, later: _Later, now: datetime) -> None:
    """Retry later: as Calendly asks, and after each failure longer. After the last attempt the item has
    failed."""
    if item.attempts >= MAX_ATTEMPTS:
        _finish(item, Status.FAILED, str(later), now, error=later.error)
        return
    growing = backoff_seconds(item.attempts, first=2.0, longest=MAX_PAUSE_SECONDS)
    pause = max(with_jitter(later.wait), growing)
    with transaction.atomic(durable=True):
        _lock(item.run_id)
        at = now + timedelta(seconds=pause)
        BulkItem.objects.finish(item, next_attempt_at=at, note=str(later), last_error=later.error)
        if later.all_items:
            BulkItem.objects.postpone(item.run_id, due_before=at, until=now + timedelta(seconds=later.wait))


def _cancel(item: BulkItem, run: BulkRun, now: datetime) -> str:
    booking = Booking.objects.shown().filter(pk=item.target).first()
    if booking is None:
        raise _Failed("gone")
    current = booking.current_calendly_booking
    if current is not None and CalendlyBooking.objects.is_being_canceled(current):
        # In progress, perhaps by an earlier attempt of this run.
        raise _Later("unknown", UNKNOWN_RETRY_SECONDS)
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
            raise _Later("pending", PENDING_RETRY_SECONDS) from error
        raise _Failed(error.why) from error
    except cancel.CancellationUnknown as error:
        raise _Later("unknown", UNKNOWN_RETRY_SECONDS) from error
    except errors.CalendlyUnavailable as error:
        raise _Later("unavailable", error.retry_after, all_items=True, error=str(error)) from error
    except errors.CalendlyRefused as error:
        raise _Failed(f"refused: {error}") from error
    return "" if _by_this_run(after, run) else "already"


def _by_this_run(booking: Booking, run: BulkRun) -> bool:
    """Whether this run canceled it, perhaps by an attempt that crashed."""
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


HANDLERS = {Kind.CANCEL: _cancel, Kind.REPLAY: _replay, Kind.RESEND: _resend}
