"""A portal that refuses our key: a pause that staff see, in which nothing is lost, parked or out of order."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client as Browser

from calendly_integration.models import CalendlyAccount, CircuitState, OutboxMessage, OutboxQueue
from calendly_integration.portal import errors
from calendly_integration.services import doctor, outbox, worker
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.outbox import circuit_breaker, dispatcher, refused_key

from .test_outbox import Clock, Post, carry, draft, unavailable

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> Clock:
    return Clock()


@pytest.fixture
def post() -> Post:
    made = Post()
    made.answer = refused
    return made


@pytest.fixture
def dispatchers(
    post: Post, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], outbox.OutboxDispatcher]]:
    """Dispatchers that read the state of the circuits at every step."""
    monkeypatch.setattr(circuit_breaker, "REFRESH_SECONDS", 0.0)
    monkeypatch.setattr(dispatcher, "OUTAGE_PAUSE_SECONDS", 0.02)
    made: list[outbox.OutboxDispatcher] = []

    def make() -> outbox.OutboxDispatcher:
        made.append(outbox.OutboxDispatcher(post, clock=now))
        return made[-1]

    yield make
    for outbox_dispatcher in made:
        outbox_dispatcher.close()


def refused(path: str, body: bytes) -> errors.KeyRefused:
    return errors.KeyRefused("the portal answered 401", status=401)


def starts_again(monkeypatch: pytest.MonkeyPatch, name: str = "another") -> None:
    monkeypatch.setattr(refused_key, "worker_name", lambda: name)


def states() -> dict[str, int]:
    found = list(OutboxMessage.objects.values_list("status", flat=True))
    return {each: found.count(each) for each in set(found)}


def test_nothing_is_parked_and_all_leaves_in_order_once_the_key_is_taken(
    dispatchers: Callable[[], outbox.OutboxDispatcher], post: Post, now: Clock
) -> None:
    outbox.add([draft(queue=f"{queue}", path=f"/{n}") for n in range(3) for queue in range(60)], now=now())
    outbox_dispatcher = dispatchers()
    carry(outbox_dispatcher)
    assert states() == {"waiting": 180}
    assert outbox.paused_since() == now()
    assert len(post.calls) <= 45  # those that were on their way
    post.answer = lambda path, body: None
    carry(outbox_dispatcher)
    assert states() == {"waiting": 180}  # the pause holds
    now.shift(60)
    carry(outbox_dispatcher)
    assert states() == {"sent": 180}
    assert outbox.paused_since() is None
    keys = {str(message.idempotency_key): message.queue_id for message in OutboxMessage.objects.all()}
    seen: dict[str, list[str]] = {}
    for path, _body, key in post.calls:
        if path not in seen.setdefault(keys[key], []):
            seen[keys[key]].append(path)
    assert all(paths == ["/0", "/1", "/2"] for paths in seen.values())
    assert not OutboxQueue.objects.filter(next_attempt_at__isnull=False).exists()


def test_one_message_a_minute_tries_the_key(
    dispatchers: Callable[[], outbox.OutboxDispatcher], post: Post, now: Clock
) -> None:
    outbox.add([draft(queue=f"{queue}") for queue in range(5)], now=now())
    first, second = dispatchers(), dispatchers()
    carry(first)
    before = len(post.calls)
    for minute in range(10):
        for _ in range(3):
            now.shift(20)
            carry(first)
            carry(second)
        assert len(post.calls) == before + minute + 1
    assert states() == {"waiting": 5}
    assert set(OutboxMessage.objects.values_list("attempts", flat=True)) == {0}


def test_one_message_tries_the_key_when_a_worker_starts(
    dispatchers: Callable[[], outbox.OutboxDispatcher],
    post: Post,
    now: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outbox.add([draft(queue=f"{queue}") for queue in range(5)], now=now())
    carry(dispatchers())
    before = len(post.calls)
    now.shift(5)
    starts_again(monkeypatch)
    carry(dispatchers())
    carry(dispatchers())  # another process of the same worker
    assert len(post.calls) == before + 1
    post.answer = lambda path, body: None
    starts_again(monkeypatch, "a third")
    carry(dispatchers())
    assert states() == {"sent": 5}


def test_another_refusal_ends_the_pause_as_well(
    dispatchers: Callable[[], outbox.OutboxDispatcher], post: Post, now: Clock
) -> None:
    outbox.add([draft(), draft(path="/two")], now=now())
    outbox_dispatcher = dispatchers()
    carry(outbox_dispatcher)
    post.answer = lambda path, body: errors.RequestRefused("no", status=422) if path == "/one" else None
    now.shift(60)
    carry(outbox_dispatcher)
    assert states() == {"parked": 1, "sent": 1}
    assert outbox.paused_since() is None


def test_a_refusal_proves_that_the_portal_lives(
    dispatchers: Callable[[], outbox.OutboxDispatcher], post: Post, now: Clock
) -> None:
    outbox.add([draft(queue=f"{n}", path=f"/{n}") for n in range(9)], now=now())
    post.answer = lambda path, body: unavailable()
    outbox_dispatcher = dispatchers()
    for _ in range(200):
        if CircuitState.objects.filter(pk=circuit_breaker.PORTAL_FAILS).exists():
            break
        carry(outbox_dispatcher, rounds=5)
    carry(outbox_dispatcher)
    OutboxQueue.objects.update(next_attempt_at=now())
    post.answer = lambda path, body: errors.RequestRefused("no", status=400)
    carry(outbox_dispatcher)
    assert states() == {"parked": 9}
    assert not CircuitState.objects.filter(pk=circuit_breaker.PORTAL_FAILS).exists()


def test_a_drain_rests_while_the_key_is_refused(
    post: Post, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from calendly_integration import clients
    from calendly_integration.services.worker import due_work

    looks: list[int] = []
    read = due_work.read
    monkeypatch.setattr(due_work, "read", lambda names: looks.append(1) or read(names))
    monkeypatch.setattr(clients, "portal", lambda: post)
    outbox.add([draft(queue=f"{queue}") for queue in range(5)], now=now())
    worker.drain(clock=now, seconds=1.2)
    assert states() == {"waiting": 5}
    assert len(post.calls) <= 5
    assert len(looks) < 15  # at idle steps, after the first moments


def test_staff_and_the_doctor_see_the_pause_once(
    dispatchers: Callable[[], outbox.OutboxDispatcher], now: Clock, settings: Any, django_user_model: Any
) -> None:
    outbox.add([draft(queue=f"{queue}") for queue in range(5)], now=now())
    carry(dispatchers())
    settings.CALENDLY_INTEGRATION |= {"PORTAL_URL": "https://portal.example", "PORTAL_KEY": "old"}
    account: CalendlyAccount = calendly_accounts.default()
    found = doctor._portal(account, now())
    assert (found.ok, "VAI_API_KEY" in found.fix) == (False, True)
    root = django_user_model.objects.create_superuser("root", "root@example.com", "x")
    browser = Browser(headers={"accept-language": "en"})
    browser.force_login(root)
    page = browser.get("/admin/calendly_integration/").content.decode()
    assert page.count("<bdi>The portal rejects our key") == 1
    assert "waited for more than five minutes" not in page
