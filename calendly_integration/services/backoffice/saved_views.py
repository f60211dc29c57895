"""A person's saved views of the bookings list."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from ...models import SavedView

MAX_VIEWS = 30
MAX_QUERY_LENGTH = 1000


class NoName(ValueError):
    """A view needs a name."""


class TooLong(ValueError):
    """Too many filters to save."""


class TooMany(ValueError):
    """The person has the maximum number of views."""


def of(user: Any) -> QuerySet[SavedView]:
    """The person's own views, by name."""
    return SavedView.objects.filter(user_id=user.pk)


def save(*, user: Any, name: str, query: str, now: datetime) -> SavedView:
    """Save it; a view of the same name is replaced. Raises NoName, TooLong, TooMany."""
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
