"""Secrets at rest: encrypted with the first key, readable with any."""

from typing import Any

import pytest
from cryptography.fernet import Fernet

from calendly_integration.clients import encryption

SECRET = "a token of Calendly"


def key() -> str:
    return Fernet.generate_key().decode()


def test_what_is_encrypted_is_readable_and_shows_nothing() -> None:
    kept = encryption.encrypt(SECRET)
    assert SECRET not in kept
    assert encryption.encrypt(SECRET) != kept
    assert encryption.decrypt(kept) == SECRET


def test_the_first_key_encrypts_and_every_key_reads(settings: Any) -> None:
    old, new = key(), key()
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [old]
    kept = encryption.encrypt(SECRET)
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [new, old]
    assert encryption.decrypt(kept) == SECRET
    fresh = encryption.encrypt(SECRET)
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [old]
    with pytest.raises(encryption.Unreadable):
        encryption.decrypt(fresh)


def test_keys_may_stand_in_one_text(settings: Any) -> None:
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = f"{key()}, {key()},"
    assert encryption.decrypt(encryption.encrypt(SECRET)) == SECRET


def test_a_rotation_puts_the_secret_under_the_first_key(settings: Any) -> None:
    old, new = key(), key()
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [old]
    kept = encryption.encrypt(SECRET)
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [new, old]
    rotated = encryption.rotate(kept)
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [new]
    assert encryption.decrypt(rotated) == SECRET
    with pytest.raises(encryption.Unreadable):
        encryption.rotate(kept)


def test_without_a_key_the_projects_own_secret_serves(settings: Any) -> None:
    settings.SECRET_KEY = "one"
    kept = encryption.encrypt(SECRET)
    settings.SECRET_KEY = "two"
    with pytest.raises(encryption.Unreadable):
        encryption.decrypt(kept)
    settings.SECRET_KEY = "one"
    assert encryption.decrypt(kept) == SECRET


@pytest.mark.parametrize("text", ["", "not encrypted", "gAAAAA", "é"])
def test_what_is_no_secret_is_unreadable(text: str) -> None:
    with pytest.raises(encryption.Unreadable):
        encryption.decrypt(text)


def test_a_text_that_is_no_key_is_a_clear_error(settings: Any) -> None:
    settings.CALENDLY_INTEGRATION = {**settings.CALENDLY_INTEGRATION, "ENCRYPTION_KEYS": ["not a key"]}
    with pytest.raises(encryption.Unreadable, match="no Fernet key"):
        encryption.encrypt("secret")
    with pytest.raises(encryption.Unreadable, match="no Fernet key"):
        encryption.decrypt("secret")
