"""The shapes of our answers for the OpenAPI document. A test holds every answer against them."""

from typing import Any

Schema = dict[str, Any]

INSTANT: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$",
    "example": "2026-11-24T08:00:00Z",
}
TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
YES_NO: Schema = {"type": "boolean"}
FREE: Schema = {"type": "object", "additionalProperties": True}


def maybe(schema: Schema) -> Schema:
    """That, or null."""
    if "$ref" in schema:
        return {"allOf": [schema], "nullable": True}
    return {**schema, "nullable": True}


def many(schema: Schema, most: int | None = None) -> Schema:
    """A list of it."""
    return {"type": "array", "items": schema, **({"maxItems": most} if most else {})}


def thing(**properties: Schema) -> Schema:
    """An object that always has these keys."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def one_of(*values: Any) -> Schema:
    """One of these values."""
    return {"type": "boolean" if isinstance(values[0], bool) else "string", "enum": list(values)}


def ref(name: str) -> Schema:
    """A component by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def success(**properties: Schema) -> Schema:
    """A body that says success."""
    return thing(success=one_of(True), **properties)


def failure(*codes: str, **properties: Schema) -> Schema:
    """A body that says why not."""
    return thing(success=one_of(False), code=one_of(*codes), message=TEXT, **properties)


LOCAL = thing(
    timezone={**TEXT, "example": "Europe/Bucharest"},
    start={**TEXT, "example": "2026-11-24T10:00:00+02:00"},
    end={**TEXT, "example": "2026-11-24T10:30:00+02:00"},
    weekday={**TEXT, "example": "marți"},
    text={**TEXT, "example": "marți, 24 noiembrie, ora 10:00"},
)

TYPE_HOSTS = many(thing(id=TEXT, name=TEXT))

SCHEMAS: dict[str, Schema] = {
    "Local": LOCAL,
    "Booking": thing(
        id={**TEXT, "description": "Ours; kept through every reschedule."},
        status=one_of("pending", "confirmed", "canceled", "failed"),
        eventType={**TEXT, "example": "Sales Demo"},
        startTime=maybe(INSTANT),
        endTime=maybe(INSTANT),
        local=maybe(ref("Local")),
        invitee=thing(email=TEXT, name=maybe(TEXT)),
        host=maybe(thing(id=TEXT, name=TEXT, email=TEXT)),
        location=maybe(TEXT),
        meetingUrl=maybe(TEXT),
        cancelUrl=maybe(TEXT),
        rescheduleUrl=maybe(TEXT),
        conversationId=maybe(TEXT),
        calendlyEventId={**maybe(TEXT), "description": "The last segment of Calendly's event URI."},
    ),
    "Slot": thing(startTime=INSTANT, endTime=INSTANT, local=ref("Local")),
    "Suggestion": thing(
        date={**TEXT, "example": "2026-11-25"},
        label={**TEXT, "example": "miercuri, 25 noiembrie"},
        slots=many(ref("Slot"), 3),
    ),
    "Zone": thing(
        name=TEXT,
        source=one_of("explicit", "offset", "phone", "locale", "default"),
        confidence=one_of("high", "medium", "low"),
    ),
    "Metadata": thing(
        conversationId=maybe(TEXT),
        userId=maybe(TEXT),
        agentType=maybe(TEXT),
        bookingSource=maybe(TEXT),
        notes=maybe(TEXT),
        extra=FREE,
    ),
    "TimelineEntry": thing(
        at=INSTANT,
        actor=one_of("agent", "staff", "invitee", "calendly", "system"),
        actorName=maybe(TEXT),
        action=TEXT,
        detail=FREE,
    ),
    "EventType": thing(
        id=TEXT,
        name=TEXT,
        slug=TEXT,
        durationMinutes=WHOLE,
        bufferBeforeMinutes=WHOLE,
        bufferAfterMinutes=WHOLE,
        active=YES_NO,
        hosts=TYPE_HOSTS,
        schedulingUrl=maybe(TEXT),
        questions=many(
            thing(
                name=TEXT,
                type=TEXT,
                position=WHOLE,
                required=YES_NO,
                answerChoices=many(TEXT),
                includeOther=YES_NO,
            )
        ),
        locations=many(
            thing(kind=TEXT, location=maybe(TEXT), additionalInfo=maybe(TEXT), phoneNumber=maybe(TEXT))
        ),
    ),
    "Host": thing(id=TEXT, name=TEXT, email=TEXT, timezone=maybe(TEXT)),
    "Span": thing(startTime=INSTANT, endTime=INSTANT, status=one_of("busy", "available")),
    "Invalid": failure("invalid_request", errors={"type": "object", "additionalProperties": many(TEXT)}),
    "Failure": failure(
        "unauthorized",
        "forbidden",
        "not_found",
        "method_not_allowed",
        "not_acceptable",
        "length_required",
        "too_large",
        "unsupported_media_type",
        "internal_error",
    ),
    "NoAvailability": failure("no_availability", "slot_taken", suggestions=many(ref("Suggestion"), 14 + 1)),
    "OutcomeUnknown": failure("outcome_unknown", booking=ref("Booking")),
    "NotMoved": failure(
        "no_availability",
        "slot_taken",
        suggestions=many(ref("Suggestion"), 14 + 1),
        rescheduleUrl=maybe(TEXT),
    ),
    "MoveUnknown": failure("outcome_unknown", booking=ref("Booking"), rescheduleUrl=maybe(TEXT)),
    "MoveQuotaExhausted": failure("quota_exhausted", rescheduleUrl=maybe(TEXT)),
    "MoveRefused": failure("calendly_refused", detail=TEXT, rescheduleUrl=maybe(TEXT)),
    "EventTypeNotFound": failure("event_type_not_found", eventTypes=many(TEXT)),
    "EventTypeAmbiguous": failure(
        "event_type_ambiguous",
        eventTypes=many(thing(id=TEXT, name=TEXT, slug=TEXT, hosts=TYPE_HOSTS)),
    ),
    "HostNotFound": failure("host_not_found"),
    "BookingNotFound": failure("booking_not_found"),
    "NotCancelable": failure("not_cancelable", reason=TEXT, booking=ref("Booking")),
    "NotReschedulable": failure(
        "not_reschedulable", reason=TEXT, booking=ref("Booking"), rescheduleUrl=maybe(TEXT)
    ),
    "QuotaExhausted": failure("quota_exhausted", schedulingUrl=maybe(TEXT)),
    "TooManyRequests": failure("too_many_requests"),
    "CalendlyRefused": failure("calendly_refused", detail=TEXT),
    "Unavailable": failure("calendly_unavailable", "unavailable"),
    "InProgress": failure("in_progress"),
    "IdempotencyMismatch": failure("idempotency_mismatch"),
}
