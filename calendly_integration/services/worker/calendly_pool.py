"""Work at Calendly: one thing at a time in each of a few threads."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from types import ModuleType
from typing import Any

from django.db import close_old_connections, connections

from ...models.work import DATABASE_AWAY
from ..backoffice import bulk
from ..bookings import pending_actions
from ..outbox.crew import Crew

log = logging.getLogger("calendly.worker")

THREADS = 4
# Hundreds of items may wait, and somebody may wait for a lost answer meanwhile: the others keep half the threads.
BULK_THREADS = 2
SOURCES = frozenset({"bulk", "calendly_bookings"})


class Remote:
    """Claims only what a free thread can begin at once: nothing waits while its lease runs."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        # Django's connections belong to threads: each closes its own at its end.
        self._crew = Crew[tuple[ModuleType, Any]](
            THREADS, self._work, name="calendly-remote", at_end=connections.close_all
        )
        self._lock = threading.Lock()
        self._out = Counter[ModuleType]()

    @property
    def busy(self) -> bool:
        """True while a thread works."""
        return self._out.total() > 0

    def step(self, due: set[str]) -> int:
        """Hand out due work of the sources named in `due`. Returns how many things."""
        count = 0
        for source in (source for source in (pending_actions, bulk) if _name(source) in due):
            free = self._free_for(source)
            for item in source.claim(now=self._clock(), limit=free) if free > 0 else ():
                with self._lock:
                    self._out[source] += 1
                self._crew.hand((source, item))
                count += 1
        return count

    def _free_for(self, source: ModuleType) -> int:
        free = THREADS - self._out.total()
        return min(free, BULK_THREADS - self._out[bulk]) if source is bulk else free

    def close(self) -> None:
        """Let the threads end after what they are doing. Who waits for that looks at `busy` first."""
        self._crew.close()

    def _work(self, task: tuple[ModuleType, Any]) -> None:
        source, item = task
        try:
            close_old_connections()
            source.work(item, now=self._clock())
        except DATABASE_AWAY as error:
            log.warning(
                "Work on %s stops: the database does not answer (%s).", _name(source), type(error).__name__
            )
        except BaseException:  # the item's lease ends, and it is tried again; the others go on
            log.exception("Work on %s %s failed.", type(item).__name__, getattr(item, "pk", ""))
        finally:
            with self._lock:
                self._out[source] -= 1


def _name(source: ModuleType) -> str:
    return source.__name__.rpartition(".")[2]
