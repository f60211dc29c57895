"""The conditions of a list as text, each with the link that removes it. This includes conditions without a
filter."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import NotRelationField, get_fields_from_path
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateTimeField, Field, Model
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext

from ..services import texts
from . import formatting
from .list_filters import TAB, TabFilter

# Parameters that are not conditions.
NO_CONDITIONS = {ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR, "_facets", "_popup", "_to_field"}
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of the list. `without` is the query string without it."""

    words: str
    without: str


def conditions(changelist: Any) -> list[Condition]:
    """All conditions, those of the filters first. The tabs and the row of dates show their own."""
    params = {key: str(value) for key, value in changelist.params.items() if key not in NO_CONDITIONS}
    params.pop(TAB, None)
    found = []
    for spec in changelist.filter_specs:
        if isinstance(spec, TabFilter):
            continue
        words, own = _chosen_words(spec, changelist), set(spec.expected_parameters()) & set(params)
        if words and own:
            found.append(Condition(f"{capfirst(str(spec.title))}: {words}", _without(changelist, own)))
            params = {key: value for key, value in params.items() if key not in own}
    by_field: dict[str, dict[str, str]] = {}
    for key, value in params.items():
        path, lookup = _split(changelist.model, key)
        if not (path == changelist.date_hierarchy and lookup in ("year", "month", "day")):
            by_field.setdefault(path, {})[lookup] = value
    for path, asked in by_field.items():
        keys = {key for key in params if _split(changelist.model, key)[0] == path}
        found.append(Condition(_field_words(changelist.model, path, asked), _without(changelist, keys)))
    return found


def _chosen_words(spec: Any, changelist: Any) -> str:
    """The selected choice of a filter; empty for “all” or an unknown value."""
    choices = list(spec.choices(changelist))
    return next((formatting.plain(choice["display"]) for choice in choices[1:] if choice["selected"]), "")


def _without(changelist: Any, keys: Collection[str]) -> str:
    return "?" + urlencode([pair for pair in changelist.params.items() if pair[0] not in keys])


def _split(model: type[Model], key: str) -> tuple[str, str]:
    """The field path and the lookup of a parameter such as `start_at__gte`."""
    path, _mark, lookup = key.rpartition("__")
    return (path, lookup) if path and _field(model, key) is None else (key, "exact")


def _field(model: type[Model], path: str) -> "Field[Any, Any] | None":
    try:
        field = get_fields_from_path(model, path)[-1]
    except (FieldDoesNotExist, NotRelationField):
        return None
    return field if isinstance(field, Field) else None


def _field_words(model: type[Model], path: str, asked: dict[str, str]) -> str:
    field = _field(model, path)
    label = formatting.plain(capfirst(str(field.verbose_name)) if field is not None else path, 60)
    if isinstance(field, DateTimeField):
        with suppress(ValueError, OverflowError):  # an invalid time
            if span := _period_words(asked):
                return f"{label}: {span}"
    return f"{label}: {', '.join(_value_words(field, asked))}"


def _value_words(field: "Field[Any, Any] | None", asked: dict[str, str]) -> Iterator[str]:
    choices = dict(field.flatchoices) if field is not None else {}
    for lookup, value in asked.items():
        if lookup == "isnull":
            yield gettext("none") if value in ("True", "true", "1") else gettext("any")
        else:
            each = value.split(",") if lookup == "in" else [value]
            yield ", ".join(formatting.plain(choices.get(one, one), 60) for one in each)


def _period_words(asked: dict[str, str]) -> str:
    """A period; a whole day of the viewer's calendar is shown as that day. Empty if it is not a period.
    Raises ValueError, OverflowError."""
    if not set(asked) <= {"gte", "gt", "lte", "lt"}:
        return ""
    first, last = (_instant(asked, names) for names in (("gte", "gt"), ("lt", "lte")))
    if first is not None and last is not None:
        begins, ends = timezone.localtime(first), timezone.localtime(last)
        if begins.time() == ends.time() == datetime.min.time() and ends.date() - begins.date() == DAY:
            return texts.short_date(begins.date(), formatting.language())
        return gettext("from %(first)s to %(last)s") % {
            "first": formatting.stamp(first),
            "last": formatting.stamp(last),
        }
    if first is not None:
        return gettext("from %s") % formatting.stamp(first)
    return gettext("until %s") % formatting.stamp(last) if last is not None else ""


def _instant(asked: dict[str, str], names: tuple[str, str]) -> datetime | None:
    """The time under one of these names. Raises ValueError."""
    value = next((asked[name] for name in names if name in asked), "")
    if not value:
        return None
    at = datetime.fromisoformat(value)
    return at if at.tzinfo else timezone.make_aware(at)
