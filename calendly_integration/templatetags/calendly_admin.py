"""Tags of the admin's templates."""

from typing import Any

from django import template
from django.template.context import Context

from ..admin import formatting, lamp, list_conditions, nav, today

register = template.Library()


@register.inclusion_tag("calendly_integration/admin/nav.html", takes_context=True)
def calendly_nav(context: Context) -> dict[str, Any]:
    """The navigation between our pages."""
    return {"nav_links": nav.links(context["request"]), "request": context["request"]}


@register.inclusion_tag("calendly_integration/admin/lamp.html", takes_context=True)
def calendly_lamp(context: Context) -> dict[str, Any]:
    """The health of the whole, on every page."""
    return lamp.context(context["request"])


@register.inclusion_tag("calendly_integration/admin/list_conditions.html")
def calendly_list_conditions(changelist: Any) -> dict[str, Any]:
    """The conditions of a list, each with the link that removes it."""
    return {"conditions": list_conditions.conditions(changelist)}


@register.simple_tag(takes_context=True)
def calendly_today(context: Context) -> str:
    """The landing page of the app, without Django's list of models."""
    return today.render(context["request"])


@register.filter
def calendly_plain(value: object) -> str:
    """External text on one line, bounded, with invisible characters escaped."""
    return formatting.plain(value)
