"""People who host meetings, read from Calendly."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from .visible import one_line


class Host(models.Model):
    """A member of the organization."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(
        "calendly_integration.CalendlyAccount",
        models.PROTECT,
        related_name="hosts",
        verbose_name=_("Calendly account"),
    )
    uri = models.CharField(max_length=255, unique=True)
    name = models.CharField(_("name"), max_length=255)
    email = models.CharField(_("e-mail"), max_length=320)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    role = models.CharField(_("role"), max_length=20, blank=True)
    scheduling_url = models.CharField(_("public page"), max_length=500, blank=True)
    active = models.BooleanField(_("active"), default=True)
    raw = models.JSONField(default=dict, blank=True)
    seen_at = models.DateTimeField(_("last seen at Calendly"))

    class Meta:
        verbose_name = _("host")
        verbose_name_plural = _("hosts")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return one_line(self.name)
