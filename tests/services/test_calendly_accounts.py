"""The connected organization: who it is, how well we speak to it, what is kept of its credential."""

from typing import Any

import pytest
from cryptography.fernet import Fernet

from calendly_integration import clients
from calendly_integration.calendly.errors import CalendlyError, Unauthenticated
from calendly_integration.clients import encryption
from calendly_integration.models import CalendlyAccount
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.seeds import TOKEN
from calendly_integration.services.accounts import calendly_accounts

from ..factories import hours, now

pytestmark = pytest.mark.django_db


def test_the_default_connection_is_made_once(db: None) -> None:
    assert calendly_accounts.default().pk == calendly_accounts.default().pk
    assert CalendlyAccount.objects.count() == 1


def test_who_we_are_is_asked_and_kept(sandbox: Calendly, account: CalendlyAccount) -> None:
    sandbox.options.plan = "paid"
    me = calendly_accounts.identify(account, now=now())
    account.refresh_from_db()
    assert me.email == account.user_email == "ana.ionescu@vaiportal.example"
    assert account.user_uri == sandbox.user_uri(sandbox.owner)
    assert account.organization_uri == sandbox.organization_uri
    assert (account.time_zone, account.plan, account.stage) == (
        "Europe/Bucharest",
        "standard",
        "paid",
    )
    assert (account.health, account.health_note, account.checked_at) == ("ok", "", now())


def test_a_name_that_staff_gave_stays(sandbox: Calendly, account: CalendlyAccount) -> None:
    account.name = "Firma"
    account.save()
    calendly_accounts.identify(account, now=now())
    assert CalendlyAccount.objects.get().name == "Firma"


def test_what_others_note_meanwhile_is_not_overwritten(sandbox: Calendly, account: CalendlyAccount) -> None:
    stale = calendly_accounts.default()
    calendly_accounts.mark_quota_exhausted(account, retry_after=60, now=now())
    calendly_accounts.identify(stale, now=now())
    assert CalendlyAccount.objects.get().quota_exhausted_until is not None


def test_another_plan_lifts_an_allowance_that_was_used_up(
    sandbox: Calendly, account: CalendlyAccount
) -> None:
    sandbox.options.plan = "free"
    calendly_accounts.identify(account, now=now())
    calendly_accounts.mark_quota_exhausted(account, retry_after=86400, now=now())
    account.refresh_from_db()
    calendly_accounts.identify(account, now=now())
    assert CalendlyAccount.objects.get().quota_exhausted_until is not None
    sandbox.options.plan = "enterprise"
    calendly_accounts.identify(account, now=now())
    assert CalendlyAccount.objects.get().quota_exhausted_until is None


def test_a_token_that_may_not_read_the_organization_will_do(
    sandbox: Calendly, account: CalendlyAccount
) -> None:
    sandbox.faults.add("status", path="/organizations/.*", status=403, times=None)
    calendly_accounts.identify(account, now=now())
    account.refresh_from_db()
    assert (account.health, account.plan) == ("ok", "")


def test_a_failure_is_kept_without_the_token_and_overcome(
    sandbox: Calendly, account: CalendlyAccount
) -> None:
    sandbox.state.tokens[TOKEN].state = "expired"
    with pytest.raises(Unauthenticated):
        calendly_accounts.identify(account, now=now())
    account.refresh_from_db()
    assert account.health == "failing"
    assert "expired" in account.health_note
    assert TOKEN not in account.health_note
    sandbox.state.tokens[TOKEN].state = "active"
    calendly_accounts.identify(account, now=now())
    account.refresh_from_db()
    assert (account.health, account.health_note) == ("ok", "")


def test_the_token_of_the_environment_is_never_stored_and_is_gone_with_its_variable(
    sandbox: Calendly, account: CalendlyAccount, settings: Any
) -> None:
    CalendlyAccount.objects.update(token_encrypted=encryption.encrypt(TOKEN))  # as an earlier version did
    account.refresh_from_db()
    calendly_accounts.identify(account, now=now())
    assert CalendlyAccount.objects.get().token_encrypted == ""
    settings.CALENDLY_INTEGRATION["API_KEY"] = ""
    CalendlyAccount.objects.update(token_encrypted=encryption.encrypt(TOKEN))
    account.refresh_from_db()
    with pytest.raises(clients.NoToken, match="CALENDLY_API_KEY"):
        clients.token(account)
    with pytest.raises(clients.NoToken):
        calendly_accounts.identify(account, now=now())


