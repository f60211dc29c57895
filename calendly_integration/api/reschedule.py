"""`POST bookings/{id}/reschedule`: a booking is moved."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ..models import AgentKey
from ..services import errors as failures
from ..services.bookings import reschedule
from ..services.bookings.attempts import NotReschedulable
from ..services.bookings.results import Booked, OutcomeUnknown
from . import errors, fields, messages
from .base import BookingView
from .responses import fail, respond
from .schedule import NothingFreeSerializer, slot_unavailable
from .schema import BOOKING_IN_PATH, operation
from .serializers import (
    BookingSerializer,
    ConstantField,
    FailureSerializer,
    NullableTextField,
    SuccessSerializer,
)


class RescheduleBodySerializer(fields.RequestSerializer):
    """The new start of a booking."""

    newStartTime = fields.DateTimeField(help_text="The new start; without offset local time of the invitee.")


class RescheduledSerializer(SuccessSerializer):
    """Moved."""

    newBooking = BookingSerializer()
    message = serializers.CharField()


class NotMovedSerializer(NothingFreeSerializer):
    """The new start is not free and the old meeting untouched; other times are suggested."""

    rescheduleUrl = NullableTextField()


class MoveUnknownSerializer(errors.OutcomeUnknownSerializer):
    """The answer was lost: it may have moved, and will be settled."""

    rescheduleUrl = NullableTextField()


class NotReschedulableSerializer(FailureSerializer):
    """Not in this state. The invitee may still use `rescheduleUrl`."""

    status = 409
    code = ConstantField("not_reschedulable")
    reason = serializers.ChoiceField(choices=list(messages.NOT_RESCHEDULABLE))
    booking = BookingSerializer()
    rescheduleUrl = NullableTextField()


class MoveQuotaExhaustedSerializer(FailureSerializer):
    """Calendly's booking allowance is used up; hand over `rescheduleUrl`."""

    status = 429
    code = ConstantField("quota_exhausted")
    text = gettext_lazy(
        "I cannot move the meeting automatically right now; it stands as it was. "
        "The invitee can move it with their rescheduling link."
    )
    rescheduleUrl = NullableTextField()


class MoveRefusedSerializer(errors.CalendlyRefusedSerializer):
    """Calendly refused to move it; `detail` is what it said."""

    rescheduleUrl = NullableTextField()


class MoveUnavailableSerializer(errors.CalendlyUnavailableSerializer):
    """Calendly is away; the meeting stays where it is."""

    rescheduleUrl = NullableTextField()


class RescheduleView(BookingView):
    rights = {"POST": AgentKey.Scope.CHANGE}

    @operation(
        "reschedule_booking",
        "Move a booking",
        RescheduledSerializer,
        NotMovedSerializer,
        MoveUnknownSerializer,
        errors.BookingNotFoundSerializer,
        NotReschedulableSerializer,
        MoveQuotaExhaustedSerializer,
        MoveRefusedSerializer,
        MoveUnavailableSerializer,
        parameters=[BOOKING_IN_PATH],
        request=RescheduleBodySerializer,
    )
    def post(self, request: Request, id: str) -> Response:
        """Book the new start, then give up the old one. The id stays."""
        new_start = self.read_body(RescheduleBodySerializer)["newStartTime"]
        booking = self.booking(id)
        url = booking.reschedule_url  # where the invitee can move it; never the page for a new booking
        try:
            outcome = reschedule.reschedule(booking, new_start=new_start, by=self.actor, now=timezone.now())
        except NotReschedulable as error:
            text = messages.not_reschedulable(error.why)
            data: dict[str, Any] = {"reason": error.why, "booking": booking, "rescheduleUrl": url}
            return fail(NotReschedulableSerializer, text, **data)
        except failures.QuotaExhausted as error:
            return fail(MoveQuotaExhaustedSerializer, retry_after=error.retry_after, rescheduleUrl=url)
        except failures.CalendlyRefused as error:
            return fail(MoveRefusedSerializer, detail=str(error), rescheduleUrl=url)
        except failures.CalendlyUnavailable as error:
            wait, detail = error.retry_after, str(error)
            return fail(MoveUnavailableSerializer, retry_after=wait, detail=detail, rescheduleUrl=url)
        if isinstance(outcome, Booked):
            moved = {"newBooking": outcome.booking, "message": messages.rescheduled(outcome.booking)}
            return respond(RescheduledSerializer, moved)
        if isinstance(outcome, OutcomeUnknown):
            return fail(MoveUnknownSerializer, booking=outcome.booking, rescheduleUrl=url)
        return slot_unavailable(NotMovedSerializer, outcome, rescheduleUrl=url)
