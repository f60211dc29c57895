"""The page of a booking: who, when, with whom, what to do; then the story; the machine's part folded."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import conf
from ..models import Booking, CalendlyBooking
from ..services import error_texts, mapping
from . import booking_status, contact, formatting, timeline
from .display import field_label, hidden_keys, object_link
from .read_only import ReadOnlyAdmin

# A meeting usually has a handful of each.
MAX_ROWS = 100
MAX_OTHER_BOOKINGS = 5
CANCELED = Booking.Status.CANCELED
# How long the page renews itself after something was done.
RENEWED_FOR = timedelta(minutes=10)
CALENDLY_HOST = "api.calendly.com"
CALENDLY_MEETINGS_URL = "https://calendly.com/app/scheduled_events/user/me"
NOTE_CHANGED = gettext_lazy(
    "A colleague has changed the note meanwhile. It is shown above; save yours again."
)
# Calendly's kinds of location, as `mapping.place` writes them.
LOCATIONS = {
    "zoom": "Zoom",
    "google": "Google Meet",
    "gotomeeting": "GoTo Meeting",
    "microsoft teams": "Microsoft Teams",
    "webex": "Webex",
    "physical": gettext_lazy("in person"),
    "outbound call": gettext_lazy("the host calls the invitee"),
    "inbound call": gettext_lazy("the invitee calls the host"),
    "ask invitee": gettext_lazy("the invitee says where"),
}


class BookingPageMixin(ReadOnlyAdmin[Booking]):
    """The part of the bookings' admin that shows one booking."""

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Booking | None = None,
    ) -> HttpResponse:
        """The page. It renews its head and its story while Calendly's answer or the link is missing."""
        if obj is not None:
            context |= page_context(self, request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)


def head(booking: Booking) -> dict[str, Any]:
    """The header on each page of a booking."""
    now, here = timezone.now(), timezone.get_current_timezone()
    start, zone = booking.start_at, formatting.zone_of(booking.time_zone)
    found: dict[str, Any] = {
        "event": formatting.plain(booking.event_name or formatting.EMPTY),
        "invitee": formatting.plain(booking.invitee_name or booking.invitee_email),
        "host": formatting.plain(booking.host.name) if booking.host else "",
        "person": contact.person_url(booking.invitee_email),
        "state": booking_status.badge(booking),
        "mail": contact.email_link(booking.invitee_email, 320),
        "phone": contact.phone_link(booking.phone) or (booking.phone and formatting.text(booking.phone)),
    }
    if start is None:
        return found
    differs = start.astimezone(zone).utcoffset() != start.astimezone(here).utcoffset()
    return found | {
        "when": formatting.span(start, booking.end_at, here),
        "short": formatting.stamp(start),
        "zone": timezone.get_current_timezone_name(),
        "relative": "" if booking.status == CANCELED else _relative(booking, start, now),
        "local": formatting.span(start, booking.end_at, zone) if differs else "",
        "local_zone": zone.key,
    }


def _relative(booking: Booking, start: datetime, now: datetime) -> str:
    is_running = booking.end_at is not None and start <= now < booking.end_at
    return _("now") if is_running else formatting.relative(start, now)


def page_context(page: ReadOnlyAdmin[Booking], request: HttpRequest, booking: Booking) -> dict[str, Any]:
    """All sections of the page, in a bounded number of queries."""
    calendly_bookings = list(booking.calendly_bookings.order_by("created_at", "pk")[:MAX_ROWS])
    story = timeline.build(booking)
    may_book, may_see_all = page.may(request, "add_booking"), page.may(request, "view_raw_data")
    return {
        "booking": booking,
        "head": head(booking),
        "place": _place(booking),
        "warnings": list(_warnings(booking, calendly_bookings, story)),
        "is_waiting": _is_waiting(booking, calendly_bookings, story),
        "links": links(booking),
        "book_again": book_again_url(booking) if may_book and booking.status == CANCELED else "",
        "staff_note": formatting.text(booking.staff_note, formatting.LONG) if booking.staff_note else "",
        "history_url": page.url("history", booking),
        "conversation": _conversation(booking),
        "conversation_id": formatting.plain(_conversation_id(booking), 60),
        "invitee_links": _invitee_links(booking),
        "person": _person(booking),
        "followups": _followups(booking),
        "timeline": story,
        "may_see_all": may_see_all,
        "technical": _technical(booking) if may_see_all else [],
        "table": _calendly_bookings(calendly_bookings) if may_see_all else None,
        "raw_data": list(_raw_data(booking, calendly_bookings)) if may_see_all else [],
    }


def _is_ahead(booking: Booking) -> bool:
    """Whether the meeting stands and is not over."""
    is_over = booking.end_at is not None and booking.end_at <= timezone.now()
    return booking.status == Booking.Status.CONFIRMED and not is_over


def _place(booking: Booking) -> dict[str, Any]:
    """Where the meeting is: the link to join while it stands, and the location in words."""
    url = formatting.web_address(booking.meeting_url) if _is_ahead(booking) else ""
    location = LOCATIONS.get(booking.location, booking.location)
    return {"url": url, "location": formatting.text(location, 300) if location else ""}


def _is_waiting(booking: Booking, calendly_bookings: list[CalendlyBooking], story: timeline.Timeline) -> bool:
    """Whether Calendly's word or the link is still to come, after something that has just been done."""
    last = max((step.at for step in story.story), default=booking.created_at)
    if timezone.now() - last > RENEWED_FOR:
        return False
    if any(each.pending_action for each in calendly_bookings) or booking.status == Booking.Status.PENDING:
        return True
    if booking.status != Booking.Status.CONFIRMED:
        return False
    current = next(
        (each for each in calendly_bookings if each.pk == booking.current_calendly_booking_id), None
    )
    needs_link = current is not None and mapping.may_have_link(current.event_raw)
    return booking.confirmed_at is None or (needs_link and not booking.meeting_url)


