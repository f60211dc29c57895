"""The host's `Q_CLUSTER`: the queue only wakes workers, and must not repeat, hoard or drop tasks on its own."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib import admin
from django.core.checks import CheckMessage, Error, Warning

LONGEST_POLL = 2


def check(app_configs: Sequence[AppConfig] | None = None, **options: Any) -> list[CheckMessage]:
    """Hold each setting on which the work relies."""
    cluster = getattr(settings, "Q_CLUSTER", None)
    if not isinstance(cluster, dict):
        return [
            Error(
                "Q_CLUSTER is not set: nothing is done in the background.",
                hint="Q_CLUSTER = {'workers': 4, 'queue_limit': 4, 'bulk': 1, 'poll': 0.5, 'timeout': 60, "
                "'retry': 300, 'max_attempts': 1, 'ack_failures': True, 'save_limit': -1, "
                "'catch_up': False, 'orm': 'default'}",
                id="calendly.E020",
            )
        ]
    return [*_times(cluster), *_repeats(cluster), *_sizes(cluster)]


def check_deployment(app_configs: Sequence[AppConfig] | None = None, **options: Any) -> list[CheckMessage]:
    """django-q2's own admin lets staff name any function of the machine in a schedule, and it is run."""
    if not any(type(page).__module__ == "django_q.admin" for page in admin.site._registry.values()):
        return []
    return [
        Warning(
            "Whoever may edit django-q2's schedules in the admin runs any function as the worker's user.",
            hint="Where nobody needs these pages: for model in apps.get_app_config('django_q').get_models(): "
            "admin.site.unregister(model), once the admin is loaded. Else give the permissions of django_q to "
            "those alone who may log in to the machine, and silence calendly.W023.",
            id="calendly.W023",
        )
    ]


def _times(cluster: dict[str, Any]) -> Iterator[CheckMessage]:
    timeout, retry = cluster.get("timeout"), cluster.get("retry", 60)
    if not isinstance(timeout, int) or timeout < 60:
        yield Error(
            "Q_CLUSTER['timeout'] is missing or below 60 s: a drain works for 40 s and ends what it began.",
            hint="'timeout': 60",
            id="calendly.E021",
        )
    elif retry <= timeout:
        yield Error(
            "Q_CLUSTER['retry'] does not exceed 'timeout': running tasks are started a second time.",
            hint="'retry': 300",
            id="calendly.E022",
        )
    if cluster.get("poll", 0.2) > LONGEST_POLL:
        yield Warning(
            "Q_CLUSTER['poll'] is long: so many seconds pass before a booking is told of.",
            hint="'poll': 0.5",
            id="calendly.W020",
        )


def _repeats(cluster: dict[str, Any]) -> Iterator[CheckMessage]:
    if cluster.get("sync"):
        yield Error(
            "Q_CLUSTER['sync'] is on: tasks run inside the transaction of whoever wakes them.",
            hint="Take 'sync' out.",
            id="calendly.E023",
        )
    if cluster.get("max_attempts", 0) != 1:
        yield Error(
            "Q_CLUSTER['max_attempts'] is not 1: failed tasks come again without end.",
            hint="'max_attempts': 1",
            id="calendly.E024",
        )
    if not cluster.get("ack_failures"):
        yield Error(
            "Q_CLUSTER['ack_failures'] is off: a failed task stays in the queue.",
            hint="'ack_failures': True",
            id="calendly.E025",
        )
    if cluster.get("catch_up", True):
        yield Error(
            "Q_CLUSTER['catch_up'] is on: after an hour's standstill sixty sweeps run at once.",
            hint="'catch_up': False",
            id="calendly.E026",
        )


def _sizes(cluster: dict[str, Any]) -> Iterator[CheckMessage]:
    workers = cluster.get("workers") or 0
    if workers < 3:
        yield Warning(
            "Q_CLUSTER['workers'] is below 3: a sync may keep the heartbeat waiting.",
            hint="'workers': 4",
            id="calendly.W021",
        )
    if cluster.get("queue_limit", workers**2) > max(workers, 1):
        yield Error(
            "Q_CLUSTER['queue_limit'] exceeds 'workers': tasks are taken before anybody is free for them.",
            hint=f"'queue_limit': {max(workers, 1)}",
            id="calendly.E027",
        )
    if cluster.get("bulk", 1) != 1:
        yield Error(
            "Q_CLUSTER['bulk'] is not 1: tasks are taken before anybody is free for them.",
            hint="'bulk': 1",
            id="calendly.E028",
        )
    if cluster.get("save_limit", 250) != -1:
        yield Warning(
            "Q_CLUSTER['save_limit'] is not -1: every heartbeat leaves a row.",
            hint="'save_limit': -1",
            id="calendly.W022",
        )
