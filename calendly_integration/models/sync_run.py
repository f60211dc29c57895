"""Runs of the sync: how far one came, and what it found."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SyncRunQuerySet(models.QuerySet["SyncRun"]):
    """Named questions about runs, and their changes of state."""

    def stopped(self, *, now: datetime) -> Self:
        """Unfinished ones that nobody works on: failed, or running without a sign of life for `DEAD_AFTER`."""
        return self.filter(
            Q(status=SyncRun.Status.FAILED)
            | Q(status=SyncRun.Status.RUNNING, alive_at__lt=now - SyncRun.DEAD_AFTER)
        )

    def mark_dead_failed(self, *, now: datetime) -> int:
        """End running ones that show no sign of life. Returns how many."""
        dead = self.filter(status=SyncRun.Status.RUNNING, alive_at__lt=now - SyncRun.DEAD_AFTER)
        return dead.update(status=SyncRun.Status.FAILED, finished_at=now)

    def take_up(self, run: "SyncRun", *, now: datetime) -> bool:
        """Make a stopped run running again. False if somebody else has just done so."""
        taken = self.filter(pk=run.pk, status=run.status, alive_at=run.alive_at).update(
            status=SyncRun.Status.RUNNING, alive_at=now, finished_at=None, error=""
        )
        return bool(taken)


class SyncRun(models.Model):
    """One walk through Calendly's meetings. An interrupted one goes on from `cursor`. One at a time runs for a
    connection."""

    # Longer than the calls for one meeting can take.
    DEAD_AFTER = timedelta(minutes=5)

    class Status(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    account = models.ForeignKey(
        "calendly_integration.CalendlyAccount",
        models.CASCADE,
        related_name="sync_runs",
        verbose_name=_("Calendly account"),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.RUNNING)
    window_start = models.DateTimeField(_("from"))
    window_end = models.DateTimeField(_("to"), null=True, blank=True)
    cursor = models.DateTimeField(_("reached"), null=True, blank=True)
    seen = models.PositiveIntegerField(_("meetings seen"), default=0)
    changed = models.PositiveIntegerField(_("bookings changed"), default=0)
    error = models.TextField(_("error"), blank=True)
    started_at = models.DateTimeField(_("started at"))
    alive_at = models.DateTimeField(_("last sign of life"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = SyncRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(status="running"), name="sync_run_one_running"
            )
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} UTC"

    def finish(self, status: str, *, now: datetime, error: str = "") -> None:
        """End this run, and save how far it came."""
        self.status, self.finished_at, self.error = status, now, error[:500]
        self.save(update_fields=["status", "finished_at", "error", "seen", "changed", "cursor"])
