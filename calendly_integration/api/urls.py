"""Addresses of our calls, below whatever prefix the host gives them."""

from django.urls import path, re_path

from .base import AgentView, NotFoundView
from .bookings import CancelView, DetailView, ListView, UpcomingView
from .catalog import AvailabilityView, EventTypesView, HostAvailabilityView, HostsView
from .docs import DocsView, SchemaView
from .metadata import MetadataView
from .reschedule import RescheduleView
from .schedule import ScheduleView

CALLS: tuple[tuple[str, type[AgentView], str], ...] = (
    ("schedule", ScheduleView, "schedule"),
    ("upcoming/<path:email>", UpcomingView, "upcoming"),
    ("event-types", EventTypesView, "event-types"),
    ("hosts", HostsView, "hosts"),
    ("hosts/<str:id>/availability", HostAvailabilityView, "host-availability"),
    ("availability", AvailabilityView, "availability"),
    ("bookings", ListView, "bookings"),
    ("bookings/<str:id>", DetailView, "booking"),
    ("bookings/<str:id>/cancel", CancelView, "cancel"),
    ("bookings/<str:id>/reschedule", RescheduleView, "reschedule"),
    ("bookings/<str:id>/metadata", MetadataView, "metadata"),
    ("schema", SchemaView, "schema"),
    ("docs", DocsView, "docs"),
)


def _without_schema(view: type[AgentView]) -> type[AgentView]:
    """The same call at a second address, which the OpenAPI document leaves out."""
    return type(view.__name__, (view,), {"schema": None})


calls = [path(route, view.as_view(), name=name) for route, view, name in CALLS]
# With and without a slash at the end: a redirect would lose the body of a POST.
slashed = [path(f"{route}/", _without_schema(view).as_view()) for route, view, _name in CALLS]
urlpatterns = [*calls, *slashed, re_path(r"", NotFoundView.as_view())]
