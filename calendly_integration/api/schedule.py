"""`POST schedule`: an agent books a meeting."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request

from ..models import AgentKey, Booking, EventType
from ..services.bookings import create, idempotency, queries, same_request
from ..services.bookings.create import Booked, BookingRequest, NothingFree, Outcome, OutcomeUnknown
from ..services.bookings.idempotency import Keep, OnIntent
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
        """Book the first free start that fits the wish."""
        given, now = self.read(ScheduleBody), timezone.now()
        # Blank is absent, as everywhere.
        header, booking_request = request.META.get("HTTP_IDEMPOTENCY_KEY", "").strip(), _wish(given)
        kind: EventType | None = None
        if not header:
            kind = event_types.find(booking_request.event_type, key_id=self.key.pk)
            key = idempotency.implicit(*same_request.parts(booking_request, kind, now=now))
        else:  # a request that was answered before is answered so again, whatever became of its event type
            key = idempotency.explicit(header)

        def run(on_intent: OnIntent, keep: Keep) -> idempotency.Answer:
            kept: idempotency.Answer | None = None

            def on_booked(booked: Booked) -> None:
                nonlocal kept
                kept = _told(booked)
                keep(kept)

            outcome = create.schedule(
                booking_request=booking_request,
                by=self.actor,
                now=now,
                on_intent=on_intent,
                on_booked=on_booked,
                event_type=kind,
            )
            return kept or _told(outcome)

        answer = idempotency.once(
            agent_key=self.key, key=key, body=given, run=run, recover=self._recovered, now=now
        )
        headers = answer.headers | ({"Idempotent-Replayed": "true"} if answer.replayed else {})
        return Answer(answer.body, status=answer.status, headers=headers)

    def _recovered(self, booking: Booking, earlier: idempotency.Answer | None) -> idempotency.Answer:
        """The booking as it is now. One that was handed over to an event type which is closed to this key shows
        nothing new: then the earlier answer is given again."""
        if earlier and not queries.bookings_for(self.key.pk).filter(pk=booking.pk).exists():
            return earlier
        return _recovered(booking, earlier)


def _wish(given: dict[str, Any]) -> BookingRequest:
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


def _told(outcome: Outcome) -> idempotency.Answer:
    """The outcome as it is answered."""
    zone = {"timezone": shapes.zone(outcome.zone)}
    if isinstance(outcome, Booked):
        return _booked(outcome.booking, zone)
    if isinstance(outcome, OutcomeUnknown):
        return _unknown(outcome.booking, zone)
    return idempotency.Answer(200, nothing_free(outcome) | zone)


def _booked(booking: Booking, zone: dict[str, Any]) -> idempotency.Answer:
    body = {"success": True, "booking": shapes.booking(booking), "message": messages.booked(booking), **zone}
    return idempotency.Answer(201, body)


def _unknown(booking: Booking, zone: dict[str, Any]) -> idempotency.Answer:
    more = {"booking": shapes.booking(booking), **zone}
    return idempotency.Answer(202, errors.Failure(202, "outcome_unknown", messages.unknown(), more).body)


def nothing_free(outcome: NothingFree | queries.NotFree) -> dict[str, Any]:
    """Nothing fits: what could be taken instead."""
    own = isinstance(outcome, queries.NotFree) and outcome.own
    text = messages.nothing_free(outcome.suggestions, outcome.zone, taken=outcome.taken, own=own)
    more = {"suggestions": shapes.suggestions(outcome.suggestions, outcome.zone)}
    return errors.Failure(200, "slot_taken" if outcome.taken else "no_availability", text, more).body


def _recovered(booking: Booking, earlier: idempotency.Answer | None) -> idempotency.Answer:
    """The answer from what became of the booking. How the zone was found is known from the earlier answer only."""
    zone = shapes.zone(queries.zone_of(booking))
    found = earlier.body.get("timezone") if earlier else None
    if isinstance(found, dict) and found.get("name") == zone["name"]:
        zone = found
    told = _unknown if booking.status == Booking.Status.PENDING else _booked
    return told(booking, {"timezone": zone})
