"""An event type's questions as form fields."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from . import formatting
from .fields import MultilineField

MAX_ANSWER_LENGTH = 10_000


def fields(asked: Sequence[Mapping[str, Any]]) -> dict[str, forms.Field]:
    """A field for each question, named `question_<n>`, and one more where another answer is possible."""
    made: dict[str, forms.Field] = {}
    for number, question in enumerate(asked):
        choices = [str(each) for each in question.get("answer_choices") or ()]
        other = bool(question.get("include_other") and choices)
        required = bool(question.get("required"))
        # A required question may be answered in the field beside it; the service checks both together.
        field = _field(question, choices, required=required and not other)
        field.label, field.label_suffix = formatting.plain(question["name"], 500), ""
        made[f"question_{number}"] = field
        if other:
            made[f"question_{number}_other"] = forms.CharField(
                label=_("Another answer"), label_suffix="", required=False, max_length=MAX_ANSWER_LENGTH
            )
    return made


def answers(form: forms.Form, asked: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The answers, as a tuple for each question."""
    found = []
    for number, question in enumerate(asked):
        given = form.cleaned_data.get(f"question_{number}") or ""
        lines = list(given) if isinstance(given, list) else [given]
        lines.append(form.cleaned_data.get(f"question_{number}_other") or "")
        found.append((str(question["name"]), tuple(line for line in lines if line)))
    return tuple(found)


def typed(form: forms.BaseForm, request: HttpRequest) -> dict[str, Any]:
    """The typed values, for a page that is shown again without validation."""
    return {
        name: field.widget.value_from_datadict(request.POST, request.FILES, name)
        for name, field in form.fields.items()
    }


def _field(question: Mapping[str, Any], choices: list[str], *, required: bool) -> forms.Field:
    kind = question.get("type")
    if kind == "single_select" and choices:
        pairs = [("", _("Choose one")), *((each, formatting.plain(each, 300)) for each in choices)]
        return forms.ChoiceField(choices=pairs, required=required)
    if kind == "multi_select" and choices:
        return forms.MultipleChoiceField(
            choices=[(each, formatting.plain(each, 300)) for each in choices],
            required=required,
            widget=forms.CheckboxSelectMultiple,
        )
    if kind == "phone_number":
        return forms.CharField(required=required, max_length=64, widget=forms.TextInput({"type": "tel"}))
    if kind == "text":
        return MultilineField(
            required=required, max_length=MAX_ANSWER_LENGTH, widget=forms.Textarea({"rows": 3})
        )
    return forms.CharField(required=required, max_length=MAX_ANSWER_LENGTH)
