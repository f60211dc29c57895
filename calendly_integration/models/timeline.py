"""The timeline of a booking: what happened, when, and who did it. Entries are only added."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from .visible import one_line


class TimelineEntry(models.Model):
    """One entry of the timeline."""

    class Actor(models.TextChoices):
        AGENT = "agent", _("agent")
        STAFF = "staff", _("staff")
        INVITEE = "invitee", _("invitee")
        CALENDLY = "calendly", _("Calendly")
        SYSTEM = "system", _("system")

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
        return f"{self.at:%Y-%m-%d %H:%M} UTC {one_line(self.action)}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the entry. A saved entry cannot be changed."""
        if not self._state.adding:
            raise TypeError("A timeline is only added to: write a new entry instead.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse: entries are evidence. They are deleted only with their booking."""
        raise TypeError("A timeline is only added to: entries go only with their booking.")
