"""A Calendly at a fixed Monday morning, and a caller who speaks to it as any HTTP client would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from calendly_integration.sandbox import seeds
from calendly_integration.sandbox.adapter import SandboxAdapter
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.store import Subscription

BASE = "https://api.calendly.com"
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # Monday, 08:00 in Bucharest


class Caller:
    """A session with a token, and short names for what tests do all the time."""

    def __init__(self, calendly: Calendly, token: str = seeds.TOKEN) -> None:
        self.calendly = calendly
        self.session = requests.Session()
        self.session.mount(BASE, SandboxAdapter(calendly))
        self.session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(BASE + path, params=query, timeout=(1, 5), allow_redirects=False)

    def post(self, path: str, body: Any = None) -> requests.Response:
        return self.session.post(BASE + path, json=body, timeout=(1, 5), allow_redirects=False)

    def patch(self, path: str, body: Any) -> requests.Response:
        return self.session.patch(BASE + path, json=body, timeout=(1, 5))

    def delete(self, path: str) -> requests.Response:
        return self.session.delete(BASE + path, timeout=(1, 5))

    def starts(self, kind: Any, start: datetime | None = None, days: float = 7) -> list[str]:
        """Free starts, as the API writes them."""
        first = start or self.calendly.now() + timedelta(minutes=1)
        answer = self.get(
            "/event_type_available_times",
            event_type=self.calendly.uri("event_types", kind.id),
            start_time=first.isoformat(),
            end_time=(first + timedelta(days=days)).isoformat(),
        )
        assert answer.status_code == 200, answer.text
        return [row["start_time"] for row in answer.json()["collection"]]

    def booking(self, kind: Any, start: str | None = None, **changes: Any) -> dict[str, Any]:
        """A complete body for POST /invitees; None as a value leaves the field out."""
        body: dict[str, Any] = {
            "event_type": self.calendly.uri("event_types", kind.id),
            "start_time": start or self.starts(kind)[0],
            "invitee": {"name": "Maria Popa", "email": "maria@example.com", "timezone": "Europe/Bucharest"},
            "location": {"kind": "zoom_conference"},
        }
        return {key: value for key, value in (body | changes).items() if value is not None}

    def book(self, kind: Any, start: str | None = None, **changes: Any) -> requests.Response:
        return self.post("/invitees", self.booking(kind, start, **changes))


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.moment = NOW

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def calendly(clock: Clock) -> Calendly:
    made = Calendly(clock=clock)
    made.seed_standard()
    return made


@pytest.fixture
def api(calendly: Calendly) -> Caller:
    return Caller(calendly)


@pytest.fixture
def demo(calendly: Calendly) -> Any:
    return calendly.find_event_type("Sales Demo")


@pytest.fixture
def hook(calendly: Calendly) -> Subscription:
    return calendly.subscribe("https://portal.example/hook", "made-up-signing-key-0001")
