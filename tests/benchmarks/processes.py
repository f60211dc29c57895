"""The measured processes, their processor time and memory."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


class Tree:
    """A process with all its descendants."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def pids(self) -> list[int]:
        children: dict[int, list[int]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
        found, left = [], [self.process.pid]
        while left:
            pid = left.pop()
            found.append(pid)
            left += children.get(pid, [])
        return found

    def seconds(self) -> float:
        """Processor time so far, user and system, with that of children that have ended."""
        return sum(_seconds(pid) for pid in self.pids())

    def megabytes(self) -> float:
        """Proportional set size: shared pages count once, divided among those that share them."""
        return sum(_pss(pid) for pid in self.pids())

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        pids = self.pids()
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue


def _seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def _pss(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def database_seconds(name: str) -> float:
    """Processor time of PostgreSQL's processes for that database, as long as they live."""
    total = 0.0
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = line.read_bytes()
        except OSError:
            continue
        if command.startswith(b"postgres:") and f" {name} ".encode() in command:
            total += _seconds(int(line.parent.name))
    return total


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def web(environment: Mapping[str, str], port: int) -> Iterator[Tree]:
    """gunicorn with the settings of the reference project."""
    command = ["-m", "gunicorn", "-c", "python:config.gunicorn", "config.wsgi"]
    with running(command, {**environment, "BIND": f"127.0.0.1:{port}"}) as tree:
        wait_for(port, tree)
        time.sleep(0.5)
        yield tree


@contextmanager
def worker(environment: Mapping[str, str]) -> Iterator[Tree]:
    with running(["manage.py", "calendly_worker", "--processes", "2"], environment) as tree:
        time.sleep(6)  # it is up, and has looked once
        yield tree


@contextmanager
def running(arguments: list[str], environment: Mapping[str, str]) -> Iterator[Tree]:
    """A Python process of ours in the project's folder, ended with the block."""
    process = subprocess.Popen([sys.executable, *arguments], env=dict(environment), stdin=subprocess.DEVNULL)
    tree = Tree(process)
    try:
        yield tree
    finally:
        tree.stop()


def wait_for(port: int, tree: Tree) -> None:
    """Until something listens there. Raises RuntimeError if the process ends first, TimeoutError after 20 s."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if tree.process.poll() is not None:
            raise RuntimeError("the server ended at once")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")
