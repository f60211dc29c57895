"""Two or more bookings turn out to be one: all that belonged to any of them belongs to the one that stays."""

import itertools
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from calendly_integration.models import (
    AgentKey,
    Booking,
    BulkItem,
    BulkRun,
    CalendlyAccount,
    CalendlyBooking,
    FollowUp,
    IdempotencyRecord,
    OutboxMessage,
    OutboxQueue,
    PendingMail,
    TimelineEntry,
    VAIMetadata,
    WebhookDelivery,
)
from calendly_integration.services.webhooks import inbox

from ..factories import now
from .halves import BEGIN, Facts, Meeting

pytestmark = pytest.mark.django_db


def halves(count: int, **facts: Any) -> tuple[list[bytes], list[bytes]]:
    """Creations that name no old half, so that each founds a booking, and the cancellations that join them."""
    meeting = Meeting()
    meeting.book(Facts(**facts))
    for _ in range(count - 1):
        meeting.move(Facts(**facts))
    founded, joins = [], []
    for body in map(json.loads, meeting.bodies):
        body["payload"]["old_invitee"] = None
        (founded if body["event"] == "invitee.created" else joins).append(json.dumps(body).encode())
    return founded, joins


def apply(bodies: list[bytes]) -> None:
    """All in one batch."""
    for body in bodies:
        WebhookDelivery.objects.create(
            digest=str(uuid.uuid4()), body=body, received_at=now(), next_attempt_at=now()
        )
    while inbox.process(now=now()):
        pass
    assert set(WebhookDelivery.objects.values_list("status", flat=True)) <= {"applied", "unchanged"}, (
        WebhookDelivery.objects.values_list("last_error")
    )


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("apart", [True, False])
def test_a_chain_becomes_one_booking_in_any_order(
    account: CalendlyAccount, order: tuple[int, ...], apart: bool
) -> None:
    founded, joins = halves(4)
    last = json.loads(founded[-1])["payload"]
    if apart:
        apply(founded)
        assert Booking.objects.count() == 4
        apply([joins[index] for index in order])
    else:
        apply([*founded, *(joins[index] for index in order)])
    booking = Booking.objects.get()
    assert booking.status == "confirmed"
    assert booking.event_id == last["event"].rpartition("/")[2]
    assert booking.calendly_bookings.count() == 4
    for model in (TimelineEntry, OutboxMessage, WebhookDelivery):
        assert model.objects.exists()
        assert set(model.objects.values_list("booking_id", flat=True)) == {booking.pk}
    told = {message.body["data"]["booking_id"] for message in OutboxMessage.objects.filter(sent_at=None)}
    assert str(booking.pk) in told
    assert VAIMetadata.objects.count() == 0


MADE: dict[tuple[str, str], Callable[[Booking, AgentKey], Model]] = {
    ("CalendlyBooking", "booking"): lambda booking, key: booking.calendly_bookings.get(),
    ("TimelineEntry", "booking"): lambda booking, key: TimelineEntry.objects.create(
        booking=booking, at=BEGIN, actor="system", action="noted"
    ),
    ("FollowUp", "booking"): lambda booking, key: followup(booking, booking),
    ("FollowUp", "rebooking"): lambda booking, key: followup(
        Booking.objects.exclude(pk=booking.pk).get(), booking
    ),
    ("OutboxMessage", "booking"): lambda booking, key: OutboxMessage.objects.create(
        booking=booking,
        queue=OutboxQueue.objects.create(key="x"),
        path="/x",
        body={},
        once_key="x",
        created_at=BEGIN,
    ),
    ("WebhookDelivery", "booking"): lambda booking, key: WebhookDelivery.objects.create(
        booking=booking, digest="x", body=b"", received_at=BEGIN, status="applied"
    ),
    ("IdempotencyRecord", "booking"): lambda booking, key: IdempotencyRecord.objects.create(
        booking=booking, agent_key=key, key="x", fingerprint="x", started_at=BEGIN
    ),
    ("PendingMail", "booking"): lambda booking, key: PendingMail.objects.create(
        booking=booking, once_key="x"
    ),
    ("VAIMetadata", "booking"): lambda booking, key: VAIMetadata.objects.create(
        booking=booking, conversation_id="conv-1", notes="Wants prices.", extra={"a": 1}
    ),
}


def followup(booking: Booking, rebooking: Booking) -> FollowUp:
    return FollowUp.objects.create(
        booking=booking,
        calendly_booking=booking.calendly_bookings.get(),
        kind=f"k{FollowUp.objects.count()}",
        email="n@example.com",
        scheduled_for=BEGIN,
        message="x",
        created_at=BEGIN,
        rebooking=rebooking,
    )


def foreign_keys() -> set[tuple[str, str]]:
    """Every column of every table that names a booking."""
    found = set()
    for relation in Booking._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and hasattr(relation, "field"):
            found.add((relation.field.model.__name__, relation.field.name))
    return found


