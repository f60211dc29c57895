"""django-q2's settings, as far as they matter to our own cluster. The rest is the portal's business."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib import admin
from django.core.checks import CheckMessage, Warning

from .. import jobs

# A sweep works for 10 s, and waits up to 15 s for what is under way.
MIN_TIMEOUT_SECONDS = 30


def check(app_configs: Sequence[AppConfig] | None = None, **options: Any) -> list[CheckMessage]:
    """A queue that ends our tasks early does no harm, but repeats work."""
    timeout = _own_cluster().get("timeout")
    if timeout is None or timeout >= MIN_TIMEOUT_SECONDS:
        return []
    return [
        Warning(
            f"The cluster {jobs.CLUSTER!r} ends tasks before {MIN_TIMEOUT_SECONDS} s: a sweep is cut off, and what "
            "it had begun is done again.",
            hint=f"Q_CLUSTER['ALT_CLUSTERS'] = {{'{jobs.CLUSTER}': {{'timeout': 60, 'retry': 300}}}}",
            id="calendly.W021",
        )
    ]


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


def _own_cluster() -> dict[str, Any]:
    """The settings of the cluster that runs our tasks; empty where there is none."""
    given = getattr(settings, "Q_CLUSTER", None)
    if not isinstance(given, dict):
        return {}
    if jobs.CLUSTER in (given.get("name"), given.get("cluster_name")):
        return given
    alternative = (given.get("ALT_CLUSTERS") or {}).get(jobs.CLUSTER)
    return {**given, **alternative} if isinstance(alternative, dict) else {}
