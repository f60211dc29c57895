from __future__ import annotations

import contextlib
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import responses

from calendly_integration.portal.client import Client
from calendly_integration.portal.errors import KeyRefused, PortalError, PortalUnavailable, RequestRefused

from ..calendly.rawserver import RawServer, drip, head, raw, reply, reset, silence
from .conftest import KEY

SOON = 2.0


def send(client: Client) -> None:
    client.post("/calendly/notify", b'{"booking_id":"b1"}', idempotency_key="m-1")


def test_a_message_goes_out_whole(client: Client, server: RawServer) -> None:
    server.play(reply(b'{"success": true}'))
    client.post("/calendly/notify", json.dumps({"name": "Țepeș 😀"}).encode(), idempotency_key="m-1")
    client.post("/calendly/notify", b'{"raw":1}', idempotency_key="m-2")
    first, second = server.requests
    lines, _, body = first.partition(b"\r\n\r\n")
    lines += b"\r\n"
    assert lines.startswith(b"POST /portal/calendly/notify HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer canary-key-0001\r\n" in lines
    assert b"\r\nIdempotency-Key: m-1\r\n" in lines
    assert b"\r\nContent-Type: application/json\r\n" in lines
    assert json.loads(body) == {"name": "Țepeș 😀"}
    assert second.endswith(b'\r\n\r\n{"raw":1}')
    assert server.connections == 1


@pytest.mark.parametrize(
    "step",
    [
        reply(b"", "204 No Content"),
        reply(b"<html></html>", "201 Created"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        reply(b"x" * 1_000_000),
        raw(head(100) + b"cut"),
        reset(head(100) + b"cut"),
        silence(head(100) + b"..."),
        drip(head(100_000), b"x", 0.05),
    ],
    ids=["empty", "html", "chunked", "long", "cut", "reset", "silent", "drips"],
)
def test_only_the_status_counts_whatever_the_body_does(
    step: object, client: Client, server: RawServer
) -> None:
    server.play(step)  # type: ignore[arg-type]
    started = time.monotonic()
    send(client)
    assert time.monotonic() - started < SOON


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_refused(status: int, client: Client, server: RawServer) -> None:
    server.play(reply(b'{"error": "canary"}', f"{status} No"))
    with pytest.raises(RequestRefused) as caught:
        send(client)
    assert (caught.value.status, caught.value.retryable, caught.value.outcome_unknown) == (
        status,
        False,
        False,
    )
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_told_apart(status: int, client: Client, server: RawServer) -> None:
    server.play(reply(b'{"error": "canary"}', f"{status} No"))
    with pytest.raises(KeyRefused) as caught:
        send(client)
    assert (caught.value.status, caught.value.retryable) == (status, True)


@pytest.mark.parametrize(
    ("status", "unknown"), [(302, False), (408, False), (429, False), (500, True), (502, True), (503, True)]
)
def test_try_later(status: int, unknown: bool, client: Client, server: RawServer) -> None:
    server.play(reply(b"", f"{status} Later", "Location: http://127.0.0.1:1/"))
    with pytest.raises(PortalUnavailable) as caught:
        send(client)
    assert (caught.value.status, caught.value.retryable) == (status, True)
    assert caught.value.outcome_unknown is unknown
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ([], None),
        (["Retry-After: 7"], 7),
        (["Retry-After: 99999999"], 86_400),
        (["Retry-After: Mon, 23 Nov 2026 08:00:30 GMT", "Date: Mon, 23 Nov 2026 08:00:00 GMT"], 30),
        (["Retry-After: Mon, 23 Nov 2026 08:00:00 GMT", "Date: Mon, 23 Nov 2026 08:00:30 GMT"], 0),
        (["Retry-After: Mon, 23 Nov 2026 08:00:30 GMT"], None),
        (["Retry-After: -3"], None),
        (["Retry-After: soon"], None),
    ],
)
def test_the_portal_may_say_when(
    headers: list[str], pause: float | None, client: Client, server: RawServer
) -> None:
    server.play(reply(b"", "503 Later", *headers))
    with pytest.raises(PortalUnavailable) as caught:
        send(client)
    assert caught.value.retry_after == pause


def test_without_a_connection_nothing_was_sent() -> None:
    with RawServer() as gone:
        client = Client(gone.url, KEY)
    with pytest.raises(PortalUnavailable, match="could not connect") as caught:
        send(client)
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize(
    "step",
    [silence(), raw(b""), reset(), raw(b"no HTTP")],
    ids=["silent", "closed", "reset", "no HTTP"],
)
def test_a_lost_answer(step: object, client: Client, server: RawServer) -> None:
    server.play(step)  # type: ignore[arg-type]
    with pytest.raises(PortalUnavailable) as caught:
        send(client)
    assert caught.value.outcome_unknown
    assert len(server.requests) == 1
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_a_dropped_connection_is_replaced(client: Client, server: RawServer) -> None:
    server.play(reply(keep=False))
    send(client)
    time.sleep(0.1)
    send(client)
    assert server.connections == 2


