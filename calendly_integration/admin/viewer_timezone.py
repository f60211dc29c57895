"""Whoever looks: in which zone the pages write times for this person."""

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
    """The viewer's zone: the one chosen, else the default. One query a request at the most."""
    kept = getattr(request, "_calendly_zone", None)
    if isinstance(kept, ZoneInfo):
        return kept
    found = preferences.zone_of(request.user if request.user.is_authenticated else None)
    request._calendly_zone = found  # type: ignore[attr-defined]
    return found


def in_zone(view: View) -> View:
    """The view, with the viewer's zone as Django's current one until its page is written.

    The page is rendered in here: Django renders it after the view has returned, in whatever zone the thread is
    left with. Only for the time of this view: other pages of the portal keep theirs.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        with timezone.override(zone(request)):
            answer = view(request, *args, **options)
            if isinstance(answer, SimpleTemplateResponse):
                answer.render()
            return answer

    return wrapped
