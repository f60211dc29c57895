"""Event types: synced from Calendly, with the settings of staff and the changes at Calendly."""

import re
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..models import EventType
from ..services.backoffice import event_type_settings
from . import display, event_type_account, event_type_change, event_type_form, formatting, viewer_timezone
from .bounded_lists import BoundedList
from .filters import YesNoFilter, with_title
from .object_actions import ObjectAction
from .read_only import ReadOnlyAdmin

STYLE = ("calendly_integration/system_status.css",)
MAX_CHANGES = 20


def _has_unseen_changes(row: EventType, now: datetime) -> bool:
    return row.changes.filter(seen_at=None).exists()


EDIT, SEEN = _("Edit names and access"), _("Mark changes as seen")
MAY_CHANGE = "change_eventtype"


class EventTypeList(BoundedList):
    """The list, with two counts for each shown row: two queries in all."""

    def get_results(self, request: HttpRequest) -> None:
        """The rows of the page, with their counts."""
        super().get_results(request)
        rows = list(self.result_list)
        keys = [row.pk for row in rows]
        upcoming, unseen = (
            event_type_settings.upcoming(keys, now=timezone.now()),
            event_type_settings.unseen_changes(keys),
        )
        for row in rows:
            row.upcoming_count, row.unseen_count = upcoming.get(row.pk, 0), unseen.get(row.pk, 0)
        self.result_list = rows


