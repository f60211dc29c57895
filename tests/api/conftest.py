"""Agents whose answers are held against the document."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from calendly_integration.models import AgentKey, EventType
from calendly_integration.services.agents import keys

from .document import CheckedClient


def agent(secret: str, language: str = "en") -> CheckedClient:
    """A client with that key and language."""
    return CheckedClient(
        raise_request_exception=False,
        HTTP_AUTHORIZATION=f"Bearer {secret}",
        HTTP_ACCEPT_LANGUAGE=language,
        HTTP_HOST="localhost",
    )


@pytest.fixture
def api(agent_key: AgentKey) -> CheckedClient:
    """An agent that speaks English, with all rights."""
    return agent(agent_key.secret)  # type: ignore[attr-defined]


@pytest.fixture
def romanian(agent_key: AgentKey) -> CheckedClient:
    """The same agent, speaking Romanian."""
    return agent(agent_key.secret, "ro-RO,ro;q=0.9,en;q=0.5")  # type: ignore[attr-defined]


@pytest.fixture
def agent_with(db: None, clock: time_machine.Traveller) -> Callable[..., CheckedClient]:
    """`agent_with("read")`: an agent that has only these rights."""

    def make(*scopes: str) -> CheckedClient:
        return agent(keys.create("Limited agent", scopes=scopes, now=datetime.now(UTC))[1])

    return make


@pytest.fixture
def book(api: CheckedClient, event_types: dict[str, EventType]) -> Callable[..., dict[str, Any]]:
    """`book(preferredTime=…)`: a booked meeting, as it was answered."""

    def make(**booking_request: Any) -> dict[str, Any]:
        body = {
            "eventType": "Sales Demo",
            "inviteeEmail": "ana@example.com",
            "inviteeName": "Ana Pop",
            **booking_request,
        }
        answer = api.post("/api/calendly/schedule", body, format="json")
        assert answer.status_code == 201, answer.content
        booking: dict[str, Any] = answer.json()["booking"]
        return booking

    return make
