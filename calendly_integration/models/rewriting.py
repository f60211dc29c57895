"""Many rows written at once, in as few statements and round trips as can be.

Django's own `save`, `update` and `bulk_create` compile each statement anew and wait for each. Where an agent waits,
or thousands of deliveries do, that is most of the work. As with `bulk_create`, no signals are sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

Change = tuple[Any, Mapping[str, Any]]

# SQLite takes 32,766 values in one statement, older ones fewer.
MOST_VALUES = 10_000


class Statement(NamedTuple):
    """One statement of SQL, with the values for each time that it is executed."""

    model: type[models.Model]
    sql: str
    values: list[list[Any]]


def insertion(rows: Sequence[models.Model], *, otherwise: str = "") -> list[Statement]:
    """The insertion of rows of one model. With those that a unique column knows already do `otherwise`, in SQL;
    by default they are an IntegrityError. Primary keys that the database gives are not read back."""
    if not rows:
        return []
    model = type(rows[0])
    connection = _connection(model)
    quote = connection.ops.quote_name
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    row = f"({', '.join(['%s'] * len(fields))})"
    head = (
        f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(quote(str(each.column)) for each in fields)})"
    )
    tail = f" ON CONFLICT {otherwise}" if otherwise else ""
    size = max(1, MOST_VALUES // len(fields))
    parts = [rows[at : at + size] for at in range(0, len(rows), size)]
    return [
        Statement(
            model,
            f"{head} VALUES {', '.join([row] * len(part))}{tail}",
            [
                [
                    field.get_db_prep_save(field.pre_save(each, True), connection)
                    for each in part
                    for field in fields
                ]
            ],
        )
        for part in parts
    ]


def rewriting(
    model: type[models.Model], changes: Iterable[Change], *, where: Mapping[str, Any] | None = None
) -> list[Statement]:
    """The writing to each row of its own values: `changes` are primary keys with columns (by `attname`), `where`
    narrows the rows further.

    One statement for all rows that change the same columns: `bulk_update` would make a CASE of every value.
    """
    alike: dict[tuple[str, ...], list[list[Any]]] = {}
    for pk, columns in changes:
        alike.setdefault(tuple(columns), []).append([*columns.values(), pk])
    connection = _connection(model)
    quote = connection.ops.quote_name
    given = dict(where or {})
    statements = []
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
        statements.append(Statement(model, sql, values))
    return statements


def send(statements: Sequence[Statement]) -> None:
    """Execute them, in their order and in the caller's transaction. PostgreSQL takes all in one round trip, unless
    the connection binds values at the server. All models must be kept in one database."""
    if not statements:
        return
    connection = _connection(statements[0].model)
    with connection.cursor() as cursor:
        if _takes_several(connection):
            text = "; ".join(each.sql for each in statements for _values in each.values)
            cursor.execute(text, [value for each in statements for values in each.values for value in values])
            return
        for each in statements:
            if len(each.values) == 1:
                cursor.execute(each.sql, each.values[0])
            else:
                cursor.executemany(each.sql, each.values)


def insert_missing(rows: Sequence[models.Model], *, otherwise: str = "DO NOTHING") -> int:
    """Insert a few rows of one model; with those that are there already do `otherwise`. Returns how many were
    written.

    One statement, which is its own transaction where none is open: `bulk_create` opens one around it, and on
    SQLite that would lock out everybody else while our threads wait for the interpreter.
    """
    [statement] = insertion(rows, otherwise=otherwise)
    with _connection(statement.model).cursor() as cursor:
        cursor.execute(statement.sql, statement.values[0])
        return int(cursor.rowcount)


def _takes_several(connection: BaseDatabaseWrapper) -> bool:
    at_the_server = getattr(connection.features, "uses_server_side_binding", False)
    return connection.vendor == "postgresql" and not at_the_server


def _connection(model: type[models.Model]) -> BaseDatabaseWrapper:
    return connections[router.db_for_write(model)]


def _field(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    found = model._meta.pk if name == "pk" else model._meta.get_field(name)
    assert isinstance(found, models.Field)
    return found
