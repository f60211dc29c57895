"""`manage.py calendly_setup`, `calendly_sync`, `calendly_webhook`, `calendly_doctor`."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.management.base import CommandError
from django.db import OperationalError
from django_q.models import Schedule

from calendly_integration import clients
from calendly_integration.models import Booking, CalendlyAccount, EventType, SyncRun
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.seeds import TOKEN
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.webhooks import subscriptions
from calendly_integration.services.worker import scheduled

from .conftest import Run

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
URL = "https://portal.example/webhooks/calendly"


@pytest.fixture(autouse=True)
def account(account: CalendlyAccount) -> CalendlyAccount:
    """Nothing is known yet but the token."""
    return account


def test_setup_goes_from_a_token_to_a_working_integration(sandbox: Calendly, run: Run) -> None:
    said = run("calendly_setup", "--no-doctor")
    assert "Ana Ionescu <ana.ionescu@vaiportal.example>" in said
    assert "2 hosts, 4 event types read." in said
    assert f"Webhook subscription made: {URL}" in said
    assert len(sandbox.state.subscriptions) == 1
    assert Schedule.objects.filter(name__startswith="calendly: ").count() == 3
    again = run("calendly_setup", "--no-doctor")
    assert "Webhook subscription there already" in again
    assert len(sandbox.state.subscriptions) == 1
    assert Schedule.objects.count() == 3
    assert TOKEN not in said


def test_setup_creates_event_types_only_on_request(sandbox: Calendly, run: Run) -> None:
    sandbox.delete_event_type("Sales Demo")
    said = run("calendly_setup", "--no-doctor")
    assert "Missing: Sales Demo." in said
    assert "--create-event-types" in said
    assert not EventType.objects.bookable().filter(name="Sales Demo").exists()
    said = run("calendly_setup", "--no-doctor", "--create-event-types")
    assert "Created: Sales Demo." in said
    assert EventType.objects.bookable().get(name="Sales Demo").buffer_after == 15


def test_setup_before_the_migrations_says_what_to_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_table() -> None:
        raise OperationalError("no such table")

    monkeypatch.setattr(calendly_accounts, "default", no_table)
    with pytest.raises(CommandError, match=r"manage\.py migrate"):
        run("calendly_setup")


def test_setup_ends_with_the_doctor(sandbox: Calendly, run: Run) -> None:
    with pytest.raises(SystemExit) as caught:
        run("calendly_setup")
    assert caught.value.code == 1


def test_setup_without_a_signing_key_says_what_to_set(sandbox: Calendly, run: Run, settings: Any) -> None:
    settings.CALENDLY_INTEGRATION["WEBHOOK_SECRETS"] = []
    with pytest.raises(CommandError, match="CALENDLY_WEBHOOK_SECRET"):
        run("calendly_setup")


@pytest.mark.parametrize(
    ("name", "args"),
    [("calendly_setup", ()), ("calendly_sync", ()), ("calendly_webhook", ("status",))],
)
def test_a_dead_or_missing_token_is_an_error_without_a_traceback(
    sandbox: Calendly, run: Run, settings: Any, name: str, args: tuple[str, ...]
) -> None:
    sandbox.state.tokens[TOKEN].state = "revoked"
    with pytest.raises(CommandError, match="revoked"):
        run(name, *args)
    settings.CALENDLY_INTEGRATION["API_KEY"] = ""
    clients.forget()
    with pytest.raises(CommandError, match="CALENDLY_API_KEY"):
        run(name, *args)


def test_sync_mirrors_hosts_and_event_types_and_meetings_if_asked(sandbox: Calendly, run: Run) -> None:
    sandbox.book_as_invitee("Sales Demo", START, email="a@example.com")
    assert run("calendly_sync") == "2 hosts, 4 event types.\n"
    assert not Booking.objects.exists()
    assert run("calendly_sync", "--events").splitlines()[-1] == "1 meetings, 1 bookings changed."
    assert run("calendly_sync", "--events").splitlines()[-1] == "1 meetings, 0 bookings changed."
    assert Booking.objects.get().status == "confirmed"


def test_sync_looks_back_as_far_as_asked(sandbox: Calendly, run: Run, clock: time_machine.Traveller) -> None:
    sandbox.book_as_invitee("Sales Demo", START, email="a@example.com")
    clock.shift(10 * 86400)
    assert "0 meetings" in run("calendly_sync", "--events")
    assert "1 meetings" in run("calendly_sync", "--events", "--since", "30")
    assert "0 meetings" in run("calendly_sync", "--events", "--since", "-5")


def test_sync_that_breaks_off_may_be_run_again(sandbox: Calendly, run: Run) -> None:
    sandbox.book_as_invitee("Sales Demo", START, email="a@example.com")
    sandbox.faults.add("status", path="/scheduled_events.*", status=500, times=3)
    with pytest.raises(CommandError, match="run it again"):
        run("calendly_sync", "--events")
    assert "1 meetings" in run("calendly_sync", "--events")


def test_webhook_is_subscribed_shown_and_ended(sandbox: Calendly, run: Run) -> None:
    with pytest.raises(CommandError, match="calendly_webhook subscribe"):
        run("calendly_webhook", "status")
    said = run("calendly_webhook", "subscribe")
    assert said.startswith("Made.\n")
    assert f"active  organization  {URL}" in said
    assert "invitee.created" in said
    assert run("calendly_webhook", "subscribe").startswith("There already, adopted.")
    assert f"active  organization  {URL}" in run("calendly_webhook", "status")
    assert run("calendly_webhook", "subscribe", "--renew").startswith("Made.")
    assert len(sandbox.state.subscriptions) == 1
    next(iter(sandbox.state.subscriptions.values())).state = "disabled"
    with pytest.raises(CommandError, match="does not deliver"):
        run("calendly_webhook", "status")
    assert run("calendly_webhook", "unsubscribe") == f"Ended 1 subscription(s) for {URL}.\n"
    assert run("calendly_webhook", "unsubscribe") == f"Ended 0 subscription(s) for {URL}.\n"


def test_webhook_without_a_signing_key_says_what_to_set(sandbox: Calendly, run: Run, settings: Any) -> None:
    settings.CALENDLY_INTEGRATION["WEBHOOK_SECRETS"] = []
    with pytest.raises(CommandError, match="CALENDLY_WEBHOOK_SECRET"):
        run("calendly_webhook", "subscribe")


def test_webhook_names_the_renewed_one_when_the_url_is_taken_elsewhere(sandbox: Calendly, run: Run) -> None:
    sandbox.faults.add("status", method="POST", path="/webhook_subscriptions", status=409)
    with pytest.raises(CommandError):
        run("calendly_webhook", "subscribe")


def test_doctor_prints_a_line_a_check_and_fails_with_one(
    sandbox: Calendly, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    import io

    from django.core.management import call_command

    out = io.StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("calendly_doctor", stdout=out, no_color=True)
    assert caught.value.code == 1
    lines = out.getvalue().splitlines()
    checks = [line[5:14].strip() for line in lines if not line.startswith(" " * 15)]
    assert checks == "database token scopes plan clock webhook queue worker portal search".split()
    assert "ok   token     Ana Ionescu <ana.ionescu@vaiportal.example>" in lines
    assert "               → manage.py calendly_webhook subscribe" in lines
    assert TOKEN not in out.getvalue()


def test_secrets_are_written_anew_by_command(
    sandbox: Calendly, run: Run, settings: Any, account: CalendlyAccount
) -> None:
    calendly_accounts.identify(account, now=datetime.now(UTC))
    subscriptions.rotate(account, now=datetime.now(UTC))
    assert "1 secret(s)" in run("calendly_rotate_keys")
    settings.SECRET_KEY = "another"
    with pytest.raises(CommandError, match="CALENDLY_ENCRYPTION_KEYS"):
        run("calendly_rotate_keys")


# What the token may not do


def limited(sandbox: Calendly, settings: Any, *scopes: str) -> None:
    """The connection's token has only these scopes."""
    sandbox.add_token("limited-token", scopes=list(scopes))
    settings.CALENDLY_INTEGRATION["API_KEY"] = "limited-token"
    clients.forget()


