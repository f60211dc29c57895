"""The four default event types, and their creation at Calendly."""

from dataclasses import dataclass
from datetime import datetime

from ... import clients
from ...models import CalendlyAccount, EventType
from . import event_types
from .event_types import normalize_name


@dataclass(frozen=True, slots=True)
class Standard:
    """A default event type. `duration` and `buffer_after` in minutes."""

    name: str
    duration: int
    buffer_after: int
    color: str


STANDARD = (
    Standard("Sales Demo", 30, 15, "#0b6e4f"),
    Standard("Technical Support", 45, 10, "#b3541e"),
    Standard("Strategy Call", 60, 15, "#5b2a86"),
    Standard("Quick Consultation", 15, 5, "#1f5fa8"),
)


def missing(account: CalendlyAccount) -> list[Standard]:
    """The default event types that we do not hold, by name."""
    kept = EventType.objects.filter(account=account, deleted_at__isnull=True)
    names = {normalize_name(kind.name) for kind in kept}
    return [kind for kind in STANDARD if normalize_name(kind.name) not in names]


def create_missing(account: CalendlyAccount, *, now: datetime) -> list[str]:
    """Create the missing ones at Calendly, and read them. Returns their names.

    Calendly creates an event type inactive, whatever is asked for (calendly-api, section 6), so it is activated
    afterwards. Raises CalendlyError, NoToken.
    """
    client, made = clients.calendly(account), []
    for kind in missing(account):
        created = client.create_event_type(
            owner=account.user_uri,
            name=kind.name,
            duration=kind.duration,
            after_buffer=kind.buffer_after,
            before_buffer=0,
            color=kind.color,
            locations=[{"kind": "google_conference"}],
        )
        if not created.active:
            client.update_event_type(created.uri, active=True)
        made.append(kind.name)
    if made:
        event_types.sync(account, now=now)
    return made
