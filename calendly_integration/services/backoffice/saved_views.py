"""Views of the bookings list that a person keeps."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from ...models import SavedView

MAX_VIEWS = 30
MAX_QUERY_LENGTH = 1000


class NoName(ValueError):
    """A view needs a name."""


class TooLong(ValueError):
    """More filters than can be kept."""


class TooMany(ValueError):
    """One person has enough views."""


def of(user: Any) -> QuerySet[SavedView]:
    """This person's own, by name."""
    return SavedView.objects.filter(user_id=user.pk)


def save(*, user: Any, name: str, query: str, now: datetime) -> SavedView:
    """Keep it; a view of the same name is replaced. Raises NoName, TooLong, TooMany."""
    name = name.strip()[:60]
    if not name:
        raise NoName
    if len(query) > MAX_QUERY_LENGTH:
        raise TooLong
    if of(user).exclude(name=name).count() >= MAX_VIEWS:
        raise TooMany
    view, _made = SavedView.objects.update_or_create(
        user_id=user.pk,
        name=name,
        defaults={"query": query},
        create_defaults={"query": query, "created_at": now},
    )
    return view
