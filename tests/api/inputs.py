"""Every call that takes something, with its shape and what it needs at least."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from rest_framework.fields import Field, ListField
from rest_framework.serializers import Serializer

from calendly_integration.api import bookings, catalog, fields, schedule

from .document import PREFIX

WISH = {"eventType": "Sales Demo", "inviteeEmail": "ana@example.com", "inviteeName": "Ana Pop"}


@dataclass(frozen=True)
class Call:
    """`{booking}` and `{host}` in the path stand for ids."""

    method: str
    path: str
    shape: type[Serializer[Any]]
    needed: dict[str, Any]

    def send(self, api: Any, ids: dict[str, str], given: dict[str, Any]) -> Any:
        """The call with what it needs and what is given."""
        path = PREFIX + self.path.format(**ids)
        sent = {**self.needed, **given}
        if self.shape is bookings.EmailInPath:
            return api.get(path + quote(str(sent["email"]), safe="", errors="replace"))
        if self.method == "GET":
            pairs = {name: value for name, value in sent.items() if value is not None}
            return api.get(f"{path}?{urlencode(pairs, errors='replace')}")
        return api.generic(self.method, path, json.dumps(sent).encode(), content_type="application/json")


CALLS = [
    Call("POST", "schedule", schedule.ScheduleBody, WISH),
    Call("GET", "upcoming/ana@example.com", bookings.UpcomingQuery, {}),
    Call("GET", "upcoming/", bookings.EmailInPath, {"email": "ana@example.com"}),
    Call("GET", "bookings", bookings.ListQuery, {}),
    Call("GET", "bookings/{booking}", bookings.DetailQuery, {}),
    Call("POST", "bookings/{booking}/cancel", bookings.CancelBody, {}),
    Call(
        "POST", "bookings/{booking}/reschedule", bookings.RescheduleBody, {"newStartTime": "2026-11-28T10:00"}
    ),
    Call("PATCH", "bookings/{booking}/metadata", bookings.MetadataBody, {}),
    Call("GET", "availability", catalog.AvailabilityQuery, {"eventType": "Sales Demo"}),
    Call("GET", "hosts/{host}/availability", catalog.SpanQuery, {}),
]


def each_field() -> Iterator[Any]:
    """(call, field's name, field) of them all, as pytest parameters are written."""
    for call in CALLS:
        for name, field in call.shape().fields.items():
            yield call, name, field


def shapes_known() -> set[type[Serializer[Any]]]:
    """The shapes of all calls, those inside of lists too."""
    found = {call.shape for call in CALLS}
    for _call, _name, field in each_field():
        child: Field[Any, Any, Any, Any] | None = field.child if isinstance(field, ListField) else None
        if isinstance(child, Serializer):
            found.add(type(child))
    return found


def shapes_written() -> set[type[Serializer[Any]]]:
    """All shapes that the code has."""
    found, left = set(), [fields.Shape]
    while left:
        for kind in left.pop().__subclasses__():
            found.add(kind)
            left.append(kind)
    return found
