"""A person's phone and e-mail as links, and the links to their page and to the page that books for them."""

import re
from urllib.parse import quote, urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from ..models.booking import phone_parts
from ..models.visible import visible
from . import formatting


def phone_link(phone: str, name: str = "") -> SafeString:
    """A link that calls the number, in its international form where the country is known. Empty without a
    number."""
    country, digits = phone_parts(phone)
    if not digits:
        return SafeString("")
    return format_html(
        '<a class="tel" href="tel:{}" title="{}"><bdi>{}</bdi></a>',
        f"+{country}{digits}" if country else f"0{digits}",
        gettext("Call %s") % formatting.plain(name) if name else "",
        formatting.plain(phone, 40),
    )


def email_link(email: str, limit: int = 60) -> SafeString:
    """A link that writes to the address; plain text if it is none. At most `limit` characters are shown."""
    if not re.fullmatch(r"[^\s@<>\"]+@[^\s@<>\"]+", email) or visible(email) != email:
        return formatting.text(email, limit)
    return format_html(
        '<a href="mailto:{}"><bdi>{}</bdi></a>', quote(email, safe="@"), formatting.plain(email, limit)
    )


def person_url(email: str) -> str:
    """The URL of the page of the person with this address."""
    return f"{reverse('admin:calendly_integration_booking_person')}?{urlencode({'email': email})}"


def book_for(**known: object) -> str:
    """The URL of the page on which staff book, with what is known filled in."""
    filled = urlencode({key: value for key, value in known.items() if value})
    return f"{reverse('admin:calendly_integration_booking_add')}?{filled}"
