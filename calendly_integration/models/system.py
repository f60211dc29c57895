"""The state of the worker, and of the circuit breakers before the portal."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Heartbeat(models.Model):
    """When a worker last showed that it runs. `name` is its host and process group."""

    name = models.CharField(_("name"), max_length=80, primary_key=True)
    beat_at = models.DateTimeField(_("last at"))
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name


class WorkerSlot(models.Model):
    """The right to do due work. The holder of the token has it until `held_until`, and renews it."""

    name = models.CharField(_("name"), max_length=20, primary_key=True)
    token = models.UUIDField(null=True, blank=True, editable=False)
    held_until = models.DateTimeField(_("held until"))

    class Meta:
        verbose_name = _("worker slot")
        verbose_name_plural = _("worker slots")

    def __str__(self) -> str:
        return self.name


class CircuitState(models.Model):
    """A circuit breaker that is open. Its row is deleted when it closes."""

    name = models.CharField(_("name"), max_length=40, primary_key=True)
    opened_at = models.DateTimeField(_("open since"))
    probed_at = models.DateTimeField(_("last tried at"), null=True, blank=True)
    probed_by = models.JSONField(_("tried by"), default=list, blank=True)

    class Meta:
        verbose_name = _("circuit breaker")
        verbose_name_plural = _("circuit breakers")

    def __str__(self) -> str:
        return self.name
