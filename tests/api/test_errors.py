"""One table turns our errors into answers; no error of the services may be missing from it."""

import importlib
import inspect
import pkgutil
import re

import pytest
from django.db import InterfaceError, OperationalError
from django.utils import translation

from calendly_integration import services
from calendly_integration.api import errors, refusals
from calendly_integration.services import errors as failures
from calendly_integration.services.agents import keys
from calendly_integration.services.bookings import cancel, create, pending_actions, queries, questions
from calendly_integration.services.bookings.attempts import NotReschedulable
from calendly_integration.services.webhooks import inbox

# Caught inside the services, or raised to other doors.
NOT_FOR_AGENTS = {
    keys.UnknownScope,  # the command's
    inbox.Refused,  # the receiver's
    pending_actions.MeetingOver,
    # Raised to agents as InvalidBookingRequest.
    questions.Invalid,
    *questions.Invalid.__subclasses__(),
}
OTHER_DOORS = (
    "outbox",
    "worker",
    "health",
    "doctor",
    "setup",
    "webhooks",
    "subscriptions",
    "demo",
    "sync",
    "syncing",
    # The admin's.
    "bulk",
    "calendar",
    "confirmations",
    "event_type_desk",
    "followups",
    "looking",
    "no_shows",
    "saved_views",
)


def errors_of_services() -> list[type[Exception]]:
    found: set[type[Exception]] = set()
    for info in pkgutil.walk_packages(services.__path__, services.__name__ + "."):
        module = importlib.import_module(info.name)
        for _name, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, Exception) and kind.__module__.startswith(services.__name__):
                found.add(kind)
    return sorted(found, key=lambda kind: kind.__qualname__)


def for_agents(kind: type[Exception]) -> bool:
    place = kind.__module__.removeprefix(services.__name__ + ".").split(".")[0]
    private = kind.__name__.startswith("_")  # caught where it is raised
    return not private and kind not in NOT_FOR_AGENTS and place not in OTHER_DOORS


@pytest.mark.parametrize("kind", [kind for kind in errors_of_services() if for_agents(kind)])
def test_every_error_of_the_services_has_its_answer(kind: type[Exception]) -> None:
    assert kind in errors.TABLE


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (create.InvalidBookingRequest("preferredTime", "past"), 400, "invalid_request"),
        (queries.BookingNotFound("x"), 404, "booking_not_found"),
        (cancel.NotCancelable("past"), 409, "not_cancelable"),
        (NotReschedulable("same"), 409, "not_reschedulable"),
        (failures.CalendlyRefused("no"), 502, "calendly_refused"),
        (failures.CalendlyUnavailable("away", 7), 503, "calendly_unavailable"),
        (failures.QuotaExhausted(60, ""), 429, "quota_exhausted"),
        (OperationalError("gone"), 503, "unavailable"),
        (InterfaceError("closed"), 503, "unavailable"),
        (KeyError("ours"), 500, "internal_error"),
    ],
)
def test_an_error_becomes_its_answer(error: Exception, status: int, code: str) -> None:
    failure = errors.answer_to(error)
    assert (failure.status, failure.code) == (status, code)
    assert failure.message
    if status in (429, 503):
        assert int(failure.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("code", list(refusals.SENTENCES))
def test_every_refusal_is_a_sentence(code: str) -> None:
    values = {"name": "x", "time": "2027-03-28T03:30:00", "questions": "q", "asked": "a", "days": "7"}
    values |= {"question": "q", "answer": "a", "choices": "c"}
    told = []
    for language in ("ro", "en"):
        with translation.override(language):
            told.append(refusals.said(create.InvalidBookingRequest("field", code, **values)))
    assert all(told)
    assert not any("%(" in each for each in told)
    assert told[0] != told[1]


def test_every_code_that_the_services_give_is_said() -> None:
    source = inspect.getsource(create)
    given = set(re.findall(r'InvalidBookingRequest\(\s*(?:"\w+"|field), "(\w+)"', source))
    assert given
    assert given | {kind.code for kind in questions.Invalid.__subclasses__()} <= set(refusals.SENTENCES)
