"""`manage.py calendly_sandbox`: the local Calendly and the stand-in portal alone."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from dataclasses import fields
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from calendly_integration.sandbox import seeds, servers
from calendly_integration.sandbox.options import Options
from calendly_integration.sandbox.sandbox import API_BASE

ARGUMENTS = (
    "host",
    "port",
    "portal_port",
    "webhook_url",
    "signing_key",
    "state",
    "latency",
    "seed",
    "uri_base",
    "same_names",
    "switches",
)


class Command(BaseCommand):
    """Serve both in the foreground until Ctrl-C or SIGTERM."""

    help = (
        "Runs a local Calendly and a stand-in portal, for trying things out without an account. "
        "Its controls under /sandbox/ answer to localhost and 127.0.0.1 only."
    )
    # It needs no database and none of our settings: it must run where those are still wrong.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8010, help="of the local Calendly (0: any)")
        parser.add_argument("--portal-port", type=int, default=8020, help="of the stand-in portal (0: any)")
        parser.add_argument("--webhook-url", help="subscribe this address to all its events")
        parser.add_argument("--signing-key", help="sign deliveries to --webhook-url with this key")
        parser.add_argument("--state", type=Path, help="keep what happens in this file (mode 0600)")
        parser.add_argument("--latency", type=float, default=0.0, help="seconds before each API answer")
        parser.add_argument("--seed", type=int, default=0, help="for ids and for what is left to chance")
        parser.add_argument(
            "--uri-base",
            default=API_BASE,
            metavar="URL",
            help="what its URIs and page links begin with (default: %(default)s). Give the address at which "
            "clients reach it, so that those who follow links stay here; both spellings are understood",
        )
        parser.add_argument(
            "--same-names",
            action="store_true",
            help="a fresh Calendly has a second host whose event types have the same names as the first one's",
        )
        parser.add_argument(
            "--option",
            action="append",
            default=[],
            dest="switches",
            metavar="NAME=VALUE",
            help="a switch, also to be set while it runs by POST /sandbox/options; may be repeated, for "
            "example --option plan=free --option location_outcome=processing. Each is explained in "
            f"calendly_integration/sandbox/options.py: {', '.join(item.name for item in fields(Options))}",
        )

    def handle(self, *_args: object, **options: Any) -> None:
        over = threading.Event()
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in before:
            signal.signal(number, lambda *_: over.set())
        try:
            self._serve(over, options)
        except OSError as error:
            raise CommandError(f"A port or the state file could not be used: {error}") from error
        except ValueError as error:
            raise CommandError(f"An option or the state file could not be read: {error}") from error
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _serve(self, over: threading.Event, options: dict[str, Any]) -> None:
        with servers.run(**{name: options[name] for name in ARGUMENTS}) as running:
            self.stdout.write(
                f"Calendly: {running.url}/\n"
                f"    CALENDLY_API_URL={running.url} CALENDLY_API_KEY={seeds.TOKEN}\n"
                f"Portal:   {running.portal_url}/\n"
                f"    VAI_API_URL={running.portal_url} VAI_API_KEY=any\n"
                "Ctrl-C ends both."
            )
            self.stdout.flush()
            over.wait()
        self.stdout.write("Ended.")
