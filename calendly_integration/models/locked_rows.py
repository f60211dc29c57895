"""Saves some columns of many rows in one statement."""

import copy
from collections.abc import Iterable, Sequence
from typing import TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


def save_columns(rows: Sequence[models.Model], columns: Iterable[str]) -> None:
    """Save these columns of rows that exist. The caller has locked the rows, so no other change is overwritten.

    An upsert whose insert never happens: `bulk_update` would compile a CASE with a branch for each row and column.
    """
    columns = sorted(set(columns))
    if not rows or not columns:
        return
    model = type(rows[0])
    # The columns that are not saved are part of the insert: to write them as JSON would be a third of the work.
    large = [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.JSONField | models.BinaryField) and field.name not in columns
    ]
    light = [_without(large, row) for row in rows] if large else rows
    model._base_manager.bulk_create(light, update_conflicts=True, unique_fields=["pk"], update_fields=columns)


def _without(fields: Sequence["models.Field[object, object]"], row: M) -> M:
    """A copy of the row with the default in these fields."""
    light = copy.copy(row)
    for field in fields:
        setattr(light, field.attname, field.get_default())
    return light
