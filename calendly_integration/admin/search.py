"""The answer of the search on every page: a fragment that htmx puts below the field."""

import re
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from ..models import Booking
from ..services.backoffice import quick_search
from . import booking_status, contact, formatting, viewer_timezone

if TYPE_CHECKING:
    from .read_only import ReadOnlyAdmin

    _Admin = ReadOnlyAdmin[Booking]
else:
    _Admin = object


class SearchMixin(_Admin):
    """The bookings' part of the search."""

    def get_urls(self) -> list[URLPattern]:
        """The fragment comes first, because Django's URLs would take it for an object id."""
        view = viewer_timezone.in_zone(self.admin_site.admin_view(self.search_view))
        return [path("search/", view, name=self.url_name("search")), *super().get_urls()]

    def search_view(self, request: HttpRequest) -> HttpResponse:
        """People, bookings, and the way to book for the person."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        term = formatting.plain(request.GET.get("q", "").strip(), 200)
        found = quick_search.find(term, now=timezone.now())
        context = {
            "term": term,
            "too_short": len(term) < quick_search.MIN_LENGTH,
            "people": [self._person(row) for row in found.people],
            "bookings": [self._booking(row) for row in found.bookings],
            "all_url": self._list(q=term) if found.more else "",
            "add_url": self._add(term, found.people) if self.may(request, "add_booking") else "",
            "add_for": formatting.plain(found.people[0].invitee_name or found.people[0].invitee_email, 60)
            if found.people
            else term,
        }
        return render(request, "calendly_integration/admin/search_found.html", context)

    def _person(self, row: Booking) -> dict[str, Any]:
        return {
            "url": contact.person_url(row.invitee_email),
            "name": formatting.plain(row.invitee_name or row.invitee_email, 60),
            "email": formatting.plain(row.invitee_email, 60),
            "phone": formatting.plain(row.phone, 30),
        }

    def _booking(self, row: Booking) -> dict[str, Any]:
        return {
            "url": self.url("change", row),
            "name": formatting.plain(row.invitee_name or row.invitee_email, 60),
            "event": formatting.plain(row.event_name, 60),
            "host": formatting.plain(row.host, 40) if row.host else "",
            "start": formatting.instant(row.start_at) if row.start_at else "",
            "state": booking_status.badge(row),
        }

    def _list(self, **query: str) -> str:
        return reverse(f"admin:{self.url_name('changelist')}", query=query)

    def _add(self, term: str, people: list[Booking]) -> str:
        """The page to book, with what is known of the first person, or with what was typed."""
        if people:
            row = people[0]
            return contact.book_for(
                name=row.invitee_name, email=row.invitee_email, phone=row.phone, time_zone=row.time_zone
            )
        field = "email" if "@" in term else "phone" if re.fullmatch(r"[\d\s()+./-]+", term) else "name"
        return contact.book_for(**{field: term})
