"""Each call for the OpenAPI document: what comes in, all that may come out, an example."""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from ..services.bookings import email_addresses
from .components import FREE, INSTANT, TEXT, Schema, many, maybe, ref, success
from .fields import BLANK, Many, Shape

Operation = dict[str, Any]
Method = TypeVar("Method", bound=Callable[..., Any])


TIMELINE_PAGE = 100
# What is optional may be null or blank; an entry of a list may also be an object of nothing else.
NOTHING: Schema = {"type": "string", "pattern": BLANK.pattern, "nullable": True}
NOTHINGS: Schema = {"type": "object", "additionalProperties": NOTHING}


class Described(AutoSchema):
    """The framework's, with what `inputs` does before the fields are looked at."""

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if isinstance(field, Many) and isinstance(field.child, Shape):
            schema["items"] = {"anyOf": [schema["items"], NOTHING, NOTHINGS]}
        optional = isinstance(field.parent, Shape) and not field.required
        if schema is None or not (optional or isinstance(field.parent, Many)):
            return schema
        self._insert_field_validators(field, schema)  # type: ignore[no-untyped-call]
        told = {name: schema.pop(name) for name in ("description", "default") if name in schema}
        return {"anyOf": [schema, NOTHING], **told}


def described(operation: Operation, *parameters: Any, **more: Any) -> Callable[[Method], Method]:
    """Attach an operation to a view's method, whatever schema class the host has set as default."""

    def attach(method: Method) -> Method:
        method.kwargs = {"schema": Described}  # type: ignore[attr-defined]
        known = operation.get("parameters", [])
        told = {**operation, "parameters": [*known, *parameters], **more}
        described_method: Method = extend_schema(**told)(method)
        return described_method

    return attach


def _path(name: str, text: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, {"type": "string", "minLength": 1, **more}, "path", description=text)


BOOKING_IN_PATH = _path(
    "id", "Our id or Calendly's event id, of the present event or of one that it replaced."
)
HOST_IN_PATH = _path("id", "Our id or the last segment of Calendly's user URI.")
EMAIL_IN_PATH = _path(
    "email",
    "The invitee's e-mail address.",
    pattern=email_addresses.PATTERN,
    maxLength=email_addresses.LONGEST,
)
CURSOR = OpenApiParameter("cursor", str, description="Where the page begins; only as `next` gave it.")
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "maxLength": 255, "pattern": r"^([!-~]([ -~]*[!-~])?)?$"},
    "header",
    description=(
        "The same key with the same body gives the same answer again. Without one, the same request within ten"
        " minutes is answered with the booking as it is now."
    ),
)
RETRY_AFTER = OpenApiParameter(
    "Retry-After",
    {"type": "integer", "minimum": 1},
    "header",
    description="Seconds.",
    response=[409, 429, 503],
)
REPLAYED = OpenApiParameter(
    "Idempotent-Replayed",
    {"type": "string", "enum": ["true"]},
    "header",
    description="An earlier answer, given again.",
    response=[200, 201, 202],
)

EVERYWHERE: dict[int, tuple[Schema, str]] = {
    400: (ref("Invalid"), "Malformed, or it cannot be meant: `errors` names the fields."),
    401: (ref("Failure"), "No valid agent key."),
    403: (ref("Failure"), "The key lacks the right."),
    406: (ref("Failure"), "Answers are application/json."),
    429: (ref("TooManyRequests"), "Too many calls with this key, or too many wrong keys from this address."),
    500: (ref("Failure"), "A mistake of ours. It has been noted."),
    503: (ref("Unavailable"), "Calendly or the database is away; nothing has been changed."),
}
WITH_BODY: dict[int, tuple[Schema, str]] = {
    411: (ref("Failure"), "A body without Content-Length."),
    413: (ref("Failure"), "A body over 256 KB."),
    415: (ref("Failure"), "A body that is not application/json."),
}
QUOTA_OR_TOO_MANY: Schema = {"oneOf": [ref("QuotaExhausted"), ref("TooManyRequests")]}
NO_EVENT_TYPE = {404: (ref("EventTypeNotFound"), "No such event type.")}
AMBIGUOUS = {409: (ref("EventTypeAmbiguous"), "The name fits several event types: choose one by id.")}
NO_BOOKING = {404: (ref("BookingNotFound"), "No such booking.")}
REFUSED = {502: (ref("CalendlyRefused"), "Calendly refused; `detail` is what it said.")}
UNKNOWN = {202: (ref("OutcomeUnknown"), "The answer was lost: it may have happened, and will be settled.")}
NOT_CANCELABLE = {
    409: (ref("NotCancelable"), "Not in this state. The booking's own links may still help."),
}


