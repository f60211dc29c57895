"""Exports of the list of bookings, with its filters and search."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ..models import Booking
from ..services import mapping
from ..services.backoffice import exports
from . import formatting, saved_view

logger = logging.getLogger("calendly.admin")
CHUNK_SIZE = 1000
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def links(page: Any, request: HttpRequest) -> list[tuple[str, str]]:
    """The export links with the present query string; none without the permission."""
    if not page.may(request, "export_booking"):
        return []
    query = request.GET.copy()
    query.pop("p", None)
    asked = f"?{query.urlencode()}" if query else ""
    return [(page.url("export_csv") + asked, "CSV"), (page.url("export_xlsx") + asked, "Excel")]


def as_csv(page: Any, request: HttpRequest) -> HttpResponseBase:
    """Stream a CSV file."""
    rows = _listed_rows(page, request, "csv")
    if isinstance(rows, HttpResponseBase):
        return rows
    lines = exports.csv_lines(head=_headings(), rows=rows)
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{_file_name()}.csv"'
    return answer


def as_xlsx(page: Any, request: HttpRequest) -> HttpResponseBase:
    """Send an Excel file."""
    rows = _listed_rows(page, request, "xlsx")
    if isinstance(rows, HttpResponseBase):
        return rows
    file = exports.xlsx(head=_headings(), rows=rows, name=_("Bookings"))
    return FileResponse(file, as_attachment=True, filename=f"{_file_name()}.xlsx", content_type=XLSX_TYPE)


def _listed_rows(page: Any, request: HttpRequest, kind: str) -> Iterator[list[exports.Cell]] | HttpResponse:
    """The rows of the list, or the response that refuses."""
    if not (page.has_view_permission(request) and page.may(request, "export_booking")):
        raise PermissionDenied
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    asked = page.get_changelist_instance(request)
    if asked.refused:  # the list shows the reason
        return HttpResponseRedirect(f"{page.url('changelist')}?{request.GET.urlencode()}")
    # The log has the person and the filters, but not the search term, which may be personal data.
    filters = sorted(key for key in request.GET if key in saved_view.KEPT_PARAMETERS)
    logger.info("Bookings exported: kind=%s person=%s filters=%s", kind, request.user.pk, ",".join(filters))
    return _rows(asked.queryset.defer(None), timezone.get_current_timezone(), formatting.language())


def _headings() -> list[str]:
    zone = timezone.get_current_timezone_name()
    return [
        _("Number"),
        _("Start (%s)") % zone,
        _("End (%s)") % zone,
        _("Start (UTC)"),
        _("Status"),
        _("Source"),
        _("Event type"),
        _("Host"),
        _("Invitee"),
        _("E-mail"),
        _("Phone"),
        _("Invitee's time zone"),
        _("Guests"),
        _("Answers"),
        _("Conversation"),
        _("Kind of agent"),
        _("Notes"),
        _("Reason"),
        _("Canceled by"),
        _("Canceled at (%s)") % zone,
        _("No-show marked at (%s)") % zone,
        _("Calendly's event id"),
        _("Created at (%s)") % zone,
    ]


def _rows(rows: Any, zone: tzinfo, language: str) -> Iterator[list[exports.Cell]]:
    """One row at a time. A stream is written after the view has returned, so zone and language are
    parameters."""

    def at(moment: datetime | None) -> datetime | None:
        return moment.astimezone(zone).replace(tzinfo=None) if moment is not None else None

    with translation.override(language):
        status = {value: str(words) for value, words in Booking.Status.choices}
        source = {value: str(words) for value, words in Booking.Source.choices}
    related = rows.select_related("event_type", "host", "metadata", "current_calendly_booking")
    for row in related.iterator(chunk_size=CHUNK_SIZE):
        known, current = getattr(row, "metadata", None), row.current_calendly_booking
        answers = mapping.answers(current.invitee_raw) if current is not None else ()
        yield [
            str(row.pk),
            at(row.start_at),
            at(row.end_at),
            row.start_at.astimezone(UTC).replace(tzinfo=None) if row.start_at else None,
            status.get(row.status, row.status),
            source.get(row.source, row.source),
            row.event_name,
            row.host.name if row.host else "",
            row.invitee_name,
            row.invitee_email,
            row.phone,
            row.time_zone,
            ", ".join(mapping.guests(current.event_raw)) if current is not None else "",
            "\n".join(f"{each.question}: {each.answer}" for each in answers),
            known.conversation_id if known else "",
            known.agent_type if known else "",
            known.notes if known else "",
            row.cancel_reason,
            row.canceled_by,
            at(row.canceled_at),
            at(row.no_show_at),
            row.event_id,
            at(row.created_at),
        ]


def _file_name() -> str:
    return f"bookings-{timezone.localtime():%Y-%m-%d-%H%M}"
