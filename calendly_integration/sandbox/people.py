"""Actions of people: invitees on the public pages, hosts in Calendly's own application."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from . import errors, meetings, moments, webhooks
from .sandbox import Sandbox
from .store import Event, EventType, Invitee, Json, NoShow

CHANGEABLE = (
    "name",
    "active",
    "duration",
    "locations",
    "questions",
    "description",
    "color",
    "increment",
    "before_buffer",
    "after_buffer",
    "seats",
    "host_ids",
    "minimum_notice",
)


class People(Sandbox):
    """Arguments that name an event type, an event or an invitee may be the record, its id or its URI."""

    def book_as_invitee(
        self,
        event_type: EventType | str,
        start: datetime | str,
        *,
        email: str = "maria.popa@example.com",
        name: str = "Maria Popa",
        timezone: str | None = "Europe/Bucharest",
        tracking: Json | None = None,
        answers: dict[str, str] | None = None,
        location: Json | None = None,
        guests: list[str] | None = None,
        link: str | None = None,
        text_reminder_number: str | None = None,
    ) -> Invitee:
        """Book on the public page, by default at the first location of the event type. Raises Problem."""
        with self.change():
            event_type = self.find_event_type(event_type)
            if event_type.deleted_at is not None or not event_type.active:
                raise errors.not_found()
            given = [
                {"question": question, "answer": answer, "position": place}
                for place, (question, answer) in enumerate((answers or {}).items())
            ]
            if location is None and event_type.locations:
                location = dict(event_type.locations[0])
            request = meetings.BookingRequest(
                event_type,
                _moment(start),
                email,
                name,
                timezone,
                location=location,
                answers=given,
                tracking=dict(tracking or {}),
                guests=list(guests or ()),
                text_reminder_number=text_reminder_number,
            )
            self._use_link(link)
            invitee = meetings.book(self, request)
            webhooks.emit_invitee(self, "invitee.created", invitee)
            if link is not None:
                self.state.links[link].used = True
            return invitee

    def _use_link(self, code: str | None) -> None:
        if code is not None and (code not in self.state.links or self.state.links[code].used):
            raise errors.not_found()

    def cancel_as_invitee(self, invitee: Invitee | str, reason: str | None = None) -> Invitee:
        """Cancel on the cancellation page. Raises Problem if the meeting is canceled or past."""
        with self.change():
            found = self._movable(invitee)
            meetings.cancel_invitee(self, found, by=found.name, kind="invitee", reason=reason)
            webhooks.emit_invitee(self, "invitee.canceled", found)
            return found

    def cancel_as_host(self, event: Event | Invitee | str, reason: str | None = None) -> Event:
        """Cancel the whole meeting in Calendly's own application."""
        with self.change():
            found = self.find_event(event)
            host = self.state.users[found.host_ids[0]]
            meetings.cancel_event(self, found, by=host.name, reason=reason)
            return found

    def reschedule_as_invitee(
        self, invitee: Invitee | str, new_start: datetime | str, **changes: str | None
    ) -> Invitee:
        """Reschedule on the public page; returns the new invitee. `changes` are the fields of
        `meetings.Changes`. Raises Problem if the start is not free, TypeError for an unknown field."""
        with self.change():
            wanted = meetings.Changes(**changes)
            return meetings.move(self, self._movable(invitee), _moment(new_start), wanted)

    def mark_no_show(self, invitee: Invitee | str) -> NoShow:
        """Mark as a no-show, as the host does. Raises Problem if the mark exists."""
        with self.change():
            return meetings.mark_no_show(self, self.find_invitee(invitee))

    def undo_no_show(self, invitee: Invitee | str) -> None:
        """Remove the mark. Raises Problem if there is none."""
        with self.change():
            mark = self.find_invitee(invitee).no_show_id
            if mark is None:
                raise errors.not_found()
            meetings.undo_no_show(self, self.state.no_shows[mark])

    def change_event_type(self, event_type: EventType | str, **changes: Any) -> EventType:
        """Change fields, as the owner does. Raises ValueError for a field that is not in `CHANGEABLE`."""
        wrong = [name for name in changes if name not in CHANGEABLE]
        if wrong:
            raise ValueError(f"cannot change {wrong}; only {CHANGEABLE}")
        with self.change():
            found = self.find_event_type(event_type)
            for name, value in changes.items():
                setattr(found, name, value)
            found.updated_at = self.stamp()
            webhooks.emit_event_type(self, "event_type.updated", found)
            return found

    def delete_event_type(self, event_type: EventType | str) -> EventType:
        """Delete the event type, as the owner does. It stays in lists with `deleted_at` set."""
        with self.change():
            found = self.find_event_type(event_type)
            found.active, found.deleted_at = False, self.stamp()
            found.updated_at = found.deleted_at
            webhooks.emit_event_type(self, "event_type.deleted", found)
            return found

    def find_event_type(self, value: EventType | str) -> EventType:
        """By record, id, URI, slug or name. Raises Problem 404."""
        if isinstance(value, EventType):
            return value
        key = value.rsplit("/", 1)[-1]
        for item in self.state.event_types.values():
            if key in (item.id, item.slug, item.name):
                return item
        raise errors.not_found()

    def find_event(self, value: Event | Invitee | str) -> Event:
        """By record, an invitee's record, id or URI. Raises Problem 404."""
        if isinstance(value, Event):
            return value
        key = value.event_id if isinstance(value, Invitee) else value.rsplit("/", 1)[-1]
        if key not in self.state.events:
            raise errors.not_found()
        return self.state.events[key]

    def find_invitee(self, value: Invitee | str) -> Invitee:
        """By record, id or URI. Raises Problem 404."""
        if isinstance(value, Invitee):
            return value
        key = value.rsplit("/", 1)[-1]
        if key not in self.state.invitees:
            raise errors.not_found()
        return self.state.invitees[key]

    def _movable(self, value: Invitee | str) -> Invitee:
        invitee = self.find_invitee(value)
        if invitee.status == "canceled":
            raise errors.denied("Event is already canceled")
        if self.state.events[invitee.event_id].start <= self.now():
            raise errors.denied("Event in the past")
        return invitee


def _moment(value: datetime | str) -> datetime:
    moment = moments.parse(value.isoformat() if isinstance(value, datetime) else value)
    if moment is None:
        raise errors.invalid("start_time")
    return moment
