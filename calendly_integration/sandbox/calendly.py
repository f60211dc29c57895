"""The local Calendly: one object for tests and for the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import api, webhooks
from .exchange import Answer, Request
from .people import People
from .seeds import Seeds
from .store import Delivery


class Calendly(People, Seeds):
    """State, rules and deliveries of a local Calendly; see `core.Core` for its arguments.

    Empty at first: call `seed_standard()`. Reach it by `adapter.SandboxAdapter` or `server.SandboxServer`.
    """

    def handle(self, request: Request) -> Answer:
        """Answer one API call, by the rules and the faults that are switched on."""
        return api.handle(self, request)

    @property
    def pending_deliveries(self) -> list[Delivery]:
        """Deliveries that wait to be sent or to be sent again, held ones too, in the order of leaving."""
        return webhooks.waiting(self)

    def deliver(
        self, post: Callable[[str, bytes, dict[str, str]], Any], *, held: bool = False
    ) -> list[int | str]:
        """Send by hand what is due; see `webhooks.deliver`. Not beside a server, which sends by itself."""
        return webhooks.deliver(self, post, held=held)

    def release_deliveries(self) -> None:
        """Let go what `options.webhook_hold` kept back."""
        webhooks.release(self)
