"""The connected organization, its checks and its webhook, and the runs of the mirror."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..clients import encryption
from ..models import CalendlyAccount, SyncRun
from ..services.accounts import doctor
from ..services.backoffice import event_type_settings
from ..services.catalog import event_types
from ..services.webhooks import subscriptions
from . import calendly_errors, display, formatting, system_status, viewer_timezone
from .object_actions import ObjectAction
from .read_only import ReadOnlyAdmin

CHECKS = {
    "database": _("Database"),
    "token": _("Access token"),
    "scopes": _("What the token may do"),
    "plan": _("Plan at Calendly"),
    "clock": _("Clock"),
    "webhook": _("Webhook"),
    "queue": _("Queue"),
    "worker": _("Worker"),
    "portal": _("Portal"),
    "search": _("Search index"),
}
MANAGE = "manage_calendlyaccount"
REFUSALS = (
    *calendly_errors.KNOWN,
    subscriptions.NoSigningKey,
    subscriptions.NotRenewed,
    subscriptions.TakenElsewhere,
    encryption.Unreadable,
)


def _always(row: CalendlyAccount, now: datetime) -> bool:
    return True


CHECK = ObjectAction("check", _("Check now"), MANAGE, "check_act", _always)
SYNC = ObjectAction("sync", _("Sync now"), MANAGE, "sync_act", _always)
SUBSCRIBE = ObjectAction("subscribe", _("Subscribe the webhook"), MANAGE, "subscribe_act", _always)
ROTATE = ObjectAction("rotate", _("Change the signing key"), MANAGE, "rotate_act", _always)
ASKS = {
    "check": _(
        "Asks Calendly, the portal, the queue and the database whether all is as it must be. Nothing is changed."
    ),
    "sync": _(
        "Reads hosts and event types from Calendly now, which takes a few seconds. "
        "Meetings follow in the background."
    ),
    "subscribe": _(
        "Looks for our subscription at Calendly. A good one is kept; one that is disabled or does not tell "
        "everything is deleted and made anew."
    ),
    "rotate": _(
        "Makes a new random key and subscribes the webhook anew with it. Deliveries signed with the old key are "
        "accepted for 48 hours more, so none is lost. Nobody gets to see the key."
    ),
}


@admin.register(CalendlyAccount)
class ConnectionAdmin(ReadOnlyAdmin[CalendlyAccount]):
    """How well we speak to Calendly. The credential has no column here, not even its cipher text."""

    nothing_yet = _("No connection yet. Set CALENDLY_API_KEY and run manage.py calendly_setup.")
    list_display = (
        display.words(CalendlyAccount, "name", sort=True),
        "slug",
        display.state(CalendlyAccount, "health"),
        display.moment(CalendlyAccount, "checked_at"),
        display.moment(CalendlyAccount, "synced_at"),
        display.moment(CalendlyAccount, "events_synced_at"),
    )
    list_display_links = ("slug",)
    list_filter = ("health",)
    list_select_related = ()
    ordering = ("pk",)
    search_fields = ("name", "slug", "user_email")
    lines = (
        "slug",
        display.words(CalendlyAccount, "name", limit=200),
        display.state(CalendlyAccount, "health"),
        display.failure(CalendlyAccount, "health_note", limit=formatting.LONG),
        display.moment(CalendlyAccount, "checked_at", seconds=True),
        display.words(CalendlyAccount, "user_email"),
        display.words(CalendlyAccount, "organization_uri", limit=255),
        display.words(CalendlyAccount, "user_uri", limit=255),
        "time_zone",
        "plan",
        "stage",
        display.words(CalendlyAccount, "subscription_uri", limit=255),
        "subscription_state",
        display.moment(CalendlyAccount, "synced_at", seconds=True),
        display.moment(CalendlyAccount, "events_synced_at", seconds=True),
        display.moment(CalendlyAccount, "quota_exhausted_until", seconds=True),
        display.moment(CalendlyAccount, "created_at", seconds=True),
    )
    acts = (CHECK, SYNC, SUBSCRIBE, ROTATE)

    def get_urls(self) -> list[URLPattern]:
        """The machine room stands before the stock addresses, which would take it for a row."""
        view = viewer_timezone.in_zone(self.admin_site.admin_view(self.machine_view))
        return [path("machine/", view, name=self.url_name("machine")), *super().get_urls()]

    def machine_view(self, request: HttpRequest) -> HttpResponse:
        """What waits, what is stuck, what runs."""
        return system_status.room(self, request)

    def check_act(self, request: HttpRequest, row: CalendlyAccount, act: ObjectAction) -> HttpResponse:
        """The doctor's checks. What they found stands in the answer: it is not kept."""
        found: list[dict[str, Any]] = []
        if request.method == "POST":
            found = [_finding(each) for each in doctor.examine(row, now=timezone.now())]
            row.refresh_from_db()
            self.log_change(request, row, gettext("Checked."))
        bad = sum(each["tone"] == "bad" for each in found)
        return self.page(
            request,
            "connection_check.html",
            title=act.label,
            row=row,
            ask=ASKS[act.name],
            button=act.label,
            found=found,
            bad=bad,
            css=("calendly_integration/machine.css",),
            at=formatting.instant(timezone.now()),
        )

    def sync_act(self, request: HttpRequest, row: CalendlyAccount, act: ObjectAction) -> HttpResponse:
        """Hosts and event types now, meetings in the background."""
        if request.method != "POST":
            return self._ask(request, row, act)
        try:
            hosts, kinds = event_types.sync(row, now=timezone.now())
        except REFUSALS as error:
            return self._refused(request, row, error)
        event_type_settings.request_sync(now=timezone.now())
        told = f"{synced(hosts, kinds)} {gettext('Meetings follow in the background.')}"
        return self.did(request, row, gettext("Synced."), told)

    def subscribe_act(self, request: HttpRequest, row: CalendlyAccount, act: ObjectAction) -> HttpResponse:
        """See to it that Calendly tells us everything."""
        if request.method != "POST":
            return self._ask(request, row, act)
        try:
            state = subscriptions.subscribe(row, now=timezone.now())
        except REFUSALS as error:
            return self._refused(request, row, error)
        if state.made:
            told = gettext("The webhook is subscribed anew.")
        else:
            told = gettext("The webhook was subscribed already, and well.")
        return self.did(request, row, gettext("Webhook subscribed."), told)

    def rotate_act(self, request: HttpRequest, row: CalendlyAccount, act: ObjectAction) -> HttpResponse:
        """A new signing key, which nobody gets to see."""
        if request.method != "POST":
            return self._ask(request, row, act)
        try:
            subscriptions.rotate(row, now=timezone.now())
        except REFUSALS as error:
            self.log_change(request, row, gettext("Tried to change the signing key."))
            return self._refused(request, row, error)
        told = gettext("Calendly signs with a new key. The old one is accepted for 48 hours more.")
        return self.did(request, row, gettext("Signing key changed."), told)

    def _ask(self, request: HttpRequest, row: CalendlyAccount, act: ObjectAction) -> HttpResponse:
        return self.page(
            request, "confirm.html", title=act.label, row=row, ask=ASKS[act.name], button=act.label
        )

    def _refused(self, request: HttpRequest, row: CalendlyAccount, error: Exception) -> HttpResponse:
        messages.error(request, _said(error))
        return HttpResponseRedirect(self.url("change", row))


