"""Each fault as a client feels it, in the process and over a socket."""

from __future__ import annotations

import threading
import time

import pytest
import requests
from urllib3.exceptions import MaxRetryError, ProtocolError

from calendly_integration.sandbox import seeds
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.server import SandboxServer

from .conftest import BASE, Caller

ME = "/users/me"


@pytest.fixture(scope="module")
def served():
    calendly = Calendly()
    calendly.seed_standard()
    with SandboxServer(calendly) as server:
        yield server


@pytest.fixture(params=["in-process", "socket"])
def door(request, served, api):
    """A Calendly and a way to call it: `door(method, path)`."""
    if request.param == "in-process":
        api.session.headers["X-Door"] = "in-process"
        return api.calendly, lambda method, path, **values: api.session.request(
            method, BASE + path, allow_redirects=False, **{"timeout": (1, 0.3)} | values
        )
    served.calendly.faults.clear()

    def call(method, path, **values):
        with requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = f"Bearer {seeds.TOKEN}"
            options = {"timeout": (1, 0.3), "allow_redirects": False} | values
            return session.request(method, served.url + path, **options)

    return served.calendly, call


def test_a_fault_hits_so_often_and_then_no_more(door):
    calendly, call = door
    calendly.faults.add("status", status=503, times=2, path="/users/.*", method="GET")
    assert [call("GET", ME).status_code for _ in range(3)] == [503, 503, 200]


def test_a_fault_is_for_its_path_and_method_only(door):
    calendly, call = door
    calendly.faults.add("status", status=500, path="/invitees", method="POST")
    assert call("GET", ME).status_code == 200
    assert call("POST", "/invitees", json={}).status_code == 500


def test_too_many_requests_says_when_to_come_back(door):
    calendly, call = door
    calendly.faults.add("status", status=429, seconds=17)
    answer = call("GET", ME)
    assert (answer.status_code, answer.headers["X-RateLimit-Reset"]) == (429, "17")


def booking(calendly):
    kind = calendly.add_event_type(f"Fresh {len(calendly.state.event_types)}")
    return Caller(calendly).booking(kind)


@pytest.mark.parametrize(
    ("fault", "error", "booked"),
    [
        ("drop", requests.ConnectionError, 0),
        ("lose_answer", requests.ConnectionError, 1),
        ("hang", requests.ReadTimeout, 0),
        ("slow", requests.ReadTimeout, 1),
    ],
)
def test_a_booking_without_an_answer(door, fault, error, booked):
    calendly, call = door
    body = booking(calendly)
    before = len(calendly.state.events)
    calendly.faults.add(fault, seconds=0.6, path="/invitees")
    with pytest.raises(error):
        call("POST", "/invitees", json=body)
    assert len(calendly.state.events) - before == booked
    assert call("POST", "/invitees", json=body).status_code == (400 if booked else 201)


def test_an_error_after_the_effect(door):
    calendly, call = door
    body = booking(calendly)
    calendly.faults.add("status", status=502, path="/invitees", after_effect=True)
    assert call("POST", "/invitees", json=body).status_code == 502
    assert call("POST", "/invitees", json=body).status_code == 400


def test_a_connection_that_is_refused_was_never_made(api, calendly):
    calendly.faults.add("refuse")
    with pytest.raises(requests.ConnectionError) as refused:
        api.get(ME)
    assert isinstance(refused.value.args[0], MaxRetryError)
    calendly.faults.add("connect_timeout")
    with pytest.raises(requests.ConnectTimeout):
        api.get(ME)


def test_a_lost_answer_looks_like_one(api, calendly):
    calendly.faults.add("lose_answer")
    with pytest.raises(requests.ConnectionError) as lost:
        api.get(ME)
    assert isinstance(lost.value.args[0], ProtocolError)


def test_a_body_that_breaks_off(door):
    calendly, call = door
    calendly.faults.add("cut_body")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        call("GET", ME)


def test_answers_that_are_no_answers(door):
    calendly, call = door
    calendly.faults.add("truncate")
    with pytest.raises(ValueError, match=r"Unterminated|delimiter|Expecting"):
        call("GET", ME).json()
    calendly.faults.add("html")
    assert call("GET", ME).headers["Content-Type"] == "text/html"
    calendly.faults.add("redirect")
    assert call("GET", ME).is_redirect
    calendly.faults.add("huge")
    assert len(call("GET", ME, timeout=5).content) > 10 * 1024 * 1024


def test_a_body_that_drips(door):
    calendly, call = door
    calendly.faults.add("slow_body", seconds=0.2)
    began = time.monotonic()
    assert call("GET", ME).status_code == 200
    assert time.monotonic() - began >= 0.15


@pytest.mark.parametrize(
    "values", [{"kind": "explode"}, {"kind": "slow", "speed": 1}, {"kind": "slow", "path": "("}]
)
def test_a_misspelt_fault_is_an_error(calendly, values):
    with pytest.raises(ValueError, match=r".+"):
        calendly.faults.add(**values)


def test_slow_calls_overlap(served):
    served.calendly.latency = 0.2
    results = []

    def one():
        answer = requests.get(served.url + ME, headers={"Authorization": f"Bearer {seeds.TOKEN}"}, timeout=5)
        results.append(answer.status_code)

    threads = [threading.Thread(target=one) for _ in range(12)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    served.calendly.latency = 0.0
    assert results == [200] * 12
    assert time.monotonic() - began < 1.2


def test_a_stopped_server_refuses_and_comes_back_on_its_port():
    calendly = Calendly()
    calendly.seed_standard()
    server = SandboxServer(calendly).start()
    url = server.url
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {seeds.TOKEN}"
        assert session.get(url + ME, timeout=2).status_code == 200
        server.stop()
        with pytest.raises(requests.ConnectionError):
            session.get(url + ME, timeout=2)
        server.start()
        assert server.url == url
        assert session.get(url + ME, timeout=2).status_code == 200
        server.stop()
