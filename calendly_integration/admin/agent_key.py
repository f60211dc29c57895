"""Agent keys: created here, shown once, revoked here."""

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from ..models import AgentKey
from ..services.agents import keys
from . import bulk_actions, display, formatting
from .filters import YesNoFilter, with_title
from .object_actions import ObjectAction
from .read_only import ReadOnlyAdmin

MANAGE = "manage_agent_keys"
REVOKE, REVOKE_ASK = (
    _("Revoke"),
    _("The key stops working at once. This cannot be undone; bookings made with it stay."),
)


def _works(row: AgentKey, now: datetime) -> bool:
    return row.revoked_at is None


class KeyForm(forms.Form):
    """The agent's name, its scopes and the expiry of the key."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("Which agent has it."))
    scopes = forms.MultipleChoiceField(
        label=_("Rights"),
        choices=AgentKey.Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What this agent may do."),
    )
    expires_on = forms.DateField(
        label=_("Expires on"),
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_(
            "The key stops working when that day begins (UTC). Leave empty for a key that does not expire."
        ),
    )

    def clean_expires_on(self) -> datetime | None:
        """The start of that day in UTC. It must be in the future."""
        day = self.cleaned_data["expires_on"]
        if day is None:
            return None
        begins = datetime.combine(day, time(), UTC)
        if begins <= timezone.now():
            raise ValidationError(_("Choose a day in the future."))
        return begins


@admin.register(AgentKey)
class AgentKeyAdmin(ReadOnlyAdmin[AgentKey]):
    """Agent keys. A key cannot be changed: create a new one and revoke the old one."""

    nothing_yet = _("No agent has a key yet. Agents need one to book. Create it with “Add”.")
    list_display = (
        display.text(AgentKey, "name", sort=True),
        "begins_with",
        "rights",
        "state",
        display.instant(AgentKey, "last_used_at"),
        display.instant(AgentKey, "created_at"),
        display.instant(AgentKey, "expires_at"),
    )
    list_filter = (("revoked_at", with_title(_("revoked"), YesNoFilter)),)
    list_select_related = ()
    ordering = ("-pk",)
    search_fields = ("name", "prefix")
    lines = (
        display.text(AgentKey, "name"),
        "begins_with",
        "rights",
        "state",
        display.instant(AgentKey, "created_at", seconds=True),
        display.instant(AgentKey, "last_used_at", seconds=True),
        display.instant(AgentKey, "expires_at", seconds=True),
        display.instant(AgentKey, "revoked_at", seconds=True),
    )
    actions = ("revoke",)

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Whether this person may create and revoke keys."""
        return self.may(request, MANAGE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Adding needs the permission to manage keys, not Django's own permission to add."""
        return self.has_manage_permission(request)

    @admin.display(description=_("begins with"), ordering="prefix")
    def begins_with(self, row: AgentKey) -> str:
        """The visible part of the key."""
        return f"{row.prefix}…"

    @admin.display(description=_("rights"))
    def rights(self, row: AgentKey) -> SafeString:
        """The scopes of the key."""
        words = dict(AgentKey.Scope.choices)
        return formatting.text(", ".join(str(words.get(scope, scope)) for scope in row.scopes))

    @admin.display(description=_("status"))
    def state(self, row: AgentKey) -> SafeString:
        """Whether the key works."""
        if row.revoked_at is not None:
            return formatting.badge("revoked", _("revoked"))
        if row.expires_at is not None and row.expires_at <= timezone.now():
            return formatting.badge("expired", _("expired"))
        return formatting.badge("active", _("valid"))

    @sensitive_variables("secret")
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Create a key and show it once, in this response. It is not stored and not put into a message,
        which would travel in a cookie. `admin_view` marks the response no-store."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = KeyForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            return self.page(request, "agent_key_add.html", title=_("Create an agent key"), form=form)
        booking_request = form.cleaned_data
        key, secret = keys.create(
            booking_request["name"],
            scopes=booking_request["scopes"],
            expires_at=booking_request["expires_on"],
            now=timezone.now(),
        )
        self.log_addition(request, key, gettext("Created."))
        return self.page(
            request,
            "agent_key_created.html",
            title=_("The new key"),
            secret=secret,
            back=self.url("change", key),
            css=("calendly_integration/booking.css",),
        )

    def get_object_actions(self) -> list[ObjectAction]:
        """A key can be revoked."""
        return [ObjectAction("revoke", REVOKE, MANAGE, self.revoke_view, _works, tone="danger")]

    def revoke_view(self, request: HttpRequest, row: AgentKey) -> HttpResponse:
        """Ask for confirmation, then revoke."""
        if request.method != "POST":
            return self.confirm_page(request, row, title=REVOKE, ask=REVOKE_ASK)
        keys.revoke(row, now=timezone.now())
        return self.finish_action(request, row, log=REVOKE, text=_("The key is revoked."))

    @admin.action(description=REVOKE, permissions=["manage"])
    def revoke(self, request: HttpRequest, rows: QuerySet[AgentKey]) -> HttpResponse | None:
        """Revoke the selected keys."""
        return bulk_actions.confirm(
            self,
            request,
            rows,
            label=REVOKE,
            ask=REVOKE_ASK,
            offered=_works,
            do=lambda row, by, now: keys.revoke(row, now=now),
        )
