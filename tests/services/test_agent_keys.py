"""Agents' keys, and the command that makes them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import OperationalError

from calendly_integration.models import AgentKey
from calendly_integration.services.agents import keys

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def test_a_key_proves_itself_and_is_not_kept_in_clear() -> None:
    key, secret = keys.create("Agent", now=NOW)
    assert keys.KEY_PATTERN.fullmatch(secret)
    assert keys.authenticate(secret, now=NOW) == key
    kept = AgentKey.objects.values().get()
    assert secret not in repr(kept)
    assert secret.startswith(kept["prefix"])
    assert key.scopes == ["book", "read", "change"]


def test_two_keys_never_alike() -> None:
    assert keys.create("A", now=NOW)[1] != keys.create("A", now=NOW)[1]


def test_a_right_that_does_not_exist_is_refused() -> None:
    with pytest.raises(keys.UnknownScope):
        keys.create("A", scopes=["read", "fly"], now=NOW)
    assert not AgentKey.objects.exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text + "x",
        lambda text: text.upper(),
        lambda text: "vai_" + "0" * 12 + text[16:],
        lambda text: text + "\n",
        lambda _text: "",
        lambda _text: "vai_\x00",
    ],
)
def test_anything_else_does_not_open(spoil: Any) -> None:
    _key, secret = keys.create("A", now=NOW)
    with pytest.raises(keys.InvalidKey):
        keys.authenticate(spoil(secret), now=NOW)


def test_expired_and_revoked_keys_do_not_open() -> None:
    _key, short = keys.create("A", expires_at=NOW + timedelta(hours=1), now=NOW)
    keys.authenticate(short, now=NOW)
    with pytest.raises(keys.InvalidKey):
        keys.authenticate(short, now=NOW + timedelta(hours=1))
    key, secret = keys.create("B", now=NOW)
    assert keys.revoke(key, now=NOW)
    assert not keys.revoke(key, now=NOW + timedelta(days=1))
    assert key.revoked_at == NOW
    with pytest.raises(keys.InvalidKey):
        keys.authenticate(secret, now=NOW)


def test_noting_use_never_fails_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    key, _secret = keys.create("A", now=NOW)

    def locked(*_args: Any, **_kwargs: Any) -> int:
        raise OperationalError("database is locked")

    monkeypatch.setattr("django.db.models.query.QuerySet.update", locked)
    keys.note_use(key, now=NOW)


def test_the_command_prints_the_key_and_nothing_else(
    capsys: pytest.CaptureFixture[str], clock: time_machine.Traveller
) -> None:
    call_command("calendly_agent_key", "Sales agent", "--scope", "read", "--scope", "book", "--expires", "30")
    told = capsys.readouterr()
    assert told.err == ""
    key = keys.authenticate(told.out.removesuffix("\n"), now=NOW)
    assert (key.name, key.scopes) == ("Sales agent", ["book", "read"])
    assert key.expires_at == NOW + timedelta(days=30)


@pytest.mark.parametrize("wrong", [[""], ["a" * 101], ["A", "--expires", "0"], ["A", "--scope", "fly"], []])
def test_the_command_refuses_nonsense(wrong: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("calendly_agent_key", *wrong)
    assert not AgentKey.objects.exists()
