"""A burst of deliveries: how fast it is accepted, and how soon the portal has all messages."""

import time
import uuid
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import requests
from django.db import connections
from django.utils import timezone
from requests.adapters import HTTPAdapter

from calendly_integration.models import WebhookDelivery

from . import load, processes, rows, stand_ins
from .figures import Figure
from .stand_ins import AcceptedMessage, PortalProcess
from .surroundings import KEY, Place

AT_ONCE = 32
MESSAGES = 3
ORDER = ["/calendly/confirmed", "/email/send", "/analytics/log"]


def measure(place: Place, *, count: int) -> list[Figure]:
    """The bare view alone, then the app with its worker."""
    bare, bare_spent = _bare(place, count)
    bodies = _prepared(count)
    with stand_ins.portal(place.portal) as portal:
        posts_spent = MESSAGES * _bare_post(portal.url, count)
    with (
        stand_ins.portal(place.portal) as portal,
        processes.worker(place.environment()) as worker,
        processes.web(place.environment(), place.web) as web,
    ):
        warm_up(place, web)
        before = web.seconds(), worker.seconds(), portal.seconds(), _database(place)
        outcome = load.send(load.Spec(place.web, "/webhooks/calendly", KEY, AT_ONCE, bodies))
        check_all_accepted(outcome, count)
        behind = count - _applied()
        messages = wait_for_messages(portal, count * MESSAGES, outcome.ended_at, within=120)
        after = web.seconds(), worker.seconds(), portal.seconds(), _database(place)
        memory = web.megabytes(), worker.megabytes()
    _check_messages(messages, count)
    spent = [(end - begin) / count * 1000 for begin, end in zip(before, after, strict=True)]
    in_bare_ones = (spent[0] + spent[1]) / (bare_spent + posts_spent)
    sqlite = place.is_sqlite
    ended = max(each.at for each in messages) - outcome.ended_at
    return [
        Figure("bare view: accepted", bare.rate, "/s"),
        Figure("bare view: p99", bare.percentile(0.99), "ms"),
        Figure("bare view: processor time a delivery: web", bare_spent, "ms"),
        Figure("three bare posts by requests: processor time", posts_spent, "ms"),
        Figure("burst: accepted", outcome.rate, "/s"),
        Figure("burst: rate, in bare ones", outcome.rate / bare.rate, "", 0.5, most=False),
        Figure("burst: p50", outcome.percentile(0.5), "ms"),
        Figure("burst: p99", outcome.percentile(0.99), "ms", 200 if sqlite else 60),
        Figure("burst: longest", outcome.percentile(1), "ms"),
        Figure("burst: not yet applied at its end", behind, ""),
        Figure("burst: portal told of all after its end", ended, "s", 12),
        Figure("processor time a delivery: web", spent[0], "ms", 1.6),
        Figure("processor time a delivery: worker, with its three messages", spent[1], "ms"),
        Figure("processor time a delivery: web and worker", spent[0] + spent[1], "ms", 1.6),
        Figure("processor time a delivery, in bare views with three bare posts", in_bare_ones, ""),
        Figure("processor time a delivery: PostgreSQL", spent[3], "ms"),
        Figure("processor time a delivery: the stand-in portal", spent[2], "ms"),
        Figure("memory after the burst (PSS): web", memory[0], "MB"),
        Figure("memory after the burst (PSS): worker", memory[1], "MB"),
        Figure("memory after the burst (PSS): web and worker", sum(memory), "MB", 200),
    ]


def outage(place: Place, *, count: int, seconds: float = 10) -> list[Figure]:
    """The portal is down in the middle of the burst's messages."""
    bodies = _prepared(count)
    with (
        stand_ins.portal(place.portal) as portal,
        processes.worker(place.environment()),
        processes.web(place.environment(), place.web) as web,
    ):
        warm_up(place, web)
        outcome = load.send(load.Spec(place.web, "/webhooks/calendly", KEY, AT_ONCE, bodies))
        check_all_accepted(outcome, count)
        while portal.count() < count:
            time.sleep(0.05)
        portal.down(True)
        time.sleep(seconds)
        portal.down(False)
        back = time.time()
        messages = wait_for_messages(portal, count * MESSAGES, back, within=120)
    _check_messages(messages, count)
    late = max(each.at for each in messages) - back
    return [Figure(f"portal away for {seconds:g} s: told of all after its return", late, "s", 15)]


def _bare(place: Place, count: int) -> tuple[load.Outcome, float]:
    bodies = _prepared(count)
    with processes.web(place.environment(), place.web) as web:
        warm_up(place, web, "/bare")
        before = web.seconds()
        outcome = load.send(load.Spec(place.web, "/bare", KEY, AT_ONCE, bodies))
        spent = web.seconds() - before
    check_all_accepted(outcome, count)
    return outcome, spent / count * 1000


def _bare_post(url: str, count: int) -> float:
    """Milliseconds of processor time that `requests` takes for one message, with as many at once."""
    headers = {"Authorization": "Bearer benchmark-portal-key"}

    def post(number: int) -> None:
        body = {"booking_id": str(number), "timestamp": "2026-01-01T00:00:00Z"}
        key = {**headers, "Idempotency-Key": str(uuid.uuid4())}
        session.post(f"{url}/analytics/log", json=body, headers=key, timeout=10).raise_for_status()

    with requests.Session() as session, ThreadPoolExecutor(AT_ONCE) as threads:
        session.mount("http://", HTTPAdapter(pool_maxsize=AT_ONCE))
        before = time.process_time()
        list(threads.map(post, range(count)))
        return (time.process_time() - before) / count * 1000


def _prepared(count: int) -> list[str]:
    rows.empty()
    bodies = rows.prepare_agent_bookings(count, now=timezone.now())
    connections.close_all()
    return bodies


def warm_up(place: Place, web: processes.Tree, path: str = "/webhooks/calendly") -> None:
    """Let each process build what it builds on first use, by deliveries of an unknown kind."""
    bodies = [f'{{"event": "warm.up", "created_at": null, "payload": {number}}}' for number in range(200)]
    load.send(load.Spec(place.web, path, KEY, AT_ONCE, bodies))
    time.sleep(2)
    if web.process.poll() is not None:
        raise RuntimeError("the web server ended")


def _applied() -> int:
    return WebhookDelivery.objects.filter(
        kind="invitee.created", status=WebhookDelivery.Status.APPLIED
    ).count()


def _database(place: Place) -> float:
    return 0.0 if place.is_sqlite else processes.database_seconds(place.database_name)


def check_all_accepted(outcome: load.Outcome, count: int) -> None:
    if outcome.statuses != {"200": count}:
        raise AssertionError(f"not all were accepted: {outcome.statuses}")


def wait_for_messages(
    portal: PortalProcess, count: int, since: float, *, within: float
) -> list[AcceptedMessage]:
    while portal.count() < count:
        if time.time() > since + within:
            raise AssertionError(f"{portal.count()} of {count} messages were accepted after {within:g} s")
        time.sleep(0.1)
    return portal.accepted()


def _check_messages(messages: list[AcceptedMessage], count: int) -> None:
    """Nothing is lost or repeated, and each booking's messages are in order."""
    by_booking: dict[str, list[str]] = defaultdict(list)
    for each in messages:
        by_booking[each.booking].append(each.path)
    assert len(messages) == len({each.key for each in messages}), "a message was sent twice"
    assert len(by_booking) == count, f"{len(by_booking)} of {count} bookings have messages"
    wrong = [paths for paths in by_booking.values() if paths != ORDER]
    assert not wrong, f"{len(wrong)} bookings have wrong messages, such as {wrong[0]}"
