"""The Calendly account: its checks, its webhook and its sync runs."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..models import CalendlyAccount, SyncRun
from ..services import doctor
from ..services.backoffice import event_type_settings
from ..services.catalog import event_types
from ..services.webhooks import subscriptions
from . import display, error_messages, formatting, system_status, viewer_timezone
from .object_actions import ObjectAction
from .read_only import ReadOnlyAdmin
from .technical import TechnicalAdmin

CHECKS = {
    "database": _("Database"),
    "token": _("Access token"),
    "scopes": _("Token scopes"),
    "plan": _("Plan at Calendly"),
    "clock": _("Clock"),
    "webhook": _("Webhook"),
    "queue": _("Queue"),
    "worker": _("Worker"),
    "portal": _("Portal"),
    "search": _("Search index"),
}
MANAGE, SYNCS = "manage_calendlyaccount", "sync_calendlyaccount"

CHECK, SYNC = _("Check now"), _("Sync now")
SUBSCRIBE, ROTATE = _("Subscribe the webhook"), _("Change the signing key")
QUESTIONS = {
    "check": _("Checks Calendly, the portal, the queue and the database. Nothing is changed."),
    "sync": _(
        "Reads hosts and event types from Calendly now, which takes a few seconds. "
        "Meetings follow in the background."
    ),
    "subscribe": _(
        "Looks up our webhook subscription at Calendly. A working one is kept; a "
        "disabled or incomplete one is deleted and created again."
    ),
    "rotate": _(
        "Creates a new random key and subscribes the webhook again with it. Deliveries signed with the old key "
        "are accepted for 48 more hours, so none is lost. The key is never shown."
    ),
}


@admin.register(CalendlyAccount)
class CalendlyAccountAdmin(ReadOnlyAdmin[CalendlyAccount]):
    """The connection to Calendly. No column shows the credential, not even encrypted."""

    nothing_yet = _(
        "No Calendly account is connected yet. Set CALENDLY_API_KEY and run manage.py calendly_setup."
    )
    list_display = (
        display.text(CalendlyAccount, "name", sort=True),
        "slug",
        display.status(CalendlyAccount, "health"),
        display.instant(CalendlyAccount, "checked_at"),
        display.instant(CalendlyAccount, "synced_at"),
        display.instant(CalendlyAccount, "events_synced_at"),
    )
    list_display_links = ("slug",)
    list_filter = ("health",)
    list_select_related = ()
    ordering = ("pk",)
    search_fields = ("name", "slug", "user_email")
    lines = (
        "slug",
        display.text(CalendlyAccount, "name", limit=200),
        display.status(CalendlyAccount, "health"),
        display.error(CalendlyAccount, "health_note", limit=formatting.LONG),
        display.instant(CalendlyAccount, "checked_at", seconds=True),
        display.text(CalendlyAccount, "user_email"),
        display.text(CalendlyAccount, "organization_uri", limit=255),
        display.text(CalendlyAccount, "user_uri", limit=255),
        "time_zone",
        "plan",
        "stage",
        display.text(CalendlyAccount, "subscription_uri", limit=255),
        "subscription_state",
        display.instant(CalendlyAccount, "synced_at", seconds=True),
        display.instant(CalendlyAccount, "events_synced_at", seconds=True),
        display.instant(CalendlyAccount, "quota_exhausted_until", seconds=True),
        display.instant(CalendlyAccount, "created_at", seconds=True),
    )

    def get_object_actions(self) -> list[ObjectAction]:
        """Each calls Calendly."""
        return [
            ObjectAction("check", CHECK, SYNCS, self.check_view, at_once=True),
            ObjectAction("sync", SYNC, SYNCS, self.sync_view, at_once=True),
            ObjectAction("subscribe", SUBSCRIBE, MANAGE, self.subscribe_view),
            ObjectAction("rotate", ROTATE, MANAGE, self.rotate_view),
        ]

    def get_urls(self) -> list[URLPattern]:
        """The system status comes first, because Django's URLs would take it for an object id."""
        view = viewer_timezone.in_zone(self.admin_site.admin_view(self.system_status_view))
        return [path("system-status/", view, name=self.url_name("system_status")), *super().get_urls()]

    def system_status_view(self, request: HttpRequest) -> HttpResponse:
        """The system status page."""
        return system_status.render(self, request)

    def check_view(self, request: HttpRequest, row: CalendlyAccount) -> HttpResponse:
        """The doctor's checks. The response shows the findings; they are not stored."""
        found: list[dict[str, Any]] = []
        if request.method == "POST":
            found = [_finding_row(each) for each in doctor.examine(row, now=timezone.now())]
            row.refresh_from_db()
            self.log_change(request, row, gettext("Checked."))
        bad = sum(each["tone"] == "bad" for each in found)
        return self.page(
            request,
            "account_check.html",
            title=CHECK,
            row=row,
            ask=QUESTIONS["check"],
            button=CHECK,
            found=found,
            bad=bad,
            css=("calendly_integration/system_status.css",),
            at=formatting.instant(timezone.now()),
        )

    def sync_view(self, request: HttpRequest, row: CalendlyAccount) -> HttpResponse:
        """Sync hosts and event types now, and meetings in the background."""
        if request.method != "POST":
            return self.confirm_page(request, row, title=SYNC, ask=QUESTIONS["sync"])
        try:
            text = sync_now(row)
        except error_messages.ACCOUNT_ERRORS as error:
            return self._refused(request, row, error)
        return self.finish_action(request, row, gettext("Synced."), text)

    def subscribe_view(self, request: HttpRequest, row: CalendlyAccount) -> HttpResponse:
        """Make sure that the webhook is subscribed."""
        if request.method != "POST":
            return self.confirm_page(request, row, title=SUBSCRIBE, ask=QUESTIONS["subscribe"])
        try:
            state = subscriptions.subscribe(row, now=timezone.now())
        except error_messages.ACCOUNT_ERRORS as error:
            return self._refused(request, row, error)
        if state.made:
            text = gettext("The webhook is subscribed again.")
        else:
            text = gettext("The webhook was already subscribed.")
        return self.finish_action(request, row, gettext("Webhook subscribed."), text)

    def rotate_view(self, request: HttpRequest, row: CalendlyAccount) -> HttpResponse:
        """Create a new signing key. It is never shown."""
        if request.method != "POST":
            return self.confirm_page(request, row, title=ROTATE, ask=QUESTIONS["rotate"])
        try:
            subscriptions.rotate(row, now=timezone.now())
        except error_messages.ACCOUNT_ERRORS as error:
            self.log_change(request, row, gettext("Tried to change the signing key."))
            return self._refused(request, row, error)
        text = gettext("Calendly signs with a new key. The old one is accepted for 48 more hours.")
        return self.finish_action(request, row, gettext("Signing key changed."), text)

    def _refused(self, request: HttpRequest, row: CalendlyAccount, error: Exception) -> HttpResponse:
        messages.error(request, error_messages.describe_account_error(error))
        return HttpResponseRedirect(self.next_url(request, row))


