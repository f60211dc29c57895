"""`POST schedule`: an agent books a meeting."""

from datetime import UTC
from typing import Any

from django.utils import timezone
from rest_framework.request import Request

from ..models import AgentKey, Booking, EventType
from ..services import bookings, catalog, idempotency, scheduling
from ..services.idempotency import Keep, OnIntent
from ..services.scheduling import Booked, NothingFree, Outcome, OutcomeUnknown, Wish
from . import documents, errors, shapes, speech
from .base import AgentView, Answer
from .fields import Address, Choice, Locale, Many, Moment, Shape, Text

BOOK = AgentKey.Scope.BOOK


class CustomAnswer(Shape):
    """An answer to one of the event type's questions."""

    question = Text(max_length=1000, lines=True)
    answer = Text(max_length=10_000, lines=True, allow_blank=True)


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
    locale = Locale(required=False, help_text="The invitee's language; default: the one of Accept-Language.")
    conversationId = Text(required=False)
    userId = Text(required=False)
    agentType = Text(required=False, max_length=100)
    notes = Text(required=False, lines=True, max_length=10_000)
    customAnswers: Any = Many(child=CustomAnswer(), required=False, max_length=50)
    # The service counts to ten, without doubles and the invitee.
    guests = Many(child=Address(), required=False, max_length=50)


class ScheduleView(AgentView):
    """Book a meeting."""

    rights = {"POST": BOOK}

    @documents.described(documents.SCHEDULE, request=ScheduleBody)
    def post(self, request: Request) -> Answer:
        """Book the first free start that fits the wish."""
        given, now = self.read(ScheduleBody), timezone.now()
        # Blank is absent, as everywhere.
        header, wish = request.META.get("HTTP_IDEMPOTENCY_KEY", "").strip(), _wish(given)
        kind: EventType | None = None
        if not header:
            kind = catalog.find(wish.event_type, key_id=self.key.pk)
            key = _implicit(wish, kind)
        else:  # a request that was answered before is answered so again, whatever became of its event type
            key = idempotency.explicit(header)

        def run(on_intent: OnIntent, keep: Keep) -> idempotency.Answer:
            kept: idempotency.Answer | None = None

            def on_booked(booked: Booked) -> None:
                nonlocal kept
                kept = _told(booked)
                keep(kept)

            outcome = scheduling.schedule(
                wish=wish, by=self.actor, now=now, on_intent=on_intent, on_booked=on_booked, event_type=kind
            )
            return kept or _told(outcome)

        answer = idempotency.once(
            agent_key=self.key, key=key, body=given, run=run, recover=_recovered, now=now
        )
        headers = answer.headers | ({"Idempotent-Replayed": "true"} if answer.replayed else {})
        return Answer(answer.body, status=answer.status, headers=headers)


def _implicit(wish: Wish, kind: EventType) -> idempotency.Key:
    """Without a header: the same conversation, event type, invitee and preferred time is the same request."""
    wanted = wish.preferred
    if wanted is not None and wanted.tzinfo is not None:
        try:
            wanted = wanted.astimezone(UTC)
        except OverflowError:
            wanted = None
    return idempotency.implicit(
        wish.conversation_id,
        str(kind.pk),
        wish.email.lower(),
        wanted.isoformat() if wanted else "",
    )


def _wish(given: dict[str, Any]) -> Wish:
    return Wish(
        event_type=given["eventType"],
        email=given["inviteeEmail"],
        name=given["inviteeName"],
        preferred=given.get("preferredTime"),
        flexibility=given.get("flexibility", "nextAvailable"),
        time_zone=given.get("timezone", ""),
        phone=given.get("phone", ""),
        locale=given.get("locale", "") or speech.language(),  # the language that the agent speaks with them
        answers=tuple((each["question"], each["answer"]) for each in given.get("customAnswers", ())),
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
    body = {"success": True, "booking": shapes.booking(booking), "message": speech.booked(booking), **zone}
    return idempotency.Answer(201, body)


def _unknown(booking: Booking, zone: dict[str, Any]) -> idempotency.Answer:
    more = {"booking": shapes.booking(booking), **zone}
    return idempotency.Answer(202, errors.Failure(202, "outcome_unknown", speech.unknown(), more).body)


def nothing_free(outcome: NothingFree | bookings.NotFree) -> dict[str, Any]:
    """Nothing fits: what could be taken instead."""
    own = isinstance(outcome, bookings.NotFree) and outcome.own
    text = speech.nothing_free(outcome.suggestions, outcome.zone, taken=outcome.taken, own=own)
    more = {"suggestions": shapes.suggestions(outcome.suggestions, outcome.zone)}
    return errors.Failure(200, "slot_taken" if outcome.taken else "no_availability", text, more).body


def _recovered(booking: Booking, earlier: idempotency.Answer | None) -> idempotency.Answer:
    """The answer from what became of the booking. How the zone was found is known from the earlier answer only."""
    zone = shapes.zone(bookings.zone_of(booking))
    found = earlier.body.get("timezone") if earlier else None
    if isinstance(found, dict) and found.get("name") == zone["name"]:
        zone = found
    told = _unknown if booking.status == Booking.Status.PENDING else _booked
    return told(booking, {"timezone": zone})
