"""Methods and bodies that few clients send, over a socket and in the process."""

from __future__ import annotations

import json
import re
import socket

import pytest
import requests

from calendly_integration.sandbox import seeds
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.portal import Portal
from calendly_integration.sandbox.server import SandboxServer

from .conftest import BASE

BEARER = f"Authorization: Bearer {seeds.TOKEN}"
LINK = {"max_event_count": 1, "owner_type": "EventType"}


@pytest.fixture(scope="module")
def server():
    calendly = Calendly()
    calendly.seed_standard()
    with SandboxServer(calendly) as running:
        yield running


@pytest.fixture(params=["in-process", "socket"])
def call(request, server, api):
    """`call(method, path)` by either door."""
    headers = {"Authorization": f"Bearer {seeds.TOKEN}"}
    if request.param == "in-process":
        return lambda method, path: api.session.request(method, BASE + path, timeout=(1, 5))
    return lambda method, path: requests.request(method, server.url + path, headers=headers, timeout=5)


def test_head_is_get_without_the_body(call):
    got, asked = call("GET", "/users/me"), call("HEAD", "/users/me")
    assert (asked.status_code, asked.content) == (200, b"")
    for name in ("Content-Type", "Content-Length", "X-RateLimit-Limit"):
        assert asked.headers[name] == got.headers[name]
    assert call("HEAD", "/users/none").status_code == 404


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/users/me", "GET, HEAD, OPTIONS"),
        ("/event_types", "GET, HEAD, OPTIONS, POST"),
        ("/webhook_subscriptions/x", "DELETE, GET, HEAD, OPTIONS"),
        ("/invitees", "OPTIONS, POST"),
    ],
)
def test_options_names_the_methods_of_a_path(call, path, methods):
    answer = call("OPTIONS", path)
    assert (answer.status_code, answer.headers["Allow"], answer.content) == (204, methods, b"")


def test_options_of_an_unknown_path_is_a_404(call):
    assert call("OPTIONS", "/nothing").json()["title"] == "Resource Not Found"


@pytest.mark.parametrize("path", ["/", "/sandbox/calls", "/sandbox/faults", "/ana-ionescu/sales-demo"])
def test_controls_and_pages_know_head_and_options_too(server, path):
    asked = requests.head(server.url + path, timeout=5)
    assert (asked.status_code, asked.content) == (200, b"")
    assert int(asked.headers["Content-Length"]) > 0
    answer = requests.options(server.url + path, timeout=5)
    assert answer.status_code == 204
    assert "GET, HEAD, OPTIONS" in answer.headers["Allow"]


def test_a_fault_in_the_body_does_not_reach_head(server):
    server.calendly.faults.add("cut_body", path="/users/me")
    headers = {"Authorization": f"Bearer {seeds.TOKEN}"}
    with requests.Session() as session:
        session.headers.update(headers)
        assert session.head(server.url + "/users/me", timeout=5).status_code == 200
        assert session.get(server.url + "/users/me", timeout=5).json()["resource"]["name"] == "Ana Ionescu"


def exchange(address, *requests_):
    """Write these on one connection and read until it ends; `Connection: close` is the last one's."""
    with socket.create_connection(address, timeout=5) as wire:
        wire.sendall(b"".join(requests_))
        answer = b""
        while piece := wire.recv(65_536):
            answer += piece
        return answer


def request(method, path, *headers, body=b""):
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        BEARER,
        "Content-Type: application/json",
        *headers,
    ]
    return "\r\n".join((*lines, "", "")).encode() + body


LAST = request("GET", "/users/me", "Connection: close")


def statuses(answer):
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


def in_chunks(body, size=7, extension=b""):
    pieces = [body[place : place + size] for place in range(0, len(body), size)]
    return b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)


@pytest.mark.parametrize(("extension", "trailers"), [(b"", b""), (b";x=1", b"Checksum: 1\r\n")])
def test_a_chunked_body_is_read_and_spoils_nothing(server, extension, trailers):
    kind = server.calendly.find_event_type("Sales Demo")
    body = json.dumps(LINK | {"owner": server.calendly.uri("event_types", kind.id)}).encode()
    chunks = in_chunks(body, extension=extension) + b"0\r\n" + trailers + b"\r\n"
    first = request("POST", "/scheduling_links", "Transfer-Encoding: chunked", body=chunks)
    answer = exchange((server.host, server.port), first, LAST)
    assert statuses(answer) == [201, 200]
    assert b"Ana Ionescu" in answer


def test_a_client_that_streams_its_body_is_understood(server):
    kind = server.calendly.find_event_type("Sales Demo")
    body = json.dumps(LINK | {"owner": server.calendly.uri("event_types", kind.id)}).encode()
    headers = {"Authorization": f"Bearer {seeds.TOKEN}"}
    answer = requests.post(
        server.url + "/scheduling_links", data=iter([body[:9], body[9:]]), headers=headers, timeout=5
    )
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (["Transfer-Encoding: chunked"], b"x\r\n", 400),
        (["Transfer-Encoding: chunked"], b"-1\r\n", 400),
        (["Transfer-Encoding: chunked"], b"2\r\nabc\r\n", 400),
        (["Transfer-Encoding: chunked"], b"ffffffff\r\n", 413),
        (["Transfer-Encoding: gzip, chunked"], b"", 400),
        (["Transfer-Encoding: chunked", "Content-Length: 5"], b"0\r\n\r\n", 400),
        (["Content-Length: 2", "Content-Length: 3"], b"{}", 400),
        (["Content-Length: -1"], b"", 400),
        (["Content-Length: \u00b2"], b"", 400),
        (["Content-Length: 99999999999"], b"", 413),
    ],
)
def test_a_body_that_cannot_be_read_ends_the_connection(server, headers, body, status):
    answer = exchange((server.host, server.port), request("POST", "/invitees", *headers, body=body), LAST)
    assert statuses(answer) == [status]
    assert b"Content-Type: application/json" in answer


@pytest.mark.parametrize(("line", "status"), [(b"BREW /users/me HTTP/1.1", 501), (b"GET /x y HTTP/1.1", 400)])
def test_what_is_no_request_is_answered_in_json(server, line, status):
    answer = exchange((server.host, server.port), line + b"\r\nHost: localhost\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert statuses(head) == [status]
    assert json.loads(body).keys() == {"title", "message"}


def test_the_portal_wants_a_length():
    with Portal() as portal:
        chunks = in_chunks(b'{"booking_id": "b1"}') + b"0\r\n\r\n"
        first = request("POST", "/calendly/notify", "Transfer-Encoding: chunked", body=chunks)
        assert statuses(exchange((portal.host, portal.port), first, LAST)) == [411]
        assert portal.arrivals == []
        assert exchange((portal.host, portal.port), request("POST", "/x", "Content-Length: -5")) == b""
