"""Fault 17: bodies that are huge, cut short, endless or slow, at the real web server. Nobody else notices."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from calendly_integration.sandbox import webhooks

from .agents import at_once, deliver
from .processes import until
from .system import SIGNING_KEYS, System, pause

pytestmark = pytest.mark.processes

HOOK, SCHEDULE = "/webhooks/calendly", "/api/calendly/schedule"
MEGABYTE = 1024 * 1024


def counts(system: System) -> list[int]:
    """How much is stored of what comes in from outside."""
    tables = ("webhookdelivery", "booking", "calendlybooking", "idempotencyrecord")
    return [system.database.one(f"SELECT count(*) FROM calendly_integration_{table}") for table in tables]


def memory(system: System) -> int:
    """Bytes that the web processes hold, what they share counted once."""
    total = 0
    for pid in (system.web.pid, *system.web.children()):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        [pss] = [line.split()[1] for line in lines if line.startswith("Pss:")]
        total += int(pss) * 1024
    return total


@contextmanager
def connected(
    system: System, path: str, *, length: int | None, headers: str = "", body: bytes = b""
) -> Iterator[socket.socket]:
    """A request of which only the head has been sent, signed for `body`."""
    address = urlsplit(system.url)
    signed = webhooks.signature(SIGNING_KEYS[0], int(time.time()), body)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {system.agent.key}\r\n{webhooks.HEADER}: {signed}\r\n{headers}"
        + ("" if length is None else f"Content-Length: {length}\r\n")
    )
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as sender:
        sender.sendall(head.encode() + b"\r\n")
        yield sender


def status_of(sender: socket.socket) -> int:
    """What it is answered with; 0 where the connection was cut without an answer."""
    try:
        return int(sender.recv(4096).split(b" ")[1])
    except (OSError, IndexError):
        return 0


def pour(sender: socket.socket, size: int) -> int:
    """Send so many bytes, or as many as are taken; the status of the answer."""
    try:
        for _ in range(size // MEGABYTE):
            sender.sendall(b"[" * MEGABYTE)
    except OSError:
        pass  # refused before the end, as it should be
    return status_of(sender)


def test_huge_bodies_are_refused_and_leave_nothing_in_memory(system: System) -> None:
    before, held = counts(system), memory(system)

    def send(number: int) -> int:
        with connected(system, (HOOK, SCHEDULE)[number % 2], length=32 * MEGABYTE) as sender:
            return pour(sender, 32 * MEGABYTE)

    answers = at_once(16, send)
    # A sender that goes on pouring may be cut off before it has read the answer.
    assert set(answers) <= {413, 0}
    assert 413 in answers
    with connected(system, HOOK, length=10**15) as hook, connected(system, SCHEDULE, length=10**15) as call:
        assert (status_of(hook), status_of(call)) == (413, 413)
    assert counts(system) == before
    assert memory(system) < held + 24 * MEGABYTE
    assert_at_ease(system)


def test_chunked_bodies_are_not_taken_for_empty_ones(system: System) -> None:
    before = counts(system)
    for path in (HOOK, SCHEDULE):
        chunked = connected(system, path, length=None, headers="Transfer-Encoding: chunked\r\n")
        with chunked as sender:
            sender.sendall(b"2\r\n{}\r\n0\r\n\r\n")
            assert status_of(sender) == 411
    assert counts(system) == before


def test_bodies_that_break_off_are_a_400(system: System) -> None:
    before = counts(system)
    for path in (HOOK, SCHEDULE):
        with connected(system, path, length=500) as sender:
            sender.sendall(b'{"event": ')
            sender.shutdown(socket.SHUT_WR)
            assert status_of(sender) == 400
    assert counts(system) == before


def test_slow_senders_keep_nobody_waiting(system: System) -> None:
    """Six that send a byte now and then, of sixteen threads; others are served as ever, and they in the end."""
    body = b'{"event": "journey.slow-%d", "payload": {}}' % time.time_ns()
    before = counts(system)[0]
    senders = [connected(system, HOOK, length=len(body), body=body) for _ in range(6)]
    opened = [each.__enter__() for each in senders]
    try:
        for position in range(0, len(body) - 1, 12):
            for sender in opened:
                sender.sendall(body[position : position + 12][: len(body) - 1 - position])
            answer = deliver(system.url, SIGNING_KEYS[0], b'{"event": "journey.quick", "payload": {}}')
            assert (answer.status, answer.seconds < 1) == (200, True)
            read: Any = system.agent.call("GET", "upcoming/nobody@journey.example")
            assert (read.status, read.seconds < 1) == (200, True)
            pause(0.4)
        for sender in opened:
            sender.sendall(body[-1:])
        assert {status_of(sender) for sender in opened} == {200}
    finally:
        for each in senders:
            each.__exit__(None, None, None)
    assert counts(system)[0] == before + 2  # the slow ones sent the same, and so did the quick ones


# Twice as many as there are threads.
CROWD = 32
FORGED = f"t={{now}},v1={'0' * 64}"


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ("", 2),
        ("POST /webhooks/calendly HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{", 2),
        ("POST /webhooks/calendly HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le", 2),
        (
            "POST /webhooks/calendly HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
            f"Calendly-Webhook-Signature: {FORGED}\r\n\r\n{{",
            2,
        ),
        # So much of it has come that a thread reads the rest: until its time is up.
        (
            "POST /webhooks/calendly HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n"
            f"Calendly-Webhook-Signature: {FORGED}\r\n\r\n{{" + " " * 70_000,
            25,
        ),
        ("POST /api/calendly/schedule HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{", 2),
        (
            "POST /admin/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nCookie: csrftoken={cookie}\r\n\r\na",
            2,
        ),
    ],
    ids=["silent", "unsigned", "slow head", "forged", "forged and long", "no key", "login"],
)
def test_a_crowd_that_sends_nothing_more_keeps_nobody_waiting_for_long(
    system: System, sent: str, seconds: float
) -> None:
    address = urlsplit(system.url)
    head = sent.replace("{now}", str(int(time.time()))).replace("{cookie}", "a" * 32)
    crowd = [socket.create_connection((address.hostname or "", address.port or 0)) for _ in range(CROWD)]
    try:
        for each in crowd:
            each.sendall(head.encode())
        pause(0.5)
        read: Any = system.agent.call("GET", "upcoming/nobody@journey.example")
        assert (read.status, read.seconds < seconds) == (200, True), read.seconds
    finally:
        for each in crowd:
            each.close()
    assert "Traceback" not in system.logged()
    assert_at_ease(system)


def test_clients_that_never_close_cost_neither_time_nor_connections(system: System) -> None:
    address = urlsplit(system.url)
    asked = b"GET /api/calendly/hosts HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    crowd = [socket.create_connection((address.hostname or "", address.port or 0)) for _ in range(100)]
    try:
        for each in crowd:
            each.sendall(asked)
        assert {status_of(each) for each in crowd} == {401}
        pause(3)
        held = sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in system.web.children())
        assert held < 100
    finally:
        for each in crowd:
            each.close()
    assert_at_ease(system)


def test_a_sender_that_asks_first_is_told_to_go_on(system: System) -> None:
    """curl does so with long bodies, and holds the body back meanwhile."""
    body = b'{"event": "journey.polite-%d", "payload": {}}' % time.time_ns()
    with connected(system, HOOK, length=len(body), headers="Expect: 100-continue\r\n", body=body) as sender:
        assert sender.recv(4096).startswith(b"HTTP/1.1 100 ")
        sender.sendall(body)
        told = b""
        while chunk := sender.recv(4096):
            told += chunk
        assert b"HTTP/1.1 200 OK" in told


def test_a_sender_that_never_stops_dripping_is_cut_off(system: System) -> None:
    body = b'{"event": "journey.drip", "payload": {}}' + b" " * 200
    with connected(system, HOOK, length=len(body), body=body) as sender:
        began = time.monotonic()
        with suppress(OSError):
            for byte in body:
                sender.sendall(bytes([byte]))
                pause(0.2)
                if time.monotonic() - began > 20:
                    break
        assert time.monotonic() - began < 12


def test_a_client_cannot_choose_the_path_that_we_see(system: System) -> None:
    """A proxy that lets through `/api/` alone must not be led to the admin by a header."""
    for name in ("SCRIPT_NAME", "SCRIPT-NAME", "PATH_INFO", "X-Script-Name"):
        answer = system.agent.call("GET", "event-types", **{name: "/api/calendly/event-types"})
        assert answer.status == 200, name
    answer = requests.get(f"{system.url}/api/admin/login/", headers={"SCRIPT_NAME": "/api"}, timeout=10)
    assert answer.status_code == 404


def assert_at_ease(system: System) -> None:
    """Who comes next is served, at once."""
    booking_request = system.booking_request()
    answer = system.agent.book(booking_request)
    assert (answer.status, answer.seconds < 2) == (201, True)
    until(lambda: len(system.paths(booking_request)) == 5, what=lambda: system.paths(booking_request))
