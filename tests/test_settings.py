"""The reference project's settings, as processes of their own read them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .journeys.databases import migrated

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parent.parent
READ = ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "LANGUAGE_CODE")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The reference project in a folder of its own."""
    for name in ("config", "templates", "static"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", tmp_path)
    return tmp_path


def manage(
    folder: Path, *arguments: str, umask: int = 0o022, **environment: str
) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in READ and not name.startswith(("DJANGO_", "CALENDLY_", "VAI_"))
    }
    return subprocess.run(
        [sys.executable, "-W", "error", "manage.py", *arguments],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT)} | environment,
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )


WRITE = """
from django.contrib.auth.models import User
User.objects.create(username="somebody")
import pathlib
for file in sorted(pathlib.Path(".").glob("*sqlite3*")) + [pathlib.Path(".secret_key")]:
    print(file, oct(file.stat().st_mode & 0o777))
"""


def test_no_other_user_can_read_database_and_secret_key(checkout: Path) -> None:
    assert manage(checkout, "migrate", "-v0", umask=0o000).returncode == 0
    told = manage(checkout, "shell", "-v0", "-c", WRITE, umask=0o000).stdout.split("\n")
    assert told[:-1] == [
        f"{name} 0o600" for name in ("db.sqlite3", "db.sqlite3-shm", "db.sqlite3-wal", ".secret_key")
    ]


def test_files_that_were_open_are_closed_to_others(checkout: Path) -> None:
    shutil.copy(migrated(), checkout)
    (checkout / ".secret_key").write_text("of a test")
    for name in ("db.sqlite3", ".secret_key"):
        (checkout / name).chmod(0o644)
    assert manage(checkout, "check").returncode == 0
    modes = {name: (checkout / name).stat().st_mode & 0o777 for name in ("db.sqlite3", ".secret_key")}
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize(
    "made",
    [
        "from django.contrib.auth.models import User; User.objects.create_superuser('admin', password='admin')",
        "from django.contrib.auth.models import User; User.objects.create_user('ana')",
        "from django.utils import timezone; from calendly_integration.services.agents import keys; "
        "keys.create('sales', now=timezone.now())",
    ],
)
def test_the_demo_leaves_a_database_alone_that_is_not_its_own(checkout: Path, made: str) -> None:
    shutil.copy(migrated(), checkout)
    assert manage(checkout, "shell", "-v0", "-c", made).returncode == 0
    refused = manage(checkout, "demo", "--port=0")
    assert refused.returncode == 1
    assert re.search(r"holds data \((auth_user|calendly_integration_agentkey)\)", refused.stderr)
    assert "Traceback" not in refused.stderr
    asked = (
        "from django.contrib.auth.models import User; from calendly_integration.models import CalendlyAccount; "
        "print(User.objects.count(), CalendlyAccount.objects.count())"
    )
    users = 0 if "agents" in made else 1
    assert manage(checkout, "shell", "-v0", "-c", asked).stdout.split() == [str(users), "0"]


def test_the_demo_leaves_a_database_of_another_program_alone(checkout: Path) -> None:
    made = "from django.db import connection; connection.cursor().execute('CREATE TABLE accounts (id int)')"
    assert manage(checkout, "shell", "-v0", "-c", made).returncode == 0
    refused = manage(checkout, "demo", "--port=0")
    assert (refused.returncode, "accounts" in refused.stderr) == (1, True)
    asked = "from django.db import connection; print(*connection.introspection.table_names())"
    assert manage(checkout, "shell", "-v0", "-c", asked).stdout.split() == ["accounts"]


SECURE = """
from django.test import Client
plain = Client(headers={"host": "localhost"}).get("/api/calendly/hosts")
sent = {"host": "localhost", "x-forwarded-proto": "https"}
secure = Client(headers=sent).get("/api/calendly/hosts")
print(plain.status_code, plain.get("Location"), secure.status_code, secure.get("Strict-Transport-Security"))
"""


@pytest.mark.parametrize(
    ("public_url", "told"),
    [
        (
            "https://portal.example",
            "301 https://localhost/api/calendly/hosts 401 max-age=31536000",
        ),
        ("http://localhost:8000", "401 None 401 None"),
    ],
)
def test_where_the_public_address_is_https_nothing_else_is_spoken(
    checkout: Path, public_url: str, told: str
) -> None:
    assert manage(checkout, "shell", "-v0", "-c", SECURE, PUBLIC_URL=public_url).stdout.strip() == told
