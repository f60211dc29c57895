"""Keys with which agents call us: shown once, stored as a digest."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .visible import one_line


class AgentKeyQuerySet(models.QuerySet["AgentKey"]):
    """Filters and state changes of keys."""

    def valid(self, now: datetime) -> Self:
        """Keys that are active and not expired."""
        return self.filter(revoked_at__isnull=True).filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))

    def revoke(self, pk: int, *, now: datetime) -> bool:
        """Revoke a key. False where it was revoked before."""
        return bool(self.filter(pk=pk, revoked_at__isnull=True).update(revoked_at=now))


class AgentKey(models.Model):
    """The key of one agent. `prefix` finds the row, `digest` (SHA-256 of the whole key) proves the key."""

    class Scope(models.TextChoices):
        BOOK = "book", _("book")
        READ = "read", _("read")
        CHANGE = "change", _("cancel, move and edit")

    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("begins with"), max_length=20, unique=True)
    digest = models.CharField(max_length=64)
    scopes = models.JSONField(_("rights"), default=list)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)

    objects = AgentKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("agent key")
        verbose_name_plural = _("agent keys")
        permissions = [("manage_agent_keys", "Can make and revoke agent keys")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return one_line(self.name)
