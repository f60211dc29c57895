"""Calendly's answers as frozen dataclasses, with only the fields that we use.

``parse`` takes the JSON object and raises ``Unreadable`` where a key that we need is missing or of a wrong
type; unknown keys and missing optional ones are fine. Times are aware UTC. ``raw`` is the object as it came,
kept as evidence.
"""

from ._accounts import Membership, Organization, RateLimit, Subscription, User
from ._base import uuid_of
from ._meetings import UNSETTLED_LOCATION, Answer, BookingRequest, Cancellation, Invitee, ScheduledEvent
from ._offers import (
    AvailabilityRule,
    AvailabilitySchedule,
    AvailableTime,
    BusyTime,
    EventType,
    Location,
    Question,
)

__all__ = [
    "UNSETTLED_LOCATION",
    "Answer",
    "AvailabilityRule",
    "AvailabilitySchedule",
    "AvailableTime",
    "BookingRequest",
    "BusyTime",
    "Cancellation",
    "EventType",
    "Invitee",
    "Location",
    "Membership",
    "Organization",
    "Question",
    "RateLimit",
    "ScheduledEvent",
    "Subscription",
    "User",
    "uuid_of",
]
