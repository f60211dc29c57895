"""The outbox: messages to the portal, written in the transaction of the change that causes them.

The messages of one booking share a queue and leave it in order. A queue, not a message, is claimed, so two workers
never overtake one another within a booking.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .visible import local_time, one_line
from .work import Work, WorkQuerySet, due_index


class OutboxQueueQuerySet(WorkQuerySet["OutboxQueue"]):
    """Claims queues and gives them back."""

    def open(self, keys: Iterable[str], *, now: datetime) -> None:
        """Lock these queues, missing ones are created, and give each a new version. An idle queue comes due; a
        pause that is set stays. The caller holds the transaction.

        All callers lock in the order of the keys, so two that share queues do not deadlock, and the ids of the
        messages within a queue rise in commit order.
        """
        keys = sorted(set(keys))
        queues = [OutboxQueue(key=key, version=uuid.uuid4(), next_attempt_at=now) for key in keys]
        self.bulk_create(queues, update_conflicts=True, unique_fields=["key"], update_fields=["version"])
        self.filter(pk__in=keys, next_attempt_at__isnull=True).update(next_attempt_at=now)

    def release(self, keys: Sequence[str], *, next_attempt_at: datetime | None) -> None:
        """Give queues back after a success."""
        self.filter(pk__in=keys).update(
            next_attempt_at=next_attempt_at, lease_token=None, attempts=0, held=False, last_error=""
        )

    def release_one(self, key: str, *, next_attempt_at: datetime, attempts: int, **changes: object) -> None:
        """Give one queue back with its number of failures in a row."""
        self.filter(pk=key).update(
            next_attempt_at=next_attempt_at, lease_token=None, attempts=attempts, **changes
        )


class OutboxQueue(Work):
    """A queue of messages that keep their order. It is due while a message waits in it.

    `version` changes with every new message: a sender may call the queue empty only if the version is still the one
    it read. `held` marks a wait that the portal asked for. Nothing shortens that wait.
    """

    key = models.CharField(max_length=64, primary_key=True)
    version = models.UUIDField(default=uuid.uuid4)
    held = models.BooleanField(default=False)

    objects = OutboxQueueQuerySet.as_manager()

    class Meta:
        verbose_name = _("outbox queue")
        verbose_name_plural = _("outbox queues")
        indexes = [due_index("lane_due")]

    def __str__(self) -> str:
        return self.key


class PendingMailQuerySet(WorkQuerySet["PendingMail"]):
    """Claims mails whose wait is over."""


class PendingMail(Work):
    """A confirmation mail that waits for the conference link. A booking has one at most. It comes due at the end of
    the wait, and its text is written when it leaves.
    """

    booking = models.OneToOneField(
        "calendly_integration.Booking",
        models.CASCADE,
        related_name="pending_mail",
        primary_key=True,
        verbose_name=_("booking"),
    )
    once_key = models.CharField(max_length=150)

    objects = PendingMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail waiting for its link")
        verbose_name_plural = _("mails waiting for their link")
        indexes = [due_index("pending_mail_due")]

    def __str__(self) -> str:
        return str(self.booking_id)


class OutboxMessageQuerySet(models.QuerySet["OutboxMessage"]):
    """State changes of messages. Each returns how many rows held the expected state, or whether one did."""

    def waiting(self) -> Self:
        """Messages that are not sent yet."""
        return self.filter(status=OutboxMessage.Status.WAITING)

    def mark_sent(self, ids: Sequence[int], *, now: datetime) -> int:
        """The portal has accepted these. This holds whatever their state was."""
        return self.filter(pk__in=ids).update(
            status=OutboxMessage.Status.SENT, sent_at=now, attempts=F("attempts") + 1
        )

    def park_refused(self, ids: Sequence[int], *, error: str) -> int:
        """The portal has refused these waiting messages."""
        return (
            self.waiting()
            .filter(pk__in=ids)
            .update(status=OutboxMessage.Status.PARKED, attempts=F("attempts") + 1, last_error=error)
        )

    def record_failure(self, ids: Sequence[int], *, error: str, counted: bool) -> int:
        """Sending these waiting messages failed. A failure that is not `counted` is no attempt."""
        attempts: Mapping[str, object] = {"attempts": F("attempts") + 1} if counted else {}
        return self.waiting().filter(pk__in=ids).update(last_error=error, **attempts)

    def park(self, pk: int) -> bool:
        """Take a waiting message out of its queue."""
        return bool(self.waiting().filter(pk=pk).update(status=OutboxMessage.Status.PARKED))

    def unpark(self, pk: int) -> bool:
        """Let a parked message wait again."""
        parked = self.filter(pk=pk, status=OutboxMessage.Status.PARKED)
        return bool(parked.update(status=OutboxMessage.Status.WAITING))


class OutboxMessage(models.Model):
    """One message to the portal. It carries the same idempotency key on every try."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        PARKED = "parked", _("rejected, parked")

    queue = models.ForeignKey(
        "calendly_integration.OutboxQueue",
        models.PROTECT,
        db_index=False,
        related_name="messages",
        verbose_name=_("queue"),
    )
    booking = models.ForeignKey(
        "calendly_integration.Booking",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="messages",
        verbose_name=_("booking"),
    )
    path = models.CharField(_("path"), max_length=100)
    body = models.JSONField(_("body"))
    idempotency_key = models.UUIDField(_("idempotency key"), default=uuid.uuid4, unique=True)
    once_key = models.CharField(max_length=150)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.WAITING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    last_error = models.TextField(_("last error"), blank=True, default="")
    created_at = models.DateTimeField(_("created at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    objects = OutboxMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("outbox message")
        verbose_name_plural = _("outbox messages")
        permissions = [("resend_outboxmessage", "Can send messages again and park them")]
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["once_key"], name="message_once")]
        indexes = [
            models.Index(fields=["queue", "id"], name="message_waiting", condition=Q(status="waiting")),
            models.Index(fields=["status", "-id"], name="message_status"),
        ]

    def __str__(self) -> str:
        return f"{one_line(self.path)} {local_time(self.created_at)}"
