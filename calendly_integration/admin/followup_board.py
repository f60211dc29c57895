"""The board of follow-ups: four columns of cards, each card with its next steps."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..models import FollowUp
from ..services.backoffice import followups
from . import contact, display, formatting
from .read_only import ReadOnlyAdmin

Status = FollowUp.Status
DUE = {"overdue": _("overdue"), "today": _("today"), "later": _("later")}
TONES = {"overdue": "bad", "today": "wait", "later": "off"}
WHY = {
    FollowUp.Kind.RESCHEDULE: _("The invitee canceled"),
    FollowUp.Kind.REBOOK: _("We canceled"),
}
COLUMNS = (
    (Status.PLANNED, _("To do"), _("There is nothing to do.")),
    (Status.SENT, _("Waiting for an answer"), _("No follow-up is waiting.")),
    (Status.REBOOKED, _("Booked again"), _("None was booked again in the past 30 days.")),
    (Status.CLOSED, _("Closed"), _("None was closed in the past 30 days.")),
)
ASSIGNEES = (("", _("All")), ("me", _("Mine")), ("unassigned", _("Unassigned")))
MAX_OPEN, MAX_ENDED, ENDED_WITHIN = 100, 50, timedelta(days=30)
# When staff call people whose call was put off to another day.
CALL_AT = time(9)


@dataclass(frozen=True, slots=True)
class FollowUpCard:
    """A follow-up as the board, its own page and Today show it."""

    row: FollowUp
    url: str
    due: SafeString
    at: SafeString
    name: str
    phone: SafeString
    email: SafeString
    meeting: SafeString
    met: SafeString
    why: str
    calls: str
    note: SafeString | str
    message: SafeString | str
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
    cards: list[FollowUpCard]
    count: int
    url: str
    is_cut: bool


def day_start(now: datetime, days: int = 0) -> datetime:
    """The start of the viewer's day, so many days later."""
    here = timezone.localtime(now) + timedelta(days=days)
    return here.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def call_time(now: datetime, days: int) -> datetime:
    """When to call so many days later."""
    return day_start(now, days).replace(hour=CALL_AT.hour, minute=CALL_AT.minute)


def next_working_day(now: datetime) -> datetime:
    """When to call on the next day that is no weekend."""
    return next(at for days in (1, 2, 3) if (at := call_time(now, days)).weekday() < 5)


def badge(row: FollowUp, now: datetime) -> SafeString:
    """Overdue (since an earlier day), today or later; empty for a closed one."""
    if row.status not in followups.OPEN:
        return SafeString("")
    at = row.scheduled_for
    key = "overdue" if at < day_start(now) else "today" if at < day_start(now, 1) else "later"
    return format_html(
        '<span class="calendly"><span class="state state-{}">{}</span></span>', TONES[key], DUE[key]
    )


def why(row: FollowUp) -> str:
    """Who canceled, and the reason."""
    who = str(WHY.get(FollowUp.Kind(row.kind), "")) if row.kind in FollowUp.Kind.values else ""
    reason = formatting.plain(row.booking.cancel_reason, 200)
    return (
        f"{who}: „{reason}”"
        if reason and formatting.language() == "ro"
        else (f"{who}: “{reason}”" if reason else who)
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
    return contact.book_for(
        event_type=booking.event_type_id,
        name=booking.invitee_name,
        email=row.email,
        phone=booking.phone,
        timezone=booking.time_zone,
        time_zone=booking.time_zone,
        conversation=row.conversation_id,
        followup=row.pk,
    )


def card(row: FollowUp, *, me: object, now: datetime, may_book: bool) -> FollowUpCard:
    """A follow-up, ready for a page."""
    booking, is_open = row.booking, row.status in followups.OPEN
    name = formatting.plain(booking.invitee_name or row.email, 60)
    calls, at = row.unanswered_calls, row.scheduled_for if is_open else row.closed_at
    due_today = is_open and day_start(now) <= row.scheduled_for < day_start(now, 1)
    return FollowUpCard(
        row=row,
        url=reverse("admin:calendly_integration_followup_change", args=[row.pk]),
        due=badge(row, now),
        at=formatting.brief(at, clock_only=due_today),
        name=name,
        phone=contact.phone_link(booking.phone, name),
        email=contact.email_link(row.email),
        meeting=display.object_link(booking, booking.event_name or booking),
        met=formatting.brief(booking.start_at),
        why=why(row),
        calls=ngettext("%d call without an answer", "%d calls without an answer", calls) % calls
        if calls
        else "",
        note=formatting.text(row.note, 300) if row.note else "",
        message=formatting.text(row.message, formatting.LONG) if row.message else "",
        assignee=formatting.plain(row.assignee or "", 60),
        mine=row.assignee_id is not None and row.assignee_id == me,
        book_again=book_again(row) if may_book and is_open else "",
        rebooking=display.object_link(row.rebooking) if row.rebooking else "",
        open=is_open,
    )


def view(page: ReadOnlyAdmin[FollowUp], request: HttpRequest) -> HttpResponse:
    """The board."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    now, whose = timezone.now(), request.GET.get("assigned", "")
    may_book = page.may(request, "add_booking")
    return page.page(
        request,
        "followup_board.html",
        title=gettext("Follow-ups"),
        columns=_columns(page, request, whose, now, may_book),
        whose=[(key, label, key == whose) for key, label in ASSIGNEES],
        may_change=page.may(request, "change_followup"),
        me=request.user.pk,
        css=("calendly_integration/followup_board.css",),
        js=("calendly_integration/followups.js",),
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
        part = rows.filter(recent, status=status).select_related("booking", "assignee", "rebooking")
        part = part.order_by("scheduled_for", "pk") if is_open else part.order_by("-closed_at", "-pk")
        most, count = MAX_OPEN if is_open else MAX_ENDED, counts.get(status, 0)
        asked = {"status__exact": status.value, **({"assigned": whose} if whose else {})}
        found.append(
            BoardColumn(
                key=status.value,
                label=label,
                empty=empty,
                cards=[card(row, me=request.user.pk, now=now, may_book=may_book) for row in part[:most]],
                count=count,
                url=f"{page.url('changelist')}?{urlencode(asked)}",
                is_cut=count > most,
            )
        )
    return found
