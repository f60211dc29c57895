"""Form fields for texts of several lines and for object keys."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from . import bounded_lists


class MultilineField(forms.CharField):
    """A text of several lines. Browsers send line breaks as CR LF; they are stored as LF."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        """The text."""
        return (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")


class RowsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Several objects by their keys. An impossible key is an invalid choice."""

    def clean(self, value: Any) -> Any:
        """The objects."""
        for key in value if isinstance(value, list | tuple) else ():
            if not bounded_lists.is_key(self.queryset.model, str(key)):  # type: ignore[union-attr]
                params = {"value": str(key)[:64]}
                raise ValidationError(
                    self.error_messages["invalid_choice"], code="invalid_choice", params=params
                )
        return super().clean(value)
