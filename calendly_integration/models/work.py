"""Work rows: claimed with a lease and a token, and finished only by the holder of the token.

`next_attempt_at` is when a row may be claimed. It is null once nothing is left to do, and the end of the lease
while a worker holds the row. A worker that dies needs no cleanup: its rows come due again.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

from django.db import InterfaceError, OperationalError, models, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

W = TypeVar("W", bound="Work")

# Raised when the database goes away. The work is not at fault: its lease ends and it is done again.
DATABASE_AWAY = (OperationalError, InterfaceError)


class WorkQuerySet(models.QuerySet[W]):
    """Claims and finishes work rows."""

    def due(self, now: datetime) -> Self:
        """Rows that may be claimed at `now`."""
        return self.filter(next_attempt_at__lte=now)

    def claim(self, *, now: datetime, lease: timedelta, limit: int) -> list[W]:
        """Claim up to `limit` due rows for the length of `lease`, the longest waiting first.

        Two claimers never get the same row: PostgreSQL skips rows that another claim has locked, and SQLite
        lets one transaction write at a time.
        """
        token = uuid.uuid4()
        with transaction.atomic():
            rows = list(
                self.due(now)
                .select_for_update(skip_locked=True, of=("self",))
                .order_by("next_attempt_at", "pk")[:limit]
            )
            if rows:
                self.model._default_manager.filter(pk__in=[row.pk for row in rows]).update(
                    next_attempt_at=now + lease, lease_token=token, attempts=F("attempts") + 1
                )
        for row in rows:
            row.next_attempt_at, row.lease_token, row.attempts = now + lease, token, row.attempts + 1
        return rows

    def finish(self, row: W, **changes: Any) -> bool:
        """Release the row with `changes`. Returns False, and writes nothing, where the lease was lost."""
        if row.lease_token is None:
            return False
        changes = {"next_attempt_at": None, "lease_token": None} | changes
        done = self.model._default_manager.filter(pk=row.pk, lease_token=row.lease_token).update(**changes)
        if done:
            for name, value in changes.items():
                setattr(row, name, value)
        return bool(done)


class Work(models.Model):
    """The columns of a work row."""

    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    last_error = models.TextField(_("last error"), blank=True, default="")

    class Meta:
        abstract = True


def due_index(name: str) -> models.Index:
    """The partial index for `due` and `claim`. It holds only rows with work left."""
    return models.Index(
        fields=["next_attempt_at"], name=name, condition=models.Q(next_attempt_at__isnull=False)
    )
