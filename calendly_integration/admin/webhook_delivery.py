"""Webhook deliveries from Calendly, and their status."""

from datetime import datetime

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..models import BulkRun, WebhookDelivery
from ..services.webhooks import inbox
from . import bulk_actions, display, formatting
from .object_actions import ObjectAction
from .technical import TechnicalAdmin


def _is_processed(row: WebhookDelivery, now: datetime) -> bool:
    """A delivery that is still waiting needs no button."""
    return row.status != WebhookDelivery.Status.RECEIVED


MAY_REPLAY = "replay_webhookdelivery"
REPLAY, REPLAY_ASK = (
    _("Process again"),
    _("The delivery is processed again as if it had just arrived. The portal is not notified twice."),
)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(TechnicalAdmin[WebhookDelivery]):
    """Deliveries byte for byte, with an action to process them again."""

    nothing_yet = _("There are no deliveries yet. Is the webhook subscribed?")
    list_display = (
        display.instant(WebhookDelivery, "received_at", seconds=True),
        display.text(WebhookDelivery, "kind", limit=40, sort=True),
        display.status(WebhookDelivery),
        display.related(WebhookDelivery, "booking"),
        "attempts",
        display.error(WebhookDelivery, "last_error"),
    )
    list_filter = ("status",)
    linked_lookups = ("status__in",)
    list_select_related = ("booking",)
    date_hierarchy = "received_at"
    ordering = ("-pk",)
    search_fields = ("kind", "=digest", "=booking__email_key", "=booking__event_id")
    search_help_text = _("Event, invitee's e-mail, booking number or Calendly's event id")
    uuid_lookups = ("booking",)
    lines = (
        display.text(WebhookDelivery, "kind"),
        display.status(WebhookDelivery),
        display.instant(WebhookDelivery, "received_at", seconds=True),
        display.instant(WebhookDelivery, "applied_at", seconds=True),
        display.related(WebhookDelivery, "booking"),
        display.related(WebhookDelivery, "account"),
        "attempts",
        display.instant(WebhookDelivery, "next_attempt_at", seconds=True),
        display.error(WebhookDelivery, "last_error", limit=formatting.LONG),
        display.text(WebhookDelivery, "digest", label=_("digest of the body")),
        "body_shown",
    )
    actions = ("process_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        """Without the bodies, which only the page of one object shows."""
        return super().get_queryset(request).defer("body")

    @admin.display(description=_("body"))
    def body_shown(self, row: WebhookDelivery) -> SafeString:
        """The request body."""
        return formatting.body(bytes(row.body), hidden=display.hidden_keys(row))

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Whether this person may process deliveries again."""
        return self.may(request, MAY_REPLAY)

    def get_object_actions(self) -> list[ObjectAction]:
        """A delivery can be processed again."""
        return [ObjectAction("replay", REPLAY, MAY_REPLAY, self.replay_view, _is_processed)]

    def replay_view(self, request: HttpRequest, row: WebhookDelivery) -> HttpResponse:
        """Ask for confirmation, then process again."""
        if request.method != "POST":
            return self.confirm_page(request, row, title=REPLAY, ask=REPLAY_ASK)
        inbox.again(row, now=timezone.now())
        return self.finish_action(
            request, row, log=REPLAY, text=_("The delivery will be processed again in a moment.")
        )

    @admin.action(description=_("Process again"), permissions=["replay"])
    def process_again(self, request: HttpRequest, rows: QuerySet[WebhookDelivery]) -> HttpResponse | None:
        """Process the selected deliveries again."""
        return bulk_actions.confirm(
            self,
            request,
            rows,
            label=REPLAY,
            ask=REPLAY_ASK,
            offered=_is_processed,
            do=lambda row, by, now: inbox.again(row, now=now),
            bulk=BulkRun.Kind.REPLAY,
        )
