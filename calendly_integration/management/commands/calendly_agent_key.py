"""`manage.py calendly_agent_key NAME`: make a key for an agent."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ...services.agents import keys


class Command(BaseCommand):
    """Prints the key, and nothing else, on standard output."""

    help = "Make a key for an agent and print it. It is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="who will use it")
        parser.add_argument(
            "--scope",
            action="append",
            choices=keys.SCOPES,
            help="may be repeated; all rights if left out",
        )
        parser.add_argument(
            "--expires", type=int, metavar="DAYS", help="after how many days it stops working"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name, days = options["name"].strip(), options["expires"]
        if not name or len(name) > 100 or not name.isprintable():
            raise CommandError("NAME is 1 to 100 printable characters.")
        if days is not None and not 1 <= days <= 3650:
            raise CommandError("--expires is 1 to 3650 days.")
        now = timezone.now()
        _key, text = keys.create(
            name,
            scopes=options["scope"] or keys.SCOPES,
            expires_at=now + timedelta(days=days) if days else None,
            now=now,
        )
        self.stdout.write(text)
