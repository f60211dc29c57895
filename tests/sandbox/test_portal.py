from __future__ import annotations

import threading
import time

import pytest
import requests

from calendly_integration.sandbox.portal import Portal


@pytest.fixture
def portal():
    with Portal(key="vai-key") as running:
        yield running


@pytest.fixture
def post(portal):
    with requests.Session() as session:
        session.trust_env = False

        def call(path="/calendly/notify", key="one", token="vai-key", **body):
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
            return session.post(
                portal.url + path, json=body or {"booking_id": "b1"}, headers=headers, timeout=5
            )

        yield call


def test_a_message_is_taken_and_shown_once_for_each_key(portal, post):
    assert [post().status_code, post().status_code, post(key="two").status_code] == [200, 200, 200]
    first, second = portal.messages()
    assert (first.key, first.tries, first.times_accepted, second.tries) == ("one", 2, 2, 1)
    assert first.json == {"booking_id": "b1"}
    assert portal.arrivals[0].body == b'{"booking_id": "b1"}'


def test_only_the_right_key_is_let_in(portal, post):
    assert post(token="other").status_code == 401
    assert portal.accepted() == []


def test_each_switch_fails_in_its_way_and_the_next_try_is_taken(portal, post):
    portal.down = True
    assert post().status_code == 503
    portal.down, portal.limit_for = False, 7
    assert post().headers["Retry-After"] == "7"
    portal.limit_for, portal.refuse = None, {"/calendly/notify": 422}
    assert post().status_code == 422
    assert post(path="/email/send", key="mail").status_code == 200
    portal.refuse, portal.drop = {}, True
    with pytest.raises(requests.ConnectionError):
        post()
    assert [item.key for item in portal.accepted()] == ["mail"]
    portal.drop, portal.lose = False, True
    with pytest.raises(requests.ConnectionError):
        post()
    portal.lose = False
    assert post().status_code == 200
    message = portal.messages()[0]
    assert message.statuses == [503, 429, 422, None, None, 200]
    assert message.times_accepted == 2


def test_switches_over_http(portal, post):
    assert requests.post(portal.url + "/sandbox/switches", json={"down": True}, timeout=5).json()["down"]
    assert post().status_code == 503
    assert requests.post(portal.url + "/sandbox/switches", json={"up": True}, timeout=5).status_code == 400
    assert requests.post(portal.url + "/sandbox/switches", data="x", timeout=5).status_code == 400
    listed = requests.get(portal.url + "/sandbox/messages", timeout=5).json()
    assert (listed["count"], listed["messages"][0]["statuses"]) == (1, [503])
    requests.delete(portal.url + "/sandbox/messages", timeout=5)
    assert portal.arrivals == []


def test_metadata_is_told_for_known_events(portal):
    headers = {"Authorization": "Bearer vai-key"}
    requests.post(portal.url + "/sandbox/metadata", json={"e1": {"conversation_id": "c1"}}, timeout=5)
    known = requests.get(portal.url + "/calendly/metadata/e1", headers=headers, timeout=5)
    assert (known.status_code, known.json()) == (200, {"conversation_id": "c1"})
    assert requests.get(portal.url + "/calendly/metadata/e2", headers=headers, timeout=5).status_code == 404
    assert requests.get(portal.url + "/calendly/metadata/e1", timeout=5).status_code == 401


def test_the_page_groups_by_booking_and_escapes(portal, post):
    post(booking_id="b1", notes="<script>alert(1)</script>")
    post(key="two", path="/analytics/log", data={"booking_id": "b1"})
    post(key="three", booking_id="b2")
    page = requests.get(portal.url + "/", timeout=5)
    assert page.text.index("<h2>b2</h2>") < page.text.index("<h2>b1</h2>")
    assert page.text.count("<h2>") == 2
    assert "<script>" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert requests.get(portal.url + "/sandbox/style.css", timeout=5).status_code == 200
    assert requests.get(portal.url + "/else", timeout=5).status_code == 404


def test_slow_answers_do_not_wait_for_each_other(portal, post):
    portal.latency = 0.2

    def one():
        requests.post(portal.url + "/x", json={}, headers={"Authorization": "Bearer vai-key"}, timeout=5)

    threads = [threading.Thread(target=one) for _ in range(20)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 2
    assert len(portal.arrivals) == 20


def test_a_stopped_portal_refuses_and_comes_back(portal, post):
    url = portal.url
    post()
    portal.stop()
    with pytest.raises(requests.ConnectionError):
        post()
    portal.start()
    assert portal.url == url
    assert post().status_code == 200
    assert len(portal.arrivals) == 2


def test_a_port_that_is_taken_is_an_error(portal):
    with pytest.raises(OSError, match=r".+"):
        Portal(portal.host, portal.port).start()
