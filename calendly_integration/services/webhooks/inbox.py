"""Deliveries from Calendly: accepted in the request, applied by the worker.

The request only verifies and stores. Everything else may be done twice, late, and in any order.
"""

import hashlib
import logging
import threading
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import close_old_connections, transaction

from ... import conf
from ...calendly import webhooks
from ...calendly.errors import InvalidSignature, UnreadablePayload
from ...models import CalendlyAccount, WebhookDelivery
from ...models.work import DATABASE_AWAY
from .. import reconcile
from ..accounts import calendly_accounts
from ..backoff import backoff
from ..catalog import event_types
from . import signing_keys
from .group_commit import GroupCommit

log = logging.getLogger("calendly.inbox")

LEASE = timedelta(seconds=60)
BATCH_SIZE = 50
MAX_STORED_TOGETHER = 50
MAX_ATTEMPTS = 5
# This many deliveries within this time are a burst.
BURST_SIZE, BURST_WITHIN = 50, timedelta(seconds=0.5)
FIRST_WAIT = timedelta(seconds=2)
LOG_REFUSALS_EVERY = timedelta(minutes=1)
# After this many rounds with fresh deliveries, one that failed before has its turn.
MAX_FRESH_ROUNDS = 5
DATABASE_AWAY_WAIT = timedelta(seconds=2)

Status = WebhookDelivery.Status

_fresh_rounds = 0
# Claims that could not be released because the database went away: the row, when it is due again, the error.
_unreleased: deque[tuple[WebhookDelivery, datetime, str]] = deque()


class Refused(Exception):
    """The delivery has no valid signature. Nothing is stored."""


