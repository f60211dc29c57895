"""Our tables. They know no HTTP, no queue and no settings."""

from .agent_key import AgentKey
from .booking import Booking
from .bulk import BulkItem, BulkRun
from .connection import Connection
from .delivery import Delivery
from .event_type import EventType, EventTypeChange
from .followup import FollowUp
from .host import Host
from .idempotency import IdempotencyRecord
from .leg import BookingLeg
from .message import Lane, Message, PendingMail
from .metadata import VAIMetadata
from .preference import Preference
from .pulse import Pulse
from .saved_view import SavedView
from .sync_run import SyncRun
from .timeline import TimelineEntry

__all__ = [
    "AgentKey",
    "Booking",
    "BookingLeg",
    "BulkItem",
    "BulkRun",
    "Connection",
    "Delivery",
    "EventType",
    "EventTypeChange",
    "FollowUp",
    "Host",
    "IdempotencyRecord",
    "Lane",
    "Message",
    "PendingMail",
    "Preference",
    "Pulse",
    "SavedView",
    "SyncRun",
    "TimelineEntry",
    "VAIMetadata",
]
