"""In which zone a person of the staff reads times: chosen on Today, by oneself, for oneself."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from ..models import Preference
from ..services.backoffice import preferences
from ..services.bookings import time_zones
from . import display, formatting
from .nav import APP
from .read_only import ReadOnlyAdmin


@admin.register(Preference)
class PreferenceAdmin(ReadOnlyAdmin[Preference]):
    """One's own choice. It is changed by the form on Today."""

    list_display = ("user", display.text(Preference, "time_zone"))
    list_select_related = ("user",)
    ordering = ("pk",)
    lines = ("user", display.text(Preference, "time_zone"))

    def get_urls(self) -> list[URLPattern]:
        """The form's address stands before the stock ones, which would take it for a row."""
        view = self.admin_site.admin_view(self.zone_view)
        return [path("zone/", view, name=self.url_name("zone")), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Preference]:
        """The list shows one's own row. The page of another's is open to whoever may view preferences: a zone is
        no secret, and the admin's log leads there."""
        rows = super().get_queryset(request)
        match = request.resolver_match
        if match is not None and match.url_name == self.url_name("changelist"):
            return rows.filter(pk=request.user.pk)
        return rows

    def zone_view(self, request: HttpRequest) -> HttpResponse:
        """Keep the zone that was chosen, for whoever may see anything of ours."""
        if not request.user.has_module_perms(APP):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        name = request.POST.get("zone", "")
        try:
            zone = preferences.choose_zone(request.user, name)
        except time_zones.UnknownZone:
            message = _("There is no time zone “%s”. Write it as Europe/Bucharest, for example.")
            messages.error(request, message % formatting.plain(name, 64))
        else:
            message = _("Times are shown in the zone %s.") % zone.key
            self.log_change(request, Preference.objects.get(pk=request.user.pk), message)
            messages.success(request, message)
        return HttpResponseRedirect(self._next(request))

    def _next(self, request: HttpRequest) -> str:
        """Back to where one came from, if that is a page of this portal."""
        wanted = request.POST.get("next", "")
        if wanted and url_has_allowed_host_and_scheme(
            wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            return wanted
        return reverse("admin:app_list", args=[APP], current_app=self.admin_site.name)
