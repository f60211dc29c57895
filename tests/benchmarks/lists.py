"""`upcoming` and `bookings` while the tables grow."""

import statistics
import time
from collections.abc import Callable
from http.client import HTTPConnection

from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calendly_integration.services.agents import keys

from . import processes, rows
from .figures import Figure
from .surroundings import Place

CALLS = 200
PATHS = {
    "upcoming": "/api/calendly/upcoming/person-{number}@example.com?days=30",
    "bookings": "/api/calendly/bookings",
    "bookings of an invitee": "/api/calendly/bookings?email=person-{number}@example.com",
    "bookings of a conversation": "/api/calendly/bookings?conversationId=conv-{number}",
    "bookings by status": "/api/calendly/bookings?status=confirmed",
}
AUTHENTICATION = 1


def measure(place: Place, *, most: int, fewest: int = 1000) -> list[Figure]:
    rows.empty()
    _key, secret = keys.create("Benchmark", now=timezone.now())
    few = _of(place, fewest, secret)
    many = _of(place, most, secret)
    figures = []
    for name in PATHS:
        queries, inside, outside = many[name]
        figures += [
            Figure(f"{name}, {most} bookings: queries beyond authentication", queries, "", 4),
            Figure(f"{name}, {most} bookings: p50 in process", inside, "ms", 10),
            Figure(f"{name}, {most} bookings: p50 over HTTP", outside, "ms"),
            Figure(f"{name}: p50 in process, in those with {fewest}", inside / few[name][1], "", 1.5),
        ]
    return figures


def _of(place: Place, count: int, secret: str) -> dict[str, tuple[float, float, float]]:
    """Queries, p50 in process and p50 over HTTP (ms) of each path, with so many bookings."""
    rows.fill(count, now=timezone.now())
    with connections["default"].cursor() as cursor:
        cursor.execute("ANALYZE")
    headers = {"Authorization": f"Bearer {secret}", "Accept-Language": "en", "Host": "localhost"}
    client = Client(headers=headers)
    found = {}
    with processes.web(place.environment(), place.web):
        line = HTTPConnection("127.0.0.1", place.web)

        def over_http(path: str) -> None:
            line.request("GET", path, headers=headers)
            answer = line.getresponse()
            answer.read()
            assert answer.status == 200, answer.status

        for name, path in PATHS.items():
            with CaptureQueriesContext(connections["default"]) as captured:
                assert client.get(path.format(number=1)).status_code == 200
            queries = len(captured) - AUTHENTICATION
            inside = _p50(client.get, path, count)
            found[name] = queries, inside, _p50(over_http, path, count)
        line.close()
    return found


def _p50(call: Callable[[str], object], path: str, count: int) -> float:
    """In milliseconds, over many invitees."""
    times = []
    for number in range(CALLS):
        asked = path.format(number=number * (count // 10) // CALLS)
        began = time.perf_counter()
        call(asked)
        times.append(time.perf_counter() - began)
    return statistics.median(times[10:]) * 1000
