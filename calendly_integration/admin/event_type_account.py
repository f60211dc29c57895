"""The buttons above the list of event types. Each has a page that calls Calendly."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..models import EventType
from ..services.accounts import calendly_accounts
from ..services.backoffice import event_type_settings
from ..services.catalog import default_event_types
from . import calendly_account, error_messages, formatting, nav

if TYPE_CHECKING:
    from .read_only import ReadOnlyAdmin

    Page = ReadOnlyAdmin[EventType]

MANAGE, SYNCS = "manage_calendlyaccount", "sync_calendlyaccount"
STANDARD = _("Create the four default event types")


def links(page: "Page", request: HttpRequest) -> list[dict[str, Any]]:
    """The links that this person may use. They lead to a page that asks."""
    return [{"label": STANDARD, "url": page.url("standard")}] if page.may(request, MANAGE) else []


def buttons(page: "Page", request: HttpRequest) -> list[dict[str, Any]]:
    """What this person may have done at once, by POST."""
    return [{"label": _("Sync now"), "url": page.url("sync")}] if page.may(request, SYNCS) else []


def views(page: "Page") -> dict[str, Callable[..., HttpResponse]]:
    """The views of the buttons. Services own their transactions, also where a host wraps requests in one."""

    def guarded(
        view: Callable[["Page", HttpRequest], HttpResponse], permission: str
    ) -> Callable[..., HttpResponse]:
        def enter(request: HttpRequest) -> HttpResponse:
            if not (page.may(request, permission) and page.has_view_permission(request)):
                raise PermissionDenied
            return view(page, request)

        return transaction.non_atomic_requests(enter)

    return {"sync": guarded(_sync, SYNCS), "standard": guarded(_standard, MANAGE)}


def _sync(page: "Page", request: HttpRequest) -> HttpResponse:
    """Sync hosts and event types now, and the meetings in the background."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    row = calendly_accounts.default()
    try:
        text = calendly_account.sync_now(row)
    except error_messages.CALENDLY_ERRORS as error:
        messages.error(request, error_messages.describe_calendly_error(error))
    else:
        page.log_change(request, row, gettext("Synced."))  # type: ignore[arg-type]
        messages.success(request, text)
    return HttpResponseRedirect(nav.next_url(request, page.url("changelist")))


def _standard(page: "Page", request: HttpRequest) -> HttpResponse:
    """Create the missing default event types. Existing ones are not created again."""
    if request.method != "POST":
        missing = event_type_settings.missing_defaults()
        ask = _("These are created at Calendly, active, with Google Meet as their location:")
        return page.page(
            request,
            "event_type_confirm.html",
            title=STANDARD,
            button=STANDARD,
            ask=ask if missing else _("All four exist already."),
            kinds=[_describe(kind) for kind in missing],
            nothing=not missing,
        )
    row = calendly_accounts.default()
    try:
        made = default_event_types.create_missing(row, now=timezone.now())
    except error_messages.CALENDLY_ERRORS as error:
        messages.error(
            request,
            f"{error_messages.describe_calendly_error(error)} "
            + gettext("Use “Sync now” before you try again: some may have been created."),
        )
    else:
        _report(page, request, row, made)
    return HttpResponseRedirect(page.url("changelist"))


def _report(page: "Page", request: HttpRequest, row: Any, made: list[str]) -> None:
    if not made:
        messages.info(request, gettext("All four exist already."))
        return
    names = ", ".join(made)
    page.log_change(request, row, gettext("Created event types: %s") % names)
    text = ngettext(
        "%(count)d event type is created: %(names)s.",
        "%(count)d event types are created: %(names)s.",
        len(made),
    )
    messages.success(request, text % {"count": len(made), "names": names})


def _describe(kind: default_event_types.Standard) -> str:
    """For example: Sales Demo, 30 minutes, 15 minutes free afterwards."""
    return gettext("%(name)s: %(duration)d minutes, %(after)d minutes free afterwards") % {
        "name": formatting.plain(kind.name),
        "duration": kind.duration,
        "after": kind.buffer_after,
    }
