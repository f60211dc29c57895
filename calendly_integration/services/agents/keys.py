"""Keys of agents: shown once when they are created, stored as a digest, checked at every call."""

import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import Error as DatabaseError

from ...models import AgentKey

log = logging.getLogger("calendly.agent_keys")

KEY_PATTERN = re.compile(r"(vai_[0-9a-f]{12})_[A-Za-z0-9_-]{43}", re.ASCII)
SCOPES = tuple(str(scope) for scope in AgentKey.Scope)
# Often enough to see which keys are in use. Noting every call would make each read a write.
NOTE_USE_EVERY = timedelta(minutes=1)


class InvalidKey(Exception):
    """No key, or one that is unknown, expired or revoked."""


class UnknownScope(ValueError):
    """A key cannot have this scope."""


def create(
    name: str, *, scopes: Sequence[str] = SCOPES, expires_at: datetime | None = None, now: datetime
) -> tuple[AgentKey, str]:
    """Create a key. Returns it with its text, which cannot be read again. Raises UnknownScope."""
    unknown = set(scopes) - set(SCOPES)
    if unknown:
        raise UnknownScope(", ".join(sorted(unknown)))
    prefix = f"vai_{secrets.token_hex(6)}"
    text = f"{prefix}_{secrets.token_urlsafe(32)}"
    key = AgentKey(
        name=name[:100],
        prefix=prefix,
        digest=_digest(text),
        scopes=[scope for scope in SCOPES if scope in scopes],
        created_at=now,
        expires_at=expires_at,
    )
    key.save(force_insert=True)
    return key, text


def authenticate(text: str, *, now: datetime) -> AgentKey:
    """The active key with that text. One query, no write. Raises InvalidKey."""
    match = KEY_PATTERN.fullmatch(text)
    if match is None:
        raise InvalidKey
    key = AgentKey.objects.valid(now).filter(prefix=match[1]).first()
    if key is None or not hmac.compare_digest(key.digest, _digest(text)):
        raise InvalidKey
    return key


def note_use(key: AgentKey, *, now: datetime) -> None:
    """Save when the key was last used, at most once a minute. Called after the answer is sent. A database error is
    logged, not raised."""
    if key.last_used_at is not None and now - key.last_used_at < NOTE_USE_EVERY:
        return
    try:
        AgentKey.objects.filter(pk=key.pk).update(last_used_at=now)
    except DatabaseError as error:
        log.info("the use of key %s was not noted: %s", key.prefix, type(error).__name__)


def revoke(key: AgentKey, *, now: datetime) -> bool:
    """Revoke the key. False where it was revoked before."""
    revoked = AgentKey.objects.revoke(key.pk, now=now)
    key.refresh_from_db(fields=["revoked_at"])
    return revoked


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
