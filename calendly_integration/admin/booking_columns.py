"""The columns of the list of bookings. Each person chooses which are shown."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Booking, Preference
from ..services import texts
from ..services.backoffice import preferences
from . import booking_status, formatting, saved_view
from .read_only import ReadOnlyAdmin

# In their order.
COLUMNS = ("when", "invitee", "email", "event", "state", "origin", "agent", "made", "number")
USUAL_COLUMNS = ("when", "invitee", "event", "state", "origin")
FIXED_COLUMNS = ("when", "invitee")


class BookingColumnsMixin(ReadOnlyAdmin[Booking]):
    """The part of the bookings' admin that shows a row of the list."""

    list_display = USUAL_COLUMNS

    def get_urls(self) -> list[URLPattern]:
        """The form's URL comes first, because Django's would take it for an object id."""
        view = self.admin_site.admin_view(self.columns_view)
        return [path("columns/", view, name=self.url_name("columns")), *super().get_urls()]

    def get_list_display(self, request: HttpRequest) -> Any:
        """The columns that this person has chosen."""
        if not hasattr(request, "_calendly_columns"):
            request._calendly_columns = preferences.columns_of(request.user)  # type: ignore[attr-defined]
        chosen = request._calendly_columns  # type: ignore[attr-defined]
        return [name for name in COLUMNS if name in (chosen or USUAL_COLUMNS) or name in FIXED_COLUMNS]

    @admin.display(description=gettext_lazy("time"), ordering="start_at")
    def when(self, booking: Booking) -> SafeString:
        """Start and end in the viewer's zone, and the start in the invitee's zone where that differs."""
        if booking.start_at is None:
            return formatting.text("")
        there = formatting.clock(booking.start_at, booking.time_zone)
        return format_html(
            '<span class="calendly cell">{} <span class="row-date quiet">{}</span>{}</span>',
            formatting.hours(booking.start_at, booking.end_at),
            texts.short_date(timezone.localdate(booking.start_at), formatting.language()),
            format_html('<br><span class="quiet">{}</span>', there) if there else "",
        )

    @admin.display(description=gettext_lazy("invitee"), ordering="invitee_name")
    def invitee(self, booking: Booking) -> SafeString:
        """The name, and the phone number or the address."""
        name = formatting.text(booking.invitee_name or booking.invitee_email, 60)
        return formatting.two_lines(name, formatting.text(booking.phone or booking.invitee_email, 60))

    @admin.display(description=gettext_lazy("meeting"), ordering="event_name")
    def event(self, booking: Booking) -> SafeString:
        """The event type and the host."""
        name = formatting.text(booking.event_name or booking.event_type, 60)
        return formatting.two_lines(name, formatting.text(booking.host, 60))

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, booking: Booking) -> SafeString:
        """The status, who canceled and why, and whether it was moved."""
        return booking_status.cell(booking)

    @admin.display(description=gettext_lazy("source"), ordering="source")
    def origin(self, booking: Booking) -> SafeString:
        """Who made the booking, and the conversation."""
        metadata = getattr(booking, "metadata", None)
        words = format_html("{}", booking.get_source_display())
        if metadata is None or not metadata.conversation_id:
            return words
        return formatting.two_lines(words, formatting.text(metadata.conversation_id, 40))

    @admin.display(description=gettext_lazy("e-mail"))
    def email(self, booking: Booking) -> SafeString:
        """The invitee's address."""
        return formatting.text(booking.invitee_email, 60)

    @admin.display(description=gettext_lazy("kind of agent"))
    def agent(self, booking: Booking) -> SafeString:
        """The kind of agent that made the booking."""
        return formatting.text(getattr(getattr(booking, "metadata", None), "agent_type", ""), 40)

    @admin.display(description=gettext_lazy("booked at"), ordering="created_at")
    def made(self, booking: Booking) -> SafeString:
        """When the booking was made."""
        return formatting.instant(booking.created_at)

    @admin.display(description=gettext_lazy("number"))
    def number(self, booking: Booking) -> str:
        """The first characters of the booking's number."""
        return str(booking.pk)[:8]

    def column_choices(self, request: HttpRequest) -> list[tuple[str, str, bool]]:
        """The columns to choose from: name, heading, whether it is shown."""
        shown = self.get_list_display(request)
        return [
            (name, capfirst(str(getattr(self, name).short_description)), name in shown)
            for name in COLUMNS
            if name not in FIXED_COLUMNS
        ]

    def columns_view(self, request: HttpRequest) -> HttpResponse:
        """Save the columns that this person wants to see."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        chosen = [name for name in COLUMNS if name in request.POST.getlist("column")]
        preferences.choose_columns(request.user, chosen)
        preference: Any = Preference.objects.get(pk=request.user.pk)
        self.log_change(request, preference, _("Columns of the list of bookings chosen."))
        query = saved_view.kept_query(request.POST.get("query", ""))
        return HttpResponseRedirect(f"{self.url('changelist')}?{query}")
