"""What the calendar asks the server for: the summary of a meeting, the question before a move, the page that
books a clicked hour, and when hosts cannot be booked."""

import uuid
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import Booking, Host
from ..services import texts, time_zones
from ..services.backoffice import calendar
from . import booking_status, calendar_texts, reassign, reschedule, slots, viewer_timezone
from .calendar_query import chosen_zone
from .read_only import ReadOnlyAdmin

# The actions in a meeting's summary.
OFFERED_ACTIONS = ("reschedule", "reassign", "no_show", "cancel")
# Calendly is asked about each of them.
MAX_HOSTS = 6
PAST = _("That time is over.")
GAP = _("That time does not exist in the night when the clocks change.")


class CalendarMeetingMixin(ReadOnlyAdmin[Booking]):
    """The part of the bookings' admin that answers the calendar."""

    def get_urls(self) -> list[URLPattern]:
        """These URLs come first, because Django's would take `calendar` for a booking's id."""
        own = (
            ("calendar/meeting/<path:object_id>/", "calendar_meeting", self.calendar_meeting_view),
            ("calendar/book/", "calendar_book", self.calendar_book_view),
            ("calendar/hours/", "calendar_hours", self.calendar_hours_view),
        )
        return [
            path(
                address,
                viewer_timezone.in_zone(self.admin_site.admin_view(view)),
                name=self.url_name(name),
            )
            for address, name, view in own
        ] + super().get_urls()

    def refused(self, request: HttpRequest) -> HttpResponse | None:
        """The answer to a request that does not only read. Raises PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return None if request.method in ("GET", "HEAD") else HttpResponseNotAllowed(["GET", "HEAD"])

    def calendar_meeting_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The summary of a meeting; with `at`, the question whether to move it there."""
        if refused := self.refused(request):
            return refused
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        zone, now = chosen_zone(request), timezone.now()
        if "at" in request.GET:
            return self._ask_move(request, row, zone, now)
        found = {each["name"]: each for each in self.buttons(request, row)}
        actions = [found[name] for name in OFFERED_ACTIONS if name in found]
        return self.page(
            request,
            "calendar_meeting.html",
            title="",
            booking=row,
            when=calendar_texts.when(row, zone) if row.start_at else "",
            badge=booking_status.badge(row),
            actions=actions,
        )

    def _ask_move(self, request: HttpRequest, row: Booking, zone: ZoneInfo, now: datetime) -> HttpResponse:
        """Ask before a move; lead to the page of the hand-over if it was dropped on a colleague; or say why
        neither is possible."""
        host = request.GET.get("host", "")
        given_away = bool(host) and host != str(row.host_id or "none")
        at, why = _instant(request.GET["at"], zone, now)
        if not self.may(request, "reschedule_booking"):
            why = gettext("You may view this meeting but not move it.")
        else:
            why = (reassign.blocked(row, now) if given_away else reschedule.blocked(row, now)) or why
        if at is not None and given_away and not why:
            query = urlencode({"host": host, "start": texts.utc(at)})
            return HttpResponse(headers={"HX-Redirect": f"{self.url('reassign', row)}?{query}"})
        return self.page(
            request,
            "calendar_meeting.html",
            title="",
            booking=row,
            why=why,
            at=texts.utc(at) if at else "",
            before=slots.start_text(row.start_at, zone) if row.start_at else "",
            after=slots.start_text(at, zone) if at else "",
            move_url=self.url("reschedule", row),
            calendar=urlsplit(request.headers.get("HX-Current-URL", "")).query,
        )

    def calendar_book_view(self, request: HttpRequest) -> HttpResponse:
        """Lead to the page that books the clicked hour, or day, with the host of the column."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        given = {name: request.GET[name] for name in ("host", "event_type") if request.GET.get(name)}
        with suppress(ValueError):
            given["from"] = date.fromisoformat(request.GET.get("at", "")).isoformat()
        if "from" not in given:
            at, why = _instant(request.GET.get("at", ""), chosen_zone(request), timezone.now())
            if at is not None:
                given["start"] = texts.utc(at)
            if why:
                messages.warning(request, why)
        return HttpResponseRedirect(f"{self.url('add')}?{urlencode(given)}")

    def calendar_hours_view(self, request: HttpRequest) -> HttpResponse:
        """When the hosts cannot be booked in these days, to be greyed."""
        if refused := self.refused(request):
            return refused
        zone, now = chosen_zone(request), timezone.now()
        try:
            on = calendar.days(request.GET.get("start", ""), request.GET.get("end", ""), zone)
        except calendar.InvalidDays:
            return JsonResponse({"hours": []})
        hosts = Host.objects.filter(pk__in=_ids(request.GET.getlist("host")), active=True)
        found = [
            {
                "host": str(host.pk),
                "start": calendar.wall_clock(each.start, zone).isoformat(timespec="seconds"),
                "end": calendar.wall_clock(each.end, zone).isoformat(timespec="seconds"),
                "kind": each.kind,
            }
            for host in hosts.select_related("account")[:MAX_HOSTS]
            for each in calendar.host_hours(host, on=on, now=now)
        ]
        return JsonResponse({"hours": found})


def _instant(wall: str, zone: ZoneInfo, now: datetime) -> tuple[datetime | None, str]:
    """The instant of a time on the wall clock, the first where the clocks show it twice; or why nothing can be
    there."""
    try:
        at = time_zones.at(datetime.fromisoformat(wall[:19]), zone)
    except time_zones.NoSuchTime:
        return None, str(GAP)
    except (ValueError, OverflowError):
        return None, gettext("This is not a time.")
    return (at, "") if at > now else (None, str(PAST))


def _ids(given: Iterable[str]) -> list[uuid.UUID]:
    found: list[Any] = []
    for each in given:
        with suppress(ValueError):
            found.append(uuid.UUID(each[:64]))
    return found
