"""Both stand-ins in one process, for the demo and for the command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .calendly import Calendly
from .portal import Portal
from .sandbox import API_BASE
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
    uri_base: str = API_BASE,
    same_names: bool = False,
    switches: Iterable[str] = (),
) -> Iterator[Running]:
    """Serve a Calendly with the standard seeds and a portal until the block ends.

    `state` is a file from which the state is restored. `webhook_url` gets a subscription, made once. `uri_base`
    is the base of all URIs. With `same_names` a fresh Calendly has a second host whose event types have the same
    names. `switches` are `name=value` as in `options.Options`.
    Raises OSError for a port that is taken; ValueError for an invalid file, base or switch.
    """
    calendly = Calendly(seed=seed, latency=latency, api_base=_base(uri_base))
    for switch in switches:
        calendly.options.set_text(switch)
    file = None if state is None else StateFile(calendly, state)
    if file is None or not file.load():
        calendly.seed_standard()
        if same_names:
            calendly.seed_same_names(list(calendly.state.users.values())[1])
    if webhook_url is not None:
        _subscribe(calendly, webhook_url, signing_key)
    with _serving(calendly, file, host=host, port=port, portal_port=portal_port) as running:
        yield running


@contextmanager
def _serving(
    calendly: Calendly, file: StateFile | None, *, host: str, port: int, portal_port: int
) -> Iterator[Running]:
    server = SandboxServer(calendly, host, port).start()
    # Links for invitees open pages of this server instead of Calendly's own site.
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


def _base(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"uri_base is no http address: {url}")
    return url.rstrip("/")


def _subscribe(calendly: Calendly, url: str, signing_key: str | None) -> None:
    with calendly.lock:
        for item in calendly.state.subscriptions.values():
            if item.callback_url == url:
                item.signing_key, item.state = signing_key, "active"
                return
    calendly.subscribe(url, signing_key)
