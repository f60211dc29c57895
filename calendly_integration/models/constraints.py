"""Tells which constraint a database error is about."""

from django.db import IntegrityError, models


def violates(error: IntegrityError, model: type[models.Model], name: str) -> bool:
    """True where `error` is about the UniqueConstraint `name` of `model`.

    PostgreSQL names the constraint; SQLite names its columns (https://www.sqlite.org/rescode.html).
    """
    violated = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    if violated is not None:
        return bool(violated == name)
    [constraint] = [each for each in model._meta.constraints if each.name == name]
    assert isinstance(constraint, models.UniqueConstraint)
    table = model._meta.db_table
    columns = {field.name: field.column for field in model._meta.concrete_fields}
    names = ", ".join(f"{table}.{columns[field]}" for field in constraint.fields)
    return str(error) == f"UNIQUE constraint failed: {names}"