@pytest.mark.parametrize(
    ("name", "args", "lacking"),
    [
        ("calendly_setup", (), "event_types:read"),
        ("calendly_sync", (), "event_types:read"),
        ("calendly_sync", ("--events",), "event_types:read"),
        ("calendly_webhook", ("subscribe",), "scheduled_events:read"),
    ],
)
def test_a_scope_that_the_token_lacks_is_named(
    sandbox: Calendly, run: Run, settings: Any, name: str, args: tuple[str, ...], lacking: str
) -> None:
    limited(sandbox, settings, "users:read", "webhooks:write")
    with pytest.raises(CommandError, match=lacking):
        run(name, *args)


@pytest.mark.parametrize(
    "scopes", [("users:read", "webhooks:write"), ("users:read", "event_types:read", "webhooks:write")]
)
def test_the_likely_scope_is_named_where_calendly_names_none(
    sandbox: Calendly, run: Run, settings: Any, scopes: tuple[str, ...]
) -> None:
    sandbox.options.webhook_scope_refusal = "unnamed"
    limited(sandbox, settings, *scopes)
    with pytest.raises(CommandError, match=r"probably lacks the scope scheduled_events:read"):
        run("calendly_webhook", "subscribe")


def test_a_400_that_names_a_field_is_not_put_down_to_a_scope(sandbox: Calendly, run: Run) -> None:
    sandbox.options.https_callbacks_only = True
    from calendly_integration import conf

    assert conf.get().PUBLIC_URL.startswith("https")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calendly_accounts, "webhook_url", lambda: "http://portal.example/webhooks/calendly")
        with pytest.raises(CommandError, match="url"):
            run("calendly_webhook", "subscribe")


