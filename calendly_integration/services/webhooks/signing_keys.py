"""The keys with which Calendly signs deliveries: those of the settings, and those that staff created here.

Their text leaves this module only to Calendly and to the check of a signature.
"""

import json
import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction

from ... import conf
from ...clients import encryption
from ...models import CalendlyAccount

log = logging.getLogger("calendly.signing_keys")

# Calendly retries a delivery for a day. After two days none signed with an old key is on its way.
OLD_KEYS_VALID_FOR = timedelta(hours=48)
CACHE_FOR = timedelta(seconds=5)
# Before a signature is refused, keys that were read longer ago are read again: at most one query a second, whatever
# is sent to us.
REREAD_AFTER = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Key:
    """A key created here. `until`: how long it is accepted. `used`: Calendly has it."""

    text: str = field(repr=False)
    until: datetime | None = None
    used: bool = False

    def valid(self, now: datetime) -> bool:
        return self.until is None or self.until > now


# When this process last read the keys, and what it read.
_cache: tuple[datetime, tuple[_Key, ...]] | None = None


def accepted(*, now: datetime, within: timedelta = CACHE_FOR) -> tuple[str, ...]:
    """All keys with which a delivery may be signed, read from the database at most `within` ago."""
    global _cache
    known = _cache
    if known is None or not timedelta(0) <= now - known[0] <= within:
        stored = CalendlyAccount.objects.exclude(signing_keys_encrypted="")
        texts = stored.values_list("signing_keys_encrypted", flat=True)
        known = _cache = now, tuple(key for text in texts for key in _read(text))
    return (*(key.text for key in known[1] if key.valid(now)), *conf.get().WEBHOOK_SECRETS)


def newest(account: CalendlyAccount, *, now: datetime) -> str:
    """The key for a new subscription: the newest one created here, else that of the settings, else empty."""
    stored = CalendlyAccount.objects.values_list("signing_keys_encrypted", flat=True).get(pk=account.pk)
    texts = [key.text for key in _read(stored) if key.valid(now)]
    return next(iter((*texts, *conf.get().WEBHOOK_SECRETS)), "")


def renew(account: CalendlyAccount, *, now: datetime) -> None:
    """Create a new key, which is accepted from now on beside the old ones.

    A key that an earlier attempt created and did not use is taken again. Raises encryption.Unreadable.
    """
    with transaction.atomic(durable=True):
        kept = _locked(account, now)
        if not kept or kept[0].used:
            kept = [_Key(secrets.token_urlsafe(32)), *kept]
        _write(account, kept)
    forget()


def subscribed(account: CalendlyAccount, key: str, *, now: datetime) -> None:
    """Calendly signs with this key now. Older keys are accepted for two more days."""
    with transaction.atomic(durable=True):
        kept = _locked(account, now)
        if not kept or not secrets.compare_digest(kept[0].text, key):
            return
        end = now + OLD_KEYS_VALID_FOR
        old = [each if each.until else replace(each, until=end) for each in kept[1:]]
        _write(account, [replace(kept[0], used=True), *old])
    forget()


def forget() -> None:
    """Make the next check in this process read the keys again."""
    global _cache
    _cache = None


def _locked(account: CalendlyAccount, now: datetime) -> list[_Key]:
    rows = CalendlyAccount.objects.select_for_update().values_list("signing_keys_encrypted", flat=True)
    return [key for key in _read(rows.get(pk=account.pk)) if key.valid(now)]


def _read(text: str) -> list[_Key]:
    """The stored keys, the newest first. None where they cannot be decrypted."""
    if not text:
        return []
    try:
        rows = json.loads(encryption.decrypt(text))
        return [
            _Key(
                row["key"],
                datetime.fromisoformat(row["until"]) if row.get("until") else None,
                bool(row.get("used")),
            )
            for row in rows
        ]
    except (encryption.Unreadable, ValueError, KeyError, TypeError) as error:
        log.warning("The stored signing keys cannot be read: %s", type(error).__name__)
        return []


def _write(account: CalendlyAccount, keys: Iterable[_Key]) -> None:
    rows = [
        {"key": key.text, "until": key.until.isoformat() if key.until else None, "used": key.used}
        for key in keys
    ]
    stored = encryption.encrypt(json.dumps(rows))
    CalendlyAccount.objects.filter(pk=account.pk).update(signing_keys_encrypted=stored)
