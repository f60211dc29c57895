"""The timeline of a booking: what happened, when, and who did it. Entries are only added."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from .visible import local_time, one_line


class TimelineEntry(models.Model):
    """One entry of the timeline."""

    class Actor(models.TextChoices):
        AGENT = "agent", _("agent")
        STAFF = "staff", _("staff")
        INVITEE = "invitee", _("invitee")
        CALENDLY = "calendly", _("Calendly")
        SYSTEM = "system", _("system")

    class Action(models.TextChoices):
        """All that can happen, as staff read it."""

        REQUESTED = "requested", _("Meeting requested")
        BOOKED = "booked", _("Booked at Calendly")
        CONFIRMED = "confirmed", _("Calendly confirmed it")
        NOT_BOOKED = "not_booked", _("It was not booked")
        OUTCOME_UNKNOWN = "outcome_unknown", _("Calendly's answer was lost; it is being looked up")
        LOOK_REQUESTED = "look_requested", _("Refetch from Calendly requested")
        CANCEL_REQUESTED = "cancel_requested", _("Cancellation requested")
        CANCELED = "canceled", _("Canceled")
        NOT_CANCELED = "not_canceled", _("It could not be canceled")
        NOT_READ = "not_read", _("It could not be refetched from Calendly")
        MOVE_REQUESTED = "move_requested", _("Move requested")
        HAND_OVER_REQUESTED = "hand_over_requested", _("Reassignment to another host requested")
        RESCHEDULED = "rescheduled", _("Moved")
        NEW_TIME_UNKNOWN = (
            "new_time_unknown",
            _("Moved at Calendly, but the new time could not be read there"),
        )
        NO_SHOW = "no_show", _("Marked as no-show")
        NO_SHOW_UNDONE = "no_show_undone", _("The no-show mark was removed")
        NO_SHOW_REQUESTED = "no_show_requested", _("No-show mark requested")
        NO_SHOW_UNDO_REQUESTED = "no_show_undo_requested", _("Removal of the no-show mark requested")
        NO_SHOW_UNCHANGED = "no_show_unchanged", _("The no-show mark is unchanged")
        CONFIRMATION_SENT_AGAIN = "confirmation_sent_again", _("The confirmation was sent again")
        MAILED_WITHOUT_LINK = (
            "mailed_without_link",
            _("The confirmation was sent without a link: there was none yet"),
        )
        METADATA_FOUND = "metadata_found", _("The portal returned the conversation")
        METADATA_CHANGED = "metadata_changed", _("The metadata was changed")
        FOLLOWUP_ASSIGNED = "followup_assigned", _("The follow-up was assigned")
        FOLLOWUP_NOTED = "followup_noted", _("A note was written on the follow-up")
        FOLLOWUP_POSTPONED = "followup_postponed", _("The follow-up was postponed")
        FOLLOWUP_NO_ANSWER = "followup_no_answer", _("The invitee was called and did not answer")
        FOLLOWUP_WANTS_LATER = "followup_wants_later", _("The invitee wants to be called later")
        FOLLOWUP_LOST = "followup_lost", _("The invitee no longer wants the meeting")
        FOLLOWUP_WAITING = "followup_waiting", _("The follow-up is waiting for the invitee")
        FOLLOWUP_CLOSED = "followup_closed", _("The follow-up was closed")
        FOLLOWUP_REOPENED = "followup_reopened", _("The follow-up was reopened")
        FOLLOWUP_REBOOKED = "followup_rebooked", _("Booked again from a follow-up")
        STAFF_NOTED = "staff_noted", _("A note for staff was written")
        CALLED = "called", _("Call to Calendly")

    booking = models.ForeignKey(
        "calendly_integration.Booking",
        models.CASCADE,
        related_name="timeline",
        verbose_name=_("booking"),
    )
    at = models.DateTimeField(_("when"))
    actor = models.CharField(_("by"), max_length=10, choices=Actor.choices)
    actor_name = models.CharField(_("name"), max_length=255, blank=True)
    action = models.CharField(_("what"), max_length=40)
    detail = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline")
        ordering = ["id"]
        indexes = [models.Index(fields=["booking", "id"], name="timeline_booking")]

    def __str__(self) -> str:
        return f"{local_time(self.at)} {one_line(self.action)}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the entry. A saved entry cannot be changed."""
        if not self._state.adding:
            raise TypeError("A timeline is only added to: write a new entry instead.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse: entries are evidence. They are deleted only with their booking."""
        raise TypeError("A timeline is only added to: entries go only with their booking.")
