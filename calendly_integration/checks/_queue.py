"""django-q2's pages, as far as they concern what our worker may run. Its settings are the portal's business."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib import admin
from django.core.checks import CheckMessage, Warning


def check_deployment(app_configs: Sequence[AppConfig] | None = None, **options: Any) -> list[CheckMessage]:
    """django-q2's own admin lets staff name any function of the machine in a schedule, and it is run."""
    if not any(type(page).__module__ == "django_q.admin" for page in admin.site._registry.values()):
        return []
    return [
        Warning(
            "Staff who may edit django-q2's schedules in the admin can run any function as the worker's user.",
            hint="Where these pages are not needed: for model in apps.get_app_config('django_q').get_models(): "
            "admin.site.unregister(model), once the admin is loaded. Else give the permissions of django_q only to "
            "those who may log in to the machine, and silence calendly.W023.",
            id="calendly.W023",
        )
    ]
