"""The admin of users and groups: Django's own, with lists that are asked only what they offer."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangosGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangosUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from calendly_integration.admin.bounded_lists import BoundedLists
from calendly_integration.admin.fields import RowsField

if TYPE_CHECKING:
    _UserAdmin = DjangosUserAdmin[User]
else:
    _UserAdmin = DjangosUserAdmin


class UserAdmin(BoundedLists[User], _UserAdmin):
    """Users. Django lets staff filter by any column of theirs, and fails with dates and keys that cannot be."""

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Groups and permissions, by keys that can be."""
        return super().formfield_for_manytomany(db_field, request, form_class=RowsField, **options)


class GroupAdmin(BoundedLists[Group], DjangosGroupAdmin):
    """Groups, likewise."""


def register(site: admin.AdminSite) -> None:
    """Put these in the place of Django's own."""
    site.unregister([User, Group])
    site.register(User, UserAdmin)
    site.register(Group, GroupAdmin)
