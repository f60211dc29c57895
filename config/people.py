"""The admin of users and groups: Django's own, with lists that are asked only what they offer."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangosGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangosUserAdmin
from django.contrib.auth.models import Group, User

from calendly_integration.admin.lists import BoundedLists

if TYPE_CHECKING:
    _UserAdmin = DjangosUserAdmin[User]
else:
    _UserAdmin = DjangosUserAdmin


class UserAdmin(BoundedLists[User], _UserAdmin):
    """Users. Django lets staff filter by any column of theirs, and fails with dates that cannot be."""


class GroupAdmin(BoundedLists[Group], DjangosGroupAdmin):
    """Groups, likewise."""


def register(site: admin.AdminSite) -> None:
    """Put these in the place of Django's own."""
    site.unregister([User, Group])
    site.register(User, UserAdmin)
    site.register(Group, GroupAdmin)
