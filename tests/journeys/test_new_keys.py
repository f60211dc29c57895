"""Fault 27: the encryption key is rotated, then lost. In process: what is at stake is one stored token."""

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from rest_framework.test import APIClient

from calendly_integration import checks, clients
from calendly_integration.clients import encryption
from calendly_integration.models import CalendlyAccount, EventType
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.seeds import TOKEN
from calendly_integration.services import doctor

pytestmark = pytest.mark.django_db

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def stored(account: CalendlyAccount, event_types: dict[str, EventType], settings: Any) -> Any:
    """The event types' connection lives on its stored token; the settings, to change the keys in."""
    settings.CALENDLY_INTEGRATION["ENCRYPTION_KEYS"] = [OLD]
    settings.CALENDLY_INTEGRATION["API_KEY"] = ""
    account.slug, account.token_encrypted = "second", encryption.encrypt(TOKEN)
    account.save()
    clients.forget()
    return settings.CALENDLY_INTEGRATION


def books(api: APIClient, hour: int) -> int:
    booking_request = {
        "eventType": "Sales Demo",
        "inviteeEmail": "a@example.com",
        "inviteeName": "A",
        "preferredTime": f"2026-11-24T{hour:02}:00:00Z",
        "flexibility": "exact",
    }
    return int(api.post("/api/calendly/schedule", booking_request, format="json").status_code)


def test_a_token_stays_readable_while_its_key_is_rotated(
    stored: Any, sandbox: Calendly, api: APIClient
) -> None:
    assert books(api, 8) == 201
    stored["ENCRYPTION_KEYS"] = [NEW, OLD]
    clients.forget()
    assert books(api, 9) == 201
    call_command("calendly_rotate_keys", verbosity=0)
    stored["ENCRYPTION_KEYS"] = [NEW]
    clients.forget()
    assert books(api, 10) == 201


def test_a_lost_key_is_said_clearly_and_books_nothing(
    stored: Any, sandbox: Calendly, api: APIClient, account: CalendlyAccount
) -> None:
    stored["ENCRYPTION_KEYS"] = [NEW]
    clients.forget()
    assert books(api, 8) == 502
    assert not sandbox.state.events
    findings = {each.name: each for each in doctor.examine(account, now=datetime.now(UTC))}
    assert findings["token"].ok is False
    assert "encryption key is missing" in findings["token"].text
    assert "CALENDLY_API_KEY" in findings["token"].fix
    stored["ENCRYPTION_KEYS"] = ["not-a-key"]
    [error] = [each for each in checks._ours.check() if each.id == "calendly.E006"]
    assert "Fernet.generate_key" in str(error.hint)
