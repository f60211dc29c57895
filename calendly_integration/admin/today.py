"""Today: the app's landing page. The day's meetings and figures, the machinery's health, what needs a hand."""

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
from . import formatting, nav, standing, viewer_timezone
from .attention_items import may, needs, url

FIGURES = {
    "meetings": _("Meetings"),
    "booked": _("Bookings made"),
    "canceled": _("Meetings canceled"),
    "no_shows": _("No-shows marked"),
    "followups": _("Follow-ups due that day"),
}
# What each counts, as the list of bookings filters: the field of time, and what else.
FILTERS: dict[str, tuple[str, dict[str, str]]] = {
    "meetings": ("start_at", {"status__exact": "confirmed"}),
    "booked": ("created_at", {}),
    "canceled": ("canceled_at", {"status__exact": "canceled"}),
    "no_shows": ("no_show_at", {}),
    "followups": ("scheduled_for", {}),
    "all": ("start_at", {}),
}


@dataclass(frozen=True, slots=True)
class Meeting:
    """One line of the schedule. `line`: the time is now, between the one before and this one."""

    clock: SafeString
    url: str
    invitee: str
    event: str
    state: SafeString
    past: bool
    off: bool
    line: bool = False


@dataclass(frozen=True, slots=True)
class OutboxQueue:
    """A host's day. `over`: the time is now, after the last of these."""

    host: str
    meetings: list[Meeting]
    over: bool


def board(request: HttpRequest) -> str:
    """The page above the stock list of models, in the viewer's zone."""
    with timezone.override(viewer_timezone.zone(request)):
        return render_to_string("calendly_integration/admin/today.html", context(request), request=request)


def context(request: HttpRequest) -> dict[str, Any]:
    """All that it shows, for whoever looks: nothing of which they may not see the rows."""
    now, zone = timezone.now(), viewer_timezone.zone(request)
    on = today.chosen(request.GET.get("day", ""), zone=zone, now=now)
    connections = today.connections() if may(request, "view_calendlyaccount") else []
    outbox = system_status.outbox() if may(request, "view_outboxmessage") else None
    worker = heartbeat.worker_alive(now)
    return {
        "places": nav.places(request),
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
        "health": _health(request, connections, outbox, worker),
        "needs": needs(request, connections=connections, outbox=outbox, worker=worker, now=now),
        **_schedule(request, on, now),
    }


def _schedule(request: HttpRequest, on: today.Day, now: datetime) -> dict[str, Any]:
    if not may(request, "view_booking"):
        return {"sees_bookings": False}
    found = today.meetings(on)
    by_host: dict[str, list[Booking]] = {}
    for booking in found.rows:
        name = formatting.plain(booking.host, 60) if booking.host else gettext("No host")
        by_host.setdefault(name, []).append(booking)
    return {
        "sees_bookings": True,
        "lanes": [_lane(name, rows, on, now) for name, rows in sorted(by_host.items())],
        "more": found.more,
        "all_url": _rows_url("booking", "all", on),
        "calendar_url": url("booking_calendar"),
        "list_url": url("booking_changelist"),
    }


def _lane(name: str, rows: list[Booking], on: today.Day, now: datetime) -> OutboxQueue:
    past = [(row.end_at or row.start_at or now) <= now for row in rows]
    turn = past.index(False) if False in past else len(rows)
    meetings = [
        Meeting(
            clock=_span(row, on),
            url=url("booking_change", row.pk),
            invitee=formatting.plain(row.invitee_name or row.invitee_email, 80),
            event=formatting.plain(row.event_name, 80),
            state=standing.badge(row),
            past=gone,
            off=row.status == Booking.Status.CANCELED,
            line=on.holds(now) and number == turn,
        )
        for number, (row, gone) in enumerate(zip(rows, past, strict=True))
    ]
    return OutboxQueue(name, meetings, over=on.holds(now) and turn == len(rows))


def _span(row: Booking, on: today.Day) -> SafeString:
    end = f"–{_clock(row.end_at, on)}" if row.end_at else ""
    assert row.start_at is not None  # it was found by it
    return format_html(
        '<time datetime="{}" title="{}">{}{}</time>',
        texts.utc(row.start_at),
        formatting.stamp(row.start_at),
        _clock(row.start_at, on),
        end,
    )


def _clock(at: datetime | None, on: today.Day) -> str:
    """The time of day. In a day on which the clocks change, with the offset: an hour may come twice."""
    if at is None:
        return ""
    local = at.astimezone(on.zone)
    return f"{local:%H:%M}" if on.hours == 24 else f"{local:%H:%M} {texts.offset(local)}"


def _offset(on: today.Day) -> str:
    """The zone's offset on that day, both where it changes."""
    last = on.end - timedelta(seconds=1)
    return " → ".join(dict.fromkeys(texts.offset(at.astimezone(on.zone)) for at in (on.start, last)))


def _figures(request: HttpRequest, on: today.Day, now: datetime) -> list[dict[str, Any]]:
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


def _rows_url(model: str, figure: str, on: today.Day) -> str:
    """The list of the rows that a figure counts."""
    field, wanted = FILTERS[figure]
    period = {f"{field}__gte": on.start.isoformat(), f"{field}__lt": on.end.isoformat()}
    return url(f"{model}_changelist", **wanted, **period)


def _health(
    request: HttpRequest,
    connections: list[CalendlyAccount],
    outbox: system_status.Pile | None,
    worker: heartbeat.WorkerState,
) -> list[dict[str, Any]]:
    """The strip: each part in a word, with its colour, and the way to it."""
    found = []
    if may(request, "view_calendlyaccount"):
        for row in connections[:3]:
            found += _of_connection(row, many=len(connections) > 1)
        word = gettext("at work") if worker.alive else gettext("silent")
        tone = "ok" if worker.alive else "failed"
        found.append(_part(_("Worker"), formatting.state(tone, word), "", url("connection_machine")))
    if outbox is not None:
        parked = outbox.counts.get("parked", 0)
        late = outbox.oldest is not None and timezone.now() - outbox.oldest > today.OUTBOX_OLD
        tone = "failed" if late or parked else "waiting" if outbox.oldest else "ok"
        word = (
            gettext("parked: %d") % parked
            if parked
            else gettext("waits")
            if outbox.oldest
            else gettext("empty")
        )
        since = formatting.instant(outbox.oldest) if outbox.oldest else ""
        found.append(_part(_("Outbox"), formatting.state(tone, word), since, url("message_changelist")))
    return found


def _of_connection(row: CalendlyAccount, *, many: bool) -> list[dict[str, Any]]:
    page = url("connection_change", row.pk)
    hook = row.subscription_state == "active"
    synced = row.events_synced_at or row.synced_at
    name = f" · {formatting.plain(row, 30)}" if many else ""
    return [
        _part(gettext("Token") + name, formatting.state(row.health, row.get_health_display()), "", page),
        _part(
            gettext("Webhook") + name,
            formatting.state(
                "ok" if hook else "failed", gettext("subscribed") if hook else gettext("not subscribed")
            ),
            "",
            page,
        ),
        _part(
            gettext("Last sync") + name,
            formatting.state("ok" if synced else "waiting", gettext("done") if synced else gettext("never")),
            formatting.instant(synced) if synced else "",
            url("syncrun_changelist"),
        ),
    ]


def _part(label: object, state: SafeString, note: object, link: str) -> dict[str, Any]:
    return {"label": label, "state": state, "note": note, "url": link}
