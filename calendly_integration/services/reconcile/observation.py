"""One look at an invitee and the event it belongs to."""

from dataclasses import dataclass
from enum import StrEnum

from ...calendly import payloads


class Kind(StrEnum):
    """How we came to see it."""

    CREATED = "invitee.created"
    CANCELED = "invitee.canceled"
    NO_SHOW = "invitee_no_show.created"
    NO_SHOW_UNDONE = "invitee_no_show.deleted"
    READ = "read"
    BOOKED = "booked"


@dataclass(frozen=True, slots=True)
class Observation:
    """`event` is None where only the invitee was answered, as by a booking."""

    kind: Kind
    invitee: payloads.Invitee
    event: payloads.ScheduledEvent | None

    @property
    def told(self) -> bool:
        """True where Calendly's own record speaks, not just the answer to our call."""
        return self.kind is not Kind.BOOKED
