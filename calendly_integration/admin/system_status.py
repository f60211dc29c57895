"""The system status page: in words of the office whether all is well, and below it, folded, the details and every
table of the machine."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from ..models import CalendlyAccount, OutboxMessage, WebhookDelivery
from ..services.backoffice import system_status
from ..services.worker import heartbeat
from . import display, formatting
from .technical import TechnicalAdmin

if TYPE_CHECKING:
    from .read_only import ReadOnlyAdmin

APP = "calendly_integration"


def render(page: "ReadOnlyAdmin[CalendlyAccount]", request: HttpRequest) -> HttpResponse:
    """The page. Each part is shown to people who may view its rows."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    now, row = timezone.now(), system_status.account()
    inbox = system_status.inbox() if page.may(request, "view_webhookdelivery") else None
    outbox = system_status.outbox() if page.may(request, "view_outboxmessage") else None
    parts = [_queue(now)]
    if inbox is not None:
        parts.append(_inbox(page, request, inbox))
    if outbox is not None:
        parts.append(_outbox(page, request, outbox))
    others = {"calendlybooking": _calendly_bookings, "syncrun": _sync_runs, "bulkrun": _bulk_runs}
    parts += [part(page, request) for model, part in others.items() if page.may(request, f"view_{model}")]
    return page.page(
        request,
        "system_status.html",
        title=_("System status"),
        lines=_summary(row, inbox, outbox, now),
        parts=parts,
        tables=_tables(page, request),
        asked_at=formatting.instant(now, seconds=True),
        css=("calendly_integration/system_status.css",),
        account=row,
        account_url=page.url("change", row) if row else "",
        buttons=buttons(page, request, row),
        has_view_permission=True,
    )


def buttons(
    page: "ReadOnlyAdmin[CalendlyAccount]", request: HttpRequest, row: CalendlyAccount | None
) -> list[dict[str, Any]]:
    """What this person may have done at once, by POST."""
    return [] if row is None else [each for each in page.buttons(request, row) if each["at_once"]]


def _summary(
    row: CalendlyAccount | None,
    inbox: system_status.StatusCounts | None,
    outbox: system_status.StatusCounts | None,
    now: datetime,
) -> list[tuple[object, SafeString, object]]:
    """One line for each part: its name, its state, since when."""
    found: list[tuple[object, SafeString, object]] = []
    if row is not None:
        found.append((_("Calendly"), *_calendly(row)))
        found.append((_("Data from Calendly"), *_data(row)))
    if inbox is not None:
        words = (gettext("all processed"), gettext("%d waiting"), gettext("%d could not be processed"))
        found.append((_("Notifications from Calendly"), *_work(inbox, "received", words)))
    if outbox is not None:
        words = (gettext("all sent"), gettext("%d waiting to be sent"), gettext("%d refused"))
        found.append((_("Messages to the portal"), *_work(outbox, "waiting", words)))
    alive = heartbeat.worker_alive(now).alive
    state = formatting.badge("ok" if alive else "failed", _("runs") if alive else _("does not run"))
    found.append((_("Background work"), state, "" if alive else _("Tell the administrator.")))
    return found


def _calendly(row: CalendlyAccount) -> tuple[SafeString, object]:
    words = {"ok": gettext("answers"), "failing": gettext("does not answer as it should")}
    return formatting.badge(row.health, words.get(row.health, row.get_health_display())), _ago(row.checked_at)


def _data(row: CalendlyAccount) -> tuple[SafeString, object]:
    """When hosts and event types were read, and when the meetings."""
    if row.synced_at is None:
        return formatting.badge("waiting", _("The data have not been read from Calendly yet")), ""
    meetings = gettext("meetings: %s") % (
        formatting.stamp(row.events_synced_at) if row.events_synced_at else gettext("not yet")
    )
    types = gettext("hosts and event types: %s") % formatting.stamp(row.synced_at)
    return formatting.badge("ok", _("fetched")), f"{types} · {meetings}"


