"""Both stand-ins in one process, for the demo and for the command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .calendly import Calendly
from .portal import Portal
from .server import SandboxServer
from .statefile import StateFile


@dataclass(frozen=True)
class Running:
    """The two servers while they run."""

    calendly: Calendly
    server: SandboxServer
    portal: Portal

    @property
    def url(self) -> str:
        """CALENDLY_API_URL."""
        return self.server.url

    @property
    def portal_url(self) -> str:
        """VAI_API_URL."""
        return self.portal.url


@contextmanager
def run(
    *,
    host: str = "127.0.0.1",
    port: int = 8010,
    portal_port: int = 8020,
    webhook_url: str | None = None,
    signing_key: str | None = None,
    state: Path | None = None,
    latency: float = 0.0,
    seed: int = 0,
) -> Iterator[Running]:
    """Serve a Calendly with the standard seeds and a portal until the block ends.

    With `state`, what the file holds is taken up again. With `webhook_url` there is a subscription for it,
    made once. Raises OSError for a port that is taken, ValueError for a file that holds no state.
    """
    calendly = Calendly(seed=seed, latency=latency)
    file = None if state is None else StateFile(calendly, state)
    if file is None or not file.load():
        calendly.seed_standard()
    if webhook_url is not None:
        _subscribe(calendly, webhook_url, signing_key)
    server = SandboxServer(calendly, host, port).start()
    # Links for invitees open here: what Calendly's own site would show.
    calendly.public_base = server.url
    portal = Portal(host, portal_port)
    try:
        portal.start()
        if file is not None:
            file.start()
        yield Running(calendly, server, portal)
    finally:
        portal.stop()
        server.stop()
        if file is not None:
            file.stop()


def _subscribe(calendly: Calendly, url: str, signing_key: str | None) -> None:
    with calendly.lock:
        for item in calendly.state.subscriptions.values():
            if item.callback_url == url:
                item.signing_key, item.state = signing_key, "active"
                return
    calendly.subscribe(url, signing_key)
