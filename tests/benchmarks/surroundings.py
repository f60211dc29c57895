"""The database, ports and environment of one run."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

KEY = "benchmark-signing-key"
TOKEN = "sandbox-token"


@dataclass(frozen=True, slots=True)
class Place:
    """The surroundings of one run. It uses the ports from `first_port` on."""

    database: str
    url: str
    first_port: int
    folder: Path

    @property
    def is_sqlite(self) -> bool:
        return self.database == "sqlite"

    @property
    def database_name(self) -> str:
        return urlsplit(self.url).path.lstrip("/")

    @property
    def web(self) -> int:
        return self.first_port

    @property
    def portal(self) -> int:
        return self.first_port + 1

    @property
    def calendly(self) -> int:
        return self.first_port + 2

    def environment(self) -> dict[str, str]:
        """For every process of the run, this one too."""
        own = {
            "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings",
            "DATABASE_URL": self.url,
            "DJANGO_SECRET_KEY": "benchmark",
            "CALENDLY_WEBHOOK_SECRET": KEY,
            "CALENDLY_WEBHOOK_TOLERANCE": "180",
            "CALENDLY_CALLS_PER_MINUTE": "0",
            "CALENDLY_API_KEY": TOKEN,
            "CALENDLY_API_URL": f"http://127.0.0.1:{self.calendly}",
            "VAI_API_URL": f"http://127.0.0.1:{self.portal}",
            "VAI_API_KEY": "benchmark-portal-key",
            "VAI_SYSTEM_EMAIL": "system@example.com",
        }
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DJANGO_", "CALENDLY_", "VAI_", "WEB_", "REDIS_"))
        }
        return inherited | own


@contextmanager
def place(database: str, *, server: str, first_port: int, folder: Path) -> Iterator[Place]:
    """A fresh SQLite file in `folder`, or a fresh database on the PostgreSQL at `server`, dropped at the end."""
    if database == "sqlite":
        file = folder / "benchmark.sqlite3"
        yield Place(database, f"sqlite:///{file}", first_port, folder)
        return
    import psycopg

    name = f"calendly_benchmark_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield Place(database, f"{server.rpartition('/')[0]}/{name}", first_port, folder)
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
