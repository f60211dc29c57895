"""The Calendly account: its identity, its health, its stored secrets."""

import logging
import re
from datetime import datetime, timedelta

from django.db import transaction

from ... import clients, conf
from ...calendly.client import Client
from ...calendly.errors import CalendlyError, NotFound, PermissionDenied
from ...calendly.payloads import Organization, User
from ...clients import encryption, reachability
from ...models import CalendlyAccount, CircuitState

log = logging.getLogger("calendly.accounts")

IDENTITY_COLUMNS = (
    "organization_uri",
    "user_uri",
    "user_email",
    "time_zone",
    "name",
    "plan",
    "stage",
    "health",
    "health_note",
    "checked_at",
    "token_encrypted",
)
SECRET_COLUMNS = ("token_encrypted", "signing_keys_encrypted")


def default() -> CalendlyAccount:
    """The account of the settings. Its row is created on first use."""
    account = CalendlyAccount.objects.filter(slug=clients.DEFAULT).first()
    if account is None:
        account, _made = CalendlyAccount.objects.get_or_create(slug=clients.DEFAULT)
    return account


def identify(account: CalendlyAccount, *, now: datetime) -> User:
    """Ask Calendly who we are, and save it.

    Raises CalendlyError, NoToken. An error is saved as the health of the account first.
    """
    try:
        client = clients.calendly(account)
        me = client.me()
        organization = _organization(client, me.organization or "")
    except (CalendlyError, clients.NoToken) as error:
        mark_failing(account, error, now=now)
        raise
    account.organization_uri, account.user_uri = me.organization or "", me.uri
    account.user_email, account.time_zone = me.email, me.timezone
    account.name = account.name or me.name
    if organization is not None:
        if (account.plan, account.stage) not in (("", ""), (organization.plan, organization.stage)):
            # Another plan has another quota: the next booking asks Calendly.
            CalendlyAccount.objects.filter(pk=account.pk).update(quota_exhausted_until=None)
            account.quota_exhausted_until = None
        account.plan, account.stage = organization.plan, organization.stage
    account.health, account.health_note, account.checked_at = CalendlyAccount.Health.OK, "", now
    if account.slug == clients.DEFAULT:
        account.token_encrypted = ""  # its credential comes from the environment only
    # Only these columns: quota and subscription may change meanwhile.
    account.save(update_fields=IDENTITY_COLUMNS)
    return me


def mark_failing(account: CalendlyAccount, error: Exception, *, now: datetime) -> None:
    """Save an error, for staff and the doctor."""
    CalendlyAccount.objects.filter(pk=account.pk).update(
        health=CalendlyAccount.Health.FAILING, health_note=str(error)[:500], checked_at=now
    )


def mark_working(account: CalendlyAccount, *, now: datetime) -> None:
    """Calendly has just accepted our credential: an error saved before is over. Writes only where there is one."""
    if account.health == CalendlyAccount.Health.FAILING:
        CalendlyAccount.objects.filter(pk=account.pk).update(
            health=CalendlyAccount.Health.OK, health_note="", checked_at=now
        )


def try_again(*, now: datetime) -> None:
    """Ask Calendly something small if it did not answer of late. The call itself notes whether it answers now."""
    if not CircuitState.objects.filter(pk=reachability.CALENDLY_AWAY).exists():
        return
    account = default()
    try:
        clients.calendly(account).me()
    except (CalendlyError, clients.NoToken) as error:
        log.info("Calendly does not answer yet (%s).", type(error).__name__)
    else:
        mark_working(account, now=now)


def mark_quota_exhausted(account: CalendlyAccount, *, retry_after: float, now: datetime) -> None:
    """Save until when Calendly accepts no more bookings, so that no request is made in vain."""
    until = now + timedelta(seconds=retry_after)
    CalendlyAccount.objects.filter(pk=account.pk).update(quota_exhausted_until=until)


@transaction.atomic
def rotate_secrets() -> int:
    """Encrypt every stored secret again with the first encryption key. Returns how many."""
    done = 0
    for account in CalendlyAccount.objects.select_for_update():
        kept = {name: getattr(account, name) for name in SECRET_COLUMNS if getattr(account, name)}
        for name, text in kept.items():
            setattr(account, name, encryption.rotate(text))
        if kept:
            account.save(update_fields=kept)
        done += len(kept)
    return done


def _organization(client: Client, uri: str) -> Organization | None:
    """The organization with its plan. None where the token may not read it (scope organizations:read)."""
    try:
        return client.organization(uri)
    except (PermissionDenied, NotFound):
        return None


def webhook_url() -> str:
    """The URL to which Calendly delivers."""
    return re.sub(r"/+$", "", conf.get().PUBLIC_URL) + "/webhooks/calendly"