def links(booking: Booking) -> dict[str, Any]:
    """Links to the previous and the next booking, and to Calendly."""
    before, after = neighbours(booking)
    return {
        "previous": before and _booking_link(before),
        "next": after and _booking_link(after),
        "calendly": calendly_page_url(booking),
    }


def book_again_url(booking: Booking) -> str:
    """The page that books, with everything filled in that is known of this booking."""
    return contact.book_for(
        event_type=booking.event_type_id,
        name=booking.invitee_name,
        email=booking.invitee_email,
        phone=booking.phone,
        timezone=booking.time_zone,
        conversation=_conversation_id(booking),
    )


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


def _warnings(
    booking: Booking, calendly_bookings: list[CalendlyBooking], story: timeline.Timeline
) -> Iterable[dict[str, Any]]:
    if booking.status == CANCELED:
        yield {"tone": "off", "text": _canceled_text(booking, story), "more": _reason(booking)}
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


def _canceled_text(booking: Booking, story: timeline.Timeline) -> str:
    """Who canceled it, as the timeline says, and when."""
    who = next((step.what for step in reversed(story.story) if step.action == "canceled"), "")
    if not who and booking.canceled_by:
        who = _("%s canceled the meeting") % formatting.plain(booking.canceled_by, 60)
    what = who or _("The meeting is canceled")
    if booking.canceled_at is None:
        return f"{what}."
    return f"{what}, {formatting.relative(booking.canceled_at, timezone.now())}."


def _reason(booking: Booking) -> SafeString | str:
    reason = error_texts.said(booking.cancel_reason)
    return formatting.text(reason, formatting.LONG) if reason else ""


def _lines(lines: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    return [(capfirst(str(label)), value) for label, value in lines if value]


def _technical(booking: Booking) -> list[tuple[Any, Any]]:
    """What one needs to find it elsewhere."""

    def name(field: str) -> Any:
        return field_label(Booking, field)

    def instant(field: str) -> tuple[Any, Any]:
        at = getattr(booking, field)
        return name(field), at and formatting.instant(at, seconds=True)

    return _lines(
        [
            (_("event type"), object_link(booking.event_type)),
            (_("host"), object_link(booking.host)),
            (name("source"), booking.get_source_display()),
            (_("agent's key"), booking.agent_key and object_link(booking.agent_key)),
            instant("created_at"),
            instant("confirmed_at"),
            instant("canceled_at"),
            (name("canceled_by"), booking.canceled_by and formatting.text(booking.canceled_by)),
            instant("no_show_at"),
            (name("locale"), booking.locale and formatting.text(booking.locale)),
            (_("booking number"), formatting.text(booking.pk)),
            (name("event_id"), booking.event_id and formatting.text(booking.event_id)),
        ]
    )


def _invitee_links(booking: Booking) -> list[tuple[Any, str]]:
    """Calendly's pages on which the invitee moves or cancels the meeting, for those who may. Those of a
    meeting that is canceled or over do not work."""
    if not _is_ahead(booking):
        return []
    found = (
        ("reschedule_url", _("Copy the link to move"), booking.reschedule_url),
        ("cancel_url", _("Copy the link to cancel"), booking.cancel_url),
    )
    hidden = hidden_keys(booking)
    return [
        (label, url) for field, label, url in found if field not in hidden and formatting.web_address(url)
    ]


def _person(booking: Booking) -> list[dict[str, Any]]:
    """The person's newest other bookings."""
    if not booking.email_key:
        return []
    rows = Booking.objects.of_email(booking.email_key).exclude(pk=booking.pk).order_by("-start_at", "-pk")
    return [
        {
            "link": object_link(row, formatting.stamp(row.start_at) if row.start_at else _("No time yet.")),
            "event": formatting.text(row.event_name),
            "state": booking_status.badge(row),
        }
        for row in rows.only("pk", "start_at", "event_name", "status", "no_show_at")[:MAX_OTHER_BOOKINGS]
    ]


def _conversation_id(booking: Booking) -> str:
    kept = getattr(booking, "metadata", None)
    return kept.conversation_id if kept is not None else ""


def _conversation(booking: Booking) -> list[tuple[Any, Any]]:
    kept = getattr(booking, "metadata", None)
    if kept is None:
        return []

    def name(field: str) -> Any:
        return field_label(type(kept), field)

    return _lines(
        [
            (name("conversation_id"), kept.conversation_id and formatting.text(kept.conversation_id, 300)),
            (_("note from the agent"), kept.notes and formatting.text(kept.notes, formatting.LONG)),
            (name("agent_type"), kept.agent_type and formatting.text(formatting.words(kept.agent_type))),
            (
                name("booking_source"),
                kept.booking_source and formatting.text(formatting.words(kept.booking_source)),
            ),
            (name("user_id"), kept.user_id and formatting.text(kept.user_id, 300)),
            (name("extra"), kept.extra and formatting.raw_data(kept.extra)),
        ]
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


def _followups(booking: Booking) -> list[dict[str, Any]]:
    return [
        {
            "link": object_link(each),
            "state": formatting.badge(each.status, each.get_status_display()),
            "due": formatting.instant(each.scheduled_for),
        }
        for each in booking.followups.all()[:MAX_ROWS]
    ]


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
