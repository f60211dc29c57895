"""The history of a booking: timeline entries, webhook deliveries and messages to the portal in one list."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from ..models import Booking, OutboxMessage, TimelineEntry, WebhookDelivery
from ..services import api_call_log, error_texts
from . import formatting
from .display import object_link

DETAILS = {
    "reason": _("Reason"),
    "error": _("Error"),
    "start": _("Start"),
    "wanted": _("Requested start"),
    "through": _("Source"),
    "to": _("To"),
    "until": _("Due again"),
    "note": _("Note"),
    "booking": _("New booking"),
    "instead_of": _("Instead of booking"),
    "fields": _("Changed"),
}
# Details that are times. Typed texts are shown as they are, even if they look like a time.
INSTANT_DETAILS = ("start", "wanted", "until")
SOURCES = {
    "booked": _("Calendly's answer to our booking"),
    "read": _("a read at Calendly"),
    "invitee.created": _("a webhook delivery"),
    "invitee.canceled": _("a webhook delivery"),
}
MESSAGES = {
    "/calendly/metadata": _("Message to the portal: metadata"),
    "/calendly/notify": _("Message to the portal: new booking"),
    "/calendly/confirmed": _("Message to the portal: booking confirmed"),
    "/calendly/canceled": _("Message to the portal: booking canceled"),
    "/calendly/rescheduled": _("Message to the portal: booking moved"),
    "/email/send": _("Message to the portal: confirmation mail"),
    "/followup/schedule": _("Message to the portal: follow-up"),
    "/analytics/log": _("Message to the portal: analytics"),
}
DELIVERIES = {
    "invitee.created": _("Webhook: booking created"),
    "invitee.canceled": _("Webhook: booking canceled"),
    "invitee_no_show.created": _("Webhook: marked as no-show"),
    "invitee_no_show.deleted": _("Webhook: no-show mark removed"),
}
# A meeting usually has a handful of each; only the newest are shown.
MAX_ROWS = 100


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One item, ready for the page."""

    at: datetime
    actor: str
    who: str
    what: str
    when: SafeString
    kind: str = "entry"
    state: SafeString | str = ""
    link: SafeString | str = ""
    lines: list[SafeString] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The items in order. `cut`: there are older ones that are not shown."""

    steps: list[TimelineItem]
    cut: bool


def build(booking: Booking) -> Timeline:
    """The whole timeline, in three queries. Items of the same instant are in the order of cause and effect."""
    entries = _newest(booking.timeline.order_by("-pk"))
    deliveries = _newest(booking.deliveries.defer("body").order_by("-pk"))
    messages = _newest(booking.messages.order_by("-pk"))
    steps = [
        *(describe_entry(entry) for entry in entries),
        *(_describe_delivery(delivery) for delivery in deliveries),
        *(_describe_message(message) for message in messages),
    ]
    cut = any(len(found) == MAX_ROWS for found in (entries, deliveries, messages))
    return Timeline(sorted(steps, key=lambda step: step.at), cut)


def _newest(rows: QuerySet[Any]) -> list[Any]:
    return list(reversed(rows[:MAX_ROWS]))


def describe_entry(entry: TimelineEntry) -> TimelineItem:
    """A timeline entry as an item."""
    detail = dict(entry.detail) if isinstance(entry.detail, dict) else {}
    is_call = entry.action == api_call_log.ACTION
    return TimelineItem(
        at=entry.at,
        actor=entry.actor,
        who=_actor_text(entry.get_actor_display(), entry.actor_name),
        what=describe_action(entry.action),
        when=formatting.instant(entry.at, seconds=True),
        kind="call" if is_call else "entry",
        state=_outcome_badge(str(detail.get("outcome", ""))) if is_call else "",
        lines=[_call_text(detail)] if is_call else list(_detail_lines(detail)),
    )


def describe_action(action: str) -> str:
    """The label of an action. One that is unknown, from a later version, is shown as it is."""
    known = action in TimelineEntry.Action.values
    return str(TimelineEntry.Action(action).label) if known else formatting.plain(action)


def _call_text(detail: dict[str, Any]) -> SafeString:
    """`POST /invitees · 152 ms · 3 tries`."""
    parts = [str(detail.get("call", "")), f"{detail.get('ms', '?')} ms"]
    tries = detail.get("tries", 1)
    if isinstance(tries, int) and tries > 1:
        parts.append(ngettext("%d try", "%d tries", tries) % tries)
    return formatting.text(" · ".join(parts), 200)


def _outcome_badge(outcome: str) -> SafeString:
    return formatting.badge("ok" if outcome.startswith("2") and outcome.isdigit() else "failed", outcome)


def _describe_message(message: OutboxMessage) -> TimelineItem:
    """A message to the portal, and its status."""
    lines = []
    if message.sent_at is not None:
        lines.append(formatting.text(gettext("Sent at %s") % formatting.stamp(message.sent_at, seconds=True)))
    if message.attempts > 1:
        attempts = ngettext("%d attempt", "%d attempts", message.attempts) % message.attempts
        lines.append(formatting.text(attempts))
    if message.last_error and message.sent_at is None:
        lines.append(formatting.text(f"{DETAILS['error']}: {error_texts.said(message.last_error)}", 300))
    return TimelineItem(
        at=message.created_at,
        actor=TimelineEntry.Actor.SYSTEM,
        who=_actor_text(TimelineEntry.Actor.SYSTEM.label),
        what=str(MESSAGES.get(message.path, _("Message to the portal"))),
        when=formatting.instant(message.created_at, seconds=True),
        kind="outboxmessage",
        state=formatting.badge(message.status, message.get_status_display()),
        link=object_link(message, message.path),
        lines=lines,
    )


def _describe_delivery(delivery: WebhookDelivery) -> TimelineItem:
    """A webhook delivery, and its status."""
    lines = []
    if delivery.applied_at is not None:
        lines.append(
            formatting.text(gettext("Processed at %s") % formatting.stamp(delivery.applied_at, seconds=True))
        )
    if delivery.last_error:
        lines.append(formatting.text(f"{DETAILS['error']}: {error_texts.said(delivery.last_error)}", 300))
    return TimelineItem(
        at=delivery.received_at,
        actor=TimelineEntry.Actor.CALENDLY,
        who=_actor_text(TimelineEntry.Actor.CALENDLY.label),
        what=str(DELIVERIES.get(delivery.kind, _("Webhook delivery"))),
        when=formatting.instant(delivery.received_at, seconds=True),
        kind="webhookdelivery",
        state=formatting.badge(delivery.status, delivery.get_status_display()),
        link=object_link(delivery, delivery.kind or "?"),
        lines=lines,
    )


def _actor_text(kind: Any, name: str = "") -> str:
    name = formatting.plain(name)
    return pgettext("actor", "by %s") % (f"{kind} · {name}" if name else kind)


def _detail_lines(detail: dict[str, Any]) -> Iterator[SafeString]:
    old, new = detail.pop("old_start", ""), detail.pop("new_start", "")
    if old or new:
        yield formatting.text(
            gettext("From %(old)s to %(new)s") % {"old": _instant_text(old), "new": _instant_text(new)}, 300
        )
    for key, value in detail.items():
        label = DETAILS.get(key) or formatting.plain(key)
        words = SOURCES.get(str(value), value) if key == "through" else value
        if key in ("error", "reason"):
            text = error_texts.said(str(words))
        else:
            text = _instant_text(words) if key in INSTANT_DETAILS else _value_text(words)
        yield formatting.text(f"{label}: {text}", formatting.LONG)


def _value_text(value: Any) -> str:
    """The value as text, lists with commas."""
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _instant_text(value: Any) -> str:
    """A time in our format."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return formatting.stamp(at) if at.tzinfo else str(value)