def _call(
    name: str,
    summary: str,
    *answers: dict[int, tuple[Schema, str]],
    parameters: tuple[OpenApiParameter, ...] = (),
    examples: tuple[OpenApiExample, ...] = (),
) -> Operation:
    merged: dict[int, tuple[Schema, str]] = {}
    for answer in (*answers, EVERYWHERE):
        merged = answer | merged
    return {
        "operation_id": name,
        "summary": summary,
        "responses": {
            status: OpenApiResponse(schema, description=text)
            for status, (schema, text) in sorted(merged.items())
        },
        "examples": list(examples),
        "tags": ["calendly"],
        "parameters": [RETRY_AFTER, *parameters],
    }


def _fine(text: str, **properties: Schema) -> dict[int, tuple[Schema, str]]:
    return {200: (success(**properties), text)}


BOOKED_EXAMPLE: dict[str, Any] = {
    "success": True,
    "booking": {
        "id": "7b0cf9c1-4f36-4a5e-9b3c-2f6f0a1f7d55",
        "status": "confirmed",
        "eventType": "Sales Demo",
        "startTime": "2026-11-24T08:00:00Z",
        "endTime": "2026-11-24T08:30:00Z",
        "local": {
            "timezone": "Europe/Bucharest",
            "start": "2026-11-24T10:00:00+02:00",
            "end": "2026-11-24T10:30:00+02:00",
            "weekday": "marți",
            "text": "marți, 24 noiembrie, ora 10:00",
        },
        "invitee": {"email": "ana@example.com", "name": "Ana Pop"},
        "host": {"id": "0c5f6a2e-0a51-4f0e-8f0b-8f6f6c0d9c11", "name": "Radu", "email": "radu@example.com"},
        "location": None,
        "meetingUrl": None,
        "cancelUrl": "https://calendly.com/cancellations/AAA",
        "rescheduleUrl": "https://calendly.com/reschedulings/AAA",
        "conversationId": "c-17",
        "calendlyEventId": "AAA",
    },
    "message": "V-am programat pentru Sales Demo: marți, 24 noiembrie, ora 10:00.",
    "timezone": {"name": "Europe/Bucharest", "source": "default", "confidence": "low"},
}

