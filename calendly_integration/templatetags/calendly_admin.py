"""Tags of the admin's templates."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.template.context import Context
from django.template.loader import render_to_string

from ..admin import formatting, lamp, list_conditions, nav, today

register = template.Library()


@register.inclusion_tag("calendly_integration/admin/nav.html", takes_context=True)
def calendly_nav(context: Context) -> dict[str, Any]:
    """The links between our pages, the search and the languages, above the content."""
    request = context["request"]
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "groups": nav.groups(request),
        "search_url": nav.search_url(request),
        "list_url": nav.list_url(),
        "language_url": nav.language_url(request),
        "languages": nav.languages(),
    }


@register.simple_tag(takes_context=True)
def calendly_sidebar(context: Context) -> str:
    """Django's sidebar with our links above the list of all models. Unfold keeps its own, which it announces by
    `sidebar_navigation`."""
    own, request = context.flatten(), context["request"]
    if "sidebar_navigation" in context:
        return render_to_string("admin/nav_sidebar.html", own, request=request)  # type: ignore[arg-type]
    with context.push(groups=nav.groups(request)):
        own = context.flatten()
    return render_to_string("calendly_integration/admin/sidebar.html", own, request=request)  # type: ignore[arg-type]


@register.inclusion_tag("calendly_integration/admin/lamp.html", takes_context=True)
def calendly_lamp(context: Context) -> dict[str, Any]:
    """The health of the whole, on every page."""
    return lamp.context(context["request"])


@register.inclusion_tag("calendly_integration/admin/list_conditions.html")
def calendly_list_conditions(changelist: Any) -> dict[str, Any]:
    """The conditions of a list, each with the link that removes it."""
    return {"conditions": list_conditions.conditions(changelist)}


@register.simple_tag
def calendly_rows(changelist: Any, results: Iterable[Any]) -> list[tuple[Any, Any]]:
    """The rows of the list of bookings with their days and links, and their cells."""
    return list(zip(changelist.rows, results, strict=True))


@register.simple_tag(takes_context=True)
def calendly_today(context: Context) -> str:
    """The landing page of the app, without Django's list of models."""
    return today.render(context["request"])


@register.filter
def calendly_plain(value: object) -> str:
    """External text on one line, bounded, with invisible characters escaped."""
    return formatting.plain(value)
