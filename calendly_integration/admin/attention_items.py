"""What needs attention on Today, each item with a button that leads to the fix. Each group is read only for
people who may view its rows; a button is shown only to people who may use it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import quote
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..models import CalendlyAccount, CalendlyBooking, FollowUp, OutboxMessage, WebhookDelivery
from ..services import outbox
from ..services.backoffice import system_status, today
from ..services.worker import heartbeat
from . import formatting
from .nav import APP

MAX_LISTED = 10


@dataclass(frozen=True, slots=True)
class AttentionItem:
    """One item. `url` leads to the object, `button_url` to the fix."""

    text: str
    since: Any
    url: str = ""
    button: str = ""
    button_url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class AttentionGroup:
    """Items of one kind. `all_url` leads to the full list when not all items are shown."""

    title: object
    items: list[AttentionItem]
    count: str
    all_url: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_cut(self) -> bool:
        """Whether there are more items than are shown."""
        return self.count != str(len(self.items))


def url(name: str, *args: Any, **wanted: object) -> str:
    """The URL of an admin page of ours; empty if the portal has unregistered that page."""
    with suppress(NoReverseMatch):
        found = reverse(f"admin:{APP}_{name}", args=[quote(each) for each in args])
        return f"{found}?{urlencode(wanted)}" if wanted else found
    return ""


def may(request: HttpRequest, permission: str) -> bool:
    """Whether this person has one of the app's permissions."""
    return request.user.has_perm(f"{APP}.{permission}")


def attention_groups(
    request: HttpRequest,
    *,
    accounts: list[CalendlyAccount],
    outbox: system_status.StatusCounts | None,
    worker: heartbeat.WorkerState,
    now: datetime,
) -> list[AttentionGroup]:
    """All groups. The system comes first, because its problems explain the others."""
    machinery = []
    if may(request, "view_calendlyaccount"):
        machinery = [*_accounts(request, accounts, now), *_worker(worker, now)]
    machinery += _outbox(outbox, now)
    found = [AttentionGroup(_("System"), machinery, str(len(machinery)))] if machinery else []
    return found + [group for kind in GROUP_BUILDERS if (group := kind(request, now)) is not None]


def _accounts(request: HttpRequest, rows: list[CalendlyAccount], now: datetime) -> Iterator[AttentionItem]:
    manages = may(request, "manage_calendlyaccount")

    def item(
        text: str, since: Any, row: CalendlyAccount, action: str, label: str, note: str = ""
    ) -> AttentionItem:
        button_url = url(f"calendlyaccount_{action}", row.pk) if manages and action else ""
        page = url("calendlyaccount_change", row.pk)
        return AttentionItem(
            text, since, page, label if button_url else "", button_url, formatting.error_text(note, 200)
        )

    if not rows:
        text = gettext(
            "No Calendly account is connected yet. Set CALENDLY_API_KEY and run manage.py calendly_setup."
        )
        yield AttentionItem(text, "")
    for row in rows:
        name, checked = formatting.plain(row, 60), formatting.instant(row.checked_at)
        if row.health == CalendlyAccount.Health.FAILING:
            text = gettext("Calendly rejects the access token of %s") % name
            yield item(text, checked, row, "check", gettext("Check now"), row.health_note)
        if row.subscription_state != "active":
            text = gettext("The webhook is not subscribed: %s") % name
            yield item(text, checked, row, "subscribe", gettext("Subscribe"), row.subscription_state)
        if row.quota_exhausted_until and row.quota_exhausted_until > now:
            until = formatting.stamp(row.quota_exhausted_until)
            text = (
                gettext("The booking allowance is used up until %s. Invitees can still book by link.") % until
            )
            yield item(text, "", row, "", "")


def _worker(worker: heartbeat.WorkerState, now: datetime) -> list[AttentionItem]:
    if worker.alive:
        return []
    since = formatting.instant(now - worker.age) if worker.age is not None else ""
    note = "" if since else gettext("It has never reported.")
    text = gettext(
        "The worker is not running: nothing is sent or processed. Start it with manage.py calendly_worker."
    )
    status_page = url("calendlyaccount_system_status")
    return [
        AttentionItem(
            text, since, status_page, gettext("System status") if status_page else "", status_page, note
        )
    ]


