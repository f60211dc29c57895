"""Follow-ups: the list, the page and the steps. The board has its own module."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ..models import FollowUp
from ..models.visible import visible
from ..services.actors import Actor
from ..services.backoffice import followups
from . import contact, display, fields, followup_board, formatting, nav, viewer_timezone
from .read_only import ReadOnlyAdmin

STALE = _(
    "This follow-up has changed in the meantime: its status is now “%(status)s”. Your change was not made."
)


# The colours of the badges, by the word that has the same one.
TONES = {
    FollowUp.Status.PLANNED: "open",
    FollowUp.Status.SENT: "waiting",
    FollowUp.Status.REBOOKED: "done",
    FollowUp.Status.CLOSED: "off",
}


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
        label=_("Note for colleagues"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class LaterForm(forms.Form):
    """When the call is due again: after some days, or on a day."""

    days = forms.IntegerField(required=False, min_value=1, max_value=30)
    on = forms.DateField(required=False)
    asked = forms.BooleanField(required=False)

    def due(self, now: datetime) -> datetime | None:
        """The morning of the chosen day; None if no later day is chosen."""
        days, on = self.cleaned_data.get("days"), self.cleaned_data.get("on")
        if on is not None:
            days = (on - timezone.localtime(now).date()).days
        return followup_board.call_time(now, days) if days and 0 < days <= 730 else None


def colleagues() -> QuerySet[Any]:
    """Active staff who may view follow-ups."""
    right = {"codename": "view_followup", "content_type__app_label": "calendly_integration"}
    own = Q(**{f"user_permissions__{key}": value for key, value in right.items()})
    through = Q(**{f"groups__permissions__{key}": value for key, value in right.items()})
    users = get_user_model()
    found = users._default_manager.filter(is_active=True, is_staff=True)
    return found.filter(Q(is_superuser=True) | own | through).distinct().order_by(users.USERNAME_FIELD)


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
        """The same labels as on the badges, and both that are to be done today."""
        return [("now", _("overdue or today")), *followup_board.DUE.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[FollowUp]) -> QuerySet[FollowUp]:
        """The follow-ups of the choice."""
        now = timezone.now()
        today, tomorrow = followup_board.day_start(now), followup_board.day_start(now, 1)
        spans = {
            "now": Q(scheduled_for__lt=tomorrow),
            "overdue": Q(scheduled_for__lt=today),
            "today": Q(scheduled_for__gte=today, scheduled_for__lt=tomorrow),
            "later": Q(scheduled_for__gte=tomorrow),
        }
        wanted = spans.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(wanted, status__in=followups.OPEN)


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnlyAdmin[FollowUp]):
    """Follow-ups."""

    nothing_yet = _("There are no follow-ups yet. They are created when a meeting is canceled.")
    list_display = ("due", "person", "meeting", "why", "state", "responsible", "remark")
    list_filter = (DueFilter, "status", AssigneeFilter, "kind")
    linked_lookups = ("status__in", "scheduled_for__gte", "scheduled_for__lt", "scheduled_for__lte")
    list_select_related = ("booking", "assignee")
    ordering = ("scheduled_for", "pk")
    search_fields = ("email", "booking__invitee_name", "note", "=conversation_id")
    search_help_text = _("E-mail, name, note, conversation or booking number")
    uuid_lookups = ("booking",)
    actions = ("take_many", "postpone_many", "close_many")
    lines = (
        "state",
        "kind",
        display.text(FollowUp, "conversation_id", limit=255),
        display.related(FollowUp, "booking"),
        display.related(FollowUp, "rebooking", label=_("booked again as")),
        display.instant(FollowUp, "created_at", seconds=True),
        display.instant(FollowUp, "closed_at", seconds=True),
    )

    # Columns

    @admin.display(description=_("due at"), ordering="scheduled_for")
    def due(self, row: FollowUp) -> SafeString:
        """The badge and the time."""
        badge = followup_board.badge(row, timezone.now())
        return format_html(
            '<span class="calendly cell">{} {}</span>', badge, formatting.brief(row.scheduled_for)
        )

    @admin.display(description=_("status"), ordering="status")
    def state(self, row: FollowUp) -> SafeString:
        """The status, and the reason of a closed one."""
        badge = formatting.badge(TONES[FollowUp.Status(row.status)], row.get_status_display())
        return format_html(
            '<span class="calendly cell">{}<br><span class="quiet">{}</span></span>',
            badge,
            row.get_reason_display(),
        )

    @admin.display(description=_("assigned to"), ordering="assignee")
    def responsible(self, row: FollowUp) -> SafeString:
        """The assignee."""
        return formatting.text(row.assignee)

    @admin.display(description=_("invitee"), ordering="email")
    def person(self, row: FollowUp) -> SafeString:
        """Name, phone and address."""
        return format_html(
            '<span class="calendly cell">{}<br>{} <span class="quiet">{}</span></span>',
            formatting.text(row.booking.invitee_name or row.email, 60),
            contact.phone_link(row.booking.phone),
            contact.email_link(row.email),
        )

    @admin.display(description=_("meeting"))
    def meeting(self, row: FollowUp) -> SafeString:
        """The canceled meeting and its hour."""
        link = display.object_link(row.booking, row.booking.event_name or row.booking)
        return format_html(
            '<span class="calendly cell">{}<br><span class="quiet">{}</span></span>',
            link,
            formatting.brief(row.booking.start_at),
        )

    @admin.display(description=_("why"))
    def why(self, row: FollowUp) -> SafeString:
        """Who canceled, and why."""
        return formatting.text(followup_board.why(row), 120)

    @admin.display(description=_("note"))
    def remark(self, row: FollowUp) -> SafeString:
        """The beginning of the note, and the calls without an answer."""
        calls = row.unanswered_calls
        text = ngettext("%d call without an answer", "%d calls without an answer", calls) % calls
        return formatting.text(" · ".join(part for part in (text if calls else "", row.note) if part))

    # Pages

    def get_urls(self) -> list[URLPattern]:
        """The board comes first, because Django's URLs would take it for an object id."""

        def page(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            wrapped = viewer_timezone.in_zone(self.admin_site.admin_view(view))
            return path(route, wrapped, name=self.url_name(name))

        return [
            page("board/", self.board_view, "board"),
            page("<path:object_id>/assign/", self.assign_view, "assign"),
            page("<path:object_id>/note/", self.note_view, "note"),
            page("<path:object_id>/no_answer/", self.no_answer_view, "no_answer"),
            page("<path:object_id>/later/", self.later_view, "later"),
            page("<path:object_id>/lost/", self.lost_view, "lost"),
            page("<path:object_id>/wait/", self.wait_view, "wait"),
            page("<path:object_id>/close/", self.close_view, "close"),
            page("<path:object_id>/reopen/", self.reopen_view, "reopen"),
            *super().get_urls(),
        ]

    def board_view(self, request: HttpRequest) -> HttpResponse:
        """All follow-ups in four columns."""
        return followup_board.view(self, request)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page, with the person, the text to send and all steps above the details."""
        row = self.get_object(request, object_id)
        extra: dict[str, Any] = dict(extra_context or {})
        if row is not None and self.has_view_permission(request, row):
            may_book = self.may(request, "add_booking")
            card = followup_board.card(row, me=request.user.pk, now=timezone.now(), may_book=may_book)
            extra |= {
                "name": card.name,
                "subtitle": card.name,
                "card": card,
                "may_change": self.may(request, "change_followup"),
                "me": request.user.pk,
                "assign_form": AssignForm(initial={"assignee": row.assignee_id}),
                "note_form": NoteForm(initial={"note": visible(row.note)}),
            }
        return super().change_view(request, object_id, form_url, extra)

    # Steps

    def assign_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Assign it to a colleague, or to nobody."""
        form = AssignForm(request.POST)
        if not form.is_valid():
            return self._refuse(request, object_id, _("Choose a colleague from the list."))
        done, user = _("The follow-up is assigned."), form.cleaned_data["assignee"]
        return self._take_step(request, object_id, followups.assign, done, user=user)

    def note_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Replace the note."""
        form = NoteForm(request.POST)
        if not form.is_valid():
            return self._refuse(request, object_id, _("The note is too long."))
        done, text = _("The note is saved."), form.cleaned_data["note"]
        return self._take_step(request, object_id, followups.note, done, text=text)

    def no_answer_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The invitee did not answer: due again on the next working day."""
        until = followup_board.next_working_day(timezone.now())
        done = _("No answer. The call is due again: %s.") % formatting.stamp(until)
        return self._take_step(request, object_id, followups.no_answer, done, until=until)

    def later_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Due again on a later day, chosen by staff or by the invitee."""
        form = LaterForm(request.POST)
        until = form.due(timezone.now()) if form.is_valid() else None
        if until is None:
            return self._refuse(request, object_id, _("Choose a later day."))
        step = followups.wants_later if form.cleaned_data["asked"] else followups.postpone
        done = _("The call is due again: %s.") % formatting.stamp(until)
        return self._take_step(request, object_id, step, done, until=until)

    def lost_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The invitee no longer wants the meeting."""
        done = _("The follow-up is closed: the invitee no longer wants the meeting.")
        return self._take_step(request, object_id, followups.lose, done)

    def wait_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The invitee was asked and has to answer."""
        done = _("The follow-up is waiting for the invitee.")
        return self._take_step(request, object_id, followups.wait, done)

    def close_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Nothing is to be done any more."""
        return self._take_step(request, object_id, followups.close, _("The follow-up is closed."))

    def reopen_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Something is to be done again."""
        return self._take_step(request, object_id, followups.reopen, _("The follow-up is open again."))

    def _take_step(
        self, request: HttpRequest, object_id: str, step: Callable[..., None], done: Any, **given: Any
    ) -> HttpResponse:
        """Run the step, or say that the follow-up has changed; then go back. `step` is the service: the steps
        differ in this call alone."""
        row = self._row(request, object_id)
        back = HttpResponseRedirect(nav.next_url(request, self.url("change", row)))
        if request.method != "POST":
            return back
        try:
            step(row, by=Actor.staff(request.user.get_username()), now=timezone.now(), **given)
        except followups.NotPossible as error:
            label = FollowUp.Status(error.status).label
            messages.warning(request, str(STALE) % {"status": label})
            return back
        self.log_change(request, row, str(done))
        messages.success(request, str(done))
        return back

    def _refuse(self, request: HttpRequest, object_id: str, why: Any) -> HttpResponse:
        """Go back with a message. Nothing was changed."""
        row = self._row(request, object_id)
        if request.method == "POST":
            messages.error(request, str(why))
        return HttpResponseRedirect(nav.next_url(request, self.url("change", row)))

    def _row(self, request: HttpRequest, object_id: str) -> FollowUp:
        """The follow-up, for those who may change it."""
        if not (self.may(request, "change_followup") and self.has_view_permission(request)):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return row

    # Many at once

    def has_handle_permission(self, request: HttpRequest) -> bool:
        """Whether this person may work on follow-ups."""
        return self.may(request, "change_followup")

    @admin.action(description=_("Assign to me"), permissions=["handle"])
    def take_many(self, request: HttpRequest, rows: QuerySet[FollowUp]) -> None:
        """Assign the selected open ones to the viewer."""
        self._each(request, rows, followups.assign, user=request.user)

    @admin.action(description=_("Postpone to tomorrow"), permissions=["handle"])
    def postpone_many(self, request: HttpRequest, rows: QuerySet[FollowUp]) -> None:
        """Make the selected open ones due tomorrow."""
        until = followup_board.call_time(timezone.now(), 1)
        self._each(request, rows, followups.postpone, until=until)

    @admin.action(description=_("Close"), permissions=["handle"])
    def close_many(self, request: HttpRequest, rows: QuerySet[FollowUp]) -> None:
        """Close the selected open ones. They can be reopened."""
        self._each(request, rows, followups.close)

    def _each(
        self, request: HttpRequest, rows: QuerySet[FollowUp], step: Callable[..., None], **given: Any
    ) -> None:
        """Run the step, which is a service, for each row, and say for how many it held."""
        by, done, left = Actor.staff(request.user.get_username()), 0, 0
        for row in rows.select_related(None).order_by("pk")[: self.list_per_page]:
            try:
                step(row, by=by, now=timezone.now(), **given)
            except followups.NotPossible:
                left += 1
            else:
                done += 1
        text = ngettext("%d follow-up was changed.", "%d follow-ups were changed.", done) % done
        if left:
            skipped = ngettext("%d was ended already.", "%d were ended already.", left) % left
            text = f"{text} {skipped}"
        messages.success(request, text)
