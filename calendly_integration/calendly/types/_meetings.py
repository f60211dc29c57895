"""Meetings and the people who booked them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from .. import fields
from ..texts import one_line
from ._base import Entity

UNSETTLED_LOCATION = frozenset({"initiated", "processing"})


@dataclass(frozen=True, slots=True)
class Cancellation:
    """``canceled_by`` is a display name, ``canceler_type`` host or invitee."""

    canceled_by: str = field(repr=False)
    reason: str | None = field(repr=False)
    canceler_type: str
    created_at: datetime | None

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Self:
        return cls(
            canceled_by=fields.line(data, "canceled_by"),
            reason=fields.text_or_none(data, "reason"),
            canceler_type=fields.text_or(data, "canceler_type"),
            created_at=fields.instant_or_none(data, "created_at"),
        )

    @classmethod
    def within(cls, data: dict[str, Any]) -> Self | None:
        """The ``cancellation`` of an object; it is absent, not null, while that is active. An empty one is none."""
        value = fields.object_or_none(data, "cancellation")
        return None if value is None else cls.parse(value)


@dataclass(frozen=True, slots=True)
class Answer:
    """A question and its answer, read from an invitee or sent with a booking."""

    question: str
    answer: str = field(repr=False)
    position: int

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Self:
        return cls(
            question=fields.text_or(data, "question"),
            answer=fields.digits_or(data, "answer"),
            position=fields.number_or_none(data, "position") or 0,
        )


@dataclass(frozen=True, slots=True, repr=False)
class Invitee(Entity):
    """One person's booking of an event. A reschedule makes a new one; the two name each other."""

    uri: str
    email: str
    name: str
    first_name: str | None
    last_name: str | None
    status: str
    timezone: str | None
    event_uri: str
    created_at: datetime
    updated_at: datetime
    tracking: dict[str, Any] = field(hash=False)
    rescheduled: bool
    old_invitee: str | None
    new_invitee: str | None
    cancel_url: str
    reschedule_url: str
    text_reminder_number: str | None
    cancellation: Cancellation | None
    no_show_uri: str | None
    no_show_at: datetime | None
    answers: tuple[Answer, ...]
    scheduling_method: str | None
    raw: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Self:
        no_show = fields.object_or_none(data, "no_show") or {}
        tracking = data.get("tracking")
        return cls(
            uri=fields.text(data, "uri"),
            email=one_line(fields.text(data, "email")),
            name=fields.line(data, "name"),
            first_name=fields.line_or_none(data, "first_name"),
            last_name=fields.line_or_none(data, "last_name"),
            status=fields.text(data, "status"),
            timezone=fields.line_or_none(data, "timezone"),
            event_uri=fields.text(data, "event"),
            created_at=fields.instant(data, "created_at"),
            updated_at=fields.instant(data, "updated_at"),
            tracking=tracking if isinstance(tracking, dict) else {},
            rescheduled=fields.flag(data, "rescheduled"),
            old_invitee=fields.text_or_none(data, "old_invitee"),
            new_invitee=fields.text_or_none(data, "new_invitee"),
            cancel_url=fields.link(data, "cancel_url"),
            reschedule_url=fields.link(data, "reschedule_url"),
            text_reminder_number=fields.digits_or(data, "text_reminder_number") or None,
            cancellation=Cancellation.within(data),
            no_show_uri=fields.text(no_show, "uri") if no_show else None,
            no_show_at=fields.instant_or_none(no_show, "created_at"),
            answers=fields.parsed(data, "questions_and_answers", Answer.parse),
            scheduling_method=fields.text_or_none(data, "scheduling_method"),
            raw=data,
        )


@dataclass(frozen=True, slots=True, repr=False)
class ScheduledEvent(Entity):
    """A meeting. ``hosts``, ``host_names`` and ``host_emails`` run parallel.

    ``location_settled`` is False while Calendly still makes the conference, seconds after the booking.
    """

    uri: str
    name: str
    status: str
    start_time: datetime
    end_time: datetime
    event_type_uri: str | None
    location: dict[str, Any] | None = field(hash=False)
    join_url: str | None
    location_text: str | None
    location_settled: bool
    hosts: tuple[str, ...]
    host_names: tuple[str, ...]
    host_emails: tuple[str, ...]
    guests: tuple[str, ...]
    invitees_active: int
    invitees_limit: int
    created_at: datetime
    updated_at: datetime
    cancellation: Cancellation | None
    raw: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Self:
        location = data.get("location")
        place = {} if location is None else fields.as_dict(location, "location")
        members = fields.parsed(data, "event_memberships", _member)
        counter = fields.as_dict(data.get("invitees_counter") or {}, "invitees_counter")
        return cls(
            uri=fields.text(data, "uri"),
            name=fields.line(data, "name"),
            status=fields.text(data, "status"),
            start_time=fields.instant(data, "start_time"),
            end_time=fields.instant(data, "end_time"),
            event_type_uri=fields.text_or_none(data, "event_type"),
            location=None if location is None else place,
            join_url=fields.link(place, "join_url") or None,
            location_text=fields.line_or_none(place, "location"),
            location_settled=fields.text_or(place, "status") not in UNSETTLED_LOCATION,
            hosts=tuple([uri for uri, _name, _email in members]),
            host_names=tuple([name for _uri, name, _email in members]),
            host_emails=tuple([email for _uri, _name, email in members]),
            guests=fields.parsed(data, "event_guests", lambda guest: fields.text(guest, "email")),
            invitees_active=_count(counter, "active"),
            invitees_limit=_count(counter, "limit"),
            created_at=fields.instant(data, "created_at"),
            updated_at=fields.instant(data, "updated_at"),
            cancellation=Cancellation.within(data),
            raw=data,
        )


def _member(data: dict[str, Any]) -> tuple[str, str, str]:
    """A host: URI, name, address."""
    return fields.text(data, "user"), fields.line(data, "user_name"), fields.line(data, "user_email")


def _count(counter: dict[str, Any], key: str) -> int:
    value = fields.number_or_none(counter, key)
    return 1 if value is None else value


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """What ``Client.book`` sends. ``start`` is best an offered ``start_text``, copied unchanged.

    ``location`` is one of the event type's: {"kind": …, "location": …}; None where it has none.
    ``tracking`` may hold any of Calendly's six keys; the others are sent as null.
    """

    event_type_uri: str
    start: datetime | str
    email: str = field(repr=False)
    name: str = field(repr=False)
    timezone: str
    location: Mapping[str, str] | None = field(default=None, repr=False, hash=False)
    answers: tuple[Answer, ...] = ()
    tracking: Mapping[str, str | None] | None = field(default=None, repr=False, hash=False)
    guests: tuple[str, ...] = field(default=(), repr=False)
    text_reminder_number: str | None = field(default=None, repr=False)
