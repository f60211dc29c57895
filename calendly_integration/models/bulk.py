"""Bulk actions that staff requested. The worker does them item by item; each item has its own result."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from .visible import local_time, one_line
from .work import Work, WorkQuerySet, due_index


class BulkRunQuerySet(models.QuerySet["BulkRun"]):
    """The end of a run as conditional updates."""

    def finish(self, pk: int, *, now: datetime) -> bool:
        """Note when the last item was done. False if that was noted before, or items still wait."""
        done = self.filter(pk=pk, finished_at=None).exclude(items__status=BulkItem.Status.WAITING)
        return bool(done.update(finished_at=now))

    def reopen(self, run: "BulkRun") -> None:
        """The run has items to do again."""
        self.filter(pk=run.pk).update(finished_at=None)
        run.finished_at = None


class BulkRun(models.Model):
    """One request for many rows. `given` holds its options, such as a reason; `by` is who requested it."""

    class Kind(models.TextChoices):
        CANCEL = "cancel", _("cancel meetings")
        REPLAY = "replay", _("process deliveries again")
        RESEND = "resend", _("send messages again")

    kind = models.CharField(_("what"), max_length=20, choices=Kind.choices)
    given = models.JSONField(_("details"), default=dict, blank=True)
    by = models.CharField(_("by"), max_length=255)
    user_id = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(_("requested at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = BulkRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("bulk action")
        verbose_name_plural = _("bulk actions")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {local_time(self.created_at)}"


class BulkItemQuerySet(WorkQuerySet["BulkItem"]):
    """Changes of items as conditional updates."""

    def retry_failed(self, run: BulkRun, *, now: datetime) -> int:
        """Do the failed items of the run again. Returns how many there are."""
        return self.filter(run=run, status=BulkItem.Status.FAILED).update(
            status=BulkItem.Status.WAITING,
            next_attempt_at=now,
            lease_token=None,
            attempts=0,
            note="",
            last_error="",
            done_at=None,
        )

    def postpone(self, run_id: int, *, due_before: datetime, until: datetime) -> int:
        """Let the items of the run that are due before `due_before` wait until `until`. Returns how many."""
        waiting = self.filter(run=run_id, status=BulkItem.Status.WAITING, lease_token=None)
        return waiting.filter(next_attempt_at__lt=due_before).update(next_attempt_at=until)


class BulkItem(Work):
    """One row of the request. `target` is its primary key as text, `label` its name for staff."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    run = models.ForeignKey(
        "calendly_integration.BulkRun", models.CASCADE, related_name="items", verbose_name=_("bulk action")
    )
    target = models.CharField(max_length=64)
    label = models.CharField(_("row"), max_length=300, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.WAITING)
    note = models.TextField(_("outcome"), blank=True, default="")
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    objects = BulkItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("bulk action item")
        verbose_name_plural = _("bulk action items")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["run", "target"], name="bulk_item_once_a_run")]
        indexes = [due_index("bulk_item_due")]

    def __str__(self) -> str:
        return one_line(self.label or self.target)
