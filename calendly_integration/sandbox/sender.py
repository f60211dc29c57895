"""Background threads that send what is due, as Calendly does."""

from __future__ import annotations

import threading

import requests

from . import webhooks
from .core import Core

CONNECT_SECONDS, READ_SECONDS = 10, 15
LONGEST_NAP = 0.25
REVERSING_PAUSE = 0.3
"""With reversed or random order, deliveries have this long to gather: one alone cannot change places."""


class Sender:
    """A few threads over one queue; each try is one POST, redirects are not followed."""

    def __init__(self, core: Core, *, threads: int = 4) -> None:
        self.core = core
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"sandbox-sender-{number}", daemon=True)
            for number in range(threads)
        ]

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the tries under way; waits a moment for them."""
        self._stopping.set()
        with self.core.lock:
            self.core.news.notify_all()
        for thread in self._threads:
            thread.join(timeout=2)

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self._stopping.is_set():
                parcel = self._next()
                if parcel is not None:
                    webhooks.close_parcel(self.core, parcel, self._post(session, parcel))

    def _next(self) -> webhooks.Parcel | None:
        with self.core.lock:
            delivery = webhooks.next_due(self.core)
            if delivery is None:
                self.core.news.wait(LONGEST_NAP)
                return None
            if self.core.options.webhook_order == "sent":
                return webhooks.open_parcel(self.core, delivery)
        self._stopping.wait(REVERSING_PAUSE)
        with self.core.lock:
            delivery = webhooks.next_due(self.core)
            return None if delivery is None else webhooks.open_parcel(self.core, delivery)

    def _post(self, session: requests.Session, parcel: webhooks.Parcel) -> int | str:
        try:
            with session.post(
                parcel.url,
                data=parcel.body,
                headers=parcel.headers,
                allow_redirects=False,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                stream=True,
            ) as answer:
                answer.raw.read(65_536)
                return answer.status_code
        except requests.RequestException as error:
            return f"{type(error).__name__}: {error}"
        except Exception as error:  # a thread that dies would stop all deliveries
            return f"{type(error).__name__}: {error}"
