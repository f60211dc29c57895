"""A few threads that work off what they are handed, and survive whatever comes out of it."""

import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger("calendly.worker")

T = TypeVar("T")


class Crew(Generic[T]):
    """Up to `size` daemon threads that call `work` with each item. Threads start when they are first needed,
    so a drain that finds one thing to do does not pay for fifty.

    `at_end` runs in each thread before it ends: there a thread closes the connections that are its own.
    """

    def __init__(
        self,
        size: int,
        work: Callable[[T], None],
        *,
        name: str,
        at_end: Callable[[], None] | None = None,
    ) -> None:
        self._size, self._work, self._name, self._at_end = size, work, name, at_end
        self._items: queue.SimpleQueue[T | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def hand(self, item: T) -> None:
        """Give an item to whoever is free first. Called from one thread only."""
        self._items.put(item)
        if len(self._threads) < self._size:
            thread = threading.Thread(
                target=self._run, name=f"{self._name}-{len(self._threads) + 1}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def close(self, *, wait: float = 0.0) -> None:
        """Let every thread end after what was handed out before; wait up to `wait` seconds for each."""
        for _ in self._threads:
            self._items.put(None)
        for thread in self._threads:
            thread.join(wait)

    def _run(self) -> None:
        try:
            while (item := self._items.get()) is not None:
                try:
                    self._work(item)
                except BaseException:  # SystemExit or endless recursion in one item is not the others' fault
                    log.exception("A thread of %s met an error that its work did not handle.", self._name)
        finally:
            if self._at_end is not None:
                with contextlib.suppress(Exception):
                    self._at_end()
