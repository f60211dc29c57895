"""The same observations, in any order and however often, leave the same state (fault 13)."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calendly_integration import clients
from calendly_integration.models import (
    Booking,
    CalendlyAccount,
    CalendlyBooking,
    EventType,
    FollowUp,
    OutboxMessage,
    WebhookDelivery,
)
from calendly_integration.sandbox.adapter import SandboxAdapter
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.actors import Actor
from calendly_integration.services.bookings import create
from calendly_integration.services.bookings.results import Booked, OutcomeUnknown
from calendly_integration.services.webhooks import inbox

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
START = datetime(2026, 11, 24, 8, tzinfo=UTC)
URL = "https://portal.example/webhooks/calendly"
KEY = "test-signing-key"
PAYLOADS = Path(__file__).parent.parent / "payloads"

pytestmark = pytest.mark.django_db


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction that leaves nothing behind."""
    block = transaction.atomic()
    block._from_testcase = True  # our durable transactions count as outermost within a test's own
    with block:
        yield
        transaction.set_rollback(True)


def apply(bodies: list[bytes]) -> None:
    """Each body as a delivery of its own, applied one after the other."""
    for number, body in enumerate(bodies):
        WebhookDelivery.objects.create(digest=f"{number}", body=body, received_at=NOW, next_attempt_at=NOW)
        while inbox.process(now=NOW):
            pass
        assert not WebhookDelivery.objects.exclude(status__in=("applied", "unchanged")).exists(), (
            WebhookDelivery.objects.values_list("status", "last_error")
        )


def state() -> list[Any]:
    """What must not depend on order: the bookings with their Calendly bookings, and what the portal is told of the
    end."""
    return [
        (
            booking.status,
            booking.start_at,
            booking.event_id,
            booking.no_show_at,
            booking.cancel_reason,
            booking.invitee_email,
            booking.source,
            sorted(
                (calendly_booking.invitee_uri, calendly_booking.status, calendly_booking.no_show_at)
                for calendly_booking in booking.calendly_bookings.all()
            ),
            sorted(
                OutboxMessage.objects.filter(
                    booking=booking, path__in=("/calendly/canceled", "/followup/schedule")
                ).values_list("path", flat=True)
            ),
        )
        for booking in Booking.objects.order_by("email_key", "created_at")
    ]


ACTS = ("move", "move", "cancel", "cancel_about_time", "host_cancels", "no_show", "no_show_undone")


def history(sandbox: Calendly, acts: list[str]) -> None:
    """What the invitee of the one booking does next, as far as it is possible."""
    for number, act in enumerate(acts):
        sandbox.move_clock(60)
        active = [each for each in sandbox.state.invitees.values() if each.status == "active"]
        if not active:
            return
        [invitee] = active
        if act == "move":
            sandbox.reschedule_as_invitee(invitee, START + timedelta(hours=1 + number))
        elif act == "cancel":
            sandbox.cancel_as_invitee(invitee, "M-am răzgândit")
        elif act == "cancel_about_time":
            sandbox.cancel_as_invitee(invitee, "Nu mai am timp")
        elif act == "host_cancels":
            sandbox.cancel_as_host(invitee, "Boală")
        elif act == "no_show" and invitee.no_show_id is None:
            sandbox.mark_no_show(invitee)
        elif act == "no_show_undone" and invitee.no_show_id is not None:
            sandbox.undo_no_show(invitee)


def bodies_of(sandbox: Calendly) -> list[bytes]:
    return [delivery.body.encode() for delivery in sandbox.pending_deliveries]


def fresh_sandbox() -> Calendly:
    moment = [NOW]
    calendly = Calendly(clock=lambda: moment[0])
    calendly.seed_standard()
    calendly.subscribe(URL, KEY)
    return calendly


