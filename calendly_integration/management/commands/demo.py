"""`manage.py demo`: the whole system on this machine, with nothing else needed."""

import contextlib
import importlib.util
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from calendly_integration import conf
from calendly_integration.models import AgentKey
from calendly_integration.sandbox import seeds, servers
from calendly_integration.services import texts
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.agents import keys

from .. import demo_database, demo_history

HOST = "127.0.0.1"
READY_WITHIN = 60.0

EXAMPLE = """
Try it. Book, as an agent does:

    curl -s {url}/api/calendly/schedule -H 'Authorization: Bearer {key}' \\
      -H 'Content-Type: application/json' -d '{{"eventType": "Sales Demo", "inviteeName": "Ioana Pop",
      "inviteeEmail": "ioana.pop@example.com", "preferredTime": "{wanted}", "conversationId": "demo-1"}}'

Look at what became of it:

    {url}/admin/   staff: {user} / {password}
    {url}/api/calendly/docs   the API, to read (log in as staff first)
    {calendly}/   the local Calendly: cancel or move the meeting there, as the invitee would
    {portal}/   the stand-in portal: the messages that it was sent

Agent key: {key}
Ctrl-C ends all of it.
"""


class Command(BaseCommand):
    """SQLite, a local Calendly, a local portal, the web server, the worker. Seeds event types and staff."""

    help = "Runs everything locally, for trying it out. Needs no account, no other server and no network."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="of the web server")
        parser.add_argument("--calendly-port", type=int, default=8010, help="of the local Calendly")
        parser.add_argument("--portal-port", type=int, default=8020, help="of the stand-in portal")
        parser.add_argument(
            "--empty", action="store_true", help="without the weeks of meetings that a first start makes"
        )

    def handle(self, *_args: object, **options: Any) -> None:
        over = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: over.set())
        folder = Path(settings.BASE_DIR) / ".demo"
        folder.mkdir(mode=0o700, exist_ok=True)
        self.password = demo_database.password(folder)
        demo_database.refuse_foreign(self.password)
        try:
            # gunicorn would try for seconds, while the program that has the port passes for our web server.
            socket.create_server((HOST, options["port"])).close()
            with servers.run(
                host=HOST,
                port=options["calendly_port"],
                portal_port=options["portal_port"],
                state=folder / "calendly.json",
            ) as running:
                self._configure(options["port"], running, folder)
                self._seed(running, with_history=not options["empty"])
                with self._processes(options["port"]) as processes:
                    self._run(processes, running, over, options["port"])
        except OSError as error:
            raise CommandError(f"{error}. Choose other ports: manage.py demo --help") from error
        self.stdout.write("Ended.")

    def _configure(self, port: int, running: servers.Running, folder: Path) -> None:
        """The demo's surroundings, for this process and those it starts. What the environment sets, stays."""
        given = {
            "API_KEY": ("CALENDLY_API_KEY", seeds.TOKEN),
            "API_URL": ("CALENDLY_API_URL", running.url),
            "PORTAL_URL": ("VAI_API_URL", running.portal_url),
            "PORTAL_KEY": ("VAI_API_KEY", "demo"),
            "SYSTEM_EMAIL": ("VAI_SYSTEM_EMAIL", "agent@vaiportal.example"),
            "PUBLIC_URL": ("PUBLIC_URL", f"http://{HOST}:{port}"),
            "WEBHOOK_SECRETS": ("CALENDLY_WEBHOOK_SECRET", _kept_secret(folder / "signing_key")),
        }
        for name, (variable, value) in given.items():
            value = os.environ.setdefault(variable, value)
            settings.CALENDLY_INTEGRATION[name] = value.split(",") if name == "WEBHOOK_SECRETS" else value

    def _seed(self, running: servers.Running, *, with_history: bool) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        users = get_user_model()
        if not users.objects.filter(**{users.USERNAME_FIELD: demo_database.NAME}).exists():
            users.objects.create_superuser(demo_database.NAME, password=self.password)
        if with_history:
            # Before the subscription, so that Calendly does not deliver the past as news.
            now = timezone.now()
            account = calendly_accounts.default()
            calendly_accounts.identify(account, now=now)
            demo_history.make(running.calendly, account, now=now)
        call_command("calendly_setup", no_doctor=True, verbosity=0, stdout=open(os.devnull, "w"))  # noqa: SIM115

    @contextlib.contextmanager
    def _processes(self, port: int) -> Any:
        """The web server and the worker, in sessions of their own: Ctrl-C is for us, we end them in order."""
        module, _dot, name = str(settings.WSGI_APPLICATION).rpartition(".")
        web = [sys.executable, "-m", "gunicorn", "--preload", "--workers=2", "--threads=8"]
        own = f"{module.partition('.')[0]}.gunicorn"
        if importlib.util.find_spec(own):
            web += ["-c", f"python:{own}"]
        web += [f"--bind={HOST}:{port}", "--log-level=warning", f"{module}:{name}"]
        worker = [sys.executable, sys.argv[0], "calendly_worker"]
        started: list[subprocess.Popen[bytes]] = []
        try:
            started.append(subprocess.Popen(web, start_new_session=True))  # noqa: S603
            started.append(subprocess.Popen(worker, start_new_session=True))  # noqa: S603
            yield started
        finally:
            for process in started:
                process.terminate()
            for process in started:
                _ended(process)

    def _run(
        self,
        processes: list[subprocess.Popen[bytes]],
        running: servers.Running,
        over: threading.Event,
        port: int,
    ) -> None:
        url = f"http://{HOST}:{port}"
        if _ready(url, processes, over):
            self.stdout.write(self._story(url, running))
            self.stdout.flush()
        while not over.wait(0.5):
            dead = [str(process.args) for process in processes if process.poll() is not None]
            if dead:
                raise CommandError(f"A process of the demo has ended: {dead[0]}")

    def _story(self, url: str, running: servers.Running) -> str:
        """Where to look, and an example call. The demo's key is created each time: keys are kept hashed."""
        now = timezone.now()
        for old in AgentKey.objects.valid(now).filter(name="demo"):
            keys.revoke(old, now=now)
        _key, secret = keys.create(name="demo", now=now)
        wanted = (now + timedelta(days=1)).replace(hour=8, minute=0, second=0)
        return EXAMPLE.format(
            url=url,
            key=secret,
            wanted=texts.utc(wanted),
            user=demo_database.NAME,
            password=self.password,
            calendly=running.url,
            portal=running.portal_url,
        )


def _kept_secret(file: Path) -> str:
    """A signing key that stays the same over restarts, as the local Calendly's subscription does."""
    if conf.get().WEBHOOK_SECRETS:
        return ",".join(conf.get().WEBHOOK_SECRETS)
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32), encoding="utf-8")
    return file.read_text(encoding="utf-8").strip()


def _ready(url: str, processes: list[subprocess.Popen[bytes]], over: threading.Event) -> bool:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and not over.wait(0.2):
        if any(process.poll() is not None for process in processes):
            return False
        with contextlib.suppress(requests.RequestException):
            if requests.get(f"{url}/admin/login/", timeout=5).ok:
                return True
    return False


def _ended(process: subprocess.Popen[bytes]) -> None:
    """Wait for it; one that does not end in time is killed with all that it started."""
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
