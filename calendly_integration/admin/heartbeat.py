"""Signs of life of the machinery."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ..models import Pulse
from . import display
from .read_only import ReadOnlyAdmin


@admin.register(Pulse)
class PulseAdmin(ReadOnlyAdmin[Pulse]):
    """When something last happened that should happen again and again."""

    list_display = ("name", display.instant(Pulse, "beat_at", seconds=True))
    list_select_related = ()
    ordering = ("name",)
    search_fields = ("name",)
    lines = (
        "name",
        display.instant(Pulse, "beat_at", seconds=True),
        display.raw_data("detail", _("details")),
    )