class RefusalLog:
    """Logs refused deliveries as a count, at most one line a minute: anybody can send as many as they like."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._logged_at: datetime | None = None

    def add(self, error: InvalidSignature, now: datetime) -> None:
        """Count a refusal. Log the count where the last line is a minute old."""
        with self._lock:
            self._count += 1
            last = self._logged_at
            if last is not None and abs(now - last) < LOG_REFUSALS_EVERY:
                return
            count, self._count, self._logged_at = self._count, 0, now
        log.warning("deliveries refused: %s since the last such line, the latest because: %s", count, error)


refusal_log = RefusalLog()


def check_header(signature: str | None, *, now: datetime) -> None:
    """Check the form and age of a signature before the body is read. Raises Refused."""
    try:
        webhooks.check_header(signature, now=now.timestamp(), tolerance=conf.get().WEBHOOK_TOLERANCE)
    except InvalidSignature as error:
        refusal_log.add(error, now)
        raise Refused from error


def accept(*, body: bytes, signature: str | None, now: datetime) -> None:
    """Store a signed delivery, once. Raises Refused. After a DatabaseError nothing is stored."""
    keys = signing_keys.accepted(now=now)
    try:
        try:
            _verify(body, signature, keys, now)
        except InvalidSignature:
            # Another process may have changed the key just now.
            newer = signing_keys.accepted(now=now, within=signing_keys.REREAD_AFTER)
            if newer == keys:
                raise
            _verify(body, signature, newer, now)
    except InvalidSignature as error:
        refusal_log.add(error, now)
        raise Refused from error
    digest = hashlib.sha256(body).hexdigest()
    row = WebhookDelivery(digest=digest, body=body, received_at=now, next_attempt_at=now)
    if transaction.get_connection().in_atomic_block:
        # The deliveries of other threads must not depend on a transaction that may be rolled back.
        _store([row])
    else:
        _group_commit.store(row)


def _store(rows: Sequence[WebhookDelivery]) -> None:
    WebhookDelivery.objects.store(rows)


_group_commit: GroupCommit[WebhookDelivery] = GroupCommit(_store, max_items=MAX_STORED_TOGETHER)


def _verify(body: bytes, signature: str | None, keys: tuple[str, ...], now: datetime) -> None:
    webhooks.verify(
        body=body,
        header=signature,
        keys=keys,
        now=now.timestamp(),
        tolerance=conf.get().WEBHOOK_TOLERANCE,
    )


def process(*, now: datetime, limit: int = BATCH_SIZE) -> int:
    """Apply due deliveries. Returns how many were claimed. Where the database goes away, this is no attempt.

    Fresh deliveries are applied together. One that failed, or whose worker died, is applied alone from then on, so
    that it does no harm to others. It has its turn even while fresh ones keep coming. After five attempts it is
    parked for staff.
    """
    global _fresh_rounds
    _release_unreleased()
    fresh = WebhookDelivery.objects.filter(attempts=0).claim(now=now, lease=LEASE, limit=limit)
    if fresh:
        try:
            _apply(fresh, now)
        except DATABASE_AWAY as error:
            _release_uncounted(fresh, error, now)
        except (Exception, SystemExit):
            log.exception("a batch of %d deliveries failed; each is tried alone", len(fresh))
            WebhookDelivery.objects.release_all(fresh, next_attempt_at=now)
        _fresh_rounds += 1
        if _fresh_rounds < MAX_FRESH_ROUNDS:
            return len(fresh)
    _fresh_rounds = 0
    failed_before = WebhookDelivery.objects.filter(attempts__gt=0).claim(now=now, lease=LEASE, limit=1)
    for row in failed_before:
        _apply_alone(row, now)
    return len(fresh) + len(failed_before)


def _release_uncounted(rows: Sequence[WebhookDelivery], error: BaseException, now: datetime) -> None:
    """Release claims without counting an attempt: the database went away, which is no fault of the deliveries."""
    name = type(error).__name__
    log.warning("%d deliveries wait: the database does not answer (%s)", len(rows), name)
    close_old_connections()
    _unreleased.extend((row, now + DATABASE_AWAY_WAIT, name) for row in rows)
    _release_unreleased()


def _release_unreleased() -> None:
    """Release the remembered claims. Their deliveries are then applied alone, in case one of them was the cause.
    While the database is still away they stay for the next round."""
    while _unreleased:
        row, at, error = _unreleased[-1]
        WebhookDelivery.objects.release_uncounted(row, next_attempt_at=at, error=error)
        _unreleased.pop()


def _apply_alone(row: WebhookDelivery, now: datetime) -> None:
    if row.attempts > MAX_ATTEMPTS:
        WebhookDelivery.objects.park(row)
        return
    try:
        _apply([row], now)
    except DATABASE_AWAY as error:
        _release_uncounted([row], error, now)
    except (Exception, SystemExit) as error:
        log.exception("delivery %s failed", row.pk)
        text = f"{type(error).__name__}: {error}"[:500]
        if row.attempts >= MAX_ATTEMPTS:
            WebhookDelivery.objects.park(row, error=text)
        else:
            wait = backoff(row.attempts, first=FIRST_WAIT)
            WebhookDelivery.objects.retry(row, next_attempt_at=now + wait, error=text)


def _apply(rows: Sequence[WebhookDelivery], now: datetime) -> None:
    """Apply deliveries and record their outcome, all or none."""
    # Parse before the transaction: on SQLite the transaction makes the receiver wait.
    parsed = [_parse(row) for row in rows]
    with transaction.atomic(durable=True):
        account = calendly_accounts.default()
        observed: list[tuple[WebhookDelivery, reconcile.Observation]] = []
        for row, delivery in zip(rows, parsed, strict=True):
            if isinstance(delivery, UnreadablePayload):
                _set_outcome(row, Status.UNREADABLE, now, error=str(delivery)[:500])
            elif isinstance(delivery, webhooks.InviteeDelivery):
                kind = reconcile.Kind(delivery.kind)
                observed.append((row, reconcile.Observation(kind, delivery.invitee, delivery.event)))
            elif isinstance(delivery, webhooks.EventTypeDelivery):
                changed = event_types.apply_event_type_delivery(
                    account, delivery.event_type, delivery.kind, now=now
                )
                _set_outcome(row, Status.APPLIED if changed else Status.UNCHANGED, now)
            else:
                _set_outcome(row, Status.UNKNOWN, now)
        if observed:
            _apply_observed(account, observed, now)
        WebhookDelivery.objects.save_outcomes(rows, account=account)


def _parse(row: WebhookDelivery) -> webhooks.Delivery | UnreadablePayload:
    try:
        delivery = webhooks.parse(bytes(row.body), bases=[conf.get().API_URL])
    except UnreadablePayload as error:
        return error
    row.kind = delivery.kind[:100]
    return delivery


def _apply_observed(
    account: CalendlyAccount, observed: list[tuple[WebhookDelivery, reconcile.Observation]], now: datetime
) -> None:
    observations = [observation for _row, observation in observed]
    results = reconcile.apply_observations(account, observations, now=now)
    for (row, _observation), result in zip(observed, results, strict=True):
        row.booking_id = result.booking.pk
        _set_outcome(row, Status.APPLIED if result.changed else Status.UNCHANGED, now)


def _set_outcome(row: WebhookDelivery, status: str, now: datetime, error: str = "") -> None:
    row.status, row.applied_at, row.last_error = status, now, error


def again(row: WebhookDelivery, *, now: datetime) -> None:
    """Apply a delivery once more, as staff ask."""
    WebhookDelivery.objects.replay(row, now=now)


def rush(now: datetime) -> bool:
    """True during a burst of deliveries: background work then makes way for the receiver."""
    recent = WebhookDelivery.objects.order_by("-pk").values_list("received_at", flat=True)
    return any(moment > now - BURST_WITHIN for moment in recent[BURST_SIZE : BURST_SIZE + 1])
