"""A booking at Calendly: one invitee of one event. A row is kept after a reschedule replaces it.

The row is written before Calendly is asked. Its id goes to Calendly in the invitee's tracking. Late, repeated and
unordered deliveries find their row by this id, by the invitee's URI, or by the links between the two halves of a
reschedule.
"""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .visible import local_time
from .work import Work, WorkQuerySet, due_index

if TYPE_CHECKING:
    from .booking import Booking

# Two bookings of ours cannot hold the same start.
SLOT_ONCE = "calendly_booking_slot_once"


class CalendlyBookingQuerySet(WorkQuerySet["CalendlyBooking"]):
    """Named filters, and the changes of `status` and `pending_action` as conditional updates.

    An update returns True if the row was in the state that the change needs.
    """

    def has_pending(self, booking: "Booking") -> bool:
        """True while the booking has a request to Calendly whose outcome is open."""
        return self.filter(booking=booking, status=CalendlyBooking.Status.PENDING).exists()

    def is_being_canceled(self, row: "CalendlyBooking") -> bool:
        """True until Calendly has answered the cancellation."""
        return self.filter(pk=row.pk, pending_action=CalendlyBooking.PendingAction.CANCEL).exists()

    def mark_sent(
        self,
        row: "CalendlyBooking",
        *,
        start_at: datetime,
        end_at: datetime,
        slot_key: str | None,
        intent: dict[str, Any],
        now: datetime,
        lease: timedelta,
    ) -> bool:
        """Reserve another start for a pending row, because it is sent again now. Ends the lease of a worker."""
        changes: dict[str, Any] = {
            "start_at": start_at,
            "end_at": end_at,
            "slot_key": slot_key,
            "intent": intent,
            "sent_at": now,
            "next_attempt_at": now + lease,
            "lease_token": None,
        }
        return self._change(row, self.filter(status=CalendlyBooking.Status.PENDING), changes)

    def mark_outcome_unknown(self, row: "CalendlyBooking", *, error: str, next_attempt_at: datetime) -> bool:
        """Let a worker look up a pending row, because Calendly's answer was lost."""
        pending = self.filter(pk=row.pk, status=CalendlyBooking.Status.PENDING)
        return bool(pending.update(next_attempt_at=next_attempt_at, lease_token=None, last_error=error[:500]))

    def mark_failed(self, row: "CalendlyBooking", *, error: str) -> bool:
        """End a pending row that was not booked. False also if it was sent again after `row` was read."""
        pending = self.filter(pk=row.pk, status=CalendlyBooking.Status.PENDING, sent_at=row.sent_at)
        return bool(
            pending.update(
                status=CalendlyBooking.Status.FAILED,
                slot_key=None,
                pending_action=CalendlyBooking.PendingAction.NOTHING,
                next_attempt_at=None,
                lease_token=None,
                last_error=error,
            )
        )

    def release_slot(self, slot_key: str, *, sent_before: datetime, now: datetime) -> bool:
        """Release a start that an active row has held since before that time, and read that row again."""
        held = self.filter(slot_key=slot_key, status=CalendlyBooking.Status.ACTIVE, sent_at__lt=sent_before)
        released = held.filter(pending_action=CalendlyBooking.PendingAction.NOTHING).update(
            slot_key=None,
            pending_action=CalendlyBooking.PendingAction.REFETCH,
            next_attempt_at=now,
            attempts=0,
        )
        return bool(released or held.update(slot_key=None))

    def request_cancel(
        self, row: "CalendlyBooking", *, intent: dict[str, Any], now: datetime, lease: timedelta
    ) -> bool:
        """Request the cancellation of an active row, claimed by the caller. False if it was requested before."""
        changes = {"intent": intent, "pending_action": CalendlyBooking.PendingAction.CANCEL}
        wanted = self.filter(status=CalendlyBooking.Status.ACTIVE).exclude(
            pending_action=CalendlyBooking.PendingAction.CANCEL
        )
        return self._change(row, wanted, changes | _claim(now, lease))

    def claim_cancel(self, row: "CalendlyBooking", *, now: datetime, lease: timedelta) -> bool:
        """Claim a cancellation that was requested before. False if a worker has claimed it."""
        requested = self.filter(pending_action=CalendlyBooking.PendingAction.CANCEL, lease_token=None)
        return self._change(row, requested, _claim(now, lease))

    def retry_cancel(self, row: "CalendlyBooking", *, now: datetime) -> bool:
        """Request a cancellation again that Calendly has refused. False if there is none to repeat."""
        return bool(
            self.left_standing(now)
            .filter(pk=row.pk)
            .update(
                pending_action=CalendlyBooking.PendingAction.CANCEL,
                next_attempt_at=now,
                lease_token=None,
                attempts=0,
                last_error="",
            )
        )

    def request_refetch(self, *, now: datetime) -> int:
        """Read these rows again at `now`, where nothing else is to be done with them. Returns how many."""
        idle = self.filter(pending_action=CalendlyBooking.PendingAction.NOTHING)
        return idle.update(
            pending_action=CalendlyBooking.PendingAction.REFETCH, next_attempt_at=now, attempts=0
        )

    def _change(self, row: "CalendlyBooking", allowed: Self, changes: dict[str, Any]) -> bool:
        """Update the row if it is one of the `allowed`, and the instance with it."""
        changed = allowed.filter(pk=row.pk).update(**changes)
        if changed:
            for name, value in changes.items():
                setattr(row, name, value)
        return bool(changed)

    def left_standing(self, now: datetime) -> Self:
        """Future meetings that were replaced, but that Calendly refused to cancel: both meetings exist."""
        refused = self.filter(
            status="active", pending_action="", start_at__gt=now, intent__cancel__isnull=False
        ).exclude(last_error="")
        return refused.exclude(booking__current_calendly_booking=models.F("pk"))


