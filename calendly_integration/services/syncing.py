"""The mirror walked through: what a missed delivery would have told is found and told here."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Q

from .. import clients
from ..calendly.client import Client
from ..calendly.errors import CalendlyError, NotFound, PermissionDenied
from ..calendly.types import ScheduledEvent
from ..models import Booking, BookingLeg, Connection, SyncRun
from . import catalog, connections, mirror, subscriptions

log = logging.getLogger("calendly.sync")

# A run that wrote nothing for so long has died; the next goes on where it stopped.
DEAD_AFTER = timedelta(minutes=30)
# Two runs of the timetable missed: deliveries may be, too.
GAP = timedelta(hours=1)
DEFAULT_PAST = timedelta(days=2)

Progress = Callable[[int], None]


def run_scheduled(*, now: datetime) -> None:
    """What the timetable does: event types and hosts, the subscription, then the meetings that it missed.
    Failures are kept, not raised, and one does not hide the rest."""
    for step in (catalog.sync, subscriptions.tend, events):
        try:
            step(connections.default(), now=now)
        except (CalendlyError, clients.NoToken) as error:
            log.warning("sync: %s failed: %s", step.__name__, type(error).__name__)


def events(
    connection: Connection, *, past: timedelta = DEFAULT_PAST, now: datetime, progress: Progress | None = None
) -> SyncRun:
    """Mirror all meetings that start after `now - past`, then read those of ours that Calendly did not list.

    May be interrupted and run again: it goes on from the start time that it had reached. Raises CalendlyError,
    NoToken; the run then keeps the error and its cursor.
    """
    run = _resume(connection, past=past, now=now)
    try:
        client = clients.calendly(connection)
        _theirs(client, run, now=now, progress=progress)
        _ours(client, run, now=now)
    except (CalendlyError, clients.NoToken) as error:
        run.error = str(error)[:500]
        run.save(update_fields=["error", "seen", "changed", "cursor"])
        raise
    run.status, run.finished_at, run.error = SyncRun.Status.DONE, now, ""
    run.save()
    Connection.objects.filter(pk=connection.pk).update(events_synced_at=now)
    return run


def _resume(connection: Connection, *, past: timedelta, now: datetime) -> SyncRun:
    """The run that was interrupted within the last hours, or a new one."""
    start = now - past
    open_runs = SyncRun.objects.filter(connection=connection, status=SyncRun.Status.RUNNING)
    open_runs.filter(started_at__lt=now - timedelta(hours=6)).update(
        status=SyncRun.Status.FAILED, finished_at=now
    )
    run = open_runs.filter(window_start__lte=start + DEAD_AFTER, window_start__gte=start - DEAD_AFTER).first()
    if run is None:
        run = SyncRun.objects.create(connection=connection, window_start=start, started_at=now)
    return run


def _theirs(client: Client, run: SyncRun, *, now: datetime, progress: Progress | None) -> None:
    """What Calendly lists, soonest first, so that the start time reached is where to go on."""
    begin = max(run.window_start, run.cursor or run.window_start)
    last = run.connection.events_synced_at
    # A no-show is marked on the invitee and leaves the event as it was: after a gap those begun are read anew.
    gap = last is None or now - last > GAP
    for event in _listed(client, run.connection, begin):
        run.seen += 1
        if _differs(event) or (gap and event.start_time <= now):
            run.changed += _bring_in(client, run.connection, event, now=now)
        if progress is not None:
            progress(1)
        if run.cursor is None or event.start_time > run.cursor:
            run.cursor = event.start_time
            if run.seen % 50 == 0:
                run.save(update_fields=["seen", "changed", "cursor"])


def _listed(client: Client, connection: Connection, begin: datetime) -> Iterator[ScheduledEvent]:
    """The organization's meetings; only our own where the token sees no more."""
    try:
        yield from client.scheduled_events(
            organization=connection.organization_uri, min_start=begin, sort="start_time:asc"
        )
    except PermissionDenied:
        yield from client.scheduled_events(user=connection.user_uri, min_start=begin, sort="start_time:asc")


def _differs(event: ScheduledEvent) -> bool:
    """True where our legs do not tell the same: then its invitees are read, which costs a call."""
    kept = BookingLeg.objects.filter(event_uri=event.uri)
    counts = kept.aggregate(
        active=Count("pk", filter=Q(status=BookingLeg.Status.ACTIVE)),
        all=Count("pk"),
        fresh=Count("pk", filter=Q(event_updated_at__gte=event.updated_at, seen_at__isnull=False)),
    )
    active = event.invitees_active if event.status == "active" else 0
    return bool(counts["active"] != active or counts["all"] == 0 or counts["fresh"] < counts["all"])


def _bring_in(client: Client, connection: Connection, event: ScheduledEvent, *, now: datetime) -> int:
    sightings = [mirror.Sighting(mirror.Kind.READ, invitee, event) for invitee in client.invitees(event.uri)]
    results = mirror.observe(connection, sightings, now=now) if sightings else []
    return sum(result.changed for result in results)


def _ours(client: Client, run: SyncRun, *, now: datetime) -> None:
    """Confirmed bookings of ours in the window that the walk did not touch: read, whether they still stand."""
    unseen = Booking.objects.filter(
        connection=run.connection, status=Booking.Status.CONFIRMED, start_at__gte=run.window_start
    ).filter(Q(seen_at__isnull=True) | Q(current_leg__seen_at__isnull=True))
    for booking in unseen.select_related("current_leg").iterator(chunk_size=200):
        leg = booking.current_leg
        if leg is None or not leg.invitee_uri:
            continue
        try:
            invitee = client.invitee(leg.invitee_uri)
            event = client.scheduled_event(invitee.event_uri)
        except NotFound:
            continue
        [result] = mirror.observe(
            run.connection, [mirror.Sighting(mirror.Kind.READ, invitee, event)], now=now
        )
        run.changed += result.changed
