"""Today, on which the office begins its day: the meetings by hour, whom to call, what needs attention, figures."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..models import Booking, RefusedAttempt
from ..services import texts
from ..services.backoffice import today
from . import booking_status, contact, followup_board, formatting, refused_attempt, viewer_timezone
from .attention_items import attention_groups, may, url

# How many people to call, and how many unbooked requests, are shown; the link leads to all of them.
MAX_SHOWN = 8
FIGURES = {
    "meetings": _("Meetings"),
    "booked": _("Bookings made"),
    "canceled": _("Meetings canceled"),
    "no_shows": _("No-shows marked"),
    "followups": _("Follow-ups due that day"),
}
# For each figure the time field and the filters of the list that shows its rows.
FILTERS: dict[str, tuple[str, dict[str, str]]] = {
    "meetings": ("start_at", {"status__exact": "confirmed"}),
    "booked": ("created_at", {}),
    "canceled": ("canceled_at", {"status__exact": "canceled"}),
    "no_shows": ("no_show_at", {}),
    "followups": ("scheduled_for", {}),
    "all": ("start_at", {}),
}


@dataclass(frozen=True, slots=True)
class MeetingRow:
    """One row of the day. `now_before`: the current time is between the previous row and this one."""

    key: str
    clock: SafeString
    url: str
    invitee: str
    phone: SafeString
    event: str
    color: str
    host: str
    state: SafeString
    past: bool
    canceled: bool
    join_url: str = ""
    no_show_url: str = ""
    undo_no_show_url: str = ""
    now_before: bool = False


@dataclass(frozen=True, slots=True)
class UnbookedRow:
    """What an agent could not book."""

    row: RefusedAttempt
    name: str
    phone: SafeString
    email: SafeString
    event: str
    wanted: SafeString | str
    last: SafeString
    agent: str
    book_url: str


def render(request: HttpRequest) -> str:
    """The content above Django's list of models, in the viewer's zone."""
    with timezone.override(viewer_timezone.zone(request)):
        return render_to_string("calendly_integration/admin/today.html", context(request), request=request)


def context(request: HttpRequest) -> dict[str, Any]:
    """Everything on the page, limited to what this person may view."""
    now, zone = timezone.now(), viewer_timezone.zone(request)
    on = today.chosen(request.GET.get("day", ""), zone=zone, now=now)
    return {
        "on": on,
        "title": texts.day(on.on, formatting.language()),
        "is_today": on.holds(now),
        "yesterday": on.on - timedelta(days=1),
        "tomorrow": on.on + timedelta(days=1),
        "zone": zone.key,
        "zones": today.zones_in_use(zone),
        "zone_url": url("preference_zone"),
        "odd_hours": int(on.hours) if on.hours != 24 else 0,
        "offset": _offset(on),
        "now": _clock(now, on),
        "figures": _figures(request, on, now),
        "attention_groups": attention_groups(request, now=now),
        **_schedule(request, on, now),
        **_calls(request, now),
        **_unbooked(request),
    }


def _schedule(request: HttpRequest, on: today.CalendarDay, now: datetime) -> dict[str, Any]:
    if not may(request, "view_booking"):
        return {"sees_bookings": False}
    found = today.meetings(on)
    past = [_is_past(row, now) for row in found.rows]
    turn = past.index(False) if False in past else len(past)
    marks = may(request, "mark_no_show")
    return {
        "sees_bookings": True,
        "meetings": [
            _meeting(row, on, now, marks=marks, now_before=on.holds(now) and number == turn)
            for number, row in enumerate(found.rows)
        ],
        "now_after": on.holds(now) and bool(past) and turn == len(past),
        "more": found.more,
        "all_url": _rows_url("booking", "all", on),
        "calendar_url": url("booking_calendar"),
        "list_url": url("booking_changelist"),
    }


def _is_past(row: Booking, now: datetime) -> bool:
    return (row.end_at or row.start_at or now) <= now


def _meeting(
    row: Booking, on: today.CalendarDay, now: datetime, *, marks: bool, now_before: bool
) -> MeetingRow:
    confirmed = row.status == Booking.Status.CONFIRMED
    begun = row.start_at is not None and row.start_at <= now
    name = formatting.plain(row.invitee_name or row.invitee_email, 80)
    color = row.event_type.color if row.event_type is not None else ""
    return MeetingRow(
        key=row.pk.hex,
        clock=_span(row, on),
        url=url("booking_change", row.pk),
        invitee=name,
        phone=contact.phone_link(row.phone, name),
        event=formatting.plain(row.event_name, 80),
        color=color if re.fullmatch(r"#[0-9a-fA-F]{3,8}", color) else "",
        host=formatting.plain(row.host, 60) if row.host else "",
        state=booking_status.badge(row),
        past=_is_past(row, now),
        canceled=row.status == Booking.Status.CANCELED,
        join_url=formatting.web_address(row.meeting_url) if confirmed and not _is_past(row, now) else "",
        no_show_url=url("booking_no_show", row.pk)
        if marks and confirmed and begun and row.no_show_at is None
        else "",
        undo_no_show_url=url("booking_undo_no_show", row.pk) if marks and row.no_show_at is not None else "",
        now_before=now_before,
    )


def _calls(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """The follow-ups that are overdue or due today."""
    if not may(request, "view_followup"):
        return {}
    found = today.followups_to_call(until=followup_board.day_start(now, 1))
    may_book = may(request, "add_booking")
    return {
        "sees_calls": True,
        "calls": [
            followup_board.card(row, me=request.user.pk, now=now, may_book=may_book)
            for row in found.rows[:MAX_SHOWN]
        ],
        "calls_count": _count(found),
        "calls_url": url("followup_changelist", due="now"),
        "board_url": url("followup_board"),
        "may_change": may(request, "change_followup"),
    }


def _unbooked(request: HttpRequest) -> dict[str, Any]:
    """What agents could not book."""
    if not may(request, "view_refusedattempt"):
        return {}
    found, may_book = today.unbooked(), may(request, "add_booking")
    return {
        "unbooked": [_unbooked_row(row, may_book) for row in found.rows[:MAX_SHOWN]],
        "unbooked_count": _count(found),
        "unbooked_url": url("refusedattempt_changelist", state="open"),
        "may_close_requests": may(request, "change_refusedattempt"),
    }


def _unbooked_row(row: RefusedAttempt, may_book: bool) -> UnbookedRow:
    name = formatting.plain(row.name or row.email, 60)
    return UnbookedRow(
        row=row,
        name=name,
        phone=contact.phone_link(row.phone, name),
        email=contact.email_link(row.email),
        event=formatting.plain(row.event_name, 60),
        wanted=formatting.brief(row.preferred_at) if row.preferred_at else "",
        last=formatting.brief(row.last_at),
        agent=formatting.plain(row.agent_key.name, 40) if row.agent_key else "",
        book_url=refused_attempt.book_for(row) if may_book else "",
    )


def _count(found: today.LimitedRows) -> str:
    return f"{len(found.rows)}+" if found.more else str(len(found.rows))


def _span(row: Booking, on: today.CalendarDay) -> SafeString:
    end = f"–{_clock(row.end_at, on)}" if row.end_at else ""
    assert row.start_at is not None  # the query filters by it
    return format_html(
        '<time datetime="{}" title="{}">{}{}</time>',
        texts.utc(row.start_at),
        formatting.stamp(row.start_at),
        _clock(row.start_at, on),
        end,
    )


def _clock(at: datetime | None, on: today.CalendarDay) -> str:
    """The time of day. On a day with a clock change with the offset, because an hour may occur twice."""
    if at is None:
        return ""
    local = at.astimezone(on.zone)
    return f"{local:%H:%M}" if on.hours == 24 else f"{local:%H:%M} {texts.offset(local)}"


def _offset(on: today.CalendarDay) -> str:
    """The zone's offset on that day; both where it changes."""
    last = on.end - timedelta(seconds=1)
    return " → ".join(dict.fromkeys(texts.offset(at.astimezone(on.zone)) for at in (on.start, last)))


def _figures(request: HttpRequest, on: today.CalendarDay, now: datetime) -> list[dict[str, Any]]:
    found: dict[str, today.Figure] = {}
    if may(request, "view_booking"):
        found |= today.booking_figures(on, now=now)
    if may(request, "view_followup"):
        found["followups"] = today.followup_figure(on)
    return [
        {
            "label": FIGURES[name],
            "count": figure.count,
            "change": f"{figure.change:+d}".replace("-", "−") if figure.change else "=",
            "before": figure.before,
            "url": _rows_url("followup" if name == "followups" else "booking", name, on),
        }
        for name, figure in found.items()
    ]


def _rows_url(model: str, figure: str, on: today.CalendarDay) -> str:
    """The list of the rows that a figure counts."""
    field, wanted = FILTERS[figure]
    period = {f"{field}__gte": on.start.isoformat(), f"{field}__lt": on.end.isoformat()}
    return url(f"{model}_changelist", **wanted, **period)
