"""Today, the landing page of the app: the day's meetings and figures, the system's health, what needs
attention."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import Booking, CalendlyAccount
from ..services import texts
from ..services.backoffice import system_status, today
from ..services.worker import heartbeat
from . import booking_status, formatting, viewer_timezone
from .attention_items import attention_groups, may, url

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
    """One row of the schedule. `now_before`: the current time is between the previous row and this one."""

    clock: SafeString
    url: str
    invitee: str
    event: str
    state: SafeString
    past: bool
    canceled: bool
    now_before: bool = False


@dataclass(frozen=True, slots=True)
class HostDay:
    """A host's day. `now_after`: the current time is after the last meeting."""

    host: str
    meetings: list[MeetingRow]
    now_after: bool


def render(request: HttpRequest) -> str:
    """The content above Django's list of models, in the viewer's zone."""
    with timezone.override(viewer_timezone.zone(request)):
        return render_to_string("calendly_integration/admin/today.html", context(request), request=request)


def context(request: HttpRequest) -> dict[str, Any]:
    """Everything on the page, limited to what this person may view."""
    now, zone = timezone.now(), viewer_timezone.zone(request)
    on = today.chosen(request.GET.get("day", ""), zone=zone, now=now)
    accounts = today.accounts() if may(request, "view_calendlyaccount") else []
    outbox = system_status.outbox() if may(request, "view_outboxmessage") else None
    worker = heartbeat.worker_alive(now)
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
        "health": _health(request, accounts, outbox, worker),
        "attention_groups": attention_groups(
            request, accounts=accounts, outbox=outbox, worker=worker, now=now
        ),
        **_schedule(request, on, now),
    }


def _schedule(request: HttpRequest, on: today.CalendarDay, now: datetime) -> dict[str, Any]:
    if not may(request, "view_booking"):
        return {"sees_bookings": False}
    found = today.meetings(on)
    by_host: dict[str, list[Booking]] = {}
    for booking in found.rows:
        name = formatting.plain(booking.host, 60) if booking.host else gettext("No host")
        by_host.setdefault(name, []).append(booking)
    return {
        "sees_bookings": True,
        "host_days": [_host_day(name, rows, on, now) for name, rows in sorted(by_host.items())],
        "more": found.more,
        "all_url": _rows_url("booking", "all", on),
        "calendar_url": url("booking_calendar"),
        "list_url": url("booking_changelist"),
    }


def _host_day(name: str, rows: list[Booking], on: today.CalendarDay, now: datetime) -> HostDay:
    past = [(row.end_at or row.start_at or now) <= now for row in rows]
    turn = past.index(False) if False in past else len(rows)
    meetings = [
        MeetingRow(
            clock=_span(row, on),
            url=url("booking_change", row.pk),
            invitee=formatting.plain(row.invitee_name or row.invitee_email, 80),
            event=formatting.plain(row.event_name, 80),
            state=booking_status.badge(row),
            past=gone,
            canceled=row.status == Booking.Status.CANCELED,
            now_before=on.holds(now) and number == turn,
        )
        for number, (row, gone) in enumerate(zip(rows, past, strict=True))
    ]
    return HostDay(name, meetings, now_after=on.holds(now) and turn == len(rows))


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


def _health(
    request: HttpRequest,
    accounts: list[CalendlyAccount],
    outbox: system_status.StatusCounts | None,
    worker: heartbeat.WorkerState,
) -> list[dict[str, Any]]:
    """The health strip: each part with its status, its colour and a link."""
    found = []
    if may(request, "view_calendlyaccount"):
        for row in accounts[:3]:
            found += _account_parts(row, many=len(accounts) > 1)
        word = gettext("running") if worker.alive else gettext("not running")
        tone = "ok" if worker.alive else "failed"
        found.append(
            _part(_("Worker"), formatting.badge(tone, word), "", url("calendlyaccount_system_status"))
        )
    if outbox is not None:
        parked = outbox.counts.get("parked", 0)
        late = outbox.oldest is not None and timezone.now() - outbox.oldest > today.OUTBOX_LATE_AFTER
        tone = "failed" if late or parked else "waiting" if outbox.oldest else "ok"
        word = (
            gettext("parked: %d") % parked
            if parked
            else gettext("waiting")
            if outbox.oldest
            else gettext("empty")
        )
        since = formatting.instant(outbox.oldest) if outbox.oldest else ""
        found.append(_part(_("Outbox"), formatting.badge(tone, word), since, url("outboxmessage_changelist")))
    return found


def _account_parts(row: CalendlyAccount, *, many: bool) -> list[dict[str, Any]]:
    page = url("calendlyaccount_change", row.pk)
    hook = row.subscription_state == "active"
    synced = row.events_synced_at or row.synced_at
    name = f" · {formatting.plain(row, 30)}" if many else ""
    return [
        _part(gettext("Token") + name, formatting.badge(row.health, row.get_health_display()), "", page),
        _part(
            gettext("Webhook") + name,
            formatting.badge(
                "ok" if hook else "failed", gettext("subscribed") if hook else gettext("not subscribed")
            ),
            "",
            page,
        ),
        _part(
            gettext("Last sync") + name,
            formatting.badge("ok" if synced else "waiting", gettext("done") if synced else gettext("never")),
            formatting.instant(synced) if synced else "",
            url("syncrun_changelist"),
        ),
    ]


def _part(label: object, state: SafeString, note: object, link: str) -> dict[str, Any]:
    return {"label": label, "state": state, "note": note, "url": link}
