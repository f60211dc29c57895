"""Secrets at rest: encrypted with the first configured key, readable with any of them."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from .. import conf


class Unreadable(Exception):
    """No configured key opens this text."""


def _keys() -> MultiFernet:
    configured = conf.get().ENCRYPTION_KEYS
    if configured:
        try:
            return MultiFernet([Fernet(key) for key in configured])
        except ValueError as error:
            raise Unreadable("CALENDLY_ENCRYPTION_KEYS holds a text that is no Fernet key.") from error
    derived = hashlib.sha256(b"calendly_integration at rest:" + conf.secret_key().encode()).digest()
    return MultiFernet([Fernet(base64.urlsafe_b64encode(derived))])


def encrypt(text: str) -> str:
    """Encrypt with the first key. Raises Unreadable where a key is none."""
    return _keys().encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """Decrypt with whichever key fits. Raises Unreadable."""
    try:
        return _keys().decrypt(text.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("No configured encryption key reads this secret.") from error


def rotate(text: str) -> str:
    """The same secret under the first key. Raises Unreadable."""
    try:
        return _keys().rotate(text.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("No configured encryption key reads this secret.") from error
