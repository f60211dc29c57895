"""Deliveries: stored once, applied in any state of the world, one poisoned hurting no other."""

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, OperationalError
from django.db.models import QuerySet

from calendly_integration.models import Booking, EventType, OutboxMessage, WebhookDelivery
from calendly_integration.sandbox import webhooks as sandbox_webhooks
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services import reconcile
from calendly_integration.services.webhooks import inbox

from ..factories import KEY, TEN, apply_inbox, deliver, hours, logged, now

pytestmark = pytest.mark.django_db

NAMES = [
    "Nora\x00Field",
    "Nora \ud800 Field",
    "نورا ‮dleiF",
    "👩‍🚀" * 50,
    "N" * 10_240,
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "Ștefănița Țârțău",
]


def accept(body: bytes) -> None:
    moment = int(now().timestamp())
    inbox.accept(body=body, signature=sandbox_webhooks.signature(KEY, moment, body), now=now())


def waiting_bodies(calendly: Calendly) -> list[bytes]:
    return [delivery.body.encode() for delivery in calendly.pending_deliveries]


def booked_bodies(calendly: Calendly, count: int) -> list[bytes]:
    """Deliveries of so many bookings on the public page."""
    for number in range(count):
        calendly.book_as_invitee(
            "Sales Demo", TEN + hours(number), email=f"{number}@example.com", name=f"N{number}"
        )
    return waiting_bodies(calendly)


def states() -> list[str]:
    return list(WebhookDelivery.objects.order_by("pk").values_list("status", flat=True))


def test_a_delivery_is_stored_once_however_often_it_comes(calendly: Calendly) -> None:
    [body] = booked_bodies(calendly, 1)
    for _ in range(20):
        accept(body)
    row = WebhookDelivery.objects.get()
    assert bytes(row.body) == body
    assert row.status == "received"
    apply_inbox()
    accept(body)
    apply_inbox()
    row.refresh_from_db()
    assert (row.status, row.kind, row.attempts, row.next_attempt_at) == (
        "applied",
        "invitee.created",
        1,
        None,
    )
    assert row.booking == Booking.objects.get()
    assert row.account is not None
    assert logged() == ["invitee_created"]


@pytest.mark.parametrize("signature", [None, "", "t=1,v1=00", f"t=1795413600,v1={'0' * 64}"])
def test_an_unsigned_delivery_stores_nothing(calendly: Calendly, signature: str | None) -> None:
    [body] = booked_bodies(calendly, 1)
    with pytest.raises(inbox.Refused):
        inbox.accept(body=body, signature=signature, now=now())
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize(("age", "good"), [(0, True), (179, True), (181, False), (-179, True), (-181, False)])
def test_a_signature_is_good_for_three_minutes_both_ways(calendly: Calendly, age: int, good: bool) -> None:
    [body] = booked_bodies(calendly, 1)
    signature = sandbox_webhooks.signature(KEY, int(now().timestamp()) - age, body)
    if good:
        inbox.accept(body=body, signature=signature, now=now())
    else:
        with pytest.raises(inbox.Refused):
            inbox.accept(body=body, signature=signature, now=now())


def test_while_a_key_is_rotated_both_are_good(calendly: Calendly, settings: Any) -> None:
    settings.CALENDLY_INTEGRATION["WEBHOOK_SECRETS"] = ["new-key", KEY]
    bodies = booked_bodies(calendly, 2)
    moment = int(now().timestamp())
    for key, body in zip(("new-key", KEY), bodies, strict=True):
        inbox.accept(body=body, signature=sandbox_webhooks.signature(key, moment, body), now=now())
    settings.CALENDLY_INTEGRATION["WEBHOOK_SECRETS"] = []
    with pytest.raises(inbox.Refused):
        accept(b"{}")
    assert WebhookDelivery.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", "unreadable", ""),
        (b"not json", "unreadable", ""),
        (b"[1, 2]", "unreadable", ""),
        (b"\xff\xfe", "unreadable", ""),
        (b"{}", "unreadable", ""),
        (b'{"event": "invitee.created"}', "unreadable", ""),
        (b'{"event": "invitee.created", "created_at": "x", "payload": {"uri": 1}}', "unreadable", ""),
        (b'{"event": "\\u0000", "created_at": null}', "unknown", "\ufffd"),
        (b'{"event": "contact.created", "payload": {"any": "thing"}}', "unknown", "contact.created"),
        (b'{"event": "invitee.reconfirmed", "payload": null}', "unknown", "invitee.reconfirmed"),
        (b"[" * 100_000, "unreadable", ""),
        (
            b'{"event": "invitee.created", "payload": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
            "unreadable",
            "",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, bytes) else "",
)
def test_what_cannot_be_used_is_kept_and_marked(
    calendly: Calendly, body: bytes, status: str, kind: str
) -> None:
    accept(body)
    apply_inbox()
    row = WebhookDelivery.objects.get()
    assert (row.status, row.kind, bytes(row.body), row.next_attempt_at) == (status, kind, body, None)
    assert bool(row.last_error) == (status == "unreadable")
    assert not Booking.objects.exists()


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_stored_and_shown_as_it_came(calendly: Calendly, name: str) -> None:
    [body] = booked_bodies(calendly, 1)
    told = json.loads(body)
    told["payload"]["name"] = name
    told["payload"]["questions_and_answers"] = [{"question": name, "answer": name, "position": 0}]
    accept(json.dumps(told).encode())
    apply_inbox()
    assert states() == ["applied"]
    wanted = name.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    booking = Booking.objects.get()
    assert booking.invitee_name == wanted[:255]
    assert booking.calendly_bookings.get().invitee_raw["questions_and_answers"][0]["answer"] == wanted


