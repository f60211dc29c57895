"""One table turns our errors into answers; no error of the services may be missing from it."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.utils import translation

from calendly_integration import api, services
from calendly_integration.admin import error_messages
from calendly_integration.api import errors, messages
from calendly_integration.models import Booking
from calendly_integration.services import errors as failures
from calendly_integration.services import time_zones
from calendly_integration.services.agents import keys
from calendly_integration.services.bookings import cancel, pending_actions, queries
from calendly_integration.services.bookings.attempts import NotReschedulable
from calendly_integration.services.webhooks import inbox

# Caught inside the services, or raised to other doors.
NOT_FOR_AGENTS = {
    keys.UnknownScope,  # the command's
    inbox.Refused,  # the receiver's
    pending_actions.MeetingOver,
    # Answered by their views, with the booking.
    cancel.NotCancelable,
    NotReschedulable,
    time_zones.NoSuchTime,  # raised to agents as InvalidBookingRequest
}
# Only staff reassign meetings.
FOR_STAFF = {"not_taken"}
# Staff choose no spans of free times.
FOR_AGENTS = {"end_before_start", "too_long"}
OTHER_ENTRY_POINTS = {"outbox", "worker", "webhooks", "accounts", "backoffice", "sync", "refetch", "no_show"}


def errors_of_services() -> list[type[Exception]]:
    found: set[type[Exception]] = set()
    for info in pkgutil.walk_packages(services.__path__, services.__name__ + "."):
        module = importlib.import_module(info.name)
        for _name, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, Exception) and kind.__module__.startswith(services.__name__):
                found.add(kind)
    return sorted(found, key=lambda kind: kind.__qualname__)


def for_agents(kind: type[Exception]) -> bool:
    modules = set(kind.__module__.removeprefix(services.__name__ + ".").split("."))
    private = kind.__name__.startswith("_")  # caught where it is raised
    return not private and kind not in NOT_FOR_AGENTS and not modules & OTHER_ENTRY_POINTS


@pytest.mark.parametrize("kind", [kind for kind in errors_of_services() if for_agents(kind)])
def test_every_error_of_the_services_has_its_answer(kind: type[Exception]) -> None:
    assert kind in errors.TABLE


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (failures.InvalidBookingRequest("preferredTime", "past"), 400, "invalid_request"),
        (queries.BookingNotFound("x"), 404, "booking_not_found"),
        (failures.CalendlyRefused("no"), 502, "calendly_refused"),
        (failures.CalendlyUnavailable("away", 7), 503, "calendly_unavailable"),
        (failures.QuotaExhausted(60, ""), 429, "quota_exhausted"),
        (OperationalError("gone"), 503, "unavailable"),
        (InterfaceError("closed"), 503, "unavailable"),
        (KeyError("ours"), 500, "internal_error"),
    ],
)
def test_an_error_becomes_its_answer(error: Exception, status: int, code: str) -> None:
    response = errors.response_to(error)
    assert (response.status_code, response.data["code"]) == (status, code)
    assert response.data["message"]
    if status in (429, 503):
        assert int(response.headers["Retry-After"]) >= 1


VALUES = {
    "name": "x",
    "time": "2027-03-28T03:30:00",
    "questions": "q",
    "asked": "a",
    "days": "7",
    "question": "q",
    "answer": "a",
    "choices": "c",
}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *((partial(messages.invalid, values=VALUES), code) for code in messages.INVALID),
        *((messages.not_cancelable, code) for code in [*messages.NOT_CANCELABLE, "another"]),
        *((messages.not_reschedulable, code) for code in [*messages.NOT_RESCHEDULABLE, "another"]),
    ],
)
def test_every_code_has_a_text_in_both_languages(text: Callable[[str], str], code: str) -> None:
    with translation.override("en"):
        english = text(code)
    with translation.override("ro"):
        romanian = text(code)
    assert english
    assert english != romanian
    assert "%(" not in english + romanian


def raised_codes(error: str) -> set[str]:
    """The codes with which the services and the API raise that error."""
    found = set()
    for package in (services, api):
        for path in Path(package.__path__[0]).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(error):
                    code = node.args[-1]
                    if isinstance(code, ast.Constant):
                        found.add(str(code.value))
    return found


@pytest.mark.parametrize(
    ("error", "for_agents", "for_staff"),
    [
        ("InvalidBookingRequest", messages.INVALID, error_messages.INVALID_NEW_BOOKING),
        ("NotCancelable", messages.NOT_CANCELABLE, error_messages.NOT_CANCELABLE),
        ("NotReschedulable", messages.NOT_RESCHEDULABLE, error_messages.NOT_RESCHEDULABLE),
    ],
)
def test_every_raised_code_has_a_text_for_agents_and_one_for_staff(
    error: str, for_agents: dict[str, Any], for_staff: dict[str, Any]
) -> None:
    codes = raised_codes(error)
    assert codes
    assert codes - FOR_STAFF <= set(for_agents)
    assert codes - FOR_AGENTS <= set(for_staff)


def test_every_status_of_a_booking_has_a_text() -> None:
    """The services raise these errors with the booking's status, too."""
    statuses = set(Booking.Status.values) - {Booking.Status.CONFIRMED}
    assert statuses - {Booking.Status.CANCELED} <= set(messages.NOT_CANCELABLE)
    assert statuses <= set(messages.NOT_RESCHEDULABLE)
