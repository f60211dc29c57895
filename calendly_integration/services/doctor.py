"""Checks the installation. Each check has a result, and says what to type to repair it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db import connection as database
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import clients
from ..calendly.errors import CalendlyError, InsufficientScope, PermissionDenied, Unauthenticated
from ..models import CalendlyAccount
from ..portal.errors import PortalError
from . import error_texts, outbox
from .accounts import calendly_accounts
from .backoffice import search
from .webhooks import signing_keys, subscriptions
from .worker import heartbeat

MAX_CLOCK_DIFFERENCE = timedelta(seconds=60)
WANTED_SCOPES = (
    "users:read event_types:read availability:read scheduled_events:write webhooks:write organizations:read"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check, in the language of the request. `ok` is None for a warning."""

    ok: bool | None
    text: str
    fix: str = ""
    name: str = ""


Check = Callable[[CalendlyAccount, datetime], Finding]


def examine(account: CalendlyAccount, *, now: datetime) -> list[Finding]:
    """All checks. One that fails does not hide the others."""
    return [replace(_run_check(check, account, now), name=name) for name, check in CHECKS.items()]


def _run_check(check: Check, account: CalendlyAccount, now: datetime) -> Finding:
    try:
        return check(account, now)
    except (CalendlyError, clients.NoToken) as error:
        if isinstance(error, clients.NoToken | Unauthenticated):
            fix = _(
                "Set CALENDLY_API_KEY to a personal access token (Calendly: Integrations, API & Webhooks)."
            )
        else:
            fix = _("Look at CALENDLY_API_URL and the network.")
        return Finding(False, error_texts.said(str(error)), fix)
    except DatabaseError as error:
        return Finding(False, type(error).__name__, "manage.py migrate")


def _database(account: CalendlyAccount, now: datetime) -> Finding:
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Finding(True, str(database.display_name))


def _token(account: CalendlyAccount, now: datetime) -> Finding:
    me = calendly_accounts.identify(account, now=now)
    return Finding(True, f"{me.name} <{me.email}>")


def _scopes(account: CalendlyAccount, now: datetime) -> Finding:
    """Read one item of each kind. Scopes to write cannot be tried without writing."""
    client, owner = clients.calendly(account), account.organization_uri
    lacking: set[str] = set()
    for scope, ask in (
        ("event_types:read", lambda: next(iter(client.event_types(organization=owner)), None)),
        (
            "scheduled_events:read",
            lambda: next(iter(client.scheduled_events(organization=owner, count=1)), None),
        ),
        ("availability:read", lambda: client.availability_schedules(account.user_uri)),
        ("webhooks:read", lambda: next(iter(client.subscriptions(organization=owner)), None)),
    ):
        try:
            ask()
        except InsufficientScope as error:
            lacking.update(error.required_scopes or (scope,))
    unseen = _missing_organization_rights(account)
    if lacking:
        names = sorted(lacking | ({"organizations:read"} if unseen else set()))
        text = _("lacking: %s") % ", ".join(names)
        return Finding(False, text, _("Make a token with %s.") % WANTED_SCOPES)
    if unseen:
        return Finding(None, unseen, _("Make a token with %s.") % WANTED_SCOPES)
    return Finding(True, _("event types, meetings, availability, webhooks, organization"))


def _missing_organization_rights(account: CalendlyAccount) -> str:
    """What the token may not read of the organization. Empty where it may. The sync works without it."""
    client, owner = clients.calendly(account), account.organization_uri
    try:
        next(iter(client.memberships(organization=owner)), None)
        client.organization(owner)
    except InsufficientScope as error:
        scope = ", ".join(error.required_scopes) or "organizations:read"
        return (
            _(
                "lacking: %s. Colleagues are not read: only meetings of the token's own user show a host, and the"
                " plan is unknown."
            )
            % scope
        )
    except PermissionDenied:
        return _(
            "The token's user is no administrator of the organization. Colleagues are not read: only meetings of"
            " that user show a host."
        )
    return ""


def _plan(account: CalendlyAccount, now: datetime) -> Finding:
    unknown = _("plan unknown")  # xgettext does not look into f-strings
    limits = {
        "trial": _("5 bookings a day"),
        "free": _("few bookings a day"),
        "paid": _("10 bookings a minute, 50 an hour, 100 a day"),
    }
    limit = limits.get(account.stage, _("limits unknown"))
    if account.plan == "enterprise":
        limit = _("500 bookings a minute")
    text = f"{account.plan or unknown} ({limit})"
    until = account.quota_exhausted_until
    if until is not None and until > now:
        used = _("used up until %s UTC") % f"{until:%Y-%m-%d %H:%M}"
        return Finding(False, f"{text}; {used}", _("Wait, or take a larger plan."))
    return Finding(True, text)


