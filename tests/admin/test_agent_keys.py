"""Agent keys, made and revoked in the admin."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from calendly_integration.models import AgentKey
from calendly_integration.services.agents import keys

from .test_pages import named

ADD = "admin:calendly_integration_agentkey_add"


def made(answer: Any) -> str:
    found = re.search(r'<code class="secret">([^<]+)</code>', answer.content.decode())
    assert found
    return found[1]


@pytest.mark.usefixtures("clock")
def test_a_key_is_shown_once_and_works(staff: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answer = staff.post(
        reverse(ADD), {"name": "Agent one", "scopes": ["book", "read"], "expires_on": "2027-01-01"}
    )
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    secret = made(answer)
    key = keys.authenticate(secret, now=datetime.now(UTC))
    assert (key.name, key.scopes) == ("Agent one", ["book", "read"])
    assert key.expires_at == datetime(2027, 1, 1, tzinfo=UTC)
    kept = [
        *(str(vars(row)) for row in AgentKey.objects.all()),
        *(str(vars(row)) for row in LogEntry.objects.all()),
        *(json.dumps(row.get_decoded()) for row in Session.objects.all()),
        str(staff.cookies),
        caplog.text,
        staff.get(reverse(f"{named(AgentKey)}_change", args=[key.pk])).content.decode(),
        staff.get(reverse(f"{named(AgentKey)}_changelist")).content.decode(),
        staff.get(reverse(ADD)).content.decode(),
    ]
    tail = secret.removeprefix(key.prefix)
    assert not [text for text in kept if tail in text]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("booking_request", "said"),
    [
        ({"name": "", "scopes": ["book"]}, "required"),
        ({"name": "x"}, "required"),
        ({"name": "x", "scopes": ["everything"]}, "everything"),
        ({"name": "x" * 101, "scopes": ["book"]}, "at most 100"),
        ({"name": "x", "scopes": ["book"], "expires_on": "2020-01-01"}, "in the future"),
        ({"name": "x", "scopes": ["book"], "expires_on": "soon"}, "valid date"),
    ],
)
def test_a_wrong_form_makes_no_key(staff: Client, booking_request: dict[str, Any], said: str) -> None:
    answer = staff.post(reverse(ADD), booking_request)
    assert said in answer.content.decode()
    assert not AgentKey.objects.exists()


def test_opening_the_form_makes_no_key(staff: Client) -> None:
    assert staff.get(reverse(ADD), {"name": "x", "scopes": "book"}).status_code == 200
    assert not AgentKey.objects.exists()


def test_making_one_needs_the_token_of_the_form(entered: Any) -> None:
    browser = entered("staff", enforce_csrf_checks=True)
    assert browser.post(reverse(ADD), {"name": "x", "scopes": "book"}).status_code == 403
    assert not AgentKey.objects.exists()


def test_a_revoked_key_opens_nothing(staff: Client, agent_key: Any) -> None:
    address = reverse(f"{named(AgentKey)}_revoke", args=[agent_key.pk])
    page = reverse(f"{named(AgentKey)}_change", args=[agent_key.pk])
    staff.get(address)
    keys.authenticate(agent_key.secret, now=datetime.now(UTC))
    assert "The key is revoked" in staff.post(address, follow=True).content.decode()
    with pytest.raises(keys.InvalidKey):
        keys.authenticate(agent_key.secret, now=datetime.now(UTC))
    assert address not in staff.get(page).content.decode()
    assert LogEntry.objects.get().object_id == str(agent_key.pk)


def test_several_keys_are_revoked_from_the_list(staff: Client, agent_key: Any) -> None:
    other, _secret = keys.create("Other", now=datetime.now(UTC))
    booking_request = {"action": "revoke", "_selected_action": [agent_key.pk, other.pk], "sure": "yes"}
    staff.post(reverse(f"{named(AgentKey)}_changelist"), booking_request)
    assert AgentKey.objects.filter(revoked_at__isnull=False).count() == 2
