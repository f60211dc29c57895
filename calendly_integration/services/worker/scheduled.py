"""What the schedules run, besides the sweep."""

import logging
from datetime import datetime, timedelta

from ... import clients, jobs
from ...calendly.errors import CalendlyError
from ..accounts import calendly_accounts
from ..bookings import idempotency, refused_attempts
from ..catalog import event_types
from ..reconcile import sync
from ..webhooks import subscriptions
from . import heartbeat

log = logging.getLogger("calendly.sync")

KEEP_RESULTS = timedelta(days=7)
SYNC_ERRORS = (
    CalendlyError,
    clients.NoToken,
    sync.AlreadyRunning,
    subscriptions.NotRenewed,
    subscriptions.TakenElsewhere,
)


def run_sync(*, now: datetime) -> None:
    """Read event types and hosts, tend the subscription, read meetings. A failure is logged, and the next step
    still runs."""
    for step in (event_types.sync, subscriptions.tend, sync.events):
        try:
            step(calendly_accounts.default(), now=now)
        except SYNC_ERRORS as error:
            log.warning("sync: %s failed: %s", step.__name__, type(error).__name__)


def run_housekeeping(*, now: datetime) -> None:
    """Delete answers kept for repeated requests, old refused attempts, results of tasks, and heartbeats of workers
    long gone."""
    idempotency.forget(now=now)
    refused_attempts.forget(now=now)
    heartbeat.forget(now=now)
    jobs.forget_results(now - KEEP_RESULTS)
