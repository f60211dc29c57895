"""What a request holds, field by field: for whatever is optional null, blank and absent are the same."""

from typing import Any, TypeVar

from rest_framework.serializers import BaseSerializer, Field, ListField, Serializer

from .bodies import camel
from .fields import BLANK

S = TypeVar("S", bound="Serializer[Any]")


def values(shape: type[S], data: Any) -> dict[str, Any]:
    """The values that are given. Optional ones that are null or blank are left out, whatever their type.

    Raises ValidationError.
    """
    form = shape(data={})
    form.initial_data = _without_blanks(form, data if isinstance(data, dict) else {})
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def changes(shape: type[S], data: Any) -> dict[str, Any]:
    """As `values`, with None for what is null or blank: it clears what was there. Raises ValidationError."""
    given = data if isinstance(data, dict) else {}
    cleared = {str(name): None for name in shape().fields if name in given and is_blank(given[name])}
    return values(shape, given) | cleared


def is_blank(value: Any) -> bool:
    """True for null, and for a text that shows nothing."""
    return value is None or (isinstance(value, str) and BLANK.match(value) is not None)


def _without_blanks(form: "BaseSerializer[Any]", given: dict[str, Any]) -> dict[str, Any]:
    kept = dict(given)
    for name, field in getattr(form, "fields", {}).items():
        if name not in kept:
            continue
        if not is_blank(kept[name]):
            kept[name] = _entries(field, kept[name])
        elif not field.required:
            del kept[name]
    return kept


def _entries(field: "Field[Any, Any, Any, Any]", value: Any) -> Any:
    """A list without its null and blank entries, objects of nothing else included; the others are read like the
    request itself."""
    if not isinstance(field, ListField) or not isinstance(value, list):
        return value
    found = [each for each in value if not is_blank(each)]
    child = field.child
    if not isinstance(child, BaseSerializer):
        return found
    found = [each for each in found if not isinstance(each, dict) or not all(map(is_blank, each.values()))]
    return [_without_blanks(child, camel(each.items())) if isinstance(each, dict) else each for each in found]