def _work(
    counted: system_status.StatusCounts, waiting: str, words: tuple[str, str, str]
) -> tuple[SafeString, object]:
    """What is stuck, else what waits and since when, else that all is done."""
    done, waits, stuck = words
    if parked := counted.counts.get("parked", 0):
        return formatting.badge("failed", stuck % parked), ""
    if count := counted.counts.get(waiting, 0):
        return formatting.badge("waiting", waits % count), _ago(counted.oldest)
    return formatting.badge("ok", done), ""


def _tables(page: "ReadOnlyAdmin[CalendlyAccount]", request: HttpRequest) -> list[tuple[str, str]]:
    """The tables of the machine that this person may view, by name."""
    found = [
        (str(capfirst(model._meta.verbose_name_plural)), _list(str(model._meta.model_name)))
        for model, registered in page.admin_site._registry.items()
        if isinstance(registered, TechnicalAdmin) and registered.has_view_permission(request)
    ]
    return sorted(found)


def _list(model: str, **wanted: str) -> str:
    """The URL of a list with a filter; empty if the portal has unregistered it."""
    try:
        return reverse(f"admin:{APP}_{model}_changelist", query=wanted or None)
    except NoReverseMatch:
        return ""


def _ago(at: datetime | None) -> SafeString:
    return formatting.instant(at) if at is not None else SafeString(formatting.EMPTY)


def _counts(model: str, counts: Mapping[str, int], labels: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "state": formatting.badge(status if counts.get(status) else "off", label),
            "count": counts.get(status, 0),
            "url": _list(model, status__exact=status) if counts.get(status) else "",
        }
        for status, label in labels.items()
    ]


def _queue(now: datetime) -> dict[str, Any]:
    state, next_runs = system_status.queue(now=now)
    age, alive = state.worker.age, state.worker.alive
    seen = gettext("never seen") if age is None else gettext("last seen %s ago") % _span(age)
    mark = formatting.badge("ok" if alive else "failed", _("running") if alive else _("not running"))
    notes = []
    if not alive:
        notes.append(
            gettext(
                "No worker is running: nothing is sent or processed. Start one: manage.py calendly_worker"
            )
        )
    if state.waiting is None:
        notes.append(
            gettext(
                "The queue does not answer: only a plain qcluster needs it. Start Redis, or unset REDIS_URL."
            )
        )
    notes += [
        gettext("Schedule problem: %s") % formatting.plain(fault, 200) for fault in state.schedule_faults
    ]
    if state.several_workers:
        notes.append(gettext("More than one worker is running. This is harmless but usually not intended."))
    lines = [
        (_("worker"), format_html("{} {}", mark, seen)),
        (_("workers"), formatting.lines([formatting.text(name) for name in state.workers])),
        (_("waiting tasks"), formatting.text(state.waiting if state.waiting is not None else "")),
    ]
    return {
        "title": _("Queue"),
        "lines": lines,
        "notes": notes,
        "labels": [pgettext_lazy("timetable", "schedule"), _("next run")],
        "rows": [[formatting.text(name), _ago(at)] for name, at in next_runs],
        "empty": _("There are no schedules yet. The worker creates them when it starts."),
        "links": [],
    }


def _inbox(
    page: "ReadOnlyAdmin[CalendlyAccount]", request: HttpRequest, counted: system_status.StatusCounts
) -> dict[str, Any]:
    parked = counted.counts.get(WebhookDelivery.Status.PARKED, 0)
    links = [(_list("webhookdelivery"), gettext("All webhook deliveries"))]
    if parked and page.may(request, "replay_webhookdelivery"):
        links.insert(
            0, (_list("webhookdelivery", status__exact="parked"), gettext("Process the failed ones again"))
        )
    return {
        "title": _("Notifications from Calendly"),
        "counts": _counts("webhookdelivery", counted.counts, dict(WebhookDelivery.Status.choices)),
        "lines": [(_("oldest waiting"), _ago(counted.oldest))],
        "notes": [],
        "empty": "" if counted.counts else _("There are no deliveries yet. Is the webhook subscribed?"),
        "links": links,
    }


