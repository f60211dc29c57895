"""`POST schedule`: an agent books a meeting."""

from typing import Any, get_args

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from ..models import AgentKey, Booking, EventType
from ..services import time_zones
from ..services.bookings import create, idempotency, queries, same_request
from ..services.bookings.create import BookingRequest
from ..services.bookings.results import Booked, BookingResult, OutcomeUnknown, SlotUnavailable
from ..services.catalog import event_types
from . import errors, fields, messages, schema
from .base import AgentView
from .responses import AgentResponse, fail, respond
from .schema import operation
from .serializers import (
    BookingSerializer,
    FailureSerializer,
    SuccessSerializer,
    SuggestionSerializer,
    ZoneSerializer,
)

BOOK = AgentKey.Scope.BOOK
MAX_CHOICES = 50
ANSWER: dict[str, Any] = {"type": "string", "maxLength": 10_000, "nullable": True}
MAX_SUGGESTED_DAYS = 15  # the requested day and 14 after it


@extend_schema_field({"oneOf": [ANSWER, {"type": "array", "items": ANSWER, "maxItems": MAX_CHOICES}]})
class TextOrTextsField(fields.RequestField):
    """A text, or a list of texts for a question with several choices."""

    default_error_messages = {"too_many": _("At most {most} texts can be given here.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_null=True, **options)
        self.text = fields.TextField(
            max_length=10_000, lines=True, required=False, allow_null=True, allow_blank=True
        )

    def to_internal_value(self, data: Any) -> str | tuple[str, ...]:
        """The text or texts, stripped; null as blank."""
        if not isinstance(data, list):
            return self.text.run_validation(data) or ""
        if len(data) > MAX_CHOICES:
            self.fail("too_many", most=MAX_CHOICES)
        return tuple(self.text.run_validation(each) or "" for each in data)


class CustomAnswerSerializer(fields.RequestSerializer):
    """An answer to one of the event type's questions."""

    question = fields.TextField(max_length=1000, lines=True)
    answer = TextOrTextsField(help_text="A list of texts where the question has several choices.")


class ScheduleBodySerializer(fields.RequestSerializer):
    """What an agent asks for. `source`: the field of BookingRequest."""

    eventType = fields.TextField(
        source="event_type", help_text="Name, slug, URI or id of an active event type."
    )
    inviteeEmail = fields.EmailField(source="email")
    inviteeName = fields.TextField(source="name")
    preferredTime = fields.DateTimeField(
        source="preferred",
        required=False,
        help_text="The earliest start wanted; absent: as soon as possible.",
    )
    flexibility = fields.ChoiceField(get_args(create.Flexibility), required=False, default="nextAvailable")
    timezone = fields.TextField(
        source="time_zone",
        required=False,
        max_length=64,
        help_text="The invitee's zone, such as Europe/Bucharest.",
    )
    phone = fields.TextField(required=False, max_length=64)
    location = fields.TextField(
        required=False, help_text="The place, where the event type asks the invitee for one."
    )
    locale = fields.LocaleField(
        required=False, help_text="The invitee's language; default: the one of Accept-Language."
    )
    conversationId = fields.TextField(source="conversation_id", required=False)
    userId = fields.TextField(source="user_id", required=False)
    agentType = fields.TextField(source="agent_type", required=False, max_length=100)
    notes = fields.TextField(required=False, lines=True, max_length=10_000)
    customAnswers = fields.ListField(
        source="answers", child=CustomAnswerSerializer(), required=False, max_length=50
    )
    # The service allows ten, counted once each and without the invitee.
    guests = fields.ListField(child=fields.EmailField(), required=False, max_length=500)


class BookedSerializer(SuccessSerializer):
    """Booked."""

    status = 201
    booking = BookingSerializer()
    message = serializers.CharField()
    timezone = ZoneSerializer()


class NothingFreeSerializer(FailureSerializer):
    """Nothing free that fits; other times are suggested."""

    status = 200
    code = serializers.ChoiceField(choices=["no_availability", "slot_taken"])
    suggestions = serializers.ListField(child=SuggestionSerializer(), max_length=MAX_SUGGESTED_DAYS)


class NoAvailabilitySerializer(NothingFreeSerializer):
    """Nothing free that fits; other times are suggested."""

    timezone = ZoneSerializer()


class BookingUnknownSerializer(errors.OutcomeUnknownSerializer):
    """The answer was lost: it may have happened, and will be settled."""

    timezone = ZoneSerializer()


EXAMPLES = [
    OpenApiExample(
        "A demo, as soon as possible",
        {
            "eventType": "Sales Demo",
            "inviteeEmail": "ana@example.com",
            "inviteeName": "Ana Pop",
            # No preferredTime: a date written here would soon be past, and the example must work.
            "flexibility": "nextAvailable",
            "conversationId": "c-17",
        },
        request_only=True,
    ),
    OpenApiExample(
        "Booked",
        {
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
                "host": {
                    "id": "0c5f6a2e-0a51-4f0e-8f0b-8f6f6c0d9c11",
                    "name": "Radu",
                    "email": "radu@example.com",
                },
                "location": None,
                "meetingUrl": None,
                "cancelUrl": "https://calendly.com/cancellations/AAA",
                "rescheduleUrl": "https://calendly.com/reschedulings/AAA",
                "conversationId": "c-17",
                "calendlyEventId": "AAA",
            },
            "message": "V-am programat pentru Sales Demo: marți, 24 noiembrie, ora 10:00.",
            "timezone": {"name": "Europe/Bucharest", "source": "default", "confidence": "low"},
        },
        response_only=True,
        status_codes=["201"],
    ),
]


class ScheduleView(AgentView):
    rights = {"POST": BOOK}

    @operation(
        "schedule",
        "Book a meeting",
        BookedSerializer,
        NoAvailabilitySerializer,
        BookingUnknownSerializer,
        errors.EventTypeNotFoundSerializer,
        errors.InProgressSerializer,
        errors.EventTypeAmbiguousSerializer,
        errors.IdempotencyMismatchSerializer,
        errors.QuotaExhaustedSerializer,
        errors.CalendlyRefusedSerializer,
        errors.CalendlyUnavailableSerializer,
        parameters=[schema.IDEMPOTENCY_KEY, schema.REPLAYED],
        request=ScheduleBodySerializer,
        examples=EXAMPLES,
    )
    def post(self, request: Request) -> AgentResponse:
        """Book the first free start that fits."""
        given, now = self.read_body(ScheduleBodySerializer), timezone.now()
        booking_request = _booking_request(given)
        # A blank header counts as absent, as everywhere.
        header = request.META.get("HTTP_IDEMPOTENCY_KEY", "").strip()
        event_type: EventType | None = None
        if header:  # a stored answer is given again even if its event type is gone
            key = idempotency.explicit_key(header)
        else:
            event_type = event_types.find(booking_request.event_type, key_id=self.key.pk)
            key = idempotency.implicit_key(*same_request.parts(booking_request, event_type, now=now))
        record = idempotency.new_record(agent_key=self.key, key=key, body=given, now=now)
        result = create.book_once(
            record=record, booking_request=booking_request, by=self.actor, now=now, event_type=event_type
        )
        if not isinstance(result, idempotency.Replay):
            answer = _answer(result)
            idempotency.keep_answer(record, status=answer.status_code, body=answer.data, now=now)
            return answer
        answer = self._replayed(result)
        if result.answer is None:
            idempotency.keep_answer(record, status=answer.status_code, body=answer.data, now=now)
        answer.headers["Idempotent-Replayed"] = "true"
        return answer

    def _replayed(self, replay: idempotency.Replay) -> AgentResponse:
        """The stored answer, or the booking as it is now. The stored answer also if the booking's event type is
        closed to this key by now."""
        booking, stored = replay.booking, replay.answer
        if stored and (
            booking is None or not queries.bookings_for(self.key.pk).filter(pk=booking.pk).exists()
        ):
            return AgentResponse(stored.body, status=stored.status)
        assert booking is not None
        zone: Any = time_zones.zone_of(booking)
        found = stored.body.get("timezone") if stored else None
        if isinstance(found, dict) and found.get("name") == zone.name:
            zone = found  # only the earlier answer knows how the zone was found
        answer = _unknown if booking.status == Booking.Status.PENDING else _booked
        return answer(booking, zone)


def _booking_request(given: dict[str, Any]) -> BookingRequest:
    answers = tuple((each["question"], each["answer"] or "") for each in given.get("answers", ()))
    guests = tuple(given.get("guests", ()))
    locale = given.get("locale") or messages.language()  # the language that the agent speaks with the invitee
    return BookingRequest(**{**given, "answers": answers, "guests": guests, "locale": locale})


def _answer(result: BookingResult) -> AgentResponse:
    if isinstance(result, Booked):
        return _booked(result.booking, result.zone)
    if isinstance(result, OutcomeUnknown):
        return _unknown(result.booking, result.zone)
    return slot_unavailable(NoAvailabilitySerializer, result, timezone=result.zone)


def _booked(booking: Booking, zone: Any) -> AgentResponse:
    data = {"booking": booking, "message": messages.booked(booking), "timezone": zone}
    return respond(BookedSerializer, data)


def _unknown(booking: Booking, zone: Any) -> AgentResponse:
    return fail(BookingUnknownSerializer, booking=booking, timezone=zone)


def slot_unavailable(
    serializer_class: type[NothingFreeSerializer], result: SlotUnavailable, **data: Any
) -> AgentResponse:
    """No start that fits is free: the free starts to choose from."""
    taken = bool(result.taken)
    text = messages.nothing_free(result.suggestions, result.zone, taken=taken, blocked_by_itself=result.own)
    code = "slot_taken" if taken else "no_availability"
    context = {"zone": result.zone}
    return fail(serializer_class, text, context=context, code=code, suggestions=result.suggestions, **data)
