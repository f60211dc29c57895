"""Webhook deliveries: bodies, signatures, order and retries. `sender.py` sends them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from . import moments, render
from .sandbox import Sandbox
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
class WebhookRequest:
    """The HTTP request of one attempt of a delivery."""

    delivery: Delivery
    url: str
    body: bytes
    headers: dict[str, str]


def encode(envelope: Json) -> str:
    """Compact JSON, keys in alphabetical order, `&<>` escaped as in the live bodies."""
    text = json.dumps(envelope, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for character in "&<>\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def signature(key: str, timestamp: int, body: bytes) -> str:
    """The value of the header: HMAC-SHA256 over timestamp, a full stop and the raw body."""
    signed = str(timestamp).encode() + b"." + body
    return f"t={timestamp},v1={hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()}"


def emit_invitee(sandbox: Sandbox, name: str, invitee: Invitee) -> None:
    """Queue an invitee event for all its subscriptions."""
    event = sandbox.state.events[invitee.event_id]
    payload = render.invitee(sandbox, invitee) | {"scheduled_event": render.event_in_webhook(sandbox, event)}
    _emit(sandbox, name, payload, event.host_ids)


def emit_event_type(sandbox: Sandbox, name: str, event_type: EventType) -> None:
    """Queue an event type's change. Webhooks carry no HTML description."""
    payload = render.event_type(sandbox, event_type)
    del payload["description_html"]
    _emit(sandbox, name, payload, event_type.host_ids)


def emit_pair(sandbox: Sandbox, old: Invitee, new: Invitee) -> None:
    """Queue the two deliveries of a reschedule, in the order of `options.pair_order`."""
    deliveries = [("invitee.canceled", old), ("invitee.created", new)]
    order = sandbox.options.pair_order
    if order == "created_first" or (order == "random" and sandbox.random.random() < 0.5):
        deliveries.reverse()
    for name, invitee in deliveries:
        emit_invitee(sandbox, name, invitee)


def _emit(sandbox: Sandbox, name: str, payload: Json, host_ids: list[str]) -> None:
    for subscription in sandbox.state.subscriptions.values():
        if subscription.state != "active" or name not in subscription.events:
            continue
        if subscription.scope != "organization" and subscription.user_id not in host_ids:
            continue
        now = sandbox.now()
        creator = sandbox.user_uri(subscription.creator_id)
        envelope = {
            "created_at": moments.text(now),
            "created_by": creator,
            "event": name,
            "payload": payload,
        }
        for _ in range(2 if sandbox.options.webhook_double else 1):
            queue(sandbox, subscription, name, encode(envelope), now)


def queue(sandbox: Sandbox, subscription: Subscription, name: str, body: str, now: datetime) -> Delivery:
    """Put one delivery into the queue."""
    with sandbox.change():
        sandbox.state.deliveries_made += 1
        status = "held" if sandbox.options.webhook_hold else "pending"
        delivery = Delivery(sandbox.state.deliveries_made, subscription.id, name, body, now, now, status)
        sandbox.state.add_delivery(delivery)
        return delivery


def waiting_deliveries(sandbox: Sandbox) -> list[Delivery]:
    """Unfinished deliveries in sending order."""
    with sandbox.lock:
        found = [
            item for item in sandbox.state.open_deliveries.values() if item.status in ("pending", "held")
        ]
        if sandbox.options.webhook_order == "reversed":
            found.reverse()
        elif sandbox.options.webhook_order == "random":
            sandbox.random.shuffle(found)
        return found


def due(sandbox: Sandbox) -> list[Delivery]:
    """The waiting deliveries that are due now."""
    now = sandbox.now()
    return [item for item in waiting_deliveries(sandbox) if item.status == "pending" and item.due_at <= now]


def next_due(sandbox: Sandbox) -> Delivery | None:
    """The delivery to send next. In the usual order it does not read all that wait."""
    if sandbox.options.webhook_order != "sent":
        return next(iter(due(sandbox)), None)
    now = sandbox.now()
    with sandbox.lock:
        waits = sandbox.state.open_deliveries.values()
        return next((item for item in waits if item.status == "pending" and item.due_at <= now), None)


def release(sandbox: Sandbox) -> None:
    """Stop holding, and release the held deliveries."""
    with sandbox.change():
        sandbox.options.webhook_hold = False
        for delivery in sandbox.state.open_deliveries.values():
            if delivery.status == "held":
                delivery.status = "pending"


