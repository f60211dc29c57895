"""Texts of Django's admin that its Romanian catalog lacks. Nothing imports this module: it exists for
`makemessages`. Django's own translations come first."""

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

WORDS = (
    _("Skip to main content"),
    _("Breadcrumbs"),
    _("Sidebar"),
    _("Filter navigation items"),
    _("Filter by %(field_name)s"),  # of a date hierarchy, from Django 6.1 on
    _("Toggle theme (current theme: auto)"),
    _("Toggle theme (current theme: light)"),
    _("Toggle theme (current theme: dark)"),
    _("Model name"),
    _("Add link"),
    _("Change or view list link"),
    _("You don’t have permission to view or edit anything."),
    _("Added:"),
    _("Changed:"),
    _("Deleted:"),
    _("Show counts"),
    _("Hide counts"),
    _("Run"),
    _("Error:"),
    _("Select all objects on this page for an action"),
    _("Select this object for an action - {}"),
    _("View selected %(model)s"),
    _("%(name)s with ID “%(key)s” doesn’t exist. Perhaps it was deleted?"),
    _("This object doesn’t have a change history. It probably wasn’t added via this admin site."),
    _("Thanks for spending some quality time with the web site today."),
    ngettext_lazy("entry", "entries"),
)
