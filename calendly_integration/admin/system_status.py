"""The machine room: what waits, what is stuck, what runs, each with the way to what mends it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from ..models import CalendlyAccount, OutboxMessage, WebhookDelivery
from ..services.backoffice import system_status
from . import display, formatting

if TYPE_CHECKING:
    from .read_only import ReadOnlyAdmin

APP = "calendly_integration"


def room(page: "ReadOnlyAdmin[CalendlyAccount]", request: HttpRequest) -> HttpResponse:
    """The page, for whoever may see connections. Each part is shown to those who may see its rows."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    now = timezone.now()
    parts = [
        (None, _queue(now)),
        ("webhookdelivery", _inbox),
        ("outboxmessage", _outbox),
        ("calendlybooking", _legs),
        ("syncrun", _sync_runs),
        ("bulkrun", _bulk_runs),
    ]
    chosen = [
        part(page, request) if callable(part) else part
        for model, part in parts
        if model is None or page.may(request, f"view_{model}")
    ]
    return page.page(
        request,
        "machine.html",
        title=_("Machine room"),
        parts=chosen,
        asked_at=formatting.instant(now, seconds=True),
        css=("calendly_integration/machine.css",),
        ways=_ways(page, request),
        has_view_permission=True,
    )


def _ways(page: "ReadOnlyAdmin[CalendlyAccount]", request: HttpRequest) -> list[dict[str, Any]]:
    row = system_status.account()
    if row is None:
        return []
    ways = [{"label": gettext("The connection"), "url": page.url("change", row)}]
    if page.may(request, "manage_calendlyaccount"):
        ways += [
            {"label": gettext("Check now"), "url": page.url("check", row)},
            {"label": gettext("Sync now"), "url": page.url("sync", row)},
        ]
    return ways


def _list(model: str, **wanted: str) -> str:
    """The address of a list, with a filter; empty where the portal has taken it out of its admin."""
    try:
        return reverse(f"admin:{APP}_{model}_changelist", query=wanted or None)
    except NoReverseMatch:
        return ""


def _ago(at: datetime | None) -> SafeString:
    return formatting.instant(at) if at is not None else SafeString(formatting.NOTHING)


def _counts(model: str, counts: Mapping[str, int], labels: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "state": formatting.state(status if counts.get(status) else "off", label),
            "count": counts.get(status, 0),
            "url": _list(model, status__exact=status) if counts.get(status) else "",
        }
        for status, label in labels.items()
    ]


def _queue(now: datetime) -> dict[str, Any]:
    state, next_runs = system_status.queue(now=now)
    age, alive = state.worker.age, state.worker.alive
    seen = gettext("never seen") if age is None else gettext("last seen %s ago") % _span(age)
    mark = formatting.state("ok" if alive else "failed", _("at work") if alive else _("away"))
    notes = []
    if not alive:
        notes.append(
            gettext("No worker is at work: nothing is sent or applied. Start one: manage.py calendly_worker")
        )
    if state.waiting is None:
        notes.append(
            gettext(
                "The queue does not answer: only a plain qcluster needs it. Start Redis, or unset REDIS_URL."
            )
        )
    notes += [
        gettext("Schedule out of order: %s") % formatting.plain(fault, 200) for fault in state.schedule_faults
    ]
    if state.several_workers:
        notes.append(gettext("More than one worker runs. That does no harm, but it is rarely intended."))
    lines = [
        (_("worker"), format_html("{} {}", mark, seen)),
        (_("workers"), formatting.lines([formatting.text(name) for name in state.workers])),
        (_("tasks that wait"), formatting.text(state.waiting if state.waiting is not None else "")),
    ]
    return {
        "title": _("Queue"),
        "lines": lines,
        "notes": notes,
        "labels": [pgettext_lazy("timetable", "schedule"), _("next run")],
        "rows": [[formatting.text(name), _ago(at)] for name, at in next_runs],
        "empty": _("No schedule is made yet: the worker makes them when it starts."),
        "links": [],
    }


