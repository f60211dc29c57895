"""Reads Calendly's meetings, so that missed deliveries do no harm."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from ... import clients
from ...calendly.client import Client
from ...calendly.errors import CalendlyError, InvalidRequest, NotFound, PermissionDenied
from ...calendly.payloads import ScheduledEvent
from ...models import Booking, CalendlyAccount, CalendlyBooking, SyncRun
from ...models.constraints import violates
from .. import reconcile

# An interrupted run is resumed within this time. What changed before its cursor is read by the next run.
RESUME_WITHIN = timedelta(hours=6)
# After two missed runs of the schedule, deliveries may have been missed as well.
MAX_GAP = timedelta(hours=1)
DEFAULT_PAST = timedelta(days=2)
# Events that one query compares with our rows.
BATCH_SIZE = 100
SAVE_PROGRESS_EVERY = timedelta(seconds=10)

Progress = Callable[[int], None]


class AlreadyRunning(Exception):
    """Another sync of this account is running. `since` is when it started."""

    def __init__(self, since: datetime | None) -> None:
        super().__init__("Another sync runs already")
        self.since = since


def events(
    account: CalendlyAccount,
    *,
    past: timedelta = DEFAULT_PAST,
    now: datetime,
    progress: Progress | None = None,
) -> SyncRun:
    """Read all meetings that start after `now - past`, then those of our bookings that Calendly did not list.

    `progress` is called with the number of events read since the last call, to show it. A run may be interrupted:
    the next one goes on from the start time that it had reached. Raises AlreadyRunning, CalendlyError and NoToken.
    After an error the run has failed, and holds the error and its cursor.
    """
    run = _start_run(account, past=past, now=now)
    try:
        client = clients.calendly(account)
        _read_listed(client, run, now=now, progress=progress)
        _read_unconfirmed(client, run, now=now)
    except BaseException as error:
        text = (str(error) or type(error).__name__)[:500]
        SyncRun.objects.mark_failed(run, error=text, now=timezone.now())
        raise
    SyncRun.objects.mark_done(run, now=timezone.now())
    CalendlyAccount.objects.filter(pk=account.pk).update(events_synced_at=now)
    return run


def _start_run(account: CalendlyAccount, *, past: timedelta, now: datetime) -> SyncRun:
    """The last run, where it stopped within the same window, or a new one. Raises AlreadyRunning."""
    start = now - past
    runs = SyncRun.objects.filter(account=account)
    stopped = runs.stopped(now=now).filter(
        window_start__range=(start - RESUME_WITHIN, start), started_at__gte=now - RESUME_WITHIN
    )
    last = runs.order_by("-pk").first()
    found = stopped.filter(pk=last.pk).first() if last is not None else None
    try:
        with transaction.atomic():
            if found is not None and SyncRun.objects.resume(found, now=now):
                found.refresh_from_db()
                return found
            runs.mark_dead_failed(now=now)
            return SyncRun.objects.create(account=account, window_start=start, started_at=now, alive_at=now)
    except IntegrityError as error:
        if not violates(error, SyncRun, "sync_run_one_running"):
            raise
        running = runs.filter(status=SyncRun.Status.RUNNING).first()
        raise AlreadyRunning(running.started_at if running else None) from error


def _read_listed(client: Client, run: SyncRun, *, now: datetime, progress: Progress | None) -> None:
    """Read what Calendly lists, soonest first, so that a run can go on from the start time that it has reached.
    Page tokens expire within minutes (calendly-api, section 2): then the list is requested again from there."""
    last = run.account.events_synced_at
    # A no-show does not change the event, so after a gap all events that have started are read again.
    gap = last is None or now - last > MAX_GAP
    done: set[str] = set()
    while True:
        begin, done_before = max(run.window_start, run.cursor or run.window_start), len(done)
        try:
            for batch in _batches(_listed(client, run.account, begin)):
                fresh = [event for event in batch if event.uri not in done]
                differing = _differing(fresh)
                for event in fresh:
                    if event.uri in differing or (gap and event.start_time <= now):
                        run.changed += _read_invitees(client, run.account, event, now=now)
                    done.add(event.uri)
                    _record_progress(run, event)
                    if progress is not None:
                        progress(1)
        except InvalidRequest:
            if len(done) == done_before:
                raise  # the token has not expired: nothing was read with it
        else:
            return


def _batches(events: Iterator[ScheduledEvent]) -> Iterator[list[ScheduledEvent]]:
    """The events in batches. The events before an error are returned before the error is raised."""
    batch: list[ScheduledEvent] = []
    try:
        for event in events:
            batch.append(event)
            if len(batch) == BATCH_SIZE:
                yield batch
                batch = []
    except CalendlyError:
        yield batch
        raise
    if batch:
        yield batch


def _record_progress(run: SyncRun, event: ScheduledEvent) -> None:
    """Count the event, and save the progress every ten seconds."""
    run.seen += 1
    run.cursor = max(run.cursor or event.start_time, event.start_time)
    moment = timezone.now()
    if moment - run.alive_at >= SAVE_PROGRESS_EVERY:
        run.alive_at = moment
        run.save(update_fields=["seen", "changed", "cursor", "alive_at"])


def _listed(client: Client, account: CalendlyAccount, begin: datetime) -> Iterator[ScheduledEvent]:
    """The meetings of the organization, or only our own where the token may not list those."""
    try:
        yield from client.scheduled_events(
            organization=account.organization_uri, min_start=begin, sort="start_time:asc"
        )
    except PermissionDenied:
        yield from client.scheduled_events(user=account.user_uri, min_start=begin, sort="start_time:asc")


def _differing(events: list[ScheduledEvent]) -> set[str]:
    """The URIs of the events that differ from our Calendly bookings. Reading their invitees costs a call each."""
    kept: dict[str, list[CalendlyBooking]] = {event.uri: [] for event in events}
    columns = ("event_uri", "status", "event_updated_at", "confirmed_at")
    for calendly_booking in CalendlyBooking.objects.filter(event_uri__in=kept).only(*columns):
        kept[calendly_booking.event_uri].append(calendly_booking)
    return {event.uri for event in events if _differs(event, kept[event.uri])}


def _differs(event: ScheduledEvent, calendly_bookings: list[CalendlyBooking]) -> bool:
    active = sum(
        calendly_booking.status == CalendlyBooking.Status.ACTIVE for calendly_booking in calendly_bookings
    )
    expected = event.invitees_active if event.status == "active" else 0
    return (
        not calendly_bookings
        or active != expected
        or any(
            calendly_booking.confirmed_at is None
            or calendly_booking.event_updated_at is None
            or calendly_booking.event_updated_at < event.updated_at
            for calendly_booking in calendly_bookings
        )
    )


def _read_invitees(client: Client, account: CalendlyAccount, event: ScheduledEvent, *, now: datetime) -> int:
    observations = [
        reconcile.Observation(reconcile.Kind.READ, invitee, event) for invitee in client.invitees(event.uri)
    ]
    if not observations:
        return 0
    with transaction.atomic(durable=True):
        results = reconcile.apply_observations(account, observations, now=now)
    return sum(result.changed for result in results)


def _read_unconfirmed(client: Client, run: SyncRun, *, now: datetime) -> None:
    """Read the confirmed bookings in the window that Calendly has never confirmed."""
    unconfirmed = Booking.objects.filter(
        account=run.account, status=Booking.Status.CONFIRMED, start_at__gte=run.window_start
    ).filter(Q(confirmed_at__isnull=True) | Q(current_calendly_booking__confirmed_at__isnull=True))
    for booking in unconfirmed.select_related("current_calendly_booking").iterator(chunk_size=200):
        calendly_booking = booking.current_calendly_booking
        if calendly_booking is None or not calendly_booking.invitee_uri:
            continue
        try:
            invitee = client.invitee(calendly_booking.invitee_uri)
            event = client.scheduled_event(invitee.event_uri)
        except NotFound:
            continue
        observation = reconcile.Observation(reconcile.Kind.READ, invitee, event)
        with transaction.atomic(durable=True):
            [result] = reconcile.apply_observations(run.account, [observation], now=now)
        run.changed += result.changed
