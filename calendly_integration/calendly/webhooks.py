"""What Calendly sends to us: is it theirs, and what does it say? Works on bytes, knows no HTTP and no clock.

https://developer.calendly.com/api-docs/ZG9jOjM2MzE2MDM4-webhook-signatures
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import fields
from .errors import InvalidSignature, Unreadable
from .types import EventType, Invitee, ScheduledEvent

INVITEE_KINDS = frozenset(
    {"invitee.created", "invitee.canceled", "invitee_no_show.created", "invitee_no_show.deleted"}
)
EVENT_TYPE_KINDS = frozenset({"event_type.created", "event_type.updated", "event_type.deleted"})

_MAX_HEADER = 1024
_MAX_TIMESTAMP_DIGITS = 11
_DIGEST_LENGTH = 64
_LOWER_HEX = frozenset("0123456789abcdef")
_MAX_KIND = 100
CALENDLY = "https://api.calendly.com"
_MAX_URI = 255
_ID = "[A-Za-z0-9_-]{1,100}"
_EVENT = re.compile(f"/scheduled_events/{_ID}")
_INVITEE = re.compile(f"/scheduled_events/{_ID}/invitees/{_ID}")
_NO_SHOW = re.compile(f"/invitee_no_shows/{_ID}")
_EVENT_TYPE = re.compile(f"/event_types/{_ID}")
_USER = re.compile(f"/users/{_ID}")


@dataclass(frozen=True, slots=True)
class InviteeDelivery:
    """Something happened to an invitee. ``invitee.raw`` is the whole payload, ``event`` the meeting in it.

    ``created_at`` is the delivery's moment; whether it is news, ``invitee.updated_at`` tells.
    """

    kind: str
    created_at: datetime
    invitee: Invitee
    event: ScheduledEvent


@dataclass(frozen=True, slots=True)
class EventTypeDelivery:
    """An event type was made, changed or deleted. Its HTML description is not sent."""

    kind: str
    created_at: datetime
    event_type: EventType


@dataclass(frozen=True, slots=True)
class UnknownDelivery:
    """Signed by Calendly, but of a kind that we do not use."""

    kind: str
    created_at: datetime | None
    payload: Any


Delivery = InviteeDelivery | EventTypeDelivery | UnknownDelivery


def verify(*, body: bytes, header: str | None, keys: Sequence[str], now: float, tolerance: float) -> None:
    """Promise that one of ``keys`` signed ``body`` within ``tolerance`` seconds of ``now`` (Unix seconds).

    Raises InvalidSignature. No key, or only empty ones: nothing is accepted. Several keys serve a rotation.
    """
    timestamp, digests = check_header(header, now=now, tolerance=tolerance)
    signed = b"%b.%b" % (timestamp.encode("ascii"), body)
    matched = False
    for key in keys:
        # An empty key is one that anybody can sign with.
        if not key:
            continue
        expected = hmac.digest(key.encode("utf-8"), signed, "sha256").hex().encode("ascii")
        for digest in digests:
            matched |= hmac.compare_digest(expected, digest)
    if not matched:
        raise InvalidSignature("no signature matches")


def _parse_header(header: str | None) -> tuple[str, list[bytes]]:
    """``t=<Unix seconds>,v1=<hex>[,v1=…]``, by key and not by position; other keys are ignored."""
    if not header:
        raise InvalidSignature("no header")
    if len(header) > _MAX_HEADER or not header.isascii():
        raise InvalidSignature("header too long or not ASCII")
    timestamps: list[str] = []
    digests: list[bytes] = []
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t":
            timestamps.append(value)
        # Only what Calendly writes: lower-case hex.
        elif name == "v1" and len(value) == _DIGEST_LENGTH and _LOWER_HEX.issuperset(value):
            digests.append(value.encode("ascii"))
    if len(timestamps) != 1:
        raise InvalidSignature("not one timestamp")
    timestamp = timestamps[0]
    if not timestamp.isdigit() or len(timestamp) > _MAX_TIMESTAMP_DIGITS:
        raise InvalidSignature("timestamp is no number of seconds")
    if not digests:
        raise InvalidSignature("no v1 signature")
    return timestamp, digests


def check_header(header: str | None, *, now: float, tolerance: float) -> tuple[str, list[bytes]]:
    """The timestamp and digests of a well-formed signature header within ``tolerance`` seconds of ``now``.

    Needs no body: what fails here can be refused before the body is read. Raises InvalidSignature.
    """
    timestamp, digests = _parse_header(header)
    # Written so that a NaN refuses.
    if not abs(now - int(timestamp)) <= tolerance:
        raise InvalidSignature("too old or too early")
    return timestamp, digests


def parse(body: bytes, *, bases: Iterable[str] = ()) -> Delivery:
    """Read a verified delivery. Its URIs are Calendly's, or begin with one of ``bases`` (a sandbox, a proxy).

    Raises Unreadable: not JSON, not an envelope, or a kind that we know in a shape that we do not; also with a URI
    of somewhere else, which could never be read again.
    """
    envelope = fields.as_dict(fields.load_json(body), "delivery")
    kind = fields.text(envelope, "event")
    if len(kind) > _MAX_KIND:
        raise Unreadable("event is too long for a kind")
    payload = envelope.get("payload")
    ours = (CALENDLY, *(base.rstrip("/") for base in bases))
    if kind in INVITEE_KINDS:
        invitee = Invitee.parse(fields.as_dict(payload, "payload"))
        event = ScheduledEvent.parse(fields.as_dict(invitee.raw.get("scheduled_event"), "scheduled_event"))
        _check(invitee, event, ours)
        return InviteeDelivery(kind, fields.instant(envelope, "created_at"), invitee, event)
    if kind in EVENT_TYPE_KINDS:
        event_type = EventType.parse(fields.as_dict(payload, "payload"))
        _check_uri("uri", event_type.uri, _EVENT_TYPE, ours)
        return EventTypeDelivery(kind, fields.instant(envelope, "created_at"), event_type)
    try:
        created_at = fields.instant_or_none(envelope, "created_at")
    except Unreadable:
        created_at = None
    return UnknownDelivery(kind, created_at, payload)


def _check(invitee: Invitee, event: ScheduledEvent, bases: tuple[str, ...]) -> None:
    for name, uri, shape in (
        ("uri", invitee.uri, _INVITEE),
        ("event", invitee.event_uri, _EVENT),
        ("old_invitee", invitee.old_invitee, _INVITEE),
        ("new_invitee", invitee.new_invitee, _INVITEE),
        ("no_show", invitee.no_show_uri, _NO_SHOW),
        ("scheduled_event", event.uri, _EVENT),
        ("event_type", event.event_type_uri, _EVENT_TYPE),
        *(("event_memberships", uri, _USER) for uri in event.hosts),
    ):
        if uri is not None:
            _check_uri(name, uri, shape, bases)


def _check_uri(name: str, uri: str, shape: re.Pattern[str], bases: tuple[str, ...]) -> None:
    known = any(uri.startswith(base) and shape.fullmatch(uri, len(base)) for base in bases)
    if not known or len(uri) > _MAX_URI:
        raise Unreadable(f"{name} is no URI of Calendly's")
