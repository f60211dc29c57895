"""Real processes of ours: started with a mark in their environment, so that none is ever left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parent.parent.parent
# What the outer run sets for itself must not reach the processes.
OURS = ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "LANGUAGE_CODE", "WEB_CONCURRENCY", "BIND")
PREFIXES = ("DJANGO_", "CALENDLY_", "VAI_", "PYTEST_", "COV_")
MARK = "JOURNEY"

T = TypeVar("T")


def until(wanted: Callable[[], T], *, within: float = 15.0, every: float = 0.05, what: object = "") -> T:
    """Ask until the answer is true, and give it back. Fails after `within` seconds, saying `what`."""
    deadline = time.monotonic() + within
    while True:
        answer = wanted()
        if answer:
            return answer
        if time.monotonic() > deadline:
            told = what() if callable(what) else what
            raise AssertionError(f"Not within {within:.0f} s: {told or wanted}")
        time.sleep(every)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def surroundings(given: Mapping[str, str]) -> dict[str, str]:
    """The environment of our processes: this one's without its settings, with `given`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in OURS and not name.startswith(PREFIXES)
    }
    return {**kept, "PYTHONUNBUFFERED": "1", MARK: uuid.uuid4().hex, **given}


class Process:
    """One of ours with all that it starts. Its output goes to a file."""

    def __init__(
        self, arguments: list[str], environment: Mapping[str, str], log: Path, *, folder: Path = ROOT
    ) -> None:
        self.log = log
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    @property
    def status(self) -> int | None:
        return self._popen.poll()

    def output(self) -> str:
        """All that it has written."""
        return self.log.read_text(errors="replace")

    def children(self) -> list[int]:
        """The processes that it started itself."""
        return children_of(self.pid)

    def signal(self, number: int) -> None:
        self._popen.send_signal(number)

    def stop(self, *, within: float = 30.0) -> None:
        """Ask it to end. Fails if it does not."""
        if self.alive:
            self.signal(signal.SIGTERM)
            try:
                self._popen.wait(within)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"{self.log.stem} did not end within {within:.0f} s") from None

    def kill(self) -> None:
        """`kill -9`, the whole of its group, without a word before."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()


def children_of(pid: int) -> list[int]:
    """The direct children, oldest first."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(stat.parent.name))
    return sorted(found)


def marked(environment: Mapping[str, str]) -> list[int]:
    """All living processes that were started with this environment, whoever their parent is by now."""
    wanted = f"{MARK}={environment[MARK]}".encode()
    found = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if wanted in file.read_bytes().split(b"\0"):
                found.append(int(file.parent.name))
    return found


@contextmanager
def no_orphans(environment: Mapping[str, str]) -> Iterator[None]:
    """At the end nothing lives that was started with this environment. What does is killed, and is a failure."""
    try:
        yield
    finally:
        deadline = time.monotonic() + 5
        while marked(environment) and time.monotonic() < deadline:
            time.sleep(0.05)
        left = marked(environment)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert not left, f"left behind: {left}"