def _inbox(page: "ReadOnlyAdmin[CalendlyAccount]", request: HttpRequest) -> dict[str, Any]:
    pile = system_status.inbox()
    parked = pile.counts.get(WebhookDelivery.Status.PARKED, 0)
    links = [(_list("webhookdelivery"), gettext("All deliveries"))]
    if parked and page.may(request, "replay_webhookdelivery"):
        links.insert(
            0, (_list("webhookdelivery", status__exact="parked"), gettext("Process the parked ones again"))
        )
    return {
        "title": _("Inbox: what Calendly delivered"),
        "counts": _counts("webhookdelivery", pile.counts, dict(WebhookDelivery.Status.choices)),
        "lines": [(_("oldest that waits"), _ago(pile.oldest))],
        "notes": [],
        "empty": "" if pile.counts else _("Nothing was delivered yet. Is the webhook subscribed?"),
        "links": links,
    }


def _outbox(page: "ReadOnlyAdmin[CalendlyAccount]", request: HttpRequest) -> dict[str, Any]:
    pile = system_status.outbox()
    links = [(_list("outboxmessage"), gettext("All messages"))]
    if pile.counts.get(OutboxMessage.Status.PARKED) and page.may(request, "resend_outboxmessage"):
        links.insert(
            0, (_list("outboxmessage", status__exact="parked"), gettext("Send the parked ones again"))
        )
    labels = {
        status: label for status, label in OutboxMessage.Status.choices if status != OutboxMessage.Status.SENT
    }
    return {
        "title": _("Outbox: what the portal is told"),
        "counts": _counts("outboxmessage", pile.counts, labels),
        "lines": [(_("oldest that waits"), _ago(pile.oldest))],
        "notes": [],
        "labels": [_("queue"), _("next attempt"), _("attempts"), _("last error")],
        "rows": [
            [
                display.page_link(queue),
                _ago(queue.next_attempt_at),
                queue.attempts,
                formatting.text(formatting.told(queue.last_error)),
            ]
            for queue in system_status.queues()
        ],
        "empty": _("Nothing waits: the portal knows everything."),
        "links": links,
    }


def _legs(page: "ReadOnlyAdmin[CalendlyAccount]", request: HttpRequest) -> dict[str, Any]:
    rows, count = system_status.calendly_bookings()
    more = count - len(rows)
    return {
        "title": _("Left to do at Calendly"),
        "notes": [ngettext("%d more waits.", "%d more wait.", more) % more] if more else [],
        "labels": [_("booking"), _("left to do"), _("next attempt"), _("last error")],
        "rows": [
            [
                display.page_link(calendly_booking.booking),
                formatting.state("waiting", calendly_booking.get_pending_action_display()),
                _ago(calendly_booking.next_attempt_at),
                formatting.text(formatting.told(calendly_booking.last_error)),
            ]
            for calendly_booking in rows
        ],
        "empty": _("Nothing is left to do."),
        "links": [(_list("calendlybooking"), gettext("All of them"))],
    }


def _sync_runs(page: "ReadOnlyAdmin[CalendlyAccount]", request: HttpRequest) -> dict[str, Any]:
    return {
        "title": _("Mirror: the last runs"),
        "notes": [],
        "labels": [_("started at"), _("status"), _("meetings seen"), _("bookings changed"), _("error")],
        "rows": [
            [
                display.page_link(run, formatting.stamp(run.started_at)),
                formatting.state(run.status, run.get_status_display()),
                run.seen,
                run.changed,
                formatting.text(formatting.told(run.error)),
            ]
            for run in system_status.sync_runs()
        ],
        "empty": _("The mirror has not run yet. Press “Sync now”."),
        "links": [(_list("syncrun"), gettext("All runs"))],
    }


def _bulk_runs(page: "ReadOnlyAdmin[CalendlyAccount]", request: HttpRequest) -> dict[str, Any]:
    return {
        "title": _("Bulk acts: the last ones"),
        "notes": [],
        "labels": [_("asked at"), _("what"), _("by"), _("still to do"), _("finished at")],
        "rows": [
            [
                display.page_link(run, formatting.stamp(run.created_at)),
                run.get_kind_display(),
                formatting.text(run.by),
                left,
                _ago(run.finished_at),
            ]
            for run, left in system_status.bulk_runs()
        ],
        "empty": _("Nobody asked for many at once yet."),
        "links": [(_list("bulkrun"), gettext("All bulk acts"))],
    }


def _span(age: timedelta) -> str:
    """A length of time, in its largest unit."""
    seconds = max(0, round(age.total_seconds()))
    if seconds < 120:
        return ngettext("%d second", "%d seconds", seconds) % seconds
    if seconds < 7200:
        return ngettext("%d minute", "%d minutes", seconds // 60) % (seconds // 60)
    return ngettext("%d hour", "%d hours", seconds // 3600) % (seconds // 3600)
