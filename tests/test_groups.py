"""The three groups of staff: what `migrate` gives them, and that no permission is forgotten."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from calendly_integration import groups

ADMIN = Path(groups.__file__).parent / "admin"
STOCK = ("add_", "change_", "delete_", "view_")

pytestmark = pytest.mark.django_db


def own() -> set[str]:
    """The codenames of all permissions of the app."""
    found = Permission.objects.filter(content_type__app_label="calendly_integration")
    return set(found.values_list("codename", flat=True))


def held(group: str) -> set[str]:
    return set(Group.objects.get(name=group).permissions.values_list("codename", flat=True))


def views() -> set[str]:
    return {name for name in own() if name.startswith("view_")}


def asked_for() -> Iterator[str]:
    """The permissions that the admin's code names: `view_…`, and whatever `may` and the actions ask for."""
    named = own() | {codename for model in apps.get_models() for codename, _name in model._meta.permissions}
    for file in ADMIN.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in named:
                yield node.value


def assert_all_as_migrate_made_them() -> None:
    assert held(groups.VIEWERS) == set(groups.VIEWER_PERMISSIONS)
    assert held(groups.STAFF) == views() | set(groups.STAFF_PERMISSIONS)
    assert held(groups.ADMINISTRATORS) == held(groups.STAFF) | set(groups.ADMINISTRATOR_PERMISSIONS)


def test_migrate_makes_three_groups() -> None:
    assert_all_as_migrate_made_them()


def test_the_lists_name_only_permissions_that_exist() -> None:
    assert {*groups.VIEWER_PERMISSIONS, *groups.STAFF_PERMISSIONS, *groups.ADMINISTRATOR_PERMISSIONS} <= own()


def test_each_permission_of_our_own_is_given_to_administrators() -> None:
    special = {name for name in own() if not name.startswith(STOCK)}
    assert special <= held(groups.ADMINISTRATORS), "add it to STAFF_PERMISSIONS in groups.py"


def test_all_that_the_admin_asks_for_is_given_to_administrators() -> None:
    asked = set(asked_for())
    assert {"cancel_booking", "add_booking", "change_followup"} <= asked
    assert asked <= held(groups.ADMINISTRATORS), "add it to STAFF_PERMISSIONS in groups.py"


def test_staff_neither_replace_signing_keys_nor_make_agent_keys() -> None:
    assert not held(groups.STAFF) & {"manage_calendlyaccount", "manage_agent_keys"}


def test_viewers_see_no_raw_data_and_no_table_that_holds_it() -> None:
    hidden = {"view_raw_data", "view_webhookdelivery", "view_outboxmessage", "view_calendlybooking"}
    assert not held(groups.VIEWERS) & hidden


def test_a_permission_that_an_office_takes_away_stays_away() -> None:
    staff = Group.objects.get(name=groups.STAFF)
    staff.permissions.remove(Permission.objects.get(codename="cancel_booking"))
    call_command("migrate", verbosity=0)
    assert "cancel_booking" not in held(groups.STAFF)


def test_a_permission_that_a_migration_brings_is_given_once() -> None:
    Permission.objects.filter(codename__in=["cancel_booking", "view_booking", "delete_booking"]).delete()
    Group.objects.get(name=groups.VIEWERS).permissions.clear()
    call_command("migrate", verbosity=0)
    assert {"cancel_booking", "view_booking"} <= held(groups.STAFF)
    assert "delete_booking" not in held(groups.STAFF)
    assert held(groups.VIEWERS) == {"view_booking"}


def test_a_group_that_was_deleted_is_made_anew_with_all() -> None:
    Group.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert_all_as_migrate_made_them()
