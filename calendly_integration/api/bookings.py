"""Finding bookings, and cancelling, moving and annotating them."""

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from ..models import AgentKey, Booking
from ..services.bookings import cancel, queries
from . import errors, fields, messages, schema
from .base import AgentView, BookingView
from .metadata import metadata_of
from .responses import fail, respond
from .schema import BOOKING_IN_PATH, operation
from .serializers import (
    BookingSerializer,
    ConstantField,
    FailureSerializer,
    MetadataSerializer,
    NullableTextField,
    SuccessSerializer,
    TimelineEntrySerializer,
)

READ, CHANGE = AgentKey.Scope.READ, AgentKey.Scope.CHANGE
TIMELINE_PAGE_SIZE = 100


class UpcomingQuerySerializer(fields.RequestSerializer):
    """The window of `GET upcoming`."""

    days = fields.IntegerField(min_value=1, max_value=365, required=False, default=7)


class EmailInPathSerializer(fields.RequestSerializer):
    """The invitee of `GET upcoming`."""

    email = fields.EmailField()


class UpcomingSerializer(SuccessSerializer):
    """Confirmed ones in the window, soonest first."""

    events = BookingSerializer(many=True)


class UpcomingView(AgentView):
    rights = {"GET": READ}

    @operation(
        "upcoming",
        "An invitee's next meetings",
        UpcomingSerializer,
        parameters=[schema.EMAIL_IN_PATH, UpcomingQuerySerializer],
    )
    def get(self, request: Request, email: str) -> Response:
        """Confirmed bookings that start within `days`, soonest first."""
        person = EmailInPathSerializer(data={"email": email.rstrip("/")})
        person.is_valid(raise_exception=True)
        found = queries.upcoming(
            person.validated_data["email"],
            days=self.read_query(UpcomingQuerySerializer)["days"],
            now=timezone.now(),
            key_id=self.key.pk,
        )
        return respond(UpcomingSerializer, {"events": found})


class ListQuerySerializer(fields.RequestSerializer):
    """Which bookings are listed."""

    email = fields.EmailInQueryField(required=False)
    conversationId = fields.TextField(required=False)
    status = fields.ChoiceField(Booking.Status.values, required=False)


class BookingPagination(CursorPagination):
    """Newest first; a page stays the same while bookings are added."""

    page_size = 50
    ordering = ("-created_at", "-id")
    cursor_query_param = "cursor"
    page_size_query_param = None

    def page_of(self, found: Any, request: Request, view: AgentView) -> list[Booking]:
        """The page that the cursor names. Raises ValidationError for a cursor that we never gave."""
        try:
            return list(self.paginate_queryset(found, request, view=view) or ())
        except (NotFound, DjangoValidationError, ValueError, OverflowError) as error:
            text = _("This cursor is not one of ours: follow `next` as it was given.")
            raise ValidationError({"cursor": [text]}) from error


class BookingListSerializer(SuccessSerializer):
    """A page, newest first."""

    bookings = serializers.ListField(child=BookingSerializer(), max_length=BookingPagination.page_size)
    next = NullableTextField()


class ListView(AgentView):
    rights = {"GET": READ}

    @operation(
        "list_bookings",
        "Find bookings",
        BookingListSerializer,
        parameters=[ListQuerySerializer, schema.CURSOR],
    )
    def get(self, request: Request) -> Response:
        """A page of bookings, the newest first."""
        given = self.read_query(ListQuerySerializer)
        found = queries.listed(
            email=given.get("email", ""),
            conversation_id=given.get("conversationId", ""),
            # In a query string an unescaped plus becomes a blank.
            or_conversation_id=given.get("conversationId", "").replace(" ", "+"),
            status=given.get("status", ""),
            key_id=self.key.pk,
        )
        pagination = BookingPagination()
        rows = pagination.page_of(found, request, self)
        return respond(BookingListSerializer, {"bookings": rows, "next": pagination.get_next_link()})


class DetailQuerySerializer(fields.RequestSerializer):
    """Which part of the history."""

    before = fields.IntegerField(
        min_value=1, max_value=2**63 - 1, required=False, help_text="Only as `timelineNext` gave it."
    )


class DetailSerializer(SuccessSerializer):
    """With what the portal keeps and what happened last, in order."""

    booking = BookingSerializer()
    metadata = MetadataSerializer()
    timeline = serializers.ListField(child=TimelineEntrySerializer(), max_length=TIMELINE_PAGE_SIZE)
    timelineNext = NullableTextField(help_text="Where the history goes on, towards earlier.")


class DetailView(BookingView):
    rights = {"GET": READ}

    @operation(
        "get_booking",
        "One booking and its history",
        DetailSerializer,
        errors.BookingNotFoundSerializer,
        parameters=[BOOKING_IN_PATH, DetailQuerySerializer],
    )
    def get(self, request: Request, id: str) -> Response:
        """The booking, what the portal keeps with it, and what happened to it last."""
        before = self.read_query(DetailQuerySerializer).get("before")
        booking = self.booking(id)
        entries, earlier = queries.history(booking, before=before, limit=TIMELINE_PAGE_SIZE)
        data = {
            "booking": booking,
            "metadata": metadata_of(booking),
            "timeline": entries,
            "timelineNext": earlier and request.build_absolute_uri(f"{request.path}?before={earlier}"),
        }
        return respond(DetailSerializer, data)


class NotCancelableSerializer(FailureSerializer):
    """Not in this state. The booking's own links may still help."""

    status = 409
    code = ConstantField("not_cancelable")
    reason = serializers.ChoiceField(choices=list(messages.NOT_CANCELABLE))
    booking = BookingSerializer()


class CancelBodySerializer(fields.RequestSerializer):
    """Why a booking is canceled."""

    reason = fields.TextField(required=False, lines=True, max_length=10_000)


class CanceledSerializer(SuccessSerializer):
    """Canceled; also if it was already."""

    booking = BookingSerializer()
    message = serializers.CharField()


class CancelView(BookingView):
    rights = {"POST": CHANGE}

    @operation(
        "cancel_booking",
        "Cancel a booking",
        CanceledSerializer,
        errors.OutcomeUnknownSerializer,
        errors.BookingNotFoundSerializer,
        NotCancelableSerializer,
        errors.CalendlyRefusedSerializer,
        errors.CalendlyUnavailableSerializer,
        parameters=[BOOKING_IN_PATH],
        request=CancelBodySerializer,
    )
    def post(self, request: Request, id: str) -> Response:
        """Cancel it at Calendly. A canceled booking stays as it is."""
        reason = self.read_body(CancelBodySerializer).get("reason", "")
        booking = self.booking(id)
        try:
            booking = cancel.cancel_booking(booking, reason=reason, by=self.actor, now=timezone.now())
        except cancel.NotCancelable as error:
            text = messages.not_cancelable(error.why)
            return fail(NotCancelableSerializer, text, reason=error.why, booking=booking)
        return respond(CanceledSerializer, {"booking": booking, "message": messages.canceled(booking)})
