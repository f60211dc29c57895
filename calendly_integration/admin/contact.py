"""A person's phone and e-mail as links."""

import re
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from . import formatting


def phone_link(phone: str, name: str = "") -> SafeString:
    """A link that calls the number; empty without one."""
    digits = re.sub(r"[^\d+]", "", phone)
    if not digits:
        return SafeString("")
    label = gettext("Call %s") % formatting.plain(name) if name else ""
    return format_html(
        '<a class="tel" href="tel:{}" title="{}"><bdi>{}</bdi></a>',
        digits,
        label,
        formatting.plain(phone, 40),
    )


def email_link(email: str) -> SafeString:
    """A link that writes to the address; plain text if it is none."""
    if not re.fullmatch(r"[^\s@<>\"?&%]+@[^\s@<>\"?&%]+", email):
        return formatting.text(email, 60)
    return format_html('<a href="mailto:{}"><bdi>{}</bdi></a>', email, formatting.plain(email, 60))


def book_for(**known: object) -> str:
    """The URL of the page on which staff book, with what is known filled in."""
    if known.get("timezone"):
        known["time_zone"] = known["timezone"]
    filled = urlencode({key: value for key, value in known.items() if value})
    return f"{reverse('admin:calendly_integration_booking_add')}?{filled}"
