"""Runs of the mirror: how far one came, and what it found."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SyncRun(models.Model):
    """One walk through Calendly's meetings. An interrupted one goes on from `cursor`."""

    class Status(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    connection = models.ForeignKey(
        "calendly_integration.Connection",
        models.CASCADE,
        related_name="sync_runs",
        verbose_name=_("connection"),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.RUNNING)
    window_start = models.DateTimeField(_("from"))
    window_end = models.DateTimeField(_("to"), null=True, blank=True)
    cursor = models.DateTimeField(_("reached"), null=True, blank=True)
    seen = models.PositiveIntegerField(_("meetings seen"), default=0)
    changed = models.PositiveIntegerField(_("bookings changed"), default=0)
    error = models.TextField(_("error"), blank=True)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} UTC"
