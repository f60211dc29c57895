"""Finds the Calendly booking of each observation, and creates what is not there yet.

A `Batch` reads and locks its rows once. It holds new and changed rows until `apply` saves them.
"""

import itertools
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from ...models import Booking, CalendlyAccount, CalendlyBooking, EventType, Host, VAIMetadata
from ...models.booking import search_key
from ...models.locked_rows import save_columns
from .. import mapping
from .observation import Observation

# The other half of a move arrives within seconds. After this time it is read.
OTHER_HALF_TIMEOUT = timedelta(seconds=20)

Columns = dict[str, Any]


class Batch:
    """The rows of one transaction. Make a new one for each transaction."""

    def __init__(self, account: CalendlyAccount, *, now: datetime) -> None:
        self.account, self.now = account, now
        self.bookings: dict[uuid.UUID, Booking] = {}
        self.calendly_bookings: dict[uuid.UUID, list[CalendlyBooking]] = {}
        self.hosts: dict[str, Host] = {}
        self.event_types: dict[str, EventType] = {}
        self.new: list[Booking | CalendlyBooking | VAIMetadata] = []
        # The ids of bookings that turned out to be part of another booking, with the id of that one.
        self.absorbed: dict[uuid.UUID, uuid.UUID] = {}
        self._by_uri: dict[str, CalendlyBooking] = {}
        self._by_id: dict[uuid.UUID, CalendlyBooking] = {}
        self._columns_as_read: dict[int, Columns] = {}

    def load(self, observations: Sequence[Observation], *, expected_booking: uuid.UUID | None = None) -> None:
        """Lock and read all rows that the observations may change. Where `expected_booking` holds everything that
        they refer to, no other row is looked for."""
        if expected_booking:
            self.load_bookings({expected_booking})
        references = [mapping.reference(observation.invitee) for observation in observations]
        if not expected_booking or not all(reference in self._by_id for reference in references):
            self.load_bookings(self._bookings_of(observations) - self.bookings.keys())
        self.load_hosts_and_event_types(observations)

    def load_bookings(self, booking_ids: set[uuid.UUID]) -> None:
        """Lock these bookings and their Calendly bookings in a fixed order, then read them."""
        if not booking_ids:
            return
        bookings = Booking.objects.filter(pk__in=booking_ids).shown().order_by("pk")
        for booking in bookings.select_for_update(of=("self",), no_key=True):
            self._remember(booking)
            self.bookings[booking.pk] = booking
        # A Calendly booking may be claimed without its booking, so it is locked as well.
        rows = CalendlyBooking.objects.filter(booking_id__in=booking_ids).order_by("created_at", "pk")
        for row in rows.select_for_update(no_key=True):
            self._remember(row)
            self._index(row)

    def load_hosts_and_event_types(self, observations: Sequence[Observation] = ()) -> None:
        """Read the hosts and event types that the observations and the loaded Calendly bookings name."""
        loaded = itertools.chain.from_iterable(self.calendly_bookings.values())
        payloads = [observation.event.raw for observation in observations if observation.event]
        payloads += [row.event_raw for row in loaded if row.event_raw]
        places = [mapping.place(payload) for payload in payloads]
        host_uris = {place.host_uri for place in places if place.host_uri}
        type_uris = {place.event_type_uri for place in places if place.event_type_uri}
        if host_uris:
            self.hosts = {host.uri: host for host in Host.objects.filter(uri__in=host_uris)}
        if type_uris:
            self.event_types = {kind.uri: kind for kind in EventType.objects.filter(uri__in=type_uris)}

    def loaded(self, calendly_booking_id: uuid.UUID) -> CalendlyBooking:
        """A loaded Calendly booking, by its id."""
        return self._by_id[calendly_booking_id]

    def find(self, observation: Observation) -> CalendlyBooking:
        """The Calendly booking of an invitee: by its URI, by our reference in its tracking, or by the invitee that
        it replaces. A booking that we do not know is new."""
        invitee = observation.invitee
        known = self._by_uri.get(invitee.uri)
        if known is not None:
            return known
        reference = mapping.reference(invitee)
        referred = self._by_id.get(reference) if reference else None
        if referred is not None and referred.invitee_uri is None:
            if not invitee.old_invitee:
                return self._set_uri(referred, invitee.uri)
            # Moved before we learned the URI: the reference names the Calendly booking that was moved away from.
            self._set_uri(referred, invitee.old_invitee)
        replaced = self._by_uri.get(invitee.old_invitee) if invitee.old_invitee else None
        if invitee.old_invitee and replaced is None:
            replaced = referred
        if replaced is not None:
            return self._add_placeholder(replaced.booking_id, invitee.uri)
        return self._set_uri(self._add_unmatched(observation), invitee.uri)

    def link_halves(self, calendly_booking: CalendlyBooking) -> None:
        """Link the two halves of a move. A half that has not arrived gets a placeholder. Where each half has
        created a booking, the two bookings become one."""
        own_uri, booking_id = calendly_booking.invitee_uri, calendly_booking.booking_id
        if calendly_booking.old_invitee and calendly_booking.old_invitee != own_uri:
            old = self._by_uri.get(calendly_booking.old_invitee)
            if old is None:
                old = self._add_placeholder(booking_id, calendly_booking.old_invitee)
                old.status, old.rescheduled = CalendlyBooking.Status.CANCELED, True
            self._join(old, calendly_booking)
        if calendly_booking.new_invitee and calendly_booking.new_invitee != own_uri:
            new = self._by_uri.get(calendly_booking.new_invitee)
            if new is None:
                new = self._add_placeholder(booking_id, calendly_booking.new_invitee)
            self._join(calendly_booking, new)

    def request_metadata(
        self, booking: Booking, calendly_booking: CalendlyBooking, observation: Observation
    ) -> None:
        """Have the portal asked for metadata, where the tracking says that the portal made the booking without us
        and we hold no metadata."""
        # No query: the metadata of a booking is read with it, and that of a new one is set here.
        has_metadata = booking._state.fields_cache.get("metadata") is not None
        if calendly_booking.request or has_metadata or not mapping.portal_made(observation.invitee):
            return
        self.new.append(VAIMetadata(booking=booking, next_attempt_at=self.now))

    def columns_before(self) -> Iterator[tuple[Booking, Columns]]:
        """The bookings that were read, each with its columns as they were."""
        for booking in self.bookings.values():
            if id(booking) in self._columns_as_read and booking.pk not in self.absorbed:
                yield booking, self._columns_as_read[id(booking)]

    def save(self) -> None:
        """Save new rows, and the changed columns of rows that were read."""
        new = [row for row in self.new if row.pk not in self.absorbed]
        # A booking and its current Calendly booking refer to one another: the constraint is checked at the end.
        Booking.objects.bulk_create([row for row in new if isinstance(row, Booking)])
        CalendlyBooking.objects.bulk_create([row for row in new if isinstance(row, CalendlyBooking)])
        VAIMetadata.objects.bulk_create([row for row in new if isinstance(row, VAIMetadata)])
        self._save_changed([row for row in self.bookings.values() if row.pk not in self.absorbed])
        self._save_changed(list(itertools.chain.from_iterable(self.calendly_bookings.values())))

    def _save_changed(self, rows: Sequence[Booking] | Sequence[CalendlyBooking]) -> None:
        changed_rows, changed_columns = [], set[str]()
        for row in rows:
            before = self._columns_as_read.get(id(row), {})
            changed = [name for name, value in before.items() if getattr(row, name) != value]
            if changed:
                changed_rows.append(row)
                changed_columns.update(changed)
        if changed_rows and isinstance(changed_rows[0], Booking):
            changed_columns.add("updated_at")
        save_columns(changed_rows, changed_columns)

    def _bookings_of(self, observations: Sequence[Observation]) -> set[uuid.UUID]:
        """The ids of the bookings that the observations may change."""
        uris, references = set[str](), set[uuid.UUID]()
        for observation in observations:
            invitee = observation.invitee
            uris.update(uri for uri in (invitee.uri, invitee.old_invitee, invitee.new_invitee) if uri)
            reference = mapping.reference(invitee)
            if reference:
                references.add(reference)
        rows = CalendlyBooking.objects.filter(Q(invitee_uri__in=uris) | Q(pk__in=references))
        return set(rows.values_list("booking_id", flat=True))

    def _remember(self, row: Booking | CalendlyBooking) -> None:
        columns = {field.attname: getattr(row, field.attname) for field in row._meta.fields}
        self._columns_as_read[id(row)] = columns

    def _index(self, row: CalendlyBooking) -> None:
        self.calendly_bookings.setdefault(row.booking_id, []).append(row)
        self._by_id[row.pk] = row
        if row.invitee_uri:
            self._by_uri[row.invitee_uri] = row

    def _set_uri(self, row: CalendlyBooking, invitee_uri: str) -> CalendlyBooking:
        row.invitee_uri = invitee_uri
        self._by_uri[invitee_uri] = row
        return row

    def _add(self, row: CalendlyBooking) -> CalendlyBooking:
        self.new.append(row)
        self._index(row)
        return row

    def _add_placeholder(self, booking_id: uuid.UUID, invitee_uri: str) -> CalendlyBooking:
        """A Calendly booking that is known by a link only. It is read from Calendly if no delivery arrives soon."""
        return self._add(
            CalendlyBooking(
                id=uuid.uuid4(),
                booking=self.bookings[booking_id],
                status=CalendlyBooking.Status.EXPECTED,
                invitee_uri=invitee_uri,
                event_uri=invitee_uri.rpartition("/invitees/")[0],
                pending_action=CalendlyBooking.PendingAction.REFETCH,
                next_attempt_at=self.now + OTHER_HALF_TIMEOUT,
                created_at=self.now,
            )
        )

    def _add_unmatched(self, observation: Observation) -> CalendlyBooking:
        """A booking made without us: on the public page, or through another portal of the organization."""
        booking, calendly_booking = new_external_booking(self.account, observation)
        self.bookings[booking.pk] = booking
        self.new.append(booking)
        return self._add(calendly_booking)

    def _join(self, old: CalendlyBooking, new: CalendlyBooking) -> None:
        """`new` replaces `old`. One booking keeps both: that of an agent, or that of `old`."""
        new.replaces = old
        if old.booking_id == new.booking_id:
            return
        kept, gone = self.bookings[old.booking_id], self.bookings[new.booking_id]
        if gone.agent_made and not kept.agent_made:
            kept, gone = gone, kept
        kept.locale = kept.locale or gone.locale
        kept.agent_key_id = kept.agent_key_id or gone.agent_key_id
        self._move_new_metadata(gone, kept)
        for row in self.calendly_bookings.pop(gone.pk):
            row.booking = kept
            self.calendly_bookings[kept.pk].append(row)
        self.absorbed[gone.pk] = kept.pk

    def _move_new_metadata(self, gone: Booking, kept: Booking) -> None:
        """Metadata that is not saved yet goes to the booking that is kept, unless that has some."""
        for row in self.new:
            if isinstance(row, VAIMetadata) and row.pk == gone.pk and not hasattr(kept, "metadata"):
                row.booking = kept


def new_external_booking(
    account: CalendlyAccount, observation: Observation
) -> tuple[Booking, CalendlyBooking]:
    """A booking made without us, and its Calendly booking. Not saved."""
    invitee, person = observation.invitee, mapping.person(observation.invitee.raw)
    booking = Booking(
        id=uuid.uuid4(),
        account=account,
        source=Booking.Source.PUBLIC,
        invitee_name=person.name,
        invitee_email=person.email,
        email_key=person.email.strip().lower(),
        search_key=search_key(person.name, person.email),
        time_zone=person.time_zone,
        created_at=invitee.created_at,
    )
    calendly_booking = CalendlyBooking(
        id=uuid.uuid4(),
        booking=booking,
        status=CalendlyBooking.Status.EXPECTED,
        created_at=invitee.created_at,
    )
    return booking, calendly_booking
