"""`POST schedule`: an agent books a meeting."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request

from ..models import AgentKey, Booking, EventType
from ..services.bookings import create, idempotency, queries, same_request, time_zones
from ..services.bookings.create import BookingRequest
from ..services.bookings.results import Booked, BookingResult, OutcomeUnknown, SlotUnavailable
from ..services.catalog import event_types
from . import documents, errors, messages, shapes
from .base import AgentView, Answer
from .fields import Address, Choice, Locale, Many, Moment, Said, Shape, Text

BOOK = AgentKey.Scope.BOOK


MOST_CHOICES = 50
ANSWER: dict[str, Any] = {"type": "string", "maxLength": 10_000, "nullable": True}


@extend_schema_field({"oneOf": [ANSWER, {"type": "array", "items": ANSWER, "maxItems": MOST_CHOICES}]})
class Texts(Said):
    """A text, or a list of texts for a question with several choices."""

    default_error_messages = {"too_many": _("At most {most} texts can be given here.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_null=True, **options)
        self.text = Text(max_length=10_000, lines=True, required=False, allow_null=True, allow_blank=True)

    def to_internal_value(self, data: Any) -> str | tuple[str, ...]:
        """The text or texts, stripped; null ones as blank."""
        if not isinstance(data, list):
            return self.text.run_validation(data) or ""
        if len(data) > MOST_CHOICES:
            self.fail("too_many", most=MOST_CHOICES)
        return tuple(self.text.run_validation(each) or "" for each in data)


class CustomAnswer(Shape):
    """An answer to one of the event type's questions."""

    question = Text(max_length=1000, lines=True)
    answer = Texts(help_text="A list of texts where the question has several choices.")


class ScheduleBody(Shape):
    """What an agent asks for."""

    eventType = Text(help_text="Name, slug, URI or id of an active event type.")
    inviteeEmail = Address()
    inviteeName = Text()
    preferredTime = Moment(
        required=False, help_text="The earliest start wanted; absent: as soon as possible."
    )
    flexibility = Choice(["nextAvailable", "sameDay", "exact"], required=False, default="nextAvailable")
    timezone = Text(required=False, max_length=64, help_text="The invitee's zone, such as Europe/Bucharest.")
    phone = Text(required=False, max_length=64)
    location = Text(required=False, help_text="The place, where the event type asks the invitee for one.")
    locale = Locale(required=False, help_text="The invitee's language; default: the one of Accept-Language.")
    conversationId = Text(required=False)
    userId = Text(required=False)
    agentType = Text(required=False, max_length=100)
    notes = Text(required=False, lines=True, max_length=10_000)
    customAnswers: Any = Many(child=CustomAnswer(), required=False, max_length=50)
    # The service counts to ten, without doubles and the invitee.
    guests = Many(child=Address(), required=False, max_length=500)


class ScheduleView(AgentView):
    """Book a meeting."""

    rights = {"POST": BOOK}

    @documents.described(documents.SCHEDULE, request=ScheduleBody)
    def post(self, request: Request) -> Answer:
        """Book the first free start that fits the request."""
        given, now = self.read(ScheduleBody), timezone.now()
        # A blank header counts as absent, as everywhere.
        header, booking_request = (
            request.META.get("HTTP_IDEMPOTENCY_KEY", "").strip(),
            _booking_request(given),
        )
        event_type: EventType | None = None
        if header:  # a stored answer is given again, whatever became of its event type
            key = idempotency.explicit_key(header)
        else:
            event_type = event_types.find(booking_request.event_type, key_id=self.key.pk)
            key = idempotency.implicit_key(*same_request.parts(booking_request, event_type, now=now))
        record = idempotency.new_record(agent_key=self.key, key=key, body=given, now=now)
        result = create.book_once(
            record=record, booking_request=booking_request, by=self.actor, now=now, event_type=event_type
        )
        if isinstance(result, idempotency.Replay):
            status, body = self._replayed(result)
            headers = {"Idempotent-Replayed": "true"}
        else:
            (status, body), headers = _answer(result), {}
        if not isinstance(result, idempotency.Replay) or result.answer is None:
            idempotency.keep_answer(record, status=status, body=body, now=now)
        return Answer(body, status=status, headers=headers)

    def _replayed(self, replay: idempotency.Replay) -> tuple[int, dict[str, Any]]:
        """The stored answer, or the booking as it is now. The stored answer also if the booking's event type is
        closed to this key by now."""
        booking, answer = replay.booking, replay.answer
        if answer and (
            booking is None or not queries.bookings_for(self.key.pk).filter(pk=booking.pk).exists()
        ):
            return answer.status, answer.body
        assert booking is not None
        return _answer_from_booking(booking, answer)


def _booking_request(given: dict[str, Any]) -> BookingRequest:
    return BookingRequest(
        event_type=given["eventType"],
        email=given["inviteeEmail"],
        name=given["inviteeName"],
        preferred=given.get("preferredTime"),
        flexibility=given.get("flexibility", "nextAvailable"),
        time_zone=given.get("timezone", ""),
        phone=given.get("phone", ""),
        locale=given.get("locale", "") or messages.language(),  # the language that the agent speaks with them
        location=given.get("location", ""),
        answers=tuple((each["question"], each["answer"] or "") for each in given.get("customAnswers", ())),
        guests=tuple(given.get("guests", ())),
        conversation_id=given.get("conversationId", ""),
        user_id=given.get("userId", ""),
        agent_type=given.get("agentType", ""),
        notes=given.get("notes", ""),
    )


def _answer(result: BookingResult) -> tuple[int, dict[str, Any]]:
    """Status and body."""
    zone = {"timezone": shapes.zone(result.zone)}
    if isinstance(result, Booked):
        return _booked(result.booking, zone)
    if isinstance(result, OutcomeUnknown):
        return _unknown(result.booking, zone)
    return 200, slot_unavailable(result) | zone


def _booked(booking: Booking, zone: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    body = {"success": True, "booking": shapes.booking(booking), "message": messages.booked(booking), **zone}
    return 201, body


def _unknown(booking: Booking, zone: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    more = {"booking": shapes.booking(booking), **zone}
    return 202, errors.Failure(202, "outcome_unknown", messages.unknown(), more).body


def slot_unavailable(result: SlotUnavailable) -> dict[str, Any]:
    """No start that fits is free: the free starts to choose from."""
    taken = bool(result.taken)
    text = messages.nothing_free(result.suggestions, result.zone, taken=taken, own=result.own)
    more = {"suggestions": shapes.suggestions(result.suggestions, result.zone)}
    return errors.Failure(200, "slot_taken" if taken else "no_availability", text, more).body


def _answer_from_booking(
    booking: Booking, earlier: idempotency.StoredAnswer | None
) -> tuple[int, dict[str, Any]]:
    """The booking as it is now. How the zone was found is known only from the earlier answer."""
    zone = shapes.zone(time_zones.zone_of(booking))
    found = earlier.body.get("timezone") if earlier else None
    if isinstance(found, dict) and found.get("name") == zone["name"]:
        zone = found
    answer = _unknown if booking.status == Booking.Status.PENDING else _booked
    return answer(booking, {"timezone": zone})
