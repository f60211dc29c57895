"""Work at Calendly: a few threads, one item at a time in each."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from types import ModuleType
from typing import Any

from django.db import close_old_connections, connections

from ...models.work import DATABASE_AWAY
from ..backoffice import bulk
from ..bookings import pending_actions

log = logging.getLogger("calendly.worker")

THREADS = 4
# Hundreds of items of a bulk run may wait. Half of the threads stay free for single bookings.
MAX_BULK_THREADS = 2
# What the sources are called in `due_work`.
SOURCES: dict[str, ModuleType] = {"calendly_bookings": pending_actions, "bulk": bulk}


class CalendlyPool:
    """Claims only what a free thread can begin at once, so that no lease runs while an item waits."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="calendly-remote")
        self._running: dict[Future[None], str] = {}

    @property
    def busy(self) -> bool:
        """True while a thread works."""
        return any(not future.done() for future in self._running)

    def step(self, due: set[str]) -> int:
        """Hand out due work of the sources named in `due`. Returns how many items."""
        count = 0
        for name in [name for name in SOURCES if name in due]:
            free = self._free_threads(name)
            for item in SOURCES[name].claim(now=self._clock(), limit=free) if free > 0 else ():
                self._running[self._executor.submit(self._work, name, item)] = name
                count += 1
        return count

    def close(self) -> None:
        """Let the threads end after what they are doing."""
        self._executor.shutdown(wait=False)

    def _free_threads(self, name: str) -> int:
        self._running = {future: name for future, name in self._running.items() if not future.done()}
        free = THREADS - len(self._running)
        if name != "bulk":
            return free
        return min(free, MAX_BULK_THREADS - list(self._running.values()).count("bulk"))

    def _work(self, name: str, item: Any) -> None:
        try:
            close_old_connections()
            SOURCES[name].work(item, now=self._clock())
        except DATABASE_AWAY as error:
            log.warning("Work on %s stops: the database does not answer (%s).", name, type(error).__name__)
        except BaseException:  # the item's lease ends, and it is tried again; the others go on
            log.exception("Work on %s %s failed.", type(item).__name__, getattr(item, "pk", ""))
        finally:
            connections.close_all()  # they belong to this thread, and it may wait long for its next item
