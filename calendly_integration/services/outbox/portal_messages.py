"""The messages to the portal: one function for each, as the wire contract (section 4) says."""

import re
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ...models import Booking, CalendlyBooking, FollowUp, TimelineEntry, VAIMetadata
from ...models.text_folding import without_diacritics
from .. import texts, time_zones
from . import Draft

MAIL_PATH = "/email/send"
FOLLOW_UP_AFTER = timedelta(hours=24)
MAIL_SUBJECT = {"ro": "Confirmare: {event}, {when}", "en": "Confirmed: {event}, {when}"}
RESCHEDULE_TEXT = {
    "ro": "Bună ziua! Ați anulat „{event}” pentru că ora nu mai era potrivită. Căutăm împreună alt moment?",
    "en": "Hello! You canceled “{event}” because the time no longer suited you. Shall we find another one?",
}
REBOOK_TEXT = {
    "ro": "Bună ziua! Din păcate a trebuit să anulăm „{event}”. Căutăm împreună alt moment?",
    "en": "Hello! Unfortunately we had to cancel “{event}”. Shall we find another time?",
}
# Reasons about the time: the invitee still wants the meeting. Matched in lower case without diacritics.
ABOUT_TIME = re.compile(
    r"\b("
    r"(nu|n)[\s-]*(mai\s+)?(am|avem)\s+timp|lips[ai]\s+de\s+timp|ora\s+(asta\s+|aceea\s+)?nu\b|"
    r"nu\s+(e|este)\s+(o\s+)?ora|alt[ae]?\s+(ora|zi|data|moment)|suprapun\w*|(alta|o)\s+intalnire\s+atunci|"
    r"nu\s*-?(mi|ne|imi)\s+(se\s+potriveste|convine)\s+(ora|ziua|data)|prea\s+(devreme|tarziu)|"
    r"nu\s+(mai\s+)?(pot|putem)\s+(atunci|la\s+ora|in\s+ziua)|program\w*\s+(incarcat|s-a\s+schimbat)|"
    r"ora\s+gresita|reprogram\w*|conflict\w*(?!\w|\s+(de\s+interese|of\s+interest))|"
    r"(wrong|bad|another|different)\s+(time|date|day)|bad\s+timing|too\s+(early|late)|"
    r"no\s+(longer\s+have\s+|more\s+)?time|(no|not|don.?t|didn.?t|won.?t)\s+have\s+((the|any|enough)\s+)?time|"
    r"time\s+(does\s*n.?t|does\s+not|no\s+longer)\s+\w+|"
    r"(can.?t|cannot|can\s+not)\s+make\s+(it\s+)?(at\s+)?(that|this|the)\s+time|"
    r"double[\s-]?booked|reschedul\w*|(too|so)\s+busy|not\s+a\s+good\s+time|running\s+out\s+of\s+time"
    r")"
)


def about_time(reason: str) -> bool:
    """True where a cancellation was about the time, not about the meeting."""
    return bool(ABOUT_TIME.search(without_diacritics(reason.lower())))


def queue_key(booking_id: uuid.UUID) -> str:
    """The queue of a booking: its messages leave in order."""
    return booking_id.hex


def _draft(booking: Booking, path: str, once: str, now: datetime, **body: Any) -> Draft:
    return Draft(
        queue=queue_key(booking.pk),
        path=path,
        body={**body, "timestamp": texts.utc(now)},
        once_key=f"{once}:{path}",
        booking_id=booking.pk,
    )


def _metadata(booking: Booking) -> VAIMetadata:
    return booking.metadata if hasattr(booking, "metadata") else VAIMetadata(booking=booking)


def _people(booking: Booking) -> dict[str, str | None]:
    return {"invitee_email": booking.invitee_email, "invitee_name": booking.invitee_name}


def _times(booking: Booking) -> dict[str, str | None]:
    return {"start_time": utc_text(booking.start_at), "end_time": utc_text(booking.end_at)}


def utc_text(instant: datetime | None) -> str | None:
    """The instant in UTC as text, or None."""
    return texts.utc(instant) if instant else None


