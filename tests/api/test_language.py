"""The invitee's language: `locale`, else the language in which the agent asks, else Romanian."""

import pytest

from calendly_integration.models import Booking

from .conftest import agent
from .document import PREFIX, CheckedClient

SCHEDULE_BODY = {"eventType": "Sales Demo", "inviteeEmail": "ana@example.com", "inviteeName": "Ana Pop"}

pytestmark = pytest.mark.usefixtures("event_types")


@pytest.mark.parametrize(
    ("locale", "kept"),
    [
        ("de", "de"),
        ("fr-FR", "fr-FR"),
        ("RO_ro", "ro-RO"),
        ("ro_RO.UTF-8", "ro-RO"),
        ("sr-Latn-RS", "sr-RS"),
        ("en-US-u-ca-gregory-hc-h23-x-" + "a" * 40, "en-US"),
        ("a" * 40, "en"),
        ("romanian", "en"),
        ("x", "en"),
        ("-", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_a_locale_is_read_as_far_as_it_is_known(api: CheckedClient, locale: str | None, kept: str) -> None:
    answer = api.post(PREFIX + "schedule", {**SCHEDULE_BODY, "locale": locale}, format="json")
    assert answer.status_code == 201, answer.content
    assert Booking.objects.get().locale == kept


@pytest.mark.parametrize(
    ("asked_in", "kept"), [("en-GB,en;q=0.9", "en"), ("ro", "ro"), ("de, fr;q=0.5", "ro"), ("", "ro")]
)
def test_without_a_locale_it_is_the_language_of_the_agent(
    agent_key: object, asked_in: str, kept: str
) -> None:
    answer = agent(agent_key.secret, asked_in).post(PREFIX + "schedule", SCHEDULE_BODY, format="json")  # type: ignore[attr-defined]
    assert answer.status_code == 201
    assert Booking.objects.get().locale == kept


def test_the_country_of_a_locale_is_evidence_for_the_zone_however_it_is_written(api: CheckedClient) -> None:
    answer = api.post(PREFIX + "schedule", {**SCHEDULE_BODY, "locale": "en_gb.UTF-8"}, format="json")
    assert answer.json()["timezone"] == {"name": "Europe/London", "source": "locale", "confidence": "low"}