def test_metadata(client: Client, server: RawServer) -> None:
    server.play(reply(b'{"conversation_id": "c1"}'))
    assert client.get_metadata("a/../b") == {"conversation_id": "c1"}
    assert server.requests[0].startswith(b"GET /portal/calendly/metadata/a%2F..%2Fb HTTP/1.1\r\n")
    assert b"Idempotency-Key" not in server.requests[0]


def test_metadata_that_no_database_can_store_is_mended(client: Client, server: RawServer) -> None:
    server.play(reply(rb'{"notes": "a\u0000b", "\ud800": ["\udc00", {"x": "\ud83d\ude42"}, 1, null]}'))
    assert client.get_metadata("e1") == {
        "notes": "a\ufffdb",
        "\ufffd": ["\ufffd", {"x": "🙂"}, 1, None],
    }


def test_metadata_that_the_portal_does_not_have(client: Client, server: RawServer) -> None:
    server.play(reply(b"", "404 Not Found"))
    assert client.get_metadata("e1") is None


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (reply(b"", "403 No"), KeyRefused),
        (reply(b"", "500 Oh"), PortalUnavailable),
        (reply(b"", "302 Found"), PortalUnavailable),
        (reply(b"<html>"), PortalUnavailable),
        (reply(b"[]"), PortalUnavailable),
        (reply(b"\xff"), PortalUnavailable),
        (reply(b"[" * 100_000), PortalUnavailable),
        (reply(b" " * 2_000_000), PortalUnavailable),
        (raw(head(10) + b"{"), PortalUnavailable),
        (drip(head(100_000), b" ", 0.05), PortalUnavailable),
        (silence(), PortalUnavailable),
    ],
)
def test_metadata_that_cannot_be_had(
    step: object, kind: type[PortalError], client: Client, server: RawServer
) -> None:
    server.play(step)  # type: ignore[arg-type]
    started = time.monotonic()
    with pytest.raises(kind) as caught:
        client.get_metadata("e1")
    assert not caught.value.outcome_unknown
    assert time.monotonic() - started < SOON


def test_many_threads_share_the_pool(server: RawServer) -> None:
    server.play(reply())
    # Forty threads want the processor: a short timeout would measure the machine.
    patient = Client(server.url, KEY, connect_timeout=10, read_timeout=20)
    with contextlib.closing(patient), ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: send(patient), range(300)))
    assert len(server.requests) == 300
    assert all(b'{"booking_id":"b1"}' in request for request in server.requests)
    assert server.connections <= 20


def test_a_closed_client_opens_again(client: Client, server: RawServer) -> None:
    server.play(reply())
    send(client)
    client.close()
    send(client)
    assert len(server.requests) == 2


def test_the_environment_changes_nothing(
    client: Client, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    server.play(reply())
    send(client)


@responses.activate
def test_a_stand_in_for_single_calls_works() -> None:
    responses.post("https://portal.example.com/api/x", status=429, headers={"Retry-After": "3"})
    responses.get("https://portal.example.com/api/calendly/metadata/e1", json={"notes": "hi"})
    client = Client("https://portal.example.com/api", KEY)
    with pytest.raises(PortalUnavailable) as caught:
        client.post("/x", b"{}", idempotency_key="m-1")
    assert caught.value.retry_after == 3
    assert client.get_metadata("e1") == {"notes": "hi"}
    sent = responses.calls[0].request
    assert sent.headers["idempotency-key"] == "m-1"


@pytest.mark.parametrize("key", ["", "a\nb", " a", "ключ"])
def test_what_no_header_can_carry_is_refused(key: str, client: Client) -> None:
    with pytest.raises(ValueError, match="idempotency key"):
        client.post("/x", b"{}", idempotency_key=key)
    with pytest.raises(ValueError, match="portal's key"):
        Client("http://portal.example.com", key)


@pytest.mark.parametrize("url", ["", "portal", "ftp://portal", "http://", "http://u:p@portal"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        Client(url, KEY)


def test_the_key_shows_nowhere(client: Client) -> None:
    assert KEY not in repr(client)


def test_a_proxy_of_the_session_is_used(server: RawServer) -> None:
    server.play(reply())
    client = Client("http://portal.example.com", KEY)
    client.session.proxies = {"http": server.url}
    send(client)
    assert server.requests[0].startswith(b"POST http://portal.example.com/calendly/notify")
    assert isinstance(client.session, requests.Session)
