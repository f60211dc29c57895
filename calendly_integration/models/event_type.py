"""Event types, read from Calendly."""

import uuid
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from .visible import local_time, one_line


class EventTypeQuerySet(models.QuerySet["EventType"]):
    """Filters of event types."""

    def bookable(self) -> Self:
        """Event types that can be booked now."""
        return self.filter(active=True, deleted_at__isnull=True)

    def open_to(self, key_id: int | None) -> Self:
        """Event types that the agent with this key may book, active or not. Without a key, for staff, all of
        them."""
        if key_id is None:
            return self
        chosen = EventType.allowed_keys.through.objects.filter(agentkey_id=key_id).values("eventtype_id")
        everybody, keys = EventType.OpenTo.EVERYBODY, EventType.OpenTo.KEYS
        return self.filter(models.Q(open_to=everybody) | models.Q(open_to=keys, pk__in=chosen))


class EventType(models.Model):
    """A kind of meeting. Duration and buffers in minutes."""

    class Kind(models.TextChoices):
        SOLO = "solo", _("one invitee")
        GROUP = "group", _("several invitees")

    class OpenTo(models.TextChoices):
        EVERYBODY = "everybody", _("every agent, and staff")
        KEYS = "keys", _("only the agents chosen here, and staff")
        STAFF = "staff", _("only staff")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(
        "calendly_integration.CalendlyAccount",
        models.PROTECT,
        related_name="event_types",
        verbose_name=_("Calendly account"),
    )
    uri = models.CharField(max_length=255, unique=True)
    name = models.CharField(_("name"), max_length=255)
    slug = models.CharField(_("slug"), max_length=255, blank=True)
    active = models.BooleanField(_("active"), default=False)
    duration = models.PositiveIntegerField(_("duration, minutes"))
    buffer_before = models.PositiveIntegerField(_("buffer before, minutes"), default=0)
    buffer_after = models.PositiveIntegerField(_("buffer after, minutes"), default=0)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.SOLO)
    pooling = models.CharField(_("pooling"), max_length=20, blank=True)
    color = models.CharField(_("colour"), max_length=7, blank=True)
    locations = models.JSONField(_("locations"), default=list, blank=True)
    questions = models.JSONField(_("questions"), default=list, blank=True)
    scheduling_url = models.CharField(_("public page"), max_length=500, blank=True)
    position = models.IntegerField(_("position"), default=0)
    hosts = models.ManyToManyField("calendly_integration.Host", related_name="event_types", blank=True)
    # The columns of staff, not of Calendly. Aliases are stored as typed, and compared like names.
    aliases = models.JSONField(_("other names"), default=list, blank=True)
    open_to = models.CharField(
        _("who may book it"), max_length=10, choices=OpenTo.choices, default=OpenTo.EVERYBODY
    )
    allowed_keys = models.ManyToManyField(
        "calendly_integration.AgentKey",
        related_name="event_types",
        blank=True,
        verbose_name=_("agents who may book it"),
    )
    raw = models.JSONField(default=dict, blank=True)
    updated_at = models.DateTimeField(_("changed at Calendly"))
    deleted_at = models.DateTimeField(_("deleted at Calendly"), null=True, blank=True)
    seen_at = models.DateTimeField(_("last seen at Calendly"))

    objects = EventTypeQuerySet.as_manager()

    class Meta:
        verbose_name = _("event type")
        verbose_name_plural = _("event types")
        ordering = ["position", "name", "id"]

    def __str__(self) -> str:
        return one_line(self.name)

    @property
    def is_exclusive(self) -> bool:
        """True where a start can have one booking only: not for groups (seats) and pools (several hosts)."""
        return self.kind == self.Kind.SOLO and self.pooling in ("", "collective")


class EventTypeChange(models.Model):
    """A change at Calendly. `changes` has the old and the new value of each changed column."""

    event_type = models.ForeignKey(
        "calendly_integration.EventType",
        models.CASCADE,
        related_name="changes",
        verbose_name=_("event type"),
    )
    at = models.DateTimeField(_("found at"))
    changes = models.JSONField(_("what changed"), default=dict)
    seen_at = models.DateTimeField(_("seen by staff at"), null=True, blank=True)
    seen_by = models.CharField(_("seen by"), max_length=255, blank=True)

    class Meta:
        verbose_name = _("change of an event type")
        verbose_name_plural = _("changes of event types")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["event_type", "-id"], name="type_change_type"),
            models.Index(fields=["event_type"], name="type_change_unseen", condition=models.Q(seen_at=None)),
        ]

    def __str__(self) -> str:
        return local_time(self.at)
