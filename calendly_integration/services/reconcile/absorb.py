"""Merges a booking into another, where each half of a move arrived before either named the other.

`absorbed` maps the id of each booking that goes to the id of the booking that is kept.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace

from django.apps import apps
from django.db.models import ForeignKey, Model

from ...models import Booking, BulkItem, BulkRun, PendingMail, VAIMetadata
from ..outbox import Draft
from ..outbox.portal_messages import queue_key
from .effects import Effects

Absorbed = Mapping[uuid.UUID, uuid.UUID]
METADATA_COLUMNS = ("conversation_id", "user_id", "agent_type", "booking_source", "notes")


def kept_booking(absorbed: Absorbed, pk: uuid.UUID) -> uuid.UUID:
    """The booking that is kept, at the end of the chain."""
    while pk in absorbed:
        pk = absorbed[pk]
    return pk


def readdress(absorbed: Absorbed, effects: Effects) -> None:
    """Give the effects of a batch to the booking that is kept."""
    for entry in effects.entries:
        entry.booking_id = kept_booking(absorbed, entry.booking_id)
    for followup in effects.followups:
        followup.booking_id = kept_booking(absorbed, followup.booking_id)
    effects.drafts = [_readdress_draft(absorbed, draft) for draft in effects.drafts]


def _readdress_draft(absorbed: Absorbed, draft: Draft) -> Draft:
    if draft.booking_id is None or draft.booking_id not in absorbed:
        return draft
    kept = kept_booking(absorbed, draft.booking_id)
    body = dict(draft.body)
    if isinstance(body.get("data"), dict) and "booking_id" in body["data"]:
        body["data"] = {**body["data"], "booking_id": str(kept)}
    if "booking_id" in body:
        body["booking_id"] = str(kept)
    return replace(draft, booking_id=kept, queue=queue_key(kept), body=body)


def move_absorbed_rows(absorbed: Absorbed) -> None:
    """Move the rows of the absorbed bookings, by foreign key or by their id as text, and delete these bookings. The
    bookings that are kept, and all Calendly bookings, are saved already."""
    for gone in absorbed:
        kept = kept_booking(absorbed, gone)
        _merge_metadata(gone, kept)
        _merge_staff_notes(gone, kept)
        if not PendingMail.objects.filter(pk=kept).exists():
            PendingMail.objects.filter(pk=gone).update(booking_id=kept)
        for model, field in references():
            model._base_manager.filter(**{field.attname: gone}).update(**{field.attname: kept})
        _move_texts(gone, kept)
        Booking.objects.filter(pk=gone).delete()


def references() -> Iterator[tuple[type[Model], "ForeignKey[Model, Model]"]]:
    """Every foreign key to a booking, in any model, except primary keys: a booking has one such row at most."""
    for relation in Booking._meta.get_fields(include_hidden=True):
        field = getattr(relation, "field", None)
        if relation.auto_created and isinstance(field, ForeignKey) and not field.primary_key:
            yield field.model, field


def _merge_metadata(gone: uuid.UUID, kept: uuid.UUID) -> None:
    """Keep what either knows of the conversation. Where both know it, the booking that is kept is right."""
    rows = VAIMetadata.objects.select_for_update().filter(pk__in=(gone, kept)).in_bulk()
    old, new = rows.get(gone), rows.get(kept)
    if old is None:
        return
    if new is None:
        VAIMetadata.objects.filter(pk=gone).update(booking_id=kept)
        return
    for name in METADATA_COLUMNS:
        setattr(new, name, getattr(new, name) or getattr(old, name))
    new.extra = {**old.extra, **new.extra}
    new.asked_at = new.asked_at or old.asked_at
    if old.next_attempt_at is None:
        new.next_attempt_at = new.lease_token = None  # the portal has answered for one of them
    new.save()


def _merge_staff_notes(gone: uuid.UUID, kept: uuid.UUID) -> None:
    """Keep what staff wrote on either."""
    notes = dict(Booking.objects.filter(pk__in=(gone, kept)).values_list("pk", "staff_note"))
    if old := notes.get(gone):
        new = notes.get(kept, "")
        Booking.objects.filter(pk=kept).update(staff_note=f"{new}\n\n{old}".strip())


def _move_texts(gone: uuid.UUID, kept: uuid.UUID) -> None:
    """Rows that hold the id of a booking as text: items of bulk runs, and the history of the admin."""
    items = BulkItem.objects.filter(run__kind=BulkRun.Kind.CANCEL)
    already = items.filter(target=str(kept)).values_list("run_id", flat=True)
    items.filter(target=str(gone)).exclude(run_id__in=list(already)).update(target=str(kept))
    if apps.is_installed("django.contrib.admin"):
        from django.contrib.admin.models import LogEntry
        from django.contrib.contenttypes.models import ContentType

        kind = ContentType.objects.get_for_model(Booking)
        LogEntry.objects.filter(content_type=kind, object_id=str(gone)).update(object_id=str(kept))
