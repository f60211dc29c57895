"""`manage.py calendly_worker` with little patience: `python -m tests.journeys.watchful`.

What takes minutes in production, because a queue may be slow for good reasons, must not take them in a test.
"""

import os
import signal
import sys

import django
from django.core.management import execute_from_command_line

POISONOUS = (
    "os._exit",
    "sys.exit",
    "tests.journeys.watchful.endless",
    "tests.journeys.watchful.killed_handing_in",
)


def endless(depth: int = 0) -> int:
    """A handler that never comes to its end."""
    return endless(depth + 1)


def killed_handing_in() -> None:
    """A handler whose process is killed at the worst moment: it holds a lock that the sentinel wants."""
    from django_q.signals import post_execute_in_worker  # it reads the settings

    post_execute_in_worker.connect(_die, weak=False)


def _die(**_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Run the worker; it takes poisonous tasks for its own. Its cluster is ill when a beat is not answered for
    twelve seconds, and when a dead process is not replaced for eight."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from calendly_integration import jobs
    from calendly_integration.management import cluster
    from calendly_integration.management.commands import calendly_worker

    jobs.NAMES += POISONOUS  # as if our own tasks did what these do
    cluster.NEGLECT = 8.0
    calendly_worker.BEAT_EVERY, calendly_worker.STALE_AFTER = 2.0, 12.0
    execute_from_command_line(["manage.py", "calendly_worker", *sys.argv[1:]])


if __name__ == "__main__":
    main()
