"""The connected organization, its checks and its webhook, and the runs of the mirror."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..clients import vault
from ..models import Connection, SyncRun
from ..services import catalog, doctor, event_type_desk, subscriptions
from . import calendlys_answer, columns, machine, shown, viewer
from .acts import Act
from .evidence import EvidenceAdmin

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
MANAGE = "manage_connection"
REFUSALS = (
    *calendlys_answer.KNOWN,
    subscriptions.NoSigningKey,
    subscriptions.NotRenewed,
    subscriptions.TakenElsewhere,
    vault.Unreadable,
)


def _always(row: Connection, now: datetime) -> bool:
    return True


CHECK = Act("check", _("Check now"), MANAGE, "check_act", _always)
SYNC = Act("sync", _("Sync now"), MANAGE, "sync_act", _always)
SUBSCRIBE = Act("subscribe", _("Subscribe the webhook"), MANAGE, "subscribe_act", _always)
ROTATE = Act("rotate", _("Change the signing key"), MANAGE, "rotate_act", _always)
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


@admin.register(Connection)
class ConnectionAdmin(EvidenceAdmin[Connection]):
    """How well we speak to Calendly. The credential has no column here, not even its cipher text."""

    nothing_yet = _("No connection yet. Set CALENDLY_API_KEY and run manage.py calendly_setup.")
    list_display = (
        columns.words(Connection, "name", sort=True),
        "slug",
        columns.state(Connection, "health"),
        columns.moment(Connection, "checked_at"),
        columns.moment(Connection, "synced_at"),
        columns.moment(Connection, "events_synced_at"),
    )
    list_display_links = ("slug",)
    list_filter = ("health",)
    list_select_related = ()
    ordering = ("pk",)
    search_fields = ("name", "slug", "user_email")
    lines = (
        "slug",
        columns.words(Connection, "name", limit=200),
        columns.state(Connection, "health"),
        columns.failure(Connection, "health_note", limit=shown.LONG),
        columns.moment(Connection, "checked_at", seconds=True),
        columns.words(Connection, "user_email"),
        columns.words(Connection, "organization_uri", limit=255),
        columns.words(Connection, "user_uri", limit=255),
        "time_zone",
        "plan",
        "stage",
        columns.words(Connection, "subscription_uri", limit=255),
        "subscription_state",
        columns.moment(Connection, "synced_at", seconds=True),
        columns.moment(Connection, "events_synced_at", seconds=True),
        columns.moment(Connection, "quota_exhausted_until", seconds=True),
        columns.moment(Connection, "created_at", seconds=True),
    )
    acts = (CHECK, SYNC, SUBSCRIBE, ROTATE)

    def get_urls(self) -> list[URLPattern]:
        """The machine room stands before the stock addresses, which would take it for a row."""
        view = viewer.in_zone(self.admin_site.admin_view(self.machine_view))
        return [path("machine/", view, name=self.url_name("machine")), *super().get_urls()]

    def machine_view(self, request: HttpRequest) -> HttpResponse:
        """What waits, what is stuck, what runs."""
        return machine.room(self, request)

    def check_act(self, request: HttpRequest, row: Connection, act: Act) -> HttpResponse:
        """The doctor's checks. What they found stands in the answer: it is not kept."""
        found: list[dict[str, Any]] = []
        if request.method == "POST":
            found = [_finding(each) for each in doctor.examine(row, now=timezone.now())]
            row.refresh_from_db()
            self.log_change(request, row, gettext("Checked."))
        bad = sum(each["tone"] == "bad" for each in found)
        return self.page(
            request, "connection_check.html", title=act.label, row=row, ask=ASKS[act.name], button=act.label,
            found=found, bad=bad, css=("calendly_integration/machine.css",), at=shown.instant(timezone.now()),
        )  # fmt: skip

    def sync_act(self, request: HttpRequest, row: Connection, act: Act) -> HttpResponse:
        """Hosts and event types now, meetings in the background."""
        if request.method != "POST":
            return self._ask(request, row, act)
        try:
            hosts, kinds = catalog.sync(row, now=timezone.now())
        except REFUSALS as error:
            return self._refused(request, row, error)
        soon = event_type_desk.ask_for_meetings()
        return self.did(request, row, gettext("Synced."), synced(hosts, kinds, soon=soon))

    def subscribe_act(self, request: HttpRequest, row: Connection, act: Act) -> HttpResponse:
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

    def rotate_act(self, request: HttpRequest, row: Connection, act: Act) -> HttpResponse:
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

    def _ask(self, request: HttpRequest, row: Connection, act: Act) -> HttpResponse:
        return self.page(
            request, "confirm.html", title=act.label, row=row, ask=ASKS[act.name], button=act.label
        )

    def _refused(self, request: HttpRequest, row: Connection, error: Exception) -> HttpResponse:
        messages.error(request, _said(error))
        return HttpResponseRedirect(self.url("change", row))


