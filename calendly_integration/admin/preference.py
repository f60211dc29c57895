"""How a person wants the pages: the time zone, chosen on Today, and the language, chosen on every page."""

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.i18n import set_language

from ..models import Preference
from ..services import time_zones
from ..services.backoffice import preferences
from . import display, formatting, nav
from .nav import APP
from .technical import TechnicalAdmin

LANGUAGE_KEPT_SECONDS = 365 * 24 * 3600


@admin.register(Preference)
class PreferenceAdmin(TechnicalAdmin[Preference]):
    """One's own preferences, changed by the form on Today."""

    list_display = ("user", display.text(Preference, "time_zone"))
    list_select_related = ("user",)
    ordering = ("pk",)
    lines = ("user", display.text(Preference, "time_zone"))

    def get_urls(self) -> list[URLPattern]:
        """The forms' URLs come first, because Django's would take them for an object id."""
        zone = self.admin_site.admin_view(self.zone_view)
        language = self.admin_site.admin_view(self.language_view)
        return [
            path("zone/", zone, name=self.url_name("zone")),
            path("language/", language, name=self.url_name("language")),
            *super().get_urls(),
        ]

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

    def language_view(self, request: HttpRequest) -> HttpResponse:
        """Django's own view, for the project's languages only. The choice is kept for a year where the project does
        not say for how long."""
        if not request.user.has_module_perms(APP):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if request.POST.get("language") not in dict(settings.LANGUAGES):
            return HttpResponseRedirect(self._next(request))
        answer = set_language(request)
        kept = answer.cookies.get(settings.LANGUAGE_COOKIE_NAME)
        if kept is not None and settings.LANGUAGE_COOKIE_AGE is None:
            kept["max-age"] = LANGUAGE_KEPT_SECONDS
        return answer

    def _next(self, request: HttpRequest) -> str:
        """The page that the form was on."""
        return nav.next_url(request, reverse("admin:app_list", args=[APP], current_app=self.admin_site.name))
