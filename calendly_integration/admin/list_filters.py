"""The filters of the bookings list. Their counts are always shown, and their cost is bounded. `FILTERS` is
the list of them: saved views keep all its parameters."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import connections
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..models import Booking, Host, VAIMetadata
from ..services.backoffice import event_type_settings, search
from . import formatting

MAX_COUNT, MAX_ROWS_READ = 1000, 5000
# Further choices have no count, because each count is a query.
MAX_COUNTED_CHOICES = 25
MAX_CHOICES = 300
AGENT_TYPES_OF_LATEST = 1000

TAB = "tab"
TABS = {
    "upcoming": _("Upcoming"),
    "unconfirmed": _("To be confirmed"),
    "past": _("Past"),
    "canceled": _("Canceled meetings"),
    "no_show": _("No-shows"),
    "all": _("All"),
}
# The soonest first; in the other tabs the latest first.
TABS_FROM_NOW = ("upcoming", "unconfirmed")

Choice = tuple[str, str]


class CountedFilter(ABC, admin.SimpleListFilter):
    """A filter with Django's parameter name. The change list fills in `counts`."""

    template = "calendly_integration/admin/counted_filter.html"
    counts: dict[str, str]

    def __init__(self, request: HttpRequest, params: Any, model: type[Model], model_admin: Any) -> None:
        # The list creates its filters again for each count, so the choices are read once per request.
        self._choices_by_name: dict[str, list[Choice]] = request.__dict__.setdefault("_calendly_choices", {})
        self.counts = {}
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[Choice]:
        """The choices. An unknown selected value is added, so that it can be seen and removed."""
        name = str(self.parameter_name)
        if name not in self._choices_by_name:
            self._choices_by_name[name] = list(self.options())
        found, chosen = self._choices_by_name[name], self.value()
        if chosen and chosen not in dict(found):
            found = [*found, (chosen, formatting.plain(chosen, 40))]
        return found

    @abstractmethod
    def options(self) -> Iterator[Choice]:
        """All choices: value and label."""

    def condition(self, value: str) -> Q:
        """The condition on bookings for a choice."""
        return Q(**{str(self.parameter_name): value})

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The bookings of the selected choice; none if the value is invalid."""
        value = self.value()
        if not value:
            return queryset
        try:
            return queryset.filter(self.condition(value))
        except (ValueError, ValidationError):
            return queryset.none()

    def choices(self, changelist: Any) -> Iterator[Any]:
        """The choices for the template."""
        changelist.count_choices()
        name, chosen = str(self.parameter_name), self.value()
        yield {
            "selected": not chosen,
            "query_string": changelist.get_query_string(remove=[name]),
            "display": _("All"),
            "count": "",
        }
        for value, words in self.lookup_choices:
            yield {
                "selected": value == chosen,
                "query_string": changelist.get_query_string({name: value}),
                "display": words,
                "count": self.counts.get(value, ""),
            }


def format_count(count: int, *, cut: bool = False) -> str:
    """A count as text: `1000+` if it was not counted further. `cut`: there may be more than were read."""
    if count > MAX_COUNT:
        return f"{MAX_COUNT}+"
    if cut:
        return f"{count}+" if count else ""
    return str(count)


def choice_filter(name: str, label: Any, choices: Any) -> type[CountedFilter]:
    """A filter by a field with choices."""

    class ChoiceFilter(CountedFilter):
        title, parameter_name = label, name

        def options(self) -> Iterator[Choice]:
            return ((value, str(words)) for value, words in choices)

    return ChoiceFilter


def related_filter(name: str, label: Any, rows: Callable[[], Any]) -> type[CountedFilter]:
    """A filter by a related object."""

    class RelatedFilter(CountedFilter):
        title, parameter_name = label, name

        def options(self) -> Iterator[Choice]:
            return ((str(key), formatting.plain(words, 60)) for key, words in rows()[:MAX_CHOICES])

    return RelatedFilter


class AgentTypeFilter(CountedFilter):
    """By the kind of agent. The choices are those of the latest bookings."""

    title, parameter_name = _("kind of agent"), "metadata__agent_type"

    def options(self) -> Iterator[Choice]:
        """All choices: value and label."""
        latest = Booking.objects.order_by("-created_at", "-pk").values("pk")[:AGENT_TYPES_OF_LATEST]
        # A list on purpose: some databases do not support LIMIT in a subquery.
        known = VAIMetadata.objects.filter(booking__in=latest).exclude(agent_type="")
        for kind in sorted(set(known.values_list("agent_type", flat=True).distinct()))[:MAX_CHOICES]:
            yield kind, formatting.plain(kind, 60)


class TabFilter(CountedFilter):
    """The tabs above the list: what is to come, what has been, what was canceled."""

    title, parameter_name = _("tab"), TAB

    def options(self) -> Iterator[Choice]:
        """All tabs: value and label."""
        return ((value, str(label)) for value, label in TABS.items())

    def condition(self, value: str) -> Q:
        """The condition on bookings for a tab."""
        now = timezone.now()
        conditions = {
            # The bound on the start is for the index: no meeting of Calendly's is longer than half a day.
            "upcoming": Q(status="confirmed", start_at__gte=now - timedelta(hours=12), end_at__gte=now),
            "unconfirmed": Q(status="pending") | Q(status="confirmed", confirmed_at__isnull=True),
            "past": Q(status="confirmed", start_at__lt=now, end_at__lt=now),
            "canceled": Q(status="canceled"),
            "no_show": Q(no_show_at__isnull=False),
            "all": Q(),
        }
        if value not in conditions:
            raise ValueError(value)
        return conditions[value]


class PeriodFilter(CountedFilter):
    """By start, in days of the viewer's zone."""

    title, parameter_name = _("period"), "period"

    def options(self) -> Iterator[Choice]:
        """All choices: value and label."""
        words = {
            "today": _("Today"),
            "tomorrow": _("Tomorrow"),
            "week": _("This week"),
            "next7": _("Next 7 days"),
            "past30": _("Past 30 days"),
        }
        return ((value, str(label)) for value, label in words.items())

    def condition(self, value: str) -> Q:
        """The condition on bookings for a choice."""
        now = timezone.now()
        if value == "next7":
            return Q(start_at__gte=now, start_at__lt=now + timedelta(days=7))
        if value == "past30":
            return Q(start_at__gte=now - timedelta(days=30), start_at__lt=now)
        today = timezone.localdate(now)
        monday = today - timedelta(days=today.weekday())
        spans = {
            "today": (today, today + timedelta(days=1)),
            "tomorrow": (today + timedelta(days=1), today + timedelta(days=2)),
            "week": (monday, monday + timedelta(days=7)),
        }
        if value not in spans:
            raise ValueError(value)
        begin, end = spans[value]
        return Q(start_at__gte=midnight(begin), start_at__lt=midnight(end))


