"""What several threads want to write at the same moment, written at once.

Each write of its own would be a transaction of its own: on SQLite one after the other and against the worker's,
on PostgreSQL three round trips. In a burst of requests that is most of what they cost.
"""

import os
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class _Place(Generic[T]):
    """One thread's place in the line. The lock is its bell: held until something became of it."""

    __slots__ = ("bell", "item", "leads", "written")

    def __init__(self, item: T) -> None:
        self.item, self.written, self.leads = item, False, False
        self.bell = threading.Lock()
        self.bell.acquire()


class GroupCommit(Generic[T]):
    """Hands `write` the items of all threads that came while the write before was under way.

    Whoever finds nobody writing writes at once and alone: nobody ever waits for company.
    """

    def __init__(self, write: Callable[[Sequence[T]], None], *, most: int) -> None:
        self._write, self._most = write, most
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        """A forked child has none of its parent's threads, and perhaps a lock that one of them held."""
        self._lock = threading.Lock()
        self._line: list[_Place[T]] = []
        self._led = False

    def write(self, item: T) -> None:
        """Returns once the item is written. Raises what its writing raised."""
        own = _Place(item)
        with self._lock:
            self._line.append(own)
            own.leads, self._led = not self._led, True
        if not own.leads:
            own.bell.acquire()
        if own.leads:
            self._lead()
        if not own.written:
            # The common write failed, perhaps by another's item or another's connection: once more, alone.
            self._write([item])

    def _lead(self) -> None:
        """Write for all who wait, ring their bells, and leave the next ones to one of them."""
        with self._lock:
            mine, self._line = self._line[: self._most], self._line[self._most :]
        try:
            self._write([place.item for place in mine])
            for place in mine:
                place.written = True
        except Exception:
            if len(mine) == 1:
                raise
            # Otherwise each writes its own, and meets its own error.
        finally:
            with self._lock:
                heir = self._line[0] if self._line else None
                self._led = heir is not None
            if heir is not None:
                heir.leads = True
                heir.bell.release()
            for place in mine:
                if not place.leads:
                    place.bell.release()
