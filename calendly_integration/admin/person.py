"""The page of a person: all that is known under one e-mail address."""

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from ..models import Booking, FollowUp, TimelineEntry, VAIMetadata
from ..services import error_texts
from . import booking_status, contact, formatting, viewer_timezone
from .display import object_link
from .read_only import ReadOnlyAdmin

PER_PAGE = 50
# Of everything but the meetings only the newest are shown.
MAX_FOUND = 10


class PersonMixin(ReadOnlyAdmin[Booking]):
    """The part of the bookings' admin that shows a person."""

    def get_urls(self) -> list[URLPattern]:
        """The page comes first, because Django's URLs would take `person` for a booking's id."""
        view = viewer_timezone.in_zone(self.admin_site.admin_view(self.person_view))
        return [path("person/", view, name=self.url_name("person")), *super().get_urls()]

    def person_view(self, request: HttpRequest) -> HttpResponse:
        """The person of `?email=`, whatever the case of the address."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        email = request.GET.get("email", "").strip()[:320].replace("\0", "")
        rows = Booking.objects.of_email(email) if email else Booking.objects.none()
        pages = Paginator(rows.select_related("host").order_by("-start_at", "-pk"), PER_PAGE)
        shown = pages.get_page(request.GET.get("page"))
        newest = rows.order_by("-created_at", "-id").first()
        name = newest.invitee_name if newest is not None else ""
        return self.page(
            request,
            "person.html",
            title=formatting.plain(name or email) or _("Unknown person"),
            email=email,
            mail=contact.email_link(newest.invitee_email if newest is not None else email, 320),
            figures=_figures(rows),
            facts=_facts(rows),
            followups=_followups(rows),
            notes=_notes(rows),
            meetings=[_meeting(row) for row in shown],
            shown=shown,
            query=urlencode({"email": email}),
            add_url=_add_url(email, newest) if self.has_add_permission(request) else "",
            css=("calendly_integration/booking.css",),
        )


def _figures(rows: QuerySet[Booking]) -> list[str]:
    """How many meetings, cancellations, moves and no-shows."""
    found = rows.aggregate(
        meetings=Count("pk"),
        upcoming=Count("pk", filter=Q(status=Booking.Status.CONFIRMED, start_at__gt=timezone.now())),
        canceled=Count("pk", filter=Q(status=Booking.Status.CANCELED)),
        missed=Count("pk", filter=Q(no_show_at__isnull=False)),
    )
    moved = TimelineEntry.objects.filter(
        action="rescheduled", booking__in=rows.order_by().values("pk")
    ).count()
    figures = [
        ngettext("%d meeting", "%d meetings", found["meetings"]) % found["meetings"],
        ngettext("%d upcoming", "%d upcoming", found["upcoming"]) % found["upcoming"],
        ngettext("%d cancellation", "%d cancellations", found["canceled"]) % found["canceled"],
        ngettext("moved %d time", "moved %d times", moved) % moved,
        ngettext("%d no-show", "%d no-shows", found["missed"]) % found["missed"],
    ]
    counts = (1, found["upcoming"], found["canceled"], moved, found["missed"])
    return [figure for figure, count in zip(figures, counts, strict=True) if count]


def _facts(rows: QuerySet[Booking]) -> list[tuple[Any, Any]]:
    """Names, phones, zones, languages and conversations, each once."""

    def distinct(field: str) -> list[str]:
        found = rows.exclude(**{field: ""}).order_by(field).values_list(field, flat=True).distinct()
        return list(found[:MAX_FOUND])

    conversations = (
        VAIMetadata.objects.filter(booking__in=rows.order_by().values("pk"))
        .exclude(conversation_id="")
        .order_by("conversation_id")
        .values_list("conversation_id", flat=True)
        .distinct()[:MAX_FOUND]
    )
    names, search = distinct("invitee_name"), reverse("admin:calendly_integration_booking_changelist")
    lines: list[tuple[Any, list[Any]]] = [
        (_("Phone"), [contact.phone_link(each) or formatting.text(each) for each in distinct("phone")]),
        (_("Also called"), [formatting.text(each) for each in names] if len(names) > 1 else []),
        (_("Time zone"), [formatting.text(each) for each in distinct("time_zone")]),
        (_("Language"), [formatting.language_name(each) for each in distinct("locale")]),
        (
            _("Conversations"),
            [formatting.link_to(f"{search}?{urlencode({'q': each})}", each) for each in conversations],
        ),
    ]
    return [(label, formatting.lines(values)) for label, values in lines if values]


def _followups(rows: QuerySet[Booking]) -> list[dict[str, Any]]:
    found = FollowUp.objects.filter(booking__in=rows.order_by().values("pk")).order_by("-pk")[:MAX_FOUND]
    return [
        {
            "link": object_link(each),
            "state": formatting.badge(each.status, each.get_status_display()),
            "due": formatting.instant(each.scheduled_for),
            "note": formatting.text(each.note, formatting.LONG) if each.note else "",
        }
        for each in found
    ]


def _notes(rows: QuerySet[Booking]) -> list[dict[str, Any]]:
    """The notes of staff and of agents on the newest meetings that have one. Agents often repeat theirs."""
    found = rows.filter(~Q(staff_note="") | Q(metadata__notes__gt="")).select_related("metadata")
    notes: dict[str, dict[str, Any]] = {}
    for row in found.order_by("-start_at", "-pk")[:MAX_FOUND]:
        kept = getattr(row, "metadata", None)
        link = object_link(row, formatting.stamp(row.start_at) if row.start_at else _("No time yet."))
        if row.staff_note:
            notes.setdefault(row.staff_note, {"by": _("staff"), "link": link, "text": _long(row.staff_note)})
        if kept is not None and kept.notes:
            notes.setdefault(kept.notes, {"by": _("agent"), "link": link, "text": _long(kept.notes)})
    return list(notes.values())


def _long(text: str) -> str:
    return formatting.text(text, formatting.LONG)


def _meeting(row: Booking) -> dict[str, Any]:
    here = timezone.get_current_timezone()
    stands = row.status == Booking.Status.CONFIRMED
    when = formatting.span(row.start_at, row.end_at, here) if row.start_at else _("No time yet.")
    return {
        "link": object_link(row, when),
        "relative": formatting.relative(row.start_at, timezone.now()) if row.start_at and stands else "",
        "event": formatting.text(row.event_name),
        "host": formatting.text(row.host),
        "state": booking_status.badge(row),
        "by": pgettext("canceled", "by %s") % formatting.plain(row.canceled_by, 60)
        if row.canceled_by
        else "",
        "reason": formatting.text(error_texts.said(row.cancel_reason), 300) if row.cancel_reason else "",
    }


def _add_url(email: str, newest: Booking | None) -> str:
    if newest is None:
        return contact.book_for(email=email)
    return contact.book_for(
        name=newest.invitee_name,
        email=newest.invitee_email,
        phone=newest.phone,
        timezone=newest.time_zone,
    )
