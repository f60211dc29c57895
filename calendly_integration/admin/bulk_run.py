"""Bulk actions: started from a list, processed by the worker, shown on a page with their progress."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from ..models import BulkItem, BulkRun
from ..services.actors import Actor
from ..services.backoffice import bulk
from . import display, error_messages, formatting
from .filters import YesNoFilter, with_title
from .object_actions import Words
from .read_only import ReadOnlyAdmin
from .technical import TechnicalAdmin

M = TypeVar("M", bound=Model)

Kind, Status = BulkRun.Kind, BulkItem.Status
PERMISSIONS = {
    Kind.CANCEL: "cancel_booking",
    Kind.REPLAY: "replay_webhookdelivery",
    Kind.RESEND: "resend_outboxmessage",
}
MODEL_NAMES = {Kind.CANCEL: "booking", Kind.REPLAY: "webhookdelivery", Kind.RESEND: "outboxmessage"}
DONE = {
    Kind.CANCEL: _("Canceled at Calendly."),
    Kind.REPLAY: _("It is processed again."),
    Kind.RESEND: _("It is sent again."),
}
# The texts of the items' notes. `refused` is followed by what Calendly said.
NOTES: dict[str, Words] = {
    **error_messages.NOT_CANCELABLE,
    "group": _("This meeting has other invitees: cancel it on its own page."),
    "already": _("It was already canceled."),
    "unknown": _("Calendly's answer was lost. The cancellation is retried until its outcome is known."),
    "unavailable": _("Calendly could not be reached, or asked to wait."),
    "gone": _("This row no longer exists."),
    "waits": _("It is already waiting to be processed."),
    "not_parked": _("It was already sent or is waiting to be sent."),
    "broken": _("It failed with an internal error. See the worker's log."),
}
# How many items of each status the page shows; the list shows all.
MAX_LISTED = {Status.FAILED: 100, Status.WAITING: 30, Status.DONE: 50}
HEADINGS = {
    Status.FAILED: _("Not done"),
    Status.WAITING: _("Still to do"),
    Status.DONE: pgettext_lazy("items", "Done"),
}


def start(
    page: ReadOnlyAdmin[M],
    request: HttpRequest,
    kind: str,
    rows: Sequence[M],
    *,
    log: Words,
    given: dict[str, object] | None = None,
    label: Callable[[M], str] = formatting.plain,
) -> HttpResponse:
    """Store the bulk run, log it for each row, and redirect to its page."""
    by = Actor.staff(request.user.get_username())
    targets = [bulk.Target(str(row.pk), label(row)) for row in rows]
    with transaction.atomic():
        run = bulk.start(
            kind=kind,
            targets=targets,
            given=given or {},
            by=by,
            user_id=str(request.user.pk),
            now=timezone.now(),
        )
        LogEntry.objects.log_actions(request.user.pk, rows, CHANGE, str(log))  # type: ignore[arg-type]
        LogEntry.objects.log_actions(request.user.pk, [run], ADDITION, str(log))  # type: ignore[arg-type]
    text = ngettext(
        "%d row is processed in the background.", "%d rows are processed in the background.", len(rows)
    )
    messages.success(request, text % len(rows))
    if not page.may(request, "view_bulkrun"):
        return HttpResponseRedirect(page.url("changelist"))
    return HttpResponseRedirect(_address("change", run))


def outcome(item: BulkItem, kind: str) -> str:
    """The outcome of an item, or why it is not done yet, as a sentence."""
    if not item.note:
        return str(DONE[Kind(kind)]) if item.status == Status.DONE else ""
    word, _colon, said = item.note.partition(": ")
    if word == "refused":
        return gettext("Calendly refused: %s") % formatting.error_text(said, 300)
    return str(NOTES.get(word, formatting.plain(item.note, 300)))


def target(item: BulkItem, kind: str) -> SafeString:
    """A link to the object of an item."""
    name = f"admin:{item._meta.app_label}_{MODEL_NAMES[Kind(kind)]}_change"
    return format_html(
        '<a href="{}"><bdi>{}</bdi></a>',
        reverse(name, args=[quote(item.target)]),
        formatting.plain(item, 120),
    )


def _address(page: str, run: BulkRun) -> str:
    return reverse(f"admin:{run._meta.app_label}_bulkrun_{page}", args=[run.pk])


def _amount(**wanted: str) -> Coalesce:
    """The number of matching items of a run, as a subquery: it runs only for the rows of the page."""
    found = BulkItem.objects.filter(run=OuterRef("pk"), **wanted).order_by().values("run")
    return Coalesce(Subquery(found.annotate(amount=Count("pk")).values("amount")), 0)


@admin.register(BulkRun)
class BulkRunAdmin(TechnicalAdmin[BulkRun]):
    """Bulk runs and their progress."""

    nothing_yet = _("There are no bulk actions yet. Select rows in a list and choose an action.")
    list_display = (
        display.instant(BulkRun, "created_at", seconds=True),
        "kind",
        display.text(BulkRun, "by", limit=40),
        "calls_so_far",
        display.instant(BulkRun, "finished_at", seconds=True),
    )
    list_filter = ("kind", ("finished_at", with_title(_("finished"), YesNoFilter)))
    list_select_related = ()
    date_hierarchy = "created_at"
    ordering = ("-pk",)
    search_fields = ("by",)
    lines = ("kind",)
    change_form_template = "calendly_integration/admin/bulk_run.html"

    class Media:
        css = {"all": ["calendly_integration/bulk.css"]}
        js = ("calendly_integration/bulk.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[BulkRun]:
        """The runs, with their numbers of items."""
        found = super().get_queryset(request)
        return found.annotate(
            all_items=_amount(),
            done_items=_amount(status=Status.DONE),
            failed_items=_amount(status=Status.FAILED),
        )

    @admin.display(description=_("so far"))
    def calls_so_far(self, row: Any) -> str:
        """How many items are done, and how many failed."""
        done = gettext("%(done)d of %(all)d done") % {"done": row.done_items, "all": row.all_items}
        if not row.failed_items:
            return done
        failed = ngettext("%d not done", "%d not done", row.failed_items) % row.failed_items
        return f"{done}, {failed}"

    def get_urls(self) -> list[URLPattern]:
        """Django's URLs, and the one of the retry button."""
        view = self.admin_site.admin_view(self.retry)
        return [path("<path:object_id>/retry/", view, name=self.url_name("retry")), *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page that shows the progress."""
        extra = dict(extra_context or {})
        row = self.get_object(request, unquote(object_id))
        if row is not None:
            extra["retry"] = _address("retry", row) if self.may(request, PERMISSIONS[Kind(row.kind)]) else ""
        return super().change_view(request, object_id, form_url, extra)

    def sections(self, row: BulkRun) -> dict[str, Any]:
        """What the page shows."""
        progress = bulk.progress(row)
        amounts = {
            Status.FAILED: progress.failed,
            Status.WAITING: progress.waiting,
            Status.DONE: progress.done,
        }
        code = str(row.given.get("code") or "")
        return {
            "subtitle": None,
            "run": row,
            "progress": progress,
            "ended": progress.done + progress.failed,
            "asked_at": formatting.instant(row.created_at, seconds=True),
            "finished_at": row.finished_at and formatting.instant(row.finished_at, seconds=True),
            "by": formatting.plain(row.by),
            "reason": formatting.plain(row.given.get("reason") or "", 500) if code else "",
            "groups": [_group(row, state, amount) for state, amount in amounts.items() if amount],
            "all_items": reverse(f"admin:{self.opts.app_label}_bulkitem_changelist")
            + f"?run__id__exact={row.pk}",
        }

    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Retry the failed items. It needs the permission for the same action on one row."""
        rights = [right for right in PERMISSIONS.values() if self.may(request, right)]
        if not (rights and self.has_view_permission(request)):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if PERMISSIONS[Kind(row.kind)] not in rights:
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseRedirect(_address("change", row))
        count = bulk.retry_failed(row, now=timezone.now())
        if not count:
            messages.info(request, gettext("Nothing has failed here: nothing was done."))
            return HttpResponseRedirect(_address("change", row))
        text = ngettext("%d row is tried again.", "%d rows are tried again.", count) % count
        return self.finish_action(request, row, gettext("Try the failed ones again"), text)


def _group(run: BulkRun, state: str, amount: int) -> dict[str, Any]:
    """The first items of one status."""
    most = MAX_LISTED[Status(state)]
    found = run.items.filter(status=state).order_by("pk")[:most]
    return {
        "heading": HEADINGS[Status(state)],
        "amount": amount,
        "more": max(0, amount - most),
        "items": [
            {
                "target": target(item, run.kind),
                "state": formatting.badge(item.status, item.get_status_display()),
                "outcome": outcome(item, run.kind),
                "again": formatting.instant(item.next_attempt_at, seconds=True) if item.note else "",
                "waits": state == Status.WAITING,
            }
            for item in found
        ],
    }


@admin.register(BulkItem)
class BulkItemAdmin(TechnicalAdmin[BulkItem]):
    """One row of a bulk run, and its outcome."""

    list_display = (
        display.text(BulkItem, "label"),
        display.status(BulkItem),
        "what_came",
        "attempts",
        display.instant(BulkItem, "done_at"),
    )
    list_filter = ("status", "run__kind")
    linked_lookups = ("run__id__exact",)
    list_select_related = ("run",)
    ordering = ("-pk",)
    search_fields = ("label",)
    lines = (
        "about",
        display.related(BulkItem, "run"),
        display.status(BulkItem),
        "what_came",
        "attempts",
        display.instant(BulkItem, "next_attempt_at", seconds=True),
        display.instant(BulkItem, "done_at", seconds=True),
        display.error(BulkItem, "last_error", limit=formatting.LONG),
    )

    @admin.display(description=_("outcome"))
    def what_came(self, row: BulkItem) -> SafeString:
        """The outcome as a sentence."""
        return formatting.text(outcome(row, row.run.kind), 300)

    @admin.display(description=_("row"))
    def about(self, row: BulkItem) -> SafeString:
        """A link to the object."""
        return target(row, row.run.kind)
