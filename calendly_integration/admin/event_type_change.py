"""What Calendly changed in an event type, as text."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import EventType, EventTypeChange
from . import display, formatting
from .filters import YesNoFilter, with_title
from .technical import TechnicalAdmin

YES_NO = {True: _("yes"), False: _("no")}


@admin.register(EventTypeChange)
class EventTypeChangeAdmin(TechnicalAdmin[EventTypeChange]):
    """Changes at Calendly."""

    list_display = (
        display.instant(EventTypeChange, "at", seconds=True),
        display.related(EventTypeChange, "event_type"),
        "what",
        display.instant(EventTypeChange, "seen_at"),
        display.text(EventTypeChange, "seen_by"),
    )
    list_filter = (("seen_at", with_title(_("seen by staff"), YesNoFilter)),)
    list_select_related = ("event_type",)
    date_hierarchy = "at"
    ordering = ("-pk",)
    search_fields = ("event_type__name", "event_type__slug")
    lines = (
        display.instant(EventTypeChange, "at", seconds=True),
        display.related(EventTypeChange, "event_type"),
        "what",
        display.instant(EventTypeChange, "seen_at", seconds=True),
        display.text(EventTypeChange, "seen_by"),
        display.raw_data("changes", _("old and new values")),
    )

    @admin.display(description=_("what changed"))
    def what(self, row: EventTypeChange) -> SafeString:
        """One line for each change."""
        return formatting.lines(lines_of(row.changes))


def describe(change: EventTypeChange) -> dict[str, Any]:
    """A change for the page: when, what, and who has seen it."""
    seen = ""
    if change.seen_at is not None:
        seen = gettext("seen by %(who)s, %(at)s") % {
            "who": formatting.plain(change.seen_by),
            "at": formatting.stamp(change.seen_at),
        }
    return {"at": formatting.instant(change.at), "lines": lines_of(change.changes), "seen": seen}


def lines_of(changes: Any) -> list[SafeString]:
    """The old and the new value of each column, one per line."""
    found = []
    for name, pair in changes.items() if isinstance(changes, dict) else ():
        if name == "deleted":
            found.append(
                SafeString(_("was deleted at Calendly") if pair[1] else _("exists at Calendly again"))
            )
            continue
        label = display.field_label(EventType, name)
        found.append(format_html("{}: {} → {}", label, _value(name, pair[0]), _value(name, pair[1])))
    return found


def _value(name: str, value: Any) -> SafeString:
    """The value of one column, bounded."""
    if isinstance(value, bool):
        return formatting.text(YES_NO[value])
    if name == "kind":
        return formatting.text(dict(EventType.Kind.choices).get(value, value))
    if name in ("locations", "questions"):
        each = places(value) if name == "locations" else questions(value)
        return SafeString("; ".join(str(part) for part in each)) or SafeString(formatting.EMPTY)
    return formatting.text(value, 200)


def questions(questions: Any) -> list[object]:
    """Each question as one line."""
    return [
        format_html(
            "{}{}",
            formatting.text(each.get("name"), 200),
            format_html(" ({})", _("required")) if each.get("required") else "",
        )
        for each in questions or ()
        if isinstance(each, dict)
    ]


def places(places: Any) -> list[object]:
    """Each location as one line: its kind and its text."""
    return [
        formatting.text(
            " · ".join(str(part) for part in (each.get("kind"), each.get("location")) if part), 200
        )
        for each in places or ()
        if isinstance(each, dict)
    ]
