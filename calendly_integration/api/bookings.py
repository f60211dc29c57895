"""Finding bookings, and cancelling, moving and annotating them."""

import json
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from ..models import AgentKey, Booking
from ..services import errors as failures
from ..services.bookings import cancel, queries, reschedule
from ..services.bookings.attempts import NotReschedulable
from ..services.bookings.results import Booked, OutcomeUnknown
from . import documents, errors, messages, shapes
from .base import AgentView, Answer, success
from .fields import HALF, Address, AddressInQuery, Choice, Moment, Said, Shape, Text, Whole
from .schedule import slot_unavailable

READ, CHANGE = AgentKey.Scope.READ, AgentKey.Scope.CHANGE
LARGEST_EXTRA = 16 * 1024
DEEPEST_EXTRA = 20


class UpcomingQuery(Shape):
    """The window of `GET upcoming`."""

    days = Whole(min_value=1, max_value=365, required=False, default=7)


class EmailInPath(Shape):
    """The invitee of `GET upcoming`."""

    email = Address()


class UpcomingView(AgentView):
    """An invitee's next meetings."""

    rights = {"GET": READ}

    @documents.described(documents.UPCOMING, documents.EMAIL_IN_PATH, UpcomingQuery)
    def get(self, request: Request, email: str) -> Answer:
        """Confirmed bookings that start within `days`, soonest first."""
        person = EmailInPath(data={"email": email.rstrip("/")})
        person.is_valid(raise_exception=True)
        found = queries.upcoming(
            person.validated_data["email"],
            days=self.query(UpcomingQuery)["days"],
            now=timezone.now(),
            key_id=self.key.pk,
        )
        return success(events=[shapes.booking(row) for row in found])


class ListQuery(Shape):
    """What bookings are asked for."""

    email = AddressInQuery(required=False)
    conversationId = Text(required=False)
    status = Choice([str(status) for status in Booking.Status], required=False)


class Pages(CursorPagination):
    """Newest first; a page stays what it is while bookings are added."""

    page_size = 50
    ordering = ("-created_at", "-id")
    cursor_query_param = "cursor"
    page_size_query_param = None

    def cut(self, found: Any, request: Request, view: AgentView) -> list[Booking]:
        """The page that the cursor names. Raises ValidationError for a cursor that we never gave."""
        try:
            return list(self.paginate_queryset(found, request, view=view) or ())
        except (NotFound, DjangoValidationError, ValueError, OverflowError) as error:
            text = _("This cursor is not one of ours: follow `next` as it was given.")
            raise ValidationError({"cursor": [text]}) from error


class ListView(AgentView):
    """Bookings by what an agent knows of them."""

    rights = {"GET": READ}

    @documents.described(documents.LIST, ListQuery, documents.CURSOR)
    def get(self, request: Request) -> Answer:
        """A page of bookings, the newest first."""
        given = self.query(ListQuery)
        found = queries.listed(
            email=given.get("email", ""),
            conversation_id=given.get("conversationId", ""),
            # In a query string an unescaped plus is a blank.
            or_conversation_id=given.get("conversationId", "").replace(" ", "+"),
            status=given.get("status", ""),
            key_id=self.key.pk,
        )
        pages = Pages()
        rows = pages.cut(found, request, self)
        return success(bookings=[shapes.booking(row) for row in rows], next=pages.get_next_link())


class BookingView(AgentView):
    """A call on one booking."""

    def booking(self, id: str) -> Booking:
        """The booking of the path, if it is open to the caller's key. Raises BookingNotFound."""
        return queries.find(id, key_id=self.key.pk)


class DetailQuery(Shape):
    """Which part of the history."""

    before = Whole(
        min_value=1, max_value=2**63 - 1, required=False, help_text="Only as `timelineNext` gave it."
    )


class DetailView(BookingView):
    """One booking."""

    rights = {"GET": READ}

    @documents.described(documents.DETAIL, documents.BOOKING_IN_PATH, DetailQuery)
    def get(self, request: Request, id: str) -> Answer:
        """The booking, what the portal keeps with it, and what happened to it last."""
        before = self.query(DetailQuery).get("before")
        row = self.booking(id)
        entries, earlier = queries.history(row, before=before, limit=documents.TIMELINE_PAGE)
        return success(
            booking=shapes.booking(row),
            metadata=shapes.metadata_of(row),
            timeline=shapes.timeline(entries),
            timelineNext=earlier and request.build_absolute_uri(f"{request.path}?before={earlier}"),
        )


class CancelBody(Shape):
    """Why it is canceled."""

    reason = Text(required=False, lines=True, max_length=10_000)


