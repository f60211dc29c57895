from __future__ import annotations

import contextlib
import gzip
import io
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from calendly_integration.calendly import errors
from calendly_integration.calendly.client import MAX_RESPONSE_BYTES, Client
from calendly_integration.calendly.payloads import CreateInviteeRequest, Tracking

from . import examples
from .conftest import TOKEN
from .rawserver import RawServer, drip, head, raw, reply, reset, silence

ME = json.dumps({"resource": examples.user()}).encode()
INVITEE = json.dumps({"resource": examples.invitee()}).encode()
BOOKING = CreateInviteeRequest(
    event_type_uri=examples.EVENT_TYPE,
    start_time="2026-12-03T15:00:00Z",
    email="nora.field@example.com",
    name="Nora Field",
    timezone="Europe/Berlin",
    tracking=Tracking(),
)
# Read timeout 0.2 s, whole answers twice that; the rest is for a busy machine.
SOON = 2.0


def assert_lost(client: Client, server: RawServer, kind: type[errors.CalendlyError], reads: int = 1) -> None:
    """Both a read and a booking end in this error, in time; the booking is sent once."""
    started = time.monotonic()
    with pytest.raises(kind) as read:
        client.me()
    assert (read.value.retryable, read.value.outcome_unknown) == (True, False)
    assert len(server.requests) == reads
    with pytest.raises(kind) as write:
        client.create_invitee(BOOKING)
    assert (write.value.retryable, write.value.outcome_unknown) == (False, True)
    assert len(server.requests) == reads + 1
    assert time.monotonic() - started < SOON
    for error in (read.value, write.value):
        assert TOKEN not in str(error)
        assert error.__cause__ is error.__context__ is None


def test_connections_are_kept(wired: Client, server: RawServer) -> None:
    server.play(reply(ME))
    for _ in range(3):
        assert wired.me().name == "Mara Host"
    assert server.connections == 1
    assert b"Accept-Encoding: gzip\r\n" in server.requests[0]
    assert b"Cookie" not in server.requests[2]


def test_refused_connections_are_certainly_not_sent(pauses: list[float]) -> None:
    with RawServer() as gone:
        url = gone.url
    client = Client("token", base_url=url, pause=pauses.append)
    with pytest.raises(errors.NotSent) as read:
        client.me()
    assert len(pauses) == 2
    with pytest.raises(errors.NotSent) as write:
        client.create_invitee(BOOKING)
    assert len(pauses) == 2
    for error in (read.value, write.value):
        assert (error.retryable, error.outcome_unknown) == (True, False)


def test_an_unknown_host_is_certainly_not_sent(pauses: list[float]) -> None:
    client = Client("token", base_url="http://nowhere.invalid", pause=pauses.append)
    with pytest.raises(errors.NotSent, match="NameResolutionError"):
        client.create_invitee(BOOKING)


def test_a_server_that_hangs(wired: Client, server: RawServer) -> None:
    server.play(silence())
    assert_lost(wired, server, errors.AnswerLost)


def test_a_server_that_hangs_in_mid_body(wired: Client, server: RawServer) -> None:
    server.play(silence(head(len(ME)) + ME[:10]))
    assert_lost(wired, server, errors.AnswerLost)


def test_a_slow_first_byte_is_waited_for(wired: Client, server: RawServer) -> None:
    def late(running: RawServer, sock: object) -> bool:
        time.sleep(0.1)
        return reply(ME)(running, sock)  # type: ignore[arg-type]

    server.play(late)
    assert wired.me().name == "Mara Host"


