"""What the queue runs: each reads the clock and calls a service. A task may be lost, doubled or late."""

from django.utils import timezone

from .services import worker
from .services.reconcile import sync as syncing
from .services.worker import heartbeat


def drain() -> None:
    """Work off what is due."""
    worker.drain(clock=timezone.now)


def sweep() -> None:
    """Every minute: mend what is stuck, then work off what is due, with or without a wake."""
    worker.sweep(clock=timezone.now)


def sync() -> None:
    """Every half hour: mirror Calendly, where it is time to."""
    syncing.run_scheduled(now=timezone.now())


def beat(sent_at: str) -> None:
    """A heartbeat has come through the queue."""
    heartbeat.beat(now=timezone.now(), sent_at=sent_at)


def housekeeping() -> None:
    """Once an hour: delete what nobody will ask for any more."""
    heartbeat.clean(now=timezone.now())
