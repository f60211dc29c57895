"""Our errors as answers: what each failure looks like, and the one table that our base view uses."""

import logging
from collections.abc import Callable
from typing import Any

from django import db
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, serializers

from ..services import errors as failures
from ..services import time_zones
from ..services.agents import keys
from ..services.bookings import cancel, create, idempotency, queries
from ..services.catalog import event_types
from . import authentication, messages, parsers
from .responses import AgentResponse, fail
from .serializers import (
    BookingSerializer,
    ConstantField,
    EventTypeChoiceSerializer,
    FailureSerializer,
    NullableTextField,
)

log = logging.getLogger("calendly.api")

DATABASE_RETRY_AFTER_SECONDS = 10

# The docstrings are the descriptions in the OpenAPI document.


class InvalidSerializer(FailureSerializer):
    """Malformed, or it cannot be meant: `errors` names the fields."""

    status = 400
    code = ConstantField("invalid_request")
    errors = serializers.DictField(  # type: ignore[assignment]  # a field, not the property
        child=serializers.ListField(child=serializers.CharField())
    )


class UnauthorizedSerializer(FailureSerializer):
    """No valid agent key."""

    status = 401
    code = ConstantField("unauthorized")
    text = gettext_lazy("A valid agent key is needed: Authorization: Bearer <key>.")


class ForbiddenSerializer(FailureSerializer):
    """The key lacks the right."""

    status = 403
    code = ConstantField("forbidden")
    text = gettext_lazy("This agent key may not do that.")
    scope = serializers.CharField(required=False, help_text="The right that the key lacks.")


class NotFoundSerializer(FailureSerializer):
    """Nothing is at this address."""

    status = 404
    code = ConstantField("not_found")
    text = gettext_lazy("There is nothing at this address.")


class MethodNotAllowedSerializer(FailureSerializer):
    """The address does not take the method."""

    status = 405
    code = ConstantField("method_not_allowed")
    text = gettext_lazy("This address does not take that method.")


class NotAcceptableSerializer(FailureSerializer):
    """Answers are application/json."""

    status = 406
    code = ConstantField("not_acceptable")
    text = gettext_lazy("The answer can only be given as application/json.")


class LengthRequiredSerializer(FailureSerializer):
    """A body without Content-Length."""

    status = 411
    code = ConstantField("length_required")
    text = gettext_lazy("The request needs a Content-Length.")


class TooLargeSerializer(FailureSerializer):
    """A body over 256 KB."""

    status = 413
    code = ConstantField("too_large")


class UnsupportedMediaTypeSerializer(FailureSerializer):
    """A body that is not application/json."""

    status = 415
    code = ConstantField("unsupported_media_type")
    text = gettext_lazy("The request must be sent as application/json.")


class TooManyRequestsSerializer(FailureSerializer):
    """Too many calls with this key, or too many wrong keys from this address."""

    status = 429
    code = ConstantField("too_many_requests")
    text = gettext_lazy("Too many calls. Please try again shortly.")


class InternalErrorSerializer(FailureSerializer):
    """A mistake of ours. It has been noted."""

    status = 500
    code = ConstantField("internal_error")
    text = gettext_lazy("Something went wrong on our side. It has been noted.")


class UnavailableSerializer(FailureSerializer):
    """The database is away; nothing has been changed."""

    status = 503
    code = ConstantField("unavailable")
    text = gettext_lazy("We cannot answer right now. Please try again shortly.")


class EventTypeNotFoundSerializer(FailureSerializer):
    """No such event type."""

    status = 404
    code = ConstantField("event_type_not_found")
    eventTypes = serializers.ListField(child=serializers.CharField())


class EventTypeAmbiguousSerializer(FailureSerializer):
    """The name fits several event types: choose one by id."""

    status = 409
    code = ConstantField("event_type_ambiguous")
    eventTypes = EventTypeChoiceSerializer(many=True)


class HostNotFoundSerializer(FailureSerializer):
    """No such host."""

    status = 404
    code = ConstantField("host_not_found")
    text = gettext_lazy("I know no such host.")


class BookingNotFoundSerializer(FailureSerializer):
    """No such booking."""

    status = 404
    code = ConstantField("booking_not_found")
    text = gettext_lazy("I cannot find that booking.")


