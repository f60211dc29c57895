"""Columns of lists and lines of pages, made from model fields."""

from collections.abc import Callable, Collection
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import CharField, Field, ForeignKey, Model, TextField
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ..services import error_texts
from . import formatting

Column = Callable[[Any], SafeString]
# The invitee's links to cancel and to move need these permissions. They are hidden by default.
INVITEE_LINKS = {
    "cancel_booking": ("cancel_url", "cancelUrl"),
    "reschedule_booking": ("reschedule_url", "rescheduleUrl"),
}
ALL_LINKS = frozenset(key for keys in INVITEE_LINKS.values() for key in keys)


def column(name: str, label: Any, show: Callable[[Any], SafeString], *, sort: str | None = None) -> Column:
    """A column with that name in the markup, that label and, if it can be sorted, that order."""

    def cell(row: Any) -> SafeString:
        return show(row)

    cell.__name__ = name
    return admin.display(description=label, ordering=sort)(cell)


def field_label(model: type[Model], name: str) -> Any:
    """The name of a field, translated when it is shown. A foreign key is named after its model."""
    field = model._meta.get_field(name)
    if isinstance(field, ForeignKey):
        return field.related_model._meta.verbose_name
    return field.verbose_name if isinstance(field, Field) else name


def instant(model: type[Model], name: str, *, seconds: bool = False) -> Column:
    """A time."""
    return column(
        name,
        field_label(model, name),
        lambda row: formatting.instant(getattr(row, name), seconds=seconds),
        sort=name,
    )


def text(
    model: type[Model], name: str, *, label: Any = None, limit: int = formatting.SHORT, sort: bool = False
) -> Column:
    """External text, bounded."""
    return column(
        name,
        label or field_label(model, name),
        lambda row: formatting.text(getattr(row, name), limit),
        sort=name if sort else None,
    )


def error(model: type[Model], name: str, *, limit: int = formatting.SHORT) -> Column:
    """An error text, in the language of the page where the text is known."""
    return column(
        name,
        field_label(model, name),
        lambda row: formatting.text(error_texts.said(getattr(row, name)), limit),
    )


def bounded(model: type[Model], line: str | Column) -> str | Column:
    """The line. A text field becomes a bounded column, because Django shows texts as they are."""
    names = {
        each.name
        for each in model._meta.fields
        if isinstance(each, CharField | TextField) and not each.choices
    }
    return text(model, line, limit=formatting.LONG) if isinstance(line, str) and line in names else line


def status(model: type[Model], name: str = "status") -> Column:
    """A status as a badge."""
    return column(
        name,
        field_label(model, name),
        lambda row: formatting.badge(getattr(row, name), getattr(row, f"get_{name}_display")()),
        sort=name,
    )


def link(model: type[Model], name: str) -> Column:
    """A link to a web address."""
    return column(name, field_label(model, name), lambda row: formatting.link(getattr(row, name)))


def related(model: type[Model], name: str, *, label: Any = None) -> Column:
    """A link to the page of another object."""
    return column(name, label or field_label(model, name), lambda row: object_link(getattr(row, name)))


def object_link(row: Model | None, label: object = None) -> SafeString:
    """A link to the page of an object, by its name or by `label`."""
    if row is None:
        return SafeString(formatting.EMPTY)
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[quote(row.pk)])
    return format_html(
        '<a href="{}"><bdi>{}</bdi></a>', address, formatting.plain(row if label is None else label)
    )


def raw_data(name: str, label: Any) -> Column:
    """Raw data in a collapsed block, for people with `view_raw_data`."""
    found = column(name, label, lambda row: formatting.raw_data(getattr(row, name), hidden=hidden_keys(row)))
    found.permission = "view_raw_data"  # type: ignore[attr-defined]
    return found


def hidden_keys(row: Any) -> Collection[str]:
    """The keys in raw data that the viewer of this object may not see."""
    found: Collection[str] = getattr(row, "_calendly_hidden_keys", ALL_LINKS)
    return found