@pytest.fixture
def stored(sandbox: Calendly, account: CalendlyAccount) -> CalendlyAccount:
    """Another connection, whose token is stored."""
    return CalendlyAccount.objects.create(slug="second", token_encrypted=encryption.encrypt(TOKEN))


def test_the_stored_token_of_another_connection_serves_and_stays(
    stored: CalendlyAccount, settings: Any
) -> None:
    settings.CALENDLY_INTEGRATION["API_KEY"] = "of-the-default-connection"
    assert clients.token(stored) == TOKEN
    assert TOKEN not in stored.token_encrypted
    kept = stored.token_encrypted
    assert calendly_accounts.identify(stored, now=now()).name == "Ana Ionescu"
    assert CalendlyAccount.objects.get(slug="second").token_encrypted == kept


def test_no_credential_at_all_is_told(sandbox: Calendly, account: CalendlyAccount, settings: Any) -> None:
    settings.CALENDLY_INTEGRATION["API_KEY"] = ""
    with pytest.raises(clients.NoToken, match="CALENDLY_API_KEY"):
        calendly_accounts.identify(account, now=now())
    assert CalendlyAccount.objects.get().health == "failing"


@pytest.mark.parametrize("token", ["with space", "line\nbreak", "é"])
def test_a_token_that_no_header_can_carry_is_told_without_it(
    account: CalendlyAccount, settings: Any, token: str
) -> None:
    settings.CALENDLY_INTEGRATION["API_KEY"] = token
    with pytest.raises(clients.NoToken) as caught:
        calendly_accounts.identify(account, now=now())
    assert token not in str(caught.value)


def test_a_lost_encryption_key_is_told(stored: CalendlyAccount, settings: Any) -> None:
    settings.SECRET_KEY = "another"
    with pytest.raises(clients.NoToken, match="encryption key"):
        clients.token(stored)
    with pytest.raises(clients.NoToken):
        calendly_accounts.identify(stored, now=now())


def test_rotation_writes_all_secrets_anew(stored: CalendlyAccount, settings: Any) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [old]
    CalendlyAccount.objects.filter(pk=stored.pk).update(token_encrypted=encryption.encrypt(TOKEN))
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [new, old]
    assert calendly_accounts.rotate_secrets() == 1
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [new]
    stored.refresh_from_db()
    assert clients.token(stored) == TOKEN


def test_a_secret_that_cannot_be_read_stops_the_rotation_and_changes_nothing(
    stored: CalendlyAccount, settings: Any
) -> None:
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [Fernet.generate_key().decode()]
    with pytest.raises(encryption.Unreadable):
        calendly_accounts.rotate_secrets()
    assert CalendlyAccount.objects.get(slug="second").token_encrypted == stored.token_encrypted


def test_an_allowance_that_is_used_up_has_an_end(account: CalendlyAccount) -> None:
    calendly_accounts.mark_quota_exhausted(account, retry_after=3600, now=now())
    account.refresh_from_db()
    assert account.quota_exhausted_until == now() + hours(1)


@pytest.mark.parametrize("url", ["https://p.example", "https://p.example/", "https://p.example//"])
def test_the_receiver_stands_below_the_public_url(settings: Any, url: str) -> None:
    settings.CALENDLY_INTEGRATION["PUBLIC_URL"] = url
    assert calendly_accounts.webhook_url() == "https://p.example/webhooks/calendly"


def test_a_calendly_that_is_away_is_a_failure_that_is_kept(
    sandbox: Calendly, account: CalendlyAccount
) -> None:
    sandbox.faults.add("refuse", times=None)
    with pytest.raises(CalendlyError):
        calendly_accounts.identify(account, now=now())
    assert CalendlyAccount.objects.get().health == "failing"
