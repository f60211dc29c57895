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
    """The badge; below it who canceled the meeting and why, or that it was moved."""
    current = booking.current_calendly_booking
    if booking.status == Booking.Status.CANCELED:
        by = (
            pgettext("canceled", "by %s") % formatting.plain(booking.canceled_by, 60)
            if booking.canceled_by
            else ""
        )
        note = ": ".join(each for each in (by, formatting.plain(booking.cancel_reason, 60)) if each)
    elif current is not None and current.replaces_id is not None:
        note = gettext("moved")
    else:
        note = ""
    if not note:
        return badge(booking)
    return formatting.two_lines(badge(booking), format_html("<bdi>{}</bdi>", note))
