"""The reference project's settings, with little patience for a database that another writer holds."""

from config.settings import *  # noqa: F403
from config.settings import DATABASES

DATABASES["default"]["OPTIONS"]["timeout"] = 1
