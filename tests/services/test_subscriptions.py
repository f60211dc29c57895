"""One subscription for our URL: adopted, renewed, never doubled."""

import json
from typing import Any

import pytest

from calendly_integration.calendly.errors import PermissionDenied
from calendly_integration.models import CalendlyAccount, EventType
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.webhooks import subscriptions

from ..factories import KEY, TEN, URL, deliver, now, posts, strict

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(
    sandbox: Calendly, account: CalendlyAccount, event_types: dict[str, EventType]
) -> CalendlyAccount:
    """The connection, identified, without a subscription."""
    sandbox.calls.clear()
    account.refresh_from_db()
    return account


def kept() -> tuple[str, str]:
    account = CalendlyAccount.objects.get()
    return account.subscription_uri, account.subscription_state


def test_a_subscription_is_made_with_all_that_we_need(sandbox: Calendly, account: CalendlyAccount) -> None:
    state = subscriptions.subscribe(account, now=now())
    assert state.made
    assert state.healthy
    [made] = sandbox.state.subscriptions.values()
    assert (made.callback_url, made.scope, made.signing_key) == (URL, "organization", KEY)
    assert set(made.events) == set(subscriptions.EVENTS)
    assert state.subscription is not None
    assert kept() == (state.subscription.uri, "active")
    sandbox.book_as_invitee("Sales Demo", TEN)
    deliver(sandbox)
    strict(sandbox)


def test_a_good_one_is_adopted(sandbox: Calendly, account: CalendlyAccount) -> None:
    first = subscriptions.subscribe(account, now=now())
    second = subscriptions.subscribe(account, now=now())
    assert not second.made
    assert second.subscription == first.subscription
    assert posts(sandbox, "/webhook_subscriptions") == 1


def test_one_with_a_trailing_slash_is_ours_too(sandbox: Calendly, account: CalendlyAccount) -> None:
    sandbox.subscribe(URL + "/", KEY)
    assert not subscriptions.subscribe(account, now=now()).made


@pytest.mark.parametrize("fault", ["disabled", "narrow"])
def test_a_bad_one_is_renewed(sandbox: Calendly, account: CalendlyAccount, fault: str) -> None:
    old = sandbox.subscribe(URL, KEY, **({"events": ("invitee.created",)} if fault == "narrow" else {}))
    if fault == "disabled":
        old.state = "disabled"
    state = subscriptions.subscribe(account, now=now())
    assert state.made
    assert state.healthy
    assert len(sandbox.state.subscriptions) == 1


def test_a_renewal_brings_the_first_of_the_keys_to_calendly(
    sandbox: Calendly, account: CalendlyAccount, settings: Any
) -> None:
    subscriptions.subscribe(account, now=now())
    settings.CALENDLY_INTEGRATION["WEBHOOK_SECRETS"] = ["new-key", KEY]
    assert subscriptions.subscribe(account, renew=True, now=now()).made
    [made] = sandbox.state.subscriptions.values()
    assert made.signing_key == "new-key"


def test_doubled_ones_are_reduced_to_one(sandbox: Calendly, account: CalendlyAccount) -> None:
    sandbox.subscribe(URL, KEY)
    sandbox.subscribe(URL + "/", KEY)
    subscriptions.subscribe(account, now=now())
    assert len(sandbox.state.subscriptions) == 1


def test_those_of_others_are_left_alone(sandbox: Calendly, account: CalendlyAccount) -> None:
    other = sandbox.subscribe("https://other.example/hook", "theirs")
    subscriptions.subscribe(account, now=now())
    assert subscriptions.unsubscribe(account, now=now()) == 1
    assert list(sandbox.state.subscriptions) == [other.id]
    assert kept() == ("", "")


def test_one_that_somebody_makes_at_the_same_moment_is_taken(
    sandbox: Calendly, account: CalendlyAccount
) -> None:
    original = sandbox.handle

    def handle(request: Any) -> Any:
        if request.method == "POST" and not sandbox.state.subscriptions:
            sandbox.subscribe(json.loads(request.body)["url"], KEY)
        return original(request)

    sandbox.handle = handle  # type: ignore[method-assign]
    state = subscriptions.subscribe(account, now=now())
    assert state.healthy
    assert len(sandbox.state.subscriptions) == 1


def test_a_url_that_is_taken_where_we_cannot_see_it_is_told(
    sandbox: Calendly, account: CalendlyAccount
) -> None:
    sandbox.faults.add("status", method="POST", path="/webhook_subscriptions", status=409)
    with pytest.raises(subscriptions.TakenElsewhere):
        subscriptions.subscribe(account, now=now())


def test_without_a_signing_key_nothing_is_made(
    sandbox: Calendly, account: CalendlyAccount, settings: Any
) -> None:
    settings.CALENDLY_INTEGRATION["WEBHOOK_SECRETS"] = []
    with pytest.raises(subscriptions.NoSigningKey):
        subscriptions.subscribe(account, now=now())
    assert not sandbox.calls


def test_the_state_is_asked_and_kept(sandbox: Calendly, account: CalendlyAccount) -> None:
    assert subscriptions.status(account, now=now()).subscription is None
    assert kept() == ("", "missing")
    made = sandbox.subscribe(URL, KEY)
    assert subscriptions.status(account, now=now()).healthy
    made.state = "disabled"
    assert not subscriptions.status(account, now=now()).healthy
    assert kept()[1] == "disabled"


def test_one_that_was_lost_is_made_again_but_none_that_nobody_wanted(
    sandbox: Calendly, account: CalendlyAccount, settings: Any
) -> None:
    def tend() -> subscriptions.State:
        account.refresh_from_db()
        return subscriptions.tend(account, now=now())

    assert tend().subscription is None
    subscriptions.subscribe(account, now=now())
    assert not tend().made
    sandbox.state.subscriptions.clear()
    account.refresh_from_db()
    subscriptions.status(account, now=now())  # the doctor looks first
    assert kept()[1] == "missing"
    assert tend().made
    subscriptions.unsubscribe(account, now=now())
    assert tend().subscription is None
    subscriptions.subscribe(account, now=now())
    sandbox.state.subscriptions.clear()
    settings.CALENDLY_INTEGRATION["WEBHOOK_SECRETS"] = []
    assert tend().subscription is None


def test_a_plan_without_webhooks_is_told(sandbox: Calendly, account: CalendlyAccount) -> None:
    sandbox.options.webhooks_need_paid_plan = True
    sandbox.options.plan = "free"
    with pytest.raises(PermissionDenied, match="upgrade"):
        subscriptions.subscribe(account, now=now())


def test_one_that_is_gone_already_can_be_ended(sandbox: Calendly, account: CalendlyAccount) -> None:
    sandbox.subscribe(URL, KEY)
    sandbox.faults.add("status", method="DELETE", path="/webhook_subscriptions/.*", status=404)
    assert subscriptions.unsubscribe(account, now=now()) == 1
