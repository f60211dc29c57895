"""The page on which staff move a meeting to another free start."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import Booking, EventType
from ..services import time_zones
from ..services.actors import Actor
from ..services.bookings import create
from ..services.bookings import reschedule as reschedule_service
from ..services.bookings.attempts import NotReschedulable
from ..services.bookings.results import Booked, BookingResult, OutcomeUnknown
from . import booking_page, display, error_messages, formatting, slots
from .object_actions import Words
from .read_only import ReadOnlyAdmin


def blocked(booking: Booking, now: datetime) -> str:
    """Why our row does not allow a move; empty if Calendly has to be asked."""
    why = status_blocks(booking, now)
    if not why and (booking.event_type is None or not booking.event_type.active):
        why = "gone"
    return str(error_messages.NOT_RESCHEDULABLE[why]) if why else ""


def status_blocks(booking: Booking, now: datetime) -> str:
    """Why the booking is not a future confirmed meeting, whatever its event type; empty if it is one."""
    if booking.status != Booking.Status.CONFIRMED:
        return booking.status
    return "past" if booking.start_at is not None and booking.start_at <= now else ""


@dataclass(frozen=True, slots=True)
class FormError:
    """Why nothing was moved. `taken` is the start that is no longer free. `ask`: whether to read the free
    starts from Calendly."""

    failure: str = ""
    taken: datetime | None = None
    ask: bool = True


def view(page: ReadOnlyAdmin[Booking], request: HttpRequest, booking: Booking) -> HttpResponse:
    """Offer the free starts, then move. If the start is no longer free, those of its day come first."""
    now, form_error = timezone.now(), FormError()
    cannot, kind = blocked(booking, now), booking.event_type
    if request.method == "POST" and not cannot:
        answer = _move(page, request, booking, now)
        if isinstance(answer, HttpResponse):
            return answer
        form_error = answer
    picker = None
    if kind is not None and not cannot:
        zone = time_zones.zone_of(booking).name
        query = slots.read_query(request, kind, invitee=zone, now=now, taken=form_error.taken)
        picker = slots.picker(request, kind, query, now=now, without=booking.start_at, ask=form_error.ask)
    return page.page(
        request,
        "reschedule.html",
        title=_("Move the meeting"),
        row=booking,
        booking=booking,
        head=booking_page.head(booking),
        blocked=cannot,
        failure=form_error.failure,
        picker=picker,
        link=_link(booking) if not cannot else "",
        css=("calendly_integration/booking.css", *slots.CSS),
    )


def _link(booking: Booking) -> str:
    """Calendly's page on which the invitee moves the meeting, if this person may see it."""
    hidden = "reschedule_url" in display.hidden_keys(booking)
    return "" if hidden else formatting.web_address(booking.reschedule_url)


def _move(
    page: ReadOnlyAdmin[Booking], request: HttpRequest, booking: Booking, now: datetime
) -> HttpResponse | FormError:
    """Move the meeting. Returns the response, or what prevented the move."""

    def move(start: datetime, by: Actor) -> BookingResult:
        return reschedule_service.reschedule(booking, new_start=start, by=by, now=now)

    def done_text(start: datetime) -> str:
        return gettext("The meeting is moved to %s.") % formatting.local(start, booking.time_zone)

    return run_move(
        page,
        request,
        booking,
        move,
        done_text,
        done=_("Moved."),
        asked=_("Asked Calendly to move it."),
        link=_link(booking),
    )


def run_move(
    page: ReadOnlyAdmin[Booking],
    request: HttpRequest,
    booking: Booking,
    move: Callable[[datetime, Actor], BookingResult],
    done_text: Callable[[datetime], str],
    *,
    done: Words,
    asked: Words,
    link: str = "",
) -> HttpResponse | FormError:
    """Run a move or a reassignment to the chosen start. `move` and `done_text` are what the two differ in.
    `link` is the page where the invitee can do the same; it is shown if Calendly refuses."""
    start = slots.parse(request.POST.get("start", ""))
    if start is None:
        return FormError(gettext("Choose one of the free start times."))
    if moved := moved_since(request, booking):
        return FormError(moved)
    try:
        outcome = move(start, Actor.staff(request.user.get_username()))
    except error_messages.BOOKING_ERRORS as error:
        # If Calendly was unreachable, the page does not wait for it again.
        ours = isinstance(error, create.InvalidBookingRequest | NotReschedulable)
        way = gettext("The invitee can still move it on this page: %s") % link if link and not ours else ""
        return FormError(f"{error_messages.describe_booking_error(error)} {way}".strip(), ask=ours)
    if isinstance(outcome, Booked):
        return page.finish_action(request, outcome.booking, done, done_text(start))
    if isinstance(outcome, OutcomeUnknown):
        lost = gettext(
            "Calendly's answer was lost and is being looked up. Until then "
            "the old start applies: look again in a minute."
        )
        return page.finish_action(request, booking, asked, lost, messages.WARNING)
    text = gettext("That start time is no longer free. The meeting is unchanged. Choose another one.")
    return FormError(text, start)


def moved_since(request: HttpRequest, booking: Booking) -> str:
    """A text if the meeting was moved after the page was opened; otherwise empty."""
    seen = request.POST.get("seen", "")
    if not seen or seen == str(booking.current_calendly_booking_id) or booking.start_at is None:
        return ""
    return gettext(
        "The meeting was moved after this page was opened. It is now at %s. Nothing "
        "was changed. Check the new time, then confirm again."
    ) % formatting.local(booking.start_at, booking.time_zone)


def hosts_of(kind: EventType) -> str:
    """The names of the hosts as plain text."""
    return formatting.plain(", ".join(host.name for host in kind.hosts.all()) or formatting.EMPTY)
