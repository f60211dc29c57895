"""Saves some columns of many rows in one statement."""

from collections.abc import Iterable, Sequence

from django.db import models


def save_columns(rows: Sequence[models.Model], columns: Iterable[str]) -> None:
    """Save these columns of rows that exist. The caller has locked the rows, so no other change is overwritten.

    An upsert whose insert never happens: `bulk_update` would compile a CASE with a branch for each row and column.
    """
    columns = sorted(set(columns))
    if not rows or not columns:
        return
    model = type(rows[0])
    model._base_manager.bulk_create(rows, update_conflicts=True, unique_fields=["pk"], update_fields=columns)
