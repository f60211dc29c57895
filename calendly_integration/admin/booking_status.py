"""The status of a booking as a badge."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext

from ..models import Booking
from . import formatting


def badge(booking: Booking) -> SafeString:
    """The status, or the no-show mark."""
    if booking.no_show_at is not None:
        return formatting.badge("failed", gettext("no-show"))
    return formatting.badge(booking.status, booking.get_status_display())


def cell(booking: Booking) -> SafeString:
    """The badge, and below it who canceled the meeting."""
    if booking.status != Booking.Status.CANCELED or not booking.canceled_by:
        return badge(booking)
    by = pgettext("canceled", "by %s") % formatting.plain(booking.canceled_by, 60)
    return format_html(
        '<span class="calendly cell">{}<br><span class="quiet"><bdi>{}</bdi></span></span>',
        badge(booking),
        by,
    )
