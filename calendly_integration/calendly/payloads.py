"""Calendly's payloads as pydantic models, with only the fields that we use.

``parse`` takes the JSON object and raises ``UnreadablePayload`` where a field that we need is missing or of a wrong
type. Other fields are optional: what is missing or malformed there becomes an empty value. Unknown fields are
ignored. An item of a list that cannot be read is logged and left out. Times are aware UTC. ``raw`` is the object as
it came.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AliasPath, ConfigDict, Field

from .fields import (
    Digits,
    Flag,
    FreeText,
    Instant,
    Items,
    Line,
    Link,
    NumberOrOne,
    NumberOrZero,
    ObjectOrEmpty,
    ObjectOrNone,
    OptionalDate,
    OptionalInstant,
    OptionalText,
    Payload,
    RawPayload,
    Text,
    Texts,
    WholeNumber,
    one_line,
    text_or,
)

UNFINISHED_LOCATION = frozenset({"initiated", "processing"})
MAX_GUESTS = 10
# A text that must be there, on one line.
RequiredLine = Annotated[Text, AfterValidator(one_line)]


def uuid_of(uri: str) -> str:
    """The last segment of a URI, or the id itself. Opaque text, not always a UUID."""
    return uri.rstrip("/").rpartition("/")[2]


# Accounts


class User(RawPayload):
    """A Calendly user. ``organization`` is missing inside a membership."""

    uri: Text
    name: Line = ""
    email: Line = ""
    timezone: Line = ""
    scheduling_url: Link = ""
    organization: OptionalText = Field(default=None, validation_alias="current_organization")


class Organization(Payload):
    """An organization's plan. ``stage`` is trial, free or paid."""

    uri: Text
    plan: FreeText = ""
    stage: FreeText = ""


class Membership(Payload):
    """A user's place in an organization. ``role`` is user, admin or owner."""

    role: Annotated[str, text_or("user")] = "user"
    user: User


class Subscription(Payload):
    """A webhook subscription. ``state`` is active or disabled, ``scope`` organization, user or group."""

    uri: Text
    callback_url: Text
    state: Text
    events: Texts = ()
    scope: FreeText = ""


# What can be booked, and when


class Location(RawPayload):
    """A location configured on an event type. ``kind`` is spelled as in a booking, not as in an event."""

    kind: Text


class Question(RawPayload):
    """A question of an event type. ``name`` is its text, which an answer must repeat exactly."""

    name: Text


class EventType(RawPayload):
    """A kind of meeting. Minutes; a buffer is 0 where Calendly does not tell it.

    ``kind`` is group, or solo; ``pooling_type`` round_robin, collective, multi_pool or None;
    ``profile_type`` is User or Team and ``profile_owner`` that one's URI.
    """

    uri: Text
    name: Line = ""
    slug: Line = ""
    active: Flag = False
    duration: WholeNumber
    kind: FreeText = ""
    pooling_type: OptionalText = None
    color: FreeText = ""
    scheduling_url: Link = ""
    profile_type: OptionalText = Field(default=None, validation_alias=AliasPath("profile", "type"))
    profile_owner: OptionalText = Field(default=None, validation_alias=AliasPath("profile", "owner"))
    questions: Items[Question] = Field(default=(), validation_alias="custom_questions")
    locations: Items[Location] = ()
    position: NumberOrZero = 0
    before_buffer: NumberOrZero = 0
    after_buffer: NumberOrZero = 0
    updated_at: Instant
    deleted_at: OptionalInstant = None


class EventTypeHost(Payload):
    """A host of an event type. ``user_uri`` is None where Calendly names no user."""

    user_uri: OptionalText = Field(default=None, validation_alias=AliasPath("member", "uri"))


class AvailableTime(Payload):
    """A start that can be booked. ``start_text`` is Calendly's own spelling: a booking copies it."""

    start_time: Instant
    start_text: Text = Field(validation_alias="start_time")
    status: Annotated[str, text_or("available")] = "available"
    invitees_remaining: NumberOrOne = 1


class BusyTime(Payload):
    """An interval in which a user cannot meet, with and without buffers."""

    start_time: Instant
    end_time: Instant
    buffered_start_time: OptionalInstant = None
    buffered_end_time: OptionalInstant = None


class Interval(Payload):
    """Hours of a day, "HH:MM", in the zone of the schedule."""

    opens: Text = Field(validation_alias="from")
    closes: Text = Field(validation_alias="to")


class AvailabilityRule(Payload):
    """The hours of a weekday (``wday``: monday…) or of a ``date``. Without intervals the day is not available."""

    wday: OptionalText = None
    date: OptionalDate = None
    intervals: Items[Interval] = ()


class AvailabilitySchedule(Payload):
    """A user's working hours. A day without a rule is not available."""

    default: Flag = False
    timezone: Text
    rules: Items[AvailabilityRule] = ()


# Meetings and the people who book them


