"""What needs attention on Today, in words of the office, each item with what mends it: one click where that is
harmless, else a page that asks. A group is read only for people who may view its rows; a button is shown only to
people who may use it."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import quote
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..models import CalendlyBooking, OutboxMessage, WebhookDelivery
from ..services import outbox
from ..services.backoffice import health, today
from ..services.outbox import portal_messages
from . import formatting, lamp
from .nav import APP

MAX_LISTED = 10
# What the portal does not know while it rejects a message.
UNKNOWN_TO_PORTAL = {
    "/calendly/metadata": _("the portal does not know of the booking"),
    "/calendly/notify": _("the portal does not know of the booking"),
    "/calendly/confirmed": _("the portal does not know that it is confirmed"),
    "/calendly/canceled": _("the portal does not know of the cancellation"),
    "/calendly/rescheduled": _("the portal does not know of the new time"),
    "/followup/schedule": _("the portal does not know whom to contact again"),
    "/analytics/log": _("it is missing in the portal's statistics"),
}


@dataclass(frozen=True, slots=True)
class AttentionItem:
    """One item. `url` leads to the object. The button leads to `button_url`, or sends the form to `post_url`.
    `command` is a management command for the administrator, folded away."""

    key: str
    text: str
    since: Any = ""
    note: str = ""
    url: str = ""
    button: str = ""
    button_url: str = ""
    post_url: str = ""
    once: uuid.UUID | str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class AttentionGroup:
    """Items of one kind. `all_url` leads to the full list when not all items are shown."""

    title: object
    items: list[AttentionItem]
    count: str
    all_url: str = ""

    @property
    def is_cut(self) -> bool:
        """Whether there are more items than are shown."""
        return self.count != str(len(self.items))


Groups = list[AttentionGroup]


def url(name: str, *args: Any, **wanted: object) -> str:
    """The URL of an admin page of ours; empty if the portal has unregistered that page."""
    with suppress(NoReverseMatch):
        found = reverse(f"admin:{APP}_{name}", args=[quote(each) for each in args])
        return f"{found}?{urlencode(wanted)}" if wanted else found
    return ""


def may(request: HttpRequest, permission: str) -> bool:
    """Whether this person has one of the app's permissions."""
    return request.user.has_perm(f"{APP}.{permission}")


def attention_groups(request: HttpRequest, *, now: datetime) -> Groups:
    """All groups. The system comes first, because its problems explain the others."""
    found: Groups = []
    if may(request, "view_booking") or may(request, "view_calendlyaccount"):
        items = [*_problems(now), *_accounts(request, now)]
        found = [AttentionGroup(_("The system"), items, str(len(items)))] if items else []
    if may(request, "view_outboxmessage"):
        found += _messages(request, now)
    if may(request, "view_booking"):
        found += _unknown_outcomes(request)
        found += _old_meetings(request, now)
        found += _lost_moves(request)
        found += _unconfirmed(request, now)
        found += _without_link(request, now)
    if may(request, "view_webhookdelivery"):
        found += _deliveries(request)
    if may(request, "view_bulkrun"):
        found += _bulk_runs(now)
    return found


def _problems(now: datetime) -> Iterator[AttentionItem]:
    """What the lamp shows, with what it means and what to do."""
    problems = health.problems(now=now)
    for problem in problems:
        yield AttentionItem(
            key=f"system-{problem.fault}",
            text=lamp.words(problem, now),
            note=str(lamp.ADVICE[problem.fault]),
            command=lamp.COMMANDS[problem.fault],
        )
    oldest = outbox.stats(now).oldest if not problems else None
    if oldest is not None and oldest > today.OUTBOX_LATE_AFTER:
        yield AttentionItem(
            key="system-outbox",
            text=gettext("Messages to the portal have waited for more than five minutes."),
            since=formatting.brief(now - oldest),
            url=url("outboxmessage_changelist", status__exact=OutboxMessage.Status.WAITING),
        )


