"""The health of the whole in a few words, for the lamp on every page: three queries, kept for some seconds."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.core.cache.backends.locmem import LocMemCache

from ...clients.reachability import CALENDLY_AWAY
from ...models import CalendlyAccount, CircuitState, WebhookDelivery
from ..outbox.circuit_breaker import PORTAL_FAILS
from ..outbox.refused_key import KEY_REFUSED
from ..worker import heartbeat

KEEP_SECONDS = 5
# Of this process: an embedding portal's cache may be remote, and slower than the queries.
cache = LocMemCache("calendly-health", {})


class Fault(StrEnum):
    """What can be wrong, the worst first."""

    NO_ACCOUNT = "no_account"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a name
    CALENDLY_AWAY = "calendly_away"
    WORKER_STOPPED = "worker_stopped"
    KEY_REFUSED = "key_refused"
    PORTAL_AWAY = "portal_away"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: since when, and of when our data of Calendly is, where that matters."""

    fault: Fault
    since: datetime | None = None
    data_of: datetime | None = None
    account: str = ""


def problems(*, now: datetime) -> list[Problem]:
    """All that is wrong now, the worst first. May be five seconds old."""
    found: list[Problem] | None = cache.get("problems")
    if found is None:
        found = _read(now)
        cache.set("problems", found, KEEP_SECONDS)
    return found


def _read(now: datetime) -> list[Problem]:
    accounts = list(
        CalendlyAccount.objects.only("slug", "name", "health", "checked_at", "synced_at", "events_synced_at")
    )
    circuits = CircuitState.objects.in_bulk([CALENDLY_AWAY, KEY_REFUSED, PORTAL_FAILS])
    worker = heartbeat.worker_alive(now)
    found = [] if accounts else [Problem(Fault.NO_ACCOUNT)]
    found += [
        Problem(Fault.TOKEN_REFUSED, account.checked_at, account=str(account))
        for account in accounts
        if account.health == CalendlyAccount.Health.FAILING
    ]
    if away := circuits.get(CALENDLY_AWAY):
        found.append(Problem(Fault.CALENDLY_AWAY, away.opened_at, _data_of(accounts)))
    if accounts and not worker.alive:
        found.append(Problem(Fault.WORKER_STOPPED, now - worker.age if worker.age is not None else None))
    for name, fault in ((KEY_REFUSED, Fault.KEY_REFUSED), (PORTAL_FAILS, Fault.PORTAL_AWAY)):
        if circuit := circuits.get(name):
            found.append(Problem(fault, circuit.opened_at))
    return found


def _data_of(accounts: list[CalendlyAccount]) -> datetime | None:
    """When Calendly last told us something: by a sync, or by a delivery."""
    told = WebhookDelivery.objects.order_by("-pk").values_list("received_at", flat=True).first()
    times = [told, *(at for row in accounts for at in (row.synced_at, row.events_synced_at))]
    return max((at for at in times if at is not None), default=None)
