"""The page of a booking: everything we know about one meeting, read-only."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from .. import conf
from ..models import Booking, CalendlyBooking, FollowUp
from . import booking_status, formatting, timeline
from .display import field_label, hidden_keys, object_link

# A meeting usually has a handful of each.
MAX_ROWS = 100
MAX_OTHER_BOOKINGS = 10
CALENDLY_HOST = "api.calendly.com"
CALENDLY_MEETINGS_URL = "https://calendly.com/app/scheduled_events/user/me"


def head(booking: Booking) -> dict[str, Any]:
    """The header on each page of a booking."""
    return {
        "event": formatting.plain(booking.event_name or formatting.EMPTY),
        "invitee": formatting.plain(booking.invitee_name or booking.invitee_email),
        "state": booking_status.badge(booking),
        "local": formatting.local(booking.start_at, booking.time_zone),
        "start": formatting.instant(booking.start_at),
    }


def context(booking: Booking) -> dict[str, Any]:
    """All sections of the page, in a bounded number of queries."""
    calendly_bookings = list(booking.calendly_bookings.order_by("created_at", "pk")[:MAX_ROWS])
    return {
        "head": head(booking),
        "warnings": list(_warnings(booking, calendly_bookings)),
        "links": links(booking),
        "cards": [_summary(booking), _invitee(booking), _conversation(booking)],
        "timeline": timeline.build(booking),
        "tables": [
            _followups(list(booking.followups.all()[:MAX_ROWS])),
            _calendly_bookings(calendly_bookings),
        ],
        "raw_data": list(_raw_data(booking, calendly_bookings)),
    }


def links(booking: Booking) -> dict[str, Any]:
    """Links to the previous and the next booking, and to Calendly."""
    before, after = neighbours(booking)
    return {
        "previous": before and _booking_link(before),
        "next": after and _booking_link(after),
        "calendly": calendly_page_url(booking),
    }


def _booking_link(booking: Booking) -> dict[str, Any]:
    return {
        "url": reverse("admin:calendly_integration_booking_change", args=[booking.pk]),
        "start": formatting.stamp(booking.start_at) if booking.start_at else "",
        "name": formatting.plain(booking.invitee_name or booking.invitee_email, 40),
    }


def neighbours(booking: Booking) -> tuple[Booking | None, Booking | None]:
    """The bookings that start just before and just after this one, of any status. Each is one step in the
    index of starts: an OR over both columns alone would read all rows before or after."""
    start, rows = booking.start_at, Booking.objects.only("pk", "start_at", "invitee_name", "invitee_email")
    if start is None:
        return None, None
    before = rows.filter(Q(start_at__lt=start) | Q(pk__lt=booking.pk), start_at__lte=start)
    after = rows.filter(Q(start_at__gt=start) | Q(pk__gt=booking.pk), start_at__gte=start)
    return before.order_by("-start_at", "-pk").first(), after.order_by("start_at", "pk").first()


def calendly_page_url(booking: Booking) -> str:
    """The page at Calendly where staff see the meeting. The API gives no URL for one meeting, so it is the
    list of meetings in Calendly's app; for a sandbox it is the site of the invitee's links."""
    if urlsplit(conf.get().API_URL).hostname == CALENDLY_HOST:
        return CALENDLY_MEETINGS_URL
    found = re.match("https?://[^/?#]+", formatting.web_address(booking.reschedule_url), re.IGNORECASE)
    return f"{found.group()}/" if found else ""


def _warnings(booking: Booking, calendly_bookings: list[CalendlyBooking]) -> Iterable[dict[str, str]]:
    if booking.failure:
        yield {"tone": "bad", "text": _("Never booked: %s") % formatting.error_text(booking.failure, 300)}
    for calendly_booking in calendly_bookings:
        if calendly_booking.pending_action == CalendlyBooking.PendingAction.RESOLVE:
            yield {
                "tone": "wait",
                "text": _("The outcome is unknown: we are looking up whether Calendly booked it."),
            }
        elif calendly_booking.pending_action == CalendlyBooking.PendingAction.CANCEL:
            yield {"tone": "wait", "text": _("The cancellation at Calendly is still pending.")}
    for calendly_booking in booking.calendly_bookings.left_standing(timezone.now()):
        at = formatting.stamp(calendly_booking.start_at) if calendly_booking.start_at else formatting.EMPTY
        text = _("Calendly refused to cancel the meeting at its old time, %s. It is still active there.") % at
        yield {"tone": "bad", "text": text}
    if booking.status == Booking.Status.CONFIRMED and booking.confirmed_at is None:
        yield {"tone": "wait", "text": _("Calendly has not confirmed it yet.")}


def _card(title: str, lines: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    return {"title": title, "lines": [(capfirst(str(label)), value) for label, value in lines if value]}


def _summary(booking: Booking) -> dict[str, Any]:
    def name(field: str) -> Any:
        return field_label(Booking, field)

    return _card(
        _("Meeting"),
        [
            (name("start_at"), formatting.instant(booking.start_at)),
            (name("end_at"), formatting.instant(booking.end_at)),
            (_("event type"), object_link(booking.event_type)),
            (_("host"), object_link(booking.host)),
            (name("location"), booking.location and formatting.text(booking.location, formatting.LONG)),
            (name("meeting_url"), booking.meeting_url and formatting.link(booking.meeting_url)),
            (name("source"), booking.get_source_display()),
            (_("agent's key"), booking.agent_key and object_link(booking.agent_key)),
            (name("created_at"), formatting.instant(booking.created_at, seconds=True)),
            (
                name("confirmed_at"),
                booking.confirmed_at and formatting.instant(booking.confirmed_at, seconds=True),
            ),
            (
                name("canceled_at"),
                booking.canceled_at and formatting.instant(booking.canceled_at, seconds=True),
            ),
            (name("canceled_by"), booking.canceled_by and formatting.text(booking.canceled_by)),
            (
                name("cancel_reason"),
                booking.cancel_reason and formatting.text(booking.cancel_reason, formatting.LONG),
            ),
            (name("no_show_at"), booking.no_show_at and formatting.instant(booking.no_show_at)),
            (_("booking number"), formatting.text(booking.pk)),
            (name("event_id"), booking.event_id and formatting.text(booking.event_id)),
        ],
    )


def _invitee(booking: Booking) -> dict[str, Any]:
    hidden = hidden_keys(booking)

    def name(field: str) -> Any:
        return field_label(Booking, field)

    # The links of a canceled meeting do not work.
    fields = ("cancel_url", "reschedule_url") if booking.status == Booking.Status.CONFIRMED else ()
    links = [
        (
            name(field),
            getattr(booking, field)
            and field not in hidden
            and _link_with_copy_button(getattr(booking, field)),
        )
        for field in fields
    ]
    card = _card(
        _("Invitee"),
        [
            (_("name"), formatting.text(booking.invitee_name, 300)),
            (name("invitee_email"), formatting.text(booking.invitee_email, 320)),
            (name("phone"), booking.phone and formatting.text(booking.phone)),
            (name("time_zone"), formatting.text(booking.time_zone)),
            (name("locale"), booking.locale and formatting.text(booking.locale)),
            *links,
        ],
    )
    return card | {"others": _other_bookings(booking)}


def _link_with_copy_button(url: str) -> SafeString:
    """A link with a copy button. The script shows the button if the browser supports it."""
    if not formatting.web_address(url):
        return formatting.text(url, formatting.LONG)
    return format_html(
        '{} <button type="button" class="copy" data-copy="{}" data-done="{}" data-by-hand="{}" hidden>{}</button>',
        formatting.link(url),
        url,
        _("Copied"),
        _("Selected: copy it with the keyboard"),
        _("Copy"),
    )


def _other_bookings(booking: Booking) -> dict[str, Any]:
    """The invitee's newest other bookings, and a link to all of them."""
    if not booking.email_key:
        return {}
    rows = Booking.objects.of_email(booking.email_key).exclude(pk=booking.pk).order_by("-start_at", "-pk")
    found = list(rows.only("pk", "start_at", "event_name", "status", "no_show_at")[: MAX_OTHER_BOOKINGS + 1])
    address = reverse("admin:calendly_integration_booking_changelist")
    return {
        "rows": [
            {
                "link": object_link(
                    row, formatting.stamp(row.start_at) if row.start_at else _("No time yet.")
                ),
                "event": formatting.text(row.event_name),
                "state": booking_status.badge(row),
            }
            for row in found[:MAX_OTHER_BOOKINGS]
        ],
        "more": len(found) > MAX_OTHER_BOOKINGS,
        "url": f"{address}?{urlencode({'q': booking.invitee_email})}",
    }


