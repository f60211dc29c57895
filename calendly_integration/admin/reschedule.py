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
from ..services.actors import Actor
from ..services.bookings import create, time_zones
from ..services.bookings import reschedule as reschedule_service
from ..services.bookings.attempts import NotReschedulable
from ..services.bookings.results import Booked, BookingResult, OutcomeUnknown
from . import booking_page, display, formatting, refusals, slots
from .object_actions import Words
from .read_only import ReadOnlyAdmin


def blocked(booking: Booking, now: datetime) -> str:
    """Why it cannot be moved, as far as our own rows say; empty where Calendly is to be asked."""
    why = standing(booking, now)
    if not why and (booking.event_type is None or not booking.event_type.active):
        why = "gone"
    return str(refusals.NOT_RESCHEDULABLE[why]) if why else ""


def standing(booking: Booking, now: datetime) -> str:
    """Why it does not stand in the future, whatever its event type; empty where it does."""
    if booking.status != Booking.Status.CONFIRMED:
        return booking.status
    return "past" if booking.start_at is not None and booking.start_at <= now else ""


@dataclass(frozen=True, slots=True)
class FormError:
    """Why nothing was moved. `gone`: the start that is not free any more. `ask`: Calendly may be asked for its free
    starts."""

    failure: str = ""
    gone: datetime | None = None
    ask: bool = True


def view(page: ReadOnlyAdmin[Booking], request: HttpRequest, booking: Booking) -> HttpResponse:
    """Offer the free starts; on a choice move. Where the start went meanwhile, those of its day come first."""
    now, again = timezone.now(), FormError()
    cannot, kind = blocked(booking, now), booking.event_type
    if request.method == "POST" and not cannot:
        answer = _move(page, request, booking, now)
        if isinstance(answer, HttpResponse):
            return answer
        again = answer
    picker = None
    if kind is not None and not cannot:
        zone = time_zones.zone_of(booking).name
        seen = slots.look(request, kind, invitee=zone, now=now, gone=again.gone)
        picker = slots.picker(request, kind, seen, now=now, without=booking.start_at, ask=again.ask)
    return page.page(
        request,
        "reschedule.html",
        title=_("Move the meeting"),
        row=booking,
        booking=booking,
        head=booking_page.head(booking),
        blocked=cannot,
        failure=again.failure,
        picker=picker,
        link=_link(booking) if not cannot else "",
        css=("calendly_integration/booking.css", *slots.CSS),
    )


def _link(booking: Booking) -> str:
    """The page at Calendly on which the invitee moves the meeting, for those who may see it."""
    hidden = "reschedule_url" in display.hidden_from(booking)
    return "" if hidden else formatting.web_address(booking.reschedule_url)


def _move(
    page: ReadOnlyAdmin[Booking], request: HttpRequest, booking: Booking, now: datetime
) -> HttpResponse | FormError:
    """Move it. Gives back the answer, or what stood in the way."""

    def move(start: datetime, by: Actor) -> BookingResult:
        return reschedule_service.reschedule(booking, new_start=start, by=by, now=now)

    def told(start: datetime) -> str:
        return gettext("The meeting is moved to %s.") % formatting.local(start, booking.time_zone)

    return carry_out(
        page,
        request,
        booking,
        move,
        told,
        done=_("Moved."),
        asked=_("Asked Calendly to move it."),
        link=_link(booking),
    )


def carry_out(
    page: ReadOnlyAdmin[Booking],
    request: HttpRequest,
    booking: Booking,
    move: Callable[[datetime, Actor], BookingResult],
    told: Callable[[datetime], str],
    *,
    done: Words,
    asked: Words,
    link: str = "",
) -> HttpResponse | FormError:
    """Do a move or a hand-over to the start that was chosen, and tell what came of it. `link`: where the invitee
    can do the same, told where Calendly does not let us."""
    start = slots.parse(request.POST.get("start", ""))
    if start is None:
        return FormError(gettext("Choose one of the free starts."))
    if moved := moved_since(request, booking):
        return FormError(moved)
    try:
        outcome = move(start, Actor.staff(request.user.get_username()))
    except refusals.KNOWN as error:
        # Who has just waited for a Calendly that is away shall not wait for it once more.
        ours = isinstance(error, create.InvalidBookingRequest | NotReschedulable)
        way = gettext("The invitee can still move it on this page: %s") % link if link and not ours else ""
        return FormError(f"{refusals.text(error)} {way}".strip(), ask=ours)
    if isinstance(outcome, Booked):
        return page.did(request, outcome.booking, done, told(start))
    if isinstance(outcome, OutcomeUnknown):
        lost = gettext(
            "Calendly's answer was lost and is looked up. Until then the old start stands: look again in a minute."
        )
        return page.did(request, booking, asked, lost, messages.WARNING)
    text = gettext("That start is not free any more. The meeting stands as it stood. Choose another start.")
    return FormError(text, start)


def moved_since(request: HttpRequest, booking: Booking) -> str:
    """Says so where the meeting was moved since the page was opened; empty where it was not."""
    seen = request.POST.get("seen", "")
    if not seen or seen == str(booking.current_calendly_booking_id) or booking.start_at is None:
        return ""
    return gettext(
        "The meeting was moved since this page was opened. It is now at %s. Nothing was changed: look again, then "
        "confirm once more."
    ) % formatting.local(booking.start_at, booking.time_zone)


def hosts_of(kind: EventType) -> str:
    """Who holds it, as text of a page."""
    return formatting.plain(", ".join(host.name for host in kind.hosts.all()) or formatting.NOTHING)
