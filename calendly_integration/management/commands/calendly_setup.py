"""`manage.py calendly_setup`: a real account, from a token to a working integration."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from calendly_integration import clients, jobs
from calendly_integration.calendly.errors import CalendlyError
from calendly_integration.models import CalendlyAccount
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.catalog import default_event_types, event_types
from calendly_integration.services.webhooks import subscriptions


class Command(BaseCommand):
    """Finds user and organization, creates missing event types on request, syncs, subscribes, runs the doctor."""

    help = "Sets up the connection to a real Calendly account. May be run again at any time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--create-event-types", action="store_true", help="create the missing standard event types"
        )
        parser.add_argument("--no-doctor", action="store_true", help="leave the checks at the end out")

    def handle(self, *_args: object, **options: Any) -> None:
        now = timezone.now()
        try:
            account = calendly_accounts.default()
        except DatabaseError as error:
            raise CommandError(
                f"The database cannot be read ({type(error).__name__}). Run manage.py migrate first."
            ) from error
        try:
            self._set_up(account, options, now)
        except subscriptions.NoSigningKey as error:
            raise CommandError(
                "Set CALENDLY_WEBHOOK_SECRET to a long random text, then run this again."
            ) from error
        except (
            CalendlyError,
            clients.NoToken,
            subscriptions.NotRenewed,
            subscriptions.TakenElsewhere,
        ) as error:
            raise CommandError(str(error)) from error
        if not options["no_doctor"]:
            call_command("calendly_doctor", stdout=self.stdout)

    def _set_up(self, account: CalendlyAccount, options: dict[str, Any], now: datetime) -> None:
        me = calendly_accounts.identify(account, now=now)
        self.stdout.write(f"{me.name} <{me.email}>, {account.organization_uri}")
        hosts, kinds = event_types.sync(account, now=now)
        self.stdout.write(f"{hosts} hosts, {kinds} event types read.")
        lacking = default_event_types.missing(account)
        if lacking and options["create_event_types"]:
            made = default_event_types.create_missing(account, now=now)
            self.stdout.write(f"Created: {', '.join(made)}.")
        elif lacking:
            names = ", ".join(kind.name for kind in lacking)
            self.stdout.write(
                f"Missing: {names}. To create them: manage.py calendly_setup --create-event-types"
            )
        state = subscriptions.subscribe(account, now=now)
        word = "made" if state.made else "there already"
        self.stdout.write(f"Webhook subscription {word}: {calendly_accounts.webhook_url()}")
        jobs.ensure_schedules(now)
