from __future__ import annotations

from collections.abc import Iterator

import pytest

from calendly_integration.portal.client import Client

from ..calendly.rawserver import RawServer

KEY = "canary-key-0001"


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer() as running:
        yield running


@pytest.fixture
def client(server: RawServer) -> Iterator[Client]:
    """A client of the raw server, with short timeouts."""
    made = Client(server.url + "/portal/", KEY, connect_timeout=0.5, read_timeout=0.2)
    yield made
    made.close()
