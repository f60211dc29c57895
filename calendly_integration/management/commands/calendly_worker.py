"""`manage.py calendly_worker`: a process that does the background work, and its supervisor."""

from typing import Any

from django.core.management.base import BaseCommand

from ...services.worker import Shutdown
from ..supervisor import supervise


class Command(BaseCommand):
    """Run the worker until SIGTERM or Ctrl-C."""

    help = "Run the worker under a supervisor. End it with Ctrl-C or SIGTERM."
    # Only our own: the others import every page and serializer of the portal, and a worker serves none.
    requires_system_checks = ["calendly"]

    def handle(self, *args: Any, **options: Any) -> None:
        shutdown = Shutdown()
        shutdown.on_signals()
        supervise(shutdown)
