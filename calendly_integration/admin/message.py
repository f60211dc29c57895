"""The outbox: what the portal is told, and the queues in which that stands."""

from datetime import datetime

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from ..models import BulkRun, Lane, Message, PendingMail
from ..services import outbox
from . import columns, many, shown
from .acts import PlainAct
from .evidence import EvidenceAdmin
from .filters import YesNo, titled


def _parked(row: Message, now: datetime) -> bool:
    return row.status == Message.Status.PARKED


def _waiting(row: Message, now: datetime) -> bool:
    return row.status == Message.Status.WAITING


RESEND = PlainAct(
    "resend",
    _("Send again"),
    "resend_message",
    "plain_act",
    _parked,
    ask=_("The message is sent again, with the same idempotency key and in its old place in the order."),
    done=_("The message will be sent again in a moment."),
    do=lambda row, by, now: outbox.resend(row, now=now),
    refusals={outbox.NotParked: _("It is not parked any more: nothing was done.")},
)
PARK = PlainAct(
    "park",
    _("Park"),
    "resend_message",
    "plain_act",
    _waiting,
    ask=_(
        "The message leaves its queue, so that those behind it can go on. It waits until it is sent again by hand."
    ),
    done=_("The message is parked."),
    do=lambda row, by, now: outbox.park(row),
    refusals={outbox.NotWaiting: _("It does not wait any more: nothing was done.")},
)


@admin.register(Message)
class MessageAdmin(EvidenceAdmin[Message]):
    """What was or will be told, with buttons to send again and to park."""

    nothing_yet = _("The portal was told nothing yet. Messages come with the first booking.")
    list_display = (
        columns.moment(Message, "created_at", seconds=True),
        columns.words(Message, "path", sort=True),
        columns.state(Message),
        columns.other(Message, "booking"),
        "attempts",
        columns.moment(Message, "sent_at", seconds=True),
        columns.failure(Message, "last_error"),
    )
    list_filter = ("status", "path")
    list_select_related = ("booking",)
    date_hierarchy = "created_at"
    ordering = ("-pk",)
    search_fields = ("path", "=booking__email_key", "=booking__event_id")
    search_help_text = _("Path, invitee's e-mail, our number, idempotency key or Calendly's event id")
    uuid_lookups = ("booking", "idempotency_key")
    lines = (
        "path",
        columns.state(Message),
        columns.other(Message, "booking"),
        columns.other(Message, "lane"),
        columns.moment(Message, "created_at", seconds=True),
        columns.moment(Message, "sent_at", seconds=True),
        "attempts",
        columns.failure(Message, "last_error", limit=shown.LONG),
        "idempotency_key",
        columns.evidence("body", _("body")),
    )
    acts = (RESEND, PARK)
    actions = ("send_again", "park")

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Who may send again and park."""
        return self.may(request, RESEND.permission)

    @admin.action(description=_("Send again"), permissions=["resend"])
    def send_again(self, request: HttpRequest, rows: QuerySet[Message]) -> HttpResponse | None:
        """Send many parked ones again, the oldest first."""
        return many.confirm(self, request, rows.order_by("pk"), RESEND, bulk=BulkRun.Kind.RESEND)

    @admin.action(description=_("Park"), permissions=["resend"])
    def park(self, request: HttpRequest, rows: QuerySet[Message]) -> HttpResponse | None:
        """Park many waiting ones."""
        return many.confirm(self, request, rows.order_by("pk"), PARK)


@admin.register(Lane)
class LaneAdmin(EvidenceAdmin[Lane]):
    """A queue: who works on it, when it goes on."""

    list_display = (
        columns.words(Lane, "key", label=_("queue"), sort=True),
        columns.moment(Lane, "next_attempt_at", seconds=True),
        "attempts",
        "asked_to_wait",
        columns.failure(Lane, "last_error"),
    )
    list_filter = (
        ("held", titled(_("asked to wait"), admin.BooleanFieldListFilter)),
        ("next_attempt_at", titled(_("waits"), YesNo)),
    )
    list_select_related = ()
    ordering = ("-next_attempt_at", "key")
    search_fields = ("key",)
    lines = (
        columns.words(Lane, "key", label=_("queue"), sort=True),
        columns.moment(Lane, "next_attempt_at", seconds=True),
        "attempts",
        "asked_to_wait",
        columns.failure(Lane, "last_error", limit=shown.LONG),
    )

    @admin.display(description=_("asked to wait"), boolean=True)
    def asked_to_wait(self, row: Lane) -> bool:
        """Whether the portal itself asked for the pause."""
        return row.held


@admin.register(PendingMail)
class PendingMailAdmin(EvidenceAdmin[PendingMail]):
    """A confirmation that waits for the conference link of its meeting."""

    list_display = (
        columns.other(PendingMail, "booking"),
        columns.moment(PendingMail, "next_attempt_at", seconds=True),
        "attempts",
    )
    list_display_links = None
    list_select_related = ("booking",)
    ordering = ("next_attempt_at", "pk")
    uuid_lookups = ("pk",)
    lines = (
        columns.other(PendingMail, "booking"),
        columns.moment(PendingMail, "next_attempt_at", seconds=True),
        "attempts",
    )
