"""The dict `CALENDLY_INTEGRATION`."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import fields
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cryptography.fernet import Fernet
from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Warning

from .. import conf
from ..services.bookings import email_addresses

Apps = Sequence[AppConfig] | None

URLS = ("API_URL", "PORTAL_URL", "PUBLIC_URL")
LONGEST_TOLERANCE = 3600
SHORTEST_SIGNING_KEY = 16
# As in sandbox/seeds.py, which only tests and two commands import.
SANDBOX_TOKEN = "sandbox-token"  # noqa: S105 - opens nothing but the sandbox
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def check(app_configs: Apps = None, **options: Any) -> list[CheckMessage]:
    """What is wrong anywhere."""
    try:
        given = conf.raw()
    except (TypeError, ValueError):
        return [Error(f"{conf.NAME} is not a dict.", hint=f"{conf.NAME} = {{…}}", id="calendly.E002")]
    found = [*_unknown(given), *_types(given)]
    if found:
        return found  # the rest would only repeat it in other words
    return [
        *_urls(given),
        *_portal_key(given),
        *_system_email(given),
        *_zone(given),
        *_tolerance(given),
        *_encryption_keys(given),
    ]


def check_deployment(app_configs: Apps = None, **options: Any) -> list[CheckMessage]:
    """What is missing or careless in production."""
    if check():
        return []
    given = conf.get()
    found: list[CheckMessage] = []
    if not given.API_KEY:
        found.append(
            Warning(
                "No Calendly token is set: nothing can be booked.",
                hint="Make a personal access token (Calendly: Integrations, API & Webhooks) and set "
                "CALENDLY_API_KEY. Leave it if the connection's own token is stored in the database.",
                id="calendly.W001",
            )
        )
    if not given.WEBHOOK_SECRETS:
        found.append(
            Warning(
                "No webhook signing key is set: every delivery of Calendly is refused.",
                hint="Set CALENDLY_WEBHOOK_SECRET to a long random text, then run: "
                "manage.py calendly_webhook subscribe. Leave it if the key is stored in the database (admin: "
                "Connections, change the signing key).",
                id="calendly.W002",
            )
        )
    if not given.ENCRYPTION_KEYS:
        found.append(
            Warning(
                "No encryption key is set: stored tokens are encrypted with a key derived from SECRET_KEY, and "
                "become unreadable when that changes.",
                hint="Set CALENDLY_ENCRYPTION_KEYS to the output of: python -c 'from cryptography.fernet "
                "import Fernet; print(Fernet.generate_key().decode())'",
                id="calendly.W003",
            )
        )
    return [*found, *_in_clear(given), *_short_keys(given), *_sandbox(given)]


def _unknown(given: dict[str, Any]) -> Iterator[CheckMessage]:
    for key in sorted(map(str, set(given) - conf.KEYS)):
        near = difflib.get_close_matches(key.upper(), sorted(conf.KEYS), n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(sorted(conf.KEYS))}."
        yield Error(f"{conf.NAME} has the unknown key {key!r}.", hint=hint, id="calendly.E001")


def _types(given: dict[str, Any]) -> Iterator[CheckMessage]:
    for field in fields(conf.Conf):
        value = given.get(field.name, field.default)
        if field.type is bool:
            fits, wanted = isinstance(value, bool), "True or False"
        elif field.type is str:
            fits, wanted = isinstance(value, str), "a text"
        elif field.type is int:
            fits, wanted = type(value) is int and value >= 0, "a whole number, not negative"
        else:
            fits, wanted = _is_list_of_texts(value), "a list of texts"
        if not fits:
            yield Error(
                f"{conf.NAME}[{field.name!r}] is not {wanted} but of type {type(value).__name__}.",
                hint=f"Set it to {wanted}.",
                id="calendly.E002",
            )


def _is_list_of_texts(value: Any) -> bool:
    if isinstance(value, str):
        return True  # comma separated
    return isinstance(value, list | tuple) and all(isinstance(text, str) for text in value)


def _urls(given: dict[str, Any]) -> Iterator[CheckMessage]:
    for key in URLS:
        url = given.get(key, "")
        if key == "PORTAL_URL" and not url:
            continue  # messages wait, visibly
        if key in given and not _is_url(url):
            yield Error(
                f"{conf.NAME}[{key!r}] is not an http or https address.",
                hint="Write it with scheme and host, without password or query: https://portal.example.com/api",
                id="calendly.E003",
            )


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and not (parts.query or parts.username)
        )
    except ValueError:
        return False


def _portal_key(given: dict[str, Any]) -> Iterator[CheckMessage]:
    key = given.get("PORTAL_KEY", "")
    if given.get("PORTAL_URL") and not (key and key.isascii() and key.isprintable() and key == key.strip()):
        yield Error(
            f"{conf.NAME}['PORTAL_KEY'] is empty or not valid in a header: no message is sent to the portal.",
            hint="Set VAI_API_KEY (here: PORTAL_KEY) to the key that the portal gave out.",
            id="calendly.E007",
        )


def _system_email(given: dict[str, Any]) -> Iterator[CheckMessage]:
    email = given.get("SYSTEM_EMAIL", "")
    if email and not email_addresses.is_address(email):
        yield Error(
            f"{conf.NAME}['SYSTEM_EMAIL'] is no e-mail address: Calendly would refuse every booking of an agent.",
            hint="VAI_SYSTEM_EMAIL=agent@portal.example",
            id="calendly.E011",
        )


def _zone(given: dict[str, Any]) -> Iterator[CheckMessage]:
    name = given.get("DEFAULT_TIME_ZONE", conf.Conf().DEFAULT_TIME_ZONE)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # an unknown zone, a path, a directory
        yield Error(
            f"{conf.NAME}['DEFAULT_TIME_ZONE'] names no time zone.",
            hint="Write an IANA name, such as Europe/Bucharest.",
            id="calendly.E004",
        )


def _tolerance(given: dict[str, Any]) -> Iterator[CheckMessage]:
    if not 1 <= given.get("WEBHOOK_TOLERANCE", 180) <= LONGEST_TOLERANCE:
        yield Error(
            f"{conf.NAME}['WEBHOOK_TOLERANCE'] must lie between 1 and {LONGEST_TOLERANCE} seconds.",
            hint="CALENDLY_WEBHOOK_TOLERANCE=180",
            id="calendly.E005",
        )


def _encryption_keys(given: dict[str, Any]) -> Iterator[CheckMessage]:
    keys = conf.get().ENCRYPTION_KEYS if "ENCRYPTION_KEYS" in given else ()
    for number, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            yield Error(
                f"Encryption key number {number} of {conf.NAME} is not a Fernet key.",
                hint="Make one with: python -c 'from cryptography.fernet import Fernet; "
                "print(Fernet.generate_key().decode())'",
                id="calendly.E006",
            )


def _in_clear(given: conf.Conf) -> Iterator[CheckMessage]:
    """A credential that goes over a network unencrypted."""
    for url, key, name in (
        (given.API_URL, given.API_KEY, "CALENDLY_API_URL"),
        (given.PORTAL_URL, given.PORTAL_KEY, "VAI_API_URL"),
    ):
        parts = urlsplit(url)
        if key and parts.scheme == "http" and parts.hostname not in LOCAL:
            yield Warning(
                f"{name} is plain http to another machine: the key can be read on the way.",
                hint=f"{name}=https://…",
                id="calendly.W004",
            )


def _short_keys(given: conf.Conf) -> Iterator[CheckMessage]:
    """A signing key that can be guessed lets anybody write deliveries."""
    if any(len(key) < SHORTEST_SIGNING_KEY for key in given.WEBHOOK_SECRETS):
        yield Error(
            f"A webhook signing key is shorter than {SHORTEST_SIGNING_KEY} characters: it can be guessed, and "
            "deliveries forged.",
            hint="Put a new one before it in CALENDLY_WEBHOOK_SECRET, restart, and run: manage.py calendly_webhook "
            "subscribe --renew. Make it with: python -c 'import secrets; print(secrets.token_urlsafe(32))'",
            id="calendly.E008",
        )


def _sandbox(given: conf.Conf) -> Iterator[CheckMessage]:
    """Values that belong to the local Calendly."""
    if given.API_KEY == SANDBOX_TOKEN:
        yield Error(
            "CALENDLY_API_KEY is the token of the sandbox.",
            hint="Make a personal access token (Calendly: Integrations, API & Webhooks) and set CALENDLY_API_KEY.",
            id="calendly.E009",
        )
    if _is_loopback(urlsplit(given.API_URL).hostname or ""):
        yield Error(
            "CALENDLY_API_URL leads to this machine, as the sandbox's does: nothing reaches Calendly.",
            hint="Unset CALENDLY_API_URL.",
            id="calendly.E010",
        )


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified
