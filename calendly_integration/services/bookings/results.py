"""The results of booking, rescheduling and reassigning a meeting."""

from dataclasses import dataclass
from datetime import datetime

from ...models import Booking
from ..catalog.availability import Day
from ..time_zones import Zone


@dataclass(frozen=True, slots=True)
class Booked:
    """The meeting is booked."""

    booking: Booking
    zone: Zone


@dataclass(frozen=True, slots=True)
class SlotUnavailable:
    """No start that fits is free. A meeting that was to be rescheduled is unchanged.

    `suggestions` are other free starts. `taken` are starts that Calendly offered and others took while we were
    booking. With `own` the start overlaps the meeting itself; only Calendly's page can move it there.
    """

    zone: Zone
    suggestions: tuple[Day, ...] = ()
    taken: tuple[datetime, ...] = ()
    own: bool = False


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """Calendly's answer was lost. The meeting may be booked; the worker finds out."""

    booking: Booking
    zone: Zone


BookingResult = Booked | SlotUnavailable | OutcomeUnknown
