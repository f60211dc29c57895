"""Options. An `Open point` is not answered by public documents; the default is our choice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

Plan = Literal["generous", "enterprise", "paid", "free", "trial"]


@dataclass
class Options:
    """How this Calendly behaves. Fields may be changed at any time, also while it runs."""

    plan: Plan = "generous"
    """Which rate limits apply. `generous` is not a plan of Calendly: it has no practical limit, for tests."""

    never_offered: Literal["already_filled", "not_found"] = "already_filled"
    """Open point: the answer of POST /invitees to a start that was never offered: 400 already_filled, or 404."""

    retry_after_header: bool = False
    """Open point: whether a 429 has Retry-After as well as X-RateLimit-Reset."""

    booking_reset_seconds: int | None = None
    """Open point: X-RateLimit-Reset when the hourly or daily limit of bookings is reached.
    None: the seconds until that limit is reset."""

    scheduled_by_token_owner: bool = False
    """Open point: `invitee_scheduled_by` of API bookings: null, or the token owner's URI."""

    compare_position: bool = False
    """Open point: whether an answer's `position` must be that of the question."""

    no_show_twice_status: int = 400
    """Open point: the status for marking a no-show twice."""

    booking_needs_paid_plan: bool = False
    """The rule before 3 November 2026: 403 for POST /invitees on the Free plan."""

    webhooks_need_paid_plan: bool = False
    """The rule before 3 November 2026: 403 for POST /webhook_subscriptions on the Free plan."""

    round_robin_location: Literal["refused", "ignored"] = "refused"
    """A location must not be sent for round robin. Open point: what happens if it is sent."""

    created_inactive: bool = True
    """An event type made by POST /event_types was seen to be inactive, whatever was sent."""

    available_times_scope: str = "availability:read"
    """The documents disagree: availability:read on the page, event_types:read in the catalogue."""

    https_callbacks_only: bool = False
    """Calendly requires HTTPS callbacks. Off by default, because local addresses are HTTP."""

    location_push_seconds: float = 2.0
    """Open point: how long a conference location stays `processing` without a join_url."""

    location_outcome: Literal["pushed", "failed", "processing"] = "pushed"
    """The status after `processing`. With `processing` the link never appears."""

    page_token_seconds: float | None = None
    """Lifetime of a page token; after it the list answers 400, as was seen. None: unlimited."""

    webhook_scope_refusal: Literal["named", "unnamed"] = "named"
    """POST /webhook_subscriptions by a token that lacks the read scope of an event: `named` is the 403 that
    lists the scopes, `unnamed` is a 400 without names, which was also seen."""

    pair_order: Literal["random", "canceled_first", "created_first"] = "random"
    """Open point: the order of the two deliveries of a reschedule. `random` follows the seed."""

    webhook_order: Literal["sent", "reversed", "random"] = "sent"
    """The order in which waiting deliveries are sent."""

    webhook_double: bool = False
    """Open point: send every delivery twice."""

    webhook_hold: bool = False
    """Hold deliveries until they are released."""

    webhook_fresh_signature: bool = True
    """Open point: a retry is signed with its own time, not with that of the first attempt."""

    retry_base: float = 60.0
    """Open point: seconds until the first retry; doubled for each retry."""

    retry_for: float = 24 * 3600.0
    """Seconds after the first attempt until Calendly gives a delivery up."""

    time_scale: float = 1.0
    """Factor for both retry values, so that a test does not wait for a day."""

    def set(self, name: str, value: object) -> None:
        """Change one field. Raises ValueError for an unknown field or an invalid value."""
        allowed = get_type_hints(Options).get(name)
        if allowed is None:
            raise ValueError(f"no such option: {name}")
        if not _fits(value, allowed):
            raise ValueError(f"{name} cannot be {value!r}")
        setattr(self, name, value)

    def set_text(self, text: str) -> None:
        """Change one field by `name=value`, where the value is JSON or a plain text. Raises as `set`."""
        name, _, value = text.partition("=")
        try:
            self.set(name, json.loads(value))
        except json.JSONDecodeError:
            self.set(name, value)


def _fits(value: object, allowed: Any) -> bool:
    choices = get_args(allowed)
    if get_origin(allowed) is Literal:
        return value in choices
    if choices:
        return any(_fits(value, choice) for choice in choices)
    if isinstance(value, bool):
        return allowed is bool
    return isinstance(value, int | float if allowed is float else allowed)