def _clock(account: CalendlyAccount, now: datetime) -> Finding:
    client = clients.calendly(account)
    before = timezone.now()
    client.me()
    server_time = client.server_time
    if server_time is None:
        return Finding(None, _("Calendly told no time"))
    off = abs(server_time - before)
    text = _("%d s apart from Calendly") % round(off.total_seconds())
    fix = "" if off < MAX_CLOCK_DIFFERENCE else _("Set the clock by NTP (timedatectl set-ntp true).")
    return Finding(off < MAX_CLOCK_DIFFERENCE, text, fix)


def _webhook(account: CalendlyAccount, now: datetime) -> Finding:
    if not signing_keys.newest(account, now=now):
        return Finding(
            False,
            _("no signing key: every delivery is refused"),
            _(
                "Set CALENDLY_WEBHOOK_SECRET to a long random text, then: manage.py calendly_webhook subscribe"
            ),
        )
    state = subscriptions.status(account, now=now)
    if state.healthy:
        return Finding(True, calendly_accounts.webhook_url())
    if found := state.subscription:
        text = _("%(state)s for %(url)s") % {"state": found.state, "url": found.callback_url}
        if found.scope != subscriptions.SCOPE:
            text = _("only for the meetings of one user: %s") % found.callback_url
    else:
        text = _("none for %s") % calendly_accounts.webhook_url()
    return Finding(False, text, "manage.py calendly_webhook subscribe")


def _queue(account: CalendlyAccount, now: datetime) -> Finding:
    state = heartbeat.queue_state(now)
    if state.schedule_faults:
        text = _("Schedule out of order: %s") % "; ".join(state.schedule_faults)
        return Finding(False, text, _("manage.py calendly_worker (it repairs its schedules)"))
    if state.several_workers:
        count = len(state.workers)
        text = ngettext("%(count)d worker runs: %(names)s", "%(count)d workers run: %(names)s", count)
        return Finding(None, text % {"count": count, "names": ", ".join(state.workers)})
    if state.waiting is None:
        text = _("the broker does not answer; only a plain qcluster needs it")
        return Finding(None, text, _("Start Redis, or unset REDIS_URL."))
    return Finding(True, ngettext("%d task waits", "%d tasks wait", state.waiting) % state.waiting)


def _worker(account: CalendlyAccount, now: datetime) -> Finding:
    state = heartbeat.worker_alive(now)
    if state.age is None:
        return Finding(False, _("never seen"), "manage.py calendly_worker")
    text = _("last seen %d s ago") % round(state.age.total_seconds())
    return Finding(state.alive, text, "" if state.alive else "manage.py calendly_worker")


def _portal(account: CalendlyAccount, now: datetime) -> Finding:
    """Ask for the metadata of an event that does not exist: the portal answers that too."""
    portal, waiting = clients.portal(), outbox.stats(now)
    waits = ngettext("%d message waits", "%d messages wait", waiting.waiting) % waiting.waiting
    parked = ngettext("%d is parked", "%d are parked", waiting.parked) % waiting.parked
    text = f"{waits}, {parked}"
    if portal is None:
        text = _("not configured; %s") % text
        return Finding(False, text, _("Set VAI_API_URL and VAI_API_KEY."))
    since = outbox.paused_since()
    if since is not None:
        text = _("it refuses our key, messages are paused since %s UTC; %s") % (
            f"{since:%Y-%m-%d %H:%M}",
            text,
        )
        return Finding(False, text, _("Set VAI_API_KEY to the key of the portal, restart the worker."))
    try:
        portal.get_metadata("calendly-doctor")
    except PortalError as error:
        said = error_texts.said(re.sub(r"\s+", " ", str(error))[:200])
        fix = _("Look at VAI_API_URL, VAI_API_KEY and the portal.")
        return Finding(False, f"{said}; {text}", fix)
    fix = _("Look at parked messages in the admin.") if waiting.parked else ""
    return Finding(not waiting.parked, text, fix)


def _search(account: CalendlyAccount, now: datetime) -> Finding:
    """Without the index the search is correct but slow, which matters for large tables only."""
    if search.index_exists():
        return Finding(True, _("bookings are found by index"))
    fix = _("As the owner of the database: %s") % search.CREATE_INDEX_SQL
    return Finding(None, _("no index: the search reads every booking"), fix)


CHECKS: dict[str, Check] = {
    "database": _database,
    "token": _token,
    "scopes": _scopes,
    "plan": _plan,
    "clock": _clock,
    "webhook": _webhook,
    "queue": _queue,
    "worker": _worker,
    "portal": _portal,
    "search": _search,
}
