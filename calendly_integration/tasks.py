"""What a plain `qcluster` runs. A task may be lost, run twice or late."""

from django.utils import timezone

from .services import worker
from .services.reconcile import sync as calendly_sync
from .services.worker import heartbeat


def sweep() -> None:
    """Every minute, and after each sweep: work off what is due."""
    worker.sweep(clock=timezone.now)


def sync() -> None:
    """Every half hour: read what Calendly has."""
    calendly_sync.run_scheduled(now=timezone.now())


def housekeeping() -> None:
    """Once an hour: delete what is no longer needed."""
    heartbeat.clean(now=timezone.now())
