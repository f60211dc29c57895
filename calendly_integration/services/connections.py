"""The connected Calendly organization: who it is, and how well we speak to it."""

import re
from datetime import datetime, timedelta

from django.db import transaction

from .. import clients, conf
from ..calendly.client import Client
from ..calendly.errors import CalendlyError, NotFound, PermissionDenied
from ..calendly.types import Organization, User
from ..clients import vault
from ..models import Connection

LEARNT = (
    "organization_uri", "user_uri", "user_email", "time_zone", "name", "plan", "stage", "health", "health_note",
    "checked_at", "token_encrypted",
)  # fmt: skip
SECRETS = ("token_encrypted", "signing_keys_encrypted")


def default() -> Connection:
    """The connection made from the settings; its row is made on first use."""
    connection = Connection.objects.filter(slug=clients.DEFAULT).first()
    if connection is None:
        connection, _made = Connection.objects.get_or_create(slug=clients.DEFAULT)
    return connection


def identify(connection: Connection, *, now: datetime) -> User:
    """Ask Calendly who we are and keep it.

    Raises CalendlyError, NoToken; a failure is kept as the connection's health first.
    """
    try:
        client = clients.calendly(connection)
        me = client.me()
        organization = _organization(client, me.organization or "")
    except (CalendlyError, clients.NoToken) as error:
        failed(connection, error, now=now)
        raise
    connection.organization_uri, connection.user_uri = me.organization or "", me.uri
    connection.user_email, connection.time_zone = me.email, me.timezone
    connection.name = connection.name or me.name
    if organization is not None:
        if (connection.plan, connection.stage) not in (("", ""), (organization.plan, organization.stage)):
            # Another plan has other allowances: the next booking asks Calendly.
            Connection.objects.filter(pk=connection.pk).update(quota_exhausted_until=None)
            connection.quota_exhausted_until = None
        connection.plan, connection.stage = organization.plan, organization.stage
    connection.health, connection.health_note, connection.checked_at = Connection.Health.OK, "", now
    if connection.slug == clients.DEFAULT:
        connection.token_encrypted = ""  # its credential is the environment's alone
    # Only what was learnt: others note allowances and subscriptions meanwhile.
    connection.save(update_fields=LEARNT)
    return me


def failed(connection: Connection, error: Exception, *, now: datetime) -> None:
    """Keep what went wrong, for staff and the doctor."""
    Connection.objects.filter(pk=connection.pk).update(
        health=Connection.Health.FAILING, health_note=str(error)[:500], checked_at=now
    )


def works(connection: Connection, *, now: datetime) -> None:
    """Calendly has just taken our credential: a failure kept before is over. Writes only where one is kept."""
    if connection.health == Connection.Health.FAILING:
        Connection.objects.filter(pk=connection.pk).update(
            health=Connection.Health.OK, health_note="", checked_at=now
        )


def quota_exhausted(connection: Connection, *, retry_after: float, now: datetime) -> None:
    """Remember until when Calendly takes no more bookings, so that nobody asks in vain."""
    until = now + timedelta(seconds=retry_after)
    Connection.objects.filter(pk=connection.pk).update(quota_exhausted_until=until)


@transaction.atomic
def rotate_secrets() -> int:
    """Write every stored secret anew under the first encryption key. Returns how many."""
    done = 0
    for connection in Connection.objects.select_for_update():
        kept = {name: getattr(connection, name) for name in SECRETS if getattr(connection, name)}
        for name, text in kept.items():
            setattr(connection, name, vault.rotate(text))
        if kept:
            connection.save(update_fields=kept)
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
