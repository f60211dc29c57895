"""Who acts: an agent, staff, an invitee, Calendly or the system. Stored in the timeline and in pending requests."""

import uuid
from dataclasses import dataclass
from typing import Any

from ..models import AgentKey, Booking, TimelineEntry


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `key_id` is set for agents."""

    kind: str
    name: str = ""
    key_id: int | None = None

    @classmethod
    def agent(cls, key: AgentKey) -> "Actor":
        """The agent with this key."""
        return cls(TimelineEntry.Actor.AGENT, key.name, key.pk)

    @classmethod
    def staff(cls, name: str) -> "Actor":
        """A person in the admin."""
        return cls(TimelineEntry.Actor.STAFF, name)

    @classmethod
    def parse(cls, data: dict[str, Any]) -> "Actor":
        """From what `dump` wrote."""
        return cls(data.get("kind", TimelineEntry.Actor.SYSTEM), data.get("name", ""), data.get("key_id"))

    def dump(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"kind": str(self.kind), "name": self.name, "key_id": self.key_id}

    @property
    def source(self) -> str:
        """The source of a booking that this actor makes."""
        return Booking.Source.AGENT if self.kind == TimelineEntry.Actor.AGENT else Booking.Source.STAFF


SYSTEM = Actor(TimelineEntry.Actor.SYSTEM)
CALENDLY = Actor(TimelineEntry.Actor.CALENDLY)


def entry(booking_id: uuid.UUID, *, at: Any, by: Actor, action: str, **detail: Any) -> TimelineEntry:
    """A timeline entry, not saved yet. Raises ValueError for an action that has no label in the model."""
    return TimelineEntry(
        booking_id=booking_id,
        at=at,
        actor=by.kind,
        actor_name=by.name[:255],
        action=TimelineEntry.Action(action),
        detail={key: value for key, value in detail.items() if value not in (None, "")},
    )
