"""Acts on many rows that staff asked for: done in the background, an item at a time, each with its outcome."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .visible import one_line
from .work import Work, WorkQuerySet, due_index


class BulkRun(models.Model):
    """One wish for many rows. `given` is what was asked besides, such as a reason; `by` who asked."""

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

    class Meta:
        verbose_name = _("bulk action")
        verbose_name_plural = _("bulk actions")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.created_at:%Y-%m-%d %H:%M} UTC"


class BulkItemQuerySet(WorkQuerySet["BulkItem"]):
    """Items as work."""


class BulkItem(Work):
    """One row of the wish. `target` is its primary key as text, `label` what people know it by."""

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
