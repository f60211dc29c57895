"""How things look in answers: our rows as the wire contract spells them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from ..models import Booking, EventType, Host, TimelineEntry, VAIMetadata
from ..services import texts
from ..services.bookings import time_zones
from ..services.bookings.time_zones import Zone
from ..services.catalog.availability import Day, Slot, Span
from . import messages

Shape = dict[str, Any]


def instant(value: datetime | None) -> str | None:
    """UTC with Z, whole seconds."""
    return texts.utc(value) if value else None


def booking(row: Booking) -> Shape:
    """A booking, wherever one is shown. The row comes from `Booking.objects.shown()`."""
    return {
        "id": str(row.pk),
        "status": row.status,
        "eventType": row.event_name,
        "startTime": instant(row.start_at),
        "endTime": instant(row.end_at),
        "local": _local(row.start_at, row.end_at, time_zones.zone_of(row)),
        "invitee": {"email": row.invitee_email, "name": row.invitee_name or None},
        "host": _host_of(row),
        "location": row.location or None,
        "meetingUrl": row.meeting_url or None,
        "cancelUrl": row.cancel_url or None,
        "rescheduleUrl": row.reschedule_url or None,
        "conversationId": _metadata_of(row).conversation_id or None,
        "calendlyEventId": row.event_id or None,
    }


def _local(start: datetime | None, end: datetime | None, zone: Zone) -> Shape | None:
    if start is None or end is None:
        return None
    return dict(texts.local(start, end, zone.info, messages.language()))


def _host_of(row: Booking) -> Shape | None:
    if row.host is None:
        return None
    return {"id": str(row.host.pk), "name": row.host.name, "email": row.host.email}


def _metadata_of(row: Booking) -> VAIMetadata:
    return row.metadata if hasattr(row, "metadata") else VAIMetadata(booking=row)


def metadata_of(row: Booking) -> Shape:
    """What the portal keeps with a booking; nulls where it keeps nothing."""
    return metadata(_metadata_of(row))


def metadata(kept: VAIMetadata) -> Shape:
    """The conversation behind a booking."""
    return {
        "conversationId": kept.conversation_id or None,
        "userId": kept.user_id or None,
        "agentType": kept.agent_type or None,
        "bookingSource": kept.booking_source or None,
        "notes": kept.notes or None,
        "extra": kept.extra,
    }


def timeline(entries: Iterable[TimelineEntry]) -> list[Shape]:
    """What happened, the first thing first."""
    return [
        {
            "at": instant(each.at),
            "actor": each.actor,
            "actorName": each.actor_name or None,
            "action": each.action,
            "detail": each.detail,
        }
        for each in entries
    ]


def slot(free: Slot, zone: Zone) -> Shape:
    """A free start."""
    return {
        "startTime": texts.utc(free.start),
        "endTime": texts.utc(free.end),
        "local": _local(free.start, free.end, zone),
    }


def suggestions(days: Sequence[Day], zone: Zone) -> list[Shape]:
    """Days with free starts, to be offered instead."""
    return [
        {
            "date": day.on.isoformat(),
            "label": texts.day(day.on, messages.language()),
            "slots": [slot(each, zone) for each in day.slots],
        }
        for day in days
    ]


def zone(found: Zone) -> Shape:
    """The invitee's zone, and how we know."""
    return {"name": found.name, "source": found.source, "confidence": found.confidence}


def span(part: Span) -> Shape:
    """A part of a host's time."""
    return {"startTime": texts.utc(part.start), "endTime": texts.utc(part.end), "status": part.status}


def host(row: Host) -> Shape:
    """Somebody who hosts meetings."""
    return {"id": str(row.pk), "name": row.name, "email": row.email, "timezone": row.time_zone or None}


def _hosts(row: EventType) -> list[Shape]:
    return [{"id": str(each.pk), "name": each.name} for each in row.hosts.all() if each.active]


def event_type_choice(row: EventType) -> Shape:
    """One of several event types, to be chosen by id."""
    return {"id": str(row.pk), "name": row.name, "slug": row.slug, "hosts": _hosts(row)}


def event_type(row: EventType) -> Shape:
    """What can be booked."""
    return {
        "id": str(row.pk),
        "name": row.name,
        "slug": row.slug,
        "durationMinutes": row.duration,
        "bufferBeforeMinutes": row.buffer_before,
        "bufferAfterMinutes": row.buffer_after,
        "active": row.active,
        "hosts": _hosts(row),
        "schedulingUrl": row.scheduling_url or None,
        "questions": [_question(each) for each in row.questions if each.get("enabled", True)],
        "locations": [_location(each) for each in row.locations],
    }


def _question(told: Shape) -> Shape:
    return {
        "name": str(told.get("name") or ""),
        "type": str(told.get("type") or ""),
        "position": int(told.get("position") or 0),
        "required": bool(told.get("required")),
        "answerChoices": [str(each) for each in told.get("answer_choices") or ()],
        "includeOther": bool(told.get("include_other")),
    }


def _location(told: Shape) -> Shape:
    return {
        "kind": str(told.get("kind") or ""),
        "location": told.get("location") or None,
        "additionalInfo": told.get("additional_info") or None,
        "phoneNumber": str(told["phone_number"]) if told.get("phone_number") else None,
    }
