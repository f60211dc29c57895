"""Deliveries: their bodies, their signatures, their order, their retries. Sending is `sender.py`'s."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from . import moments, render
from .core import Core
from .store import Delivery, EventType, Invitee, Json, Subscription

HEADER = "Calendly-Webhook-Signature"
INVITEE_EVENTS = (
    "invitee.created",
    "invitee.canceled",
    "invitee_no_show.created",
    "invitee_no_show.deleted",
)
EVENT_TYPE_EVENTS = ("event_type.created", "event_type.updated", "event_type.deleted")
CONTACT_EVENTS = ("contact.created", "contact.updated", "contact.deleted")
RECAP_EVENTS = ("meeting_recap.created", "meeting_recap.updated", "meeting_recap.deleted")
Where = tuple[str, ...]
EVERYWHERE: Where = ("organization", "user", "group")
ONLY_USER: Where = ("user",)
ONLY_ORGANIZATION: Where = ("organization",)
SCOPES: dict[str, tuple[Where, str]] = (
    dict.fromkeys(INVITEE_EVENTS, (EVERYWHERE, "scheduled_events:read"))
    | dict.fromkeys(EVENT_TYPE_EVENTS, (EVERYWHERE, "event_types:read"))
    | dict.fromkeys(CONTACT_EVENTS, (EVERYWHERE, "contacts:read"))
    | dict.fromkeys(RECAP_EVENTS, (ONLY_USER, "meeting_recaps:read"))
    | {"routing_form_submission.created": (ONLY_ORGANIZATION, "routing_forms:read")}
)
"""Where each event may be subscribed, and the read scope that its token needs."""


@dataclass(frozen=True)
class Parcel:
    """One try of one delivery, ready to be sent as it stands."""

    delivery: Delivery
    url: str
    body: bytes
    headers: dict[str, str]


def encode(envelope: Json) -> str:
    """Compact JSON, keys in alphabetical order, `&<>` escaped as the live bodies have them."""
    text = json.dumps(envelope, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for character in "&<>\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def signature(key: str, timestamp: int, body: bytes) -> str:
    """The value of the header: HMAC-SHA256 over timestamp, a full stop and the raw body."""
    signed = str(timestamp).encode() + b"." + body
    return f"t={timestamp},v1={hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()}"


def emit_invitee(core: Core, name: str, invitee: Invitee) -> None:
    """Queue an invitee event for all who subscribed to it."""
    event = core.state.events[invitee.event_id]
    payload = render.invitee(core, invitee) | {"scheduled_event": render.event_in_webhook(core, event)}
    _emit(core, name, payload, event.host_ids)


def emit_event_type(core: Core, name: str, event_type: EventType) -> None:
    """Queue an event type's change. Webhooks carry no HTML description."""
    payload = render.event_type(core, event_type)
    del payload["description_html"]
    _emit(core, name, payload, event_type.host_ids)


def emit_pair(core: Core, old: Invitee, new: Invitee) -> None:
    """Queue the two halves of a reschedule, in the order that the options say."""
    halves = [("invitee.canceled", old), ("invitee.created", new)]
    order = core.options.pair_order
    if order == "created_first" or (order == "random" and core.chance.random() < 0.5):
        halves.reverse()
    for name, invitee in halves:
        emit_invitee(core, name, invitee)


def _emit(core: Core, name: str, payload: Json, host_ids: list[str]) -> None:
    for subscription in core.state.subscriptions.values():
        if subscription.state != "active" or name not in subscription.events:
            continue
        if subscription.scope != "organization" and subscription.user_id not in host_ids:
            continue
        now = core.now()
        creator = core.user_uri(subscription.creator_id)
        envelope = {
            "created_at": moments.text(now),
            "created_by": creator,
            "event": name,
            "payload": payload,
        }
        for _ in range(2 if core.options.webhook_double else 1):
            queue(core, subscription, name, encode(envelope), now)


def queue(core: Core, subscription: Subscription, name: str, body: str, now: datetime) -> Delivery:
    """Put one message into the queue, as it is."""
    with core.change():
        core.state.deliveries_made += 1
        status = "held" if core.options.webhook_hold else "pending"
        delivery = Delivery(core.state.deliveries_made, subscription.id, name, body, now, now, status)
        core.state.add_webhookdelivery(delivery)
        return delivery


def waiting(core: Core) -> list[Delivery]:
    """Deliveries not yet done with, in the order in which they will leave."""
    with core.lock:
        found = [item for item in core.state.open_deliveries.values() if item.status in ("pending", "held")]
        if core.options.webhook_order == "reversed":
            found.reverse()
        elif core.options.webhook_order == "random":
            core.chance.shuffle(found)
        return found


