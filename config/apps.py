"""django-q2 as the reference project uses it: for our tasks alone, and without its pages."""

from django.contrib import admin
from django_q.apps import DjangoQConfig


class QueueConfig(DjangoQConfig):  # type: ignore[misc]
    """A plain `qcluster` runs our tasks only, and schedules cannot be edited in the admin.

    Otherwise staff who may edit a schedule can run any function as the worker's user.
    """

    def ready(self) -> None:
        """Guard the clusters, and take django-q2's models out of the admin."""
        super().ready()
        from calendly_integration import jobs

        jobs.refuse_foreign_tasks()
        for model in self.get_models():
            if admin.site.is_registered(model):
                admin.site.unregister(model)
