"""The base of a local Calendly: state, clock, lock, options, faults, limits and journal."""

from __future__ import annotations

import random
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .faults import Faults
from .limits import Limits
from .options import Options
from .store import Organization, State, User

API_BASE = "https://api.calendly.com"
PUBLIC_BASE = "https://calendly.com"
JOURNAL_SIZE = 20_000


def system_clock() -> datetime:
    """The real time."""
    return datetime.now(UTC)


@dataclass
class Call:
    """One line of the journal. The token is not in it."""

    number: int
    at: datetime
    method: str
    path: str
    body: str
    status: int | None = None
    fault: str | None = None


class Sandbox:
    """What rules, webhooks and endpoints share. Hold `lock` to use `state`."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = system_clock,
        seed: int = 0,
        options: Options | None = None,
        api_base: str = API_BASE,
        public_base: str = PUBLIC_BASE,
        latency: float = 0.0,
    ) -> None:
        self.clock = clock
        self.clock_offset = timedelta()
        self.options = options or Options()
        self.api_base = api_base
        """The base of every URI."""
        self.addresses: set[str] = set()
        """The addresses of its servers. URIs with these bases are accepted too, and Calendly's own."""
        self.public_base = public_base
        self.latency = latency
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.random = random.Random(seed)
        self.faults = Faults()
        self.limits = Limits()
        self.calls: deque[Call] = deque(maxlen=JOURNAL_SIZE)
        self.calls_made = 0
        self.unknown_fields: Counter[str] = Counter()
        self.unknown_paths: Counter[str] = Counter()
        self.changes = 0
        self.state = State(seed=seed)

    def now(self) -> datetime:
        """This Calendly's time: the clock plus the offset of `move_clock`."""
        return self.clock() + self.clock_offset

    def move_clock(self, seconds: float) -> None:
        """Move its time; negative values move it back. Waiting senders check again."""
        with self.lock:
            self.clock_offset += timedelta(seconds=seconds)
            self.changed.notify_all()

    def stamp(self) -> datetime:
        """A unique time for `created_at` and `updated_at`: with a frozen clock two versions of an object must
        still differ."""
        moment = self.now()
        if self.state.last_stamp is not None and moment <= self.state.last_stamp:
            moment = self.state.last_stamp + timedelta(microseconds=1)
        self.state.last_stamp = moment
        return moment

    @contextmanager
    def change(self) -> Iterator[None]:
        """Hold the lock for a change, then notify the senders and the state file."""
        with self.lock:
            yield
            self.changes += 1
            self.changed.notify_all()

    @property
    def organization(self) -> Organization:
        """The only organization. Raises LookupError before `seed_standard`."""
        if self.state.organization is None:
            raise LookupError("no organization: call seed_standard() first")
        return self.state.organization

    @property
    def organization_uri(self) -> str:
        return self.uri("organizations", self.organization.id)

    @property
    def owner(self) -> User:
        """The user who owns the organization, and the default token."""
        return next(user for user in self.state.users.values() if user.role == "owner")

    def uri(self, kind: str, key: str) -> str:
        """`<api_base>/<kind>/<key>`: by default with Calendly's own address, also on localhost."""
        return f"{self.api_base}/{kind}/{key}"

    def user_uri(self, user: User | str) -> str:
        return self.uri("users", user if isinstance(user, str) else user.id)

    def invitee_uri(self, invitee_id: str) -> str:
        invitee = self.state.invitees[invitee_id]
        return self.uri("scheduled_events", f"{invitee.event_id}/invitees/{invitee_id}")

    def key_of(self, kind: str, uri: object) -> str | None:
        """The id in a full URI of that kind. None for a bare id, which Calendly refuses too."""
        if not isinstance(uri, str):
            return None
        for base in (self.api_base, API_BASE, *self.addresses):
            prefix = f"{base}/{kind}/"
            if uri.startswith(prefix):
                return uri.removeprefix(prefix)
        return None