def doctors_lines(sandbox: Calendly) -> str:
    """What the doctor prints, whatever it finds."""
    import io

    from django.core.management import call_command

    out = io.StringIO()
    with suppress(SystemExit):
        call_command("calendly_doctor", stdout=out, no_color=True)
    return out.getvalue()


def test_the_doctor_says_what_a_token_without_the_organization_leaves_out(
    sandbox: Calendly, run: Run, settings: Any
) -> None:
    limited(
        sandbox,
        settings,
        "users:read",
        "event_types:read",
        "availability:read",
        "scheduled_events:write",
        "webhooks:write",
    )
    assert "1 hosts" in run("calendly_sync")
    [line] = [line for line in doctors_lines(sandbox).splitlines() if " scopes " in line]
    assert line.startswith("?    scopes    lacking: organizations:read. Colleagues are not read")


def test_the_doctor_says_what_a_user_who_is_no_administrator_leaves_out(sandbox: Calendly, run: Run) -> None:
    sandbox.faults.add("status", path="/organization_memberships", status=403, times=None)
    [line] = [line for line in doctors_lines(sandbox).splitlines() if " scopes " in line]
    assert line.startswith("?    scopes    The token's user is no administrator of the organization.")


# A subscription for our URL that is not of the organization


def test_a_hook_of_our_own_user_is_seen_named_and_replaced(sandbox: Calendly, run: Run) -> None:
    sandbox.subscribe(URL, "test-signing-key", user=sandbox.owner)
    with pytest.raises(CommandError, match="does not deliver all that we need"):
        run("calendly_webhook", "status")
    assert f"only for the meetings of one user: {URL}" in doctors_lines(sandbox)
    assert run("calendly_webhook", "subscribe").startswith("Made.")
    [made] = sandbox.state.subscriptions.values()
    assert made.scope == "organization"
    assert run("calendly_webhook", "unsubscribe") == f"Ended 1 subscription(s) for {URL}.\n"


def test_a_hook_of_our_own_user_is_ended(sandbox: Calendly, run: Run) -> None:
    sandbox.subscribe(URL, "test-signing-key", user=sandbox.owner)
    assert run("calendly_webhook", "unsubscribe") == f"Ended 1 subscription(s) for {URL}.\n"
    assert not sandbox.state.subscriptions


def test_a_hook_of_a_colleague_is_replaced(sandbox: Calendly, run: Run) -> None:
    colleague = next(user for user in sandbox.state.users.values() if user.id != sandbox.owner.id)
    sandbox.subscribe(URL, "their-key", user=colleague)
    assert run("calendly_webhook", "subscribe").startswith("Made.")
    [made] = sandbox.state.subscriptions.values()
    assert (made.scope, made.signing_key) == ("organization", "test-signing-key")


def test_a_hook_that_cannot_be_seen_is_named_with_what_to_do(sandbox: Calendly, run: Run) -> None:
    sandbox.faults.add("status", method="POST", path="/webhook_subscriptions", status=409, times=None)
    with pytest.raises(CommandError, match=r"this token cannot see\. Delete it with the token that made it"):
        run("calendly_webhook", "subscribe")


def test_a_renewal_that_fails_says_that_there_is_none_now(sandbox: Calendly, run: Run) -> None:
    run("calendly_webhook", "subscribe")
    sandbox.faults.add("status", method="POST", path="/webhook_subscriptions", status=403)
    with pytest.raises(CommandError, match="There is no webhook subscription now"):
        run("calendly_webhook", "subscribe", "--renew")
    assert CalendlyAccount.objects.get().subscription_state == "missing"
    scheduled.run_sync(now=datetime.now(UTC))
    assert CalendlyAccount.objects.get().subscription_state == "active"


def test_sync_says_that_another_one_runs(sandbox: Calendly, run: Run, account: CalendlyAccount) -> None:
    now = datetime.now(UTC)
    SyncRun.objects.create(account=account, window_start=now, started_at=now, alive_at=now)
    with pytest.raises(CommandError, match="Another sync runs already, since 2026-11-23 06:00 UTC"):
        run("calendly_sync", "--events")
