"""List filters with translated titles: Django titles those of foreign keys by the field name."""

import re
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.filters import FieldListFilter
from django.utils.translation import gettext


def with_title(
    title: Any, kind: type[FieldListFilter] = admin.RelatedFieldListFilter
) -> type[FieldListFilter]:
    """The filter class with this title."""

    class WithTitle(kind):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.title = title

    return WithTitle


class YesNoFilter(admin.EmptyFieldListFilter):
    """Whether a nullable field is set. Django's labels are “Empty” and “Not empty”."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        """All, no and yes, each with its count where counts are shown."""
        words = (None, gettext("No"), gettext("Yes"))
        for word, choice in zip(words, super().choices(changelist), strict=True):
            count = re.search(r" \(\d+\)$", str(choice["display"]))
            yield {**choice, "display": word + (count.group() if count else "")} if word else choice
