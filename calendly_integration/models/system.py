"""Signs of life of the machinery, end to end."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Pulse(models.Model):
    """When something last happened that should happen again and again."""

    name = models.CharField(_("name"), max_length=60, primary_key=True)
    beat_at = models.DateTimeField(_("last at"))
    detail = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name