class OutcomeUnknownSerializer(FailureSerializer):
    """The answer was lost: it may have happened, and will be settled."""

    status = 202
    code = ConstantField("outcome_unknown")
    text = gettext_lazy(
        "The request was sent, but not confirmed yet. It is being checked and will be settled in a few minutes."
    )
    booking = BookingSerializer()


class QuotaExhaustedSerializer(FailureSerializer):
    """Calendly's booking allowance is used up; hand over `schedulingUrl`."""

    status = 429
    code = ConstantField("quota_exhausted")
    text = gettext_lazy(
        "I cannot book automatically right now. Please choose a time yourself on the booking page."
    )
    schedulingUrl = NullableTextField()


class CalendlyRefusedSerializer(FailureSerializer):
    """Calendly refused; `detail` is what it said."""

    status = 502
    code = ConstantField("calendly_refused")
    text = gettext_lazy("The calendar did not accept this.")
    detail = serializers.CharField()


class CalendlyUnavailableSerializer(FailureSerializer):
    """Calendly is away; nothing has been changed."""

    status = 503
    code = ConstantField("calendly_unavailable")
    text = gettext_lazy(
        "The calendar cannot be reached right now. Nothing has been changed; please try again shortly."
    )
    detail = serializers.CharField()


class InProgressSerializer(FailureSerializer):
    """The first request under this Idempotency-Key still runs."""

    status = 409
    code = ConstantField("in_progress")
    text = gettext_lazy("I am still working on this request. One moment, please.")


class IdempotencyMismatchSerializer(FailureSerializer):
    """This Idempotency-Key was used with another body."""

    status = 422
    code = ConstantField("idempotency_mismatch")
    text = gettext_lazy("This Idempotency-Key was used for another request.")


def _invalid_wish(error: create.InvalidBookingRequest) -> AgentResponse:
    return _invalid_field(error.field, messages.invalid(error.code, error.values))


def _unknown_zone(error: time_zones.UnknownZone) -> AgentResponse:
    return _invalid_field("timezone", messages.invalid("unknown_zone", {"name": str(error)}))


def _no_such_time(error: time_zones.NoSuchTime) -> AgentResponse:
    return _invalid_field("start", messages.invalid("no_such_time", {"time": str(error)}))


def _invalid_idempotency_key(error: idempotency.InvalidKey) -> AgentResponse:
    text = _("Idempotency-Key must be 1 to 255 printable ASCII characters.")
    return _invalid_field("Idempotency-Key", text)


def _invalid_field(field: str, text: str) -> AgentResponse:
    return fail(InvalidSerializer, text, errors={field: [text]})


def _validation_error(error: exceptions.ValidationError) -> AgentResponse:
    detail = error.detail if isinstance(error.detail, dict) else {"body": error.detail}
    errors = {str(name): messages.flatten_errors(texts) for name, texts in detail.items()}
    return fail(InvalidSerializer, messages.invalid_fields(errors), errors=errors)


def _parse_error(error: exceptions.ParseError) -> AgentResponse:
    return _validation_error(exceptions.ValidationError({"body": [_("This is not valid JSON in UTF-8.")]}))


