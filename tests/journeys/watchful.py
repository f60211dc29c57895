"""`manage.py calendly_worker` with little patience: `python -m tests.journeys.watchful`.

What takes minutes in production, because a queue may be slow for good reasons, must not take them in a test.
"""

import os
import sys

import django
from django.core.management import execute_from_command_line


def endless(depth: int = 0) -> int:
    """A handler that never comes to its end."""
    return endless(depth + 1)


def main() -> None:
    """Run the worker; its cluster is ill when a beat is not answered for twelve seconds."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from calendly_integration.management.commands import calendly_worker

    calendly_worker.BEAT_EVERY, calendly_worker.STALE_AFTER = 2.0, 12.0
    execute_from_command_line(["manage.py", "calendly_worker", *sys.argv[1:]])


if __name__ == "__main__":
    main()
