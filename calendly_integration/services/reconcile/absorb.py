"""Two bookings turn out to be one, as when each half of a move came before either named the other: all that
belongs to the one that goes is given to the one that stays."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace

from django.apps import apps
from django.db.models import ForeignKey, Model

from ...models import Booking, BulkItem, BulkRun, PendingMail, VAIMetadata
from ..outbox import Draft
from ..outbox.portal_messages import queue_key_of
from .effects import Effects

Absorbed = Mapping[uuid.UUID, uuid.UUID]
WORDS = ("conversation_id", "user_id", "agent_type", "booking_source", "notes")


def home(absorbed: Absorbed, pk: uuid.UUID) -> uuid.UUID:
    """The booking that stays, at the end of the chain."""
    while pk in absorbed:
        pk = absorbed[pk]
    return pk


def readdress(absorbed: Absorbed, effects: Effects) -> None:
    """What a batch causes is written for the booking that stays."""
    for entry in effects.entries:
        entry.booking_id = home(absorbed, entry.booking_id)
    for followup in effects.followups:
        followup.booking_id = home(absorbed, followup.booking_id)
    effects.drafts = [_draft(absorbed, draft) for draft in effects.drafts]


def _draft(absorbed: Absorbed, draft: Draft) -> Draft:
    if draft.booking_id is None or draft.booking_id not in absorbed:
        return draft
    kept = home(absorbed, draft.booking_id)
    body = dict(draft.body)
    if isinstance(body.get("data"), dict) and "booking_id" in body["data"]:
        body["data"] = {**body["data"], "booking_id": str(kept)}
    if "booking_id" in body:
        body["booking_id"] = str(kept)
    return replace(draft, booking_id=kept, queue=queue_key_of(kept), body=body)


def bury(absorbed: Absorbed) -> None:
    """Give away what the absorbed bookings have, by key or by their id as text, and delete them. The rows of those
    that stay, and all Calendly bookings, are written already."""
    for gone in absorbed:
        kept = home(absorbed, gone)
        _merge_metadata(gone, kept)
        if not PendingMail.objects.filter(pk=kept).exists():
            PendingMail.objects.filter(pk=gone).update(booking_id=kept)
        for model, field in references():
            model._base_manager.filter(**{field.attname: gone}).update(**{field.attname: kept})
        _move_texts(gone, kept)
        Booking.objects.filter(pk=gone).delete()


def references() -> Iterator[tuple[type[Model], "ForeignKey[Model, Model]"]]:
    """Every foreign key to a booking, whoever has it; not those that are a primary key, of which a booking has one
    row each."""
    for relation in Booking._meta.get_fields(include_hidden=True):
        field = getattr(relation, "field", None)
        if relation.auto_created and isinstance(field, ForeignKey) and not field.primary_key:
            yield field.model, field


def _merge_metadata(gone: uuid.UUID, kept: uuid.UUID) -> None:
    """What either knows of the conversation is kept; where both know it, the word of the one that stays."""
    rows = VAIMetadata.objects.select_for_update().filter(pk__in=(gone, kept)).in_bulk()
    old, new = rows.get(gone), rows.get(kept)
    if old is None:
        return
    if new is None:
        VAIMetadata.objects.filter(pk=gone).update(booking_id=kept)
        return
    for name in WORDS:
        setattr(new, name, getattr(new, name) or getattr(old, name))
    new.extra = {**old.extra, **new.extra}
    new.asked_at = new.asked_at or old.asked_at
    if old.next_attempt_at is None:
        new.next_attempt_at = new.lease_token = None  # the portal has answered for one of them
    new.save()


def _move_texts(gone: uuid.UUID, kept: uuid.UUID) -> None:
    """Where a booking is named by its id as text: items of acts on many, and the admin's own history."""
    items = BulkItem.objects.filter(run__kind=BulkRun.Kind.CANCEL)
    already = items.filter(target=str(kept)).values_list("run_id", flat=True)
    items.filter(target=str(gone)).exclude(run_id__in=list(already)).update(target=str(kept))
    if apps.is_installed("django.contrib.admin"):
        from django.contrib.admin.models import LogEntry
        from django.contrib.contenttypes.models import ContentType

        kind = ContentType.objects.get_for_model(Booking)
        LogEntry.objects.filter(content_type=kind, object_id=str(gone)).update(object_id=str(kept))
