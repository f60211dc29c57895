"""Our webhook subscription at Calendly: one for our URL, adopted or renewed, never doubled."""

from dataclasses import dataclass
from datetime import datetime

from .. import clients
from ..calendly.client import Client
from ..calendly.errors import AlreadyExists, NotFound
from ..calendly.types import Subscription
from ..models import Connection
from . import connections, signing_keys

EVENTS = (
    "invitee.created",
    "invitee.canceled",
    "invitee_no_show.created",
    "invitee_no_show.deleted",
    "event_type.created",
    "event_type.updated",
    "event_type.deleted",
)


class NoSigningKey(Exception):
    """Without a signing key Calendly signs nothing, and we accept nothing unsigned."""


@dataclass(frozen=True, slots=True)
class State:
    """What is subscribed for our URL. `made`: by this call."""

    subscription: Subscription | None
    made: bool = False

    @property
    def healthy(self) -> bool:
        """True where everything that we need is delivered."""
        return (
            self.subscription is not None
            and self.subscription.state == "active"
            and set(EVENTS) <= set(self.subscription.events)
        )


def status(connection: Connection, *, now: datetime) -> State:
    """Ask Calendly, and keep the answer. Raises CalendlyError, NoToken."""
    found = _ours(clients.calendly(connection), connection)
    state = State(found[0] if found else None)
    _keep(connection, state)
    return state


def subscribe(connection: Connection, *, renew: bool = False, now: datetime) -> State:
    """See to it that there is one good subscription for our URL.

    A good one is adopted, unless `renew` (after a change of the signing key); a disabled or narrower one is
    deleted and made anew, since Calendly has no call to change one (calendly-api, section 11). Raises
    NoSigningKey, CalendlyError, NoToken.
    """
    key = signing_keys.newest(connection, now=now)
    if not key:
        raise NoSigningKey
    client = clients.calendly(connection)
    found = _ours(client, connection)
    good = [each for each in found if State(each).healthy and not renew]
    for extra in [each for each in found if each not in good[:1]]:
        _delete(client, extra)
    state = State(good[0]) if good else State(_create(client, connection, key, now), made=True)
    _keep(connection, state)
    return state


def rotate(connection: Connection, *, now: datetime) -> State:
    """A new signing key, and the subscription made anew with it.

    The new key is accepted before Calendly hears of it, and the old ones for two days after it signs with the new
    one, so no delivery is refused. Where Calendly fails, the same may be done again: it goes on with the same key.
    Raises vault.Unreadable, CalendlyError, NoToken.
    """
    signing_keys.renew(connection, now=now)
    return subscribe(connection, renew=True, now=now)


def unsubscribe(connection: Connection, *, now: datetime) -> int:
    """Delete the subscriptions for our URL. Returns how many. Raises CalendlyError, NoToken."""
    client = clients.calendly(connection)
    found = _ours(client, connection)
    for each in found:
        _delete(client, each)
    Connection.objects.filter(pk=connection.pk).update(subscription_uri="", subscription_state="")
    return len(found)


def tend(connection: Connection, *, now: datetime) -> State:
    """Renew a subscription that Calendly has disabled or lost, as it does after a day of failed deliveries. One
    that was never made, or was ended by hand, is left so. Raises CalendlyError, NoToken."""
    if connection.subscription_uri and signing_keys.newest(connection, now=now):
        return subscribe(connection, now=now)
    return status(connection, now=now)


def _ours(client: Client, connection: Connection) -> list[Subscription]:
    url = connections.webhook_url()
    listed = client.subscriptions(organization=connection.organization_uri)
    return [each for each in listed if each.callback_url.rstrip("/") == url]


def _create(client: Client, connection: Connection, key: str, now: datetime) -> Subscription:
    """Make it. If somebody else made it at this moment, take theirs."""
    try:
        made = client.subscribe(
            url=connections.webhook_url(),
            events=EVENTS,
            organization=connection.organization_uri,
            scope="organization",
            signing_key=key,
        )
    except AlreadyExists:
        found = _ours(client, connection)
        if not found:
            raise
        return found[0]
    signing_keys.subscribed(connection, key, now=now)
    return made


def _delete(client: Client, subscription: Subscription) -> None:
    try:
        client.unsubscribe(subscription.uri)
    except NotFound:
        return


def _keep(connection: Connection, state: State) -> None:
    """Write down what is there. The URI of one that has gone stays: it says that one is wanted."""
    kept = state.subscription
    found = {"subscription_uri": kept.uri, "subscription_state": kept.state} if kept else {}
    Connection.objects.filter(pk=connection.pk).update(**({"subscription_state": "missing"} | found))