class NoShowFilter(CountedFilter):
    """Whether the invitee is marked as no-show."""

    # Not `no_show…`: Django removes a filter together with all parameters whose names begin with its own.
    title, parameter_name = _("no-show"), "missed"

    def options(self) -> Iterator[Choice]:
        """All choices: value and label."""
        yield "yes", str(_("marked"))
        yield "no", str(_("not marked"))

    def condition(self, value: str) -> Q:
        """The condition on bookings for a choice."""
        if value not in ("yes", "no"):
            raise ValueError(value)
        return Q(no_show_at__isnull=value == "no")


def midnight(day: date) -> datetime:
    """The start of that day in the viewer's zone."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())


def count(
    asked: list[tuple[CountedFilter, QuerySet[Any]]], *, found: search.SearchResult = search.EVERYTHING
) -> None:
    """Fill in the counts of all filters. Each filter comes with the rows that the other filters leave;
    `found` is the search result. Among all bookings each choice is counted by its own index. Of a filtered
    list the first thousands of rows are read once for all choices."""
    whole: list[tuple[CountedFilter, QuerySet[Any]]] = []
    left: dict[int, tuple[QuerySet[Any], list[CountedFilter]]] = {}
    for list_filter, rows in asked:
        if rows.query.where:
            left.setdefault(id(rows), (rows, []))[1].append(list_filter)
        else:
            whole.append((list_filter, rows))
    with search.without_jit():
        if whole:
            _count_each(whole)
        for rows, own in left.values():
            with found.read(using=rows.db):
                _count_at_once(rows, own)


def _count_at_once(rows: QuerySet[Any], own: list[CountedFilter]) -> None:
    """Count with one read. Beyond `MAX_ROWS_READ` only a lower bound is known."""
    places = [
        (list_filter, value, condition)
        for list_filter in own
        for value, condition in _counted_choices(list_filter)
    ]
    parts = {f"of{place}": Count("pk", filter=each[2]) for place, each in enumerate(places)}
    counted = rows.order_by()[: MAX_ROWS_READ + 1].aggregate(read=Count("pk"), **parts)
    for place, (list_filter, value, _condition) in enumerate(places):
        list_filter.counts[value] = format_count(counted[f"of{place}"], cut=counted["read"] > MAX_ROWS_READ)


def _count_each(asked: list[tuple[CountedFilter, QuerySet[Any]]]) -> None:
    """Count each choice, all in one query."""
    parts: list[str] = []
    params: list[Any] = []
    places: list[tuple[CountedFilter, str]] = []
    using = "default"
    for list_filter, rows in asked:
        for value, condition in _counted_choices(list_filter):
            chosen = rows.filter(condition).order_by().values("pk")[: MAX_COUNT + 1]
            try:
                sql, own = chosen.query.get_compiler(chosen.db).as_sql()
            except EmptyResultSet:
                continue
            using = chosen.db
            parts.append(f"SELECT {len(places)}, COUNT(*) FROM ({sql}) AS counted{len(places)}")  # noqa: S608
            params += own
            places.append((list_filter, value))
    if not parts:
        return
    with connections[using].cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        for place, found in cursor.fetchall():
            list_filter, value = places[place]
            list_filter.counts[value] = format_count(found)


def _counted_choices(list_filter: CountedFilter) -> Iterator[tuple[str, Q]]:
    """The choices whose bookings are counted. Invalid values are left out."""
    for value, _words in list_filter.lookup_choices[:MAX_COUNTED_CHOICES]:
        list_filter.counts[value] = format_count(0)
        with suppress(ValueError, ValidationError):
            condition = list_filter.condition(value)
            Booking.objects.filter(condition)  # raises for an invalid value
            yield value, condition


FILTERS = (
    TabFilter,
    PeriodFilter,
    choice_filter("status__exact", _("status"), Booking.Status.choices),
    NoShowFilter,
    related_filter("event_type__id__exact", _("event type"), event_type_settings.named),
    related_filter(
        "host__id__exact", _("host"), lambda: Host.objects.order_by("name", "pk").values_list("pk", "name")
    ),
    choice_filter("source__exact", _("source"), Booking.Source.choices),
    AgentTypeFilter,
)
