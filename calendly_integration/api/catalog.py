"""What can be booked, with whom, and when."""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from ..models import AgentKey
from ..services import time_zones
from ..services.catalog import availability, event_types, requested_times
from . import errors, fields
from .base import AgentView
from .responses import respond
from .schema import HOST_IN_PATH, operation
from .serializers import (
    EventTypeSerializer,
    HostSerializer,
    InstantField,
    SlotSerializer,
    SpanSerializer,
    SuccessSerializer,
)

READ = AgentKey.Scope.READ


class EventTypesSerializer(SuccessSerializer):
    """All of them."""

    eventTypes = EventTypeSerializer(many=True)


class EventTypesView(AgentView):
    rights = {"GET": READ}

    @operation("event_types", "What can be booked", EventTypesSerializer)
    def get(self, request: Request) -> Response:
        """All event types that are open to this agent, inactive ones too."""
        kinds = event_types.event_types(key_id=self.key.pk).prefetch_related("hosts")
        return respond(EventTypesSerializer, {"eventTypes": kinds})


class HostsSerializer(SuccessSerializer):
    """All active ones."""

    hosts = HostSerializer(many=True)


class HostsView(AgentView):
    rights = {"GET": READ}

    @operation("hosts", "Who hosts meetings", HostsSerializer)
    def get(self, request: Request) -> Response:
        """All active hosts."""
        return respond(HostsSerializer, {"hosts": event_types.hosts()})


class SpanQuerySerializer(fields.RequestSerializer):
    """From when to when."""

    start = fields.DateOrDateTimeField(required=False, help_text="Default: now. A day: from its beginning.")
    end = fields.DateOrDateTimeField(
        required=False,
        help_text="Default: seven days after the start. A day: to its end, so that it is included.",
    )


class AvailabilityQuerySerializer(SpanQuerySerializer):
    """Free times of which event type, from when to when, in which zone."""

    eventType = fields.TextField(help_text="Name, slug, URI or id of an active event type.")
    timezone = fields.TextField(
        required=False,
        max_length=64,
        help_text="The invitee's zone, such as Europe/Bucharest. Default: that of the Calendly account.",
    )


class AvailabilitySerializer(SuccessSerializer):
    """Asked of Calendly now."""

    slots = SlotSerializer(many=True)
    asOf = InstantField()


class AvailabilityView(AgentView):
    rights = {"GET": READ}

    @operation(
        "availability",
        "Free starts of an event type, at most 31 days",
        AvailabilitySerializer,
        errors.EventTypeNotFoundSerializer,
        errors.EventTypeAmbiguousSerializer,
        errors.CalendlyRefusedSerializer,
        errors.CalendlyUnavailableSerializer,
        parameters=[AvailabilityQuerySerializer],
    )
    def get(self, request: Request) -> Response:
        """Asked of Calendly now."""
        given, now = self.read_query(AvailabilityQuerySerializer), timezone.now()
        event_type = event_types.find(given["eventType"], key_id=self.key.pk)
        zone = (
            time_zones.resolve(explicit=given["timezone"], now=now)
            if "timezone" in given
            else time_zones.zone_or_default(event_type.account.time_zone)
        )
        start, end = requested_times.span(
            given.get("start"), given.get("end"), zone, longest=availability.MAX_SPAN, now=now
        )
        slots = availability.offered(event_type, start=start, end=end, now=now)
        return respond(AvailabilitySerializer, {"slots": slots, "asOf": now}, context={"zone": zone})


class HostAvailabilitySerializer(SuccessSerializer):
    """In order."""

    availability = SpanSerializer(many=True)


class HostAvailabilityView(AgentView):
    rights = {"GET": READ}

    @operation(
        "host_availability",
        "A host's time, at most 7 days",
        HostAvailabilitySerializer,
        errors.HostNotFoundSerializer,
        errors.CalendlyRefusedSerializer,
        errors.CalendlyUnavailableSerializer,
        parameters=[HOST_IN_PATH, SpanQuerySerializer],
    )
    def get(self, request: Request, id: str) -> Response:
        """Busy spans and, within the working hours, available ones."""
        given, now = self.read_query(SpanQuerySerializer), timezone.now()
        host = event_types.find_host(id)
        zone = time_zones.zone_or_default(host.time_zone)
        start, end = requested_times.span(
            given.get("start"), given.get("end"), zone, longest=availability.MAX_HOST_SPAN, now=now
        )
        spans = availability.of_host(host, start=start, end=end, now=now)
        return respond(HostAvailabilitySerializer, {"availability": spans})
