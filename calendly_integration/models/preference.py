"""How a person of the staff wants the pages."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .visible import one_line


class Preference(models.Model):
    """One person's time zone, in which the admin shows every time, and the columns of their list of bookings."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("person")
    )
    time_zone = models.CharField(_("time zone"), max_length=64)
    # Empty: the usual columns.
    columns = models.JSONField(_("columns of the list"), default=list, blank=True)

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return one_line(self.time_zone)
