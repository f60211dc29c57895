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
from django.db.models import Q

from ... import conf
from ...calendly import webhooks
from ...calendly.errors import InvalidSignature, UnreadablePayload
from ...models import CalendlyAccount, WebhookDelivery
from ...models.bulk_sql import alteration, insert_missing, send
from ...models.work import DATABASE_AWAY
from .. import reconcile
from ..accounts import calendly_accounts
from ..catalog import event_types
from ..group_commit import GroupCommit
from . import signing_keys

log = logging.getLogger("calendly.inbox")

LEASE = timedelta(seconds=60)
BATCH = 50
MOST_TRIES = 5
# So many deliveries within such a time are a burst.
RUSH, RUSH_WITHIN = 50, timedelta(seconds=0.5)
LONGEST_PAUSE = 300
REFUSALS_LOGGED_EVERY = timedelta(minutes=1)
# So many rounds with fresh deliveries, then one that failed before has its turn.
ALONE_EVERY = 5
PAUSE_AWAY = timedelta(seconds=2)

Status = WebhookDelivery.Status

# Rounds in a row in which only fresh ones had their turn.
_fresh_rounds = 0
# Claims under which the database went away.
_owed: deque[tuple[WebhookDelivery, datetime, str]] = deque()


class Refused(Exception):
    """The delivery is not signed by anyone we know. Nothing is stored."""


