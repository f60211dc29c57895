"""From Calendly's words (invitee, scheduled event) to ours (booking, Calendly booking, host): the only
translator."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..calendly import payloads
from ..calendly.fields import one_line, web_link_in
from ..models import Booking, EventType

# Our mark in the tracking of an invitee, by the source of the booking. The reference holds no personal data.
SOURCES = {Booking.Source.AGENT: "vai_agent", Booking.Source.STAFF: "vai_staff"}
MEDIUM = "vai_portal"


def tracking(calendly_booking_id: uuid.UUID, source: str = Booking.Source.AGENT) -> dict[str, str | None]:
    """The tracking that ties an invitee to our Calendly booking. `source` is who books: an agent or staff."""
    return {
        "utm_source": SOURCES[Booking.Source(source)],
        "utm_medium": MEDIUM,
        "utm_content": calendly_booking_id.hex,
    }


def reference(invitee: payloads.Invitee) -> uuid.UUID | None:
    """The id of our Calendly booking in the tracking of an invitee."""
    content = invitee.tracking.get("utm_content")
    if not isinstance(content, str) or len(content) != 32 or not portal_made(invitee):
        return None
    try:
        return uuid.UUID(hex=content)
    except ValueError:
        return None


def portal_made(invitee: payloads.Invitee) -> bool:
    """True where the tracking says that the portal made the booking."""
    source, medium = invitee.tracking.get("utm_source"), invitee.tracking.get("utm_medium")
    return medium == MEDIUM and source in SOURCES.values()


@dataclass(frozen=True, slots=True)
class Person:
    """The invitee, and their links to change the booking. Unknown values are empty."""

    name: str = ""
    email: str = ""
    time_zone: str = ""
    phone: str = ""
    cancel_url: str = ""
    reschedule_url: str = ""


def person(invitee_raw: dict[str, Any]) -> Person:
    """Read the person from the invitee of Calendly."""
    invitee = payloads.InviteeDetails.parse(invitee_raw)
    return Person(
        name=(invitee.name or f"{invitee.first_name} {invitee.last_name}".strip())[:255],
        email=invitee.email[:320],
        time_zone=invitee.timezone[:64],
        phone=one_line(invitee.text_reminder_number)[:64],
        cancel_url=_link_or_empty(invitee.cancel_url, 500),
        reschedule_url=_link_or_empty(invitee.reschedule_url, 500),
    )


def answers(invitee_raw: dict[str, Any]) -> tuple[payloads.Answer, ...]:
    """The answers of the invitee, without blank ones."""
    given = payloads.InviteeDetails.parse(invitee_raw).answers
    return tuple([each for each in given if each.answer.strip()])


@dataclass(frozen=True, slots=True)
class Place:
    """What the meeting is, where it takes place, and its host. Unknown values are empty."""

    host_uri: str = ""
    event_name: str = ""
    event_type_uri: str = ""
    location: str = ""
    meeting_url: str = ""


def place(event_raw: dict[str, Any]) -> Place:
    """Read the place from the event of Calendly. The link is that of the conference, else the first link in the
    text of a custom location."""
    if not event_raw:
        return Place()
    event = payloads.EventDetails.parse(event_raw)
    location = event.location or payloads.EventLocation()
    kind, text = location.type, location.location
    link = location.join_url or (web_link_in(text) if kind == "custom" else "")
    return Place(
        host_uri=next(iter(event.hosts), ""),
        event_name=event.name[:255],
        event_type_uri=event.event_type_uri or "",
        location=text or kind.removesuffix("_conference").replace("_", " "),
        meeting_url=_link_or_empty(link, 2000),
    )


# Locations for which Calendly creates a link, without the suffix of some spellings.
CONFERENCES = frozenset({"google", "zoom", "gotomeeting", "microsoft_teams", "webex"})


def may_have_link(event_raw: dict[str, Any]) -> bool:
    """True where Calendly creates a conference link for the event. An unknown event may have one."""
    location = event_raw.get("location")
    if not isinstance(location, dict):
        return not event_raw
    kind = str(location.get("type") or "").removesuffix("_conference")
    return kind in CONFERENCES or location.get("status") is not None


def link_failed(event_raw: dict[str, Any]) -> bool:
    """True where Calendly could not create the link. Source: calendly-api, section 8 (`location.status`)."""
    location = event_raw.get("location")
    return isinstance(location, dict) and location.get("status") == "failed"


def location_settled(event_raw: dict[str, Any]) -> bool:
    """False while Calendly still creates the conference."""
    location = event_raw.get("location")
    return not isinstance(location, dict) or str(location.get("status")) not in payloads.UNFINISHED_LOCATION


def guests(event_raw: dict[str, Any]) -> list[str]:
    """The addresses of the guests."""
    return [address for address in payloads.EventDetails.parse(event_raw).guests if address]


def _link_or_empty(link: str, max_length: int) -> str:
    """The link, or an empty text where it is too long: a cut link does not work."""
    return link if len(link) <= max_length else ""


def event_type_columns(seen: payloads.EventType, *, now: datetime) -> dict[str, Any]:
    """The columns of an event type. Durations and buffers in minutes."""
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
        "locations": [each.raw for each in seen.locations],
        "questions": [each.raw for each in seen.questions],
        "scheduling_url": seen.scheduling_url[:500],
        "position": seen.position,
        "raw": seen.raw,
        "updated_at": seen.updated_at,
        "deleted_at": seen.deleted_at,
        "seen_at": now,
    }
