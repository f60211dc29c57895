"""A model admin for read-only rows: they mirror Calendly or record what happened."""

import uuid
from typing import Any, TypeVar

from django.contrib.admin.utils import flatten_fieldsets, quote, unquote
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import display, formatting, viewer_timezone
from .object_actions import ObjectActionsMixin, Words, breadcrumbs_are_a_list

M = TypeVar("M", bound=Model)


class ReadOnlyAdmin(ObjectActionsMixin[M]):
    """A read-only list and page, with buttons for the actions on one object."""

    show_full_result_count = False
    empty_value_display = formatting.EMPTY
    list_per_page = 50
    # Like Django's `fields`, but it may also contain columns.
    lines: tuple[str | display.Column, ...] = ()
    # The text of an empty list.
    nothing_yet: Words = gettext_lazy("There is nothing here yet.")
    # Searched if the term is a UUID: databases store UUIDs in different formats.
    uuid_lookups: tuple[str, ...] = ()

    class Media:
        css = {"all": ["calendly_integration/admin.css"]}
        js = ["calendly_integration/vendor/htmx/htmx.min.js"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Read-only: rows come from Calendly or from events."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Read-only: these rows mirror Calendly."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Viewing needs the view permission. Django also accepts the change permission, which we use for
        our own columns."""
        return self.may(request, f"view_{self.opts.model_name}")

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Read-only: the records are kept."""
        return False

    def get_fields(self, request: HttpRequest, obj: M | None = None) -> Any:
        """The fields that this person may see, with bounded texts."""
        return [
            display.bounded(self.model, each)
            for each in self.lines
            if not hasattr(each, "permission") or self.may(request, each.permission)
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> list[Any]:
        """All fields."""
        return flatten_fieldsets(self.get_fieldsets(request, obj))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> M | None:
        """The object, with a note of what this person may not see of it."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            hidden = {
                key
                for permission, keys in display.INVITEE_LINKS.items()
                if not self.may(request, permission)
                for key in keys
            }
            found._calendly_hidden_keys = hidden  # type: ignore[attr-defined]
        return found

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[M], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        """Search, also by one of our ids."""
        try:
            wanted = uuid.UUID(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        by_id = Q(pk__in=[])
        for lookup in self.uuid_lookups:
            by_id |= Q(**{lookup: wanted})
        return queryset.filter(by_id), False

    # Pages

    def get_urls(self) -> list[URLPattern]:
        """All pages show times in the viewer's zone."""
        patterns = super().get_urls()
        for pattern in patterns:
            pattern.callback = viewer_timezone.in_zone(pattern.callback)
        return patterns

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's list, titled by its model, with a hint while it is empty."""
        own = {"title": capfirst(self.opts.verbose_name_plural), "nothing_yet": self.nothing_yet}
        return super().changelist_view(request, own | (extra_context or {}))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Django's page. Its message about an unknown key shows the key."""
        return super().change_view(request, _printable(object_id), form_url, extra_context)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: M | None = None,
    ) -> HttpResponse:
        """Django's page, with buttons and a bounded name in its titles."""
        if obj is not None:
            name = formatting.plain(obj)
            own = {
                "title": capfirst(self.opts.verbose_name),
                "subtitle": name,
                "name": name,
                "breadcrumbs_are_a_list": breadcrumbs_are_a_list(),
                "object_actions": self.buttons(request, obj),
            }
            context = {**context, **own, **self.sections(obj)}
            if not self.may(request, "view_raw_data"):
                context.pop("raw_data", None)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def sections(self, row: M) -> dict[str, Any]:
        """Context for a template of the model."""
        return {}

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's page, with a bounded name in its title and breadcrumbs."""
        row = self.get_object(request, unquote(object_id))
        name = formatting.plain(row) if row is not None else ""
        extra = {
            "breadcrumbs_are_a_list": breadcrumbs_are_a_list(),
            "name": name,
            "title": _("History of %s") % name,
            "original": row,
        }
        return super().history_view(request, _printable(object_id), extra | (extra_context or {}))


def _printable(object_id: str) -> str:
    """The key from the URL. An impossible one is made safe for the message that shows it; ours stay as they are."""
    return quote(formatting.plain(unquote(object_id), 255))