def _conversation(booking: Booking) -> dict[str, Any]:
    kept = getattr(booking, "metadata", None)
    if kept is None:
        return _card(_("Conversation"), [(_("conversation"), _("Unknown."))])

    def line(field: str, limit: int = 300) -> tuple[Any, SafeString]:
        return field_label(type(kept), field), getattr(kept, field) and formatting.text(
            getattr(kept, field), limit
        )

    return _card(
        _("Conversation"),
        [
            (field_label(type(kept), "conversation_id"), formatting.text(kept.conversation_id, 300)),
            line("user_id"),
            line("agent_type"),
            line("booking_source"),
            line("notes", formatting.LONG),
            (field_label(type(kept), "extra"), kept.extra and formatting.raw_data(kept.extra)),
        ],
    )


def _table(title: str, labels: list[Any], rows: list[tuple[Any, ...]], empty: str) -> dict[str, Any]:
    return {"title": title, "labels": labels, "rows": rows, "empty": empty}


def _calendly_bookings(calendly_bookings: list[CalendlyBooking]) -> dict[str, Any]:
    labels = [_("start"), _("status"), _("pending action"), _("reason"), _("last error"), _("created at")]
    rows = [
        (
            object_link(calendly_booking, _start_of(calendly_booking)),
            formatting.badge(calendly_booking.status, calendly_booking.get_status_display()),
            calendly_booking.get_pending_action_display(),
            formatting.text(formatting.error_text(calendly_booking.cancel_reason)),
            formatting.text(formatting.error_text(calendly_booking.last_error, 160)),
            formatting.instant(calendly_booking.created_at),
        )
        for calendly_booking in calendly_bookings
    ]
    return _table(_("Bookings at Calendly"), labels, rows, _("None yet."))


def _followups(found: list[FollowUp]) -> dict[str, Any]:
    labels = [_("what"), _("status"), _("due at"), _("message")]
    rows = [
        (
            object_link(each),
            formatting.badge(each.status, each.get_status_display()),
            formatting.instant(each.scheduled_for),
            formatting.text(each.message, 300),
        )
        for each in found
    ]
    return _table(_("Follow-ups"), labels, rows, _("None."))


def _raw_data(booking: Booking, calendly_bookings: list[CalendlyBooking]) -> Iterable[tuple[Any, SafeString]]:
    hidden = hidden_keys(booking)
    sources = (
        ("request", _("Request to Calendly")),
        ("invitee_raw", _("Invitee data from Calendly")),
        ("event_raw", _("Event data from Calendly")),
    )
    for calendly_booking in calendly_bookings:
        for field, label in sources:
            if raw := getattr(calendly_booking, field):
                yield (
                    format_html("{} · {}", label, _start_of(calendly_booking)),
                    formatting.raw_data(raw, hidden=hidden),
                )


def _start_of(calendly_booking: CalendlyBooking) -> str:
    return formatting.stamp(calendly_booking.start_at) if calendly_booking.start_at else _("No time yet.")