def _claim(now: datetime, lease: timedelta) -> dict[str, Any]:
    return {"next_attempt_at": now + lease, "lease_token": uuid.uuid4(), "attempts": 1}


class CalendlyBooking(Work):
    """One invitee at Calendly, or a request for one. `pending_action` is what is left to do with it at Calendly."""

    class Status(models.TextChoices):
        PENDING = "pending", _("requested, outcome unknown")
        EXPECTED = "expected", _("known only by a link")
        ACTIVE = "active", pgettext_lazy("Calendly booking", "active")
        CANCELED = "canceled", _("canceled")
        FAILED = "failed", _("never booked")

    class PendingAction(models.TextChoices):
        NOTHING = "", _("nothing")
        RESOLVE = "resolve", _("find out whether it was booked")
        CANCEL = "cancel", _("cancel it at Calendly")
        REFETCH = "refetch", _("refetch it")

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
    invitee_uri = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 - one of many without
    event_uri = models.CharField(max_length=255, blank=True)
    event_id = models.CharField(_("Calendly's event id"), max_length=64, blank=True)
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
            due_index("calendly_booking_due"),
            models.Index(fields=["event_uri"], name="calendly_booking_event_uri"),
            models.Index(fields=["event_id"], name="calendly_booking_event_id"),
            models.Index(
                fields=["start_at"],
                name="calendly_booking_refused",
                condition=Q(status="active", pending_action="") & ~Q(last_error=""),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="active") | (Q(invitee_uri__isnull=False) & ~Q(event_uri="")),
                name="calendly_booking_active_has_invitee",
            ),
            models.UniqueConstraint(fields=["slot_key"], name=SLOT_ONCE),
            models.UniqueConstraint(fields=["invitee_uri"], name="calendly_booking_invitee_once"),
            models.CheckConstraint(
                condition=Q(next_attempt_at__isnull=True) | ~Q(pending_action=""),
                name="calendly_booking_due_has_action",
            ),
        ]

    def __str__(self) -> str:
        return local_time(self.start_at) if self.start_at else str(self.id)
