"""A database of the journey's own, looked at from outside, as staff with a console would."""

import os
import sqlite3
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

Row = tuple[Any, ...]


class Database(ABC):
    """`url` is for DATABASE_URL. Statements have ? for values, on both databases."""

    url: str

    @abstractmethod
    def rows(self, sql: str, *values: object) -> list[Row]:
        """What a query finds."""

    @abstractmethod
    def change(self, sql: str, *values: object) -> int:
        """Run a statement; how many rows it changed."""

    def one(self, sql: str, *values: object) -> Any:
        """The only value of the only row."""
        [[value]] = self.rows(sql, *values)
        return value


class SQLite(Database):
    """A file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.url = f"sqlite:///{file}"

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.file, timeout=20, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()

    def rows(self, sql: str, *values: object) -> list[Row]:
        with self._open() as connection:
            return connection.execute(sql, [_stored(value) for value in values]).fetchall()

    def change(self, sql: str, *values: object) -> int:
        with self._open() as connection:
            return connection.execute(sql, [_stored(value) for value in values]).rowcount

    @contextmanager
    def held(self) -> Iterator[None]:
        """Another writer holds the file."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")


def _stored(value: object) -> Any:
    """As Django writes it to SQLite."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, uuid.UUID):
        return value.hex
    return value


class PostgreSQL(Database):
    """A database made on the server that the outer DATABASE_URL names, and dropped at the end."""

    def __init__(self, server: str) -> None:
        self._server = server.replace("postgresql://", "postgres://", 1)
        self._name = f"journey_{uuid.uuid4().hex[:12]}"
        self.url = urlunsplit(urlsplit(self._server)._replace(path=f"/{self._name}"))
        self._run(self._server, f'CREATE DATABASE "{self._name}"')

    def _run(self, url: str, sql: str, *values: object) -> tuple[list[Row], int]:
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(sql.replace("%", "%%").replace("?", "%s"), values)
            return (cursor.fetchall() if cursor.description else []), cursor.rowcount

    def rows(self, sql: str, *values: object) -> list[Row]:
        return self._run(self.url, sql, *values)[0]

    def change(self, sql: str, *values: object) -> int:
        return self._run(self.url, sql, *values)[1]

    def terminate_others(self) -> int:
        """End every session of the web and worker processes, as a failover does; how many that were."""
        sql = (
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            f"WHERE datname = '{self._name}' AND pid <> pg_backend_pid()"
        )
        return int(self._run(self._server, sql)[0][0][0])

    def drop(self) -> None:
        """Remove it, whoever is still connected."""
        self._run(self._server, f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)')


@contextmanager
def made(folder: Path) -> Iterator[Database]:
    """One of the kind that the outer run uses."""
    outer = os.environ.get("DATABASE_URL", "")
    if not outer.startswith("postgres"):
        yield SQLite(folder / "journey.sqlite3")
        return
    database = PostgreSQL(outer)
    try:
        yield database
    finally:
        database.drop()
