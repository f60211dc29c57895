"""Our tables. They know no HTTP, no queue and no settings."""

from .agent_key import AgentKey
from .booking import Booking
from .bulk import BulkItem, BulkRun
from .calendly_account import CalendlyAccount
from .calendly_booking import CalendlyBooking
from .event_type import EventType, EventTypeChange
from .followup import FollowUp
from .host import Host
from .idempotency import IdempotencyRecord
from .metadata import VAIMetadata
from .outbox import OutboxMessage, OutboxQueue, PendingMail
from .preference import Preference
from .refused_attempt import RefusedAttempt
from .saved_view import SavedView
from .sync_run import SyncRun
from .system import CircuitState, Heartbeat, WorkerSlot
from .timeline import TimelineEntry
from .webhook_delivery import WebhookDelivery

__all__ = [
    "AgentKey",
    "Booking",
    "BulkItem",
    "BulkRun",
    "CalendlyAccount",
    "CalendlyBooking",
    "CircuitState",
    "EventType",
    "EventTypeChange",
    "FollowUp",
    "Heartbeat",
    "Host",
    "IdempotencyRecord",
    "OutboxMessage",
    "OutboxQueue",
    "PendingMail",
    "Preference",
    "RefusedAttempt",
    "SavedView",
    "SyncRun",
    "TimelineEntry",
    "VAIMetadata",
    "WebhookDelivery",
    "WorkerSlot",
]