def _outbox(
    page: "ReadOnlyAdmin[CalendlyAccount]", request: HttpRequest, counted: system_status.StatusCounts
) -> dict[str, Any]:
    links = [(_list("outboxmessage"), gettext("All messages"))]
    if counted.counts.get(OutboxMessage.Status.PARKED) and page.may(request, "resend_outboxmessage"):
        links.insert(
            0, (_list("outboxmessage", status__exact="parked"), gettext("Send the refused ones again"))
        )
    labels = {
        status: label for status, label in OutboxMessage.Status.choices if status != OutboxMessage.Status.SENT
    }
    return {
        "title": _("Messages to the portal"),
        "counts": _counts("outboxmessage", counted.counts, labels),
        "lines": [(_("oldest waiting"), _ago(counted.oldest))],
        "notes": [],
        "labels": [_("queue"), _("next attempt"), _("attempts"), _("last error")],
        "rows": [
            [
                display.object_link(queue),
                _ago(queue.next_attempt_at),
                queue.attempts,
                formatting.text(formatting.error_text(queue.last_error)),
            ]
            for queue in system_status.queues()
        ],
        "empty": _("No messages are waiting."),
        "links": links,
    }


def _calendly_bookings(page: "ReadOnlyAdmin[CalendlyAccount]", request: HttpRequest) -> dict[str, Any]:
    rows, count = system_status.calendly_bookings()
    more = count - len(rows)
    return {
        "title": _("Pending actions at Calendly"),
        "notes": [ngettext("%d more is waiting.", "%d more are waiting.", more) % more] if more else [],
        "labels": [_("booking"), _("pending action"), _("next attempt"), _("last error")],
        "rows": [
            [
                display.object_link(calendly_booking.booking),
                formatting.badge("waiting", calendly_booking.get_pending_action_display()),
                _ago(calendly_booking.next_attempt_at),
                formatting.text(formatting.error_text(calendly_booking.last_error)),
            ]
            for calendly_booking in rows
        ],
        "empty": _("There are no pending actions."),
        "links": [(_list("calendlybooking"), gettext("All of them"))],
    }


def _sync_runs(page: "ReadOnlyAdmin[CalendlyAccount]", request: HttpRequest) -> dict[str, Any]:
    return {
        "title": _("Latest syncs"),
        "notes": [],
        "labels": [_("started at"), _("status"), _("meetings seen"), _("bookings changed"), _("error")],
        "rows": [
            [
                display.object_link(run, formatting.stamp(run.started_at)),
                formatting.badge(run.status, run.get_status_display()),
                run.seen,
                run.changed,
                formatting.text(formatting.error_text(run.error)),
            ]
            for run in system_status.sync_runs()
        ],
        "empty": _("The meetings have not been read from Calendly yet. Use “Sync now”."),
        "links": [(_list("syncrun"), gettext("All runs"))],
    }


def _bulk_runs(page: "ReadOnlyAdmin[CalendlyAccount]", request: HttpRequest) -> dict[str, Any]:
    return {
        "title": _("Latest bulk actions"),
        "notes": [],
        "labels": [_("requested at"), _("what"), _("by"), _("still to do"), _("finished at")],
        "rows": [
            [
                display.object_link(run, formatting.stamp(run.created_at)),
                run.get_kind_display(),
                formatting.text(run.by),
                left,
                _ago(run.finished_at),
            ]
            for run, left in system_status.bulk_runs()
        ],
        "empty": _("There are no bulk actions yet."),
        "links": [(_list("bulkrun"), gettext("All bulk actions"))],
    }


def _span(age: timedelta) -> str:
    """A duration in its largest unit."""
    seconds = max(0, round(age.total_seconds()))
    if seconds < 120:
        return ngettext("%d second", "%d seconds", seconds) % seconds
    if seconds < 7200:
        return ngettext("%d minute", "%d minutes", seconds // 60) % (seconds // 60)
    return ngettext("%d hour", "%d hours", seconds // 3600) % (seconds // 3600)
