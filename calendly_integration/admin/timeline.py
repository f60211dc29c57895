"""The story of a booking: what people did, and apart from it all that the machine did: calls to Calendly,
notifications from it, messages to the portal."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..models import Booking, OutboxMessage, TimelineEntry, VAIMetadata, WebhookDelivery
from ..services import api_call_log, error_texts
from . import formatting
from .display import field_label

# What somebody did. An action that the system did has the model's label, which names nobody.
SENTENCES = {
    "requested": _("%(who)s asked for the meeting"),
    "booked": _("%(who)s booked the meeting"),
    "confirmed": _("Calendly confirmed the meeting"),
    "outcome_unknown": _("Calendly's answer was lost; it is being looked up"),
    "not_booked": _("The meeting was not booked"),
    "look_requested": _("%(who)s asked Calendly for the present state"),
    "cancel_requested": _("%(who)s asked to cancel the meeting"),
    "canceled": _("%(who)s canceled the meeting"),
    "move_requested": _("%(who)s asked to move the meeting"),
    "hand_over_requested": _("%(who)s asked to give the meeting to a colleague"),
    "rescheduled": _("%(who)s moved the meeting"),
    "no_show_requested": _("%(who)s marked the invitee as no-show"),
    "no_show_undo_requested": _("%(who)s removed the no-show mark"),
    "confirmation_sent_again": _("%(who)s sent the confirmation again"),
    "metadata_changed": _("%(who)s changed the data of the conversation"),
    "followup_assigned": _("%(who)s assigned the follow-up"),
    "followup_noted": _("%(who)s wrote a note on the follow-up"),
    "followup_waiting": _("%(who)s asked the invitee; the follow-up is waiting"),
    "followup_closed": _("%(who)s closed the follow-up"),
    "followup_reopened": _("%(who)s reopened the follow-up"),
    "followup_rebooked": _("%(who)s booked again from the follow-up"),
    "staff_noted": _("%(who)s wrote a note for staff"),
}
GAVE_AWAY = _("%(who)s gave the meeting to a colleague")
# A request is left out of the story once its outcome is there, because that names the same person.
OUTCOMES = {
    "requested": "booked",
    "cancel_requested": "canceled",
    "move_requested": "rescheduled",
    "hand_over_requested": "rescheduled",
}
# Here the outcome is Calendly's and names nobody, so it is left out after the request.
CONFIRMED_REQUESTS = {"no_show": "no_show_requested", "no_show_undone": "no_show_undo_requested"}
MACHINE_ACTIONS = (api_call_log.ACTION, "metadata_found", "not_read")
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
BOOKING_DETAILS = ("booking", "instead_of")
SOURCES = {
    "booked": _("Calendly's answer to our booking"),
    "read": _("read at Calendly"),
    "invitee.created": _("a notification from Calendly"),
    "invitee.canceled": _("a notification from Calendly"),
}
MESSAGES = {
    "/calendly/metadata": _("Message to the portal: data of the conversation"),
    "/calendly/notify": _("Message to the portal: new booking"),
    "/calendly/confirmed": _("Message to the portal: booking confirmed"),
    "/calendly/canceled": _("Message to the portal: booking canceled"),
    "/calendly/rescheduled": _("Message to the portal: booking moved"),
    "/email/send": _("Message to the portal: confirmation mail"),
    "/followup/schedule": _("Message to the portal: follow-up"),
    "/analytics/log": _("Message to the portal: statistics"),
}
DELIVERIES = {
    "invitee.created": _("Notification from Calendly: booking created"),
    "invitee.canceled": _("Notification from Calendly: booking canceled"),
    "invitee_no_show.created": _("Notification from Calendly: marked as no-show"),
    "invitee_no_show.deleted": _("Notification from Calendly: no-show mark removed"),
}
# A meeting usually has a handful of each; only the newest are shown.
MAX_ROWS = 100


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One item, ready for the page. `is_story`: it belongs to what people did."""

    at: datetime
    actor: str
    what: str
    when: SafeString
    kind: str = "entry"
    action: str = ""
    is_story: bool = False
    state: SafeString | str = ""
    url: str = ""
    lines: list[SafeString] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Timeline:
    """All items in order. `cut`: there are older ones that are not shown."""

    steps: list[TimelineItem]
    cut: bool

    @property
    def story(self) -> list[TimelineItem]:
        """What people did."""
        return [step for step in self.steps if step.is_story]


def build(booking: Booking) -> Timeline:
    """The whole timeline, in three queries. Items of the same instant are in the order of cause and effect."""
    entries = _newest(booking.timeline.order_by("-pk"))
    deliveries = _newest(booking.deliveries.defer("body").order_by("-pk"))
    messages = _newest(booking.messages.order_by("-pk"))
    steps = [
        *_describe_entries(entries),
        *(_describe_delivery(delivery) for delivery in deliveries),
        *(_describe_message(message) for message in messages),
    ]
    cut = any(len(found) == MAX_ROWS for found in (entries, deliveries, messages))
    return Timeline(sorted(steps, key=lambda step: step.at), cut)


