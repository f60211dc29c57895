"""The time zone in which pages show times to the viewer."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils import timezone

from ..services.backoffice import preferences

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
    keep their zone."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        with timezone.override(zone(request)):
            answer = view(request, *args, **options)
            if isinstance(answer, SimpleTemplateResponse):
                answer.render()
            return answer

    return wrapped
