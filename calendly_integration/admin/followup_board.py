"""The board of follow-ups: four columns of cards, each card with its next steps."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..models import FollowUp
from ..services.backoffice import followups
from . import display, formatting
from .read_only import ReadOnlyAdmin

DUE = {"overdue": _("overdue"), "today": _("today"), "later": _("later")}
TONES = {"overdue": "bad", "today": "wait", "later": "off"}
COLUMNS = (
    (FollowUp.Status.OPEN, _("To do"), _("There is nothing to do.")),
    (FollowUp.Status.WAITING, _("Waiting"), _("No follow-up is waiting.")),
    (FollowUp.Status.REBOOKED, _("Rebooked"), _("None was rebooked in the past 30 days.")),
    (FollowUp.Status.CLOSED, _("Closed"), _("None was closed in the past 30 days.")),
)
ASSIGNEES = (("", _("All")), ("me", _("Mine")), ("unassigned", _("Unassigned")))
MAX_OPEN, MAX_ENDED, ENDED_WITHIN = 100, 50, timedelta(days=30)


@dataclass(frozen=True, slots=True)
class BoardCard:
    """A follow-up on the board."""

    row: FollowUp
    url: str
    due: SafeString
    at: SafeString
    invitee: str
    email: SafeString
    meeting: SafeString
    met: SafeString
    message: SafeString
    note: str
    assignee: str
    mine: bool
    book_again: str
    rebooking: SafeString | str
    open: bool


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """A column: its cards, their total number, and the URL of the full list."""

    key: str
    label: Any
    empty: Any
    cards: list[BoardCard]
    count: int
    url: str
    is_cut: bool


def tomorrow(now: datetime) -> datetime:
    """The start of the viewer's next day."""
    here = timezone.localtime(now)
    return (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def badge(row: FollowUp, now: datetime) -> SafeString:
    """Overdue, today or later; empty for a closed one."""
    if row.status not in followups.OPEN:
        return SafeString("")
    at = row.scheduled_for
    key = "overdue" if at < now else "today" if at < tomorrow(now) else "later"
    return format_html(
        '<span class="calendly"><span class="state state-{}">{}</span></span>', TONES[key], DUE[key]
    )


def filter_by_assignee(rows: QuerySet[FollowUp], whose: str, me: Any) -> QuerySet[FollowUp]:
    """Those assigned to `me`, to no one, or to others; all for any other value."""
    if whose == "me":
        return rows.filter(assignee=me)
    if whose == "unassigned":
        return rows.filter(assignee=None)
    return rows.exclude(assignee=None).exclude(assignee=me) if whose == "others" else rows


def book_again(row: FollowUp) -> str:
    """The URL of the booking page, with all known values filled in."""
    booking = row.booking
    known = {
        "event_type": booking.event_type_id,
        "name": booking.invitee_name,
        "email": row.email,
        "phone": booking.phone,
        "timezone": booking.time_zone,
        "conversation": row.conversation_id,
        "followup": row.pk,
    }
    filled = urlencode({key: value for key, value in known.items() if value})
    return f"{reverse('admin:calendly_integration_booking_add')}?{filled}"


def view(page: ReadOnlyAdmin[FollowUp], request: HttpRequest) -> HttpResponse:
    """The board."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    now, whose = timezone.now(), request.GET.get("assigned", "")
    may_change, may_book = page.may(request, "change_followup"), page.may(request, "add_booking")
    return page.page(
        request,
        "followup_board.html",
        title=_("Follow-ups"),
        columns=_columns(page, request, whose, now, may_book),
        whose=[(key, label, key == whose) for key, label in ASSIGNEES],
        may_change=may_change,
        me=request.user.pk,
        css=("calendly_integration/followup_board.css",),
    )


def _columns(
    page: ReadOnlyAdmin[FollowUp], request: HttpRequest, whose: str, now: datetime, may_book: bool
) -> list[BoardColumn]:
    rows = filter_by_assignee(FollowUp.objects.all(), whose, request.user.pk)
    recent = Q(status__in=followups.OPEN) | Q(closed_at__gte=now - ENDED_WITHIN)
    counted = rows.filter(recent).order_by().values_list("status").annotate(Count("pk"))
    counts: dict[str, int] = dict(counted)
    found = []
    for status, label, empty in COLUMNS:
        is_open = status in followups.OPEN
        part = rows.filter(recent, status=status).select_related(
            "booking", "booking__event_type", "assignee", "rebooking"
        )
        part = part.order_by("scheduled_for", "pk") if is_open else part.order_by("-closed_at", "-pk")
        most, count = MAX_OPEN if is_open else MAX_ENDED, counts.get(status, 0)
        asked = {"status__exact": status.value, **({"assigned": whose} if whose else {})}
        found.append(
            BoardColumn(
                key=status.value,
                label=label,
                empty=empty,
                cards=[_card(page, row, request.user.pk, now, may_book) for row in part[:most]],
                count=count,
                url=f"{page.url('changelist')}?{urlencode(asked)}",
                is_cut=count > most,
            )
        )
    return found


def _card(
    page: ReadOnlyAdmin[FollowUp], row: FollowUp, me: object, now: datetime, may_book: bool
) -> BoardCard:
    booking, is_open = row.booking, row.status in followups.OPEN
    return BoardCard(
        row=row,
        url=page.url("change", row),
        due=badge(row, now),
        at=formatting.instant(row.scheduled_for if is_open else row.closed_at),
        invitee=formatting.plain(booking.invitee_name or row.email, 60),
        email=formatting.text(row.email, 80),
        meeting=display.object_link(booking, booking.event_name or booking),
        met=formatting.instant(booking.start_at),
        message=formatting.text(row.message, 300),
        note=formatting.plain(row.note, 200),
        assignee=formatting.plain(row.assignee or "", 60),
        mine=row.assignee_id is not None and row.assignee_id == me,
        book_again=book_again(row) if may_book and is_open else "",
        rebooking=display.object_link(row.rebooking) if row.rebooking else "",
        open=is_open,
    )
