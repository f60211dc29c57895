"""Metadata from the portal: a pool of threads asks, the loop's thread claims and stores."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from ...models.work import DATABASE_AWAY
from ...portal.client import Client
from ..reconcile import metadata

log = logging.getLogger("calendly.worker")

THREADS = 16
# Questions that are claimed in one transaction. They wait for a free thread for a moment.
MAX_CLAIMED = THREADS * 4


class MetadataPool:
    """Asks what is due, until it is closed. Its methods are called by one thread, the loop's."""

    def __init__(self, portal: Client, *, clock: Callable[[], datetime]) -> None:
        self._portal, self._clock = portal, clock
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="calendly-question")
        self._asked: set[Future[metadata.Answer]] = set()
        self._to_store: list[metadata.Answer] = []
        self._closing = False

    @property
    def busy(self) -> bool:
        """True while questions are out or answers are not yet stored."""
        return bool(self._asked or self._to_store)

    def step(self) -> int:
        """Store what was answered and ask what is due. Returns how many questions that were."""
        done = {future for future in self._asked if future.done()}
        self._asked -= done
        for future in done:
            if error := future.exception():  # the question's lease ends, and it is asked again
                log.error("A question to the portal failed.", exc_info=error)
            else:
                self._to_store.append(future.result())
        kept = self._store()
        room = 0 if self._closing else MAX_CLAIMED - len(self._asked)
        questions = metadata.claim(now=self._clock(), limit=room) if room else []
        self._asked.update(self._executor.submit(metadata.ask, each, self._portal) for each in questions)
        return kept + len(questions)

    def stop(self) -> None:
        """Claim nothing more. `step` still stores what comes back."""
        self._closing = True

    def close(self) -> None:
        """Let the threads end. What is still out is asked again when its lease ends."""
        self._closing = True
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _store(self) -> int:
        """Store all answers at once, and each alone where that fails. Where the database is away they stay for the
        next step."""
        answers = self._to_store
        if not answers:
            return 0
        try:
            metadata.keep(answers, now=self._clock())
        except DATABASE_AWAY:
            raise
        except Exception:
            log.exception("%s answers could not be kept together; each is kept alone.", len(answers))
            for answer in answers:
                try:
                    metadata.keep([answer], now=self._clock())
                except Exception:  # its lease ends, and it is asked again; the others go on
                    log.exception("The answer to booking %s could not be kept.", answer.question.metadata.pk)
        self._to_store = []
        return len(answers)
