"""Many rows written at once, in as few statements as can be."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connections, models, router

Change = tuple[Any, Mapping[str, Any]]


def insert_missing(rows: Sequence[models.Model], *, otherwise: str = "DO NOTHING") -> int:
    """Insert rows of one model; with those that a unique column knows already do `otherwise`, in SQL. Returns how
    many were written. Primary keys that the database gives are not read back.

    One statement, which is its own transaction where none is open: `bulk_create` opens one around it, and on
    SQLite that would lock out everybody else while our threads wait for the interpreter.
    """
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    row = f"({', '.join(['%s'] * len(fields))})"
    sql = (
        f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(quote(str(field.column)) for field in fields)})"  # noqa: S608
        f" VALUES {', '.join([row] * len(rows))} ON CONFLICT {otherwise}"
    )
    values = [
        field.get_db_prep_save(field.pre_save(each, True), connection) for each in rows for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def update_each(
    model: type[models.Model], changes: Iterable[Change], *, where: Mapping[str, Any] | None = None
) -> None:
    """Write to each row its own values: `changes` are primary keys with columns (by `attname`), `where` narrows
    the rows further. In the caller's transaction.

    One prepared statement for all rows that change the same columns: an `update` for each row would be compiled
    anew each time, and `bulk_update` makes a CASE of every value. Under load that is most of the work.
    """
    alike: dict[tuple[str, ...], list[list[Any]]] = {}
    for pk, columns in changes:
        alike.setdefault(tuple(columns), []).append([*columns.values(), pk])
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    given = dict(where or {})
    for names, rows in alike.items():
        if not names:
            continue
        fields = [_field(model, name) for name in (*names, "pk", *given)]
        wanted = [f"{quote(str(field.column))} = %s" for field in fields]
        sql = (
            f"UPDATE {quote(model._meta.db_table)} SET {', '.join(wanted[: len(names)])}"  # noqa: S608 - our names
            f" WHERE {' AND '.join(wanted[len(names) :])}"
        )
        values = [
            [field.get_db_prep_save(value, connection) for field, value in zip(fields, row, strict=True)]
            for row in ([*row, *given.values()] for row in rows)
        ]
        with connection.cursor() as cursor:
            if len(values) == 1:  # psycopg's pipeline for many costs one alone more
                cursor.execute(sql, values[0])
            else:
                cursor.executemany(sql, values)


def _field(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    found = model._meta.pk if name == "pk" else model._meta.get_field(name)
    assert isinstance(found, models.Field)
    return found
