"""What all our lists have in common: their title, what they say while empty, filters that ask yes or no."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from calendly_integration.models import AgentKey
from calendly_integration.services.agents import keys

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
EMPTY = {
    "agentkey": "No agent has a key yet.",
    "booking": "There are no bookings yet.",
    "bulkrun": "There are no bulk actions yet.",
    "calendlyaccount": "No Calendly account is connected yet.",
    "webhookdelivery": "Is the webhook subscribed?",
    "eventtype": "No event type is known yet.",
    "followup": "There are no follow-ups yet.",
    "outboxmessage": "There are no messages yet.",
    "savedview": "There are no saved views yet.",
    "syncrun": "No sync has run yet.",
    "host": "There is nothing here yet.",
}


def listed(browser: Client, model: str, **wanted: str) -> str:
    address = reverse(f"admin:calendly_integration_{model}_changelist")
    return browser.get(address, wanted).content.decode()


@pytest.mark.parametrize("model", EMPTY)
def test_an_empty_list_says_what_to_do(staff: Client, model: str) -> None:
    page = listed(staff, model)
    assert escape(EMPTY[model]) in page
    assert 'name="action"' not in page


def test_a_list_in_which_nothing_fits_says_so(staff: Client) -> None:
    page = listed(staff, "outboxmessage", status__exact="parked")
    assert "Nothing matches." in page
    assert EMPTY["outboxmessage"] not in page


def test_a_list_is_called_by_its_rows(staff: Client) -> None:
    assert "<h1>Webhook deliveries</h1>" in listed(staff, "webhookdelivery")
    staff.defaults["HTTP_ACCEPT_LANGUAGE"] = "ro"
    assert "<h1>Notificări de la Calendly</h1>" in listed(staff, "webhookdelivery")


def test_what_has_happened_or_not_is_filtered_by_yes_and_no(staff: Client) -> None:
    kept, _secret = keys.create("kept", scopes=list(AgentKey.Scope), now=NOW)
    gone, _secret = keys.create("gone", scopes=list(AgentKey.Scope), now=NOW)
    keys.revoke(gone, now=NOW)
    page = listed(staff, "agentkey", _facets="True")
    assert "By revoked" in page
    assert ">No (1)</a>" in page
    assert ">Yes (1)</a>" in page
    yes = listed(staff, "agentkey", revoked_at__isempty="0")
    assert gone.prefix in yes
    assert kept.prefix not in yes
