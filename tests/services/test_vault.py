"""Secrets at rest: encrypted with the first key, readable with any."""

from typing import Any

import pytest
from cryptography.fernet import Fernet

from calendly_integration.clients import vault

SECRET = "a token of Calendly"


def key() -> str:
    return Fernet.generate_key().decode()


def test_what_is_encrypted_is_readable_and_shows_nothing() -> None:
    kept = vault.encrypt(SECRET)
    assert SECRET not in kept
    assert vault.encrypt(SECRET) != kept
    assert vault.decrypt(kept) == SECRET


def test_the_first_key_encrypts_and_every_key_reads(settings: Any) -> None:
    old, new = key(), key()
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [old]
    kept = vault.encrypt(SECRET)
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [new, old]
    assert vault.decrypt(kept) == SECRET
    fresh = vault.encrypt(SECRET)
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [old]
    with pytest.raises(vault.Unreadable):
        vault.decrypt(fresh)


def test_keys_may_stand_in_one_text(settings: Any) -> None:
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = f"{key()}, {key()},"
    assert vault.decrypt(vault.encrypt(SECRET)) == SECRET


def test_a_rotation_puts_the_secret_under_the_first_key(settings: Any) -> None:
    old, new = key(), key()
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [old]
    kept = vault.encrypt(SECRET)
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [new, old]
    rotated = vault.rotate(kept)
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [new]
    assert vault.decrypt(rotated) == SECRET
    with pytest.raises(vault.Unreadable):
        vault.rotate(kept)


def test_without_a_key_the_projects_own_secret_serves(settings: Any) -> None:
    settings.SECRET_KEY = "one"
    kept = vault.encrypt(SECRET)
    settings.SECRET_KEY = "two"
    with pytest.raises(vault.Unreadable):
        vault.decrypt(kept)
    settings.SECRET_KEY = "one"
    assert vault.decrypt(kept) == SECRET


@pytest.mark.parametrize("text", ["", "not encrypted", "gAAAAA", "é"])
def test_what_is_no_secret_is_unreadable(text: str) -> None:
    with pytest.raises(vault.Unreadable):
        vault.decrypt(text)


def test_a_text_that_is_no_key_is_a_clear_error(settings: Any) -> None:
    settings.CALENDLY_INTEGRATION = {**settings.CALENDLY_INTEGRATION, "ENCRYPTION_KEYS": ["not a key"]}
    with pytest.raises(vault.Unreadable, match="no Fernet key"):
        vault.encrypt("secret")
    with pytest.raises(vault.Unreadable, match="no Fernet key"):
        vault.decrypt("secret")
