"""The admin. Lists and pages are read-only; each action calls one service."""

from django.contrib import admin as django_admin

from . import (
    agent_key,
    booking,
    bulk_run,
    calendly_account,
    calendly_booking,
    event_type,
    event_type_change,
    followup,
    heartbeat,
    host,
    idempotency,
    metadata,
    outbox,
    preference,
    refused_attempt,
    saved_view,
    start_page,
    timeline_entry,
    webhook_delivery,
)

__all__ = [
    "agent_key",
    "booking",
    "bulk_run",
    "calendly_account",
    "calendly_booking",
    "event_type",
    "event_type_change",
    "followup",
    "heartbeat",
    "host",
    "idempotency",
    "metadata",
    "outbox",
    "preference",
    "refused_attempt",
    "saved_view",
    "timeline_entry",
    "webhook_delivery",
]

start_page.lead_to_today(django_admin.site)