def _newest(rows: QuerySet[Any]) -> list[Any]:
    return list(reversed(rows[:MAX_ROWS]))


def _describe_entries(entries: list[TimelineEntry]) -> Iterator[TimelineItem]:
    repeated, given_away = _repeated(entries)
    for entry in entries:
        is_machine = entry.action in MACHINE_ACTIONS or entry.pk in repeated
        sentence = GAVE_AWAY if entry.pk in given_away else SENTENCES.get(entry.action)
        yield describe_entry(entry, sentence=sentence, is_story=not is_machine)


def _repeated(entries: Iterable[TimelineEntry]) -> tuple[set[int], set[int]]:
    """The entries that tell the same as another one, and the moves that gave the meeting to a colleague."""
    repeated, given_away = set[int](), set[int]()
    open_requests: dict[str, TimelineEntry] = {}
    for entry in entries:
        if entry.action in OUTCOMES or entry.action in CONFIRMED_REQUESTS.values():
            open_requests[entry.action] = entry
        elif entry.action in CONFIRMED_REQUESTS:
            if open_requests.pop(CONFIRMED_REQUESTS[entry.action], None):
                repeated.add(entry.pk)
        else:
            for request, outcome in OUTCOMES.items():
                if outcome == entry.action and request in open_requests:
                    repeated.add(open_requests.pop(request).pk)
                    if request == "hand_over_requested":
                        given_away.add(entry.pk)
    return repeated, given_away


def describe_entry(entry: TimelineEntry, *, sentence: Any = None, is_story: bool = False) -> TimelineItem:
    """A timeline entry as an item."""
    detail = dict(entry.detail) if isinstance(entry.detail, dict) else {}
    is_call = entry.action == api_call_log.ACTION
    who = who_did(entry)
    if is_story:
        detail.pop("through", None)
    return TimelineItem(
        at=entry.at,
        actor=entry.actor,
        what=str(sentence) % {"who": who} if sentence and who else describe_action(entry.action),
        when=formatting.instant(entry.at, seconds=not is_story),
        kind="call" if is_call else "entry",
        action=entry.action,
        is_story=is_story,
        state=_outcome_badge(str(detail.get("outcome", ""))) if is_call else "",
        lines=[_call_text(detail)] if is_call else list(_detail_lines(detail)),
    )


def who_did(entry: TimelineEntry) -> str:
    """Who did it, as the subject of a sentence; empty if it was the system."""
    name = formatting.plain(entry.actor_name)
    if entry.actor == TimelineEntry.Actor.AGENT:
        return gettext("Agent %s") % name if name else gettext("An agent")
    if entry.actor == TimelineEntry.Actor.STAFF:
        return name or gettext("Staff")
    if entry.actor == TimelineEntry.Actor.INVITEE:
        return gettext("The invitee")
    if entry.actor == TimelineEntry.Actor.CALENDLY:
        return gettext("%s, at Calendly,") % name if name else "Calendly"
    return ""


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
        what=str(MESSAGES.get(message.path, _("Message to the portal"))),
        when=formatting.instant(message.created_at, seconds=True),
        kind="outboxmessage",
        state=formatting.badge(message.status, message.get_status_display()),
        url=reverse("admin:calendly_integration_outboxmessage_change", args=[message.pk]),
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
        what=str(DELIVERIES.get(delivery.kind, _("Notification from Calendly"))),
        when=formatting.instant(delivery.received_at, seconds=True),
        kind="webhookdelivery",
        state=formatting.badge(delivery.status, delivery.get_status_display()),
        url=reverse("admin:calendly_integration_webhookdelivery_change", args=[delivery.pk]),
        lines=lines,
    )


def _detail_lines(detail: dict[str, Any]) -> Iterator[SafeString]:
    old, new = detail.pop("old_start", ""), detail.pop("new_start", "")
    if old != new:
        yield formatting.text(
            gettext("From %(old)s to %(new)s") % {"old": _instant_text(old), "new": _instant_text(new)}, 300
        )
    for key, value in detail.items():
        label = DETAILS.get(key) or formatting.plain(key)
        if key in BOOKING_DETAILS:
            yield format_html("{}: {}", label, _booking_link(str(value)))
        else:
            yield formatting.text(f"{label}: {_value_text(key, value)}", formatting.LONG)


def _value_text(key: str, value: Any) -> str:
    if key == "through":
        return str(SOURCES.get(str(value), value))
    if key in ("error", "reason"):
        return str(error_texts.said(str(value)))
    if key in INSTANT_DETAILS:
        return _instant_text(value)
    if key == "fields" and isinstance(value, list):
        known = {each.name for each in VAIMetadata._meta.get_fields()}
        return ", ".join(
            str(field_label(VAIMetadata, name)) if name in known else str(name) for name in value
        )
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _booking_link(key: str) -> SafeString:
    try:
        url = reverse("admin:calendly_integration_booking_change", args=[key])
    except NoReverseMatch:
        return formatting.text(key)
    return format_html('<a href="{}">{}</a>', url, gettext("open it"))


def _instant_text(value: Any) -> str:
    """A time in our format."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return formatting.stamp(at) if at.tzinfo else str(value)