def _outbox(counts: system_status.StatusCounts | None, now: datetime) -> list[AttentionItem]:
    since = outbox.paused_since() if counts is not None else None
    if since is not None:
        waiting = url("outboxmessage_changelist", status__exact=OutboxMessage.Status.WAITING)
        text = gettext("The portal rejects our key, so messages to it are paused. Set VAI_API_KEY.")
        return [AttentionItem(text, formatting.instant(since), waiting, gettext("Show them"), waiting)]
    if counts is None or counts.oldest is None or now - counts.oldest <= today.OUTBOX_LATE_AFTER:
        return []
    waiting = url("outboxmessage_changelist", status__exact=OutboxMessage.Status.WAITING)
    text = gettext("Messages to the portal have waited for more than five minutes.")
    return [AttentionItem(text, formatting.instant(counts.oldest), waiting, gettext("Show them"), waiting)]


def _group(
    title: object,
    found: today.LimitedRows,
    item: Callable[[Any], AttentionItem],
    all_url: str,
    *links: tuple[str, str],
) -> AttentionGroup | None:
    if not found.rows:
        return None
    count = f"{len(found.rows)}+" if found.more else str(len(found.rows))
    return AttentionGroup(
        title, [item(row) for row in found.rows[:MAX_LISTED]], count, all_url, [w for w in links if w[1]]
    )


def _object_item(
    text: str, since: Any, model: str, key: object, action: tuple[str, str, bool], note: str = ""
) -> AttentionItem:
    """The item of one object. `action` is the name and label of the action that fixes it, and whether this
    person may use it."""
    name, label, allowed = action
    page = url(f"{model}_change", key)
    button_url = url(f"{model}_{name}", key) if allowed else ""
    return AttentionItem(
        text, since, page, label if button_url else gettext("Open"), button_url or page, note
    )


def _messages(request: HttpRequest, now: datetime) -> AttentionGroup | None:
    if not may(request, "view_outboxmessage"):
        return None
    sends = may(request, "resend_outboxmessage")

    def item(row: OutboxMessage) -> AttentionItem:
        text, error = (
            f"{formatting.plain(row.path, 40)} · {_who(row.booking)}",
            formatting.error_text(row.last_error, 160),
        )
        action = ("resend", gettext("Send again"), sends)
        return _object_item(text, formatting.instant(row.created_at), "outboxmessage", row.pk, action, error)

    every = url("outboxmessage_changelist", status__exact=OutboxMessage.Status.PARKED)
    return _group(_("Messages rejected by the portal"), today.parked_messages(), item, every)


def _deliveries(request: HttpRequest, now: datetime) -> AttentionGroup | None:
    if not may(request, "view_webhookdelivery"):
        return None
    replays = may(request, "replay_webhookdelivery")

    def item(row: WebhookDelivery) -> AttentionItem:
        text = f"{formatting.plain(row.kind or '?', 40)} · {row.get_status_display()}"
        action = ("replay", gettext("Process again"), replays)
        error = formatting.error_text(row.last_error, 160)
        return _object_item(
            text, formatting.instant(row.received_at), "webhookdelivery", row.pk, action, error
        )

    every = url("webhookdelivery_changelist", status__in="parked,unreadable")
    return _group(_("Webhook deliveries that could not be processed"), today.stuck_deliveries(), item, every)


def _unknown_outcomes(request: HttpRequest, now: datetime) -> AttentionGroup | None:
    if not may(request, "view_booking"):
        return None

    may_refetch = may(request, "replay_webhookdelivery")

    def item(row: CalendlyBooking) -> AttentionItem:
        since = formatting.instant(row.sent_at or row.created_at)
        text, error = _meeting(row.booking, row.start_at), formatting.error_text(row.last_error, 160)
        return _object_item(
            text,
            since,
            "booking",
            row.booking_id,
            ("refetch", gettext("Ask Calendly now"), may_refetch),
            error,
        )

    return _group(
        _("Bookings with an unknown outcome"),
        today.unknown_outcomes(),
        item,
        url(
            "calendlybooking_changelist",
            pending_action__exact=CalendlyBooking.PendingAction.RESOLVE,
            next_attempt_at__isnull="False",
        ),
        (
            gettext("System status"),
            url("calendlyaccount_system_status") if may(request, "view_calendlyaccount") else "",
        ),
    )


def _lost_moves(request: HttpRequest, now: datetime) -> AttentionGroup | None:
    if not may(request, "view_booking"):
        return None

    may_refetch = may(request, "replay_webhookdelivery")

    def item(row: Any) -> AttentionItem:
        text, since = _meeting(row, row.start_at), formatting.instant(row.updated_at)
        return _object_item(
            text, since, "booking", row.pk, ("refetch", gettext("Ask Calendly now"), may_refetch)
        )

    every = url("booking_changelist", status="pending")
    return _group(_("Meetings moved to an unknown time"), today.lost_moves(), item, every)


