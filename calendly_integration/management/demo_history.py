"""A history for the demo: eight weeks of meetings behind us and two weeks ahead.

Everything is done by the services and on the pages of the local Calendly, as agents, staff and invitees would have
done it, in the order of time. The local Calendly's clock is moved to the moment of each step. The services read the
real clock in some places, so the times that they have written are moved back at the end.
"""

import random
from bisect import bisect_right
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, F, Model

from calendly_integration import clients
from calendly_integration.models import (
    AgentKey,
    Booking,
    CalendlyAccount,
    CalendlyBooking,
    EventType,
    FollowUp,
    OutboxMessage,
    OutboxQueue,
    RefusedAttempt,
    TimelineEntry,
    VAIMetadata,
)
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.errors import Problem
from calendly_integration.services import errors
from calendly_integration.services.actors import Actor
from calendly_integration.services.agents import keys
from calendly_integration.services.backoffice import followups, staff_notes
from calendly_integration.services.bookings import attempts, cancel, create, no_show, reschedule
from calendly_integration.services.bookings.results import Booked
from calendly_integration.services.catalog import event_types
from calendly_integration.services.outbox import confirmations
from calendly_integration.services.reconcile import Kind, Observation, apply_observations

from . import demo_data as data
from .demo_plan import OFFICE, Meeting, plan_meetings

# Calendly's conference link is there by then.
LINK_AFTER = timedelta(seconds=30)
REFUSED = "422: template data is not valid: meeting_url"

Step = Callable[[datetime], None]