def synced(hosts: int, kinds: int) -> str:
    """What was read."""
    people = ngettext("%d host", "%d hosts", hosts) % hosts
    types = ngettext("%d event type", "%d event types", kinds) % kinds
    return gettext("Read from Calendly: %(types)s, %(people)s.") % {"types": types, "people": people}


def _said(error: Exception) -> str:
    if isinstance(error, subscriptions.NoSigningKey):
        return gettext(
            "There is no signing key yet. Press “Change the signing key”: "
            "that makes one and subscribes the webhook."
        )
    if isinstance(error, subscriptions.NotRenewed):
        nothing = gettext("There is no webhook subscription now: Calendly tells us nothing.")
        return f"{nothing} {calendly_errors.text(error.error)}"
    if isinstance(error, subscriptions.TakenElsewhere):
        return gettext(
            "Calendly has a subscription for our address that this access token cannot see. Delete it with the "
            "token that made it, or set another PUBLIC_URL."
        )
    if isinstance(error, encryption.Unreadable):
        return gettext("Nothing can be stored encrypted: %s") % formatting.told(error, 300)
    return calendly_errors.text(error)


def _finding(found: doctor.Finding) -> dict[str, Any]:
    """One check, for the page."""
    tone, word = {
        True: ("ok", _("all right")),
        False: ("failed", _("needs a hand")),
        None: ("off", _("worth a look")),
    }[found.ok]
    return {
        "name": CHECKS.get(found.name, found.name),
        "state": formatting.state(tone, word),
        "tone": "bad" if found.ok is False else "",
        "text": formatting.text(found.text, 500),
        "mend": formatting.text(found.mend, 500) if found.mend else "",
    }


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin[SyncRun]):
    """How far the mirror came, and what it found."""

    nothing_yet = _("The mirror has not run yet. Press “Sync now” in the machine room.")
    list_display = (
        display.moment(SyncRun, "started_at", seconds=True),
        display.state(SyncRun),
        "seen",
        "changed",
        display.moment(SyncRun, "window_start"),
        display.moment(SyncRun, "window_end"),
        display.moment(SyncRun, "finished_at", seconds=True),
        display.failure(SyncRun, "error"),
    )
    list_filter = ("status",)
    list_select_related = ()
    date_hierarchy = "started_at"
    ordering = ("-pk",)
    lines = (
        display.other(SyncRun, "account"),
        display.state(SyncRun),
        display.moment(SyncRun, "started_at", seconds=True),
        display.moment(SyncRun, "finished_at", seconds=True),
        display.moment(SyncRun, "window_start"),
        display.moment(SyncRun, "window_end"),
        display.moment(SyncRun, "cursor"),
        "seen",
        "changed",
        display.failure(SyncRun, "error", limit=formatting.LONG),
    )
