"""Brakes on agents' calls: for wrong keys by address, for right ones by key."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.cache.backends.locmem import LocMemCache

from calendly_integration.api import throttling
from calendly_integration.models import AgentKey
from calendly_integration.services.agents import keys

from .conftest import agent
from .document import CheckedClient

HOSTS = "/api/calendly/hosts"
MOST = 100


def guess(times: int, address: str = "203.0.113.7", **headers: str) -> list[Any]:
    """Answers to so many wrong keys."""
    guesser = CheckedClient(REMOTE_ADDR=address, HTTP_HOST="localhost", **headers)
    return [
        guesser.get(HOSTS, HTTP_AUTHORIZATION=f"Bearer vai_{number:012x}_{'x' * 43}")
        for number in range(times)
    ]


@pytest.fixture
def limited(settings: Any) -> None:
    settings.CALENDLY_INTEGRATION = {**settings.CALENDLY_INTEGRATION, "CALLS_PER_MINUTE": 3}


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Too many attempts with a wrong agent key."), ("ro", "Prea multe încercări cu o cheie greșită")],
)
def test_who_guesses_at_keys_is_told_to_wait(
    db: None, clock: time_machine.Traveller, language: str, words: str
) -> None:
    answers = guess(MOST + 1, HTTP_ACCEPT_LANGUAGE=language)
    assert [answer.status_code for answer in answers] == [401] * MOST + [429]
    refused = answers[-1]
    assert refused.json()["success"] is False
    assert refused.json()["code"] == "too_many_requests"
    assert refused.json()["message"].startswith(words)
    assert refused["Retry-After"] == "60"


def test_a_refused_guess_costs_no_query(
    db: None, clock: time_machine.Traveller, django_assert_num_queries: Any
) -> None:
    guess(MOST)
    with django_assert_num_queries(0):
        assert guess(1)[0].status_code == 429


def test_other_addresses_are_not_held_up(api: CheckedClient, clock: time_machine.Traveller) -> None:
    guess(MOST + 1)
    assert guess(1, "203.0.113.8")[0].status_code == 401
    assert api.get(HOSTS).status_code == 200


def test_an_agent_that_works_goes_on_where_it_shares_the_guessers_address(
    api: CheckedClient, agent_key: AgentKey, clock: time_machine.Traveller
) -> None:
    assert api.get(HOSTS).status_code == 200
    assert guess(MOST + 1, "127.0.0.1")[-1].status_code == 429
    assert api.get(HOSTS).status_code == 200
    for _ in range(10):
        clock.shift(20)
        guess(MOST + 1, "127.0.0.1")
        assert api.get(HOSTS).status_code == 200
    keys.revoke(agent_key, now=datetime.now(UTC))
    assert [api.get(HOSTS).status_code for _ in range(2)] == [401, 429]


def test_neighbours_in_one_network_of_ipv6_are_one(db: None, clock: time_machine.Traveller) -> None:
    for number in range(MOST):
        guess(1, f"2001:db8:0:1::{number:x}")
    assert guess(1, "2001:db8:0:1:ffff::1")[0].status_code == 429
    assert guess(1, "2001:db8:0:2::1")[0].status_code == 401


def test_a_header_does_not_choose_the_address(db: None, clock: time_machine.Traveller) -> None:
    for number in range(MOST):
        guess(1, HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
    assert guess(1, HTTP_X_FORWARDED_FOR="198.51.100.200")[0].status_code == 429


def test_after_a_minute_one_may_try_again(db: None, clock: time_machine.Traveller) -> None:
    guess(MOST + 1)
    clock.shift(59)
    assert guess(1)[0]["Retry-After"] == "1"
    clock.shift(1)
    assert guess(1)[0].status_code == 401


@pytest.mark.parametrize(("language", "words"), [("en", "Too many calls."), ("ro", "Prea multe apeluri.")])
def test_a_key_has_so_many_calls_a_minute(
    limited: None, agent_key: AgentKey, clock: time_machine.Traveller, language: str, words: str
) -> None:
    caller = agent(agent_key.secret, language)  # type: ignore[attr-defined]
    assert [caller.get(HOSTS).status_code for _ in range(3)] == [200] * 3
    clock.shift(10)
    refused = caller.get(HOSTS)
    assert refused.status_code == 429
    assert (refused.json()["success"], refused.json()["code"]) == (False, "too_many_requests")
    assert refused.json()["message"].startswith(words)
    assert refused["Retry-After"] == "50"
    clock.shift(50)
    assert caller.get(HOSTS).status_code == 200


def test_one_key_does_not_use_up_anothers_calls(
    limited: None, api: CheckedClient, agent_with: Callable[..., CheckedClient]
) -> None:
    assert [api.get(HOSTS).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert agent_with("read").get(HOSTS).status_code == 200


def test_a_refused_call_books_nothing(limited: None, api: CheckedClient, event_types: Any) -> None:
    for _ in range(3):
        api.get(HOSTS)
    body = {"eventType": "Sales Demo", "inviteeEmail": "ana@example.com", "inviteeName": "Ana"}
    assert api.post("/api/calendly/schedule", body, format="json").status_code == 429


@pytest.mark.parametrize("most", [0, 6000])
def test_without_a_limit_or_with_the_default_nobody_notices(
    api: CheckedClient, settings: Any, most: int, django_assert_num_queries: Any
) -> None:
    settings.CALENDLY_INTEGRATION = {**settings.CALENDLY_INTEGRATION, "CALLS_PER_MINUTE": most}
    api.get(HOSTS)  # notes the key's use
    with django_assert_num_queries(2):  # the key, the hosts
        assert api.get(HOSTS).status_code == 200


def test_ever_new_addresses_do_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch, db: None, clock: time_machine.Traveller
) -> None:
    small = LocMemCache("small", {"OPTIONS": {"MAX_ENTRIES": 50}})
    monkeypatch.setattr(throttling.WrongKeyThrottle, "cache", small)
    addresses = [f"198.51.{number}.1" for number in range(200)]
    for address in addresses:
        guess(1, address)
    assert len([each for each in addresses if f"address-{each}" in small]) <= 50
    assert f"address-{addresses[-1]}" in small
