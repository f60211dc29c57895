"""One running system for all stories, and what must hold after each of them."""

import os
from collections.abc import Iterator

import pytest

from . import databases, invariants
from .brokers import Redis
from .processes import no_orphans
from .system import System

ON_A_SERVER = os.environ.get("DATABASE_URL", "").startswith("postgres")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, rather than skip, what only a SQLite file can go through."""
    left_out = [item for item in items if ON_A_SERVER and "sqlite_file" in getattr(item, "fixturenames", ())]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Everything started, on SQLite or on what DATABASE_URL and REDIS_URL name; ended without orphans."""
    folder = tmp_path_factory.mktemp("journey")
    with databases.made(folder) as database:
        redis = Redis(folder) if os.environ.get("REDIS_URL") else None
        if redis:
            redis.start()
        started = System(folder, database, redis)
        try:
            started.start()
            with no_orphans(started.environment):
                yield started
                started.stop()
        finally:
            started.stop()
            if redis:
                redis.stop()


@pytest.fixture
def system(running: System) -> Iterator[System]:
    """The system on a quiet day, and at the end of the story everything in order."""
    running.begin()
    yield running
    invariants.check(running)


@pytest.fixture
def sqlite_file(system: System) -> databases.SQLite:
    """The system's database where it is a file; elsewhere the test is left out."""
    assert isinstance(system.database, databases.SQLite)
    return system.database
