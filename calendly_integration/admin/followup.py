"""Follow-ups: the list, the page and the steps. The board has its own module."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..models import FollowUp
from ..services.backoffice import followups
from . import display, fields, followup_board, formatting, viewer_timezone
from .object_actions import ObjectAction, Words
from .read_only import ReadOnlyAdmin

STALE = _(
    "This follow-up has changed in the meantime: its status is now “%(status)s”. Your change was not made."
)


class AssignForm(forms.Form):
    """The person to assign."""

    assignee: Any = forms.ModelChoiceField(
        queryset=None, label=_("Assigned to"), required=False, empty_label=_("Unassigned")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = colleagues()  # type: ignore[attr-defined]


class NoteForm(forms.Form):
    """A note for colleagues."""

    note = fields.MultilineField(
        label=_("Note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )


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


def _is_to_do(row: FollowUp, now: datetime) -> bool:
    return row.status == FollowUp.Status.OPEN


def _may_reopen(row: FollowUp, now: datetime) -> bool:
    return row.status != FollowUp.Status.OPEN


ASSIGN, NOTE, WAIT = _("Assign"), _("Note"), _("Wait for the invitee")
CLOSE, REOPEN = _("Close the follow-up"), _("Reopen")


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

    def get_object_actions(self) -> list[ObjectAction]:
        """The steps of a follow-up."""
        right = "change_followup"
        return [
            ObjectAction("assign", ASSIGN, right, self.assign_view, _is_open),
            ObjectAction("note", NOTE, right, self.note_view, _is_open),
            ObjectAction("wait", WAIT, right, self.wait_view, _is_to_do),
            ObjectAction("close", CLOSE, right, self.close_view, _is_open),
            ObjectAction("reopen", REOPEN, right, self.reopen_view, _may_reopen),
        ]

    def buttons(self, request: HttpRequest, row: FollowUp) -> list[dict[str, Any]]:
        """With a button to book again, if the follow-up is open."""
        found = super().buttons(request, row)
        if row.status in followups.OPEN and self.may(request, "add_booking"):
            found.insert(0, {"label": _("Book again"), "url": followup_board.book_again(row)})
        return found

    def next_url(self, request: HttpRequest, row: Model) -> str:
        """Back to the board, if the step was taken there."""
        on_board = request.POST.get("from") == "board"
        return self.url("board") if on_board else super().next_url(request, row)

    def assign_view(self, request: HttpRequest, row: FollowUp) -> HttpResponse:
        """Choose who calls the invitee."""
        form = AssignForm(request.POST or None, initial={"assignee": row.assignee_id})
        if request.method != "POST" or not form.is_valid():
            return self._form_page(request, row, form, ASSIGN)
        by, now = self.actor(request), timezone.now()
        try:
            followups.assign(row, by=by, now=now, user=form.cleaned_data["assignee"])
        except followups.NotPossible as error:
            return self._stale(request, row, error)
        return self.finish_action(request, row, ASSIGN, _("The follow-up is assigned."))

    def note_view(self, request: HttpRequest, row: FollowUp) -> HttpResponse:
        """Write the note for colleagues."""
        form = NoteForm(request.POST or None, initial={"note": row.note})
        if request.method != "POST" or not form.is_valid():
            return self._form_page(request, row, form, NOTE)
        by, now = self.actor(request), timezone.now()
        try:
            followups.note(row, by=by, now=now, text=form.cleaned_data["note"])
        except followups.NotPossible as error:
            return self._stale(request, row, error)
        return self.finish_action(request, row, NOTE, _("The note is saved."))

    def wait_view(self, request: HttpRequest, row: FollowUp) -> HttpResponse:
        """The invitee has been asked."""
        if request.method != "POST":
            ask = _("You have asked the invitee, and it is their turn. The follow-up stays open.")
            return self.confirm_page(request, row, title=WAIT, ask=ask)
        try:
            followups.wait(row, by=self.actor(request), now=timezone.now())
        except followups.NotPossible as error:
            return self._stale(request, row, error)
        return self.finish_action(request, row, WAIT, _("The follow-up is waiting for the invitee."))

    def close_view(self, request: HttpRequest, row: FollowUp) -> HttpResponse:
        """Nothing more is to be done."""
        if request.method != "POST":
            ask = _("No further action is needed. The follow-up can be reopened.")
            return self.confirm_page(request, row, title=CLOSE, ask=ask)
        try:
            followups.close(row, by=self.actor(request), now=timezone.now())
        except followups.NotPossible as error:
            return self._stale(request, row, error)
        return self.finish_action(request, row, CLOSE, _("The follow-up is closed."))

    def reopen_view(self, request: HttpRequest, row: FollowUp) -> HttpResponse:
        """It needs action again."""
        if request.method != "POST":
            ask = _("The follow-up needs action again and moves back to “To do”.")
            return self.confirm_page(request, row, title=REOPEN, ask=ask)
        try:
            followups.reopen(row, by=self.actor(request), now=timezone.now())
        except followups.NotPossible as error:
            return self._stale(request, row, error)
        return self.finish_action(request, row, REOPEN, _("The follow-up is open again."))

    def _form_page(self, request: HttpRequest, row: FollowUp, form: forms.Form, title: Words) -> HttpResponse:
        ended = row.status not in followups.OPEN
        return self.page(
            request, "followup_form.html", title=title, row=row, form=form, button=title, ended=ended
        )

    def _stale(self, request: HttpRequest, row: FollowUp, error: followups.NotPossible) -> HttpResponse:
        label = FollowUp.Status(error.status).label
        return self.refuse_action(request, row, str(STALE) % {"status": label})
