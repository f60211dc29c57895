"""What can be booked, with whom, and when."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from ..models import AgentKey, CalendlyAccount, Host
from ..services import time_zones
from ..services.bookings.create import MAX_AHEAD, InvalidBookingRequest
from ..services.catalog import availability, event_types
from ..services.time_zones import Zone
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
A_WEEK = timedelta(days=7)


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
        zone = _zone(given["timezone"]) if "timezone" in given else _zone_of(event_type.account)
        start, end = _span(given, zone, longest=availability.MAX_SPAN, now=now)
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
        start, end = _span(given, _zone_of(host), longest=availability.MAX_HOST_SPAN, now=now)
        spans = availability.of_host(host, start=start, end=end, now=now)
        return respond(HostAvailabilitySerializer, {"availability": spans})


def _zone(name: str) -> Zone:
    """The zone in which times are read and written. Raises UnknownZone."""
    return Zone(time_zones.named(name).key, "explicit", "high")


def _zone_of(owner: Host | CalendlyAccount) -> Zone:
    try:
        return _zone(owner.time_zone)
    except time_zones.UnknownZone:
        return Zone(time_zones.default_name(), "default", "low")


def _span(
    given: dict[str, Any], zone: Zone, *, longest: timedelta, now: datetime
) -> tuple[datetime, datetime]:
    """From when to when, in UTC. Raises InvalidWish: backwards, too long, too far away."""
    first: datetime | date = given.get("start", now)
    start = _instant("start", first, zone)
    if not now - MAX_AHEAD < start < now + MAX_AHEAD:
        raise InvalidBookingRequest("start", "out_of_range")
    # A week that begins with a day ends with one, also when the clocks change.
    week = start + A_WEEK if isinstance(first, datetime) else first + A_WEEK
    last: datetime | date = given.get("end", week)
    if "end" in given and not isinstance(last, datetime):
        last = _day_after(last)
    end = _instant("end", last, zone)
    if end <= start:
        raise InvalidBookingRequest("end", "end_before_start")
    # Days are counted on the local clock: one may have 25 hours.
    begins, ends = (each.astimezone(zone.info).replace(tzinfo=None) for each in (start, end))
    if min(end - start, ends - begins) > longest:
        raise InvalidBookingRequest("end", "too_long", days=str(longest.days))
    return start, end


def _day_after(day: date) -> date:
    try:
        return day + timedelta(days=1)
    except OverflowError as error:
        raise InvalidBookingRequest("end", "out_of_range") from error


def _instant(field: str, given: datetime | date, zone: Zone) -> datetime:
    try:
        if not isinstance(given, datetime):
            return time_zones.start_of_day(given, zone.info)
        return given.astimezone(UTC) if given.tzinfo else time_zones.at(given, zone.info)
    except time_zones.NoSuchTime as error:
        raise InvalidBookingRequest(field, "no_such_time", time=str(error), zone=zone.name) from error
    except OverflowError as error:
        raise InvalidBookingRequest(field, "out_of_range") from error