@dataclass(slots=True)
class History:
    """Makes the history. Deterministic for a given day."""

    calendly: Calendly
    account: CalendlyAccount
    now: datetime
    past: timedelta
    ahead: timedelta
    chance: random.Random = field(default_factory=lambda: random.Random(2026))
    agents: list[tuple[AgentKey, str]] = field(default_factory=list)
    steps: list[tuple[datetime, int, Step]] = field(default_factory=list)
    # When each step really began, and the moment for which it was done.
    began: list[datetime] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)

    def make(self) -> int:
        """Make the whole history. Returns the number of bookings."""
        self._add_event_types()
        first = self.now - self.past - timedelta(days=30)
        self.agents = [(keys.create(name, now=first)[0], kind) for name, kind in data.AGENTS]
        for meeting in plan_meetings(self.chance, self.now - self.past, self.now + self.ahead):
            self._plan_steps(meeting)
        for at, _number, step in sorted(self.steps, key=lambda each: each[:2]):
            self._do(step, at)
        self.calendly.clock_offset = timedelta()
        self._move_times_back()
        self._end_messages()
        self._add_notes()
        self._add_refused_attempts()
        return Booking.objects.count()

    def _add_event_types(self) -> None:
        """The standard types in colors of their own, and two more hosts' types."""
        for name, color in data.COLORS.items():
            self.calendly.change_event_type(name, color=color)
        self.calendly.add_user("Elena Dumitrescu", "elena.dumitrescu@vaiportal.example")
        owners = {user.name: user for user in self.calendly.state.users.values()}
        for name, minutes, buffer, color, owner in data.MORE_EVENT_TYPES:
            self.calendly.add_event_type(
                name, minutes, owner=owners[owner], after_buffer=buffer, increment=15, color=color
            )
        event_types.sync(self.account, now=self.now)
        # What follows is older than what the local Calendly has made so far.
        self.calendly.state.last_stamp = None

    # The plan

    def _plan_steps(self, meeting: Meeting) -> None:
        """When it is booked, and what becomes of it."""
        made = _by_day(meeting.start - timedelta(hours=self.chance.triangular(2, 20 * 24, 5 * 24)))
        book = {"agent": self._book_by_agent, "public": self._book_on_page, "staff": self._book_by_staff}
        self._add(made, book[meeting.source], meeting)
        between = _by_day(made + (meeting.start - made) * self.chance.uniform(0.2, 0.9))
        between = max(between, made + timedelta(minutes=5))
        changes = (
            self._cancel_by_invitee,
            self._cancel_by_host,
            self._cancel_by_agent,
            self._cancel_by_staff,
            self._move_on_page,
            self._move_by_agent,
        )
        chosen = self.chance.choices((*changes, self._mark_no_show, None), (11, 2, 3, 4, 5, 4, 7, 64))[0]
        if chosen == self._mark_no_show:
            self._add(meeting.start + timedelta(hours=2), chosen, meeting)
        elif chosen is not None:
            self._add(between, chosen, meeting)

    def _add(self, at: datetime, step: Callable[[Meeting, datetime], None], meeting: Meeting) -> None:
        if at < self.now - timedelta(minutes=5):
            self.steps.append((at, meeting.number, partial(step, meeting)))

    def _do(self, step: Step, at: datetime) -> None:
        """Do a step as of `at`. A start that is taken, or a meeting that has changed before, is left out."""
        self._set_clock(at)
        with suppress(
            Problem,
            Booking.DoesNotExist,
            cancel.NotCancelable,
            errors.InvalidBookingRequest,
            attempts.NotReschedulable,
            no_show.NotMarkable,
            followups.NotPossible,
        ):
            step(at)

    def _set_clock(self, at: datetime) -> None:
        real = datetime.now(UTC)
        self.calendly.clock_offset = at - real
        self.began.append(real)
        self.moments.append(at)

    # Booking

    def _request(self, meeting: Meeting, **more: Any) -> create.BookingRequest:
        name, phone, zone = meeting.person
        return create.BookingRequest(
            meeting.event_type,
            meeting.email,
            name,
            preferred=meeting.start,
            flexibility="exact",
            time_zone=zone,
            phone=phone,
            answers=tuple(self._answers(meeting).items()),
            **more,
        )

    def _answers(self, meeting: Meeting) -> dict[str, str]:
        if meeting.event_type != "Technical Support":
            return {}
        return {"Please describe the problem.": self.chance.choice(data.PROBLEMS)}

    def _book_by_agent(self, meeting: Meeting, at: datetime) -> None:
        key, kind = self.chance.choice(self.agents)
        request = self._request(
            meeting,
            conversation_id=f"WA-{meeting.number * 37 + 28000:04X}",
            user_id=f"user-{meeting.number % 97}",
            agent_type=kind,
            notes=self.chance.choice(data.NOTES),
        )
        self._book(meeting, request, Actor.agent(key), at)

    def _book_by_staff(self, meeting: Meeting, at: datetime) -> None:
        self._book(meeting, self._request(meeting), Actor.staff(data.STAFF), at)

    def _book(self, meeting: Meeting, request: create.BookingRequest, by: Actor, at: datetime) -> None:
        result = create.book(booking_request=request, by=by, now=at)
        if isinstance(result, Booked):
            meeting.booking_id = result.booking.pk
            self._observe_current(meeting, Kind.CREATED, at + timedelta(seconds=2))
            self._observe_current(meeting, Kind.READ, at + LINK_AFTER)
            confirmations.process(now=at + timedelta(minutes=2))

    def _book_on_page(self, meeting: Meeting, at: datetime) -> None:
        name, phone, zone = meeting.person
        invitee = self.calendly.book_as_invitee(
            meeting.event_type,
            meeting.start,
            email=meeting.email,
            name=name,
            timezone=zone,
            text_reminder_number=phone or None,
            answers=self._answers(meeting),
        )
        for kind, later in ((Kind.CREATED, timedelta(seconds=2)), (Kind.READ, LINK_AFTER)):
            meeting.booking_id = self._observe(self.calendly.invitee_uri(invitee.id), kind, at + later)

    # Changes

    def _cancel_by_invitee(self, meeting: Meeting, at: datetime) -> None:
        uri = self._invitee_uri(meeting)
        self.calendly.cancel_as_invitee(uri, self.chance.choice(data.INVITEE_REASONS))
        self._observe(uri, Kind.CANCELED, at)
        self._work_on_followup(meeting, at)

    def _cancel_by_host(self, meeting: Meeting, at: datetime) -> None:
        uri = self._invitee_uri(meeting)
        self.calendly.cancel_as_host(self.calendly.find_invitee(uri), data.HOST_REASON)
        self._observe(uri, Kind.CANCELED, at)

    def _cancel_by_agent(self, meeting: Meeting, at: datetime) -> None:
        by = Actor.agent(self.agents[0][0])
        cancel.cancel_booking(meeting.booking, reason=data.AGENT_REASON, by=by, now=at)
        self._work_on_followup(meeting, at)

    def _cancel_by_staff(self, meeting: Meeting, at: datetime) -> None:
        cancel.cancel_booking(
            meeting.booking,
            reason=data.STAFF_REASON,
            by=Actor.staff(data.STAFF),
            now=at,
            code=Booking.CancelCode.HOST_AWAY,
            follow_up=True,
        )
        self._work_on_followup(meeting, at)

    def _move_on_page(self, meeting: Meeting, at: datetime) -> None:
        uri = self._invitee_uri(meeting)
        moved = self.calendly.reschedule_as_invitee(uri, meeting.start + self._distance())
        self._observe(uri, Kind.CANCELED, at)
        self._observe(self.calendly.invitee_uri(moved.id), Kind.CREATED, at + timedelta(seconds=1))
        self._observe(self.calendly.invitee_uri(moved.id), Kind.READ, at + LINK_AFTER)

    def _move_by_agent(self, meeting: Meeting, at: datetime) -> None:
        by = Actor.agent(self.chance.choice(self.agents)[0])
        wanted = meeting.start + self._distance()
        result = reschedule.reschedule(meeting.booking, new_start=wanted, by=by, now=at)
        if isinstance(result, Booked):
            self._observe_current(meeting, Kind.CREATED, at + timedelta(seconds=2))
            self._observe_current(meeting, Kind.READ, at + LINK_AFTER)

    def _distance(self) -> timedelta:
        """How far a meeting is moved."""
        return timedelta(days=self.chance.choice((1, 2, 3, 7)), minutes=self.chance.choice((-60, 0, 30, 90)))

    def _mark_no_show(self, meeting: Meeting, at: datetime) -> None:
        no_show.mark(meeting.booking, by=Actor.staff(data.STAFF), now=at)

    def _work_on_followup(self, meeting: Meeting, at: datetime) -> None:
        """Staff call back: one in four books again, one is closed, one waits, one is still to be done."""
        followup = FollowUp.objects.filter(booking=meeting.booking_id).first()
        if followup is None or at > self.now - timedelta(days=2):
            return
        by, later, turn = Actor.staff(data.STAFF), at + timedelta(hours=20), FollowUp.objects.count() % 4
        if turn != 0:
            followups.note(followup, text=self.chance.choice(data.CALL_NOTES), by=by, now=later)
        if turn == 1:
            again = replace(meeting, start=meeting.start + timedelta(days=7), booking_id=None)
            self._book(again, self._request(again), by, at)
            if again.booking_id is not None:
                followups.rebooked(followup, booking=again.booking, by=by, now=later)
        elif turn == 2:
            followups.close(followup, by=by, now=later)
        elif turn == 3:
            followups.wait(followup, by=by, now=later)

    # What Calendly says

    def _invitee_uri(self, meeting: Meeting) -> str:
        current = meeting.booking.current_calendly_booking
        if current is None or not current.invitee_uri:
            raise Booking.DoesNotExist
        return current.invitee_uri

    def _observe_current(self, meeting: Meeting, kind: Kind, at: datetime) -> None:
        self._observe(self._invitee_uri(meeting), kind, at)

    def _observe(self, invitee_uri: str, kind: Kind, at: datetime) -> Any:
        """Read the invitee as it is at Calendly at that moment, and apply it. Returns the booking's id."""
        self._set_clock(at)
        client = clients.calendly(self.account)
        invitee = client.invitee(invitee_uri)
        event = client.scheduled_event(invitee.event_uri)
        with transaction.atomic():
            [result] = apply_observations(self.account, [Observation(kind, invitee, event)], now=at)
        return result.booking.pk

    # The end

    def _move_times_back(self) -> None:
        """Give each time that was read from the real clock the moment of its step."""
        for model in (Booking, CalendlyBooking, VAIMetadata, TimelineEntry, FollowUp, OutboxMessage):
            names = [each.attname for each in model._meta.concrete_fields if isinstance(each, DateTimeField)]
            changed: Any = [row for row in model._default_manager.all() if self._move_back(row, names)]
            model._default_manager.bulk_update(changed, names, batch_size=100)

    def _move_back(self, row: Model, names: list[str]) -> bool:
        changed = False
        for name in names:
            value = getattr(row, name)
            if value is not None and self.began[0] <= value <= datetime.now(UTC):
                place = bisect_right(self.began, value) - 1
                setattr(row, name, self.moments[place] + (value - self.began[place]))
                changed = True
        return changed

    def _end_messages(self) -> None:
        """The portal has received all messages, except one that it has refused. No question to it is open."""
        rows = OutboxMessage.objects.waiting()
        refused = rows.filter(path="/email/send", booking__start_at__gt=self.now).order_by("-pk").first()
        if refused is not None:
            OutboxMessage.objects.park_refused([refused.pk], error=REFUSED)
        OutboxMessage.objects.mark_sent(list(rows.values_list("pk", flat=True)), now=self.now)
        OutboxMessage.objects.filter(sent_at=self.now).update(sent_at=F("created_at") + timedelta(seconds=1))
        queues = list(OutboxQueue.objects.values_list("pk", flat=True))
        OutboxQueue.objects.release(queues, next_attempt_at=None)
        asked = VAIMetadata.objects.filter(next_attempt_at__isnull=False)
        asked.update(next_attempt_at=None, asked_at=self.now)

    def _add_notes(self) -> None:
        """Notes for staff on the next meetings."""
        coming = Booking.objects.filter(status=Booking.Status.CONFIRMED, start_at__gt=self.now)
        for booking, text in zip(coming.order_by("start_at")[1:], data.STAFF_NOTES, strict=False):
            staff_notes.write(
                booking, text=text, before="", by=Actor.staff(data.STAFF), now=self.now - timedelta(hours=2)
            )

    def _add_refused_attempts(self) -> None:
        """People for whom an agent could not book, as the API keeps them."""
        kinds = {kind.name: kind for kind in EventType.objects.all()}
        for number, (name, email, phone, event_type, code, hours) in enumerate(data.REFUSED):
            RefusedAttempt.objects.record(
                email_key=email,
                conversation_id=f"WA-{61440 + number:04X}",
                now=self.now - timedelta(hours=hours),
                code=code,
                event_type=kinds[event_type],
                event_name=event_type,
                name=name,
                email=email,
                phone=phone,
                time_zone=OFFICE.key,
                agent_key_id=self.agents[number % len(self.agents)][0].pk,
            )


def _by_day(moment: datetime) -> datetime:
    """The moment, or six in the evening before it if it lies in the night."""
    local = moment.astimezone(OFFICE)
    if 8 <= local.hour < 21:
        return moment
    evening = local if local.hour >= 21 else local - timedelta(days=1)
    return evening.replace(hour=18).astimezone(UTC)


def make(
    calendly: Calendly,
    account: CalendlyAccount,
    *,
    now: datetime,
    past: timedelta = timedelta(weeks=8),
    ahead: timedelta = timedelta(weeks=2),
) -> int:
    """Make the history in an empty database and a fresh local Calendly. Returns the number of bookings; 0 where
    something is there already."""
    if Booking.objects.exists() or EventType.objects.exists() or calendly.state.events:
        return 0
    return History(calendly, account, now, past, ahead).make()