def two(account: CalendlyAccount) -> tuple[Booking, Booking, list[bytes]]:
    """One that will stay, one that will go, and the delivery that joins them."""
    founded, joins = halves(2)
    apply(founded)
    stays, goes = Booking.objects.order_by("start_at")
    return stays, goes, joins


def test_every_row_that_names_the_one_that_goes_names_the_one_that_stays(
    account: CalendlyAccount, agent_key: AgentKey
) -> None:
    assert foreign_keys() == MADE.keys(), "say in MADE how a row of the new model is made"
    stays, goes, joins = two(account)
    rows = [(make(goes, agent_key), column) for (_model, column), make in MADE.items()]
    assert VAIMetadata.objects.filter(booking=goes).exists()
    apply(joins)
    assert not Booking.objects.filter(pk=goes.pk).exists()
    for row, column in rows:
        if isinstance(row, PendingMail):
            continue  # what becomes of it depends on the meeting: the test below
        kept = type(row)._default_manager.filter(**{column: stays.pk})
        if row.pk != goes.pk:
            kept = kept.filter(pk=row.pk)
        assert kept.exists(), (type(row).__name__, column)
    stays.refresh_from_db()
    assert (stays.metadata.conversation_id, stays.metadata.extra) == ("conv-1", {"a": 1})


def test_a_mail_that_waits_for_its_link_goes_along(account: CalendlyAccount) -> None:
    stays, goes, joins = two(account)
    PendingMail.objects.create(booking=goes, once_key="mail")
    apply(joins)
    assert PendingMail.objects.get().booking_id == stays.pk


def test_the_metadata_of_both_is_merged_and_the_staying_ones_word_wins(account: CalendlyAccount) -> None:
    stays, goes, joins = two(account)
    VAIMetadata.objects.create(booking=stays, conversation_id="conv-1", extra={"a": 1}, next_attempt_at=BEGIN)
    VAIMetadata.objects.create(
        booking=goes,
        conversation_id="conv-2",
        user_id="user-2",
        notes="N",
        extra={"a": 2, "b": 2},
        asked_at=BEGIN,
    )
    apply(joins)
    kept = VAIMetadata.objects.get()
    assert kept.booking_id == stays.pk
    assert (kept.conversation_id, kept.user_id, kept.notes) == ("conv-1", "user-2", "N")
    assert (kept.extra, kept.asked_at, kept.next_attempt_at) == ({"a": 1, "b": 2}, BEGIN, None)


@pytest.mark.parametrize(
    ("of_gone", "of_stays", "kept"), [("A", "", "A"), ("", "B", "B"), ("A", "B", "B\n\nA"), ("", "", "")]
)
def test_what_staff_noted_on_either_is_kept(
    account: CalendlyAccount, of_gone: str, of_stays: str, kept: str
) -> None:
    stays, goes, joins = two(account)
    Booking.objects.filter(pk=goes.pk).update(staff_note=of_gone)
    Booking.objects.filter(pk=stays.pk).update(staff_note=of_stays)
    apply(joins)
    assert Booking.objects.get().staff_note == kept


def test_a_question_for_the_portal_goes_along(account: CalendlyAccount) -> None:
    founded, joins = halves(3)
    body = json.loads(founded[-1])
    ours = {"utm_source": "vai_agent", "utm_medium": "vai_portal", "utm_content": "7" * 32}
    body["payload"]["tracking"] = ours
    apply([*founded[:-1], json.dumps(body).encode(), *reversed(joins)])
    kept = VAIMetadata.objects.get()
    assert kept.booking_id == Booking.objects.get().pk
    assert kept.next_attempt_at is not None


def test_items_of_acts_on_many_and_the_admins_history_go_along(
    account: CalendlyAccount, django_user_model: Any
) -> None:
    stays, goes, joins = two(account)
    run, other = (
        BulkRun.objects.create(kind=kind, by="Ioana", created_at=BEGIN) for kind in ("cancel", "resend")
    )
    both = BulkRun.objects.create(kind="cancel", by="Ioana", created_at=BEGIN)
    moved = BulkItem.objects.create(run=run, target=str(goes.pk))
    foreign = BulkItem.objects.create(run=other, target=str(goes.pk))
    BulkItem.objects.create(run=both, target=str(stays.pk))
    doubled = BulkItem.objects.create(run=both, target=str(goes.pk))
    kind = ContentType.objects.get_for_model(Booking)
    person = django_user_model.objects.create(username="ioana")
    logged = LogEntry.objects.create(
        user=person, content_type=kind, object_id=str(goes.pk), object_repr="x", action_flag=CHANGE
    )
    apply(joins)
    for row in (moved, foreign, doubled, logged):
        row.refresh_from_db()
    assert (moved.target, foreign.target, doubled.target) == (str(stays.pk), str(goes.pk), str(goes.pk))
    assert logged.object_id == str(stays.pk)
    assert CalendlyBooking.objects.filter(booking=stays).count() == 2