class _RefusalLog:
    """Logs refused deliveries as a count, at most one line a minute: anybody can send as many as they like."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._logged_at: datetime | None = None

    def add(self, error: InvalidSignature, now: datetime) -> None:
        """Count a refusal, and log those since the last line where that is a minute old."""
        with self._lock:
            self._count += 1
            last = self._logged_at
            if last is not None and abs(now - last) < REFUSALS_LOGGED_EVERY:
                return
            count, self._count, self._logged_at = self._count, 0, now
        log.warning("deliveries refused: %s since the last such line, the latest because: %s", count, error)


_refusals = _RefusalLog()


def check_header(signature: str | None, *, now: datetime) -> None:
    """Refuse what cannot be signed before its body is read. Raises Refused."""
    try:
        webhooks.check_header(signature, now=now.timestamp(), tolerance=conf.get().WEBHOOK_TOLERANCE)
    except InvalidSignature as error:
        _refusals.add(error, now)
        raise Refused from error


def accept(*, body: bytes, signature: str | None, now: datetime) -> None:
    """Store a signed delivery, once. Raises Refused; a DatabaseError means that nothing is stored."""
    keys = signing_keys.accepted(now=now)
    try:
        try:
            _verify(body, signature, keys, now)
        except InvalidSignature:
            # Perhaps the key was changed in another process just now.
            newer = signing_keys.accepted(now=now, within=signing_keys.SURELY_FRESH)
            if newer == keys:
                raise
            _verify(body, signature, newer, now)
    except InvalidSignature as error:
        _refusals.add(error, now)
        raise Refused from error
    row = WebhookDelivery(
        digest=hashlib.sha256(body).hexdigest(), body=body, received_at=now, next_attempt_at=now
    )
    if transaction.get_connection().in_atomic_block:
        _insert([row])  # what others brought must not hang on a transaction that may be rolled back
    else:
        _together.write(row)


def _verify(body: bytes, signature: str | None, keys: tuple[str, ...], now: datetime) -> None:
    webhooks.verify(
        body=body,
        header=signature,
        keys=keys,
        now=now.timestamp(),
        tolerance=conf.get().WEBHOOK_TOLERANCE,
    )


def _insert(rows: Sequence[WebhookDelivery]) -> None:
    """Keep what is not there yet. In one order for all, so that two processes never wait for one another."""
    ordered = sorted(rows, key=lambda row: row.digest)
    insert_missing(ordered)


_together: GroupCommit[WebhookDelivery] = GroupCommit(_insert, most=50)


def process(*, now: datetime, limit: int = BATCH) -> int:
    """Apply due deliveries. Returns how many were taken. A DatabaseError means that the database is away: that
    counts as no try.

    Fresh ones are applied together. One that failed, or whose worker died, is taken alone from then on, so that
    it can hurt nobody else; after five tries it is parked for staff. It has its turn even while fresh ones keep
    coming.
    """
    global _fresh_rounds
    _give_back()
    fresh = WebhookDelivery.objects.filter(attempts=0).claim(now=now, lease=LEASE, limit=limit)
    if fresh:
        try:
            _apply(fresh, now)
        except DATABASE_AWAY as error:
            _not_counted(fresh, error, now)
        except (Exception, SystemExit) as error:
            _complain(error, f"a batch of {len(fresh)} deliveries failed; each is tried alone")
            WebhookDelivery.objects.filter(
                pk__in=[row.pk for row in fresh], lease_token=fresh[0].lease_token
            ).update(next_attempt_at=now, lease_token=None)
        _fresh_rounds += 1
        if _fresh_rounds < ALONE_EVERY:
            return len(fresh)
    _fresh_rounds = 0
    alone = WebhookDelivery.objects.filter(attempts__gt=0).claim(now=now, lease=LEASE, limit=1)
    for row in alone:
        _apply_alone(row, now)
    return len(fresh) + len(alone)


def _not_counted(rows: Sequence[WebhookDelivery], error: BaseException, now: datetime) -> None:
    """The database went away under these claimed rows: that is no fault of theirs."""
    log.warning("%d deliveries wait: the database does not answer (%s)", len(rows), type(error).__name__)
    close_old_connections()
    _owed.extend((row, now + PAUSE_AWAY, type(error).__name__) for row in rows)
    _give_back()


def _give_back() -> None:
    """Return the claims that are owed, without counting them; what was in a batch is tried alone, in case one of
    it was the cause. Where the database is still away they stay owed to the next round."""
    while _owed:
        row, at, error = _owed[-1]
        held = WebhookDelivery.objects.filter(pk=row.pk, lease_token=row.lease_token)
        attempts = max(row.attempts - 1, 1)
        held.update(next_attempt_at=at, lease_token=None, attempts=attempts, last_error=error)
        _owed.pop()


def _apply_alone(row: WebhookDelivery, now: datetime) -> None:
    if row.attempts > MOST_TRIES:
        WebhookDelivery.objects.finish(row, status=Status.PARKED)
        return
    try:
        _apply([row], now)
    except DATABASE_AWAY as error:
        _not_counted([row], error, now)
    except (Exception, SystemExit) as error:
        _complain(error, f"delivery {row.pk} failed")
        last = row.attempts >= MOST_TRIES
        pause = timedelta(seconds=min(LONGEST_PAUSE, 2**row.attempts))
        WebhookDelivery.objects.finish(
            row,
            status=Status.PARKED if last else Status.RECEIVED,
            next_attempt_at=None if last else now + pause,
            last_error=f"{type(error).__name__}: {error}"[:500],
        )


def _complain(error: BaseException, what: str) -> None:
    log.error(what, exc_info=error)


def _apply(rows: Sequence[WebhookDelivery], now: datetime) -> None:
    """Apply deliveries and mark them, all or none."""
    # Read before the transaction: on SQLite it keeps the receiver waiting.
    told = [_read(row) for row in rows]
    with transaction.atomic(durable=True):
        account = calendly_accounts.default()
        seen: list[tuple[WebhookDelivery, reconcile.Observation]] = []
        for row, what in zip(rows, told, strict=True):
            if isinstance(what, UnreadablePayload):
                _mark(row, Status.UNREADABLE, now, error=str(what)[:500])
            elif isinstance(what, webhooks.InviteeDelivery):
                seen.append((row, reconcile.Observation(reconcile.Kind(what.kind), what.invitee, what.event)))
            elif isinstance(what, webhooks.EventTypeDelivery):
                changed = event_types.event_type_told(account, what.event_type, what.kind, now=now)
                _mark(row, Status.APPLIED if changed else Status.UNCHANGED, now)
            else:
                _mark(row, Status.UNKNOWN, now)
        if seen:
            _apply_seen(account, seen, now)
        _save(rows, account)


def _read(row: WebhookDelivery) -> webhooks.Delivery | UnreadablePayload:
    try:
        told = webhooks.parse(bytes(row.body), bases=[conf.get().API_URL])
    except UnreadablePayload as error:
        return error
    row.kind = told.kind[:100]
    return told


def _apply_seen(
    account: CalendlyAccount, seen: list[tuple[WebhookDelivery, reconcile.Observation]], now: datetime
) -> None:
    results = reconcile.apply_observations(account, [observation for _row, observation in seen], now=now)
    for (row, _sighting), result in zip(seen, results, strict=True):
        row.booking_id = result.booking.pk
        _mark(row, Status.APPLIED if result.changed else Status.UNCHANGED, now)


def _mark(row: WebhookDelivery, status: str, now: datetime, error: str = "") -> None:
    row.status, row.applied_at, row.last_error = status, now, error


def _save(rows: Sequence[WebhookDelivery], account: CalendlyAccount) -> None:
    """Write the marks. Rows whose lease was lost belong to somebody else, who did the same."""
    marks = ("status", "kind", "last_error", "applied_at", "booking_id")
    done = {"account_id": account.pk, "next_attempt_at": None, "lease_token": None}
    changes = [(row.pk, {name: getattr(row, name) for name in marks} | done) for row in rows]
    send(alteration(WebhookDelivery, changes, where={"lease_token": rows[0].lease_token}))


def again(row: WebhookDelivery, *, now: datetime) -> None:
    """Apply a delivery once more, as staff ask."""
    WebhookDelivery.objects.filter(pk=row.pk).update(
        status=Status.RECEIVED, next_attempt_at=now, attempts=1, lease_token=None, last_error=""
    )


def rush(now: datetime) -> bool:
    """True while deliveries come in as in a burst: whoever works in the background then makes way."""
    recent = WebhookDelivery.objects.order_by("-pk").values_list("received_at", flat=True)[RUSH : RUSH + 1]
    return any(moment > now - RUSH_WITHIN for moment in recent)


def waiting(now: datetime) -> int:
    """How many deliveries wait to be applied."""
    return WebhookDelivery.objects.filter(~Q(next_attempt_at=None)).count()
