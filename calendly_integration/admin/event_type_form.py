"""The form for the settings of an event type: other names and access."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import AgentKey, EventType
from ..services.backoffice import event_type_settings
from . import fields, formatting


class EventTypeForm(forms.Form):
    """Our own columns, nothing that Calendly owns."""

    aliases = fields.MultilineField(
        label=_("Other names"),
        required=False,
        max_length=event_type_settings.MAX_ALIASES * event_type_settings.MAX_ALIAS_LENGTH * 2,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_(
            "Other names that agents may use for it. One per line; capitals and diacritics do not matter."
        ),
    )
    open_to = forms.ChoiceField(
        label=_("Who may book it"),
        choices=EventType.OpenTo.choices,
        widget=forms.RadioSelect,
        help_text=_("Calendly's public page stays open to everyone who has the link."),
    )
    allowed_keys = fields.RowsField(
        label=_("Agents who may book it"),
        queryset=AgentKey.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Used only if access is limited to chosen agents."),
    )

    def __init__(self, kind: EventType, data: Any = None) -> None:
        chosen = [key.pk for key in kind.allowed_keys.all()]
        initial = {"aliases": "\n".join(kind.aliases), "open_to": kind.open_to, "allowed_keys": chosen}
        super().__init__(data, initial=initial)
        self.kind = kind
        keys = self.fields["allowed_keys"]
        assert isinstance(keys, forms.ModelMultipleChoiceField)
        keys.queryset = event_type_settings.selectable_keys(kind)
        keys.label_from_instance = lambda key: f"{formatting.plain(key.name)} · {key.prefix}…"  # type: ignore[assignment]

    def clean(self) -> dict[str, Any]:
        """Limited access needs at least one agent."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("open_to") == EventType.OpenTo.KEYS and not given.get("allowed_keys"):
            raise ValidationError({"allowed_keys": _("Choose at least one agent, or limit it to staff.")})
        return given

    def keep(self) -> bool:
        """Save. Returns False and adds the errors to the form if something is wrong."""
        if not self.is_valid():
            return False
        try:
            event_type_settings.save_settings(
                self.kind,
                aliases=self.cleaned_data["aliases"].splitlines(),
                open_to=self.cleaned_data["open_to"],
                allowed_keys=self.cleaned_data["allowed_keys"],
            )
        except event_type_settings.NameTaken as error:
            text = gettext("Another event type already uses “%(alias)s”: %(other)s.")
            names = {"alias": formatting.plain(error.alias), "other": formatting.plain(error.by)}
            self.add_error("aliases", text % names)
        except event_type_settings.TooManyNames:
            text = gettext("At most %(most)d names, each of at most %(longest)d characters.")
            bounds = {
                "most": event_type_settings.MAX_ALIASES,
                "longest": event_type_settings.MAX_ALIAS_LENGTH,
            }
            self.add_error("aliases", text % bounds)
        else:
            return True
        return False
