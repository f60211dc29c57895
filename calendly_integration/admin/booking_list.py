"""The list of bookings: bounded count, filters with counts, dates, saved views, exports."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Max, Min, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..models import Booking
from ..services import texts
from ..services.backoffice import search
from . import (
    booking_columns,
    bounded_lists,
    exports,
    formatting,
    list_conditions,
    list_filters,
    no_show,
    saved_view,
    viewer_timezone,
)
from .list_filters import TAB, TabFilter

MAX_COUNTED = 10_000
LARGE_COLUMNS = ("request", "intent", "invitee_raw", "event_raw")
# Today links to the rows of its figures by these fields.
LINKED_TIMES = ("start_at", "created_at", "canceled_at", "no_show_at")


if TYPE_CHECKING:
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator


class BoundedPaginator(_Paginator):
    """A paginator that counts up to a limit and reads a page by its keys, so a late page costs no more than
    the first."""

    found = search.EVERYTHING

    @cached_property
    def count(self) -> int:
        """The number of rows, at most `MAX_COUNTED` + 1."""
        rows: Any = self.object_list
        with self.found.read(using=rows.db):
            return int(rows.order_by().values("pk")[: MAX_COUNTED + 1].count())

    def _get_page(self, rows: Any, *args: Any, **options: Any) -> Any:
        with self.found.read(using=rows.db):
            keys = list(rows.values_list("pk", flat=True))
        every: Any = self.object_list
        return super()._get_page(every.filter(pk__in=keys), *args, **options)  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class DateLink:
    """A link in the row of dates."""

    words: str
    query: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class ListRow:
    """What the page shows around a row of the list. `heading` is the day, above its first meeting. `links` lead
    to a page, `buttons` act at once; each is a URL with its label."""

    heading: str
    links: list[tuple[str, str]]
    buttons: list[tuple[str, str]]


class BookingList(bounded_lists.BoundedList):
    """The change list, with what its page shows beside the rows."""

    def __init__(self, request: HttpRequest, *args: Any, **options: Any) -> None:
        self.request = request
        self._choices_counted = False
        super().__init__(request, *args, **options)

    def get_queryset(self, *args: Any, **options: Any) -> QuerySet[Any]:
        """Without what Calendly sent, which no column shows."""
        rows: QuerySet[Any] = super().get_queryset(*args, **options)
        return rows.defer(*(f"current_calendly_booking__{name}" for name in LARGE_COLUMNS))

    @property
    def tabs(self) -> list[dict[str, Any]]:
        """The tabs, with their counts."""
        return list(next(each for each in self.filter_specs if isinstance(each, TabFilter)).choices(self))[1:]

    @property
    def panel_filters(self) -> list[Any]:
        """The filters behind the button."""
        return [each for each in self.filter_specs if not isinstance(each, TabFilter)]

    @property
    def is_by_start(self) -> bool:
        """Whether the rows stand in the order of their start, so that days can head them."""
        return str(self.queryset.query.order_by[0]).lstrip("-") == "start_at"

    @cached_property
    def rows(self) -> list[ListRow]:
        """For each row its day, where another day begins, and its links."""
        rows, before = [], None
        for booking in self.result_list:
            day = timezone.localdate(booking.start_at) if booking.start_at else None
            is_new = self.is_by_start and day is not None and day != before
            heading = _day_heading(day) if is_new and day else ""
            rows.append(ListRow(heading, self._links(booking), self._buttons(booking)))
            before = day
        return rows

    def _links(self, booking: Booking) -> list[tuple[str, str]]:
        """What can be done with a meeting to come. Its page has everything."""
        is_coming = booking.start_at is not None and booking.start_at > timezone.now()
        if not is_coming or booking.status != Booking.Status.CONFIRMED:
            return []
        return [
            *self._if_allowed("reschedule", _("Move"), "reschedule_booking", booking),
            *self._if_allowed("cancel", _("Cancel"), "cancel_booking", booking),
        ]

    def _buttons(self, booking: Booking) -> list[tuple[str, str]]:
        if not no_show.may_mark(booking, timezone.now()):
            return []
        return self._if_allowed("no_show", _("No-show"), "mark_no_show", booking)

    def _if_allowed(self, name: str, label: str, permission: str, booking: Booking) -> list[tuple[str, str]]:
        page: Any = self.model_admin
        if not page.may(self.request, permission):
            return []
        return [(f"{page.url(name, booking)}?{urlencode({'next': self.request.get_full_path()})}", label)]

    def count_choices(self) -> None:
        """Count the filters' choices, once per request."""
        if self._choices_counted:
            return
        self._choices_counted = True
        own = [spec for spec in self.filter_specs if isinstance(spec, list_filters.CountedFilter)]
        kept = self.filter_specs, self.clear_all_filters_qs
        # For a filter that is not in use, the other filters leave the list itself.
        asked = [(each, self._without(each) if each.value() else self.queryset) for each in own]
        list_filters.count(asked, found=self.paginator.found)
        self.filter_specs, self.clear_all_filters_qs = kept

    def _without(self, list_filter: list_filters.CountedFilter) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.get_queryset(
            self.request, exclude_parameters=list_filter.expected_parameters()
        )
        return rows

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Sort start_at in the direction of the index when the list is sorted by status or source."""
        ordering = list(super().get_ordering(request, queryset))
        if ordering[:2] in (["status", "-start_at"], ["source", "-start_at"]):
            return [ordering[0], "start_at", "pk"]
        return ordering

    @property
    def is_counted(self) -> bool:
        """Whether the exact number of rows is known. Only then can all be selected at once."""
        return int(self.result_count) <= MAX_COUNTED

    @property
    def count_text(self) -> str:
        """The number of rows as text."""
        count = int(self.result_count)
        if not self.is_counted:
            return _("over %s bookings") % f"{MAX_COUNTED:,}".replace(
                ",", "." if formatting.language() == "ro" else ","
            )
        return ngettext("%d booking", "%d bookings", count) % count

    @property
    def without_search(self) -> str:
        """The query string of the list without its search: all bookings that the filters leave."""
        query: str = self.get_query_string({TAB: self.params.get(TAB, "all")}, remove=["q"])
        return query

    @property
    def page_numbers(self) -> list[Any]:
        """The page numbers to link."""
        return list(self.paginator.get_elided_page_range(self.page_num, on_each_side=3, on_ends=2))

    @property
    def has_any(self) -> bool:
        """Whether there is any booking at all."""
        return Booking.objects.exists()

    @cached_property
    def number_of_conditions(self) -> int:
        """How many filters are in use, beside the tab."""
        return len(list_conditions.conditions(self)) + (self._chosen("year") is not None)

    @cached_property
    def dates(self) -> list[list[DateLink]]:
        """Links by date, without reading rows: years, then months, then days."""
        year, month, day = (self._chosen(part) for part in ("year", "month", "day"))
        if year is None:
            return [self._years()]
        rows = [
            [DateLink(_("All dates"), self._query()), DateLink(str(year), self._query(year), month is None)]
        ]
        names = texts.MONTHS[formatting.language()]
        if month is None:
            return [
                *rows,
                [DateLink(name, self._query(year, each)) for each, name in enumerate(names, start=1)],
            ]
        rows[0].append(DateLink(names[month - 1], self._query(year, month), day is None))
        first = date(year, month, 1)
        last = (date(year + month // 12, month % 12 + 1, 1) - first).days if year < 9999 else 31
        days = range(1, last + 1)
        return [*rows, [DateLink(str(each), self._query(year, month, each), each == day) for each in days]]

    def _years(self) -> list[DateLink]:
        """The years from the first to the last meeting: both ends of an index."""
        ends = Booking.objects.aggregate(Min("start_at"), Max("start_at"))
        first, last = ends["start_at__min"], ends["start_at__max"]
        if first is None or last is None:
            return []
        begin, end = (timezone.localdate(each).year for each in (first, last))
        return [DateLink(str(year), self._query(year)) for year in range(max(begin, end - 19), end + 1)]

    def _chosen(self, part: str) -> int | None:
        limits = {"year": (1, 9999), "month": (1, 12), "day": (1, 31)}
        try:
            value = int(self.params.get(f"start_at__{part}", ""))
        except ValueError:
            return None
        low, high = limits[part]
        return value if low <= value <= high else None

    def _query(self, *parts: int) -> str:
        new = {f"start_at__{name}": part for name, part in zip(("year", "month", "day"), parts, strict=False)}
        # "start_at__" removes every condition on the start.
        query: str = self.get_query_string(remove=["start_at__"])
        added = "&".join(f"{name}={part}" for name, part in new.items())
        return query + ("&" if len(query) > 1 and added else "") + added


def _day_heading(day: date) -> str:
    """A day as the heading of its meetings."""
    today, words = timezone.localdate(), texts.day(day, formatting.language())
    if day.year != today.year:
        words = f"{words} {day.year}"
    near = {
        today: _("Today"),
        today + timedelta(days=1): _("Tomorrow"),
        today - timedelta(days=1): _("Yesterday"),
    }
    return f"{near[day]}, {words}" if day in near else capfirst(words)


class BookingListMixin(booking_columns.BookingColumnsMixin):
    """The part of the bookings' admin that is the list."""

    list_display_links = ("when", "invitee")
    list_select_related = ("event_type", "host", "metadata", "current_calendly_booking")
    list_filter = list_filters.FILTERS
    list_per_page = 50
    show_facets = ShowFacets.NEVER
    date_hierarchy = "start_at"
    ordering = ("-start_at", "-pk")
    # Needed for the search box; the service decides what is searched.
    search_fields = ("search_key",)
    linked_lookups = (
        *(f"{when}__{bound}" for when in LINKED_TIMES for bound in ("gte", "lt", "lte")),
        "status",
        "confirmed_at__isnull",
        "mailed_without_link_at__isnull",
    )
    search_help_text = gettext_lazy(
        "Name, e-mail, phone, conversation, booking number or Calendly's event id"
    )

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        """The change list with counts and dates."""
        return BookingList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Booking], search_term: str
    ) -> tuple[QuerySet[Booking], bool]:
        """Search by the service, once per request: the counts need the result again."""
        if not search_term.strip():
            return queryset, False
        if not hasattr(request, "_calendly_found"):
            request._calendly_found = search.find(search_term)  # type: ignore[attr-defined]
        return queryset.filter(request._calendly_found.condition), False  # type: ignore[attr-defined]

    def get_paginator(self, request: HttpRequest, *args: Any, **options: Any) -> BoundedPaginator:
        """A paginator that knows how the search result is read best."""
        pages = BoundedPaginator(*args, **options)
        pages.found = getattr(request, "_calendly_found", search.EVERYTHING)
        return pages

    def get_ordering(self, request: HttpRequest) -> Any:
        """What is to come, the soonest first; what has been, the latest first."""
        if request.GET.get(TAB) in list_filters.TABS_FROM_NOW:
            return ("start_at", "pk")
        return self.ordering

    def changelist_view(
        self: Any, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's list, with the person's saved views and the export links. Without any condition it is the
        tab of what is to come."""
        if not request.GET:
            request.GET = QueryDict(urlencode({TAB: "upcoming"}))
        query = request.GET.urlencode()
        own = {
            "saved_views": saved_view.links(request),
            "view_query": saved_view.query_to_save(query),
            "view_narrowed": saved_view.has_other_conditions(request),
            "view_save_url": self.url("views_save"),
            "view_forget_url": self.url("views_forget"),
            "export_urls": exports.links(self, request),
            "columns_url": self.url("columns"),
            "columns": self.column_choices(request),
        }
        answer: HttpResponse = super().changelist_view(request, own | (extra_context or {}))
        return answer

    def get_urls(self: Any) -> list[URLPattern]:
        """Our URLs come first, because Django's would take them for an object id."""
        views = {
            "views_save": ("views/save/", saved_view.save),
            "views_forget": ("views/forget/", saved_view.forget),
            "export_csv": ("export/csv/", exports.as_csv),
            "export_xlsx": ("export/xlsx/", exports.as_xlsx),
        }
        own = [
            path(address, self.admin_site.admin_view(partial(view, self)), name=self.url_name(name))
            for name, (address, view) in views.items()
        ]
        for pattern in own:
            pattern.callback = viewer_timezone.in_zone(pattern.callback)
        return [*own, *super().get_urls()]
