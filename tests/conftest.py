"""What all tests share: a frozen clock, the sandbox as transport, a synced connection, an agent. No network."""

import copy
import os
import socket
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import hypothesis
import pytest
import time_machine
from rest_framework.test import APIClient

from calendly_integration import clients
from calendly_integration.api import throttling
from calendly_integration.calendly.client import Client
from calendly_integration.models import AgentKey, CalendlyAccount, EventType, Host
from calendly_integration.sandbox.adapter import SandboxAdapter
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.seeds import TOKEN
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.agents import keys
from calendly_integration.services.backoffice import health
from calendly_integration.services.catalog import event_types as catalog

# A Monday, 08:00 in Bucharest: an hour before anybody works.
MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)
SIGNING_KEY = "test-signing-key"
# CI tries more histories than a developer's run: `pytest --hypothesis-profile=ci`.
hypothesis.settings.register_profile("daily", max_examples=20)
hypothesis.settings.register_profile("ci", max_examples=60)
hypothesis.settings.load_profile("daily")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what these surroundings cannot run: left out, not skipped, so that a skip is always news."""
    chosen = str(config.getoption("markexpr"))
    missing = {mark for mark in ("browser", "benchmark") if mark not in chosen}
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        missing.add("postgres")
    if not os.environ.get("REDIS_URL"):
        missing.add("redis")
    if not sys.platform.startswith("linux"):
        missing.add("processes")  # they look at processes through /proc
    left_out = [item for item in items if any(item.get_closest_marker(mark) for mark in missing)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """`-n auto`: one more than there are processors, because tests that start processes mostly wait for them."""
    return (os.cpu_count() or 1) + 1


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what uses the database, and keep together (`--dist loadgroup`) what shares one running system or the one
    Redis, where a wake would go to another worker's cluster, and what starts processes in one file.
    """
    fixtures = getattr(item, "fixturenames", ())
    if item.get_closest_marker("django_db") or {"db", "transactional_db", "system"} & set(fixtures):
        item.add_marker(pytest.mark.database)
    if "system" in fixtures:
        item.add_marker(pytest.mark.xdist_group("system"))
    elif item.get_closest_marker("redis"):
        item.add_marker(pytest.mark.xdist_group("redis"))
    elif item.get_closest_marker("processes"):
        item.add_marker(pytest.mark.xdist_group(item.path.stem))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Groups that are asked for must hold: xdist reads them from the end of a test's name."""
    if getattr(session.config.option, "loadgroup", False):
        loose = [
            item
            for item in session.items
            if item.get_closest_marker("xdist_group") and "@" not in item.nodeid
        ]
        assert not loose, f"pytest-xdist does not keep together what starts processes: {loose[0].nodeid}"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file, as in production: threads that share one in memory lock each other out at once."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("db") / "test.sqlite3")


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """A connection that leaves this machine fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"A test tried to reach {address[0]}.")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session")
def static_root(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An empty folder in place of collected static files. Shared: a folder per test takes 2 ms each."""
    return str(tmp_path_factory.mktemp("static"))


@pytest.fixture(autouse=True)
def fresh_state() -> Iterator[None]:
    """No API client outlives its test; no calls of another test are counted, and its health is not shown."""
    clients.forget()
    throttling.cache.clear()
    health.cache.clear()
    yield
    clients.forget()


@pytest.fixture(autouse=True)
def own_settings(settings: Any, static_root: str) -> None:
    """Not what the developer's environment says."""
    settings.CALENDLY_INTEGRATION = {
        "API_KEY": TOKEN,
        "WEBHOOK_SECRETS": [SIGNING_KEY],
        "PUBLIC_URL": "https://portal.example",
    }
    settings.LANGUAGE_CODE = "ro"
    settings.STATIC_ROOT = static_root
    settings.WHITENOISE_USE_FINDERS = False


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A Monday morning that stands still: `clock.shift(seconds)`, `clock.move_to(instant)`."""
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def sandbox(clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch) -> Calendly:
    """A Calendly of our own: every client made from now on speaks to it. Its clock is `clock`."""
    calendly = Calendly(clock=lambda: datetime.now(UTC))
    calendly.seed_standard()
    adapter = SandboxAdapter(calendly, sleep=lambda _seconds: None)

    def wired(token: str, **options: Any) -> Client:
        client = Client(token, pause=lambda _seconds: None, **options)
        client.session.mount("https://api.calendly.com", adapter)
        return client

    monkeypatch.setattr(clients, "CalendlyClient", wired)
    return calendly


@pytest.fixture
def account(db: None, sandbox: Calendly) -> CalendlyAccount:
    """The default connection, speaking to the sandbox; nothing is synced yet."""
    return calendly_accounts.default()


class Synced(NamedTuple):
    """What a sync wrote."""

    account: CalendlyAccount
    hosts: list[Host]
    event_types: list[EventType]
    links: list[tuple[UUID, UUID]]


_synced: dict[str, Synced] = {}


@pytest.fixture
def event_types(account: CalendlyAccount, sandbox: Calendly) -> dict[str, EventType]:
    """The sandbox's event types and hosts, synced; by name. The rows of the first sync of the same sandbox are
    used again: a sync takes ten times as long."""
    now, state = datetime.now(UTC), sandbox.state
    listed = repr((now, state.organization, state.users, state.event_types, sandbox.options))
    hosted = EventType.hosts.through.objects
    if listed not in _synced:
        catalog.sync(account, now=now)
        links = list(hosted.values_list("eventtype_id", "host_id"))
        rows = (
            CalendlyAccount.objects.get(pk=account.pk),
            list(Host.objects.all()),
            list(EventType.objects.all()),
        )
        _synced[listed] = Synced(*rows, links)
    else:
        synced = copy.deepcopy(_synced[listed])
        for each in (*synced.hosts, *synced.event_types):
            each.account_id = account.pk
        synced.account.pk = account.pk
        synced.account.save(force_update=True)
        account.refresh_from_db()
        Host.objects.bulk_create(synced.hosts)
        EventType.objects.bulk_create(synced.event_types)
        hosted.bulk_create(hosted.model(eventtype_id=kind, host_id=host) for kind, host in synced.links)
    return {kind.name: kind for kind in EventType.objects.all()}


@pytest.fixture
def agent_key(db: None, clock: time_machine.Traveller) -> AgentKey:
    """A key with all rights. Its secret stands in `agent_key.secret`."""
    key, secret = keys.create("Test agent", now=datetime.now(UTC))
    key.secret = secret  # type: ignore[attr-defined]
    return key


@pytest.fixture
def api(agent_key: AgentKey) -> APIClient:
    """An agent that speaks English, with all rights."""
    return speaking(agent_key.secret)  # type: ignore[attr-defined]


@pytest.fixture
def agent_with(db: None, clock: time_machine.Traveller) -> Callable[..., APIClient]:
    """`agent_with("read")`: an agent that has only these rights."""

    def make(*scopes: str) -> APIClient:
        return speaking(keys.create("Limited agent", scopes=scopes, now=datetime.now(UTC))[1])

    return make


def speaking(secret: str, language: str = "en") -> APIClient:
    """An agent's client with that key and language."""
    return APIClient(
        raise_request_exception=False,
        HTTP_AUTHORIZATION=f"Bearer {secret}",
        HTTP_ACCEPT_LANGUAGE=language,
        HTTP_HOST="localhost",
    )