def start_attempt(sandbox: Sandbox, delivery: Delivery) -> WebhookRequest | None:
    """Start an attempt: mark the delivery as sending and sign it. None if it must not be sent."""
    with sandbox.change():
        subscription = sandbox.state.subscriptions.get(delivery.subscription_id)
        if delivery.status not in ("pending", "held"):
            return None
        if subscription is None or subscription.state != "active":
            _close(sandbox, delivery, "dropped")
            return None
        now = sandbox.now()
        delivery.status = "sending"
        delivery.tries += 1
        delivery.first_try_at = delivery.first_try_at or now
        if delivery.signed_at is None or sandbox.options.webhook_fresh_signature:
            delivery.signed_at = int(now.timestamp())
        body = delivery.body.encode()
        headers = {"Content-Type": "application/json", "User-Agent": "Calendly-Sandbox-Webhooks"}
        if subscription.signing_key is not None:
            headers[HEADER] = signature(subscription.signing_key, delivery.signed_at, body)
        return WebhookRequest(delivery, subscription.callback_url, body, headers)


def finish_attempt(sandbox: Sandbox, request: WebhookRequest, outcome: int | str) -> None:
    """Finish an attempt with an HTTP status or the text of a network error. Only 2xx is a success."""
    delivery = request.delivery
    with sandbox.change():
        delivery.results.append(str(outcome))
        subscription = sandbox.state.subscriptions.get(delivery.subscription_id)
        if isinstance(outcome, int) and 200 <= outcome < 300:
            _close(sandbox, delivery, "delivered")
            sandbox.state.given_up.pop(delivery.subscription_id, None)
        elif subscription is None:
            _close(sandbox, delivery, "dropped")
        else:
            _schedule_retry(sandbox, delivery, subscription)
        if subscription is not None and not sandbox.state.failing[subscription.id]:
            subscription.retry_started_at = None


def _close(sandbox: Sandbox, delivery: Delivery, status: str) -> None:
    delivery.status = status
    sandbox.state.open_deliveries.pop(delivery.number, None)
    sandbox.state.failing[delivery.subscription_id].discard(delivery.number)


def _schedule_retry(sandbox: Sandbox, delivery: Delivery, subscription: Subscription) -> None:
    options, now = sandbox.options, sandbox.now()
    subscription.retry_started_at = subscription.retry_started_at or now
    pause = options.retry_base * 2.0 ** (delivery.tries - 1) * options.time_scale
    delivery.due_at = now + timedelta(seconds=pause)
    first = delivery.first_try_at or now
    limit = max(first, _meeting_end(delivery)) + timedelta(seconds=options.retry_for * options.time_scale)
    if delivery.due_at <= limit:
        delivery.status = "pending"
        sandbox.state.failing[subscription.id].add(delivery.number)
        return
    _close(sandbox, delivery, "failed")
    if sandbox.state.failing[subscription.id] or sandbox.state.given_up[subscription.id]:
        subscription.state = "disabled"
        subscription.updated_at = sandbox.stamp()
    sandbox.state.given_up[subscription.id] += 1


def _meeting_end(delivery: Delivery) -> datetime:
    """Retries end 24 hours after the first attempt or after the meeting, whichever is later."""
    payload: Json = json.loads(delivery.body).get("payload") or {}
    event: Json = payload.get("scheduled_event") or {}
    return moments.parse(event.get("end_time")) or delivery.created_at


def deliver(
    sandbox: Sandbox, post: Callable[[str, bytes, dict[str, str]], Any], *, held: bool = False
) -> list[int | str]:
    """Send each due delivery once, without a server; with `held` also the held ones.

    `post(url, body, headers)` returns a status, or an object with `status_code`; an exception
    counts as a failed attempt. Returns the outcomes in the order of sending.
    """
    chosen = waiting_deliveries(sandbox) if held else due(sandbox)
    outcomes: list[int | str] = []
    for delivery in chosen:
        request = start_attempt(sandbox, delivery)
        if request is None:
            continue
        try:
            answer = post(request.url, request.body, request.headers)
            outcome: int | str = int(getattr(answer, "status_code", answer))
        except Exception as error:  # every error of the receiver is a failed attempt
            outcome = f"{type(error).__name__}: {error}"
        finish_attempt(sandbox, request, outcome)
        outcomes.append(outcome)
    return outcomes
