"""Deliveries from Calendly: accepted in the request, applied by the worker.

The request only verifies and stores. Everything else may be done twice, late, and in any order.
"""

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import close_old_connections, transaction
from django.db.models import Q

from .. import conf, jobs
from ..calendly import webhooks
from ..calendly.errors import InvalidSignature, Unreadable
from ..models import Connection, Delivery
from ..models.rewriting import alteration, insert_missing, send
from ..models.work import DATABASE_AWAY
from . import catalog, connections, mirror, signing_keys
from .together import Together

log = logging.getLogger("calendly.inbox")

LEASE = timedelta(seconds=60)
BATCH = 50
MOST_TRIES = 5
# So many deliveries within such a time are a burst.
RUSH, RUSH_WITHIN = 50, timedelta(seconds=0.5)
LONGEST_PAUSE = 300

Status = Delivery.Status


class Refused(Exception):
    """The delivery is not signed by anyone we know. Nothing is stored."""


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
        log.warning("delivery refused: %s", error)
        raise Refused from error
    row = Delivery(digest=hashlib.sha256(body).hexdigest(), body=body, received_at=now, next_attempt_at=now)
    if transaction.get_connection().in_atomic_block:
        _insert([row])  # what others brought must not hang on a transaction that may be rolled back
    else:
        _together.write(row)
    jobs.wake()


def _verify(body: bytes, signature: str | None, keys: tuple[str, ...], now: datetime) -> None:
    webhooks.verify(
        body=body,
        header=signature,
        keys=keys,
        now=now.timestamp(),
        tolerance=conf.get().WEBHOOK_TOLERANCE,
    )


def _insert(rows: Sequence[Delivery]) -> None:
    """Keep what is not there yet. In one order for all, so that two processes never wait for one another."""
    ordered = sorted(rows, key=lambda row: row.digest)
    insert_missing(ordered)


_together: Together[Delivery] = Together(_insert, most=50)


def process(*, now: datetime, limit: int = BATCH) -> int:
    """Apply due deliveries. Returns how many were taken.

    Fresh ones are applied together. One that failed, or whose worker died, is taken alone from then on, so that
    it can hurt nobody else; after five tries it is parked for staff.
    """
    fresh = Delivery.objects.filter(attempts=0).claim(now=now, lease=LEASE, limit=limit)
    if fresh:
        try:
            _apply(fresh, now)
        except (Exception, SystemExit) as error:
            _complain(error, f"a batch of {len(fresh)} deliveries failed; each is tried alone")
            Delivery.objects.filter(
                pk__in=[row.pk for row in fresh], lease_token=fresh[0].lease_token
            ).update(next_attempt_at=now, lease_token=None)
        return len(fresh)
    alone = Delivery.objects.filter(attempts__gt=0).claim(now=now, lease=LEASE, limit=1)
    for row in alone:
        _apply_alone(row, now)
    return len(alone)


def _apply_alone(row: Delivery, now: datetime) -> None:
    if row.attempts > MOST_TRIES:
        Delivery.objects.finish(row, status=Status.PARKED)
        return
    try:
        _apply([row], now)
    except (Exception, SystemExit) as error:
        _complain(error, f"delivery {row.pk} failed")
        last = row.attempts >= MOST_TRIES
        pause = timedelta(seconds=min(LONGEST_PAUSE, 2**row.attempts))
        Delivery.objects.finish(
            row,
            status=Status.PARKED if last else Status.RECEIVED,
            next_attempt_at=None if last else now + pause,
            last_error=f"{type(error).__name__}: {error}"[:500],
        )


def _complain(error: BaseException, what: str) -> None:
    """Log it. A database that went away is no fault of ours: a line, and a fresh connection for what follows."""
    if isinstance(error, DATABASE_AWAY):
        log.warning("%s: the database does not answer (%s)", what, type(error).__name__)
        close_old_connections()
    else:
        log.error(what, exc_info=error)


def _apply(rows: Sequence[Delivery], now: datetime) -> None:
    """Apply deliveries and mark them, all or none."""
    # Read before the transaction: on SQLite it keeps the receiver waiting.
    told = [_read(row) for row in rows]
    with transaction.atomic(durable=True):
        connection = connections.default()
        seen: list[tuple[Delivery, mirror.Sighting]] = []
        for row, what in zip(rows, told, strict=True):
            if isinstance(what, Unreadable):
                _mark(row, Status.UNREADABLE, now, error=str(what)[:500])
            elif isinstance(what, webhooks.InviteeDelivery):
                seen.append((row, mirror.Sighting(mirror.Kind(what.kind), what.invitee, what.event)))
            elif isinstance(what, webhooks.EventTypeDelivery):
                changed = catalog.event_type_told(connection, what.event_type, what.kind, now=now)
                _mark(row, Status.APPLIED if changed else Status.UNCHANGED, now)
            else:
                _mark(row, Status.UNKNOWN, now)
        if seen:
            _apply_seen(connection, seen, now)
        _save(rows, connection)


def _read(row: Delivery) -> webhooks.Delivery | Unreadable:
    try:
        told = webhooks.parse(bytes(row.body), bases=[conf.get().API_URL])
    except Unreadable as error:
        return error
    row.kind = told.kind[:100]
    return told


def _apply_seen(connection: Connection, seen: list[tuple[Delivery, mirror.Sighting]], now: datetime) -> None:
    results = mirror.observe(connection, [sighting for _row, sighting in seen], now=now)
    for (row, _sighting), result in zip(seen, results, strict=True):
        row.booking_id = result.booking.pk
        _mark(row, Status.APPLIED if result.changed else Status.UNCHANGED, now)


def _mark(row: Delivery, status: str, now: datetime, error: str = "") -> None:
    row.status, row.applied_at, row.last_error = status, now, error


def _save(rows: Sequence[Delivery], connection: Connection) -> None:
    """Write the marks. Rows whose lease was lost belong to somebody else, who did the same."""
    marks = ("status", "kind", "last_error", "applied_at", "booking_id")
    done = {"connection_id": connection.pk, "next_attempt_at": None, "lease_token": None}
    changes = [(row.pk, {name: getattr(row, name) for name in marks} | done) for row in rows]
    send(alteration(Delivery, changes, where={"lease_token": rows[0].lease_token}))


def again(row: Delivery, *, now: datetime) -> None:
    """Apply a delivery once more, as staff ask."""
    Delivery.objects.filter(pk=row.pk).update(
        status=Status.RECEIVED, next_attempt_at=now, attempts=1, lease_token=None, last_error=""
    )
    jobs.wake()


def rush(now: datetime) -> bool:
    """True while deliveries come in as in a burst: whoever works in the background then makes way."""
    recent = Delivery.objects.order_by("-pk").values_list("received_at", flat=True)[RUSH : RUSH + 1]
    return any(moment > now - RUSH_WITHIN for moment in recent)


def waiting(now: datetime) -> int:
    """How many deliveries wait to be applied."""
    return Delivery.objects.filter(~Q(next_attempt_at=None)).count()
