"""The connected Calendly organization: who it is, and how well we speak to it."""

import re
from datetime import datetime, timedelta

from django.db import transaction

from ... import clients, conf
from ...calendly.client import Client
from ...calendly.errors import CalendlyError, NotFound, PermissionDenied
from ...calendly.payloads import Organization, User
from ...clients import encryption
from ...models import CalendlyAccount

LEARNT = (
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
SECRETS = ("token_encrypted", "signing_keys_encrypted")


def default() -> CalendlyAccount:
    """The connection made from the settings; its row is made on first use."""
    account = CalendlyAccount.objects.filter(slug=clients.DEFAULT).first()
    if account is None:
        account, _made = CalendlyAccount.objects.get_or_create(slug=clients.DEFAULT)
    return account


def identify(account: CalendlyAccount, *, now: datetime) -> User:
    """Ask Calendly who we are and keep it.

    Raises CalendlyError, NoToken; a failure is kept as the connection's health first.
    """
    try:
        client = clients.calendly(account)
        me = client.me()
        organization = _organization(client, me.organization or "")
    except (CalendlyError, clients.NoToken) as error:
        failed(account, error, now=now)
        raise
    account.organization_uri, account.user_uri = me.organization or "", me.uri
    account.user_email, account.time_zone = me.email, me.timezone
    account.name = account.name or me.name
    if organization is not None:
        if (account.plan, account.stage) not in (("", ""), (organization.plan, organization.stage)):
            # Another plan has other allowances: the next booking asks Calendly.
            CalendlyAccount.objects.filter(pk=account.pk).update(quota_exhausted_until=None)
            account.quota_exhausted_until = None
        account.plan, account.stage = organization.plan, organization.stage
    account.health, account.health_note, account.checked_at = CalendlyAccount.Health.OK, "", now
    if account.slug == clients.DEFAULT:
        account.token_encrypted = ""  # its credential is the environment's alone
    # Only what was learnt: others note allowances and subscriptions meanwhile.
    account.save(update_fields=LEARNT)
    return me


def failed(account: CalendlyAccount, error: Exception, *, now: datetime) -> None:
    """Keep what went wrong, for staff and the doctor."""
    CalendlyAccount.objects.filter(pk=account.pk).update(
        health=CalendlyAccount.Health.FAILING, health_note=str(error)[:500], checked_at=now
    )


def works(account: CalendlyAccount, *, now: datetime) -> None:
    """Calendly has just taken our credential: a failure kept before is over. Writes only where one is kept."""
    if account.health == CalendlyAccount.Health.FAILING:
        CalendlyAccount.objects.filter(pk=account.pk).update(
            health=CalendlyAccount.Health.OK, health_note="", checked_at=now
        )


def quota_exhausted(account: CalendlyAccount, *, retry_after: float, now: datetime) -> None:
    """Remember until when Calendly takes no more bookings, so that nobody asks in vain."""
    until = now + timedelta(seconds=retry_after)
    CalendlyAccount.objects.filter(pk=account.pk).update(quota_exhausted_until=until)


@transaction.atomic
def rotate_secrets() -> int:
    """Write every stored secret anew under the first encryption key. Returns how many."""
    done = 0
    for account in CalendlyAccount.objects.select_for_update():
        kept = {name: getattr(account, name) for name in SECRETS if getattr(account, name)}
        for name, text in kept.items():
            setattr(account, name, encryption.rotate(text))
        if kept:
            account.save(update_fields=kept)
        done += len(kept)
    return done


def _organization(client: Client, uri: str) -> Organization | None:
    """The organization's plan; None where the token may not read it (scope organizations:read)."""
    try:
        return client.organization(uri)
    except (PermissionDenied, NotFound):
        return None


def webhook_url() -> str:
    """Where Calendly reaches our receiver."""
    return re.sub(r"/+$", "", conf.get().PUBLIC_URL) + "/webhooks/calendly"
