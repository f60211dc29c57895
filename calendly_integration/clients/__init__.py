"""The configured clients: one of Calendly for each connection and one of the portal, kept for the process."""

import threading

from .. import conf
from ..calendly.client import Client as CalendlyClient
from ..models import CalendlyAccount
from ..portal.client import Client as PortalClient
from . import api_call_log, encryption, reachability

DEFAULT = "default"

_lock = threading.Lock()
_calendly: dict[tuple[int, str, str], CalendlyClient] = {}
_portal: dict[tuple[str, str], PortalClient] = {}


class NoToken(Exception):
    """The connection has no credential, or one that no configured encryption key can read."""


def token(account: CalendlyAccount) -> str:
    """The connection's credential: that of the settings for the default connection, else the stored one. Raises
    NoToken."""
    if account.slug == DEFAULT:
        if key := conf.get().API_KEY:
            return key
        raise NoToken("No Calendly token: set CALENDLY_API_KEY.")
    if not account.token_encrypted:
        raise NoToken(f"No Calendly token is stored for the connection {account.slug}.")
    try:
        return encryption.decrypt(account.token_encrypted)
    except encryption.Unreadable as error:
        raise NoToken("The stored Calendly token cannot be read: an encryption key is missing.") from error


def calendly(account: CalendlyAccount) -> CalendlyClient:
    """The client of a connection. Raises NoToken."""
    key = (account.pk, token(account), conf.get().API_URL)
    with _lock:
        client = _calendly.get(key)
        if client is None:
            try:
                client = _calendly[key] = CalendlyClient(key[1], base_url=key[2], on_call=_note_call)
            except ValueError as error:
                raise NoToken(str(error)) from error
        return client


def _note_call(method: str, path: str, status: int | None, seconds: float, error: str | None) -> None:
    api_call_log.record(method, path, status, seconds, error)
    reachability.note_call(status, error)


def portal() -> PortalClient | None:
    """The portal's client, or None while no portal is configured."""
    settings = conf.get()
    if not settings.PORTAL_URL:
        return None
    key = (settings.PORTAL_URL, settings.PORTAL_KEY)
    with _lock:
        client = _portal.get(key)
        if client is None:
            client = _portal[key] = PortalClient(*key)
        return client


def forget() -> None:
    """Drop all clients; the next call makes new ones. For tests and after a fork."""
    with _lock:
        _calendly.clear()
        _portal.clear()
    reachability.forget()
