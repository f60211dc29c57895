"""Follow-ups: the list, the page and the steps. The board has its own module."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..models import FollowUp
from ..services.actors import Actor
from ..services.backoffice import followups
from . import display, fields, followup_board, formatting, viewer_timezone
from .object_actions import ObjectAction, Words
from .read_only import ReadOnlyAdmin

STALE = _(
    "This follow-up has changed in the meantime: its status is now “%(status)s”. Your change was not made."
)


@dataclass(frozen=True, slots=True)
class FollowUpAction(ObjectAction):
    """A step that only needs a confirmation. `do` is the service."""

    ask: Words
    done: Words
    do: Callable[..., None]


class AssignForm(forms.Form):
    """The person to assign."""

    assignee: Any = forms.ModelChoiceField(
        queryset=None, label=_("Assigned to"), required=False, empty_label=_("Unassigned")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = colleagues()  # type: ignore[attr-defined]

    def booking_request(self) -> dict[str, Any]:
        """The arguments of the service."""
        return {"user": self.cleaned_data["assignee"]}


class NoteForm(forms.Form):
    """A note for colleagues."""

    note = fields.MultilineField(
        label=_("Note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    def booking_request(self) -> dict[str, Any]:
        """The arguments of the service."""
        return {"text": self.cleaned_data["note"]}


def colleagues() -> QuerySet[Any]:
    """Active staff who may view follow-ups."""
    right = {"codename": "view_followup", "content_type__app_label": "calendly_integration"}
    own = Q(**{f"user_permissions__{key}": value for key, value in right.items()})
    through = Q(**{f"groups__permissions__{key}": value for key, value in right.items()})
    users = get_user_model()
    found = users._default_manager.filter(is_active=True, is_staff=True)
    return found.filter(Q(is_superuser=True) | own | through).distinct().order_by(users.USERNAME_FIELD)


def _is_open(row: FollowUp, now: datetime) -> bool:
    return row.status in followups.OPEN


ASSIGN = ObjectAction("assign", _("Assign"), "change_followup", "form_view", _is_open)
NOTE = ObjectAction("note", _("Note"), "change_followup", "form_view", _is_open)
WAIT = FollowUpAction(
    "wait",
    _("Wait for the invitee"),
    "change_followup",
    "step_view",
    lambda row, now: row.status == FollowUp.Status.OPEN,
    ask=_("You have asked the invitee, and it is their turn. The follow-up stays open."),
    done=_("The follow-up is waiting for the invitee."),
    do=followups.wait,
)
CLOSE = FollowUpAction(
    "close",
    _("Close the follow-up"),
    "change_followup",
    "step_view",
    _is_open,
    ask=_("No further action is needed. The follow-up can be reopened."),
    done=_("The follow-up is closed."),
    do=followups.close,
)
REOPEN = FollowUpAction(
    "reopen",
    _("Reopen"),
    "change_followup",
    "step_view",
    lambda row, now: row.status != FollowUp.Status.OPEN,
    ask=_("The follow-up needs action again and moves back to “To do”."),
    done=_("The follow-up is open again."),
    do=followups.reopen,
)
FORMS: dict[str, tuple[type[Any], Any, Any]] = {
    "assign": (AssignForm, followups.assign, _("The follow-up is assigned.")),
    "note": (NoteForm, followups.note, _("The note is saved.")),
}


class AssigneeFilter(admin.SimpleListFilter):
    """Assigned to me, unassigned, or assigned to others."""

    title = _("assigned to")
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The choices, seen from the viewer."""
        return [("me", _("me")), ("unassigned", _("unassigned")), ("others", _("others"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[FollowUp]) -> QuerySet[FollowUp]:
        """The follow-ups of the choice."""
        return followup_board.filter_by_assignee(queryset, self.value() or "", request.user.pk)


class DueFilter(admin.SimpleListFilter):
    """Open follow-ups by due date, on the viewer's calendar."""

    title = _("due")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The same labels as on the badges."""
        return list(followup_board.DUE.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[FollowUp]) -> QuerySet[FollowUp]:
        """The follow-ups with that badge."""
        now = timezone.now()
        tomorrow = followup_board.tomorrow(now)
        spans = {
            "overdue": Q(scheduled_for__lt=now),
            "today": Q(scheduled_for__gte=now, scheduled_for__lt=tomorrow),
            "later": Q(scheduled_for__gte=tomorrow),
        }
        wanted = spans.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(wanted, status__in=followups.OPEN)


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnlyAdmin[FollowUp]):
    """Follow-ups."""

    nothing_yet = _("There are no follow-ups yet. They are created when a meeting is canceled.")
    list_display = ("due", "invitee", "state", "responsible", "meeting", "remark")
    list_filter = ("status", AssigneeFilter, DueFilter, "kind")
    linked_lookups = ("status__in", "scheduled_for__gte", "scheduled_for__lt", "scheduled_for__lte")
    list_select_related = ("booking", "assignee")
    ordering = ("scheduled_for", "pk")
    search_fields = ("email", "booking__invitee_name", "note", "=conversation_id")
    search_help_text = _("E-mail, name, note, conversation or booking number")
    uuid_lookups = ("booking",)
    object_actions = (ASSIGN, NOTE, WAIT, CLOSE, REOPEN)
    lines = (
        "kind",
        display.status(FollowUp),
        "due",
        "responsible",
        display.text(FollowUp, "note", limit=formatting.LONG),
        display.text(FollowUp, "email", limit=320),
        display.text(FollowUp, "message", limit=formatting.LONG),
        display.text(FollowUp, "conversation_id", limit=255),
        display.related(FollowUp, "booking"),
        display.related(FollowUp, "rebooking", label=_("booked again as")),
        display.related(FollowUp, "calendly_booking"),
        display.instant(FollowUp, "created_at", seconds=True),
        display.instant(FollowUp, "closed_at", seconds=True),
    )

    @admin.display(description=_("due at"), ordering="scheduled_for")
    def due(self, row: FollowUp) -> SafeString:
        """The badge and the time."""
        badge = followup_board.badge(row, timezone.now())
        return format_html(
            '<span class="calendly cell">{} {}</span>', badge, formatting.instant(row.scheduled_for)
        )

    @admin.display(description=_("status"), ordering="status")
    def state(self, row: FollowUp) -> SafeString:
        """The status and the kind."""
        badge = formatting.badge(row.status, row.get_status_display())
        kind = row.get_kind_display()
        return format_html(
            '<span class="calendly cell">{}<br><span class="quiet">{}</span></span>', badge, kind
        )

    @admin.display(description=_("assigned to"), ordering="assignee")
    def responsible(self, row: FollowUp) -> SafeString:
        """The assignee."""
        return formatting.text(row.assignee)

    @admin.display(description=_("invitee"), ordering="email")
    def invitee(self, row: FollowUp) -> SafeString:
        """Name and address."""
        name, email = formatting.text(row.booking.invitee_name, 60), formatting.text(row.email, 60)
        return format_html(
            '<span class="calendly cell">{}<br><span class="quiet">{}</span></span>', name, email
        )

    @admin.display(description=_("booking"))
    def meeting(self, row: FollowUp) -> SafeString:
        """The canceled meeting."""
        return display.object_link(row.booking, row.booking.event_name or row.booking)

    @admin.display(description=_("note"))
    def remark(self, row: FollowUp) -> SafeString:
        """The beginning of the note."""
        return formatting.text(row.note)

    def get_urls(self) -> list[URLPattern]:
        """The board comes first, because Django's URLs would take it for an object id."""
        view = viewer_timezone.in_zone(self.admin_site.admin_view(self.board_view))
        return [path("board/", view, name=self.url_name("board")), *super().get_urls()]

    def board_view(self, request: HttpRequest) -> HttpResponse:
        """All follow-ups in four columns."""
        return followup_board.view(self, request)

    def _buttons(self, request: HttpRequest, row: FollowUp | None) -> list[dict[str, Any]]:
        """With a button to book again, if the follow-up is open."""
        found = super()._buttons(request, row)
        if row is not None and row.status in followups.OPEN and self.may(request, "add_booking"):
            found.insert(0, {"label": _("Book again"), "url": followup_board.book_again(row)})
        return found

    def form_view(self, request: HttpRequest, row: FollowUp, action: ObjectAction) -> HttpResponse:
        """A step with a form."""
        kind, do, done = FORMS[action.name]
        first = {"assignee": row.assignee_id, "note": row.note}
        form = kind(request.POST if request.method == "POST" else None, initial=first)
        if form.is_bound and form.is_valid():
            return self._run(request, row, action, do, done, form.booking_request())
        return self.page(
            request,
            "followup_form.html",
            title=action.label,
            row=row,
            form=form,
            button=action.label,
            ended=row.status not in followups.OPEN,
        )

    def step_view(self, request: HttpRequest, row: FollowUp, action: FollowUpAction) -> HttpResponse:
        """A step that only needs a confirmation."""
        if request.method != "POST":
            return self.page(
                request, "confirm.html", title=action.label, row=row, ask=action.ask, button=action.label
            )
        return self._run(request, row, action, action.do, action.done, {})

    def _run(
        self,
        request: HttpRequest,
        row: FollowUp,
        action: ObjectAction,
        do: Any,
        done: Any,
        booking_request: dict[str, Any],
    ) -> HttpResponse:
        """Run the step, or say that the follow-up has changed; then go back."""
        by, back = Actor.staff(request.user.get_username()), self.url("change", row)
        if request.POST.get("from") == "board":
            back = self.url("board")
        try:
            do(row, by=by, now=timezone.now(), **booking_request)
        except followups.NotPossible as error:
            label = FollowUp.Status(error.status).label
            messages.warning(request, str(STALE) % {"status": label})
            return HttpResponseRedirect(back)
        self.finish_action(request, row, action.label, done)
        return HttpResponseRedirect(back)