def _accounts(request: HttpRequest, now: datetime) -> Iterator[AttentionItem]:
    """The webhook, and the booking allowance."""
    opens = may(request, "view_calendlyaccount")
    for row in today.accounts():
        page = url("calendlyaccount_change", row.pk) if opens else ""
        if row.subscription_state != "active":
            yield AttentionItem(
                key=f"webhook-{row.pk}",
                text=gettext("Calendly does not notify us of changes: they arrive up to half an hour late"),
                note=gettext("Tell the administrator."),
                url=page,
                command="calendly_doctor",
            )
        if row.quota_exhausted_until and row.quota_exhausted_until > now:
            until = formatting.stamp(row.quota_exhausted_until)
            yield AttentionItem(
                key=f"quota-{row.pk}",
                text=gettext("The booking allowance at Calendly is used up until %s") % until,
                note=gettext("Until then invitees can book on Calendly's own page."),
                url=page,
            )


def _messages(request: HttpRequest, now: datetime) -> Groups:
    """Messages that the portal rejected: first the confirmations, which invitees miss."""
    found, sends = today.parked_messages(), may(request, "resend_outboxmessage")

    def item(row: OutboxMessage) -> AttentionItem:
        text = _who(row.booking)
        if row.path == portal_messages.MAIL_PATH:
            if row.booking is not None:
                text = _meeting(row.booking, row.booking.start_at)
        else:
            what = UNKNOWN_TO_PORTAL.get(row.path, _("the portal rejected the message"))
            text = f"{text} · {what}"
        return AttentionItem(
            key=f"message-{row.pk}",
            text=text,
            since=formatting.brief(row.created_at),
            note=formatting.error_text(row.last_error, 160),
            url=url("outboxmessage_change", row.pk),
            button=gettext("Send again"),
            post_url=url("outboxmessage_resend", row.pk) if sends else "",
        )

    mails = [row for row in found.rows if row.path == portal_messages.MAIL_PATH]
    others = [row for row in found.rows if row.path != portal_messages.MAIL_PATH]
    every = url("outboxmessage_changelist", status__exact=OutboxMessage.Status.PARKED)
    return [
        *_group(
            _("The invitee did not get the confirmation"), today.LimitedRows(mails, found.more), item, every
        ),
        *_group(_("The portal rejected a message"), today.LimitedRows(others, found.more), item, every),
    ]


def _unknown_outcomes(request: HttpRequest) -> Groups:
    asks = may(request, "replay_webhookdelivery")

    def item(row: CalendlyBooking) -> AttentionItem:
        return _ask_calendly(
            row.booking,
            row.start_at,
            row.sent_at or row.created_at,
            asks,
            formatting.error_text(row.last_error, 160),
        )

    every = url(
        "calendlybooking_changelist",
        pending_action__exact=CalendlyBooking.PendingAction.RESOLVE,
        next_attempt_at__isnull="False",
    )
    return _group(_("It is not known yet whether Calendly booked it"), today.unknown_outcomes(), item, every)


def _lost_moves(request: HttpRequest) -> Groups:
    asks = may(request, "replay_webhookdelivery")

    def item(row: Any) -> AttentionItem:
        return _ask_calendly(row, row.start_at, row.updated_at, asks)

    every = url("booking_changelist", status="pending")
    return _group(_("Moved to a time that is not known yet"), today.lost_moves(), item, every)


def _unconfirmed(request: HttpRequest, now: datetime) -> Groups:
    asks = may(request, "replay_webhookdelivery")

    def item(row: Any) -> AttentionItem:
        return _ask_calendly(row, row.start_at, row.created_at, asks)

    wanted = {key: _query_value(value) for key, value in today.unconfirmed_lookups(now=now).items()}
    every = url("booking_changelist", **wanted)
    return _group(_("Calendly has not confirmed it yet"), today.unconfirmed(now=now), item, every)


def _ask_calendly(
    booking: Any, start: datetime | None, since: datetime, allowed: bool, note: str = ""
) -> AttentionItem:
    """A meeting about which Calendly is to be asked."""
    return AttentionItem(
        key=f"refetch-{booking.pk.hex}",
        text=_meeting(booking, start),
        since=formatting.brief(since),
        note=note,
        url=url("booking_change", booking.pk),
        button=gettext("Ask Calendly now"),
        post_url=url("booking_refetch", booking.pk) if allowed else "",
    )


