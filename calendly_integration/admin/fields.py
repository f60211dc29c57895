"""Fields of our forms that take what browsers and hands send: several lines, keys of rows."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from . import bounded_lists


class MultilineField(forms.CharField):
    """A text of several lines. Browsers send each line break as CR LF; it is kept as LF alone."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        """The text."""
        return (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")


class RowsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Several rows, by their keys. What no row could have as its key is an invalid choice."""

    def clean(self, value: Any) -> Any:
        """The rows."""
        for key in value if isinstance(value, list | tuple) else ():
            if not bounded_lists.is_key(self.queryset.model, str(key)):  # type: ignore[union-attr]
                params = {"value": str(key)[:64]}
                raise ValidationError(
                    self.error_messages["invalid_choice"], code="invalid_choice", params=params
                )
        return super().clean(value)
