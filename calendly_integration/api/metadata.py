"""What the portal keeps with a booking: read and changed."""

import json
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from ..models import AgentKey, Booking, VAIMetadata
from ..services.bookings import queries
from . import errors, fields
from .base import BookingView
from .responses import respond
from .schema import BOOKING_IN_PATH, operation
from .serializers import MetadataSerializer, SuccessSerializer

MAX_EXTRA_BYTES = 16 * 1024
MAX_EXTRA_DEPTH = 20


@extend_schema_field({"type": "object", "additionalProperties": {}, "description": "At most 16 KB of JSON."})
class JSONObjectField(fields.RequestField, serializers.JSONField):
    """A JSON object of the portal's own, of values that a database can keep."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The object, if it is not too deep and not too long."""
        if not isinstance(data, dict):
            raise ValidationError(_("A JSON object is expected: {…}."))
        _check_values(data, MAX_EXTRA_DEPTH)
        if len(json.dumps(data, ensure_ascii=False).encode()) > MAX_EXTRA_BYTES:
            raise ValidationError(_("This may be at most 16 KB of JSON."))
        return data


def _check_values(value: Any, depth: int) -> None:
    """Refuse NUL, lone surrogates and deep nesting, in keys too. Raises ValidationError."""
    if depth < 0:
        raise ValidationError(_("This is nested too deeply."))
    if isinstance(value, str) and ("\x00" in value or fields.SURROGATE.search(value)):
        raise ValidationError(_("Texts may not hold NUL characters or half characters (lone surrogates)."))
    inner: list[Any] = []
    if isinstance(value, dict):
        inner = [*value, *value.values()]
    elif isinstance(value, list):
        inner = value
    for each in inner:
        _check_values(each, depth - 1)


class MetadataBodySerializer(fields.RequestSerializer):
    """What to change. Null or blank clears, what is left out stays."""

    conversationId = fields.TextField(required=False, source="conversation_id")
    userId = fields.TextField(required=False, source="user_id")
    agentType = fields.TextField(required=False, max_length=100, source="agent_type")
    bookingSource = fields.TextField(required=False, max_length=100, source="booking_source")
    notes = fields.TextField(required=False, lines=True, max_length=10_000)
    extra = JSONObjectField(required=False)

    def to_internal_value(self, data: Any) -> Any:
        """The changes by the names of the model's fields."""
        cleared = {
            str(field.source): {} if name == "extra" else ""
            for name, field in self.fields.items()
            if name in data and fields.is_blank(data[name])
        }
        return {**super().to_internal_value(data), **cleared}


class KeptMetadataSerializer(SuccessSerializer):
    """As it is now."""

    metadata = MetadataSerializer()


class MetadataView(BookingView):
    rights = {"GET": AgentKey.Scope.READ, "PATCH": AgentKey.Scope.CHANGE}

    @operation(
        "get_metadata",
        "What the portal keeps with a booking",
        KeptMetadataSerializer,
        errors.BookingNotFoundSerializer,
        parameters=[BOOKING_IN_PATH],
    )
    def get(self, request: Request, id: str) -> Response:
        """Read it."""
        return respond(KeptMetadataSerializer, {"metadata": metadata_of(self.booking(id))})

    @operation(
        "change_metadata",
        "Change what the portal keeps with a booking",
        KeptMetadataSerializer,
        errors.BookingNotFoundSerializer,
        parameters=[BOOKING_IN_PATH],
        request=MetadataBodySerializer,
    )
    def patch(self, request: Request, id: str) -> Response:
        """Change it."""
        changes = self.read_body(MetadataBodySerializer)
        booking = self.booking(id)
        kept = metadata_of(booking)
        if changes:
            kept = queries.annotate(booking, changes=changes, by=self.actor, now=timezone.now())
        return respond(KeptMetadataSerializer, {"metadata": kept})


def metadata_of(booking: Booking) -> VAIMetadata:
    """What is kept, or blank values."""
    return booking.metadata if hasattr(booking, "metadata") else VAIMetadata(booking=booking)
