"""The time zone in which pages show times to the viewer, and the pages for errors."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils import timezone

from ..services.backoffice import preferences
from . import error_pages

View = Callable[..., HttpResponseBase]


def zone(request: HttpRequest) -> ZoneInfo:
    """The viewer's zone: the chosen one, or the default. At most one query per request."""
    kept = getattr(request, "_calendly_zone", None)
    if isinstance(kept, ZoneInfo):
        return kept
    found = preferences.zone_of(request.user if request.user.is_authenticated else None)
    request._calendly_zone = found  # type: ignore[attr-defined]
    return found


def in_zone(view: View) -> View:
    """Wrap a view so that the viewer's zone is Django's current one until the page is rendered. Django
    would render it after the view has returned, in whatever zone the thread has. Other pages of the portal
    keep their zone. A refusal and a missing page become pages of ours."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        with timezone.override(zone(request)):
            try:
                answer = view(request, *args, **options)
            except (PermissionDenied, Http404) as error:
                return error_pages.answer(request, error)
            if isinstance(answer, SimpleTemplateResponse):
                answer.render()
            return answer

    return wrapped
