"""The reference app, for its table."""

from django.apps import AppConfig


class BareConfig(AppConfig):
    name = "tests.benchmarks.bare"
    label = "bare"
    default_auto_field = "django.db.models.BigAutoField"
