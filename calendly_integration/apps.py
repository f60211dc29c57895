"""The app's configuration: at start-up it registers the system checks and the groups of staff."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CalendlyIntegrationConfig(AppConfig):
    """Calendly for VAI Portal."""

    name = "calendly_integration"
    verbose_name = _("Calendly")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, and have `migrate` keep the groups up to date."""
        from . import checks, groups

        checks.register()
        groups.connect(self)
