"""Requests with the answers that they got, so that a repeated request gets the same answer."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .visible import one_line

if TYPE_CHECKING:
    from .booking import Booking

IDEMPOTENCY_ONCE = "idempotency_once"
# Sent keys are stripped, so none of them begins with a blank.
IMPLICIT = " without a key: "


class IdempotencyRecordQuerySet(models.QuerySet["IdempotencyRecord"]):
    """The states of a request as conditional updates that return whether they held."""

    def of_request(self, record: "IdempotencyRecord") -> Self:
        """The record of an earlier or present request with the same key."""
        return self.filter(agent_key=record.agent_key_id, key=record.key)

    def running(self, record: "IdempotencyRecord") -> Self:
        """The row of this very request, while it is unanswered and no other request has taken it over."""
        return self.of_request(record).filter(started_at=record.started_at, answered_at__isnull=True)

    def take_over(
        self, earlier: "IdempotencyRecord", record: "IdempotencyRecord", *, booking_id: Any
    ) -> bool:
        """Make the row of an earlier request that died or is outdated the row of this one."""
        taken = self.filter(
            pk=earlier.pk, started_at=earlier.started_at, answered_at=earlier.answered_at
        ).update(
            started_at=record.started_at,
            fingerprint=record.fingerprint,
            booking=booking_id,
            answered_at=None,
            status=None,
            body=None,
        )
        if taken:
            record.pk, record.booking_id, record._state.adding = earlier.pk, booking_id, False
        return bool(taken)

    def link(self, record: "IdempotencyRecord", booking: "Booking") -> bool:
        """Note which booking this request makes."""
        return bool(self.running(record).update(booking=booking))

    def answer(
        self, record: "IdempotencyRecord", *, status: int, body: dict[str, Any], now: datetime
    ) -> bool:
        """Store the answer of this request."""
        return bool(self.running(record).update(answered_at=now, status=status, body=body))

    def release(self, record: "IdempotencyRecord") -> bool:
        """Delete the row of this request, unless it has made a booking that may exist at Calendly."""
        none = Q(booking__isnull=True) | Q(booking__status__in=["failed", "canceled"])
        return bool(self.running(record).filter(none).delete()[0])


class IdempotencyRecord(models.Model):
    """One request with one key of one agent. Without `answered_at` it is still running, or its process died."""

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

    objects = IdempotencyRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("idempotency record")
        verbose_name_plural = _("idempotency records")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["agent_key", "key"], name=IDEMPOTENCY_ONCE)]
        indexes = [models.Index(fields=["started_at"], name="idempotency_started")]

    def __str__(self) -> str:
        return one_line(self.key)

    @property
    def is_stored(self) -> bool:
        """True if its row is committed."""
        return not self._state.adding

    @property
    def is_implicit(self) -> bool:
        """True if the request came without a key. Its key is then made from the request itself."""
        return self.key.startswith(IMPLICIT)