def sync_now(row: CalendlyAccount) -> str:
    """Read hosts and event types now, and have the meetings read in the background. Returns what was read."""
    hosts, kinds = event_types.sync(row, now=timezone.now())
    event_type_settings.request_sync(now=timezone.now())
    people = ngettext("%d host", "%d hosts", hosts) % hosts
    types = ngettext("%d event type", "%d event types", kinds) % kinds
    read = gettext("Read from Calendly: %(types)s, %(people)s.") % {"types": types, "people": people}
    later = gettext("Meetings follow in the background.")
    return f"{read} {later}"


def _finding_row(found: doctor.Finding) -> dict[str, Any]:
    """One check, for the page."""
    tone, word = {
        True: ("ok", _("all right")),
        False: ("failed", _("needs attention")),
        None: ("off", _("warning")),
    }[found.ok]
    return {
        "name": CHECKS.get(found.name, found.name),
        "state": formatting.badge(tone, word),
        "tone": "bad" if found.ok is False else "",
        "text": formatting.text(found.text, 500),
        "fix": formatting.text(found.fix, 500) if found.fix else "",
    }


@admin.register(SyncRun)
class SyncRunAdmin(TechnicalAdmin[SyncRun]):
    """Sync runs: their progress and results."""

    nothing_yet = _("No sync has run yet. Use “Sync now” on the system status page.")
    list_display = (
        display.instant(SyncRun, "started_at", seconds=True),
        display.status(SyncRun),
        "seen",
        "changed",
        display.instant(SyncRun, "window_start"),
        display.instant(SyncRun, "window_end"),
        display.instant(SyncRun, "finished_at", seconds=True),
        display.error(SyncRun, "error"),
    )
    list_filter = ("status",)
    list_select_related = ()
    date_hierarchy = "started_at"
    ordering = ("-pk",)
    lines = (
        display.related(SyncRun, "account"),
        display.status(SyncRun),
        display.instant(SyncRun, "started_at", seconds=True),
        display.instant(SyncRun, "finished_at", seconds=True),
        display.instant(SyncRun, "window_start"),
        display.instant(SyncRun, "window_end"),
        display.instant(SyncRun, "cursor"),
        "seen",
        "changed",
        display.error(SyncRun, "error", limit=formatting.LONG),
    )
