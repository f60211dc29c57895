"""The outbox: what the portal is to be told, written with the change that causes it.

Messages of one booking stand in one queue and leave it in order. A queue, not a message, is claimed, so two
workers never overtake one another within a booking.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .bulk_sql import Statement, insertion
from .visible import one_line
from .work import Work, WorkQuerySet, due_index


class OutboxQueueQuerySet(WorkQuerySet["OutboxQueue"]):
    """The outbox as work."""

    def opening(self, keys: Iterable[str], *, now: datetime) -> list[Statement]:
        """What has these queues, locked one after the other, each with a new version. One that waits for nothing
        comes due; a pause that is set stays. Django's own upsert could not leave it."""
        return insertion(
            [OutboxQueue(key=key, version=uuid.uuid4(), next_attempt_at=now) for key in keys],
            otherwise="(key) DO UPDATE SET version = excluded.version, next_attempt_at ="
            f" COALESCE({OutboxQueue._meta.db_table}.next_attempt_at, excluded.next_attempt_at)",
        )


class OutboxQueue(Work):
    """A queue of messages that must keep their order. Due while a message waits in it.

    `version` changes with every new message: a sender that emptied the queue may only call it empty if nothing
    came meanwhile. `held` marks a wait that the portal asked for, which nothing shortens.
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
    """Mails whose wait may be over."""


class PendingMail(Work):
    """A confirmation mail that waits for the conference link, one for a booking. It comes due when it has waited
    long enough; what it says is written when it leaves.
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


class OutboxMessage(models.Model):
    """One message to the portal, with the key that it carries on every try."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        PARKED = "parked", _("rejected, parked")

    queue = models.ForeignKey(
        "calendly_integration.OutboxQueue",
        models.PROTECT,
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
    once_key = models.CharField(max_length=150, unique=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.WAITING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    last_error = models.TextField(_("last error"), blank=True, default="")
    created_at = models.DateTimeField(_("created at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        verbose_name = _("outbox message")
        verbose_name_plural = _("outbox messages")
        permissions = [("resend_outboxmessage", "Can send messages again and park them")]
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["queue", "id"], name="message_waiting", condition=Q(status="waiting")),
            models.Index(fields=["status", "-id"], name="message_status"),
        ]

    def __str__(self) -> str:
        return f"{one_line(self.path)} {self.created_at:%Y-%m-%d %H:%M:%S} UTC"
