"""What can be booked, with whom, and when."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from rest_framework.request import Request

from ..models import AgentKey, Host
from ..services import availability, catalog, wording, zones
from ..services.scheduling import FURTHEST, InvalidWish
from ..services.zones import Zone
from . import documents, shapes
from .base import AgentView, Answer, success
from .fields import Moment, Shape, Text

READ = AgentKey.Scope.READ
A_WEEK = timedelta(days=7)


class EventTypesView(AgentView):
    """What can be booked."""

    rights = {"GET": READ}

    @documents.described(documents.EVENT_TYPES)
    def get(self, request: Request) -> Answer:
        """All event types that are open to this agent, inactive ones too."""
        kinds = catalog.event_types(key_id=self.key.pk).prefetch_related("hosts")
        return success(eventTypes=[shapes.event_type(kind) for kind in kinds])


class HostsView(AgentView):
    """Who hosts meetings."""

    rights = {"GET": READ}

    @documents.described(documents.HOSTS)
    def get(self, request: Request) -> Answer:
        """All active hosts."""
        return success(hosts=[shapes.host(each) for each in catalog.hosts()])


class SpanQuery(Shape):
    """From when to when."""

    start = Moment(required=False, help_text="Default: now.")
    end = Moment(required=False, help_text="Default: seven days after the start.")


class AvailabilityQuery(SpanQuery):
    """Free times of what, from when to when, in whose zone."""

    eventType = Text(help_text="Name, slug, URI or id of an active event type.")
    timezone = Text(required=False, max_length=64, help_text="The invitee's zone, such as Europe/Bucharest.")


class AvailabilityView(AgentView):
    """Free starts of an event type."""

    rights = {"GET": READ}

    @documents.described(documents.AVAILABILITY, AvailabilityQuery)
    def get(self, request: Request) -> Answer:
        """Asked of Calendly now."""
        given, now = self.query(AvailabilityQuery), timezone.now()
        kind = catalog.find(given["eventType"], key_id=self.key.pk)
        zone = _zone(given.get("timezone", ""))
        start, end = _span(given, zone, longest=availability.LONGEST, now=now)
        slots = availability.offered(kind, start=start, end=end, now=now)
        return success(slots=[shapes.slot(slot, zone) for slot in slots], asOf=wording.utc(now))


class HostAvailabilityView(AgentView):
    """A host's time."""

    rights = {"GET": READ}

    @documents.described(documents.HOST_AVAILABILITY, documents.HOST_IN_PATH, SpanQuery)
    def get(self, request: Request, id: str) -> Answer:
        """Busy and, within the working hours, available spans."""
        given, now = self.query(SpanQuery), timezone.now()
        host = catalog.find_host(id)
        start, end = _span(given, _zone_of(host), longest=availability.LONGEST_HOST, now=now)
        spans = availability.of_host(host, start=start, end=end, now=now)
        return success(availability=[shapes.span(part) for part in spans])


def _zone(name: str) -> Zone:
    """The zone in which times are read and written. Raises UnknownZone."""
    if name:
        return Zone(zones.named(name).key, "explicit", "high")
    return Zone(zones.default_name(), "default", "low")


def _zone_of(host: Host) -> Zone:
    try:
        return _zone(host.time_zone)
    except zones.UnknownZone:
        return _zone("")


def _span(
    given: dict[str, Any], zone: Zone, *, longest: timedelta, now: datetime
) -> tuple[datetime, datetime]:
    """From when to when, in UTC. Raises InvalidWish: backwards, too long, too far away."""
    start = _instant("start", given["start"], zone) if "start" in given else now
    if not now - FURTHEST < start < now + FURTHEST:
        raise InvalidWish("start", "out_of_range")
    end = _instant("end", given["end"], zone) if "end" in given else start + A_WEEK
    if end <= start:
        raise InvalidWish("end", "end_before_start")
    if end - start > longest:
        raise InvalidWish("end", "too_long", days=str(longest.days))
    return start, end


def _instant(field: str, given: datetime, zone: Zone) -> datetime:
    try:
        return given.astimezone(UTC) if given.tzinfo else zones.at(given, zone.info)
    except zones.NoSuchTime as error:
        raise InvalidWish(field, "no_such_time", time=str(error), zone=zone.name) from error
    except OverflowError as error:
        raise InvalidWish(field, "out_of_range") from error