SCHEDULE = _call(
    "schedule",
    "Book a meeting",
    {
        201: (success(booking=ref("Booking"), message=TEXT, timezone=ref("Zone")), "Booked."),
        200: (ref("NoAvailability"), "Nothing free that fits; other times are suggested."),
        409: (
            {"oneOf": [ref("InProgress"), ref("EventTypeAmbiguous")]},
            "The first request under this Idempotency-Key still runs, or the name fits several event types.",
        ),
        422: (ref("IdempotencyMismatch"), "This Idempotency-Key was used with another body."),
        429: (
            QUOTA_OR_TOO_MANY,
            "Calendly's booking allowance is used up; hand over `schedulingUrl`. Or too many calls.",
        ),
    },
    UNKNOWN,
    NO_EVENT_TYPE,
    REFUSED,
    WITH_BODY,
    parameters=(IDEMPOTENCY_KEY, REPLAYED),
    examples=(
        OpenApiExample(
            "A demo, as soon as possible",
            {
                "eventType": "Sales Demo",
                "inviteeEmail": "ana@example.com",
                "inviteeName": "Ana Pop",
                # No preferredTime: a date written here would be past one day, and what is shown must work.
                "flexibility": "nextAvailable",
                "conversationId": "c-17",
            },
            request_only=True,
        ),
        OpenApiExample("Booked", BOOKED_EXAMPLE, response_only=True, status_codes=["201"]),
    ),
)
UPCOMING = _call(
    "upcoming",
    "An invitee's next meetings",
    _fine("Confirmed ones in the window, soonest first.", events=many(ref("Booking"))),
)
LIST = _call(
    "list_bookings",
    "Find bookings",
    _fine("A page, newest first.", bookings=many(ref("Booking"), 50), next=maybe({"type": "string"})),
)
DETAIL = _call(
    "get_booking",
    "One booking and its history",
    _fine(
        "With what the portal keeps and what happened last, in order.",
        booking=ref("Booking"),
        metadata=ref("Metadata"),
        timeline=many(ref("TimelineEntry"), TIMELINE_PAGE),
        timelineNext={**maybe(TEXT), "description": "Where the history goes on, towards earlier."},
    ),
    NO_BOOKING,
)
CANCEL = _call(
    "cancel_booking",
    "Cancel a booking",
    _fine("Canceled; also if it was already.", booking=ref("Booking"), message=TEXT),
    UNKNOWN,
    NO_BOOKING,
    NOT_CANCELABLE,
    REFUSED,
    WITH_BODY,
)
RESCHEDULE = _call(
    "reschedule_booking",
    "Move a booking",
    {
        200: (
            {"oneOf": [success(newBooking=ref("Booking"), message=TEXT), ref("NotMoved")]},
            "Moved, or the new start is not free and the old meeting untouched.",
        ),
        202: (ref("MoveUnknown"), "The answer was lost: it may have moved, and will be settled."),
        409: (ref("NotReschedulable"), "Not in this state. The invitee may still use `rescheduleUrl`."),
        429: (
            {"oneOf": [ref("MoveQuotaExhausted"), ref("TooManyRequests")]},
            "Calendly's booking allowance is used up; hand over `rescheduleUrl`. Or too many calls.",
        ),
        502: (ref("MoveRefused"), "Calendly refused; `detail` is what it said."),
    },
    NO_BOOKING,
    WITH_BODY,
)
METADATA = _call(
    "get_metadata", "What the portal keeps with a booking", _fine("It.", metadata=ref("Metadata")), NO_BOOKING
)
ANNOTATE = _call(
    "change_metadata",
    "Change what the portal keeps with a booking",
    _fine("As it is now.", metadata=ref("Metadata")),
    NO_BOOKING,
    WITH_BODY,
)
EVENT_TYPES = _call(
    "event_types", "What can be booked", _fine("All of them.", eventTypes=many(ref("EventType")))
)
HOSTS = _call("hosts", "Who hosts meetings", _fine("All active ones.", hosts=many(ref("Host"))))
AVAILABILITY = _call(
    "availability",
    "Free starts of an event type, at most 31 days",
    _fine("Asked of Calendly now.", slots=many(ref("Slot")), asOf=INSTANT),
    NO_EVENT_TYPE,
    AMBIGUOUS,
    REFUSED,
)
HOST_AVAILABILITY = _call(
    "host_availability",
    "A host's time, at most 7 days",
    _fine("In order.", availability=many(ref("Span"))),
    {404: (ref("HostNotFound"), "No such host.")},
    REFUSED,
)


def _page(name: str, summary: str, media_type: str, schema: Any) -> Operation:
    answers = {
        (status, "application/json"): OpenApiResponse(told, description=text)
        for status, (told, text) in EVERYWHERE.items()
    }
    return {
        "operation_id": name,
        "summary": summary,
        "tags": ["calendly"],
        "parameters": [RETRY_AFTER],
        "responses": {(200, media_type): OpenApiResponse(schema, description="It."), **answers},
    }


SCHEMA = _page("schema", "This document", "application/json", FREE)
DOCS = _page("docs", "A page to read this document", "text/html", {"type": "string"})
