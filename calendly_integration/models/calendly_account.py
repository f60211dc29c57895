"""The Calendly account to which all rows from Calendly belong."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .visible import one_line


class CalendlyAccount(models.Model):
    """A Calendly organization, our credential for it, and the state of the connection."""

    class Health(models.TextChoices):
        UNKNOWN = "unknown", _("not checked yet")
        OK = "ok", _("works")
        FAILING = "failing", _("failing")

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    organization_uri = models.CharField(_("organization"), max_length=255, blank=True)
    user_uri = models.CharField(_("user"), max_length=255, blank=True)
    user_email = models.CharField(_("user's e-mail"), max_length=320, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    plan = models.CharField(_("plan"), max_length=50, blank=True)
    stage = models.CharField(_("stage"), max_length=20, blank=True)
    token_encrypted = models.TextField(blank=True, editable=False)
    # Signing keys that staff created, newest first: a JSON list of {"key", "until", "used"}.
    signing_keys_encrypted = models.TextField(blank=True, default="", editable=False)
    health = models.CharField(_("health"), max_length=10, choices=Health.choices, default=Health.UNKNOWN)
    health_note = models.TextField(_("what is wrong"), blank=True)
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    synced_at = models.DateTimeField(_("event types synced at"), null=True, blank=True)
    events_synced_at = models.DateTimeField(_("meetings synced at"), null=True, blank=True)
    subscription_uri = models.CharField(_("webhook subscription"), max_length=255, blank=True)
    subscription_state = models.CharField(_("state of the subscription"), max_length=20, blank=True)
    quota_exhausted_until = models.DateTimeField(_("booking allowance used up until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("Calendly account")
        verbose_name_plural = _("Calendly accounts")
        permissions = [
            ("sync_calendlyaccount", "Can check a Calendly account and read from it now"),
            ("manage_calendlyaccount", "Can subscribe a Calendly account and replace its keys"),
        ]

    def __str__(self) -> str:
        return one_line(self.name or self.slug)
