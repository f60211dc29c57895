"""What Calendly says about an invitee and its event at one moment."""

from dataclasses import dataclass
from enum import StrEnum

from ...calendly import payloads


class Kind(StrEnum):
    """How we learned of it: by a delivery, by reading, or by the answer to our booking."""

    CREATED = "invitee.created"
    CANCELED = "invitee.canceled"
    NO_SHOW = "invitee_no_show.created"
    NO_SHOW_UNDONE = "invitee_no_show.deleted"
    READ = "read"
    BOOKED = "booked"


@dataclass(frozen=True, slots=True)
class Observation:
    """`event` is None where only the invitee is known, as in the answer to a booking."""

    kind: Kind
    invitee: payloads.Invitee
    event: payloads.ScheduledEvent | None

    @property
    def is_authoritative(self) -> bool:
        """True for Calendly's own record, false for the answer to our booking."""
        return self.kind is not Kind.BOOKED
