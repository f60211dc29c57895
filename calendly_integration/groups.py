"""The three groups of staff and their permissions. This is the only list; `migrate` applies it.

`migrate` gives a group all its permissions when it creates the group. To a group that exists it gives only the
permissions that the same run has created, so a permission that an office takes away stays away.
"""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.contrib.auth.management import create_permissions
from django.db import connections, router
from django.db.models import QuerySet
from django.db.models.signals import post_migrate, pre_migrate

ADMINISTRATORS, STAFF, VIEWERS = "Calendly administrators", "Calendly staff", "Calendly viewers"
# What the office sees. Raw data and the tables of the machine are not among it.
VIEWER_PERMISSIONS = (
    "view_booking",
    "view_followup",
    "view_eventtype",
    "view_host",
    "view_savedview",
    "view_preference",
)
# Staff and administrators see everything: all `view_…` permissions. Staff may also do these.
STAFF_PERMISSIONS = (
    "add_booking",
    "cancel_booking",
    "reschedule_booking",
    "mark_no_show",
    "note_booking",
    "export_booking",
    "change_eventtype",
    "change_followup",
    "change_refusedattempt",
    "replay_webhookdelivery",
    "resend_outboxmessage",
    "sync_calendlyaccount",
)
# Administrators may do what staff may, and these.
ADMINISTRATOR_PERMISSIONS = ("manage_calendlyaccount", "manage_agent_keys")

# The permissions that existed before the present run of `migrate`, by database.
_existing: dict[str, frozenset[str]] = {}


def connect(config: AppConfig) -> None:
    """Keep the groups up to date with each `migrate`."""
    pre_migrate.connect(_note_permissions, sender=config, dispatch_uid="calendly_integration.groups")
    post_migrate.connect(_apply, sender=config, dispatch_uid="calendly_integration.groups")


def permissions_of(group: str, codenames: frozenset[str]) -> frozenset[str]:
    """Those of the app's permissions that belong to a group."""
    if group == VIEWERS:
        return codenames & frozenset(VIEWER_PERMISSIONS)
    views = frozenset(name for name in codenames if name.startswith("view_"))
    own = STAFF_PERMISSIONS + (ADMINISTRATOR_PERMISSIONS if group == ADMINISTRATORS else ())
    return views | (codenames & frozenset(own))


def _note_permissions(sender: AppConfig, using: str, **_: Any) -> None:
    # At the first `migrate` there is no table yet.
    tables = connections[using].introspection.table_names()
    known = _permissions(installed_apps, sender, using) if "auth_permission" in tables else None
    _existing[using] = (
        frozenset(known.values_list("codename", flat=True)) if known is not None else frozenset()
    )


def _apply(sender: AppConfig, using: str, apps: Any = installed_apps, **_: Any) -> None:
    before = _existing.pop(using, None)
    if not router.allow_migrate_model(using, apps.get_model("auth", "Group")):
        return
    # Django's own handler does the same, but may run after this one.
    create_permissions(sender, verbosity=0, using=using, apps=apps)
    permissions = _permissions(apps, sender, using)
    codenames = frozenset(permissions.values_list("codename", flat=True))
    for name in (ADMINISTRATORS, STAFF, VIEWERS):
        group, created = apps.get_model("auth", "Group").objects.using(using).get_or_create(name=name)
        new = codenames if created else codenames - (codenames if before is None else before)
        group.permissions.add(*permissions.filter(codename__in=permissions_of(name, new)))


def _permissions(apps: Any, config: AppConfig, using: str) -> QuerySet[Any]:
    found: QuerySet[Any] = apps.get_model("auth", "Permission").objects.using(using)
    return found.filter(content_type__app_label=config.label)
