"""`manage.py calendly_setup`, `calendly_sync`, `calendly_webhook`, `calendly_doctor`."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.management.base import CommandError
from django_q.models import Schedule

from calendly_integration import clients
from calendly_integration.models import Booking, Connection, EventType
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.seeds import TOKEN

from .conftest import Run

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
URL = "https://portal.example/webhooks/calendly"


@pytest.fixture(autouse=True)
def account(connection: Connection) -> Connection:
    """Nothing is known yet but the token."""
    return connection


def test_setup_goes_from_a_token_to_a_working_integration(sandbox: Calendly, run: Run) -> None:
    said = run("calendly_setup", "--no-doctor")
    assert "Ana Ionescu <ana.ionescu@vaiportal.example>" in said
    assert "2 hosts, 4 event types mirrored." in said
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
    assert f"active  {URL}" in said
    assert "invitee.created" in said
    assert run("calendly_webhook", "subscribe").startswith("There already, adopted.")
    assert f"active  {URL}" in run("calendly_webhook", "status")
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
    sandbox: Calendly, run: Run, settings: Any, connection: Connection
) -> None:
    run("calendly_sync")
    assert "1 secret(s)" in run("calendly_rotate_keys")
    settings.SECRET_KEY = "another"
    with pytest.raises(CommandError, match="CALENDLY_ENCRYPTION_KEYS"):
        run("calendly_rotate_keys")
