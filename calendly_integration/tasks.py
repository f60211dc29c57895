"""What a plain `qcluster` runs. A task may be lost, run twice or late."""

from django.utils import timezone

from .services import worker
from .services.worker import scheduled


def sweep() -> None:
    """Every minute, and after each sweep: work off what is due."""
    worker.sweep(clock=timezone.now)


def sync() -> None:
    """Every half hour: read what Calendly has."""
    scheduled.run_sync(now=timezone.now())


def housekeeping() -> None:
    """Once an hour: delete what is no longer needed."""
    scheduled.run_housekeeping(now=timezone.now())
