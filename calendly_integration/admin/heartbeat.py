"""The state of the worker, and of the circuit breakers before the portal."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ..models import CircuitState, Heartbeat, WorkerSlot
from . import display
from .technical import TechnicalAdmin


@admin.register(Heartbeat)
class HeartbeatAdmin(TechnicalAdmin[Heartbeat]):
    """When each worker last showed that it runs."""

    list_display = (
        "name",
        display.instant(Heartbeat, "beat_at", seconds=True),
        display.instant(Heartbeat, "stopped_at", seconds=True),
    )
    list_select_related = ()
    ordering = ("name",)
    search_fields = ("name",)
    lines = list_display


@admin.register(WorkerSlot)
class WorkerSlotAdmin(TechnicalAdmin[WorkerSlot]):
    """Until when each slot is held."""

    list_display = ("name", display.instant(WorkerSlot, "held_until", seconds=True))
    list_select_related = ()
    ordering = ("name",)
    search_fields = ("name",)
    lines = list_display


@admin.register(CircuitState)
class CircuitStateAdmin(TechnicalAdmin[CircuitState]):
    """Circuit breakers that are open."""

    list_display = (
        "name",
        display.instant(CircuitState, "opened_at", seconds=True),
        display.instant(CircuitState, "probed_at", seconds=True),
    )
    list_select_related = ()
    ordering = ("name",)
    search_fields = ("name",)
    lines = (*list_display, display.raw_data("probed_by", _("tried by")))
