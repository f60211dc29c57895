"""Where staff land after the login."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from .. import conf

APP = "calendly_integration"


def lead_to_today(site: AdminSite) -> None:
    """Have the index of the site redirect to Today where START_ON_TODAY is set. With `?all` it stays Django's
    index, which people who may not see bookings get anyway."""
    django_index = site.index

    def index(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        leads = conf.get().START_ON_TODAY and "all" not in request.GET
        if leads and request.user.has_perm(f"{APP}.view_booking"):
            return HttpResponseRedirect(reverse("admin:app_list", args=[APP], current_app=site.name))
        return django_index(request, extra_context)

    site.index = index  # type: ignore[method-assign, assignment]
