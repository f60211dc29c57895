"""Which base `uri` and `next_page` begin with, and which are understood."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import requests

from calendly_integration.sandbox import render, seeds, servers, statefile
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.server import SandboxServer

REAL = "https://api.calendly.com"
START = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture
def server(calendly):
    with SandboxServer(calendly) as running:
        yield running


@pytest.fixture
def follow():
    """GET whatever address an answer named, with the token; only the sandbox must be asked."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {seeds.TOKEN}"

        def get(url, **query):
            assert urlsplit(url).hostname == "127.0.0.1"
            answer = session.get(url, params=query, timeout=5)
            assert answer.status_code == 200, answer.text
            return answer.json()

        yield get


def test_the_real_address_is_named_by_default(server, follow, calendly):
    me = follow(server.url + "/users/me")["resource"]
    assert me["uri"].startswith(REAL + "/users/")
    page = follow(server.url + "/event_types", user=me["uri"], count=1)
    assert page["pagination"]["next_page"].startswith(REAL + "/event_types?")


def test_a_client_that_follows_addresses_stays_at_the_sandbox(server, follow, calendly, demo):
    calendly.api_base = server.url
    for hour in range(3):
        calendly.book_as_invitee(demo, START + timedelta(hours=hour))
    me = follow(server.url + "/users/me")["resource"]
    assert follow(me["uri"])["resource"] == me
    assert follow(me["current_organization"])["resource"]["uri"] == me["current_organization"]
    page = follow(server.url + "/scheduled_events", user=me["uri"], count=2)
    found = page["collection"]
    page = follow(page["pagination"]["next_page"])
    found += page["collection"]
    assert len(found) == 3
    assert follow(page["pagination"]["previous_page"])["collection"] == found[:2]
    for event in found:
        assert follow(event["event_type"])["resource"]["name"] == "Sales Demo"
        invitee = follow(event["uri"] + "/invitees")["collection"][0]
        assert follow(invitee["uri"])["resource"] == invitee


@pytest.mark.parametrize("own", [True, False])
def test_both_spellings_are_understood(server, follow, calendly, own):
    if own:
        calendly.api_base = server.url
    ana = calendly.owner.id
    bases = [REAL, server.url, f"http://localhost:{server.port}"]
    shown = [follow(server.url + "/event_types", user=f"{base}/users/{ana}") for base in bases]
    assert [len(page["collection"]) for page in shown] == [4, 4, 4]
    for stranger in ("https://evil.example", "", f"{server.url}.example"):
        answer = requests.get(
            server.url + "/event_types",
            params={"user": f"{stranger}/users/{ana}"},
            headers={"Authorization": f"Bearer {seeds.TOKEN}"},
            timeout=5,
        )
        assert answer.status_code == 400


def test_links_between_the_halves_of_a_move_follow_the_base(calendly, api, demo):
    old = calendly.book_as_invitee(demo, START)
    new = calendly.reschedule_as_invitee(old, START.replace(hour=12))
    other = Calendly(clock=calendly.clock, api_base="http://calendly.test")
    statefile.load(other, statefile.dump(calendly))
    kept = other.state.invitees
    shown = [render.invitee(other, kept[item.id]) for item in (old, new)]
    assert shown[0]["new_invitee"] == shown[1]["uri"]
    assert shown[1]["old_invitee"] == shown[0]["uri"]
    assert shown[0]["uri"].startswith("http://calendly.test/scheduled_events/")


def test_the_base_is_an_option_of_the_servers():
    with servers.run(port=0, portal_port=0, uri_base="http://calendly.test:8010/") as running:
        assert running.calendly.organization_uri.startswith("http://calendly.test:8010/organizations/")
    with (
        pytest.raises(ValueError, match="uri"),
        servers.run(port=0, portal_port=0, uri_base="calendly.test"),
    ):
        pass
