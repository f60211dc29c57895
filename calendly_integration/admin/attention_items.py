"""What needs a hand on Today: what is wrong, since when, and the way to what mends it.

Each kind is asked for only by those who may see its rows; a button stands there for those who may press it.
"""

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

LISTED = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One thing. `url` leads to it, `button` to what mends it."""

    text: str
    since: Any
    url: str = ""
    button: str = ""
    button_url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """The things of a kind. `all_url` leads to all of them, where not all are listed."""

    title: object
    lines: list[Line]
    count: str
    all_url: str = ""
    ways: list[tuple[str, str]] = field(default_factory=list)

    @property
    def cut(self) -> bool:
        """Whether there are more than are listed."""
        return self.count != str(len(self.lines))


def url(name: str, *args: Any, **wanted: object) -> str:
    """An address of our admin; empty where the portal has taken that page out of it."""
    with suppress(NoReverseMatch):
        found = reverse(f"admin:{APP}_{name}", args=[quote(each) for each in args])
        return f"{found}?{urlencode(wanted)}" if wanted else found
    return ""


def may(request: HttpRequest, permission: str) -> bool:
    """Whether this person has that permission of ours."""
    return request.user.has_perm(f"{APP}.{permission}")


def needs(
    request: HttpRequest,
    *,
    connections: list[CalendlyAccount],
    outbox: system_status.Pile | None,
    worker: heartbeat.WorkerState,
    now: datetime,
) -> list[Need]:
    """All of it, the machinery first: what is wrong there explains the rest."""
    machinery = []
    if may(request, "view_calendlyaccount"):
        machinery = [*_connections(request, connections, now), *_worker(worker, now)]
    machinery += _outbox(outbox, now)
    found = [Need(_("Machinery"), machinery, str(len(machinery)))] if machinery else []
    return found + [need for kind in KINDS if (need := kind(request, now)) is not None]


def _connections(request: HttpRequest, rows: list[CalendlyAccount], now: datetime) -> Iterator[Line]:
    manages = may(request, "manage_calendlyaccount")

    def line(text: str, since: Any, row: CalendlyAccount, act: str, label: str, note: str = "") -> Line:
        mend = url(f"calendlyaccount_{act}", row.pk) if manages and act else ""
        page = url("calendlyaccount_change", row.pk)
        return Line(text, since, page, label if mend else "", mend, formatting.told(note, 200))

    if not rows:
        text = gettext("No connection yet. Set CALENDLY_API_KEY and run manage.py calendly_setup.")
        yield Line(text, "")
    for row in rows:
        name, checked = formatting.plain(row, 60), formatting.instant(row.checked_at)
        if row.health == CalendlyAccount.Health.FAILING:
            text = gettext("Calendly does not accept us: %s") % name
            yield line(text, checked, row, "check", gettext("Check now"), row.health_note)
        if row.subscription_state != "active":
            text = gettext("The webhook is not subscribed: %s") % name
            yield line(text, checked, row, "subscribe", gettext("Subscribe"), row.subscription_state)
        if row.quota_exhausted_until and row.quota_exhausted_until > now:
            until = formatting.stamp(row.quota_exhausted_until)
            text = (
                gettext("The booking allowance is used up until %s. Invitees can still book by link.") % until
            )
            yield line(text, "", row, "", "")


def _worker(worker: heartbeat.WorkerState, now: datetime) -> list[Line]:
    if worker.alive:
        return []
    since = formatting.instant(now - worker.age) if worker.age is not None else ""
    note = "" if since else gettext("It was never heard of.")
    text = gettext("The worker is silent: nothing is sent or read. Start it with manage.py calendly_worker.")
    room = url("calendlyaccount_machine")
    return [Line(text, since, room, gettext("Machine room") if room else "", room, note)]


def _outbox(pile: system_status.Pile | None, now: datetime) -> list[Line]:
    since = outbox.paused_since() if pile is not None else None
    if since is not None:
        waiting = url("outboxmessage_changelist", status__exact=OutboxMessage.Status.WAITING)
        text = gettext("The portal refuses our key: messages to it are paused. Set VAI_API_KEY.")
        return [Line(text, formatting.instant(since), waiting, gettext("Look at them"), waiting)]
    if pile is None or pile.oldest is None or now - pile.oldest <= today.OUTBOX_OLD:
        return []
    waiting = url("outboxmessage_changelist", status__exact=OutboxMessage.Status.WAITING)
    text = gettext("Messages to the portal wait longer than five minutes.")
    return [Line(text, formatting.instant(pile.oldest), waiting, gettext("Look at them"), waiting)]


def _need(
    title: object, found: today.Portion, line: Callable[[Any], Line], all_url: str, *ways: tuple[str, str]
) -> Need | None:
    if not found.rows:
        return None
    count = f"{len(found.rows)}+" if found.more else str(len(found.rows))
    return Need(title, [line(row) for row in found.rows[:LISTED]], count, all_url, [w for w in ways if w[1]])


def _line(text: str, since: Any, model: str, key: object, act: tuple[str, str, bool], note: str = "") -> Line:
    """A row's line. `act` is the name and the label of what mends it, and whether this person may."""
    name, label, allowed = act
    page = url(f"{model}_change", key)
    mend = url(f"{model}_{name}", key) if allowed else ""
    return Line(text, since, page, label if mend else gettext("Open"), mend or page, note)