def synced(hosts: int, kinds: int, *, soon: bool | None = None) -> str:
    """What was read; `soon` is whether the queue took the rest."""
    people = ngettext("%d host", "%d hosts", hosts) % hosts
    types = ngettext("%d event type", "%d event types", kinds) % kinds
    told = gettext("Read from Calendly: %(types)s, %(people)s.") % {"types": types, "people": people}
    if soon is None:
        return told
    if soon:
        then = gettext("Meetings follow in the background.")
    else:
        then = gettext("The queue does not answer: meetings follow with the next run of the timetable.")
    return f"{told} {then}"


def _said(error: Exception) -> str:
    if isinstance(error, subscriptions.NoSigningKey):
        return gettext(
            "There is no signing key yet. Press “Change the signing key”: "
            "that makes one and subscribes the webhook."
        )
    if isinstance(error, subscriptions.NotRenewed):
        nothing = gettext("There is no webhook subscription now: Calendly tells us nothing.")
        return f"{nothing} {calendlys_answer.text(error.error)}"
    if isinstance(error, subscriptions.TakenElsewhere):
        return gettext(
            "Calendly has a subscription for our address that this access token cannot see. Delete it with the "
            "token that made it, or set another PUBLIC_URL."
        )
    if isinstance(error, vault.Unreadable):
        return gettext("Nothing can be stored encrypted: %s") % shown.told(error, 300)
    return calendlys_answer.text(error)


def _finding(found: doctor.Finding) -> dict[str, Any]:
    """One check, for the page."""
    tone, word = {
        True: ("ok", _("all right")),
        False: ("failed", _("needs a hand")),
        None: ("off", _("worth a look")),
    }[found.ok]
    return {
        "name": CHECKS.get(found.name, found.name),
        "state": shown.state(tone, word),
        "tone": "bad" if found.ok is False else "",
        "text": shown.text(found.text, 500),
        "mend": shown.text(found.mend, 500) if found.mend else "",
    }


@admin.register(SyncRun)
class SyncRunAdmin(EvidenceAdmin[SyncRun]):
    """How far the mirror came, and what it found."""

    nothing_yet = _("The mirror has not run yet. Press “Sync now” in the machine room.")
    list_display = (
        columns.moment(SyncRun, "started_at", seconds=True),
        columns.state(SyncRun),
        "seen",
        "changed",
        columns.moment(SyncRun, "window_start"),
        columns.moment(SyncRun, "window_end"),
        columns.moment(SyncRun, "finished_at", seconds=True),
        columns.failure(SyncRun, "error"),
    )
    list_filter = ("status",)
    list_select_related = ()
    date_hierarchy = "started_at"
    ordering = ("-pk",)
    lines = (
        columns.other(SyncRun, "connection"),
        columns.state(SyncRun),
        columns.moment(SyncRun, "started_at", seconds=True),
        columns.moment(SyncRun, "finished_at", seconds=True),
        columns.moment(SyncRun, "window_start"),
        columns.moment(SyncRun, "window_end"),
        columns.moment(SyncRun, "cursor"),
        "seen",
        "changed",
        columns.failure(SyncRun, "error", limit=shown.LONG),
    )
