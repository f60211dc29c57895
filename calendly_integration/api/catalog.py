"""What can be booked, with whom, and when."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils import timezone
from rest_framework.request import Request

from ..models import AgentKey, CalendlyAccount, Host
from ..services import texts
from ..services.bookings import time_zones
from ..services.bookings.create import MAX_AHEAD, InvalidBookingRequest
from ..services.bookings.time_zones import Zone
from ..services.catalog import availability, event_types
from . import documents, shapes
from .base import AgentView, Answer, success
from .fields import MomentOrDay, Shape, Text

READ = AgentKey.Scope.READ
A_WEEK = timedelta(days=7)


class EventTypesView(AgentView):
    """What can be booked."""

    rights = {"GET": READ}

    @documents.described(documents.EVENT_TYPES)
    def get(self, request: Request) -> Answer:
        """All event types that are open to this agent, inactive ones too."""
        kinds = event_types.event_types(key_id=self.key.pk).prefetch_related("hosts")
        return success(eventTypes=[shapes.event_type(kind) for kind in kinds])


class HostsView(AgentView):
    """Who hosts meetings."""

    rights = {"GET": READ}

    @documents.described(documents.HOSTS)
    def get(self, request: Request) -> Answer:
        """All active hosts."""
        return success(hosts=[shapes.host(each) for each in event_types.hosts()])


class SpanQuery(Shape):
    """From when to when."""

    start = MomentOrDay(required=False, help_text="Default: now. A day: from its beginning.")
    end = MomentOrDay(
        required=False,
        help_text="Default: seven days after the start. A day: to its end, so that it is included.",
    )


class AvailabilityQuery(SpanQuery):
    """Free times of what, from when to when, in whose zone."""

    eventType = Text(help_text="Name, slug, URI or id of an active event type.")
    timezone = Text(
        required=False,
        max_length=64,
        help_text="The invitee's zone, such as Europe/Bucharest. Default: that of the Calendly account.",
    )


class AvailabilityView(AgentView):
    """Free starts of an event type."""

    rights = {"GET": READ}

    @documents.described(documents.AVAILABILITY, AvailabilityQuery)
    def get(self, request: Request) -> Answer:
        """Asked of Calendly now."""
        given, now = self.query(AvailabilityQuery), timezone.now()
        kind = event_types.find(given["eventType"], key_id=self.key.pk)
        zone = _zone(given["timezone"]) if "timezone" in given else _zone_of(kind.account)
        start, end = _span(given, zone, longest=availability.LONGEST, now=now)
        slots = availability.offered(kind, start=start, end=end, now=now)
        return success(slots=[shapes.slot(slot, zone) for slot in slots], asOf=texts.utc(now))


class HostAvailabilityView(AgentView):
    """A host's time."""

    rights = {"GET": READ}

    @documents.described(documents.HOST_AVAILABILITY, documents.HOST_IN_PATH, SpanQuery)
    def get(self, request: Request, id: str) -> Answer:
        """Busy and, within the working hours, available spans."""
        given, now = self.query(SpanQuery), timezone.now()
        host = event_types.find_host(id)
        start, end = _span(given, _zone_of(host), longest=availability.LONGEST_HOST, now=now)
        spans = availability.of_host(host, start=start, end=end, now=now)
        return success(availability=[shapes.span(part) for part in spans])


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
    # A week of days ends with a day, whatever the clocks do meanwhile.
    week = start + A_WEEK if isinstance(first, datetime) else first + A_WEEK
    last: datetime | date = given.get("end", week)
    if "end" in given and not isinstance(last, datetime):
        last = _day_after(last)
    end = _instant("end", last, zone)
    if end <= start:
        raise InvalidBookingRequest("end", "end_before_start")
    # Days are counted on the clock there: one may have 25 hours.
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
            return time_zones.begins(given, zone.info)
        return given.astimezone(UTC) if given.tzinfo else time_zones.at(given, zone.info)
    except time_zones.NoSuchTime as error:
        raise InvalidBookingRequest(field, "no_such_time", time=str(error), zone=zone.name) from error
    except OverflowError as error:
        raise InvalidBookingRequest(field, "out_of_range") from error
