"""The outbox: messages to the portal, and their queues."""

from datetime import datetime

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..models import BulkRun, OutboxMessage, OutboxQueue, PendingMail
from ..services import outbox
from . import bulk_actions, display, formatting
from .filters import YesNoFilter, with_title
from .object_actions import ObjectAction
from .technical import TechnicalAdmin


def _parked(row: OutboxMessage, now: datetime) -> bool:
    return row.status == OutboxMessage.Status.PARKED


def _waiting(row: OutboxMessage, now: datetime) -> bool:
    return row.status == OutboxMessage.Status.WAITING


MAY_SEND = "resend_outboxmessage"
RESEND, RESEND_ASK = (
    _("Send again"),
    _("The message is sent again, with the same idempotency key and in its original position in the queue."),
)
NOT_PARKED = _("It is no longer parked: nothing was done.")
PARK, PARK_ASK = (
    _("Park"),
    _(
        "The message leaves its queue, so that later messages can be sent. It stays parked until you send it again."
    ),
)
NOT_WAITING = _("It is no longer waiting: nothing was done.")


@admin.register(OutboxMessage)
class OutboxMessageAdmin(TechnicalAdmin[OutboxMessage]):
    """Messages to the portal, with actions to send again and to park."""

    nothing_yet = _("There are no messages yet. They are created with the first booking.")
    list_display = (
        display.instant(OutboxMessage, "created_at", seconds=True),
        display.text(OutboxMessage, "path", sort=True),
        display.status(OutboxMessage),
        display.related(OutboxMessage, "booking"),
        "attempts",
        display.instant(OutboxMessage, "sent_at", seconds=True),
        display.error(OutboxMessage, "last_error"),
    )
    list_filter = ("status", "path")
    list_select_related = ("booking",)
    date_hierarchy = "created_at"
    ordering = ("-pk",)
    search_fields = ("path", "=booking__email_key", "=booking__event_id")
    search_help_text = _("Path, invitee's e-mail, booking number, idempotency key or Calendly's event id")
    uuid_lookups = ("booking", "idempotency_key")
    lines = (
        "path",
        display.status(OutboxMessage),
        display.related(OutboxMessage, "booking"),
        display.related(OutboxMessage, "queue"),
        display.instant(OutboxMessage, "created_at", seconds=True),
        display.instant(OutboxMessage, "sent_at", seconds=True),
        "attempts",
        display.error(OutboxMessage, "last_error", limit=formatting.LONG),
        "idempotency_key",
        display.raw_data("body", _("body")),
    )
    actions = ("send_again", "park")

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Whether this person may send again and park."""
        return self.may(request, MAY_SEND)

    def get_object_actions(self) -> list[ObjectAction]:
        """A parked message can be sent again, a waiting one can be parked."""
        return [
            ObjectAction("resend", RESEND, MAY_SEND, self.resend_view, _parked),
            ObjectAction("park", PARK, MAY_SEND, self.park_view, _waiting),
        ]

    def resend_view(self, request: HttpRequest, row: OutboxMessage) -> HttpResponse:
        """Ask for confirmation, then send again."""
        if request.method != "POST":
            return self.confirm_page(request, row, title=RESEND, ask=RESEND_ASK)
        try:
            outbox.resend(row, now=timezone.now())
        except outbox.NotParked:
            return self.refuse_action(request, row, NOT_PARKED)
        return self.finish_action(
            request, row, log=RESEND, text=_("The message will be sent again in a moment.")
        )

    def park_view(self, request: HttpRequest, row: OutboxMessage) -> HttpResponse:
        """Ask for confirmation, then park."""
        if request.method != "POST":
            return self.confirm_page(request, row, title=PARK, ask=PARK_ASK)
        try:
            outbox.park(row)
        except outbox.NotWaiting:
            return self.refuse_action(request, row, NOT_WAITING)
        return self.finish_action(request, row, log=PARK, text=_("The message is parked."))

    @admin.action(description=_("Send again"), permissions=["resend"])
    def send_again(self, request: HttpRequest, rows: QuerySet[OutboxMessage]) -> HttpResponse | None:
        """Send the selected parked messages again, the oldest first."""
        return bulk_actions.confirm(
            self,
            request,
            rows.order_by("pk"),
            label=RESEND,
            ask=RESEND_ASK,
            offered=_parked,
            do=lambda row, by, now: outbox.resend(row, now=now),
            not_done={outbox.NotParked: NOT_PARKED},
            bulk=BulkRun.Kind.RESEND,
        )

    @admin.action(description=_("Park"), permissions=["resend"])
    def park(self, request: HttpRequest, rows: QuerySet[OutboxMessage]) -> HttpResponse | None:
        """Park the selected waiting messages."""
        return bulk_actions.confirm(
            self,
            request,
            rows.order_by("pk"),
            label=PARK,
            ask=PARK_ASK,
            offered=_waiting,
            do=lambda row, by, now: outbox.park(row),
            not_done={outbox.NotWaiting: NOT_WAITING},
        )


@admin.register(OutboxQueue)
class OutboxQueueAdmin(TechnicalAdmin[OutboxQueue]):
    """Queues: one for each booking, which keeps the order of its messages."""

    list_display = (
        display.text(OutboxQueue, "key", label=_("queue"), sort=True),
        display.instant(OutboxQueue, "next_attempt_at", seconds=True),
        "attempts",
        "asked_to_wait",
        display.error(OutboxQueue, "last_error"),
    )
    list_filter = (
        ("held", with_title(_("asked to wait"), admin.BooleanFieldListFilter)),
        ("next_attempt_at", with_title(_("waiting"), YesNoFilter)),
    )
    list_select_related = ()
    ordering = ("-next_attempt_at", "key")
    search_fields = ("key",)
    lines = (
        display.text(OutboxQueue, "key", label=_("queue"), sort=True),
        display.instant(OutboxQueue, "next_attempt_at", seconds=True),
        "attempts",
        "asked_to_wait",
        display.error(OutboxQueue, "last_error", limit=formatting.LONG),
    )

    @admin.display(description=_("asked to wait"), boolean=True)
    def asked_to_wait(self, row: OutboxQueue) -> bool:
        """Whether the portal asked for the pause."""
        return row.held


@admin.register(PendingMail)
class PendingMailAdmin(TechnicalAdmin[PendingMail]):
    """Confirmations that wait for the conference link."""

    list_display = (
        display.related(PendingMail, "booking"),
        display.instant(PendingMail, "next_attempt_at", seconds=True),
        "attempts",
    )
    list_display_links = None
    list_select_related = ("booking",)
    ordering = ("next_attempt_at", "pk")
    uuid_lookups = ("pk",)
    lines = (
        display.related(PendingMail, "booking"),
        display.instant(PendingMail, "next_attempt_at", seconds=True),
        "attempts",
    )
