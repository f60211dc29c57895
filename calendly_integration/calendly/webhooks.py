"""Webhook deliveries: checks their signature and reads them. Works on bytes, without HTTP and without a clock.

https://developer.calendly.com/api-docs/4c305798a61d3-webhook-signatures
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import AliasPath, Field

from ..http import json_body
from ..http.json_body import InvalidJSON
from .errors import InvalidSignature, UnreadablePayload
from .fields import Payload, Text
from .payloads import EventType, Invitee, ScheduledEvent

INVITEE_KINDS = frozenset(
    {"invitee.created", "invitee.canceled", "invitee_no_show.created", "invitee_no_show.deleted"}
)
EVENT_TYPE_KINDS = frozenset({"event_type.created", "event_type.updated", "event_type.deleted"})

_MAX_HEADER = 1024
_MAX_TIMESTAMP_DIGITS = 11
_DIGEST_LENGTH = 64
_LOWER_HEX = frozenset("0123456789abcdef")
CALENDLY = "https://api.calendly.com"
_MAX_URI = 255
_ID = "[A-Za-z0-9_-]{1,100}"
_EVENT = re.compile(f"/scheduled_events/{_ID}")
_INVITEE = re.compile(f"/scheduled_events/{_ID}/invitees/{_ID}")
_NO_SHOW = re.compile(f"/invitee_no_shows/{_ID}")
_EVENT_TYPE = re.compile(f"/event_types/{_ID}")
_USER = re.compile(f"/users/{_ID}")


class InviteeDelivery(Payload):
    """Something happened to an invitee. ``event`` is the meeting inside of the payload."""

    kind: Text = Field(validation_alias="event")
    invitee: Invitee = Field(validation_alias="payload")
    event: ScheduledEvent = Field(validation_alias=AliasPath("payload", "scheduled_event"))


class EventTypeDelivery(Payload):
    """An event type was made, changed or deleted. Its HTML description is not sent."""

    kind: Text = Field(validation_alias="event")
    event_type: EventType = Field(validation_alias="payload")


class UnknownDelivery(Payload):
    """Signed by Calendly, but of a kind that we do not use."""

    kind: Annotated[Text, Field(max_length=100)] = Field(validation_alias="event")


Delivery = InviteeDelivery | EventTypeDelivery | UnknownDelivery


def verify(*, body: bytes, header: str | None, keys: Sequence[str], now: float, tolerance: float) -> None:
    """Check that one of ``keys`` signed ``body`` within ``tolerance`` seconds of ``now`` (Unix seconds).

    Raises InvalidSignature. Without a key nothing is accepted. Several keys serve a rotation.
    """
    timestamp, digests = check_header(header, now=now, tolerance=tolerance)
    signed = b"%b.%b" % (timestamp.encode("ascii"), body)
    matched = False
    for key in keys:
        # Anybody can sign with an empty key.
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

    Raises UnreadablePayload for what is not JSON or not a delivery, and for a kind that we know in a shape that we
    do not; also for a URI of another host, which could never be read again.
    """
    try:
        envelope = json_body.load(body)
    except InvalidJSON as exc:
        raise UnreadablePayload(str(exc)) from None
    delivery = UnknownDelivery.parse(envelope)
    allowed = (CALENDLY, *(base.rstrip("/") for base in bases))
    if delivery.kind in INVITEE_KINDS:
        about_invitee = InviteeDelivery.parse(envelope)
        _check_uris(about_invitee.invitee, about_invitee.event, allowed)
        return about_invitee
    if delivery.kind in EVENT_TYPE_KINDS:
        about_event_type = EventTypeDelivery.parse(envelope)
        _check_uri("uri", about_event_type.event_type.uri, _EVENT_TYPE, allowed)
        return about_event_type
    return delivery


def _check_uris(invitee: Invitee, event: ScheduledEvent, bases: tuple[str, ...]) -> None:
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
        raise UnreadablePayload(f"{name} is no URI of Calendly's")
