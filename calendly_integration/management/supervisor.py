"""Keeps the worker processes running: starts them, watches them, and replaces one that ends or hangs.

To kill it is safe at any moment, because the work is leased rows.
"""

import logging
import multiprocessing
import os
import sys
import time
from ctypes import c_double
from multiprocessing.sharedctypes import RawValue

from django.db import connections
from django.utils import timezone

from ..services import worker

log = logging.getLogger("calendly.supervisor")

WATCH_SECONDS = 0.25
# One turn of the work loop may wait for a locked database several times.
HUNG_AFTER_SECONDS = 90.0
STOP_SECONDS = 20.0
SHORT_LIFE_SECONDS = 5.0
MAX_PAUSE_SECONDS = 30.0
# Web answers come before background work where the two share a machine.
NICENESS = 10

# Forked, so that the two processes share the memory of what is loaded.
FORK = multiprocessing.get_context("fork")


class WorkerProcess:
    """The process that works, seen from its supervisor."""

    def __init__(self) -> None:
        connections.close_all()  # a connection must not be used on both sides of a fork
        self._started = time.monotonic()
        self._seen = RawValue(c_double, self._started)
        self._process = FORK.Process(target=_work, args=(self._seen,), name="calendly-worker")
        self._process.start()
        log.info("The worker runs as process %s.", self._process.pid)

    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._started

    def fault(self) -> str:
        """Why it must be replaced; "" while it is well. Waits a moment."""
        self._process.join(WATCH_SECONDS)
        if not self._process.is_alive():
            return f"it ended with status {self._process.exitcode}"
        if time.monotonic() - self._seen.value > HUNG_AFTER_SECONDS:
            return "it hangs"
        return ""

    def terminate(self) -> None:
        """Ask it to finish what is under way and end."""
        self._process.terminate()

    def stop(self) -> None:
        """Wait until it has ended; kill it where that takes too long."""
        self._process.join(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it now."""
        self._process.kill()
        self._process.join()


class _Place:
    """One of the supervised processes and its successors. One that lives shortly is replaced after a pause."""

    def __init__(self) -> None:
        self.process: WorkerProcess | None = None
        self._pause = self._not_before = 0.0

    def watch(self) -> None:
        """Start the process where there is none, and replace one that ended or hangs. Waits a moment."""
        if self.process is None:
            if time.monotonic() < self._not_before:
                time.sleep(WATCH_SECONDS)
                return
            self.process = WorkerProcess()
        fault = self.process.fault()
        if not fault:
            return
        log.error("The worker process is replaced: %s.", fault)
        self.process.kill()
        short = self.process.age() < SHORT_LIFE_SECONDS
        self._pause = min(max(self._pause * 2, 0.5), MAX_PAUSE_SECONDS) if short else 0.0
        self._not_before = time.monotonic() + self._pause
        self.process = None


def supervise(shutdown: worker.Shutdown, *, processes: int = 1) -> None:
    """Keep so many worker processes running until `shutdown` is requested."""
    places = [_Place() for _ in range(processes)]
    while not shutdown.requested:
        for place in places:
            place.watch()
    running = [place.process for place in places if place.process is not None]
    for process in running:
        process.terminate()
    for process in running:
        process.stop()


def _work(seen: c_double) -> None:
    """The forked process: work, and show at each turn that it lives."""
    shutdown = worker.Shutdown()
    shutdown.on_signals()
    shutdown.with_parent()
    os.nice(NICENESS)
    code = 1
    try:
        for _ in worker.run(clock=timezone.now, shutdown=shutdown):
            seen.value = time.monotonic()
        code = 0
    except Exception:
        log.exception("The worker process failed.")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # A sync in a thread may take minutes. It goes on from where it was in the next process.
        os._exit(code)
