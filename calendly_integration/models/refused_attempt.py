"""What agents could not book, for staff to call the person back."""

from datetime import datetime
from typing import Any, Self

from django.db import IntegrityError, models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from .booking import Booking
from .visible import one_line


class RefusedAttemptQuerySet(models.QuerySet["RefusedAttempt"]):
    """Named filters and changes."""

    def open(self) -> Self:
        """Attempts that nobody closed, of people who have no booking since."""
        booked = Booking.objects.filter(
            email_key=OuterRef("email_key"), created_at__gte=OuterRef("last_at")
        ).exclude(status=Booking.Status.FAILED)
        return self.filter(~Exists(booked), closed_at=None)

    def record(self, *, email_key: str, conversation_id: str, now: datetime, **asked: Any) -> None:
        """Keep an attempt. A conversation, or a person without one, has one open row: it shows the latest."""
        same = self.filter(closed_at=None, conversation_id=conversation_id)
        if not conversation_id:
            same = same.filter(email_key=email_key)
        asked |= {"email_key": email_key, "last_at": now}
        if same.update(**asked, times=F("times") + 1):
            return
        try:
            with transaction.atomic():
                self.create(conversation_id=conversation_id, first_at=now, **asked)
        except IntegrityError:  # recorded by another process at this moment
            same.update(**asked, times=F("times") + 1)

    def close(self, *, by: str, now: datetime) -> int:
        """Close those that are not closed yet. Returns how many."""
        return self.filter(closed_at=None).update(closed_at=now, closed_by=by)


class RefusedAttempt(models.Model):
    """A booking that an agent asked for and did not get: what was asked, by whom, and why not."""

    class Code(models.TextChoices):
        NO_AVAILABILITY = "no_availability", _("no free time")
        SLOT_TAKEN = "slot_taken", _("the time was taken meanwhile")
        QUOTA_EXHAUSTED = "quota_exhausted", _("the booking allowance was used up")
        CALENDLY_UNAVAILABLE = "calendly_unavailable", _("Calendly did not answer")
        CALENDLY_REFUSED = "calendly_refused", _("Calendly refused it")

    code = models.CharField(_("why not"), max_length=20, choices=Code.choices)
    event_type = models.ForeignKey(
        "calendly_integration.EventType",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("event type"),
    )
    event_name = models.CharField(_("event"), max_length=255, blank=True)
    preferred_at = models.DateTimeField(_("wanted time"), null=True, blank=True)
    name = models.CharField(_("invitee"), max_length=255, blank=True)
    email = models.CharField(_("e-mail"), max_length=320)
    email_key = models.CharField(max_length=320, editable=False)
    phone = models.CharField(_("phone"), max_length=64, blank=True)
    time_zone = models.CharField(_("invitee's time zone"), max_length=64, blank=True)
    conversation_id = models.CharField(_("conversation"), max_length=255, blank=True)
    agent_key = models.ForeignKey(
        "calendly_integration.AgentKey",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("agent key"),
    )
    times = models.PositiveIntegerField(_("attempts"), default=1)
    first_at = models.DateTimeField(_("first attempt"))
    last_at = models.DateTimeField(_("last attempt"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=255, blank=True, default="")

    objects = RefusedAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("unbooked request")
        verbose_name_plural = _("unbooked requests")
        ordering = ["-last_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation_id"],
                condition=Q(closed_at=None) & ~Q(conversation_id=""),
                name="refused_attempt_once_per_conversation",
            ),
            models.UniqueConstraint(
                fields=["email_key"],
                condition=Q(closed_at=None, conversation_id=""),
                name="refused_attempt_once_per_email",
            ),
        ]
        indexes = [models.Index(fields=["last_at"], name="refused_attempt_last")]

    def __str__(self) -> str:
        return one_line(f"{self.event_name} · {self.name}")