@given(
    acts=st.lists(st.sampled_from(ACTS), max_size=4),
    data=st.data(),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_deliveries_in_any_order_and_doubled_leave_the_same_state(
    account: CalendlyAccount, event_types: dict[str, EventType], acts: list[str], data: st.DataObject
) -> None:
    calendly = fresh_sandbox()
    calendly.book_as_invitee("Sales Demo", START, email="nora@example.com", name="Nora")
    history(calendly, acts)
    bodies = bodies_of(calendly)
    shuffled = data.draw(st.permutations(bodies))
    doubled = [body for body in shuffled for _ in range(data.draw(st.integers(1, 2)))]
    with rolled_back():
        apply(bodies)
        expected = state()
    with rolled_back():
        apply(doubled)
        assert state() == expected
        assert len(expected) == 1


@given(acts=st.lists(st.sampled_from(ACTS), max_size=3), lost=st.booleans(), data=st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_agents_booking_keeps_its_id_through_any_order(
    account: CalendlyAccount,
    event_types: dict[str, EventType],
    acts: list[str],
    lost: bool,
    data: st.DataObject,
) -> None:
    calendly = fresh_sandbox()
    clients.calendly(account).session.mount("https://api.calendly.com", SandboxAdapter(calendly))
    with rolled_back():
        if lost:
            calendly.faults.add("lose_answer", method="POST", path="/invitees")
        booking_request = create.BookingRequest("Sales Demo", "nora@example.com", "Nora", conversation_id="c")
        outcome = create.book(booking_request=booking_request, by=Actor("agent", "A"), now=NOW)
        assert isinstance(outcome, OutcomeUnknown if lost else Booked)
        history(calendly, acts)
        apply(list(data.draw(st.permutations(bodies_of(calendly)))))
        [booking] = Booking.objects.all()
        assert booking.pk == outcome.booking.pk
        ended = all(each.status != "active" for each in calendly.state.invitees.values())
        assert booking.status == ("canceled" if ended else "confirmed")
        told = list(OutboxMessage.objects.filter(booking=booking).values_list("path", flat=True))
        assert told.count("/calendly/notify") == 1
        assert told.count("/calendly/confirmed") <= 1
        assert told.count("/calendly/canceled") == int(ended)
        assert FollowUp.objects.count() == int(ended and "cancel_about_time" in booking_end(acts))


def booking_end(acts: list[str]) -> str:
    """The first act that ends a booking."""
    return next((act for act in acts if "cancel" in act), "")


def test_a_move_of_two_halves_is_told_once_and_neither_confirms_nor_cancels(
    account: CalendlyAccount, event_types: dict[str, EventType], sandbox: Calendly
) -> None:
    sandbox.subscribe(URL, KEY)
    booking_request = create.BookingRequest("Sales Demo", "nora@example.com", "Nora", conversation_id="c")
    outcome = create.book(booking_request=booking_request, by=Actor("agent", "A"), now=NOW)
    assert isinstance(outcome, Booked)
    apply(bodies_of(sandbox))
    for order in itertools.permutations((0, 1)):
        OutboxMessage.objects.all().delete()
        WebhookDelivery.objects.all().delete()
        [invitee] = [each for each in sandbox.state.invitees.values() if each.status == "active"]
        sandbox.reschedule_as_invitee(invitee, START + timedelta(days=2, hours=order[0]))
        halves = bodies_of(sandbox)[-2:]
        apply([halves[index] for index in order])
        told = list(OutboxMessage.objects.order_by("pk").values_list("path", flat=True))
        assert told == ["/calendly/rescheduled", "/analytics/log"]
    booking = Booking.objects.get()
    assert booking.pk == outcome.booking.pk
    assert booking.status == "confirmed"
    assert booking.calendly_bookings.count() == 3


@pytest.mark.parametrize("name", sorted(path.name for path in PAYLOADS.glob("invitee*.json")))
def test_every_recorded_delivery_becomes_a_booking(
    account: CalendlyAccount, event_types: dict[str, EventType], name: str
) -> None:
    apply([json.dumps(json.loads((PAYLOADS / name).read_text())).encode()])
    booking = Booking.objects.get()
    assert booking.invitee_email == "nora.field@example.com"
    assert booking.source == "public"
    assert set(OutboxMessage.objects.values_list("path", flat=True)) <= {"/analytics/log"}
    if "reschedule" not in name:
        assert booking.status == ("canceled" if "canceled" in name else "confirmed")


def test_one_of_a_group_who_cancels_leaves_the_others(
    account: CalendlyAccount, event_types: dict[str, EventType], sandbox: Calendly
) -> None:
    sandbox.subscribe(URL, KEY)
    sandbox.add_group_type("Webinar", seats=3)
    first = sandbox.book_as_invitee("Webinar", START, email="a@example.com", name="A")
    sandbox.book_as_invitee("Webinar", START, email="b@example.com", name="B")
    sandbox.cancel_as_invitee(first, "nu pot")
    apply(bodies_of(sandbox))
    assert dict(Booking.objects.values_list("invitee_email", "status")) == {
        "a@example.com": "canceled",
        "b@example.com": "confirmed",
    }
    WebhookDelivery.objects.all().delete()
    sandbox.cancel_as_host(next(iter(sandbox.state.events.values())), "anulat")
    apply(bodies_of(sandbox))
    assert set(Booking.objects.values_list("status", flat=True)) == {"canceled"}


def test_a_replayed_old_delivery_changes_nothing(
    account: CalendlyAccount, event_types: dict[str, EventType], sandbox: Calendly
) -> None:
    sandbox.subscribe(URL, KEY)
    invitee = sandbox.book_as_invitee("Sales Demo", START, email="a@example.com", name="A")
    created = bodies_of(sandbox)
    sandbox.reschedule_as_invitee(invitee, START + timedelta(days=1))
    apply(bodies_of(sandbox))
    before = (state(), OutboxMessage.objects.count())
    WebhookDelivery.objects.all().delete()
    apply(created)
    assert (state(), OutboxMessage.objects.count()) == before
    assert CalendlyBooking.objects.count() == 2
