"""The note for staff on a booking. Its form is on the booking's page; the page here shows its errors."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..models import Booking
from ..services.backoffice import staff_notes
from . import booking_page, fields
from .read_only import ReadOnlyAdmin

NOTE = _("Note for staff")
NOTE_CHANGED = _("A colleague has changed the note meanwhile. It is shown above; save yours again.")


class StaffNoteForm(forms.Form):
    """The note, and what it was when the page was shown."""

    note = fields.MultilineField(
        label=NOTE,
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Only staff see it: it is not sent to the invitee or to agents."),
    )
    before = fields.MultilineField(required=False, widget=forms.HiddenInput)


def unbound_form(booking: Booking) -> StaffNoteForm:
    """The form with the present note."""
    return StaffNoteForm(initial={"note": booking.staff_note, "before": booking.staff_note}, auto_id="%s")


class StaffNoteMixin(ReadOnlyAdmin[Booking]):
    """The part of the bookings' admin that writes the note."""

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Booking | None = None,
    ) -> HttpResponse:
        """With the form, for those who may write."""
        if obj is not None and self.may(request, "note_booking"):
            context |= {"note_form": unbound_form(obj), "note_url": self.url("staff_note", obj)}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def staff_note_view(self, request: HttpRequest, booking: Booking) -> HttpResponse:
        """Write the note."""
        form = StaffNoteForm(request.POST) if request.method == "POST" else unbound_form(booking)
        if request.method == "POST" and form.is_valid():
            text, before = form.cleaned_data["note"], form.cleaned_data["before"]
            try:
                staff_notes.write(
                    booking, text=text, before=before, by=self.actor(request), now=timezone.now()
                )
            except staff_notes.NoteChanged:
                booking.refresh_from_db(fields=["staff_note"])
                form.data = {"note": text, "before": booking.staff_note}
                form.add_error("note", NOTE_CHANGED)
            else:
                return self.finish_action(request, booking, NOTE, _("The note is saved."))
        return self.page(
            request,
            "staff_note.html",
            title=NOTE,
            row=booking,
            booking=booking,
            head=booking_page.head(booking),
            form=form,
            kept=booking.staff_note if form.errors else "",
        )
