"""Answers that were given, so that the same request gets the same answer again."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .visible import one_line


class IdempotencyRecord(models.Model):
    """One request under one key of one agent. Without `answered_at` it still runs, or died running."""

    agent_key = models.ForeignKey(
        "calendly_integration.AgentKey",
        models.CASCADE,
        related_name="+",
        verbose_name=_("agent key"),
    )
    key = models.CharField(_("key"), max_length=255)
    fingerprint = models.CharField(max_length=64)
    booking = models.ForeignKey(
        "calendly_integration.Booking",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("booking"),
    )
    started_at = models.DateTimeField(_("started at"))
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    status = models.PositiveSmallIntegerField(_("answer's status"), null=True, blank=True)
    body = models.JSONField(_("answer"), null=True, blank=True)
    headers = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("idempotency record")
        verbose_name_plural = _("idempotency records")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["agent_key", "key"], name="idempotency_once")]
        indexes = [models.Index(fields=["started_at"], name="idempotency_started")]

    def __str__(self) -> str:
        return one_line(self.key)
