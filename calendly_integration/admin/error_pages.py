"""Pages of our own for what a person may not see and for what does not exist, with a way back."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

APP = "calendly_integration"


def answer(request: HttpRequest, error: PermissionDenied | Http404) -> HttpResponseBase:
    """The page that says what is wrong, and what one can do now."""
    sees_today = request.user.has_perm(f"{APP}.view_booking")
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "back": reverse("admin:app_list", args=[APP]) if sees_today else reverse("admin:index"),
        "back_label": _("Back to Today") if sees_today else _("Back to the administration"),
    }
    if isinstance(error, PermissionDenied):
        context["title"] = _("You may not do this")
        context["text"] = _("Your account does not have this right. An administrator can give it to you.")
        return render(request, "calendly_integration/admin/error.html", context, status=403)
    context["title"] = _("This page does not exist")
    context["text"] = _("It may have been deleted, or the address is not complete.")
    return render(request, "calendly_integration/admin/error.html", context, status=404)
