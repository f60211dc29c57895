"""`calendly_worker` with little patience, and with messages that harm: `python -m tests.journeys.watchful`.

What takes minutes in production, because a database may be slow for good reasons, must not take them in a test.
"""

import os
import sys
from datetime import timedelta
from typing import Any

import django
from django.core.management import execute_from_command_line


def endless(depth: int = 0) -> int:
    """A call without an end."""
    return endless(depth + 1)


def main() -> None:
    """Run the worker. It counts as hanging after eight seconds, and to send a message to `/poison/…` harms it. With
    SHORT_LEASES in its environment the leases of a dead one end after six seconds."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from calendly_integration.management import supervisor
    from calendly_integration.portal.client import Client
    from calendly_integration.services.outbox import dispatcher

    post = Client.post
    poison = {
        "/poison/exit": lambda: os._exit(1),
        "/poison/system-exit": sys.exit,
        "/poison/endless": endless,
    }

    def poisoned(client: Client, path: str, *args: Any, **options: Any) -> Any:
        return poison[path]() if path in poison else post(client, path, *args, **options)

    Client.post = poisoned  # type: ignore[method-assign]
    supervisor.HUNG_AFTER_SECONDS = 8.0
    if "SHORT_LEASES" in os.environ:
        dispatcher.LEASE, dispatcher.MAX_SEND_SECONDS = timedelta(seconds=6), 3.0
    execute_from_command_line(["manage.py", "calendly_worker", *sys.argv[1:]])


if __name__ == "__main__":
    main()
