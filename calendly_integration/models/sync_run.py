"""Runs of the sync: their progress and their result."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .visible import local_time


class SyncRunQuerySet(models.QuerySet["SyncRun"]):
    """Filters and state changes of runs. A state change returns whether it held, or how many rows did."""

    def stopped(self, *, now: datetime) -> Self:
        """Unfinished runs that no process works on: failed, or without a sign of life for `DEAD_AFTER`."""
        return self.filter(
            Q(status=SyncRun.Status.FAILED)
            | Q(status=SyncRun.Status.RUNNING, alive_at__lt=now - SyncRun.DEAD_AFTER)
        )

    def mark_dead_failed(self, *, now: datetime) -> int:
        """Fail the running ones without a sign of life."""
        dead = self.filter(status=SyncRun.Status.RUNNING, alive_at__lt=now - SyncRun.DEAD_AFTER)
        return dead.update(status=SyncRun.Status.FAILED, finished_at=now)

    def mark_done(self, run: "SyncRun", *, now: datetime) -> bool:
        """End a running run."""
        return self._finish(run, now=now, status=SyncRun.Status.DONE, error="")

    def mark_failed(self, run: "SyncRun", *, error: str, now: datetime) -> bool:
        """End a running run with its error. It can be resumed from its cursor."""
        return self._finish(run, now=now, status=SyncRun.Status.FAILED, error=error)

    def _finish(self, run: "SyncRun", *, now: datetime, status: str, error: str) -> bool:
        run.status, run.finished_at, run.error = status, now, error
        running = self.filter(pk=run.pk, status=SyncRun.Status.RUNNING)
        return bool(
            running.update(
                status=status,
                finished_at=now,
                error=error,
                seen=run.seen,
                changed=run.changed,
                cursor=run.cursor,
            )
        )

    def resume(self, run: "SyncRun", *, now: datetime) -> bool:
        """Make a stopped run running again. False where another process has just done so."""
        taken = self.filter(pk=run.pk, status=run.status, alive_at=run.alive_at).update(
            status=SyncRun.Status.RUNNING, alive_at=now, finished_at=None, error=""
        )
        return bool(taken)


class SyncRun(models.Model):
    """One pass over Calendly's meetings. An interrupted run goes on from `cursor`. One runs at a time for an
    account."""

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
        return local_time(self.started_at)

    def finish(self, status: str, *, now: datetime, error: str = "") -> None:
        """End this run, and save how far it came."""
        self.status, self.finished_at, self.error = status, now, error[:500]
        self.save(update_fields=["status", "finished_at", "error", "seen", "changed", "cursor"])
