"""The app's settings: one dict, `CALENDLY_INTEGRATION`, read here and nowhere else."""

from dataclasses import dataclass, field, fields
from typing import Any

from django.conf import settings

NAME = "CALENDLY_INTEGRATION"


@dataclass(frozen=True, slots=True)
class Conf:
    """What the host set, with defaults. Durations are seconds. Secrets stay out of the repr."""

    API_KEY: str = field(default="", repr=False)
    API_URL: str = "https://api.calendly.com"
    WEBHOOK_SECRETS: tuple[str, ...] = field(default=(), repr=False)
    WEBHOOK_TOLERANCE: int = 180
    CALLS_PER_MINUTE: int = 6000
    PORTAL_URL: str = ""
    PORTAL_KEY: str = field(default="", repr=False)
    SYSTEM_EMAIL: str = ""
    ENCRYPTION_KEYS: tuple[str, ...] = field(default=(), repr=False)
    DEFAULT_TIME_ZONE: str = "Europe/Bucharest"
    PUBLIC_URL: str = "http://localhost:8000"
    START_ON_TODAY: bool = False


KEYS = frozenset(f.name for f in fields(Conf))


def raw() -> dict[str, Any]:
    """The host's dict as it stands, for the system checks."""
    return dict(getattr(settings, NAME, {}))


def get() -> Conf:
    """The settings now. Built when asked, so that tests and hosts may change them. Unknown keys are left
    out here and refused by the system check `calendly.E001`."""
    given = {key: value for key, value in raw().items() if key in KEYS}
    for key in ("WEBHOOK_SECRETS", "ENCRYPTION_KEYS"):
        if isinstance(given.get(key), str):
            given[key] = given[key].split(",")
        given[key] = tuple(text.strip() for text in given.get(key, ()) if text.strip())
    return Conf(**given)


def secret_key() -> str:
    """Django's own secret, from which the encryption key is derived where none is set."""
    return str(settings.SECRET_KEY)