def booked(booking: Booking, calendly_booking: CalendlyBooking, *, now: datetime) -> list[Draft]:
    """An agent has booked the meeting."""
    kept, once = _metadata(booking), f"booked:{booking.pk.hex}"
    return [
        _draft(
            booking,
            "/calendly/metadata",
            once,
            now,
            booking_uri=calendly_booking.event_uri,
            metadata={
                "conversation_id": kept.conversation_id or None,
                "agent_type": kept.agent_type or None,
                "booking_source": "vai_agent",
                "notes": kept.notes or None,
            },
        ),
        _draft(
            booking,
            "/calendly/notify",
            once,
            now,
            booking_id=str(booking.pk),
            conversation_id=kept.conversation_id or None,
            user_id=kept.user_id or None,
            event_type=booking.event_name,
            **_times(booking),
            **_people(booking),
            meeting_url=booking.meeting_url or None,
        ),
    ]


def confirmed(booking: Booking, *, now: datetime) -> list[Draft]:
    """Calendly has confirmed the booking: the news, and the mail to the invitee, which has no body yet."""
    kept, once = _metadata(booking), f"confirmed:{booking.pk.hex}"
    return [
        _draft(
            booking,
            "/calendly/confirmed",
            once,
            now,
            booking_id=str(booking.pk),
            conversation_id=kept.conversation_id or None,
            **_people(booking),
            **_times(booking),
            event_type=booking.event_name,
        ),
        wanted_mail(booking, once_key=f"{once}:{MAIL_PATH}"),
    ]


def wanted_mail(booking: Booking, *, once_key: str) -> Draft:
    """The confirmation mail without its body. `confirmations.resolve` adds that when the mail leaves.

    A mail that is written again keeps its idempotency key, so the portal does not mail twice.
    """
    key = uuid.uuid5(booking.pk, once_key)
    return Draft(
        queue=queue_key(booking.pk),
        path=MAIL_PATH,
        body={},
        once_key=once_key,
        booking_id=booking.pk,
        key=key,
    )


def mail(booking: Booking, *, once_key: str, now: datetime) -> Draft:
    """The confirmation mail as the booking is now."""
    body = {**_mail_body(booking, _metadata(booking)), "timestamp": texts.utc(now)}
    return replace(wanted_mail(booking, once_key=once_key), body=body)


def _mail_body(booking: Booking, kept: VAIMetadata) -> dict[str, Any]:
    """The body of the mail, with times in the zone and language of the invitee."""
    lang = texts.mail_language(booking.locale)
    try:
        zone = time_zones.named(booking.time_zone)
    except time_zones.UnknownZone:
        zone = ZoneInfo(time_zones.default_name())
    start, end = booking.start_at, booking.end_at
    when = texts.spoken(start, zone, lang) if start else ""
    return {
        "to": booking.invitee_email,
        # One line, because the name comes from Calendly.
        "subject": MAIL_SUBJECT[lang].format(event=" ".join(booking.event_name.split()), when=when),
        "template": "calendly_confirmation",
        "data": {
            "event_name": booking.event_name,
            "start_time": texts.written(start, zone, lang) if start else None,
            "end_time": texts.written(end, zone, lang) if end else None,
            "meeting_url": booking.meeting_url or None,
            "conversation_context": kept.notes or None,
            "agent_type": kept.agent_type or None,
        },
    }


def canceled(booking: Booking, calendly_booking: CalendlyBooking, *, now: datetime) -> Draft:
    """The meeting is canceled."""
    return _draft(
        booking,
        "/calendly/canceled",
        f"canceled:{calendly_booking.pk.hex}",
        now,
        booking_id=str(booking.pk),
        conversation_id=_metadata(booking).conversation_id or None,
        invitee_email=booking.invitee_email,
        cancel_reason=booking.cancel_reason or None,
    )


