"""Lists of bookings that a person comes back to."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .visible import one_line


class SavedView(models.Model):
    """A name for a set of filters, one person's own. `query` is the list's query string."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person")
    )
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("filters"), max_length=1000, blank=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="saved_view_once_a_person")]

    def __str__(self) -> str:
        return one_line(self.name)
