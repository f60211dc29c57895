"""Our webhook subscription at Calendly: exactly one for our URL."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from ... import clients
from ...calendly.client import Client
from ...calendly.errors import (
    AlreadyExists,
    CalendlyError,
    InsufficientScope,
    InvalidRequest,
    NotFound,
    PermissionDenied,
)
from ...calendly.payloads import Subscription
from ...models import CalendlyAccount
from ..accounts import calendly_accounts
from . import signing_keys

SCOPE = "organization"
EVENTS = (
    "invitee.created",
    "invitee.canceled",
    "invitee_no_show.created",
    "invitee_no_show.deleted",
    "event_type.created",
    "event_type.updated",
    "event_type.deleted",
)


# The read scope of most of these events. Calendly does not name the scope that a token lacks.
LIKELY_SCOPE = "scheduled_events:read"


class NoSigningKey(Exception):
    """Without a signing key Calendly signs nothing, and unsigned deliveries are refused."""


class NotRenewed(Exception):
    """The old subscription was deleted and no new one could be created, so there is none. `error` is Calendly's."""

    def __init__(self, error: CalendlyError) -> None:
        super().__init__(f"There is no webhook subscription now. {error}")
        self.error = error


class TakenElsewhere(Exception):
    """Calendly has a subscription for our URL that this token cannot see: that of a group or of another user."""

    def __init__(self) -> None:
        url = calendly_accounts.webhook_url()
        super().__init__(
            f"Calendly has a subscription for {url} that this token cannot see. Delete it with the token that made"
            " it, or set another PUBLIC_URL"
        )


@dataclass(frozen=True, slots=True)
class State:
    """The subscription for our URL. `made`: this call created it."""

    subscription: Subscription | None
    made: bool = False

    @property
    def healthy(self) -> bool:
        """True where all events are delivered for the whole organization."""
        return (
            self.subscription is not None
            and self.subscription.state == "active"
            and self.subscription.scope == SCOPE
            and set(EVENTS) <= set(self.subscription.events)
        )


def status(account: CalendlyAccount, *, now: datetime) -> State:
    """Ask Calendly, and save the answer. Raises CalendlyError, NoToken."""
    found = _ours(clients.calendly(account), account)
    state = State(found[0] if found else None)
    _save(account, state)
    return state


def subscribe(account: CalendlyAccount, *, renew: bool = False, now: datetime) -> State:
    """Ensure that there is one good subscription for our URL.

    A good one is kept, unless `renew` is set after a change of the signing key. A disabled one, one with fewer
    events or one for a single user is deleted and created again: Calendly cannot change a subscription, and accepts
    a URL once over all scopes (calendly-api, section 11). Raises NoSigningKey, NotRenewed, TakenElsewhere,
    CalendlyError, NoToken.
    """
    key = signing_keys.newest(account, now=now)
    if not key:
        raise NoSigningKey
    client = clients.calendly(account)
    found = _ours(client, account)
    good = [each for each in found if State(each).healthy and not renew]
    for extra in [each for each in found if each not in good[:1]]:
        _delete(client, extra)
    if good:
        state = State(good[0])
    else:
        _save(account, State(None))  # there is none until the new one is created
        try:
            state = State(_create(client, account, key, now), made=True)
        except CalendlyError as error:
            if found and not error.outcome_unknown:
                raise NotRenewed(error) from error
            raise
    _save(account, state)
    return state


def rotate(account: CalendlyAccount, *, now: datetime) -> State:
    """Create a new signing key, and renew the subscription with it.

    The new key is accepted before Calendly has it, and the old keys for two more days, so no delivery is refused.
    After an error of Calendly this may be called again, and uses the same key. Raises encryption.Unreadable,
    NotRenewed, TakenElsewhere, CalendlyError, NoToken.
    """
    signing_keys.renew(account, now=now)
    return subscribe(account, renew=True, now=now)


def unsubscribe(account: CalendlyAccount, *, now: datetime) -> int:
    """Delete the subscriptions for our URL. Returns how many. Raises CalendlyError, NoToken."""
    client = clients.calendly(account)
    found = _ours(client, account)
    for each in found:
        _delete(client, each)
    CalendlyAccount.objects.filter(pk=account.pk).update(subscription_uri="", subscription_state="")
    return len(found)


def tend(account: CalendlyAccount, *, now: datetime) -> State:
    """Renew a subscription that Calendly has disabled or lost, as it does after a day of failed deliveries. Where
    staff never subscribed, or unsubscribed, nothing is created. Raises NotRenewed, TakenElsewhere, CalendlyError,
    NoToken.
    """
    if account.subscription_uri and signing_keys.newest(account, now=now):
        return subscribe(account, now=now)
    return status(account, now=now)


def _ours(client: Client, account: CalendlyAccount) -> list[Subscription]:
    """The subscriptions for our URL, of the organization and of our own user."""
    found = _at_our_url(client.subscriptions(account.organization_uri, SCOPE))
    with suppress(PermissionDenied):
        found += _at_our_url(client.subscriptions(account.organization_uri, "user", account.user_uri))
    return found


def _of_colleagues(client: Client, account: CalendlyAccount) -> list[Subscription]:
    """The subscriptions for our URL of other users of the organization. One call for each user."""
    found: list[Subscription] = []
    with suppress(PermissionDenied):
        for member in client.memberships(organization=account.organization_uri):
            if member.user.uri != account.user_uri:
                found += _at_our_url(client.subscriptions(account.organization_uri, "user", member.user.uri))
    return found


def _at_our_url(listed: Iterable[Subscription]) -> list[Subscription]:
    url = calendly_accounts.webhook_url()
    return [each for each in listed if each.callback_url.rstrip("/") == url]


def _create(client: Client, account: CalendlyAccount, key: str, now: datetime) -> Subscription:
    """Create it. Where another process created it at this moment, that one is used. That of a colleague is
    replaced."""
    try:
        return _post(client, account, key, now)
    except AlreadyExists as error:
        found = [each for each in _ours(client, account) if each.scope == SCOPE]
        if found:
            return found[0]
        theirs = _of_colleagues(client, account)
        for each in theirs:
            _delete(client, each)
        if not theirs:
            raise TakenElsewhere from error
    return _post(client, account, key, now)


def _post(client: Client, account: CalendlyAccount, key: str, now: datetime) -> Subscription:
    try:
        made = client.subscribe(
            url=calendly_accounts.webhook_url(),
            events=EVENTS,
            organization=account.organization_uri,
            scope=SCOPE,
            signing_key=key,
        )
    except InvalidRequest as error:
        if error.details:
            raise  # it names a field, so the scopes are not the cause
        lacking = InsufficientScope(error.message, title=error.title, status=error.status)
        lacking.required_scopes, lacking.guessed = (LIKELY_SCOPE,), True
        raise lacking from error
    signing_keys.subscribed(account, key, now=now)
    return made


def _delete(client: Client, subscription: Subscription) -> None:
    try:
        client.unsubscribe(subscription.uri)
    except NotFound:
        return


def _save(account: CalendlyAccount, state: State) -> None:
    """Save the state. The URI of a subscription that is gone stays: it means that one is wanted."""
    kept = state.subscription
    found = {"subscription_uri": kept.uri, "subscription_state": kept.state} if kept else {}
    CalendlyAccount.objects.filter(pk=account.pk).update(**({"subscription_state": "missing"} | found))
