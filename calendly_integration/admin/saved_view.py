"""Saved views: a person's named filters of the bookings list."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import SavedView
from ..services.backoffice import saved_views
from . import display, formatting, list_conditions, list_filters
from .bounded_lists import DATE_PARTS, is_key
from .technical import TechnicalAdmin

# The search, the order, every filter and the dates.
KEPT_PARAMETERS = (
    "q",
    "o",
    *(str(each.parameter_name) for each in list_filters.FILTERS),
    *(f"start_at__{part}" for part in DATE_PARTS),
)


@dataclass(frozen=True, slots=True)
class SavedViewLink:
    """A view above the list. `current` marks the one that is shown."""

    pk: int
    name: str
    query: str
    current: bool


def kept_query(query: str) -> str:
    """The parameters that a view keeps, in a fixed order."""
    given = dict(parse_qsl(query[:4000]))
    return urlencode([(name, given[name]) for name in KEPT_PARAMETERS if given.get(name)])


def query_to_save(query: str) -> str:
    """The same; empty for a tab alone, which needs no view."""
    kept = kept_query(query)
    return "" if kept in ("", *(urlencode({list_filters.TAB: tab}) for tab in list_filters.TABS)) else kept


def has_other_conditions(request: HttpRequest) -> bool:
    """Whether the list has conditions that a view does not keep, such as those of a figure on Today."""
    return any(
        value and key not in list_conditions.NO_CONDITIONS and key not in KEPT_PARAMETERS
        for key, value in request.GET.items()
    )


def links(request: HttpRequest) -> list[SavedViewLink]:
    """This person's views."""
    current = kept_query(request.GET.urlencode())
    return [
        SavedViewLink(
            view.pk,
            formatting.plain(view.name, 60),
            kept_query(view.query),
            kept_query(view.query) == current,
        )
        for view in saved_views.of(request.user)
    ]


def _refuse(page: Any, request: HttpRequest) -> HttpResponse | None:
    if not page.has_view_permission(request):
        raise PermissionDenied
    return None if request.method == "POST" else HttpResponseNotAllowed(["POST"])


def save(page: Any, request: HttpRequest) -> HttpResponse:
    """Save the present filters under a name."""
    if (refused := _refuse(page, request)) is not None:
        return refused
    query = kept_query(request.POST.get("query", ""))
    name = formatting.plain(request.POST.get("name", ""), 60)
    try:
        view = saved_views.save(user=request.user, name=name, query=query, now=timezone.now())
    except saved_views.NoName:
        messages.error(request, _("Give the view a name."))
    except saved_views.TooLong:
        messages.error(request, _("These filters are too long to save. Shorten the search."))
    except saved_views.TooMany:
        messages.error(request, _("You have too many views. Delete one first."))
    else:
        page.log_change(request, view, _("View saved."))
        messages.success(request, _("The view “%s” is saved.") % view.name)
    return HttpResponseRedirect(f"{page.url('changelist')}?{query}")


def forget(page: Any, request: HttpRequest) -> HttpResponse:
    """Delete one of one's own views."""
    if (refused := _refuse(page, request)) is not None:
        return refused
    wanted = request.POST.get("view", "")
    view = saved_views.of(request.user).filter(pk=wanted).first() if is_key(SavedView, wanted) else None
    if view is None:
        messages.warning(request, _("This view no longer exists."))
    else:
        page.log_change(request, view, _("View deleted."))
        messages.success(request, _("The view “%s” is deleted.") % view.name)
        view.delete()
    return HttpResponseRedirect(f"{page.url('changelist')}?{kept_query(request.POST.get('query', ''))}")


@admin.register(SavedView)
class SavedViewAdmin(TechnicalAdmin[SavedView]):
    """One's own views. They are saved and deleted above the list of bookings."""

    nothing_yet = gettext_lazy(
        "There are no saved views yet. Filter the list of bookings and use “Save this view”."
    )
    list_display = (
        display.text(SavedView, "name"),
        display.text(SavedView, "query"),
        display.instant(SavedView, "created_at"),
    )
    list_select_related = ()
    ordering = ("name", "pk")
    lines = (
        display.text(SavedView, "name"),
        display.text(SavedView, "query", limit=1000),
        display.instant(SavedView, "created_at"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedView]:
        """The list shows one's own views. The page of another's is refused below."""
        rows = super().get_queryset(request)
        match = request.resolver_match
        if match is not None and match.url_name == self.url_name("changelist"):
            return rows & saved_views.of(request.user)
        return rows

    def has_view_permission(self, request: HttpRequest, obj: SavedView | None = None) -> bool:
        """Views are private: one may contain a search."""
        own = obj is None or obj.user_id == request.user.pk
        return own and super().has_view_permission(request, obj)
