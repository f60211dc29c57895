"""How long a booking takes, compared with bare calls to Calendly."""

import json
import statistics
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from http.client import HTTPConnection
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from django.db import connections
from django.utils import timezone

from calendly_integration.models import EventType
from calendly_integration.services.accounts import calendly_accounts as organizations
from calendly_integration.services.agents import keys
from calendly_integration.services.catalog import event_types

from . import processes, rows, stand_ins
from .figures import Figure
from .surroundings import TOKEN, Place

LATENCY = 0.12
CALLS = 24
AGENTS = 8

T = TypeVar("T")


def measure(place: Place) -> list[Figure]:
    """Against a Calendly that takes 0.12 s for each answer."""
    rows.empty()
    _key, secret = keys.create("Benchmark", now=timezone.now())
    with stand_ins.calendly(place.calendly, latency=LATENCY) as url, stand_ins.portal(place.portal):
        event_types.sync(organizations.default(), now=timezone.now())
        kind = EventType.objects.get(name="Quick Consultation")
        connections.close_all()
        with processes.worker(place.environment()), processes.web(place.environment(), place.web):
            agents = [_BookingAgent(place.web, secret, number) for number in range(AGENTS)]
            callers = [_BareClient(url, kind.uri) for _ in range(AGENTS)]
            _run_all(agents, 2, lambda agent: agent.books())  # each process opens its connections
            bare = _run_all(callers[:1], CALLS, lambda caller: caller.asks())
            bare_busy = _run_all(callers, CALLS // 2, lambda caller: caller.asks())
            alone = _run_all(agents[:1], CALLS, lambda agent: agent.books())
            busy = _run_all(agents, CALLS // 2, lambda agent: agent.books())
            asked = _run_all(agents[:1], CALLS, lambda agent: agent.finds_nothing())
    return [
        Figure("one bare call to Calendly: p50", bare * 1000, "ms"),
        Figure(f"one bare call to Calendly, {AGENTS} at a time: p50", bare_busy * 1000, "ms"),
        Figure("booking, one agent: p50", alone * 1000, "ms"),
        Figure("booking, one agent: p50, in bare calls", alone / bare, "", 2.1),
        Figure(f"booking, {AGENTS} agents: p50", busy * 1000, "ms"),
        Figure(f"booking, {AGENTS} agents: p50, in bare calls", busy / bare, "", 2.1),
        Figure("suggestions: p50", asked * 1000, "ms"),
        Figure("suggestions: p50, in bare calls", asked / bare, "", 1.1),
    ]


class _BookingAgent:
    """A caller with its own connection and week, so that no two callers want the same start."""

    def __init__(self, port: int, secret: str, number: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port)
        self._headers = {
            "Authorization": f"Bearer {secret}",
            "Content-Type": "application/json",
            "Host": "localhost",
        }
        first = timezone.now() + timedelta(days=2 + 7 * number)
        self._next = first.replace(hour=6, minute=0, second=0, microsecond=0)

    def books(self) -> float:
        """Seconds for a booking."""
        answer, seconds = self._schedule("nextAvailable", self._next)
        assert answer.get("booking"), answer
        self._next = datetime.fromisoformat(answer["booking"]["endTime"]) + timedelta(minutes=15)
        return seconds

    def finds_nothing(self) -> float:
        """Seconds for an answer that can only suggest: no meeting starts at seven minutes past."""
        answer, seconds = self._schedule("exact", self._next.replace(minute=7))
        assert answer.get("suggestions"), answer
        return seconds

    def _schedule(self, flexibility: str, start: datetime) -> tuple[dict[str, Any], float]:
        body = json.dumps(
            {
                "eventType": "Quick Consultation",
                "inviteeEmail": f"{uuid.uuid4().hex}@example.com",
                "inviteeName": "Nora Field",
                "preferredTime": start.isoformat(),
                "flexibility": flexibility,
                "conversationId": uuid.uuid4().hex,
            }
        )
        began = time.perf_counter()
        self._connection.request("POST", "/api/calendly/schedule", body, self._headers)
        raw = self._connection.getresponse().read()
        seconds = time.perf_counter() - began
        answer: dict[str, Any] = json.loads(raw)
        return answer, seconds


class _BareClient:
    """A client that only asks for the free times of two weeks, on a persistent connection."""

    def __init__(self, url: str, event_type: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc)
        first = timezone.now() + timedelta(days=2)
        span = {"start_time": rows.text(first), "end_time": rows.text(first + timedelta(days=14))}
        self._path = "/event_type_available_times?" + urlencode({"event_type": event_type, **span})

    def asks(self) -> float:
        """Seconds for the answer."""
        began = time.perf_counter()
        self._connection.request("GET", self._path, headers={"Authorization": f"Bearer {TOKEN}"})
        answer = self._connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        return time.perf_counter() - began


def _run_all(callers: list[T], times: int, act: Callable[[T], float]) -> float:
    """The median duration when all callers act so many times at once."""
    with ThreadPoolExecutor(len(callers)) as pool:
        own = pool.map(lambda caller: [act(caller) for _ in range(times)], callers)
        return statistics.median(seconds for each in own for seconds in each)