def test_headers_that_drip(wired: Client, server: RawServer) -> None:
    server.play(drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", 0.05))
    assert_lost(wired, server, errors.AnswerLost)


def test_a_body_that_drips(wired: Client, server: RawServer) -> None:
    server.play(drip(head(5_000), b" ", 0.05))
    assert_lost(wired, server, errors.AnswerLost)


def test_chunks_that_drip(wired: Client, server: RawServer) -> None:
    start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.play(drip(start, b"1\r\n \r\n", 0.05))
    assert_lost(wired, server, errors.AnswerLost)


@pytest.mark.parametrize(
    "step",
    [
        reset(),
        reset(head(len(ME)) + ME[:10]),
        raw(b""),
        raw(head(len(ME)) + ME[:10]),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
        raw(b"not HTTP at all\r\n\r\n"),
        reply(b"no gzip", "200 OK", "Content-Encoding: gzip"),
        reset(head(100, "400 Bad Request") + b"{"),
    ],
    ids=["reset", "reset in body", "closed", "cut body", "cut chunk", "no HTTP", "no gzip", "cut refusal"],
)
def test_an_answer_that_breaks_off(step: object, wired: Client, server: RawServer) -> None:
    server.play(step)  # type: ignore[arg-type]
    assert_lost(wired, server, errors.AnswerLost, reads=3)


@pytest.mark.parametrize(
    "step",
    [
        reply(b"<html></html>"),
        reply(ME[:-5]),
        reply(b"", "302 Found", "Location: http://127.0.0.1:1/"),
        reply(b"", "304 Not Modified"),
        reply(b""),
        reply(b"", "204 No Content"),
    ],
    ids=["html", "cut JSON", "redirect", "not modified", "empty", "no content"],
)
def test_an_answer_that_is_none(step: object, wired: Client, server: RawServer) -> None:
    server.play(step)  # type: ignore[arg-type]
    assert_lost(wired, server, errors.BadAnswer)


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_over_the_cap(packed: bool, wired: Client, server: RawServer) -> None:
    body = b'"' + b"x" * MAX_RESPONSE_BYTES + b'"'
    headers = ["Content-Encoding: gzip"] if packed else []
    server.play(reply(gzip.compress(body, 1) if packed else body, "200 OK", *headers))
    with pytest.raises(errors.BadAnswer, match="10 MB") as caught:
        wired.create_invitee(BOOKING)
    assert caught.value.outcome_unknown


def test_a_packed_answer_is_unpacked(wired: Client, server: RawServer) -> None:
    server.play(reply(gzip.compress(ME), "200 OK", "Content-Encoding: gzip"))
    assert wired.me().name == "Mara Host"


def test_a_huge_error_page_is_read_only_in_part(wired: Client, server: RawServer) -> None:
    server.play(reply(b"x" * MAX_RESPONSE_BYTES * 2, "400 Bad Request"))
    with pytest.raises(errors.InvalidRequest, match="answered 400"):
        wired.create_invitee(BOOKING)


def test_a_booking_on_a_connection_that_the_server_dropped_meanwhile(
    wired: Client, server: RawServer
) -> None:
    """It looks just like a server that read the booking and died: nobody knows."""
    server.play(reply(ME), raw(b""))
    wired.me()
    with pytest.raises(errors.AnswerLost) as caught:
        wired.create_invitee(BOOKING)
    assert caught.value.outcome_unknown
    assert server.connections == 1


def test_a_read_recovers(wired: Client, server: RawServer, pauses: list[float]) -> None:
    server.play(reply(b"", "503 Service Unavailable"), reset(), reply(ME))
    assert wired.me().name == "Mara Host"
    assert len(pauses) == 2


def test_a_server_that_asks_for_patience_is_not_asked_again_here(
    wired: Client, server: RawServer, pauses: list[float]
) -> None:
    server.play(reply(b"", "503 Service Unavailable", "Retry-After: 30"))
    with pytest.raises(errors.ServerError) as caught:
        wired.me()
    assert caught.value.retry_after == 30
    assert pauses == []


def test_one_client_serves_many_threads(server: RawServer) -> None:
    server.play(reply(INVITEE, "201 Created"))
    # Forty threads want the processor: a short timeout would measure the machine.
    patient = Client(TOKEN, base_url=server.url, connect_timeout=10, read_timeout=20)
    with contextlib.closing(patient), ThreadPoolExecutor(20) as pool:
        uris = {invitee.uri for invitee in pool.map(lambda _: patient.create_invitee(BOOKING), range(200))}
    assert uris == {examples.INVITEE}
    assert len(server.requests) == 200
    assert server.connections <= 20


def test_the_environment_changes_nothing(
    server: RawServer, monkeypatch: pytest.MonkeyPatch, wired: Client
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    server.play(reply(ME))
    assert wired.me().name == "Mara Host"


def test_cookies_are_not_kept(wired: Client, server: RawServer) -> None:
    server.play(reply(ME, "200 OK", "Set-Cookie: __cf_bm=abc; path=/"))
    wired.me()
    wired.me()
    assert b"cf_bm" not in server.requests[1]


def test_another_adapter_can_stand_in(wired: Client) -> None:
    class Standin(requests.adapters.BaseAdapter):
        def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:  # type: ignore[override]
            answer = requests.Response()
            answer.status_code, answer.raw = 200, io.BytesIO(ME)
            answer.request = request
            return answer

        def close(self) -> None:
            pass

    wired.session.mount(wired.base_url, Standin())
    assert wired.me().name == "Mara Host"
