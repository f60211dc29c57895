"""Django's admin of users and groups, with list filters restricted to the offered ones."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from calendly_integration.admin.bounded_lists import BoundedLists
from calendly_integration.admin.fields import RowsField

if TYPE_CHECKING:
    _UserAdmin = BaseUserAdmin[User]
else:
    _UserAdmin = BaseUserAdmin


class UserAdmin(BoundedLists[User], _UserAdmin):
    """Users. Django's own admin accepts a filter by any column, and fails for impossible dates and keys."""

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Groups and permissions, by keys that can be."""
        return super().formfield_for_manytomany(db_field, request, form_class=RowsField, **options)


class GroupAdmin(BoundedLists[Group], BaseGroupAdmin):
    """Groups, with the same restriction."""


def register(site: admin.AdminSite) -> None:
    """Replace Django's own admins."""
    site.unregister([User, Group])
    site.register(User, UserAdmin)
    site.register(Group, GroupAdmin)
