"""Run once for a new database, as whoever installs us would: `python -m tests.journeys.prepare`.

One process for all the commands, because each start of Python and Django costs more than what they do.
"""

import os
import sys

import django
from django.core.management import call_command


def main() -> None:
    """Prints the agent's key, and nothing else, on standard output."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createsuperuser", interactive=False, verbosity=0)
    call_command("calendly_setup", no_doctor=True, verbosity=0, stdout=sys.stderr)
    call_command("calendly_agent_key", "Journey agent")


if __name__ == "__main__":
    main()
