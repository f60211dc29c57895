"""From Calendly's words (invitee, scheduled event) to ours (booking, leg, host): the only translator."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..calendly import types
from ..models import EventType

# Our mark in an invitee's tracking. The reference is opaque: never personal data.
SOURCE = "vai_agent"


def tracking(leg_id: uuid.UUID) -> dict[str, str | None]:
    """What ties the invitee that Calendly makes to our leg."""
    return {"utm_source": SOURCE, "utm_content": leg_id.hex}


def reference(invitee: types.Invitee) -> uuid.UUID | None:
    """The leg that an invitee was booked for, by its tracking."""
    content = invitee.tracking.get("utm_content")
    if not isinstance(content, str) or len(content) != 32 or not portal_made(invitee):
        return None
    try:
        return uuid.UUID(hex=content)
    except ValueError:
        return None


def portal_made(invitee: types.Invitee) -> bool:
    """True where the tracking says that the portal made the booking."""
    source = invitee.tracking.get("utm_source")
    return isinstance(source, str) and source.strip().lower().startswith("vai")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the meeting takes place and who hosts it, as far as Calendly has told."""

    host_uri: str = ""
    location: str = ""
    meeting_url: str = ""
    settled: bool = True


def place(event_raw: dict[str, Any]) -> Place:
    """Read the place out of the event as Calendly sent it."""
    if not event_raw:
        return Place()
    members = event_raw.get("event_memberships") or [{}]
    location = event_raw.get("location") or {}
    kind, status = str(location.get("type") or ""), location.get("status")
    text = str(location.get("location") or "")
    return Place(
        host_uri=str(members[0].get("user") or ""),
        location=text or kind.removesuffix("_conference").replace("_", " "),
        meeting_url=str(location.get("join_url") or "")[:2000],
        settled=status not in ("initiated", "processing"),
    )


# Locations whose link Calendly makes, without the suffix that some spellings have.
CONFERENCES = frozenset({"google", "zoom", "gotomeeting", "microsoft_teams", "webex"})


def may_have_link(event_raw: dict[str, Any]) -> bool:
    """True where Calendly makes a conference link for the event, now or in a moment. An event that is not read yet
    may have one."""
    location = event_raw.get("location")
    if not isinstance(location, dict):
        return not event_raw
    kind = str(location.get("type") or "").removesuffix("_conference")
    return kind in CONFERENCES or location.get("status") is not None


def link_failed(event_raw: dict[str, Any]) -> bool:
    """True where Calendly could not make the link. Source: calendly-api, section 8 (`location.status`)."""
    location = event_raw.get("location")
    return isinstance(location, dict) and location.get("status") == "failed"


def event_type_columns(seen: types.EventType, *, now: datetime) -> dict[str, Any]:
    """An event type of Calendly as columns of ours. Durations and buffers in minutes."""
    return {
        "name": seen.name[:255] or seen.slug[:255],
        "slug": seen.slug[:255],
        "active": seen.active and seen.deleted_at is None,
        "duration": max(seen.duration, 1),
        "buffer_before": seen.before_buffer,
        "buffer_after": seen.after_buffer,
        "kind": EventType.Kind.GROUP if seen.kind == "group" else EventType.Kind.SOLO,
        "pooling": seen.pooling_type or "",
        "color": seen.color[:7],
        "locations": seen.raw.get("locations") or [],
        "questions": seen.raw.get("custom_questions") or [],
        "scheduling_url": seen.scheduling_url[:500],
        "position": seen.position,
        "raw": seen.raw,
        "updated_at": seen.updated_at,
        "deleted_at": seen.deleted_at,
        "seen_at": now,
    }
