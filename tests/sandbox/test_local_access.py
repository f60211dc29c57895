"""Which names open the controls and the pages: another site's name may be pointed at this machine."""

from __future__ import annotations

import stat

import pytest
import requests

from calendly_integration.sandbox import seeds, statefile
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.portal import Portal
from calendly_integration.sandbox.server import SandboxServer

LOOPBACK = ["localhost", "LOCALHOST:8010", "127.0.0.1", "127.8.9.10:80", "[::1]:8010"]
OTHERS = [
    "evil.example",
    "evil.example:8010",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "[",
    "",
    "a b",
]
LAN = ["192.168.1.5:8010", "[fe80::1]:8010"]


@pytest.fixture(scope="module")
def server():
    calendly = Calendly()
    calendly.seed_standard()
    with SandboxServer(calendly) as running:
        yield running


@pytest.fixture(scope="module")
def portal():
    with Portal() as running:
        yield running


@pytest.fixture(params=["calendly", "portal"])
def call(request, server, portal):
    """A call to one of the two stand-ins under the name given."""
    base = (server if request.param == "calendly" else portal).url
    control = "/sandbox/calls" if request.param == "calendly" else "/sandbox/messages"

    def act(host, path=control, method="GET", **headers):
        return requests.request(method, base + path, headers={"Host": host} | headers, timeout=5)

    return act


@pytest.mark.parametrize("host", LOOPBACK)
def test_controls_and_pages_open_to_loopback_names(call, host):
    assert call(host).status_code == 200
    assert call(host, "/").status_code == 200


@pytest.mark.parametrize("host", OTHERS)
def test_controls_and_pages_stay_shut_to_other_names(call, host):
    assert call(host).status_code == 403
    assert call(host, "/").status_code == 403


@pytest.mark.parametrize("host", LAN)
def test_an_address_opens_the_pages_only(call, host):
    assert call(host, "/").status_code == 200
    assert call(host, "/sandbox/style.css").status_code == 200
    assert call(host).status_code == 403


def test_another_site_may_use_neither(call):
    for origin in ("https://evil.example", "null", "http://[", ""):
        assert call("localhost", Origin=origin).status_code == 403
        assert call("localhost", "/", Origin=origin).status_code == 403
    assert call("localhost:9", Origin="http://localhost:9").status_code == 200


def test_a_refused_control_changes_nothing(server, portal):
    headers = {"Host": "evil.example"}
    requests.post(server.url + "/sandbox/options", json={"plan": "free"}, headers=headers, timeout=5)
    requests.post(portal.url + "/sandbox/switches", json={"down": True}, headers=headers, timeout=5)
    assert (server.calendly.options.plan, portal.down) == ("generous", False)


def test_the_apis_answer_under_any_name(server, portal):
    headers = {"Host": "calendly.internal", "Authorization": f"Bearer {seeds.TOKEN}"}
    assert requests.get(server.url + "/users/me", headers=headers, timeout=5).status_code == 200
    assert (
        requests.post(portal.url + "/calendly/notify", json={}, headers=headers, timeout=5).status_code == 200
    )


def test_the_state_file_is_its_owners_alone(calendly, tmp_path):
    path = tmp_path / "state.json"
    path.write_text(statefile.dump(calendly))
    path.chmod(0o644)
    (tmp_path / "state.json.new").write_text("left by a process that was killed")
    keeper = statefile.StateFile(calendly, path)
    keeper.load()
    keeper.start()
    keeper.stop()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in tmp_path.iterdir()] == ["state.json"]
