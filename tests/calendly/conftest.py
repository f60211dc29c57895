from __future__ import annotations

from collections.abc import Iterator

import pytest

from calendly_integration.calendly.client import Client

from .rawserver import RawServer

TOKEN = "canary-token-0001"


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer() as running:
        yield running


@pytest.fixture
def pauses() -> list[float]:
    """The pauses that the client made, instead of making them."""
    return []


@pytest.fixture
def client(pauses: list[float]) -> Iterator[Client]:
    made = Client(TOKEN, pause=pauses.append)
    yield made
    made.close()


@pytest.fixture
def wired(server: RawServer, pauses: list[float]) -> Iterator[Client]:
    """A client of the raw server, with short timeouts."""
    made = Client(TOKEN, base_url=server.url, connect_timeout=0.5, read_timeout=0.2, pause=pauses.append)
    yield made
    made.close()
