"""Background threads that send what is due, as Calendly does."""

from __future__ import annotations

import threading

import requests

from . import webhooks
from .sandbox import Sandbox

CONNECT_SECONDS, READ_SECONDS = 10, 15
MAX_WAIT_SECONDS = 0.25
REORDER_WAIT_SECONDS = 0.3
"""With reversed or random order, wait so long for more deliveries, so that there is something to reorder."""


class Sender:
    """A few threads over one queue. Each attempt is one POST without redirects."""

    def __init__(self, sandbox: Sandbox, *, threads: int = 4) -> None:
        self.sandbox = sandbox
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"sandbox-sender-{number}", daemon=True)
            for number in range(threads)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop after the current attempts; wait a moment for them."""
        self._stopping.set()
        with self.sandbox.lock:
            self.sandbox.changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=2)

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self._stopping.is_set():
                request = self._next()
                if request is not None:
                    webhooks.finish_attempt(self.sandbox, request, self._post(session, request))

    def _next(self) -> webhooks.WebhookRequest | None:
        with self.sandbox.lock:
            delivery = webhooks.next_due(self.sandbox)
            if delivery is None:
                self.sandbox.changed.wait(MAX_WAIT_SECONDS)
                return None
            if self.sandbox.options.webhook_order == "sent":
                return webhooks.start_attempt(self.sandbox, delivery)
        self._stopping.wait(REORDER_WAIT_SECONDS)
        with self.sandbox.lock:
            delivery = webhooks.next_due(self.sandbox)
            return None if delivery is None else webhooks.start_attempt(self.sandbox, delivery)

    def _post(self, session: requests.Session, request: webhooks.WebhookRequest) -> int | str:
        try:
            with session.post(
                request.url,
                data=request.body,
                headers=request.headers,
                allow_redirects=False,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                stream=True,
            ) as answer:
                answer.raw.read(65_536)
                return answer.status_code
        except requests.RequestException as error:
            return f"{type(error).__name__}: {error}"
        except Exception as error:  # a dead thread would stop the deliveries
            return f"{type(error).__name__}: {error}"
