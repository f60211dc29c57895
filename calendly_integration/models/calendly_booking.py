"""What has carried a booking: each Calendly event and invitee pair, one row, kept when it is replaced.

A Calendly booking is made before Calendly is asked, so its id is the reference that Calendly keeps for us in the tracking
of the invitee. By it, by the invitee URI, or by the links of a reschedule, every late, doubled or disordered
delivery finds its place.
"""

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .work import Work, WorkQuerySet, due_index

# The constraint by which two of our own bookings cannot hold one start.
SLOT_ONCE = "leg_slot_once"


class CalendlyBookingQuerySet(WorkQuerySet["CalendlyBooking"]):
    """Legs as work."""

    def left_standing(self, now: datetime) -> Self:
        """Meetings to come that were moved away and that Calendly refused to cancel: both halves are real."""
        refused = self.filter(
            status="active", pending_action="", start_at__gt=now, intent__cancel__isnull=False
        ).exclude(last_error="")
        return refused.exclude(booking__current_calendly_booking=models.F("pk"))


class CalendlyBooking(Work):
    """One try to hold the meeting at one start. `todo` says what is left to do with it at Calendly."""

    class Status(models.TextChoices):
        PENDING = "pending", _("requested, outcome unknown")
        EXPECTED = "expected", _("known only by a link")
        ACTIVE = "active", pgettext_lazy("Calendly booking", "active")
        CANCELED = "canceled", _("canceled")
        FAILED = "failed", _("never booked")

    class PendingAction(models.TextChoices):
        NOTHING = "", _("nothing")
        RESOLVE = "settle", _("find out whether it was booked")
        CANCEL = "cancel", _("cancel it at Calendly")
        REFETCH = "refresh", _("refetch it")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey(
        "calendly_integration.Booking",
        models.CASCADE,
        related_name="calendly_bookings",
        verbose_name=_("booking"),
    )
    replaces = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="replaced_by",
        verbose_name=_("replaces"),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status.choices)
    pending_action = models.CharField(
        _("pending action"), max_length=10, choices=PendingAction.choices, blank=True, default=""
    )
    invitee_uri = models.CharField(max_length=255, unique=True, null=True, blank=True)
    event_uri = models.CharField(max_length=255, blank=True, db_index=True)
    event_id = models.CharField(_("Calendly's event id"), max_length=64, blank=True, db_index=True)
    start_at = models.DateTimeField(_("start"), null=True, blank=True)
    end_at = models.DateTimeField(_("end"), null=True, blank=True)
    slot_key = models.CharField(max_length=100, null=True, blank=True, editable=False)  # noqa: DJ001 - one of many without
    request = models.JSONField(_("request to Calendly"), default=dict, blank=True)
    intent = models.JSONField(_("requested by, and why"), default=dict, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    rescheduled = models.BooleanField(_("moved away"), default=False)
    old_invitee = models.CharField(max_length=255, blank=True)
    new_invitee = models.CharField(max_length=255, blank=True)
    canceled_by = models.CharField(_("canceled by"), max_length=255, blank=True)
    canceler = models.CharField(_("who canceled"), max_length=20, blank=True)
    cancel_reason = models.TextField(_("reason"), blank=True)
    canceled_at = models.DateTimeField(_("canceled at"), null=True, blank=True)
    no_show_uri = models.CharField(max_length=255, blank=True)
    no_show_at = models.DateTimeField(_("marked as no-show at"), null=True, blank=True)
    invitee_updated_at = models.DateTimeField(null=True, blank=True)
    event_updated_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed by Calendly at"), null=True, blank=True)
    invitee_raw = models.JSONField(default=dict, blank=True)
    event_raw = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(_("created at"))

    objects = CalendlyBookingQuerySet.as_manager()

    class Meta:
        verbose_name = _("booking at Calendly")
        verbose_name_plural = _("bookings at Calendly")
        indexes = [
            due_index("leg_due"),
            models.Index(
                fields=["start_at"],
                name="leg_refused",
                condition=Q(status="active", pending_action="") & ~Q(last_error=""),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="active") | (Q(invitee_uri__isnull=False) & ~Q(event_uri="")),
                name="leg_active_has_invitee",
            ),
            models.UniqueConstraint(fields=["slot_key"], name=SLOT_ONCE),
            models.CheckConstraint(
                condition=Q(next_attempt_at__isnull=True) | ~Q(pending_action=""), name="leg_due_has_todo"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start_at:%Y-%m-%d %H:%M} UTC" if self.start_at else str(self.id)

    @property
    def live(self) -> bool:
        """True while it may still carry the meeting."""
        return self.status in (self.Status.PENDING, self.Status.EXPECTED, self.Status.ACTIVE)
