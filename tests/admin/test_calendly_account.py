"""The Calendly account in the admin: checked, synced, subscribed, its signing key changed."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from calendly_integration import clients, jobs
from calendly_integration.models import CalendlyAccount, EventType
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.webhooks import signing_keys

NAME = "admin:calendly_integration_calendlyaccount"
ACTS = ("check", "sync", "subscribe", "rotate")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """No key is known from another test."""
    signing_keys.forget()
    yield
    signing_keys.forget()


@pytest.fixture
def account(sandbox: Calendly, event_types: dict[str, EventType]) -> CalendlyAccount:
    """The Calendly account, identified."""
    return CalendlyAccount.objects.get()


def sync_is_due() -> bool:
    """Whether the worker syncs the meetings next."""
    return timezone.now() in dict(jobs.next_runs()).values()


def page(row: CalendlyAccount, act: str = "change") -> str:
    return reverse(f"{NAME}_{act}", args=[row.pk])


def test_looking_asks_nobody_and_changes_nothing(
    staff: Client, account: CalendlyAccount, sandbox: Calendly
) -> None:
    calls = sandbox.calls_made
    text = staff.get(page(account)).content.decode()
    for act in ACTS:
        assert page(account, act) in text
        assert staff.get(page(account, act)).status_code == 200
    assert sandbox.calls_made == calls
    assert not LogEntry.objects.exists()


def test_viewers_have_no_buttons(entered: Callable[..., Client], account: CalendlyAccount) -> None:
    text = entered("viewer").get(page(account)).content.decode()
    assert not any(page(account, act) in text for act in ACTS)


def test_check_now_lists_what_the_doctor_found_and_what_to_do(
    staff: Client, account: CalendlyAccount
) -> None:
    text = staff.post(page(account, "check")).content.decode()
    for words in ("Access token", "What to do:", "calendly_worker", "need attention", "all right"):
        assert words in text
    assert LogEntry.objects.get().change_message == "Checked."


def test_check_now_with_calendly_away_lists_all_the_same(
    staff: Client, account: CalendlyAccount, sandbox: Calendly
) -> None:
    sandbox.faults.add("refuse", times=None)
    text = staff.post(page(account, "check")).content.decode()
    assert "Look at CALENDLY_API_URL and the network." in text
    assert CalendlyAccount.objects.get().health == "failing"


def test_sync_now_reads_and_has_meetings_read_in_the_background(
    staff: Client, account: CalendlyAccount
) -> None:
    EventType.objects.all().delete()
    text = staff.post(page(account, "sync"), follow=True).content.decode()
    assert "4 event types, 2 hosts. Meetings follow in the background." in text
    assert sync_is_due()
    assert EventType.objects.count() == 4


def test_the_webhook_is_subscribed_and_a_good_one_is_kept(
    staff: Client, account: CalendlyAccount, sandbox: Calendly
) -> None:
    assert "subscribed again" in staff.post(page(account, "subscribe"), follow=True).content.decode()
    assert len(sandbox.state.subscriptions) == 1
    assert "already subscribed" in staff.post(page(account, "subscribe"), follow=True).content.decode()


def test_without_a_key_it_says_which_button_makes_one(
    staff: Client, account: CalendlyAccount, sandbox: Calendly, settings: Any
) -> None:
    settings.CALENDLY_INTEGRATION["WEBHOOK_SECRETS"] = []
    text = staff.post(page(account, "subscribe"), follow=True).content.decode()
    assert "There is no signing key yet" in text
    assert "signs with a new key" in staff.post(page(account, "rotate"), follow=True).content.decode()
    assert len(sandbox.state.subscriptions) == 1


def test_the_signing_key_is_changed_and_nobody_gets_to_see_it(
    staff: Client, account: CalendlyAccount, sandbox: Calendly
) -> None:
    staff.post(page(account, "subscribe"))
    answer = staff.post(page(account, "rotate"), follow=True)
    assert "signs with a new key" in answer.content.decode()
    [made] = sandbox.state.subscriptions.values()
    key = made.signing_key
    assert key != "test-signing-key"
    kept = CalendlyAccount.objects.get().signing_keys_encrypted
    history = staff.get(page(account, "history")).content.decode()
    for text in (answer.content.decode(), staff.get(page(account)).content.decode(), history):
        assert key not in text
        assert kept not in text
    assert not any(key in entry.change_message for entry in LogEntry.objects.all())


@pytest.mark.parametrize("act", ["sync", "subscribe", "rotate"])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "refuse"}, "cannot be reached"),
        ({"kind": "lose_answer"}, "cannot be reached"),
        ({"kind": "status", "status": 429, "seconds": 30}, "asks us to wait"),
        ({"kind": "status", "status": 403}, "Calendly refused"),
        ({"kind": "status", "status": 401}, "rejects our access token"),
    ],
)
def test_where_calendly_does_not_do_it_that_is_said_and_pressing_again_works(
    staff: Client,
    account: CalendlyAccount,
    sandbox: Calendly,
    act: str,
    fault: dict[str, Any],
    said: str,
) -> None:
    where = "/event_types" if act == "sync" else "/webhook_subscriptions.*"
    sandbox.faults.add(path=where, times=None, **fault)
    assert said in staff.post(page(account, act), follow=True).content.decode()
    assert not sync_is_due()
    sandbox.faults.clear()
    assert 'class="success"' in staff.post(page(account, act), follow=True).content.decode()


def test_without_a_token_it_says_so(staff: Client, account: CalendlyAccount, settings: Any) -> None:
    settings.CALENDLY_INTEGRATION["API_KEY"] = ""
    CalendlyAccount.objects.update(token_encrypted="")
    clients.forget()
    assert "no usable access token" in staff.post(page(account, "sync"), follow=True).content.decode()
    assert calendly_accounts.default().health == "failing"


@pytest.mark.parametrize("button", ["calendlyaccount", "eventtype"])
def test_both_sync_buttons_do_the_same_and_the_status_sees_it(
    staff: Client, account: CalendlyAccount, button: str
) -> None:
    CalendlyAccount.objects.update(synced_at=None)
    status = reverse(f"{NAME}_system_status")
    assert "The data have not been read from Calendly yet" in staff.get(status).content.decode()
    args = [account.pk] if button == "calendlyaccount" else []
    sync = reverse(f"admin:calendly_integration_{button}_sync", args=args)
    text = staff.post(sync, {"next": status}, follow=True).content.decode()
    assert "4 event types, 2 hosts. Meetings follow in the background." in text
    assert sync_is_due()
    text = staff.get(status).content.decode()
    assert "The data have not been read from Calendly yet" not in text
    assert "hosts and event types: " in text


def test_the_status_checks_and_syncs_at_once(staff: Client, account: CalendlyAccount) -> None:
    text = staff.get(reverse(f"{NAME}_system_status")).content.decode()
    for act in ("check", "sync"):
        assert f'<form method="post" action="{page(account, act)}">' in text