def _old_meetings(request: HttpRequest, now: datetime) -> Groups:
    retries = may(request, "reschedule_booking")

    def item(row: CalendlyBooking) -> AttentionItem:
        return AttentionItem(
            key=f"old-{row.pk.hex}",
            text=_meeting(row.booking, row.start_at),
            note=formatting.error_text(row.last_error, 160),
            url=url("booking_change", row.booking_id),
            button=gettext("Cancel the old meeting again"),
            button_url=url("booking_retry_old_cancellation", row.booking_id) if retries else "",
        )

    every = url("calendlybooking_changelist", status__exact="active", pending_action__exact="")
    title = _("Moved, but the old meeting is still in Calendly")
    return _group(title, today.old_meetings_left(now=now), item, every)


def _without_link(request: HttpRequest, now: datetime) -> Groups:
    sends = may(request, "resend_outboxmessage")

    def item(row: Any) -> AttentionItem:
        return AttentionItem(
            key=f"link-{row.pk.hex}",
            text=_meeting(row, row.start_at),
            since=formatting.brief(row.mailed_without_link_at),
            url=url("booking_change", row.pk),
            button=gettext("Send the confirmation again"),
            post_url=url("booking_send_confirmation", row.pk) if sends else "",
            once=uuid.uuid4(),
        )

    wanted = {key: _query_value(value) for key, value in today.without_link_lookups(now=now).items()}
    every = url("booking_changelist", **wanted)
    title = _("The confirmation had no link to the meeting")
    return _group(title, today.mailed_without_link(now=now), item, every)


def _deliveries(request: HttpRequest) -> Groups:
    replays = may(request, "replay_webhookdelivery")

    def item(row: WebhookDelivery) -> AttentionItem:
        whose = _who(row.booking) if row.booking else formatting.plain(row.kind, 40)
        return AttentionItem(
            key=f"delivery-{row.pk}",
            text=f"{whose} · {row.get_status_display()}",
            since=formatting.brief(row.received_at),
            note=formatting.error_text(row.last_error, 160),
            url=url("webhookdelivery_change", row.pk),
            button=gettext("Process again"),
            post_url=url("webhookdelivery_replay", row.pk) if replays else "",
        )

    every = url("webhookdelivery_changelist", status__in="parked,unreadable")
    title = _("News from Calendly that could not be processed")
    return _group(title, today.stuck_deliveries(), item, every)


def _bulk_runs(now: datetime) -> Groups:
    def item(row: Any) -> AttentionItem:
        page = url("bulkrun_change", row.pk)
        failures = ngettext("%d row failed", "%d rows failed", row.failures) % row.failures
        return AttentionItem(
            key=f"bulk-{row.pk}",
            text=f"{row.get_kind_display()} · {failures}",
            since=formatting.brief(row.created_at),
            note=formatting.plain(row.by, 60),
            url=page,
            button=gettext("See why"),
            button_url=page,
        )

    every = url("bulkrun_changelist")
    return _group(_("Bulk actions with failures"), today.failed_bulk_runs(now=now), item, every)


def _group(
    title: object, found: today.LimitedRows, item: Callable[[Any], AttentionItem], all_url: str
) -> Groups:
    """The group of these rows, or none. `item` describes one row: the kinds differ in this alone."""
    if not found.rows:
        return []
    count = f"{len(found.rows)}+" if found.more else str(len(found.rows))
    return [AttentionGroup(title, [item(row) for row in found.rows[:MAX_LISTED]], count, all_url)]


def _query_value(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _who(booking: Any) -> str:
    return formatting.plain(booking.invitee_name or booking.invitee_email, 60) if booking is not None else "–"


def _meeting(booking: Any, start: datetime | None) -> str:
    when = formatting.stamp(start) if start else "–"
    return f"{_who(booking)} · {formatting.plain(booking.event_name, 40)} · {when}"
