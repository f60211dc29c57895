"""The inbox: the deliveries of Calendly, byte for byte, before and after they are applied."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from .calendly_account import CalendlyAccount
from .locked_rows import save_columns
from .visible import local_time, one_line
from .work import Work, WorkQuerySet, due_index

OUTCOME_COLUMNS = (
    "account",
    "booking",
    "status",
    "kind",
    "applied_at",
    "last_error",
    "next_attempt_at",
    "lease_token",
)


class WebhookDeliveryQuerySet(WorkQuerySet["WebhookDelivery"]):
    """Claims deliveries. State changes return whether they held: not where the lease was lost."""

    def store(self, rows: Sequence["WebhookDelivery"]) -> None:
        """Store deliveries. One with the same body is left as it is. All callers insert in the order of the
        digests, so that two processes do not deadlock."""
        self.bulk_create(sorted(rows, key=lambda row: row.digest), ignore_conflicts=True)

    def save_outcomes(self, rows: Sequence["WebhookDelivery"], *, account: CalendlyAccount) -> None:
        """Save the outcome of claimed rows, and release them. A row whose lease was lost is left alone: its new
        holder does the same. The caller holds the transaction."""
        held = set(self._held(rows).select_for_update().values_list("pk", flat=True))
        # Without the body, which is not saved again. The rows themselves keep their lease until the commit.
        outcomes = [
            WebhookDelivery(
                pk=row.pk,
                digest=row.digest,
                body=b"",
                received_at=row.received_at,
                account=account,
                booking_id=row.booking_id,
                status=row.status,
                kind=row.kind,
                applied_at=row.applied_at,
                last_error=row.last_error,
            )
            for row in rows
            if row.pk in held
        ]
        save_columns(outcomes, OUTCOME_COLUMNS)

    def release_all(self, rows: Sequence["WebhookDelivery"], *, next_attempt_at: datetime) -> int:
        """Release rows of one claim, to be applied alone. Returns how many were held."""
        return self._held(rows).update(next_attempt_at=next_attempt_at, lease_token=None)

    def release_uncounted(self, row: "WebhookDelivery", *, next_attempt_at: datetime, error: str) -> bool:
        """Release a row without counting the attempt, except that it is no longer fresh."""
        attempts = max(row.attempts - 1, 1)
        return bool(
            self._held([row]).update(
                next_attempt_at=next_attempt_at, lease_token=None, attempts=attempts, last_error=error
            )
        )

    def retry(self, row: "WebhookDelivery", *, next_attempt_at: datetime, error: str) -> bool:
        """Release a row that failed."""
        return self.finish(row, next_attempt_at=next_attempt_at, last_error=error)

    def park(self, row: "WebhookDelivery", *, error: str | None = None) -> bool:
        """Leave a row that keeps failing to staff."""
        changes = {} if error is None else {"last_error": error}
        return self.finish(row, status=WebhookDelivery.Status.PARKED, **changes)

    def replay(self, row: "WebhookDelivery", *, now: datetime) -> None:
        """Make a row due once more, in any state, also while a worker holds it. It is applied alone."""
        self.filter(pk=row.pk).update(
            status=WebhookDelivery.Status.RECEIVED,
            next_attempt_at=now,
            attempts=1,
            lease_token=None,
            last_error="",
        )

    def _held(self, rows: Sequence["WebhookDelivery"]) -> "WebhookDeliveryQuerySet":
        token: uuid.UUID | None = rows[0].lease_token
        return self.filter(pk__in=[row.pk for row in rows], lease_token=token)


class WebhookDelivery(Work):
    """One signed delivery. The digest of its body is unique, so a repeated delivery is the same row."""

    class Status(models.TextChoices):
        RECEIVED = "received", _("received")
        APPLIED = "applied", _("applied")
        UNCHANGED = "unchanged", _("nothing new")
        UNKNOWN = "unknown", _("unknown kind")
        UNREADABLE = "unreadable", _("unreadable")
        PARKED = "parked", _("could not be applied")

    account = models.ForeignKey(
        "calendly_integration.CalendlyAccount",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="deliveries",
        verbose_name=_("Calendly account"),
    )
    digest = models.CharField(max_length=64)
    body = models.BinaryField()
    received_at = models.DateTimeField(_("received at"))
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.RECEIVED)
    kind = models.CharField(_("event"), max_length=100, blank=True)
    booking = models.ForeignKey(
        "calendly_integration.Booking",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="deliveries",
        verbose_name=_("booking"),
    )
    applied_at = models.DateTimeField(_("applied at"), null=True, blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        permissions = [("replay_webhookdelivery", "Can process deliveries again")]
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["digest"], name="delivery_once")]
        indexes = [
            due_index("delivery_due"),
            models.Index(fields=["status", "-id"], name="delivery_status"),
        ]

    def __str__(self) -> str:
        return f"{one_line(self.kind) or '?'} {local_time(self.received_at)}"
