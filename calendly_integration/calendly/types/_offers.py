"""What can be booked, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple, Self

from .. import fields
from ..errors import Unreadable
from ._base import Entity


@dataclass(frozen=True, slots=True)
class Location:
    """A location configured on an event type. ``kind`` is spelled as in a booking, not as in an event."""

    kind: str
    location: str | None
    additional_info: str | None
    phone_number: str | None
    position: int

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Self:
        return cls(
            kind=fields.text(data, "kind"),
            location=fields.text_or_none(data, "location"),
            additional_info=fields.text_or_none(data, "additional_info"),
            phone_number=fields.text_or_none(data, "phone_number"),
            position=fields.number_or_none(data, "position") or 0,
        )


@dataclass(frozen=True, slots=True)
class Question:
    """A question of an event type. ``name`` is its text, which an answer must repeat exactly."""

    name: str
    type: str
    position: int
    enabled: bool
    required: bool
    answer_choices: tuple[str, ...]
    include_other: bool

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Self:
        return cls(
            name=fields.text(data, "name"),
            type=fields.text_or(data, "type", "text"),
            position=fields.number_or_none(data, "position") or 0,
            enabled=fields.flag(data, "enabled", default=True),
            required=fields.flag(data, "required"),
            answer_choices=fields.texts(data, "answer_choices"),
            include_other=fields.flag(data, "include_other"),
        )


@dataclass(frozen=True, slots=True, repr=False)
class EventType(Entity):
    """A kind of meeting. Durations and buffers in minutes; buffers are 0 where Calendly does not tell them.

    ``kind`` is solo or group; ``pooling_type`` round_robin, collective, multi_pool or None;
    ``profile_type`` is User or Team and ``profile_owner`` that one's URI.
    """

    uri: str
    name: str
    slug: str
    active: bool
    duration: int
    kind: str
    pooling_type: str | None
    type: str
    color: str
    scheduling_url: str
    description: str | None
    secret: bool
    is_paid: bool
    booking_method: str
    admin_managed: bool
    profile_type: str | None
    profile_owner: str | None
    profile_name: str | None
    questions: tuple[Question, ...]
    locations: tuple[Location, ...]
    position: int
    locale: str | None
    start_time_increment: int | None
    before_buffer: int
    after_buffer: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    raw: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Self:
        profile = fields.as_dict(data.get("profile") or {}, "profile")
        return cls(
            uri=fields.text(data, "uri"),
            name=fields.line(data, "name"),
            slug=fields.line(data, "slug"),
            active=fields.flag(data, "active"),
            duration=fields.number(data, "duration"),
            kind=fields.text_or(data, "kind", "solo"),
            pooling_type=fields.text_or_none(data, "pooling_type"),
            type=fields.text_or(data, "type", "StandardEventType"),
            color=fields.text_or(data, "color"),
            scheduling_url=fields.link(data, "scheduling_url"),
            description=fields.text_or_none(data, "description_plain"),
            secret=fields.flag(data, "secret"),
            is_paid=fields.flag(data, "is_paid"),
            booking_method=fields.text_or(data, "booking_method", "instant"),
            admin_managed=fields.flag(data, "admin_managed"),
            profile_type=fields.text_or_none(profile, "type"),
            profile_owner=fields.text_or_none(profile, "owner"),
            profile_name=fields.line_or_none(profile, "name"),
            questions=fields.parsed(data, "custom_questions", Question.parse),
            locations=fields.parsed(data, "locations", Location.parse),
            position=fields.number_or_none(data, "position") or 0,
            locale=fields.text_or_none(data, "locale"),
            start_time_increment=fields.number_or_none(data, "start_time_increment"),
            before_buffer=fields.number_or_none(data, "before_buffer") or 0,
            after_buffer=fields.number_or_none(data, "after_buffer") or 0,
            created_at=fields.instant(data, "created_at"),
            updated_at=fields.instant(data, "updated_at"),
            deleted_at=fields.instant_or_none(data, "deleted_at"),
            raw=data,
        )


class AvailableTime(NamedTuple):
    """A start that can be booked. ``start_text`` is Calendly's own spelling: a booking copies it.

    Hundreds come in one answer while somebody waits: a tuple is made faster than a frozen dataclass.
    """

    start_time: datetime
    start_text: str
    status: str
    invitees_remaining: int
    scheduling_url: str

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Self:
        start, remaining = fields.text(data, "start_time"), fields.number_or_none(data, "invitees_remaining")
        return cls(
            fields.parse_instant(start, "start_time"),
            start,
            fields.text_or(data, "status", "available"),
            1 if remaining is None else remaining,
            fields.link(data, "scheduling_url"),
        )


@dataclass(frozen=True, slots=True)
class BusyTime:
    """An interval in which a user cannot meet. ``type`` is calendly, reserved or external."""

    type: str
    start_time: datetime
    end_time: datetime
    buffered_start_time: datetime | None
    buffered_end_time: datetime | None
    event_uri: str | None

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Self:
        event = fields.as_dict(data.get("event") or {}, "event")
        return cls(
            type=fields.text_or(data, "type", "external"),
            start_time=fields.instant(data, "start_time"),
            end_time=fields.instant(data, "end_time"),
            buffered_start_time=fields.instant_or_none(data, "buffered_start_time"),
            buffered_end_time=fields.instant_or_none(data, "buffered_end_time"),
            event_uri=fields.text_or_none(event, "uri"),
        )


@dataclass(frozen=True, slots=True)
class AvailabilityRule:
    """The hours of a weekday (``wday``: monday…) or of a ``date``: ("HH:MM", "HH:MM"), schedule's zone."""

    wday: str | None
    date: date | None
    intervals: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Self:
        day = fields.text_or_none(data, "date")
        try:
            parsed = date.fromisoformat(day) if day else None
        except ValueError:
            raise Unreadable("date is no date") from None
        return cls(
            wday=fields.text_or_none(data, "wday"),
            date=parsed,
            intervals=fields.parsed(
                data, "intervals", lambda i: (fields.text(i, "from"), fields.text(i, "to"))
            ),
        )


@dataclass(frozen=True, slots=True, repr=False)
class AvailabilitySchedule(Entity):
    """A user's working hours. A day without intervals, or without a rule, is not available."""

    uri: str
    default: bool
    name: str
    user: str
    timezone: str
    rules: tuple[AvailabilityRule, ...]
    raw: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Self:
        return cls(
            uri=fields.text(data, "uri"),
            default=fields.flag(data, "default"),
            name=fields.text_or(data, "name"),
            user=fields.text_or(data, "user"),
            timezone=fields.text(data, "timezone"),
            rules=fields.parsed(data, "rules", AvailabilityRule.parse),
            raw=data,
        )
