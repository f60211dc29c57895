"""The host's database settings and what else of Django the work relies on."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import DEFAULT_DB_ALIAS, connections

SUPPORTED = frozenset({"postgresql", "sqlite"})
MIN_TIMEOUT_SECONDS = 20
SQLITE_HINT = (
    "DATABASES['default']['OPTIONS'] = {'transaction_mode': 'IMMEDIATE', 'timeout': 20, "
    "'init_command': 'PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;'}"
)


def check(app_configs: Sequence[AppConfig] | None = None, **options: Any) -> list[CheckMessage]:
    """What is wrong anywhere."""
    found: list[CheckMessage] = []
    if not settings.USE_TZ:
        found.append(
            Error("USE_TZ is off: meetings need instants.", hint="USE_TZ = True", id="calendly.E040")
        )
    return [*found, *_unsupported(), *_sqlite(Warning, "calendly.W041"), *_readable()]


def check_deployment(app_configs: Sequence[AppConfig] | None = None, **options: Any) -> list[CheckMessage]:
    """What may pass on a desk, not in production."""
    return [*_sqlite(Error, "calendly.E041")]


def _unsupported() -> Iterator[CheckMessage]:
    """Partial unique indexes and SKIP LOCKED keep two workers, or two bookings of one start, apart."""
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor not in SUPPORTED:
        yield Error(
            f"The database {database.vendor} is not supported: it lacks the partial indexes that keep two bookings "
            "of one start apart.",
            hint="Use PostgreSQL or SQLite.",
            id="calendly.E042",
        )


def _sqlite(kind: type[Error] | type[Warning], name: str) -> Iterator[CheckMessage]:
    """All three together: WAL without IMMEDIATE lost every third read-then-write transaction under load."""
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor != "sqlite":
        return
    given = database.settings_dict.get("OPTIONS", {})
    start = str(given.get("init_command", "")).replace(" ", "").lower()
    lacking = [
        what
        for what, there in (
            ("transaction_mode IMMEDIATE", str(given.get("transaction_mode", "")).upper() == "IMMEDIATE"),
            ("journal_mode WAL", "journal_mode=wal" in start),
            (f"timeout {MIN_TIMEOUT_SECONDS}", given.get("timeout", 5) >= MIN_TIMEOUT_SECONDS),
        )
        if not there
    ]
    if lacking:
        yield kind(f"SQLite lacks {', '.join(lacking)}: writers fail.", hint=SQLITE_HINT, id=name)


def _readable() -> Iterator[CheckMessage]:
    """Files with personal data and keys that other users of the machine can read."""
    database = connections[DEFAULT_DB_ALIAS]
    name = str(database.settings_dict.get("NAME", ""))
    files = (
        [Path(f"{name}{ending}") for ending in ("", "-wal", "-shm")] if database.vendor == "sqlite" else []
    )
    if getattr(settings, "BASE_DIR", None):
        files.append(Path(settings.BASE_DIR) / ".secret_key")  # where the reference project keeps it
    open_ones = [str(file) for file in files if os.name == "posix" and _exposed(file)]
    if open_ones:
        yield Warning(
            "Other users of this machine can read the database or the secret key.",
            hint=f"chmod 600 {' '.join(open_ones)}",
            id="calendly.W043",
        )


def _exposed(file: Path) -> bool:
    """True where its mode lets others read it, and each folder above lets them come to it."""
    try:
        if not file.is_file() or not file.stat().st_mode & 0o077:
            return False
        return all(folder.stat().st_mode & 0o011 for folder in file.resolve().parents)
    except OSError:
        return False
