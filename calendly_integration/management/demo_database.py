"""Which database the demo may use: an empty one, or one that it has made itself."""

import secrets
from pathlib import Path

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

NAME = "admin"


def password(folder: Path) -> str:
    """The password of the demo's administrator, made once and kept in the demo's folder."""
    file = folder / "admin_password"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(12), encoding="utf-8")
    return file.read_text(encoding="utf-8").strip()


def refuse_foreign(demo_password: str) -> None:
    """Refuse a database that holds data, unless its administrator has the demo's password.

    Raises CommandError.
    """
    tables = set(connection.introspection.table_names())
    known = {*connection.introspection.django_table_names(), MigrationRecorder.Migration._meta.db_table}
    found = sorted(tables - known)
    users = get_user_model()
    if users._meta.db_table in tables:
        admin = users.objects.filter(**{users.USERNAME_FIELD: NAME}).first()
        if admin is not None and admin.check_password(demo_password):
            return
        found += _with_rows(tables)
    if found:
        raise CommandError(
            f"The database {connection.settings_dict['NAME']} is not the demo's and holds data ({found[0]}). "
            "Nothing was changed. Unset DATABASE_URL, or name an empty database; if it is the demo's and its "
            "administrator's password was changed, delete it together with the folder .demo."
        )


def _with_rows(tables: set[str]) -> list[str]:
    """Our tables and that of the users, as far as they hold rows. Migrations fill neither."""
    models = [*apps.get_app_config("calendly_integration").get_models(), get_user_model()]
    return [
        model._meta.db_table
        for model in models
        if model._meta.db_table in tables and model._default_manager.exists()
    ]