def ended(
    booking: Booking, calendly_booking: CalendlyBooking, *, now: datetime
) -> tuple[list[FollowUp], list[Draft]]:
    """The messages of a cancellation, and a follow-up where the invitee gave a reason about the time, to Calendly
    or to an agent. Staff choose follow-ups themselves."""
    drafts = [canceled(booking, calendly_booking, now=now)]
    requested = calendly_booking.intent.get("cancel") or {}
    reason = booking.cancel_reason
    if calendly_booking.canceler != "invitee":
        by_agent = requested.get("kind") == TimelineEntry.Actor.AGENT
        reason = str(requested.get("reason") or "") if by_agent else ""
    if not about_time(reason):
        return [], drafts
    followup = plan_follow_up(booking, calendly_booking, now=now)
    return [followup], [*drafts, follow_up(booking, followup, now=now)]


def rescheduled(
    booking: Booking, calendly_booking: CalendlyBooking, old_start: datetime | None, *, now: datetime
) -> Draft:
    """The meeting has another time."""
    return _draft(
        booking,
        "/calendly/rescheduled",
        f"moved:{calendly_booking.pk.hex}",
        now,
        booking_id=str(booking.pk),
        conversation_id=_metadata(booking).conversation_id or None,
        old_start_time=utc_text(old_start),
        new_start_time=utc_text(booking.start_at),
        new_end_time=utc_text(booking.end_at),
        invitee_email=booking.invitee_email,
    )


def follow_up(booking: Booking, followup: FollowUp, *, now: datetime) -> Draft:
    """The invitee needs help to find another time."""
    return _draft(
        booking,
        "/followup/schedule",
        f"followup:{followup.calendly_booking_id.hex}",
        now,
        user_email=followup.email,
        conversation_id=followup.conversation_id or None,
        followup_type=followup.kind,
        scheduled_for=texts.utc(followup.scheduled_for),
        message=followup.message,
    )


def plan_follow_up(
    booking: Booking,
    calendly_booking: CalendlyBooking,
    *,
    kind: str = FollowUp.Kind.RESCHEDULE,
    now: datetime,
) -> FollowUp:
    """The follow-up of a cancellation, not saved yet. It is due at once where we canceled."""
    ours = kind == FollowUp.Kind.REBOOK
    text = (REBOOK_TEXT if ours else RESCHEDULE_TEXT)[texts.mail_language(booking.locale)]
    return FollowUp(
        booking=booking,
        calendly_booking=calendly_booking,
        kind=kind,
        email=booking.invitee_email,
        conversation_id=_metadata(booking).conversation_id,
        scheduled_for=now if ours else now + FOLLOW_UP_AFTER,
        message=text.format(event=booking.event_name),
        created_at=now,
    )


def logged(
    booking: Booking, calendly_booking: CalendlyBooking, what: str, *, now: datetime, mark: str = ""
) -> Draft:
    """An event of Calendly for the portal's analytics, for all bookings. `mark` tells apart events that can happen
    to a Calendly booking more than once."""
    return _draft(
        booking,
        "/analytics/log",
        f"log:{what}:{calendly_booking.pk.hex}{mark}",
        now,
        event_type=what,
        platform="calendly",
        data={
            "booking_id": str(booking.pk),
            "event_type": booking.event_name,
            "event_uri": calendly_booking.event_uri,
            "invitee_uri": calendly_booking.invitee_uri,
            "invitee_email": booking.invitee_email,
            "start_time": utc_text(calendly_booking.start_at or booking.start_at),
            "end_time": utc_text(calendly_booking.end_at or booking.end_at),
            "status": booking.status,
            "source": booking.source,
            "cancel_reason": calendly_booking.cancel_reason or None,
            "canceler_type": calendly_booking.canceler or None,
        },
    )


def event_type_logged(
    uri: str, what: str, data: dict[str, Any], version: str, *, now: datetime
) -> list[Draft]:
    """A change of an event type for the portal's analytics."""
    own = uri.rpartition("/")[2][:60]
    return [
        Draft(
            queue=f"type-{own}"[:64],
            path="/analytics/log",
            body={"event_type": what, "platform": "calendly", "data": data, "timestamp": texts.utc(now)},
            once_key=f"log:{what}:{own}:{version}"[:150],
            booking_id=None,
        )
    ]
