"""The inbox: what Calendly delivered, and what became of it."""

from datetime import datetime

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..models import BulkRun, Delivery
from ..services import inbox
from . import columns, many, shown
from .acts import PlainAct
from .evidence import EvidenceAdmin


def _settled(row: Delivery, now: datetime) -> bool:
    """One that still waits needs no push."""
    return row.status != Delivery.Status.RECEIVED


AGAIN = PlainAct(
    "again",
    _("Process again"),
    "replay_delivery",
    "plain_act",
    _settled,
    ask=_(
        "The delivery is applied once more, as if it had just come. What it tells is not told to the portal twice."
    ),
    done=_("The delivery will be processed again in a moment."),
    do=lambda row, by, now: inbox.again(row, now=now),
)


@admin.register(Delivery)
class DeliveryAdmin(EvidenceAdmin[Delivery]):
    """Evidence, byte for byte, with a button to apply it again."""

    nothing_yet = _("Nothing was delivered yet. Is the webhook subscribed?")
    list_display = (
        columns.moment(Delivery, "received_at", seconds=True),
        columns.words(Delivery, "kind", limit=40, sort=True),
        columns.state(Delivery),
        columns.other(Delivery, "booking"),
        "attempts",
        columns.failure(Delivery, "last_error"),
    )
    list_filter = ("status",)
    linked_lookups = ("status__in",)
    list_select_related = ("booking",)
    date_hierarchy = "received_at"
    ordering = ("-pk",)
    search_fields = ("kind", "=digest", "=booking__email_key", "=booking__event_id")
    search_help_text = _("Event, invitee's e-mail, our number or Calendly's event id")
    uuid_lookups = ("booking",)
    lines = (
        columns.words(Delivery, "kind"),
        columns.state(Delivery),
        columns.moment(Delivery, "received_at", seconds=True),
        columns.moment(Delivery, "applied_at", seconds=True),
        columns.other(Delivery, "booking"),
        columns.other(Delivery, "connection"),
        "attempts",
        columns.moment(Delivery, "next_attempt_at", seconds=True),
        columns.failure(Delivery, "last_error", limit=shown.LONG),
        columns.words(Delivery, "digest", label=_("digest of the body")),
        "body_shown",
    )
    acts = (AGAIN,)
    actions = ("process_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Without the bodies, which only the page of one shows."""
        return super().get_queryset(request).defer("body")

    @admin.display(description=_("body"))
    def body_shown(self, row: Delivery) -> SafeString:
        """What came over the wire."""
        return shown.body(bytes(row.body), hidden=columns.hidden_from(row))

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Who may process again."""
        return self.may(request, AGAIN.permission)

    @admin.action(description=_("Process again"), permissions=["replay"])
    def process_again(self, request: HttpRequest, rows: QuerySet[Delivery]) -> HttpResponse | None:
        """Apply many once more."""
        return many.confirm(self, request, rows, AGAIN, bulk=BulkRun.Kind.REPLAY)
