"""The whole system: Calendly and the portal here in the test, web and worker as processes, a database."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from calendly_integration.sandbox.availability import WEEKDAYS
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.options import Options
from calendly_integration.sandbox.portal import Portal
from calendly_integration.sandbox.portal_state import ReceivedMessage
from calendly_integration.sandbox.server import SandboxServer

from .agents import Agent, Staff
from .brokers import Redis
from .databases import Database
from .processes import ROOT, Process, children_of, free_port, surroundings, until

# Each looks like what it is, and can be found again wherever it should not be.
TOKEN = "canaryCalendlyToken0000000000000000"
PORTAL_KEY = "canaryPortalKey00000000000000000000"
SIGNING_KEYS = ("canarySigningKeyOne0000000000000000", "canarySigningKeyTwo0000000000000000")
STAFF = ("journey-staff", "canaryStaffPassword0000000000000000")
ALWAYS = [{"type": "wday", "wday": day, "intervals": [{"from": "00:00", "to": "23:59"}]} for day in WEEKDAYS]


class System:
    """Started once for many stories: `begin` stands before each, `invariants.check` after it."""

    def __init__(self, folder: Path, database: Database, redis: Redis | None) -> None:
        self.folder, self.database, self.redis = folder, database, redis
        self.calendly = Calendly()
        self.calendly.seed_standard(token=TOKEN)
        for user in list(self.calendly.state.users.values()):
            self.calendly.set_hours(user, ALWAYS)
        self.server = SandboxServer(self.calendly)
        self.portal = Portal(key=PORTAL_KEY)
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.environment: dict[str, str] = {}
        self._starts = 0
        self._people = 0
        self._read: dict[Path, int] = {}
        self.arrivals_before = 0
        self.complaints_allowed = False
        self.repeats_allowed = False

    # The processes

    def start(self) -> None:
        """Everything, until it is ready for the first call."""
        self.server.start()
        self.portal.start()
        self.environment = surroundings(self._settings())
        made = subprocess.run(
            [sys.executable, "-m", "tests.journeys.prepare"],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            check=False,
            text=True,
        )
        assert made.returncode == 0, made.stderr
        self.agent = Agent(self.url, made.stdout.strip())
        self.start_web()
        self.start_worker()
        self.staff = Staff(self.url, *STAFF)
        self.wait_for_worker()

    def _settings(self) -> dict[str, str]:
        given = {
            "DJANGO_SECRET_KEY": "canarySecretKey000000000000000000000000000000000000",
            "DATABASE_URL": self.database.url,
            "CALENDLY_API_KEY": TOKEN,
            "CALENDLY_API_URL": self.server.url,
            "CALENDLY_WEBHOOK_SECRET": ",".join(SIGNING_KEYS),
            "VAI_API_URL": self.portal.url,
            "VAI_API_KEY": PORTAL_KEY,
            "PUBLIC_URL": self.url,
            "BIND": f"127.0.0.1:{self._port}",
            "WEB_CONCURRENCY": "2",
            "DJANGO_SUPERUSER_USERNAME": STAFF[0],
            "DJANGO_SUPERUSER_PASSWORD": STAFF[1],
            "DJANGO_SUPERUSER_EMAIL": "staff@journey.example",
        }
        return given | ({"REDIS_URL": self.redis.url} if self.redis else {})

    def start_web(self, port: int | None = None, **more: str) -> Process:
        """gunicorn as the README says. With `port` another one beside the first."""
        environment = self.environment | more | ({"BIND": f"127.0.0.1:{port}"} if port else {})
        command = ["-m", "gunicorn", "-c", "python:config.gunicorn", "config.wsgi"]
        web = Process(command, environment, self.folder / ("web.log" if port is None else f"web-{port}.log"))
        if port is None:
            self.web = web
        agent = self.agent if port is None else Agent(f"http://127.0.0.1:{port}", self.agent.key)

        def answers() -> bool:
            assert web.alive, web.output()
            try:
                return agent.call("GET", "event-types").status == 200
            except OSError:
                return False

        until(answers, what=web.output)
        return web

    def start_worker(self, **more: str) -> None:
        """With `more` in its environment."""
        environment = self.environment | more
        self._worked_since = datetime.now(UTC)
        self.worker = Process(["manage.py", "calendly_worker"], environment, self.folder / "worker.log")

    def wait_for_worker(self) -> None:
        """Until the present worker process works."""
        asked = "SELECT count(*) FROM calendly_integration_heartbeat WHERE stopped_at IS NULL AND beat_at > ?"
        until(lambda: self.database.one(asked, self._worked_since), within=40, what=self.worker.output)

    def kill_web_workers(self) -> None:
        """`kill -9` those that serve; gunicorn's master starts others."""
        for pid in self.web.children():
            os.kill(pid, signal.SIGKILL)

    def kill_worker_process(self) -> None:
        """`kill -9` the process that works; its supervisor lives."""
        [process] = children_of(self.worker.pid)
        os.kill(process, signal.SIGKILL)
        self._worked_since = datetime.now(UTC)

    def pass_a_minute(self) -> None:
        """What waits for the leases of the dead, or for Calendly's grace, to end need not wait really."""
        ago = datetime.now(UTC) - timedelta(seconds=61)
        change = self.database.change
        for table in ("outboxqueue", "webhookdelivery", "calendlybooking"):
            change(
                f"UPDATE calendly_integration_{table} SET next_attempt_at = ? WHERE next_attempt_at > ?",
                ago,
                ago,
            )
        change("UPDATE calendly_integration_calendlybooking SET sent_at = ? WHERE status = 'pending'", ago)
        change(
            "UPDATE calendly_integration_idempotencyrecord SET started_at = ? WHERE answered_at IS NULL", ago
        )

    def stop(self) -> None:
        """Everything. Fails if web or worker do not end when asked to."""
        try:
            for name in ("web", "worker"):
                if hasattr(self, name):
                    getattr(self, name).stop()
        finally:
            self.portal.stop()
            self.server.stop()

    # People and starts

    def start_at(self) -> datetime:
        """A free start that no other story uses, some days from now."""
        self._starts += 1
        today = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0)
        days, hours = divmod(self._starts - 1, 6)
        return today + timedelta(days=3 + days, hours=2 * hours)

    def booking_request(self, start: datetime | None = None, **more: Any) -> dict[str, Any]:
        """The body of `POST schedule`, of a person and a conversation of their own."""
        self._people += 1
        return {
            "eventType": "Sales Demo",
            "inviteeEmail": f"invitee-{self._people}@journey.example",
            "inviteeName": f"Invitee {self._people}",
            "preferredTime": utc(start or self.start_at()),
            "flexibility": "exact",
            "conversationId": f"conversation-{self._people}.",
        } | more

    def told(self, booking_request: dict[str, Any]) -> list[ReceivedMessage]:
        """What the portal has accepted of that person and conversation, in the order of first arrival."""
        marks = (booking_request["inviteeEmail"], booking_request["conversationId"])
        found = [each for each in self.portal.accepted() if any(mark in str(each.json) for mark in marks)]
        return sorted(found, key=lambda each: each.number)

    def paths(self, booking_request: dict[str, Any]) -> list[str]:
        return [each.path for each in self.told(booking_request)]

    def confirmed(self, booking_request: dict[str, Any], **headers: str) -> Any:
        """Book it, and wait until the portal knows all of it; the booking."""
        answer = self.agent.book(booking_request, **headers)
        assert answer.status == 201, answer.body
        until(lambda: len(self.paths(booking_request)) >= 5, what=lambda: self.paths(booking_request))
        return answer.booking

    def invitee_of(self, booking: Any) -> Any:
        """The sandbox's record behind a booking."""
        event = self.calendly.find_event(booking["calendlyEventId"])
        [key] = event.invitee_ids
        return self.calendly.find_invitee(key)

    def meetings_at(self, start: datetime) -> int:
        """How many invitees have a meeting there at that start."""
        with self.calendly.lock:
            events = {event.id for event in self.calendly.state.events.values() if event.start == start}
            invitees = list(self.calendly.state.invitees.values())
        return sum(each.event_id in events and each.status == "active" for each in invitees)

    def resend_parked(self) -> None:
        """Staff send again what the portal has refused."""
        page = "/admin/calendly_integration/outboxmessage/"
        sql = "SELECT id FROM calendly_integration_outboxmessage WHERE status = 'parked'"
        for (key,) in self.database.rows(sql):
            self.staff.post(page, action="send_again", _selected_action=str(key), sure="yes", index="0")

    # Before each story, and in it

    def begin(self) -> None:
        """A quiet day: no faults, no switches."""
        self.calendly.faults.clear()
        for name, value in vars(Options(location_push_seconds=0.0, retry_base=1.0)).items():
            setattr(self.calendly.options, name, value)
        portal = self.portal
        portal.down = portal.drop = portal.lose = False
        portal.refuse, portal.limit_for, portal.latency = {}, None, 0.0
        self.complaints_allowed = self.repeats_allowed = False
        self.arrivals_before = len(portal.arrivals)
        self._read = {file: file.stat().st_size for file in self.folder.glob("*.log")}

    def logged(self) -> str:
        """What the processes have written since the story began."""
        texts = []
        for file in sorted(self.folder.glob("*.log")):
            with file.open("rb") as opened:
                opened.seek(self._read.get(file, 0))
                texts.append(opened.read().decode(errors="replace"))
        return "".join(texts)


def utc(instant: datetime) -> str:
    """As an agent writes it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def pause(seconds: float) -> None:
    """Let something go on for a while: only where that while is the story."""
    time.sleep(seconds)
