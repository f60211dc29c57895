"""Fault 32: secrets and personal data in every input, and none of them in a log or on an error page."""

import base64
import json
import uuid
from typing import Any

import pytest
import requests

from . import invariants
from .agents import Agent, deliver
from .processes import until
from .system import PORTAL_KEY, SIGNING_KEYS, STAFF, TOKEN, System, utc

pytestmark = pytest.mark.processes

EMAIL = "canary.person@canary-mail.example"
NAME = "Canaria Numelescu"
PHONE = "+40 722 987 654"
NOTES = "canary-note about an illness"
ANSWER = "canary-answer about a salary"
REASON = "canary-reason about a divorce"
WRONG_KEY = "vai_0123456789ab_canaryWrongAgentKey000000000000000000000000"


def canaries(system: System) -> tuple[str, ...]:
    return (
        TOKEN,
        PORTAL_KEY,
        *SIGNING_KEYS,
        STAFF[1],
        system.environment["DJANGO_SECRET_KEY"],
        system.agent.key,
        WRONG_KEY,
        EMAIL,
        EMAIL.replace("@", "%40"),
        "canary.person",
        "canary-mail",
        NAME,
        "Numelescu",
        PHONE,
        "722 987 654",
        "722987654",
        NOTES,
        ANSWER,
        REASON,
        "canaryCookie",
    )


def assert_silent(system: System, text: str) -> None:
    found = [canary for canary in canaries(system) if canary.lower() in text.lower()]
    assert not found, (found, text)


def test_nothing_secret_or_personal_is_logged(system: System) -> None:
    system.complaints_allowed = True
    booking_request = system.booking_request(
        inviteeEmail=EMAIL,
        inviteeName=NAME,
        phone=PHONE,
        notes=NOTES,
        eventType="Technical Support",
        customAnswers=[{"question": "Please describe the problem.", "answer": ANSWER}],
    )
    go_well(system, booking_request)
    go_wrong(system, booking_request)
    system.pass_a_minute()
    invariants.finished(system)
    assert_silent(system, system.logged())


def go_well(system: System, booking_request: dict[str, Any]) -> None:
    """One life of a booking."""
    booking = system.confirmed(booking_request, Idempotency_Key="canary-1")
    system.agent.call("GET", f"upcoming/{EMAIL}")
    system.agent.call("GET", f"upcoming/{EMAIL.replace('@', '%40')}?days=3")
    system.agent.call("GET", f"bookings?email={EMAIL}")
    system.agent.call("PATCH", f"bookings/{booking['id']}/metadata", {"notes": NOTES})
    system.agent.call(
        "POST", f"bookings/{booking['id']}/reschedule", {"newStartTime": utc(system.start_at())}
    )
    system.agent.call("POST", f"bookings/{booking['id']}/cancel", {"reason": REASON})


def go_wrong(system: System, booking_request: dict[str, Any]) -> None:
    """Every way to be refused that one can think of."""
    faults = system.calendly.faults
    for fault in ("status", "drop", "truncate", "html"):
        faults.add(fault, method="POST", path="/invitees")  # type: ignore[arg-type]
        system.agent.book({**booking_request, "preferredTime": utc(system.start_at())})
    faults.add("status", times=3, path="/event_type_available_times")
    system.agent.book({**booking_request, "preferredTime": utc(system.start_at())})
    system.portal.refuse = {"/email/send": 422}
    system.agent.book({**booking_request, "preferredTime": utc(system.start_at())})
    until(lambda: parked(system) == 1)
    system.portal.refuse = {}
    system.resend_parked()
    stranger = Agent(system.url, WRONG_KEY)
    for agent in (stranger, system.agent):
        for path in (
            f"upcoming/{EMAIL}/x",
            f"bookings/{EMAIL}",
            f"nothing/{EMAIL}?email={EMAIL}&name={NAME}",
        ):
            assert_silent_but_for_echo(system, agent.call("GET", path).body)
        agent.book({**booking_request, "timezone": NAME, "phone": {"canary-note": PHONE}})
    raw(system)
    for body in (
        b"{}",
        json.dumps({"payload": {"email": EMAIL, "name": NAME}, "event": NAME}).encode(),
        b"\xff",
    ):
        deliver(system.url, SIGNING_KEYS[0], body)
        deliver(system.url, TOKEN, body)


def parked(system: System) -> int:
    return int(
        system.database.one("SELECT count(*) FROM calendly_integration_outboxmessage WHERE status = 'parked'")
    )


def assert_silent_but_for_echo(system: System, body: Any) -> None:
    """An answer may name what its own caller has just sent, but no secret of ours."""
    text = json.dumps(body)
    assert not [secret for secret in (TOKEN, PORTAL_KEY, *SIGNING_KEYS) if secret in text]


def raw(system: System) -> None:
    """What no decent client sends, and pages for people who are lost."""
    basic = base64.b64encode(f"{EMAIL}:{STAFF[1]}".encode()).decode()
    heads = (
        {"Authorization": f"Bearer {WRONG_KEY}"},
        {"Authorization": f"Basic {basic}"},
        {"Authorization": f"Bearer {system.agent.key}", "Cookie": "sessionid=canaryCookie"},
    )
    with requests.Session() as session:
        session.trust_env = False
        for headers in heads:
            for path in (
                f"/{EMAIL}?key={WRONG_KEY}",
                f"/admin/{EMAIL}",
                f"/static/{EMAIL}",
                "/api/calendly/x",
            ):
                page = session.get(system.url + path, headers=headers, timeout=20)
                assert page.status_code < 500
                assert_silent(system, page.text.replace(EMAIL, "").replace(EMAIL.replace("@", "%40"), ""))
            session.post(f"{system.url}/api/calendly/schedule", data=NOTES, headers=headers, timeout=20)
            session.post(
                f"{system.url}/admin/login/",
                data={"username": EMAIL, "password": STAFF[1], "id": uuid.uuid4().hex},
                headers=headers,
                timeout=20,
            )
