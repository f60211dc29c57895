"""Many rows written at once, in as few statements and round trips as can be.

Django's own `save`, `update` and `bulk_create` compile each statement anew and wait for each. Where an agent waits,
or thousands of deliveries do, that is most of the work. As with `bulk_create`, no signals are sent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

Change = tuple[Any, Mapping[str, Any]]

# SQLite takes 32,766 values in one statement, older ones fewer.
MOST_VALUES = 10_000
SEVERAL = "; "


class Statement(NamedTuple):
    """SQL for many rows: `row`, with a place for each value, stands once for each of `rows`, parted by `glue`,
    between `head` and `tail`."""

    model: type[models.Model]
    head: str
    row: str
    glue: str
    tail: str
    rows: list[list[Any]]


def insertion(rows: Sequence[models.Model], *, otherwise: str = "") -> list[Statement]:
    """The insertion of rows of one model. With those that a unique column knows already do `otherwise`, in SQL;
    by default they are an IntegrityError. Primary keys that the database gives are not read back."""
    if not rows:
        return []
    model = type(rows[0])
    connection = _connection(model)
    quote = connection.ops.quote_name
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    columns = ", ".join(quote(str(field.column)) for field in fields)
    values = [
        [field.get_db_prep_save(field.pre_save(each, True), connection) for field in fields] for each in rows
    ]
    size = max(1, MOST_VALUES // len(fields))
    return [
        Statement(
            model,
            head=f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ",  # noqa: S608 - our names
            row=f"({', '.join(['%s'] * len(fields))})",
            glue=", ",
            tail=f" ON CONFLICT {otherwise}" if otherwise else "",
            rows=values[at : at + size],
        )
        for at in range(0, len(values), size)
    ]


def alteration(
    model: type[models.Model], changes: Iterable[Change], *, where: Mapping[str, Any] | None = None
) -> list[Statement]:
    """The writing to each row of its own values: `changes` are primary keys with columns (by `attname`), `where`
    narrows the rows further.

    One text for all rows that change the same columns: `bulk_update` would make a CASE of every value.
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
        update = (
            f"UPDATE {quote(model._meta.db_table)} SET {', '.join(wanted[: len(names)])}"  # noqa: S608 - our names
            f" WHERE {' AND '.join(wanted[len(names) :])}"
        )
        values = [
            [field.get_db_prep_save(value, connection) for field, value in zip(fields, row, strict=True)]
            for row in ([*row, *given.values()] for row in rows)
        ]
        statements.append(Statement(model, head="", row=update, glue=SEVERAL, tail="", rows=values))
    return statements


def send(statements: Sequence[Statement]) -> None:
    """Execute them, in their order and in the caller's transaction. PostgreSQL takes all in one round trip, unless
    the connection binds values at the server. All models must be kept in one database."""
    if statements:
        with _connection(statements[0].model).cursor() as cursor:
            _execute(statements, cursor)


def _filled_in(statement: Statement, fill_in: Callable[[str, Sequence[Any]], str]) -> str:
    """The whole text. Row by row: psycopg remembers where a row's values go, and would look through the text of
    hundreds of rows anew each time."""
    rows = statement.glue.join([fill_in(statement.row, row) for row in statement.rows])
    return f"{statement.head}{rows}{statement.tail}"


def _execute(statements: Sequence[Statement], cursor: CursorWrapper) -> None:
    if _takes_several(cursor.db):
        cursor.execute(SEVERAL.join([_filled_in(each, cursor.mogrify) for each in statements]))
        return
    for head, row, glue, tail, rows in (each[1:] for each in statements):
        if glue == SEVERAL and len(rows) > 1:
            cursor.executemany(row, rows)
        else:
            text = glue.join([row] * len(rows))
            cursor.execute(f"{head}{text}{tail}", [value for values in rows for value in values])


def insert_missing(rows: Sequence[models.Model], *, otherwise: str = "DO NOTHING") -> int:
    """Insert a few rows of one model; with those that are there already do `otherwise`. Returns how many were
    written.

    One statement, which is its own transaction where none is open: `bulk_create` opens one around it, and on
    SQLite that would lock out everybody else while our threads wait for the interpreter.
    """
    [statement] = insertion(rows, otherwise=otherwise)
    with _connection(statement.model).cursor() as cursor:
        _execute([statement], cursor)
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
