"""The portal's data for a booking, such as the conversation in which it was made."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .visible import one_line
from .work import Work, WorkQuerySet, due_index


class VAIMetadataQuerySet(WorkQuerySet["VAIMetadata"]):
    """Metadata that we have to ask the portal for."""


class VAIMetadata(Work):
    """The conversation in which a booking was made. Due while the portal still has to be asked for it."""

    booking = models.OneToOneField(
        "calendly_integration.Booking",
        models.CASCADE,
        related_name="metadata",
        primary_key=True,
        verbose_name=_("booking"),
    )
    conversation_id = models.CharField(_("conversation"), max_length=255, blank=True)
    user_id = models.CharField(_("user"), max_length=255, blank=True)
    agent_type = models.CharField(_("kind of agent"), max_length=100, blank=True)
    booking_source = models.CharField(_("booked through"), max_length=100, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    extra = models.JSONField(_("more"), default=dict, blank=True)
    asked_at = models.DateTimeField(_("the portal was asked at"), null=True, blank=True)

    objects = VAIMetadataQuerySet.as_manager()

    class Meta:
        verbose_name = _("metadata")
        verbose_name_plural = _("metadata")
        indexes = [
            due_index("metadata_due"),
            models.Index(fields=["conversation_id"], name="metadata_conversation"),
            models.Index(fields=["agent_type", "booking"], name="metadata_agent_type"),
        ]

    def __str__(self) -> str:
        return one_line(self.conversation_id) or str(self.booking_id)
