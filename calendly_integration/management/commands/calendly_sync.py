"""`manage.py calendly_sync [--events] [--since DAYS]`: read Calendly by hand."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from calendly_integration import clients
from calendly_integration.calendly.errors import CalendlyError
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.catalog import event_types
from calendly_integration.services.reconcile import sync


class Command(BaseCommand):
    """Read hosts and event types from Calendly, and meetings if asked. May be interrupted and run again."""

    help = "Mirrors Calendly's hosts and event types, with --events its meetings too."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--events", action="store_true", help="meetings and invitees too")
        parser.add_argument(
            "--since", type=int, default=2, metavar="DAYS", help="meetings from so many days ago"
        )

    def handle(self, *_args: object, **options: Any) -> None:
        account, now = calendly_accounts.default(), timezone.now()
        try:
            hosts, kinds = event_types.sync(account, now=now)
            self.stdout.write(f"{hosts} hosts, {kinds} event types.")
            if options["events"]:
                account.refresh_from_db()
                with tqdm(unit=" meetings", disable=None) as bar:
                    past = timedelta(days=max(0, options["since"]))

                    def progress(count: int) -> None:
                        bar.update(count)

                    run = sync.events(account, past=past, now=now, progress=progress)
                self.stdout.write(f"{run.seen} meetings, {run.changed} bookings changed.")
        except sync.AlreadyRunning as error:
            since = f", since {error.since:%Y-%m-%d %H:%M} UTC" if error.since else ""
            raise CommandError(
                f"Another sync runs already{since}. Run this again when it is done."
            ) from error
        except (CalendlyError, clients.NoToken) as error:
            said = str(error).rstrip(".")
            raise CommandError(f"{said}. What was read so far is kept; run it again to continue.") from error
