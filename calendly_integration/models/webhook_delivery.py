"""The inbox: what Calendly delivered, byte for byte, until it is applied and after."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .visible import one_line
from .work import Work, WorkQuerySet, due_index


class WebhookDeliveryQuerySet(WorkQuerySet["WebhookDelivery"]):
    """The inbox as work."""


class WebhookDelivery(Work):
    """One signed delivery. The digest of its body makes a repetition the same row."""

    class Status(models.TextChoices):
        RECEIVED = "received", _("received")
        APPLIED = "applied", _("applied")
        UNCHANGED = "unchanged", _("nothing new")
        UNKNOWN = "unknown", _("unknown kind")
        UNREADABLE = "unreadable", _("unreadable")
        PARKED = "parked", _("could not be applied")

    account = models.ForeignKey(
        "calendly_integration.CalendlyAccount",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="deliveries",
        verbose_name=_("Calendly account"),
    )
    digest = models.CharField(max_length=64, unique=True)
    body = models.BinaryField()
    received_at = models.DateTimeField(_("received at"))
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.RECEIVED)
    kind = models.CharField(_("event"), max_length=100, blank=True)
    booking = models.ForeignKey(
        "calendly_integration.Booking",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="deliveries",
        verbose_name=_("booking"),
    )
    applied_at = models.DateTimeField(_("applied at"), null=True, blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        permissions = [("replay_webhookdelivery", "Can process deliveries again")]
        ordering = ["-id"]
        indexes = [
            due_index("delivery_due"),
            models.Index(fields=["status", "-id"], name="delivery_status"),
        ]

    def __str__(self) -> str:
        return f"{one_line(self.kind) or '?'} {self.received_at:%Y-%m-%d %H:%M:%S} UTC"
