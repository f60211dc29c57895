"""The sandbox's Calendly and portal, each in a separate process, so that neither slows what is measured."""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.portal import Portal
from calendly_integration.sandbox.server import SandboxServer


@dataclass(frozen=True, slots=True)
class AcceptedMessage:
    """One message as it reached the portal and was accepted, the moment in Unix seconds."""

    path: str
    key: str
    booking: str
    at: float


class PortalProcess:
    """The portal in the other process, by a pipe."""

    def __init__(self, pipe: Connection, url: str) -> None:
        self._pipe, self.url = pipe, url

    def _ask(self, what: str, value: Any = None) -> Any:
        self._pipe.send((what, value))
        return self._pipe.recv()

    def count(self) -> int:
        """How many messages it has accepted."""
        return int(self._ask("count"))

    def down(self, value: bool) -> None:
        self._ask("down", value)

    def accepted(self) -> list[AcceptedMessage]:
        """What it has accepted, in the order of arrival."""
        return [AcceptedMessage(*each) for each in self._ask("accepted")]

    def seconds(self) -> float:
        return float(self._ask("seconds"))


def _portal(pipe: Connection, port: int, latency: float) -> None:
    portal = Portal("127.0.0.1", port).start()
    portal.latency = latency
    pipe.send(portal.url)
    while True:
        what, value = pipe.recv()
        if what == "end":
            return
        answers = {
            "count": lambda: sum(each.kept for each in list(portal.arrivals)),
            "down": lambda down=value: setattr(portal, "down", down),
            "accepted": lambda: [
                (each.path, each.key, _booking(each.json), each.at.timestamp())
                for each in list(portal.arrivals)
                if each.kept
            ],
            "seconds": time.process_time,
        }
        pipe.send(answers[what]())


def _booking(body: Any) -> str:
    """The invitee's address, which is unique for each booking here."""
    return str(body.get("invitee_email") or body.get("to") or body.get("data", {}).get("invitee_email"))


def _calendly(pipe: Connection, port: int, latency: float) -> None:
    calendly = Calendly(latency=latency)
    calendly.seed_standard()
    server = SandboxServer(calendly, "127.0.0.1", port).start()
    pipe.send(server.url)
    pipe.recv()


@contextmanager
def _process(target: Any, *arguments: Any) -> Iterator[tuple[Connection, str]]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *arguments), daemon=True)
    process.start()
    try:
        yield ours, ours.recv()
    finally:
        ours.send(("end", None))
        process.join(5)
        process.kill()


@contextmanager
def portal(port: int, *, latency: float = 0.02) -> Iterator[PortalProcess]:
    """A portal with this latency in seconds."""
    with _process(_portal, port, latency) as (pipe, url):
        yield PortalProcess(pipe, url)


@contextmanager
def calendly(port: int, *, latency: float) -> Iterator[str]:
    """A Calendly with this latency in seconds. Gives its URL."""
    with _process(_calendly, port, latency) as (_pipe, url):
        yield url
