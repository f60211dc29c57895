"""`manage.py calendly_worker`: a process that does the background work, and its supervisor."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ...services.worker import Shutdown, worker_slots
from ..supervisor import supervise


class Command(BaseCommand):
    """Run the worker until SIGTERM or Ctrl-C."""

    help = "Run the worker under a supervisor. End it with Ctrl-C or SIGTERM."
    # Only our own: the others import every page and serializer of the portal, and a worker serves none.
    requires_system_checks = ["calendly"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--processes",
            type=int,
            choices=range(1, len(worker_slots.NAMES) + 1),
            default=1,
            help="worker processes that share the work; 2 for bursts of thousands of deliveries",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        shutdown = Shutdown()
        shutdown.on_signals()
        supervise(shutdown, processes=options["processes"])