class CancelView(BookingView):
    """Cancel a booking."""

    rights = {"POST": CHANGE}

    @documents.described(documents.CANCEL, documents.BOOKING_IN_PATH, request=CancelBody)
    def post(self, request: Request, id: str) -> Answer:
        """Cancel it at Calendly. What is canceled already stays as it is."""
        reason = self.read(CancelBody).get("reason", "")
        row = self.booking(id)
        try:
            row = cancel.cancel_booking(row, reason=reason, by=self.actor, now=timezone.now())
        except cancel.NotCancelable as error:
            # With the booking beside it: its links let the invitee go on alone.
            failure = errors.answer_to(error)
            return Answer({**failure.body, "booking": shapes.booking(row)}, status=failure.status)
        return success(booking=shapes.booking(row), message=messages.canceled(row))


NOT_MOVED = (
    NotReschedulable,
    failures.QuotaExhausted,
    failures.CalendlyRefused,
    failures.CalendlyUnavailable,
)


class RescheduleBody(Shape):
    """Where to it is moved."""

    newStartTime = Moment(help_text="The new start; without offset local time of the invitee.")


class RescheduleView(BookingView):
    """Move a booking."""

    rights = {"POST": CHANGE}

    @documents.described(documents.RESCHEDULE, documents.BOOKING_IN_PATH, request=RescheduleBody)
    def post(self, request: Request, id: str) -> Answer:
        """Book the new start, then give up the old one. The id stays."""
        wanted = self.read(RescheduleBody)["newStartTime"]
        row = self.booking(id)
        try:
            outcome = reschedule.reschedule(row, new_start=wanted, by=self.actor, now=timezone.now())
        except NOT_MOVED as error:
            failure = errors.answer_to_move(error, row)
            return Answer(failure.body, status=failure.status, headers=failure.headers)
        if isinstance(outcome, Booked):
            return success(
                newBooking=shapes.booking(outcome.booking), message=messages.moved(outcome.booking)
            )
        link = {"rescheduleUrl": row.reschedule_url or None}
        if isinstance(outcome, OutcomeUnknown):
            more = {"booking": shapes.booking(outcome.booking), **link}
            return Answer(errors.Failure(202, "outcome_unknown", messages.unknown(), more).body, status=202)
        return Answer(slot_unavailable(outcome) | link, status=200)


@extend_schema_field({"type": "object", "additionalProperties": {}, "description": "At most 16 KB of JSON."})
class Anything(Said, serializers.JSONField):
    """A JSON object of the portal's own, of what a database can keep."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The object, if it is one, not too deep and not too long."""
        if not isinstance(data, dict):
            raise ValidationError(_("A JSON object is expected: {…}."))
        _check(data, DEEPEST_EXTRA)
        if len(json.dumps(data, ensure_ascii=False).encode()) > LARGEST_EXTRA:
            raise ValidationError(_("This may be at most 16 KB of JSON."))
        return data


def _check(value: Any, depth: int) -> None:
    """Refuse NUL, lone surrogates and bottomless nesting, in keys too."""
    if depth < 0:
        raise ValidationError(_("This is nested too deeply."))
    if isinstance(value, str) and ("\x00" in value or HALF.search(value)):
        raise ValidationError(_("Texts may not hold NUL characters or half characters (lone surrogates)."))
    inner: list[Any] = []
    if isinstance(value, dict):
        inner = [*value, *value.values()]
    elif isinstance(value, list):
        inner = value
    for each in inner:
        _check(each, depth - 1)


class MetadataBody(Shape):
    """What to change. Null or blank clears, what is left out stays."""

    conversationId = Text(required=False)
    userId = Text(required=False)
    agentType = Text(required=False, max_length=100)
    bookingSource = Text(required=False, max_length=100)
    notes = Text(required=False, lines=True, max_length=10_000)
    extra = Anything(required=False)


COLUMNS = {
    "conversationId": "conversation_id",
    "userId": "user_id",
    "agentType": "agent_type",
    "bookingSource": "booking_source",
    "notes": "notes",
    "extra": "extra",
}


class MetadataView(BookingView):
    """What the portal keeps with a booking."""

    rights = {"GET": READ, "PATCH": CHANGE}

    @documents.described(documents.METADATA, documents.BOOKING_IN_PATH)
    def get(self, request: Request, id: str) -> Answer:
        """Read it."""
        return success(metadata=shapes.metadata_of(self.booking(id)))

    @documents.described(documents.ANNOTATE, documents.BOOKING_IN_PATH, request=MetadataBody)
    def patch(self, request: Request, id: str) -> Answer:
        """Change it."""
        given = self.read_changes(MetadataBody)
        row = self.booking(id)
        empty: dict[str, Any] = {"extra": {}}
        changes = {COLUMNS[name]: value or empty.get(name, "") for name, value in given.items()}
        if not changes:
            return success(metadata=shapes.metadata_of(row))
        kept = queries.annotate(row, changes=changes, by=self.actor, now=timezone.now())
        return success(metadata=shapes.metadata(kept))
