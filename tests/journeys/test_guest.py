"""The app in a portal that already uses django-q2: the portal's settings and tasks stay as they are."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.portal import Portal
from calendly_integration.sandbox.server import SandboxServer

from . import databases
from .agents import Agent, deliver
from .databases import Database
from .processes import ROOT, Process, free_port, no_orphans, surroundings, until
from .system import ALWAYS, SIGNING_KEYS, TOKEN, utc

pytestmark = pytest.mark.processes

SETTINGS = """
import os, environ
from django.conf.global_settings import *
SECRET_KEY = "of-a-portal"
ROOT_URLCONF, STATIC_URL, USE_TZ = "urls", "static/", True
ALLOWED_HOSTS = ["127.0.0.1"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
    "django.contrib.messages", "django.contrib.staticfiles", "django_q", "portal",
    # what the README asks for
    "rest_framework", "drf_spectacular", "drf_spectacular_sidecar", "calendly_integration",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
    "context_processors": ["django.template.context_processors.request",
                           "django.contrib.auth.context_processors.auth",
                           "django.contrib.messages.context_processors.messages"]}}]
DATABASES = {"default": environ.Env.db_url_config(os.environ["PORTAL_DATABASE"]) | {"ATOMIC_REQUESTS": True}}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 20,
                                       "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"}
Q_CLUSTER = {"name": "portal", "orm": "default"}
if "OWN_LINE" in os.environ:
    Q_CLUSTER["ALT_CLUSTERS"] = {"calendly": {"timeout": 60, "retry": 300}}
CALENDLY_INTEGRATION = {
    "API_KEY": os.environ["TOKEN"], "API_URL": os.environ["CALENDLY"],
    "WEBHOOK_SECRETS": [os.environ["SIGNING_KEY"]], "PUBLIC_URL": os.environ["URL"],
    "PORTAL_URL": os.environ["PORTAL"], "PORTAL_KEY": "key",
}
"""
URLS = """
from django.contrib import admin
from django.urls import include, path
urlpatterns = [path("admin/", admin.site.urls), path("", include("calendly_integration.urls"))]
"""
TASKS = """
import os
def mark(file): open(file, "w").write(os.environ.get("Q_CLUSTER_NAME", "portal"))
"""
WSGI = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
HOST_TASK = """
from datetime import timedelta
from django.utils import timezone
from django_q.models import Schedule
from django_q.tasks import async_task
async_task("portal.tasks.mark", "{0}/task")
Schedule.objects.create(func="portal.tasks.mark", args="'{0}/scheduled'", schedule_type="O",
                        next_run=timezone.now() - timedelta(hours=1))
"""


class HostPortal:
    """A Django project with django-q2 on its defaults, ATOMIC_REQUESTS, and this app by the README's steps."""

    def __init__(self, folder: Path, database: Database, calendly: SandboxServer, portal: Portal) -> None:
        self.folder = folder
        (folder / "portal").mkdir()
        for name, text in {
            "settings.py": SETTINGS,
            "urls.py": URLS,
            "wsgi.py": WSGI,
            "portal/__init__.py": "",
            "portal/tasks.py": TASKS,
        }.items():
            (folder / name).write_text(text)
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.environment = surroundings(
            {
                "DJANGO_SETTINGS_MODULE": "settings",
                "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
                "PORTAL_DATABASE": database.url,
                "TOKEN": TOKEN,
                "CALENDLY": calendly.url,
                "PORTAL": portal.url,
                "SIGNING_KEY": SIGNING_KEYS[0],
                "URL": self.url,
            }
        )

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "django", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, name: str, *arguments: str, **more: str) -> Process:
        return Process(
            ["-m", *arguments], self.environment | more, self.folder / f"{name}.log", folder=self.folder
        )

    def start_web(self) -> Process:
        return self.start("web", "gunicorn", "--threads=4", f"--bind=127.0.0.1:{self._port}", "wsgi")


@pytest.fixture
def calendly() -> Iterator[SandboxServer]:
    made = Calendly()
    made.seed_standard(token=TOKEN)
    for user in list(made.state.users.values()):
        made.set_hours(user, ALWAYS)
    server = SandboxServer(made)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def told() -> Iterator[Portal]:
    """The portal's API, which is told of bookings."""
    made = Portal("127.0.0.1", 0, key="key").start()
    yield made
    made.stop()


@pytest.fixture
def host(tmp_path: Path, calendly: SandboxServer, told: Portal) -> Iterator[HostPortal]:
    with databases.made(tmp_path) as database:
        made = HostPortal(tmp_path, database, calendly, told)
        with no_orphans(made.environment):
            yield made


@pytest.mark.parametrize("way", ["calendly_worker", "qcluster"])
def test_a_portal_with_tasks_of_its_own_keeps_them_and_its_settings(
    host: HostPortal, told: Portal, way: str
) -> None:
    if way == "qcluster":
        host.environment["OWN_LINE"] = "1"
    host.manage("migrate", "-v0")
    host.manage("check")  # it fails where there is an error
    host.manage("calendly_setup", "--no-doctor")
    agent = Agent(host.url, host.manage("calendly_agent_key", "Guest agent").strip())
    host.manage("shell", "-v0", "-c", HOST_TASK.format(host.folder))
    processes = [host.start_web(), host.start("own", "django", "qcluster")]
    if way == "qcluster":
        processes.append(host.start("worker", "django", "qcluster", Q_CLUSTER_NAME="calendly"))
    else:
        processes.append(host.start("worker", "django", "calendly_worker"))
    try:
        until(lambda: answers(agent), within=20, what=processes[0].output)
        start = (datetime.now(UTC) + timedelta(days=3)).replace(hour=10, minute=0, second=0, microsecond=0)
        answer = agent.book(
            {
                "eventType": "Sales Demo",
                "inviteeEmail": "guest@journey.example",
                "inviteeName": "Guest",
                "preferredTime": utc(start),
                "flexibility": "exact",
            }
        )
        assert answer.status == 201, answer.body
        assert deliver(host.url, SIGNING_KEYS[0], b'{"event": "guest.1", "payload": {}}').status == 200
        logs = [process.output for process in processes]
        until(lambda: len(told.messages()) >= 3, within=100, what=lambda: [log() for log in logs])
        for name in ("task", "scheduled"):
            file = host.folder / name
            until(lambda file=file: file.exists() and file.read_text(), within=60, what=logs[1])
            assert file.read_text() == "portal"
        if way == "calendly_worker":
            assert "ok   worker" in host.manage("calendly_doctor", "--no-color")
        assert "calendly_integration" not in processes[1].output()
        assert "Traceback" not in "".join(log() for log in logs)
    finally:
        for process in processes:
            process.stop()


def answers(agent: Agent) -> bool:
    try:
        return agent.call("GET", "event-types").status == 200
    except OSError:
        return False
