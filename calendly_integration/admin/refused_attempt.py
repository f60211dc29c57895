"""What agents could not book: the list, from which staff book for these people or close the request."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ..models import RefusedAttempt
from . import contact, display, formatting, nav, viewer_timezone
from .read_only import ReadOnlyAdmin


def book_for(row: RefusedAttempt) -> str:
    """The URL of the booking page, with what the agent was told filled in."""
    return contact.book_for(
        event_type=row.event_type_id,
        name=row.name,
        email=row.email,
        phone=row.phone,
        timezone=row.time_zone,
        time_zone=row.time_zone,
        conversation=row.conversation_id,
    )


class OpenFilter(admin.SimpleListFilter):
    """Those without a booking since, or those that staff closed."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The choices."""
        return [("open", _("still without a meeting")), ("closed", _("closed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the choice."""
        if self.value() == "open":
            still_open = RefusedAttempt.objects.open().values("pk")
            return queryset.filter(pk__in=still_open)
        return queryset.filter(closed_at__isnull=False) if self.value() == "closed" else queryset


@admin.register(RefusedAttempt)
class RefusedAttemptAdmin(ReadOnlyAdmin[RefusedAttempt]):
    """Unbooked requests."""

    nothing_yet = _("Agents could book all that they were asked for.")
    list_display = ("when", "person", "wanted", "why", "by_agent", "book")
    list_filter = (OpenFilter, "code")
    list_select_related = ("agent_key",)
    ordering = ("-last_at", "-pk")
    search_fields = ("name", "email", "phone", "=conversation_id")
    search_help_text = _("Name, e-mail, phone or conversation")
    actions = ("close_many",)
    lines = (
        "code",
        display.text(RefusedAttempt, "name", limit=255),
        display.text(RefusedAttempt, "email", limit=320),
        display.text(RefusedAttempt, "phone", limit=64),
        display.text(RefusedAttempt, "event_name", limit=255),
        display.instant(RefusedAttempt, "preferred_at"),
        display.text(RefusedAttempt, "time_zone", limit=64),
        display.text(RefusedAttempt, "conversation_id", limit=255),
        display.related(RefusedAttempt, "agent_key"),
        "times",
        display.instant(RefusedAttempt, "first_at", seconds=True),
        display.instant(RefusedAttempt, "last_at", seconds=True),
        display.instant(RefusedAttempt, "closed_at", seconds=True),
        display.text(RefusedAttempt, "closed_by", limit=255),
    )

    @admin.display(description=_("last attempt"), ordering="last_at")
    def when(self, row: RefusedAttempt) -> SafeString:
        """The last attempt, and how many there were."""
        times = ngettext("%d attempt", "%d attempts", row.times) % row.times if row.times > 1 else ""
        return format_html(
            '<span class="calendly cell">{}<br><span class="quiet">{}</span></span>',
            formatting.brief(row.last_at),
            times,
        )

    @admin.display(description=_("invitee"), ordering="name")
    def person(self, row: RefusedAttempt) -> SafeString:
        """Name, phone and address."""
        return format_html(
            '<span class="calendly cell">{}<br>{} <span class="quiet">{}</span></span>',
            formatting.text(row.name, 60),
            contact.phone_link(row.phone),
            contact.email_link(row.email),
        )

    @admin.display(description=_("wanted"))
    def wanted(self, row: RefusedAttempt) -> SafeString:
        """The event type, and the time that was asked for."""
        return format_html(
            '<span class="calendly cell">{}<br><span class="quiet">{}</span></span>',
            formatting.text(row.event_name, 60),
            formatting.brief(row.preferred_at) if row.preferred_at else _("as soon as possible"),
        )

    @admin.display(description=_("why not"), ordering="code")
    def why(self, row: RefusedAttempt) -> SafeString:
        """Why there is no booking."""
        return formatting.badge("waiting", row.get_code_display())

    @admin.display(description=_("agent"))
    def by_agent(self, row: RefusedAttempt) -> SafeString:
        """The agent, and the conversation."""
        return format_html(
            '<span class="calendly cell">{}<br><span class="quiet">{}</span></span>',
            formatting.text(row.agent_key.name if row.agent_key else "", 60),
            formatting.text(row.conversation_id, 40) if row.conversation_id else "",
        )

    @admin.display(description=_("what to do"))
    def book(self, row: RefusedAttempt) -> SafeString | str:
        """The way to book for this person."""
        if row.closed_at is not None:
            return ""
        return format_html('<a href="{}">{}</a>', book_for(row), _("Book for them"))

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        """Without the way to book, for those who may not."""
        shown: tuple[Any, ...] = tuple(super().get_list_display(request))
        return shown if self.may(request, "add_booking") else shown[:-1]

    def get_urls(self) -> list[URLPattern]:
        """With the small form on Today."""
        view = viewer_timezone.in_zone(self.admin_site.admin_view(self.close_view))
        return [path("<path:object_id>/close/", view, name=self.url_name("close")), *super().get_urls()]

    def close_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Close one, and go back to where the button was."""
        if not (self.has_handle_permission(request) and self.has_view_permission(request)):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if request.method == "POST":
            closed = self._close(request, RefusedAttempt.objects.filter(pk=row.pk))
            text = _("The request is closed.") if closed else _("The request was closed already.")
            messages.success(request, str(text))
        return HttpResponseRedirect(nav.next_url(request, self.url("change", row)))

    def has_handle_permission(self, request: HttpRequest) -> bool:
        """Whether this person may close requests."""
        return self.may(request, "change_refusedattempt")

    @admin.action(description=_("Close"), permissions=["handle"])
    def close_many(self, request: HttpRequest, rows: QuerySet[RefusedAttempt]) -> None:
        """Close the selected ones."""
        keys = list(rows.values_list("pk", flat=True))
        closed = self._close(request, RefusedAttempt.objects.filter(pk__in=keys))
        messages.success(
            request, ngettext("%d request was closed.", "%d requests were closed.", closed) % closed
        )

    def _close(self, request: HttpRequest, rows: Any) -> int:
        """Close them, with an entry in the admin's log. Returns how many were open."""
        by, now = request.user.get_username(), timezone.now()
        still_open = list(rows.filter(closed_at=None))
        closed: int = rows.close(by=by, now=now)
        for row in still_open:
            self.log_change(request, row, str(_("Closed.")))
        return closed