def _old_meetings(request: HttpRequest, now: datetime) -> AttentionGroup | None:
    if not may(request, "view_booking"):
        return None

    retries = may(request, "reschedule_booking")

    def item(row: CalendlyBooking) -> AttentionItem:
        action = ("retry_old_cancellation", gettext("Cancel the old meeting again"), retries)
        text, error = _meeting(row.booking, row.start_at), formatting.error_text(row.last_error, 160)
        return _object_item(text, "", "booking", row.booking_id, action, error)

    found, title = (
        today.old_meetings_left(now=now),
        _("Moved, but the old meeting is still active at Calendly"),
    )
    return _group(
        title,
        found,
        item,
        url("calendlybooking_changelist", status__exact="active", pending_action__exact=""),
    )


def _unconfirmed(request: HttpRequest, now: datetime) -> AttentionGroup | None:
    if not may(request, "view_booking"):
        return None

    may_refetch = may(request, "replay_webhookdelivery")

    def item(row: Any) -> AttentionItem:
        text, since = _meeting(row, row.start_at), formatting.instant(row.created_at)
        return _object_item(
            text, since, "booking", row.pk, ("refetch", gettext("Ask Calendly now"), may_refetch)
        )

    wanted = {key: _query_value(value) for key, value in today.unconfirmed_lookups(now=now).items()}
    return _group(
        _("Bookings not confirmed by Calendly"),
        today.unconfirmed(now=now),
        item,
        url("booking_changelist", **wanted),
    )


def _without_link(request: HttpRequest, now: datetime) -> AttentionGroup | None:
    if not may(request, "view_booking"):
        return None

    sends = may(request, "resend_outboxmessage")

    def item(row: Any) -> AttentionItem:
        text, since = _meeting(row, row.start_at), formatting.instant(row.mailed_without_link_at)
        action = ("send_confirmation", gettext("Send the confirmation again"), sends)
        return _object_item(text, since, "booking", row.pk, action)

    wanted = {key: _query_value(value) for key, value in today.without_link_lookups(now=now).items()}
    return _group(
        _("Confirmations sent without a link"),
        today.mailed_without_link(now=now),
        item,
        url("booking_changelist", **wanted),
    )


def _query_value(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _followups(request: HttpRequest, now: datetime) -> AttentionGroup | None:
    if not may(request, "view_followup"):
        return None
    label = gettext("Handle it") if may(request, "change_followup") else gettext("Open")

    def item(row: FollowUp) -> AttentionItem:
        page = url("followup_change", row.pk)
        text = f"{row.get_kind_display()} · {formatting.plain(row.email, 60)}"
        whose = gettext("assigned to %s") % formatting.plain(row.assignee, 40) if row.assignee else ""
        return AttentionItem(text, formatting.instant(row.scheduled_for), page, label, page, whose)

    every = url("followup_changelist", status__in="open,waiting", scheduled_for__lte=now.isoformat())
    return _group(_("Due follow-ups"), today.due_followups(now=now), item, every)


def _bulk_runs(request: HttpRequest, now: datetime) -> AttentionGroup | None:
    if not may(request, "view_bulkrun"):
        return None

    def item(row: Any) -> AttentionItem:
        page = url("bulkrun_change", row.pk)
        failures = ngettext("%d row failed", "%d rows failed", row.failures) % row.failures
        text = f"{row.get_kind_display()} · {failures}"
        return AttentionItem(
            text,
            formatting.instant(row.created_at),
            page,
            gettext("See why"),
            page,
            formatting.plain(row.by, 60),
        )

    return _group(
        _("Bulk actions with failures"), today.failed_bulk_runs(now=now), item, url("bulkrun_changelist")
    )


def _who(booking: Any) -> str:
    return formatting.plain(booking.invitee_name or booking.invitee_email, 60) if booking is not None else "–"


def _meeting(booking: Any, start: datetime | None) -> str:
    when = formatting.stamp(start) if start else "–"
    return f"{_who(booking)} · {formatting.plain(booking.event_name, 40)} · {when}"


GROUP_BUILDERS: tuple[Callable[[HttpRequest, datetime], AttentionGroup | None], ...] = (
    _messages,
    _deliveries,
    _unknown_outcomes,
    _old_meetings,
    _lost_moves,
    _unconfirmed,
    _without_link,
    _followups,
    _bulk_runs,
)
