"""A new signing key without a delivery refused: accepted before Calendly hears of it, the old one for two days."""

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import time_machine
from cryptography.fernet import Fernet

from calendly_integration.calendly.errors import CalendlyError
from calendly_integration.clients import encryption
from calendly_integration.models import CalendlyAccount, EventType, WebhookDelivery
from calendly_integration.sandbox import webhooks as sandbox_webhooks
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.webhooks import inbox, signing_keys, subscriptions

from ..factories import KEY, hours, now

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """No key is known from another test."""
    signing_keys.forget()
    yield
    signing_keys.forget()


@pytest.fixture
def account(
    sandbox: Calendly, account: CalendlyAccount, event_types: dict[str, EventType]
) -> CalendlyAccount:
    """The connection, subscribed with the key of the settings."""
    account.refresh_from_db()
    subscriptions.subscribe(account, now=now())
    account.refresh_from_db()
    return account


def sent(key: str, text: str = "x") -> None:
    """A delivery signed with that key."""
    body = json.dumps({"event": "something.else", "payload": {"text": text}}).encode()
    signature = sandbox_webhooks.signature(key, int(now().timestamp()), body)
    inbox.accept(body=body, signature=signature, now=now())


def at_calendly(sandbox: Calendly) -> str:
    [made] = sandbox.state.subscriptions.values()
    return made.signing_key


def test_calendly_signs_with_the_new_key_and_both_are_accepted(
    sandbox: Calendly, account: CalendlyAccount
) -> None:
    assert subscriptions.rotate(account, now=now()).made
    new = at_calendly(sandbox)
    assert new != KEY
    assert len(new) > 30
    sent(new, "new")
    sent(KEY, "old")
    assert WebhookDelivery.objects.count() == 2
    assert new not in CalendlyAccount.objects.get().signing_keys_encrypted


def test_an_old_key_made_here_is_accepted_for_two_days(
    sandbox: Calendly, account: CalendlyAccount, clock: time_machine.Traveller
) -> None:
    subscriptions.rotate(account, now=now())
    first = at_calendly(sandbox)
    subscriptions.rotate(account, now=now())
    second = at_calendly(sandbox)
    assert first != second
    clock.shift(hours(47.9))
    sent(first, "still")
    clock.shift(hours(0.2))
    with pytest.raises(inbox.Refused):
        sent(first, "too late")
    sent(second)
    subscriptions.rotate(account, now=now())  # what is over is thrown away
    assert first not in encryption.decrypt(CalendlyAccount.objects.get().signing_keys_encrypted)


@pytest.mark.parametrize(
    ("kind", "method"),
    [("refuse", "DELETE"), ("refuse", "POST"), ("lose_answer", "POST"), ("lose_answer", "DELETE")],
)
def test_where_calendly_fails_in_between_nothing_is_refused_and_the_same_works_again(
    sandbox: Calendly, account: CalendlyAccount, clock: time_machine.Traveller, kind: str, method: str
) -> None:
    subscriptions.rotate(account, now=now())
    old = at_calendly(sandbox)
    sandbox.faults.add(kind, method=method, path="/webhook_subscriptions.*", times=None)  # type: ignore[arg-type]
    with pytest.raises((CalendlyError, subscriptions.NotRenewed)):
        subscriptions.rotate(account, now=now())
    clock.shift(hours(100))  # nobody noticed for days
    for made in sandbox.state.subscriptions.values():
        sent(made.signing_key, "meanwhile")
    sent(old, "old")
    with suppress(CalendlyError, subscriptions.NotRenewed):
        subscriptions.rotate(account, now=now())
    sandbox.faults.clear()
    subscriptions.rotate(account, now=now())
    assert at_calendly(sandbox) != old
    sent(at_calendly(sandbox), "new")
    kept = json.loads(encryption.decrypt(CalendlyAccount.objects.get().signing_keys_encrypted))
    assert kept[0]["until"] is None
    assert all(row["until"] for row in kept[1:])
    assert len(kept) <= 3


def test_a_subscription_that_is_tended_takes_the_newest_key(
    sandbox: Calendly, account: CalendlyAccount, settings: Any
) -> None:
    subscriptions.rotate(account, now=now())
    new = at_calendly(sandbox)
    settings.CALENDLY_INTEGRATION["WEBHOOK_SECRETS"] = []
    sandbox.state.subscriptions.clear()
    account.refresh_from_db()
    assert subscriptions.tend(account, now=now()).made
    assert at_calendly(sandbox) == new


def test_a_delivery_costs_no_query_for_the_keys_and_a_forged_one_at_most_one_a_second(
    account: CalendlyAccount, clock: time_machine.Traveller, django_assert_num_queries: Any
) -> None:
    subscriptions.rotate(account, now=now())
    assert signing_keys.accepted(now=now())

    def forge() -> None:
        with pytest.raises(inbox.Refused):
            sent("forged")

    with django_assert_num_queries(0):
        for _ in range(50):
            forge()
    clock.shift(2)
    with django_assert_num_queries(1):
        for _ in range(50):
            forge()
    clock.shift(4)
    with django_assert_num_queries(0):
        signing_keys.accepted(now=now())
    clock.shift(2)
    with django_assert_num_queries(1):
        signing_keys.accepted(now=now())


def test_a_key_that_another_process_made_is_found_before_a_delivery_is_refused(
    sandbox: Calendly, account: CalendlyAccount, clock: time_machine.Traveller
) -> None:
    before = signing_keys.accepted(now=now())
    moment = now()
    subscriptions.rotate(account, now=now())
    signing_keys._cache = (moment, ())  # this process has not heard of it
    assert signing_keys.accepted(now=now()) == before
    clock.shift(2)
    sent(at_calendly(sandbox))
    assert WebhookDelivery.objects.count() == 1


def test_without_any_key_everything_is_refused(account: CalendlyAccount, settings: Any) -> None:
    settings.CALENDLY_INTEGRATION["WEBHOOK_SECRETS"] = []
    for key in (KEY, "x"):
        with pytest.raises(inbox.Refused):
            sent(key)
    with pytest.raises(subscriptions.NoSigningKey):
        subscriptions.subscribe(account, now=now())
    subscriptions.rotate(account, now=now())
    assert subscriptions.status(account, now=now()).healthy


def test_keys_that_cannot_be_read_leave_those_of_the_settings(
    sandbox: Calendly, account: CalendlyAccount, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    subscriptions.rotate(account, now=now())
    lost = at_calendly(sandbox)
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [Fernet.generate_key().decode()]
    signing_keys.forget()
    sent(KEY)
    with pytest.raises(inbox.Refused):
        sent(lost)
    assert lost not in caplog.text


def test_keys_are_written_anew_under_a_new_encryption_key(
    sandbox: Calendly, account: CalendlyAccount, settings: Any
) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [old]
    subscriptions.rotate(account, now=now())
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [new, old]
    CalendlyAccount.objects.update(token_encrypted="")
    assert calendly_accounts.rotate_secrets() == 1
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [new]
    signing_keys.forget()
    sent(at_calendly(sandbox))


def test_no_key_is_written_to_a_log_or_shown(
    sandbox: Calendly, account: CalendlyAccount, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    subscriptions.rotate(account, now=now())
    new = at_calendly(sandbox)
    assert new not in caplog.text
    assert new not in repr(signing_keys._cache)
    signing_keys.accepted(now=now())
    assert new not in repr(signing_keys._cache)