def poison(monkeypatch: pytest.MonkeyPatch, error: BaseException, marker: str = "1@example.com") -> None:
    """The mirror chokes on one invitee."""
    apply_observations = reconcile.apply_observations

    def choking(account: Any, observations: Any, **options: Any) -> Any:
        if any(observation.invitee.email == marker for observation in observations):
            raise error
        return apply_observations(account, observations, **options)

    monkeypatch.setattr(reconcile, "apply_observations", choking)


@pytest.mark.parametrize("error", [RuntimeError("boom"), SystemExit(1), RecursionError(), MemoryError()])
def test_one_poisoned_delivery_hurts_no_other_and_is_parked(
    calendly: Calendly, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    for body in booked_bodies(calendly, 4):
        accept(body)
    poison(monkeypatch, error)
    apply_inbox()
    assert states() == ["applied", "received", "applied", "applied"]
    assert logged() == ["invitee_created"] * 3
    tries = 0
    while WebhookDelivery.objects.filter(status="received").exists():
        clock.shift(60)
        apply_inbox()
        tries += 1
        assert tries < 10
    row = WebhookDelivery.objects.get(status="parked")
    assert row.attempts == inbox.MAX_ATTEMPTS
    assert row.next_attempt_at is None
    assert type(error).__name__ in row.last_error


def test_a_parked_delivery_can_be_tried_again_by_staff(
    calendly: Calendly, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for body in booked_bodies(calendly, 2):
        accept(body)
    with monkeypatch.context() as broken:
        poison(broken, RuntimeError("boom"))
        for _ in range(10):
            apply_inbox()
            clock.shift(60)
    inbox.again(WebhookDelivery.objects.get(status="parked"), now=now())
    assert states().count("received") == 1
    apply_inbox()
    assert states() == ["applied", "applied"]
    assert not WebhookDelivery.objects.filter(next_attempt_at__isnull=False).exists()


def test_a_delivery_whose_workers_die_is_parked_too(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    """Each worker is killed before it can write down that it failed."""
    [body] = booked_bodies(calendly, 1)
    accept(body)
    for _ in range(inbox.MAX_ATTEMPTS + 1):
        WebhookDelivery.objects.claim(now=now(), lease=inbox.LEASE, limit=1)
        clock.shift(61)
    assert inbox.process(now=now()) == 1
    assert states() == ["parked"]


def test_a_worker_that_died_in_a_batch_leaves_it_to_the_next(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    for body in booked_bodies(calendly, 3):
        accept(body)
    WebhookDelivery.objects.claim(now=now(), lease=inbox.LEASE, limit=10)
    assert inbox.process(now=now()) == 0
    clock.shift(61)
    apply_inbox()
    assert states() == ["applied"] * 3
    assert logged() == ["invitee_created"] * 3


def test_a_database_that_is_away_costs_no_delivery(
    calendly: Calendly, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for body in booked_bodies(calendly, 2):
        accept(body)
    with monkeypatch.context() as broken:
        poison(broken, DatabaseError("locked"), "0@example.com")
        apply_inbox()
    clock.shift(10)
    apply_inbox()
    assert states() == ["applied", "applied"]


@pytest.mark.parametrize("gone", [False, True])
def test_a_database_that_is_away_counts_as_no_try(
    calendly: Calendly, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    """`gone`: it does not even take the claims back."""
    for body in booked_bodies(calendly, 2):
        accept(body)
    monkeypatch.setattr(
        inbox, "close_old_connections", lambda: None
    )  # the test's own transaction hangs on it
    update = QuerySet.update

    def away(rows: Any, **changes: Any) -> int:
        if gone and "attempts" in changes and "last_error" in changes:
            raise OperationalError("the connection is lost")
        return update(rows, **changes)

    with monkeypatch.context() as broken:
        poison(broken, OperationalError("the server closed the connection"), "0@example.com")
        for _ in range(3 * inbox.MAX_ATTEMPTS):
            with broken.context() as now_and_then:
                now_and_then.setattr(QuerySet, "update", away)
                with suppress(OperationalError):
                    inbox.process(now=now())
            inbox.process(now=now())
            clock.shift(70)
    assert "parked" not in states()
    clock.shift(10)
    apply_inbox()
    assert states() == ["applied", "applied"]


def test_what_failed_has_its_turn_while_fresh_ones_keep_coming(
    calendly: Calendly, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = booked_bodies(calendly, 7)
    with monkeypatch.context() as broken:
        poison(broken, RuntimeError("boom"), "0@example.com")
        accept(first)
        apply_inbox()
    clock.shift(30)
    for body in others:
        accept(body)
        inbox.process(now=now())
    assert states() == ["applied"] * 7


def test_many_deliveries_of_one_booking_in_one_batch_are_applied_in_one_go(calendly: Calendly) -> None:
    invitee = calendly.book_as_invitee("Sales Demo", TEN, email="a@example.com", name="A")
    for number in range(1, 6):
        invitee = calendly.reschedule_as_invitee(invitee, TEN + hours(number))
    calendly.cancel_as_invitee(invitee, "Gata")
    bodies = waiting_bodies(calendly)
    for body in reversed(bodies):
        accept(body)
    assert inbox.process(now=now(), limit=50) == len(bodies) == 12
    booking = Booking.objects.get()
    assert (booking.status, booking.start_at, booking.cancel_reason) == ("canceled", TEN + hours(5), "Gata")
    assert booking.calendly_bookings.count() == 6


# Event types


def test_a_changed_event_type_is_mirrored_and_logged_once(
    calendly: Calendly, event_types: dict[str, EventType]
) -> None:
    kind = calendly.change_event_type("Sales Demo", name="Demo nou", duration=45)
    [body] = waiting_bodies(calendly)
    accept(body)
    apply_inbox()
    mirrored = EventType.objects.get(pk=event_types["Sales Demo"].pk)
    assert (mirrored.name, mirrored.duration) == ("Demo nou", 45)
    told = json.loads(body)
    told["created_at"] = "2026-11-23T06:00:09.000000Z"  # the same news in another envelope
    accept(json.dumps(told).encode())
    apply_inbox()
    assert states() == ["applied", "unchanged"]
    assert logged() == ["event_type_updated"]
    body_told = OutboxMessage.objects.get().body
    assert body_told["data"] == {
        "name": "Demo nou",
        "slug": kind.slug,
        "active": True,
        "duration_minutes": 45,
    }
    assert body_told["platform"] == "calendly"


def test_an_older_version_of_an_event_type_does_not_overwrite_the_newer(
    calendly: Calendly, event_types: dict[str, EventType]
) -> None:
    calendly.change_event_type("Sales Demo", name="Old")
    calendly.change_event_type("Old", name="New")
    for body in reversed(waiting_bodies(calendly)):
        accept(body)
        apply_inbox()
    assert EventType.objects.get(pk=event_types["Sales Demo"].pk).name == "New"


def test_event_types_come_and_go(calendly: Calendly) -> None:
    kind = calendly.add_event_type("Haircut", 20)
    calendly.delete_event_type("Quick Consultation")
    deliver(calendly)
    made = EventType.objects.get(name="Haircut")
    assert (made.uri.rpartition("/")[2], made.duration, made.active) == (kind.id, 20, True)
    assert [host.name for host in made.hosts.all()] == ["Ana Ionescu"]
    gone = EventType.objects.get(name="Quick Consultation")
    assert (gone.active, gone.deleted_at is not None) == (False, True)
    assert sorted(logged()) == ["event_type_created", "event_type_deleted"]


def test_a_fresh_delivery_does_not_wait_for_one_that_failed(
    calendly: Calendly, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = booked_bodies(calendly, 2)
    poison(monkeypatch, RuntimeError("boom"), "0@example.com")
    accept(first)
    apply_inbox()
    clock.shift(30)
    accept(second)
    assert inbox.process(now=now()) == 1
    assert states() == ["received", "applied"]
    assert WebhookDelivery.objects.due(now() + timedelta(minutes=5)).count() == 1
