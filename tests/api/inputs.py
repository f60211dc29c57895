"""Every call that takes something, with its serializer and what it needs at least."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from rest_framework.fields import Field, ListField
from rest_framework.serializers import Serializer

from calendly_integration.api import bookings, catalog, metadata, reschedule, schedule
from calendly_integration.api.fields import RequestSerializer

from .document import PREFIX

SCHEDULE_BODY = {"eventType": "Sales Demo", "inviteeEmail": "ana@example.com", "inviteeName": "Ana Pop"}


@dataclass(frozen=True)
class Call:
    """`{booking}` and `{host}` in the path stand for ids."""

    method: str
    path: str
    serializer_class: type[RequestSerializer]
    needed: dict[str, Any]

    def send(self, api: Any, ids: dict[str, str], given: dict[str, Any]) -> Any:
        """The call with what it needs and what is given."""
        path = PREFIX + self.path.format(**ids)
        sent = {**self.needed, **given}
        if self.serializer_class is bookings.EmailInPathSerializer:
            return api.get(path + quote(str(sent["email"]), safe="", errors="replace"))
        if self.method == "GET":
            pairs = {name: value for name, value in sent.items() if value is not None}
            return api.get(f"{path}?{urlencode(pairs, errors='replace')}")
        return api.generic(self.method, path, json.dumps(sent).encode(), content_type="application/json")


CALLS = [
    Call("POST", "schedule", schedule.ScheduleBodySerializer, SCHEDULE_BODY),
    Call("GET", "upcoming/ana@example.com", bookings.UpcomingQuerySerializer, {}),
    Call("GET", "upcoming/", bookings.EmailInPathSerializer, {"email": "ana@example.com"}),
    Call("GET", "bookings", bookings.ListQuerySerializer, {}),
    Call("GET", "bookings/{booking}", bookings.DetailQuerySerializer, {}),
    Call("POST", "bookings/{booking}/cancel", bookings.CancelBodySerializer, {}),
    Call(
        "POST",
        "bookings/{booking}/reschedule",
        reschedule.RescheduleBodySerializer,
        {"newStartTime": "2026-11-28T10:00"},
    ),
    Call("PATCH", "bookings/{booking}/metadata", metadata.MetadataBodySerializer, {}),
    Call("GET", "availability", catalog.AvailabilityQuerySerializer, {"eventType": "Sales Demo"}),
    Call("GET", "hosts/{host}/availability", catalog.SpanQuerySerializer, {}),
]


def each_field() -> Iterator[Any]:
    """(call, field's name, field) of them all, as pytest parameters are written."""
    for call in CALLS:
        for name, field in call.serializer_class().fields.items():
            yield call, name, field


def checked_serializers() -> set[type[Serializer[Any]]]:
    """The serializers of all calls, those inside of lists too."""
    found = {call.serializer_class for call in CALLS}
    for _call, _name, field in each_field():
        child: Field[Any, Any, Any, Any] | None = field.child if isinstance(field, ListField) else None
        if isinstance(child, Serializer):
            found.add(type(child))
    return found


def request_serializers() -> set[type[Serializer[Any]]]:
    """All request serializers that the code has."""
    found, left = set(), [RequestSerializer]
    while left:
        for kind in left.pop().__subclasses__():
            found.add(kind)
            left.append(kind)
    return found