@admin.register(EventType)
class EventTypeAdmin(ReadOnlyAdmin[EventType]):
    """Event types. They are changed at Calendly."""

    list_display = (
        "title",
        "calendly_changes",
        "upcoming",
        "duration",
        "buffers",
        "hosted_by",
        "open_to",
        "active",
    )
    list_filter = (
        "active",
        "kind",
        "open_to",
        ("account", with_title(_("Calendly account"))),
        ("deleted_at", with_title(_("deleted at Calendly"), YesNoFilter)),
    )
    list_select_related = ()
    ordering = ("position", "name", "pk")
    search_fields = ("name", "slug", "uri")
    uuid_lookups = ("pk",)
    lines = (
        "title",
        display.text(EventType, "slug", limit=255),
        "active",
        "duration",
        "buffer_before",
        "buffer_after",
        "kind",
        "pooling",
        "hosted_by",
        "upcoming",
        display.column("aliases", _("other names"), lambda row: formatting.lines(_names(row.aliases))),
        "open_to",
        "agents",
        display.column(
            "questions",
            _("questions"),
            lambda row: formatting.lines(event_type_change.questions(row.questions)),
        ),
        display.column(
            "locations", _("locations"), lambda row: formatting.lines(event_type_change.places(row.locations))
        ),
        display.link(EventType, "scheduling_url"),
        display.related(EventType, "account"),
        display.text(EventType, "uri", label=_("address at Calendly"), limit=255),
        display.instant(EventType, "updated_at", seconds=True),
        display.instant(EventType, "seen_at", seconds=True),
        display.instant(EventType, "deleted_at", seconds=True),
        display.raw_data("raw", _("data from Calendly")),
    )

    def get_object_actions(self) -> list[ObjectAction]:
        """Our own settings of an event type."""
        return [
            ObjectAction("edit", EDIT, MAY_CHANGE, self.edit_view),
            ObjectAction("seen", SEEN, MAY_CHANGE, self.seen_view, _has_unseen_changes),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[EventType]:
        """The event types with their hosts."""
        return super().get_queryset(request).prefetch_related("hosts")

    def get_urls(self) -> list[URLPattern]:
        """The pages that call Calendly come first, because Django's URLs would take them for an object id."""
        own = [
            path(
                f"{name}/",
                viewer_timezone.in_zone(self.admin_site.admin_view(view)),
                name=self.url_name(name),
            )
            for name, view in event_type_account.views(self).items()
        ]
        return own + super().get_urls()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The change list with counts."""
        return EventTypeList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's list, with buttons."""
        own = {
            "links": event_type_account.links(self, request),
            "buttons": event_type_account.buttons(self, request),
        }
        return super().changelist_view(request, own | (extra_context or {}))

    def sections(self, row: EventType) -> dict[str, Any]:
        """The changes at Calendly."""
        found = event_type_settings.changes(row, most=MAX_CHANGES)
        return {
            "changes": [event_type_change.describe(change) for change in found],
            "public_page": formatting.link(row.scheduling_url, _("Open the public page")),
        }

    def edit_view(self, request: HttpRequest, row: EventType) -> HttpResponse:
        """Edit our own settings: other names and access."""
        form = event_type_form.EventTypeForm(row, request.POST or None)
        if request.method != "POST" or not form.keep():
            return self.page(request, "event_type_edit.html", title=EDIT, row=row, form=form, css=STYLE)
        log = gettext("Changed other names and access.")
        return self.finish_action(request, row, log, gettext("Saved. Agents see it from now on."))

    def seen_view(self, request: HttpRequest, row: EventType) -> HttpResponse:
        """Mark the changes as seen, only those that the page has shown: there may be newer ones."""
        if request.method != "POST":
            found = [each for each in event_type_settings.changes(row, most=100) if each.seen_at is None]
            return self.page(
                request,
                "event_type_seen.html",
                title=SEEN,
                row=row,
                button=SEEN,
                css=STYLE,
                changes=[event_type_change.describe(change) for change in found],
                upto=found[0].pk if found else 0,
            )
        upto = request.POST.get("upto", "")
        number = int(upto) if upto.isascii() and upto.isdigit() and len(upto) < 18 else 0
        by = request.user.get_username()
        count = event_type_settings.mark_changes_seen(row, upto=number, by=by, now=timezone.now())
        if not count:
            messages.warning(request, gettext("There are no new changes: nothing was done."))
            return HttpResponseRedirect(self.url("change", row))
        text = ngettext("%d change is marked as seen.", "%d changes are marked as seen.", count) % count
        return self.finish_action(request, row, gettext("Marked changes as seen."), text)

    @admin.display(description=_("name"), ordering="name")
    def title(self, row: EventType) -> SafeString:
        """The name, with the colour from Calendly."""
        return format_html("{} {}", _swatch(row.color), formatting.text(row.name))

    @admin.display(description=_("buffers, minutes"))
    def buffers(self, row: EventType) -> str:
        """The free minutes before and after."""
        return f"{row.buffer_before} + {row.buffer_after}"

    @admin.display(description=_("hosts"))
    def hosted_by(self, row: EventType) -> SafeString:
        """The hosts."""
        return formatting.lines([display.object_link(host) for host in row.hosts.all()])

    @admin.display(description=_("agents"))
    def agents(self, row: EventType) -> SafeString:
        """The agents that may book it, if access is limited."""
        if row.open_to != EventType.OpenTo.KEYS:
            return SafeString(formatting.EMPTY)
        return formatting.lines([display.object_link(key) for key in row.allowed_keys.all()])

    @admin.display(description=_("upcoming"))
    def upcoming(self, row: EventType) -> int:
        """The number of confirmed meetings in the future."""
        counted = getattr(row, "upcoming_count", None)
        if counted is None:
            counted = event_type_settings.upcoming([row.pk], now=timezone.now()).get(row.pk, 0)
        return int(counted)

    @admin.display(description=_("changed at Calendly"))
    def calendly_changes(self, row: EventType) -> SafeString:
        """Whether there are unseen changes, or Calendly no longer lists it."""
        found = []
        if row.deleted_at is not None:
            found.append(formatting.badge("failed", _("gone")))
        count = getattr(row, "unseen_count", 0)
        if count:
            text = ngettext("%d new change", "%d new changes", count) % count
            found.append(formatting.badge("waiting", text))
        return formatting.lines(found)


def _swatch(color: str) -> SafeString:
    """A spot of that colour. It is drawn as SVG, because a strict Content-Security-Policy forbids style
    attributes."""
    if not re.fullmatch("#[0-9a-fA-F]{6}", color):
        return SafeString("")
    return format_html(
        '<svg width="10" height="10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill="{}"/></svg>', color
    )


def _names(aliases: Any) -> list[object]:
    """Each name as it was typed."""
    return [formatting.text(each, 200) for each in aliases or ()]
