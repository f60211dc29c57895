"""One answer a check, each by itself, with what to type to fix it."""

from collections.abc import Iterator
from dataclasses import replace
from email.utils import format_datetime
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import translation

from calendly_integration import clients, jobs
from calendly_integration.models import CalendlyAccount, EventType, OutboxMessage
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.portal import Portal
from calendly_integration.sandbox.seeds import TOKEN
from calendly_integration.services import doctor, outbox
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.doctor import Finding
from calendly_integration.services.webhooks import subscriptions
from calendly_integration.services.worker import heartbeat

from ..factories import now

pytestmark = pytest.mark.django_db

CHECKS = ["database", "token", "scopes", "plan", "clock", "webhook", "queue", "worker", "portal", "search"]


@pytest.fixture
def portal(settings: Any) -> Iterator[Portal]:
    """A portal that listens."""
    started = Portal(key="vai-key").start()
    settings.CALENDLY_INTEGRATION |= {"PORTAL_URL": started.url, "PORTAL_KEY": "vai-key"}
    yield started
    started.stop()


@pytest.fixture
def healthy(
    sandbox: Calendly, account: CalendlyAccount, event_types: dict[str, EventType], portal: Portal
) -> Calendly:
    """Everything is as it must be, and answers say when they were written."""
    original = sandbox.handle

    def handle(request: Any) -> Any:
        answer = original(request)
        date = format_datetime(sandbox.now(), usegmt=True)
        return replace(answer, headers={**answer.headers, "Date": date})

    sandbox.handle = handle  # type: ignore[method-assign]
    account.refresh_from_db()
    subscriptions.subscribe(account, now=now())
    jobs.ensure_schedules(now())
    heartbeat.beat(now=now())
    return sandbox


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """What is found is told in the language of whoever asks."""
    with translation.override("en"):
        yield


def findings() -> dict[str, Finding]:
    found = doctor.examine(calendly_accounts.default(), now=now())
    assert [finding.name for finding in found] == CHECKS
    assert TOKEN not in str(found)
    return {finding.name: finding for finding in found}


def failing() -> dict[str, Finding]:
    found = {name: finding for name, finding in findings().items() if finding.ok is False}
    assert all(finding.fix for finding in found.values()), found
    return found


def test_a_healthy_system_has_nothing_to_mend(healthy: Calendly) -> None:
    assert failing() == {}
    assert all(finding.text and finding.ok for finding in findings().values())


def test_a_fresh_system_says_what_to_type(sandbox: Calendly, account: CalendlyAccount, settings: Any) -> None:
    settings.CALENDLY_INTEGRATION = {}
    clients.forget()
    found = failing()
    assert {"token", "scopes", "clock", "webhook", "queue", "worker", "portal"} <= set(found)
    assert "CALENDLY_API_KEY" in found["token"].fix
    assert "CALENDLY_WEBHOOK_SECRET" in found["webhook"].fix
    assert "calendly_worker" in found["worker"].fix
    assert "VAI_API_URL" in found["portal"].fix


def test_a_dead_token_is_named(healthy: Calendly) -> None:
    healthy.state.tokens[TOKEN].state = "revoked"
    found = failing()
    assert "revoked" in found["token"].text
    assert "personal access token" in found["token"].fix


def test_a_calendly_that_is_away_points_to_the_network(healthy: Calendly) -> None:
    healthy.faults.add("refuse", times=None)
    assert "network" in failing()["token"].fix


def test_lacking_scopes_are_listed(healthy: Calendly, settings: Any) -> None:
    healthy.add_token("narrow", scopes=["users:read", "event_types:read", "organizations:read"])
    settings.CALENDLY_INTEGRATION["API_KEY"] = "narrow"
    found = failing()["scopes"]
    for scope in ("availability:read", "scheduled_events:read", "webhooks:read"):
        assert scope in found.text
    assert "webhooks:write" in found.fix


def test_an_allowance_that_is_used_up_is_shown_with_its_end(
    healthy: Calendly, account: CalendlyAccount
) -> None:
    calendly_accounts.mark_quota_exhausted(account, retry_after=1800, now=now())
    assert "06:30 UTC" in failing()["plan"].text


@pytest.mark.parametrize(("seconds", "good"), [(30, True), (600, False), (-600, False)])
def test_a_clock_that_is_off_is_found(healthy: Calendly, seconds: int, good: bool) -> None:
    healthy.move_clock(seconds)
    clock = findings()["clock"]
    assert clock.ok is good
    assert clock.text == f"{abs(seconds)} s apart from Calendly"


def test_a_subscription_that_is_disabled_or_gone_is_found(healthy: Calendly) -> None:
    [made] = healthy.state.subscriptions.values()
    made.state = "disabled"
    assert "disabled" in failing()["webhook"].text
    healthy.state.subscriptions.clear()
    found = failing()["webhook"]
    assert "none for https://portal.example/webhooks/calendly" in found.text
    assert found.fix == "manage.py calendly_webhook subscribe"


def test_a_portal_that_fails_or_has_refused_is_found(healthy: Calendly, portal: Portal) -> None:
    outbox.add([outbox.Draft("lane", "/x", {}, "once")], now=now())
    assert findings()["portal"].text == "1 message waits, 0 are parked"
    OutboxMessage.objects.update(status="parked")
    assert failing()["portal"].text == "0 messages wait, 1 is parked"
    portal.down = True
    assert "VAI_API_URL" in failing()["portal"].fix
    portal.stop()
    assert "portal" in failing()
    portal.start()


def test_a_wrong_key_of_the_portal_is_found(healthy: Calendly, portal: Portal) -> None:
    portal.key = "another"
    assert "VAI_API_KEY" in failing()["portal"].fix


def test_one_check_that_breaks_does_not_hide_the_others(
    healthy: Calendly, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> None:
        raise DatabaseError("no such table")

    monkeypatch.setattr(heartbeat, "worker_alive", broken)
    monkeypatch.setattr(heartbeat, "queue_state", broken)
    found = failing()
    assert set(found) == {"queue", "worker"}
    assert found["queue"].fix == "manage.py migrate"


def test_a_broker_that_does_not_answer_is_found(healthy: Calendly, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "waiting", lambda: 1 / 0)
    finding = findings()["queue"]
    assert finding.ok is None  # only a plain `qcluster` needs it
    assert "Redis" in finding.fix


def test_what_is_found_is_told_in_the_language_of_whoever_asks(healthy: Calendly) -> None:
    english = {name: finding.text for name, finding in findings().items()}
    with translation.override("ro"):
        romanian = {name: finding.text for name, finding in findings().items()}
    # A name of a product, a person and an address are the same in both.
    same = {name for name, text in english.items() if romanian[name] == text}
    assert same == {"database", "token", "webhook"}
    assert romanian["queue"] == "0 sarcini în așteptare"
    outbox.add([outbox.Draft("lane", f"/{each}", {}, str(each)) for each in range(20)], now=now())
    with translation.override("ro"):
        assert findings()["portal"].text == "20 de mesaje în așteptare, 0 refuzate"
