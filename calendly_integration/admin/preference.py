"""The time zone in which a person reads times. It is chosen on Today."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from ..models import Preference
from ..services import time_zones
from ..services.backoffice import preferences
from . import display, formatting
from .nav import APP
from .read_only import ReadOnlyAdmin


@admin.register(Preference)
class PreferenceAdmin(ReadOnlyAdmin[Preference]):
    """One's own preferences, changed by the form on Today."""

    list_display = ("user", display.text(Preference, "time_zone"))
    list_select_related = ("user",)
    ordering = ("pk",)
    lines = ("user", display.text(Preference, "time_zone"))

    def get_urls(self) -> list[URLPattern]:
        """The form's URL comes first, because Django's would take it for an object id."""
        view = self.admin_site.admin_view(self.zone_view)
        return [path("zone/", view, name=self.url_name("zone")), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Preference]:
        """The list shows one's own row. People who may view preferences can open the page of another: a
        zone is no secret, and the admin's log links to it."""
        rows = super().get_queryset(request)
        match = request.resolver_match
        if match is not None and match.url_name == self.url_name("changelist"):
            return rows.filter(pk=request.user.pk)
        return rows

    def zone_view(self, request: HttpRequest) -> HttpResponse:
        """Save the chosen zone. Everyone who may see one of our pages can do this."""
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
        """The previous page, if it belongs to this portal."""
        wanted = request.POST.get("next", "")
        if wanted and url_has_allowed_host_and_scheme(
            wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            return wanted
        return reverse("admin:app_list", args=[APP], current_app=self.admin_site.name)
