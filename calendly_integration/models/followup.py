"""Follow-ups: staff contact the invitee of a meeting that was canceled."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .visible import one_line

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from .booking import Booking


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    """Named filters, and changes of a follow-up as conditional updates that return whether they held.

    planned <-> sent -> rebooked | closed -> planned
    """

    def open(self) -> Self:
        """Follow-ups to do, or waiting for the invitee."""
        return self.filter(status__in=[FollowUp.Status.PLANNED, FollowUp.Status.SENT])

    def due(self, now: datetime) -> Self:
        """Open follow-ups whose time has come, the oldest first."""
        return self.open().filter(scheduled_for__lte=now).order_by("scheduled_for", "id")

    def assign(self, row: "FollowUp", *, user: "AbstractBaseUser | None") -> bool:
        """Assign an open one, or remove its assignee."""
        return self.open()._change(row, assignee=user)

    def set_note(self, row: "FollowUp", *, text: str) -> bool:
        """Replace the note of an open one."""
        return self.open()._change(row, note=text)

    def postpone(self, row: "FollowUp", *, until: datetime) -> bool:
        """Make an open one due again at `until`."""
        return self.open()._change(row, status=FollowUp.Status.PLANNED, scheduled_for=until)

    def record_no_answer(self, row: "FollowUp", *, until: datetime) -> bool:
        """Count a call that was not answered, and make an open one due again at `until`."""
        calls = row.unanswered_calls + 1
        same = self.open().filter(unanswered_calls=row.unanswered_calls)
        return same._change(row, status=FollowUp.Status.PLANNED, scheduled_for=until, unanswered_calls=calls)

    def wait_for_invitee(self, row: "FollowUp") -> bool:
        """The invitee was asked and has to answer."""
        return self.filter(status=FollowUp.Status.PLANNED)._change(row, status=FollowUp.Status.SENT)

    def close(self, row: "FollowUp", *, now: datetime, reason: str = "") -> bool:
        """Close an open one."""
        return self.open()._change(row, status=FollowUp.Status.CLOSED, reason=reason, closed_at=now)

    def mark_rebooked(self, row: "FollowUp", *, rebooking: "Booking", now: datetime) -> bool:
        """Close an open one, because the invitee has a new meeting."""
        return self.open()._change(row, status=FollowUp.Status.REBOOKED, rebooking=rebooking, closed_at=now)

    def reopen(self, row: "FollowUp", *, due: datetime) -> bool:
        """Open one that waits or is closed, due at `due`."""
        return self.exclude(status=FollowUp.Status.PLANNED)._change(
            row,
            status=FollowUp.Status.PLANNED,
            scheduled_for=due,
            reason="",
            closed_at=None,
            rebooking=None,
        )

    def _change(self, row: "FollowUp", **changes: Any) -> bool:
        """Update the row if it is in this queryset, and the instance with it."""
        if not self.filter(pk=row.pk).update(**changes):
            return False
        for name, value in changes.items():
            setattr(row, name, value)
        return True


class FollowUp(models.Model):
    """One task for staff: to contact an invitee."""

    class Kind(models.TextChoices):
        RESCHEDULE = "reschedule_assistance", _("help to find another time")
        REBOOK = "rebook", _("offer another time after our cancellation")

    class Status(models.TextChoices):
        PLANNED = "planned", _("to do")
        SENT = "sent", _("waiting for the invitee")
        REBOOKED = "rebooked", _("booked again")
        CLOSED = "closed", _("closed")

    class Reason(models.TextChoices):
        LOST = "lost", _("the invitee no longer wants the meeting")

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
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.PLANNED)
    # Why it ended, where that says more than the status.
    reason = models.CharField(_("reason"), max_length=20, choices=Reason.choices, blank=True, default="")
    email = models.CharField(_("e-mail"), max_length=320)
    conversation_id = models.CharField(_("conversation"), max_length=255, blank=True)
    scheduled_for = models.DateTimeField(_("due at"))
    message = models.TextField(_("message"))
    note = models.TextField(_("note"), blank=True, default="")
    unanswered_calls = models.PositiveSmallIntegerField(_("unanswered calls"), default=0)
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
            models.UniqueConstraint(
                fields=["calendly_booking", "kind"], name="followup_once_per_calendly_booking"
            )
        ]
        indexes = [models.Index(fields=["status", "scheduled_for"], name="followup_status_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {one_line(self.email)}"
