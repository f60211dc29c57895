"""What somebody should do about a meeting that did not happen."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .visible import one_line


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    """Named questions about follow-ups."""

    def open(self) -> Self:
        """Those that still want something: to do, or waiting for the invitee."""
        return self.filter(status__in=[FollowUp.Status.OPEN, FollowUp.Status.WAITING])

    def due(self, now: datetime) -> Self:
        """Open ones whose time has come, the oldest first."""
        return self.open().filter(scheduled_for__lte=now).order_by("scheduled_for", "id")


class FollowUp(models.Model):
    """A promise to come back to an invitee."""

    class Kind(models.TextChoices):
        RESCHEDULE = "reschedule_assistance", _("help to find another time")
        REBOOK = "rebook", _("offer another time after our cancellation")

    class Status(models.TextChoices):
        OPEN = "open", _("to do")
        WAITING = "waiting", _("waiting for the invitee")
        REBOOKED = "rebooked", _("rebooked")
        CLOSED = "done", _("closed")

    booking = models.ForeignKey(
        "calendly_integration.Booking",
        models.CASCADE,
        related_name="followups",
        verbose_name=_("booking"),
    )
    calendly_booking = models.ForeignKey(
        "calendly_integration.CalendlyBooking",
        models.CASCADE,
        related_name="+",
        verbose_name=_("booking at Calendly"),
    )
    kind = models.CharField(_("kind"), max_length=40, choices=Kind.choices)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.OPEN)
    email = models.CharField(_("e-mail"), max_length=320)
    conversation_id = models.CharField(_("conversation"), max_length=255, blank=True)
    scheduled_for = models.DateTimeField(_("due at"))
    message = models.TextField(_("message"))
    note = models.TextField(_("note"), blank=True, default="")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assigned to"),
    )
    rebooking = models.ForeignKey(
        "calendly_integration.Booking",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("booked again as"),
    )
    created_at = models.DateTimeField(_("created at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        ordering = ["scheduled_for", "id"]
        constraints = [
            models.UniqueConstraint(fields=["calendly_booking", "kind"], name="followup_once_a_leg")
        ]
        indexes = [models.Index(fields=["status", "scheduled_for"], name="followup_status_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {one_line(self.email)}"
