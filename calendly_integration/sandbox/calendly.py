"""The local Calendly: one object for tests and for the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import api, webhooks
from .http_messages import Request, Response
from .people import People
from .seeds import Seeds
from .store import Delivery


class Calendly(People, Seeds):
    """State, rules and deliveries of a local Calendly; see `sandbox.Sandbox` for its arguments.

    Empty at first: call `seed_standard()`. Reach it by `adapter.SandboxAdapter` or `server.SandboxServer`.
    """

    def handle(self, request: Request) -> Response:
        """Answer one API call, with the active faults."""
        return api.handle(self, request)

    @property
    def pending_deliveries(self) -> list[Delivery]:
        """Deliveries that wait for a first or another attempt, also held ones, in sending order."""
        return webhooks.waiting_deliveries(self)

    def deliver(
        self, post: Callable[[str, bytes, dict[str, str]], Any], *, held: bool = False
    ) -> list[int | str]:
        """Send the due deliveries by hand; see `webhooks.deliver`. A running server sends them itself."""
        return webhooks.deliver(self, post, held=held)

    def release_deliveries(self) -> None:
        """Release the deliveries that `options.webhook_hold` held."""
        webhooks.release(self)
