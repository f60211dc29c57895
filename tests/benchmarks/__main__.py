"""`python -m tests.benchmarks [names] --database sqlite|postgres`: run them and print the figures."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import django
from django.core.management import call_command

from .figures import Figure, table
from .surroundings import Place, place

NAMES = ("burst", "outage", "questions", "booking", "lists", "idle", "words")
MORE = ("backoffice",)  # not without being asked for: a million rows


def _measures(options: argparse.Namespace) -> dict[str, Callable[[Place], list[Figure]]]:
    from . import backoffice, booking, burst, idle, lists, questions, words

    return {
        "burst": lambda at: burst.measure(at, count=options.deliveries),
        "outage": lambda at: burst.outage(at, count=options.deliveries),
        "questions": lambda at: questions.measure(at, count=options.deliveries),
        "booking": booking.measure,
        "lists": lambda at: lists.measure(at, most=options.bookings),
        "idle": idle.measure,
        "words": words.measure,
        "backoffice": backoffice.measure,
    }


def main() -> int:
    """Returns 1 where a figure does not reach its target."""
    options = _options()
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-") as folder,
        place(options.database, server=options.server, first_port=options.port, folder=Path(folder)) as at,
    ):
        os.environ.clear()
        os.environ.update(at.environment())
        django.setup()
        call_command("migrate", verbosity=0, run_syncdb=True)
        missed = False
        for name in options.names or NAMES:
            figures = _measures(options)[name](at)
            missed |= any(figure.missed for figure in figures)
            load = " ".join(f"{each:.1f}" for each in os.getloadavg())
            print(f"\n{name}, {options.database} (load average {load})\n{table(figures)}", flush=True)
    return int(missed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[[], *NAMES, *MORE], help="which; all but the last by default"
    )
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument(
        "--server",
        default="postgres://postgres@127.0.0.1:5432/postgres",
        help="the PostgreSQL on which a database is made, and dropped at the end",
    )
    parser.add_argument("--port", type=int, default=8600, help="the first of the ports to listen on")
    parser.add_argument("--deliveries", type=int, default=5000)
    parser.add_argument("--bookings", type=int, default=100_000)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
