"""The app's registration: checks are registered here, and nothing else happens at start-up."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CalendlyIntegrationConfig(AppConfig):
    """Calendly for VAI Portal."""

    name = "calendly_integration"
    verbose_name = _("Calendly")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        from . import checks

        checks.register()