def _too_large(error: parsers.TooLarge) -> AgentResponse:
    text = _("The request is too large: at most %(size)s KB.") % {"size": parsers.MAX_BODY_BYTES // 1024}
    return fail(TooLargeSerializer, text)


def _unauthorized(error: Exception) -> AgentResponse:
    response = fail(UnauthorizedSerializer)
    response.headers["WWW-Authenticate"] = authentication.CHALLENGE
    return response


def _forbidden(error: Exception) -> AgentResponse:
    right = str(getattr(error, "detail", ""))
    data: dict[str, Any] = {"scope": right} if right else {}
    return fail(ForbiddenSerializer, **data)


def _too_many_calls(error: exceptions.Throttled) -> AgentResponse:
    return fail(TooManyRequestsSerializer, retry_after=_wait(error))


def _wait(error: exceptions.Throttled) -> float:
    return getattr(error, "wait", None) or 0


def _too_many_wrong_keys(error: authentication.TooManyWrongKeys) -> AgentResponse:
    text = _("Too many attempts with a wrong agent key. Please try again in a minute.")
    return fail(TooManyRequestsSerializer, text, retry_after=_wait(error))


def _event_type_not_found(error: event_types.EventTypeNotFound) -> AgentResponse:
    text = _("I know no such kind of meeting.")
    if error.names:
        text += " " + _("There is: %(names)s.") % {"names": ", ".join(error.names)}
    return fail(EventTypeNotFoundSerializer, text, eventTypes=error.names)


def _event_type_ambiguous(error: event_types.EventTypeAmbiguous) -> AgentResponse:
    choices = EventTypeChoiceSerializer(error.event_types, many=True).data
    names = "; ".join(
        f"{each['name']} ({', '.join(host['name'] for host in each['hosts']) or each['slug']})"
        for each in choices
    )
    text = _("Several kinds of meetings go by that name: %(names)s. Which one?") % {"names": names}
    return fail(EventTypeAmbiguousSerializer, text, eventTypes=error.event_types)


def _cancellation_unknown(error: cancel.CancellationUnknown) -> AgentResponse:
    return fail(OutcomeUnknownSerializer, booking=error.booking)


def _quota_exhausted(error: failures.QuotaExhausted) -> AgentResponse:
    return fail(QuotaExhaustedSerializer, retry_after=error.retry_after, schedulingUrl=error.scheduling_url)


def _calendly_refused(error: failures.CalendlyRefused) -> AgentResponse:
    return fail(CalendlyRefusedSerializer, detail=str(error))


def _calendly_unavailable(error: failures.CalendlyUnavailable) -> AgentResponse:
    return fail(CalendlyUnavailableSerializer, retry_after=error.retry_after, detail=str(error))


def _in_progress(error: idempotency.InProgress) -> AgentResponse:
    return fail(InProgressSerializer, retry_after=error.retry_after)


def _database_unavailable(error: Exception) -> AgentResponse:
    log.warning("the database is away: %s", type(error).__name__)
    return fail(UnavailableSerializer, retry_after=DATABASE_RETRY_AFTER_SECONDS)


# A failure that is always answered in the same way, or a function that makes the answer.
TABLE: dict[type[Exception], type[FailureSerializer] | Callable[[Any], AgentResponse]] = {
    create.InvalidBookingRequest: _invalid_wish,
    time_zones.UnknownZone: _unknown_zone,
    time_zones.NoSuchTime: _no_such_time,
    idempotency.InvalidKey: _invalid_idempotency_key,
    idempotency.InProgress: _in_progress,
    idempotency.Mismatch: IdempotencyMismatchSerializer,
    event_types.EventTypeNotFound: _event_type_not_found,
    event_types.EventTypeAmbiguous: _event_type_ambiguous,
    event_types.HostNotFound: HostNotFoundSerializer,
    queries.BookingNotFound: BookingNotFoundSerializer,
    cancel.CancellationUnknown: _cancellation_unknown,
    failures.QuotaExhausted: _quota_exhausted,
    failures.CalendlyRefused: _calendly_refused,
    failures.CalendlyUnavailable: _calendly_unavailable,
    keys.InvalidKey: _unauthorized,
    exceptions.NotAuthenticated: _unauthorized,
    exceptions.AuthenticationFailed: _unauthorized,
    exceptions.PermissionDenied: _forbidden,
    DjangoPermissionDenied: _forbidden,
    exceptions.Throttled: _too_many_calls,
    authentication.TooManyWrongKeys: _too_many_wrong_keys,
    exceptions.ValidationError: _validation_error,
    exceptions.ParseError: _parse_error,
    parsers.TooLarge: _too_large,
    parsers.LengthRequired: LengthRequiredSerializer,
    Http404: NotFoundSerializer,
    exceptions.NotFound: NotFoundSerializer,
    exceptions.MethodNotAllowed: MethodNotAllowedSerializer,
    exceptions.NotAcceptable: NotAcceptableSerializer,
    exceptions.UnsupportedMediaType: UnsupportedMediaTypeSerializer,
    # The database is away, full or read-only. Its other errors are mistakes of ours.
    db.OperationalError: _database_unavailable,
    db.InterfaceError: _database_unavailable,
    db.InternalError: _database_unavailable,
    Exception: InternalErrorSerializer,
}


def response_to(error: Exception) -> AgentResponse:
    """The answer to an error, by its class or the nearest one above it."""
    found = TABLE[next(kind for kind in type(error).__mro__ if kind in TABLE)]
    return fail(found) if isinstance(found, type) else found(error)
