"""What stands around us fails: Redis, the database, the schedules, a second worker, a new key."""

from typing import Any

import pytest

from .agents import Agent, Answer, begun, deliver
from .databases import PostgreSQL, SQLite
from .processes import Process, free_port, until
from .system import SIGNING_KEYS, System, pause

pytestmark = pytest.mark.processes


def all_told(system: System, booking_requests: list[dict[str, Any]], *, within: float = 20) -> None:
    until(
        lambda: all(len(system.paths(booking_request)) == 5 for booking_request in booking_requests),
        within=within,
        what=lambda: [system.paths(booking_request) for booking_request in booking_requests],
    )


def a_delivery(url: str, name: str) -> Answer:
    return deliver(url, SIGNING_KEYS[0], b'{"event": "journey.%s", "payload": {}}' % name.encode())


@pytest.mark.redis
def test_redis_goes_away_and_comes_back_empty(system: System) -> None:
    """Fault 5."""
    assert system.redis
    system.redis.stop()
    booking_request = system.booking_request()
    answer = system.agent.book(booking_request)
    assert (answer.status, answer.seconds < 2) == (201, True)
    for number in range(5):
        answer = a_delivery(system.url, f"without-redis-{number}")
        assert (answer.status, answer.seconds < 1) == (200, True)
    system.redis.start()
    all_told(system, [booking_request], within=100)
    system.wait_for_worker()


@pytest.mark.postgres
def test_sessions_of_the_database_are_cut(system: System) -> None:
    """Fault 4."""
    database = system.database
    assert isinstance(database, PostgreSQL)
    system.complaints_allowed = True
    statuses = []
    booking_requests = []
    for number in range(8):
        cutting = begun(database.terminate_others)
        booking_request = system.booking_request()
        answers = [
            system.agent.book(booking_request),
            a_delivery(system.url, f"cut-{number}"),
            system.agent.call("GET", f"upcoming/{booking_request['inviteeEmail']}"),
        ]
        cutting.result(10)
        for answer in answers:
            assert answer.status in (200, 201, 503), answer
            if answer.status == 503:
                assert int(answer.headers["Retry-After"]) >= 1
        statuses.append(answers[0].status)
        booking_requests.append(booking_request)
    assert a_delivery(system.url, "afterwards").status == 200
    again = until(lambda: answered(system, system.booking_request()), within=10)
    assert again.status == 201
    system.pass_a_minute()
    all_told(
        system,
        [
            booking_request
            for booking_request, status in zip(booking_requests, statuses, strict=True)
            if status == 201
        ],
        within=40,
    )
    assert "Traceback" not in system.web.output()
    assert " ERROR calendly." not in system.logged()


def answered(system: System, booking_request: dict[str, Any]) -> Answer | None:
    answer = system.agent.book(booking_request)
    return None if answer.status == 503 else answer


def test_another_writer_holds_sqlite(system: System, sqlite_file: SQLite) -> None:
    """Fault 6. One web server waits as long as we ship it, another is set to give up after a second."""
    port = free_port()
    hasty = system.start_web(port, DJANGO_SETTINGS_MODULE="tests.journeys.impatient", WEB_CONCURRENCY="1")
    url = f"http://127.0.0.1:{port}"
    try:
        booking_request, refused = system.booking_request(), system.booking_request()
        with sqlite_file.held():
            booking = begun(lambda: system.agent.book(booking_request))
            delivery = begun(lambda: a_delivery(system.url, "patient"))
            check_refused(Agent(url, system.agent.key), url, refused)
            pause(1)
            assert not booking.done()
            assert not delivery.done()
        assert booking.result(20).status == 201
        assert delivery.result(20).status == 200
    finally:
        hasty.stop()
    all_told(system, [booking_request])
    for table, column, value in (
        ("booking", "invitee_email", refused["inviteeEmail"]),
        ("webhookdelivery", "body", b'{"event": "journey.hasty", "payload": {}}'),
    ):
        sql = f"SELECT count(*) FROM calendly_integration_{table} WHERE {column} = ?"
        assert sqlite_file.one(sql, value) == 0
    assert refused["inviteeEmail"] not in str([call.body for call in system.calendly.calls])


def check_refused(agent: Agent, url: str, booking_request: dict[str, Any]) -> None:
    answers = [a_delivery(url, "hasty"), agent.book(booking_request)]
    for answer in answers:
        assert answer.status == 503, answer
        assert int(answer.headers["Retry-After"]) >= 1
    assert answers[1].body["success"] is False
    assert agent.call("GET", f"upcoming/{booking_request['inviteeEmail']}").status == 200


def test_broken_schedules_stop_nothing_and_are_told(system: System) -> None:
    """Fault 26: our own row deleted, and a row of the portal's that breaks the queue's scheduler."""
    system.complaints_allowed = True
    change = system.database.change
    change("DELETE FROM django_q_schedule WHERE name = 'calendly: sync'")
    change(
        "UPDATE django_q_schedule SET func = 'nobody.knows', next_run = NULL WHERE name = 'calendly: sweep'"
    )
    booking_requests = [system.booking_request(), system.booking_request()]
    for booking_request in booking_requests:
        assert system.agent.book(booking_request).status == 201
    all_told(system, booking_requests)
    ill = doctor(system)
    assert ill.status == 1
    assert "calendly: sync: missing" in ill.output()
    assert "calendly: sweep: changed" in ill.output()
    restart_worker(system)
    until(lambda: "FAIL queue" not in doctor(system).output(), within=20, every=0.5)


def doctor(system: System) -> Process:
    """`manage.py calendly_doctor`, ended."""
    log = system.folder / "doctor.log"
    log.unlink(missing_ok=True)
    process = Process(["manage.py", "calendly_doctor", "--no-color"], system.environment, log)
    until(lambda: not process.alive, within=30)
    return process


def restart_worker(system: System, **environment: str) -> None:
    system.worker.stop()
    system.start_worker(**environment)
    system.wait_for_worker()


def test_two_workers_tell_everything_once(system: System) -> None:
    """Fault 26."""
    second = Process(["manage.py", "calendly_worker"], system.environment, system.folder / "second.log")
    try:
        sql = "SELECT count(*) FROM calendly_integration_heartbeat WHERE stopped_at IS NULL"
        until(lambda: system.database.one(sql) == 2, within=30, what=second.output)
        booking_requests = [system.booking_request() for _ in range(6)]
        for booking_request in booking_requests:
            assert system.agent.book(booking_request).status == 201
        all_told(system, booking_requests)
        assert "2 workers run" in doctor(system).output()
    finally:
        second.stop()
    until(lambda: system.database.one(sql) == 1)


def test_a_new_secret_key_leaves_the_outbox_untouched(system: System) -> None:
    """Fault 27."""
    system.complaints_allowed = True
    system.portal.down = True
    booking_request, later = system.booking_request(), system.booking_request()
    assert system.agent.book(booking_request).status == 201
    restart_worker(system, DJANGO_SECRET_KEY="another-secret-key-made-for-this-one-story-only")
    assert system.agent.book(later).status == 201
    system.portal.down = False
    system.worker.stop()
    system.start_worker()
    all_told(system, [booking_request, later], within=30)
