"""`manage.py calendly_webhook subscribe|status|unsubscribe`: the subscription at Calendly."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from calendly_integration import clients
from calendly_integration.calendly.errors import CalendlyError
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.webhooks import subscriptions


class Command(BaseCommand):
    """One subscription for our URL: adopted, renewed, shown or ended. Never doubled."""

    help = "Subscribes to Calendly's webhooks, shows or ends the subscription."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=("subscribe", "status", "unsubscribe"))
        parser.add_argument(
            "--renew", action="store_true", help="create it again, after a change of the signing key"
        )

    def handle(self, *_args: object, **options: Any) -> None:
        account, now = calendly_accounts.default(), timezone.now()
        try:
            if not account.organization_uri:
                calendly_accounts.identify(account, now=now)
            self._act(options, account, now)
        except subscriptions.NoSigningKey as error:
            raise CommandError(
                "Set CALENDLY_WEBHOOK_SECRET to a long random text first: without it nothing is signed."
            ) from error
        except subscriptions.NotRenewed as error:
            raise CommandError(f"{error}. To make it: manage.py calendly_webhook subscribe") from error
        except (CalendlyError, clients.NoToken, subscriptions.TakenElsewhere) as error:
            raise CommandError(str(error)) from error

    def _act(self, options: dict[str, Any], account: Any, now: Any) -> None:
        url = calendly_accounts.webhook_url()
        if options["act"] == "unsubscribe":
            count = subscriptions.unsubscribe(account, now=now)
            self.stdout.write(f"Ended {count} subscription(s) for {url}.")
            return
        if options["act"] == "subscribe":
            state = subscriptions.subscribe(account, renew=options["renew"], now=now)
            self.stdout.write("Made." if state.made else "There already, adopted.")
        else:
            state = subscriptions.status(account, now=now)
        if state.subscription is None:
            raise CommandError(f"No subscription for {url}. Make it: manage.py calendly_webhook subscribe")
        kept = state.subscription
        self.stdout.write(f"{kept.state}  {kept.scope}  {kept.callback_url}\n    {', '.join(kept.events)}")
        if not state.healthy:
            raise CommandError("It does not deliver all that we need: manage.py calendly_webhook subscribe")
