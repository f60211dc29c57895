"""Signs of life of the machinery."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ..models import Pulse
from . import columns
from .evidence import EvidenceAdmin


@admin.register(Pulse)
class PulseAdmin(EvidenceAdmin[Pulse]):
    """When something last happened that should happen again and again."""

    list_display = ("name", columns.moment(Pulse, "beat_at", seconds=True))
    list_select_related = ()
    ordering = ("name",)
    search_fields = ("name",)
    lines = (
        "name",
        columns.moment(Pulse, "beat_at", seconds=True),
        columns.evidence("detail", _("details")),
    )