def _messages(request: HttpRequest, now: datetime) -> Need | None:
    if not may(request, "view_outboxmessage"):
        return None
    sends = may(request, "resend_outboxmessage")

    def line(row: OutboxMessage) -> Line:
        text, error = (
            f"{formatting.plain(row.path, 40)} · {_who(row.booking)}",
            formatting.told(row.last_error, 160),
        )
        act = ("resend", gettext("Send again"), sends)
        return _line(text, formatting.instant(row.created_at), "outboxmessage", row.pk, act, error)

    every = url("outboxmessage_changelist", status__exact=OutboxMessage.Status.PARKED)
    return _need(_("Messages that the portal refused"), today.parked_messages(), line, every)


def _deliveries(request: HttpRequest, now: datetime) -> Need | None:
    if not may(request, "view_webhookdelivery"):
        return None
    replays = may(request, "replay_webhookdelivery")

    def line(row: WebhookDelivery) -> Line:
        text = f"{formatting.plain(row.kind or '?', 40)} · {row.get_status_display()}"
        act = ("again", gettext("Process again"), replays)
        error = formatting.told(row.last_error, 160)
        return _line(text, formatting.instant(row.received_at), "webhookdelivery", row.pk, act, error)

    every = url("webhookdelivery_changelist", status__in="parked,unreadable")
    return _need(_("Deliveries that could not be applied"), today.stuck_deliveries(), line, every)


def _outcomes(request: HttpRequest, now: datetime) -> Need | None:
    if not may(request, "view_booking"):
        return None

    looks = may(request, "replay_webhookdelivery")

    def line(row: CalendlyBooking) -> Line:
        since = formatting.instant(row.sent_at or row.created_at)
        text, error = _meeting(row.booking, row.start_at), formatting.told(row.last_error, 160)
        return _line(
            text, since, "booking", row.booking_id, ("look", gettext("Ask Calendly now"), looks), error
        )

    return _need(
        _("Bookings whose outcome is not known yet"),
        today.unknown_outcomes(),
        line,
        url(
            "calendlybooking_changelist",
            pending_action__exact=CalendlyBooking.PendingAction.RESOLVE,
            next_attempt_at__isnull="False",
        ),
        (gettext("Machine room"), url("calendlyaccount_machine") if may(request, "view_calendlyaccount") else ""),
    )


def _lost_moves(request: HttpRequest, now: datetime) -> Need | None:
    if not may(request, "view_booking"):
        return None

    looks = may(request, "replay_webhookdelivery")

    def line(row: Any) -> Line:
        text, since = _meeting(row, row.start_at), formatting.instant(row.updated_at)
        return _line(text, since, "booking", row.pk, ("look", gettext("Ask Calendly now"), looks))

    every = url("booking_changelist", status="pending")
    return _need(_("Meetings moved to a time that is not known"), today.lost_moves(), line, every)


