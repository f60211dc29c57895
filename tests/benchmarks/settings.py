"""The reference project's settings, with the reference app."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.benchmarks.bare.apps.BareConfig"]
ROOT_URLCONF = "tests.benchmarks.bare.urls"
