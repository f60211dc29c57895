"""What must be kept in step: a new filter, action or kind fails here until its counterpart exists."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib import admin
from django.test import Client
from django.urls import reverse

import calendly_integration
from calendly_integration.admin import bulk_run, calendly_account, list_filters, saved_view, timeline
from calendly_integration.admin.booking import BookingAdmin
from calendly_integration.models import (
    AgentKey,
    Booking,
    BulkRun,
    FollowUp,
    OutboxMessage,
    RefusedAttempt,
    SavedView,
    WebhookDelivery,
)
from calendly_integration.services import doctor
from calendly_integration.services.backoffice import bulk
from calendly_integration.services.webhooks import subscriptions

from . import factories
from .test_pages import named

SERVICES = Path(calendly_integration.__file__).parent / "services"
# tests/admin/test_rights.py tries each of them with and without its permission.
LIST_ACTIONS = {
    (Booking, "cancel_many"),
    (WebhookDelivery, "process_again"),
    (OutboxMessage, "send_again"),
    (OutboxMessage, "park"),
    (AgentKey, "revoke"),
    (FollowUp, "take_many"),
    (FollowUp, "postpone_many"),
    (FollowUp, "close_many"),
    (RefusedAttempt, "close_many"),
}


def constants(folder: Path) -> Iterator[str]:
    """All text constants in the modules."""
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_a_saved_view_keeps_every_filter(staff: Client) -> None:
    assert BookingAdmin.list_filter == list_filters.FILTERS
    names = [str(each.parameter_name) for each in list_filters.FILTERS]
    query = "&".join(f"{name}=x" for name in names)
    save = reverse(f"{named(Booking)}_views_save")
    staff.post(save, {"name": "all", "query": query})
    kept = SavedView.objects.get().query
    assert [name for name in names if f"{name}=x" not in kept] == []
    assert set(names) <= set(saved_view.KEPT_PARAMETERS)


def test_every_list_action_is_tried_by_the_tests_of_permissions() -> None:
    found = {
        (model, name)
        for model in factories.MODELS
        for name in getattr(admin.site._registry[model], "actions") or ()  # noqa: B009
    }
    assert found == LIST_ACTIONS


def test_every_kind_of_bulk_run_has_its_handler_its_permission_and_its_texts() -> None:
    kinds = set(BulkRun.Kind)
    tables: dict[str, dict[Any, Any]] = {
        "handlers": bulk.HANDLERS,
        "permissions": bulk_run.PERMISSIONS,
        "models": bulk_run.MODEL_NAMES,
        "texts": bulk_run.DONE,
    }
    assert {name: set(table) for name, table in tables.items()} == dict.fromkeys(tables, kinds)


def test_every_message_to_the_portal_has_a_label() -> None:
    prefixes = ("/calendly/", "/email/", "/followup/", "/analytics/")
    paths = {text for text in constants(SERVICES / "outbox") if text.startswith(prefixes) and " " not in text}
    assert paths == set(timeline.MESSAGES)


def test_every_webhook_event_of_a_booking_has_a_label() -> None:
    assert set(timeline.DELIVERIES) == {
        event for event in subscriptions.EVENTS if event.startswith("invitee")
    }


def test_every_check_of_the_doctor_has_a_label() -> None:
    assert set(doctor.CHECKS) == set(calendly_account.CHECKS)