class Cancellation(Payload):
    """``canceled_by`` is a display name, ``canceler_type`` host or invitee."""

    canceled_by: Line = ""
    reason: OptionalText = None
    canceler_type: FreeText = ""
    created_at: OptionalInstant = None


class Answer(Payload):
    """A question and its answer, read from an invitee or sent with a booking."""

    question: FreeText = ""
    answer: Digits = ""
    position: NumberOrZero = 0


class NoShow(Payload):
    """The mark of an invitee who did not come."""

    uri: Text
    created_at: OptionalInstant = None


class InviteeDetails(Payload):
    """Who comes, as far as Calendly says. Every field may be missing."""

    name: Line = ""
    first_name: Line = ""
    last_name: Line = ""
    email: Line = ""
    timezone: Line = ""
    text_reminder_number: Digits = ""
    cancel_url: Link = ""
    reschedule_url: Link = ""
    answers: Items[Answer] = Field(default=(), validation_alias="questions_and_answers")


class Invitee(InviteeDetails, RawPayload):
    """One person's booking of an event. A reschedule makes a new one; the two name each other."""

    uri: Text
    email: RequiredLine
    status: Text
    event_uri: Text = Field(validation_alias="event")
    created_at: Instant
    updated_at: Instant
    tracking: ObjectOrEmpty = Field(default_factory=dict)
    rescheduled: Flag = False
    old_invitee: OptionalText = None
    new_invitee: OptionalText = None
    cancellation: ObjectOrNone[Cancellation] = None
    no_show: ObjectOrNone[NoShow] = None

    @property
    def no_show_uri(self) -> str | None:
        return self.no_show.uri if self.no_show else None

    @property
    def no_show_at(self) -> datetime | None:
        return self.no_show.created_at if self.no_show else None


class EventLocation(Payload):
    """Where a meeting takes place. ``status`` is about a conference link: initiated, processing, pushed, failed."""

    type: FreeText = ""
    status: FreeText = ""
    location: Line = ""
    join_url: Link = ""


class EventHost(Payload):
    """A host of a meeting."""

    user: Text


class Guest(Payload):
    """Somebody who comes along."""

    email: RequiredLine


class EventDetails(Payload):
    """What a meeting is and where, as far as Calendly says. Every field may be missing."""

    name: Line = ""
    event_type_uri: OptionalText = Field(default=None, validation_alias="event_type")
    location: EventLocation | None = None
    memberships: Items[EventHost] = Field(default=(), validation_alias="event_memberships")
    event_guests: Items[Guest] = ()

    @property
    def location_settled(self) -> bool:
        """False while Calendly still makes the conference, seconds after the booking."""
        return self.location is None or self.location.status not in UNFINISHED_LOCATION

    @property
    def hosts(self) -> tuple[str, ...]:
        """The URIs of the users who host it."""
        return tuple([each.user for each in self.memberships])

    @property
    def guests(self) -> tuple[str, ...]:
        """The addresses of those who come along."""
        return tuple([each.email for each in self.event_guests])


class ScheduledEvent(EventDetails, RawPayload):
    """A meeting."""

    uri: Text
    status: Text
    start_time: Instant
    end_time: Instant
    invitees_active: NumberOrOne = Field(default=1, validation_alias=AliasPath("invitees_counter", "active"))
    updated_at: Instant
    cancellation: ObjectOrNone[Cancellation] = None


# What we send


_TrackingText = Annotated[str | None, Field(max_length=255)]


class Tracking(Payload):
    """What an invitee carries for us. Calendly wants all six keys, and at most 255 characters in each."""

    model_config = ConfigDict(extra="forbid")

    utm_campaign: _TrackingText = None
    utm_source: _TrackingText = None
    utm_medium: _TrackingText = None
    utm_content: _TrackingText = None
    utm_term: _TrackingText = None
    salesforce_uuid: _TrackingText = None


class CreateInviteeRequest(Payload):
    """A booking to ask for. ``start_time`` is the ``start_text`` of an available time, copied unchanged.

    ``location`` is one of the event type's: {"kind": …, "location": …}; None where it has none.
    """

    event_type_uri: str
    start_time: str
    email: str
    name: str
    timezone: str
    location: dict[str, str] | None = None
    answers: tuple[Answer, ...] = ()
    tracking: Tracking
    guests: tuple[str, ...] = Field(default=(), max_length=MAX_GUESTS)

    def body(self) -> dict[str, Any]:
        """The JSON to send. Blank answers are left out: Calendly refuses the whole booking for one."""
        body: dict[str, Any] = {
            "event_type": self.event_type_uri,
            "start_time": self.start_time,
            "invitee": {"name": self.name, "email": self.email, "timezone": self.timezone},
            "tracking": self.tracking.model_dump(),
        }
        if self.location is not None:
            body["location"] = self.location
        if answers := [each.model_dump() for each in self.answers if each.answer.strip()]:
            body["questions_and_answers"] = answers
        if self.guests:
            body["event_guests"] = list(self.guests)
        return body