def _old_halves(request: HttpRequest, now: datetime) -> Need | None:
    if not may(request, "view_booking"):
        return None

    retries = may(request, "reschedule_booking")

    def line(row: CalendlyBooking) -> Line:
        act = ("retry_old", gettext("Cancel the old meeting again"), retries)
        text, error = _meeting(row.booking, row.start_at), formatting.told(row.last_error, 160)
        return _line(text, "", "booking", row.booking_id, act, error)

    found, title = today.old_halves(now=now), _("Moved, but the old meeting still stands at Calendly")
    return _need(
        title, found, line, url("calendlybooking_changelist", status__exact="active", pending_action__exact="")
    )


def _unconfirmed(request: HttpRequest, now: datetime) -> Need | None:
    if not may(request, "view_booking"):
        return None

    looks = may(request, "replay_webhookdelivery")

    def line(row: Any) -> Line:
        text, since = _meeting(row, row.start_at), formatting.instant(row.created_at)
        return _line(text, since, "booking", row.pk, ("look", gettext("Ask Calendly now"), looks))

    wanted = {key: _said(value) for key, value in today.unseen(now=now).items()}
    return _need(
        _("Bookings that Calendly has not confirmed"),
        today.unconfirmed(now=now),
        line,
        url("booking_changelist", **wanted),
    )


def _without_link(request: HttpRequest, now: datetime) -> Need | None:
    if not may(request, "view_booking"):
        return None

    sends = may(request, "resend_outboxmessage")

    def line(row: Any) -> Line:
        text, since = _meeting(row, row.start_at), formatting.instant(row.mailed_without_link_at)
        act = ("send_confirmation", gettext("Send the confirmation again"), sends)
        return _line(text, since, "booking", row.pk, act)

    wanted = {key: _said(value) for key, value in today.bare(now=now).items()}
    return _need(
        _("Confirmations that left without a link"),
        today.mailed_without_link(now=now),
        line,
        url("booking_changelist", **wanted),
    )


def _said(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _followups(request: HttpRequest, now: datetime) -> Need | None:
    if not may(request, "view_followup"):
        return None
    label = gettext("Take care of it") if may(request, "change_followup") else gettext("Open")

    def line(row: FollowUp) -> Line:
        page = url("followup_change", row.pk)
        text = f"{row.get_kind_display()} · {formatting.plain(row.email, 60)}"
        whose = gettext("assigned to %s") % formatting.plain(row.assignee, 40) if row.assignee else ""
        return Line(text, formatting.instant(row.scheduled_for), page, label, page, whose)

    every = url("followup_changelist", status__in="open,waiting", scheduled_for__lte=now.isoformat())
    return _need(_("Follow-ups that are due"), today.due_followups(now=now), line, every)


def _bulk_runs(request: HttpRequest, now: datetime) -> Need | None:
    if not may(request, "view_bulkrun"):
        return None

    def line(row: Any) -> Line:
        page = url("bulkrun_change", row.pk)
        failures = ngettext("%d row failed", "%d rows failed", row.failures) % row.failures
        text = f"{row.get_kind_display()} · {failures}"
        return Line(
            text,
            formatting.instant(row.created_at),
            page,
            gettext("See why"),
            page,
            formatting.plain(row.by, 60),
        )

    return _need(
        _("Bulk acts with failures"), today.failed_bulk_runs(now=now), line, url("bulkrun_changelist")
    )


def _who(booking: Any) -> str:
    return formatting.plain(booking.invitee_name or booking.invitee_email, 60) if booking is not None else "–"


def _meeting(booking: Any, start: datetime | None) -> str:
    return f"{_who(booking)} · {formatting.plain(booking.event_name, 40)} · {formatting.stamp(start) if start else '–'}"


KINDS: tuple[Callable[[HttpRequest, datetime], Need | None], ...] = (
    _messages,
    _deliveries,
    _outcomes,
    _old_halves,
    _lost_moves,
    _unconfirmed,
    _without_link,
    _followups,
    _bulk_runs,
)