def due(core: Core) -> list[Delivery]:
    """Those of them that may leave now."""
    now = core.now()
    return [item for item in waiting(core) if item.status == "pending" and item.due_at <= now]


def next_due(core: Core) -> Delivery | None:
    """The one that a sender takes next. In the usual order it does not look at all that wait."""
    if core.options.webhook_order != "sent":
        return next(iter(due(core)), None)
    now = core.now()
    with core.lock:
        waits = core.state.open_deliveries.values()
        return next((item for item in waits if item.status == "pending" and item.due_at <= now), None)


def release(core: Core) -> None:
    """Stop holding, and let go what was held."""
    with core.change():
        core.options.webhook_hold = False
        for delivery in core.state.open_deliveries.values():
            if delivery.status == "held":
                delivery.status = "pending"


def open_parcel(core: Core, delivery: Delivery) -> Parcel | None:
    """Begin a try: mark it as sending and sign it. None if it must not be sent any more."""
    with core.change():
        subscription = core.state.subscriptions.get(delivery.subscription_id)
        if delivery.status not in ("pending", "held"):
            return None
        if subscription is None or subscription.state != "active":
            _end(core, delivery, "dropped")
            return None
        now = core.now()
        delivery.status = "sending"
        delivery.tries += 1
        delivery.first_try_at = delivery.first_try_at or now
        if delivery.signed_at is None or core.options.webhook_fresh_signature:
            delivery.signed_at = int(now.timestamp())
        body = delivery.body.encode()
        headers = {"Content-Type": "application/json", "User-Agent": "Calendly-Sandbox-Webhooks"}
        if subscription.signing_key is not None:
            headers[HEADER] = signature(subscription.signing_key, delivery.signed_at, body)
        return Parcel(delivery, subscription.callback_url, body, headers)


def close_parcel(core: Core, parcel: Parcel, outcome: int | str) -> None:
    """End a try with an HTTP status or the text of a network error. Only 2xx is a success."""
    delivery = parcel.delivery
    with core.change():
        delivery.results.append(str(outcome))
        subscription = core.state.subscriptions.get(delivery.subscription_id)
        if isinstance(outcome, int) and 200 <= outcome < 300:
            _end(core, delivery, "delivered")
            core.state.given_up.pop(delivery.subscription_id, None)
        elif subscription is None:
            _end(core, delivery, "dropped")
        else:
            _put_off(core, delivery, subscription)
        if subscription is not None and not core.state.failing[subscription.id]:
            subscription.retry_started_at = None


def _end(core: Core, delivery: Delivery, status: str) -> None:
    delivery.status = status
    core.state.open_deliveries.pop(delivery.number, None)
    core.state.failing[delivery.subscription_id].discard(delivery.number)


def _put_off(core: Core, delivery: Delivery, subscription: Subscription) -> None:
    options, now = core.options, core.now()
    subscription.retry_started_at = subscription.retry_started_at or now
    pause = options.retry_base * 2.0 ** (delivery.tries - 1) * options.time_scale
    delivery.due_at = now + timedelta(seconds=pause)
    first = delivery.first_try_at or now
    limit = max(first, _meeting_end(delivery)) + timedelta(seconds=options.retry_for * options.time_scale)
    if delivery.due_at <= limit:
        delivery.status = "pending"
        core.state.failing[subscription.id].add(delivery.number)
        return
    _end(core, delivery, "failed")
    if core.state.failing[subscription.id] or core.state.given_up[subscription.id]:
        subscription.state = "disabled"
        subscription.updated_at = core.stamp()
    core.state.given_up[subscription.id] += 1


def _meeting_end(delivery: Delivery) -> datetime:
    """Retries go on until 24 hours after the first try, or after the meeting, whichever is later."""
    payload: Json = json.loads(delivery.body).get("payload") or {}
    event: Json = payload.get("scheduled_event") or {}
    return moments.parse(event.get("end_time")) or delivery.created_at


def deliver(
    core: Core, post: Callable[[str, bytes, dict[str, str]], Any], *, held: bool = False
) -> list[int | str]:
    """Send by hand each delivery that is due (and with `held` those kept back), one try each.

    `post(url, body, headers)` returns a status, or an object with `status_code`; what it raises is a failure
    of that try. Returns the outcomes in the order of sending.
    """
    chosen = waiting(core) if held else due(core)
    outcomes: list[int | str] = []
    for delivery in chosen:
        parcel = open_parcel(core, delivery)
        if parcel is None:
            continue
        try:
            answer = post(parcel.url, parcel.body, parcel.headers)
            outcome: int | str = int(getattr(answer, "status_code", answer))
        except Exception as error:  # whatever the receiver raises is a failed try
            outcome = f"{type(error).__name__}: {error}"
        close_parcel(core, parcel, outcome)
        outcomes.append(outcome)
    return outcomes
