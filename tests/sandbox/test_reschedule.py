"""What an invitee may choose anew on the rescheduling page, and when the conference link comes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests

from calendly_integration.sandbox.server import SandboxServer

from .inbox import sent

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
NOON = START.replace(hour=12)


def local(uri: str) -> str:
    return uri.removeprefix("https://api.calendly.com")


def test_a_move_may_choose_another_zone_name_address_and_phone(calendly, hook, demo):
    old = calendly.book_as_invitee(demo, START, text_reminder_number="+40711111111")
    sent(calendly)
    calendly.reschedule_as_invitee(
        old,
        NOON,
        email="m.ionescu@example.com",
        name="Maria Ionescu",
        timezone="America/New_York",
        text_reminder_number="+12125550100",
    )
    halves = {item["event"]: item["payload"] for item in sent(calendly)}
    names = ("email", "name", "timezone", "text_reminder_number")
    assert [halves["invitee.created"][name] for name in names] == [
        "m.ionescu@example.com",
        "Maria Ionescu",
        "America/New_York",
        "+12125550100",
    ]
    assert [halves["invitee.canceled"][name] for name in names] == [
        "maria.popa@example.com",
        "Maria Popa",
        "Europe/Bucharest",
        "+40711111111",
    ]


def test_what_a_move_does_not_choose_stays(calendly, demo):
    old = calendly.book_as_invitee(demo, START, text_reminder_number="+40711111111")
    new = calendly.reschedule_as_invitee(old, NOON)
    assert (new.email, new.name, new.timezone, new.text_reminder_number) == (
        "maria.popa@example.com",
        "Maria Popa",
        "Europe/Bucharest",
        "+40711111111",
    )
    last = calendly.reschedule_as_invitee(new, START, text_reminder_number="")
    assert last.text_reminder_number is None


def test_a_new_name_replaces_the_parts_of_the_old_one(api, calendly, demo):
    person = {
        "first_name": "Maria",
        "last_name": "Popa",
        "email": "m@example.com",
        "timezone": "Europe/Bucharest",
    }
    uri = api.book(demo, invitee=person).json()["resource"]["uri"]
    new = calendly.reschedule_as_invitee(uri, NOON, name="Maria Ionescu")
    assert (new.name, new.first_name, new.last_name) == ("Maria Ionescu", None, None)


@pytest.fixture
def web(calendly):
    with SandboxServer(calendly) as server, requests.Session() as session:
        session.trust_env = False

        def call(method, path, **values):
            return session.request(method, server.url + path, timeout=5, **values)

        yield call


def test_the_page_of_a_move_asks_for_what_may_change(web, calendly, demo):
    old = calendly.book_as_invitee(demo, START, text_reminder_number="+40711111111")
    shown = web("GET", f"/reschedulings/{old.id}", params={"start_time": NOON.isoformat()}).text
    for name, value in {
        "name": "Maria Popa",
        "email": "maria.popa@example.com",
        "timezone": "Europe/Bucharest",
        "text_reminder_number": "+40711111111",
    }.items():
        assert f'name="{name}"' in shown
        assert f'value="{value}"' in shown
    form = {
        "start_time": NOON.isoformat(),
        "name": "Ana",
        "email": "ana@example.com",
        "timezone": "Asia/Tokyo",
        "text_reminder_number": "",
    }
    assert "Moved" in web("POST", f"/reschedulings/{old.id}", data=form).text
    new = list(calendly.state.invitees.values())[-1]
    assert (new.name, new.email, new.timezone, new.text_reminder_number) == (
        "Ana",
        "ana@example.com",
        "Asia/Tokyo",
        None,
    )


def test_a_move_by_control_may_choose_them_too(web, calendly, demo):
    old = calendly.book_as_invitee(demo, START)
    body = {"invitee": old.id, "start_time": NOON.isoformat(), "timezone": "Asia/Tokyo", "name": "Ana"}
    moved = web("POST", "/sandbox/people/reschedule", json=body).json()
    assert (moved["timezone"], moved["name"], moved["email"]) == (
        "Asia/Tokyo",
        "Ana",
        "maria.popa@example.com",
    )
    assert web("POST", "/sandbox/people/reschedule", json=body | {"colour": "red"}).status_code == 400


def test_the_conference_link_comes_after_the_webhook(api, calendly, hook, demo):
    event = local(api.book(demo).json()["resource"]["event"])
    told = sent(calendly)[0]["payload"]["scheduled_event"]["location"]
    assert (told["status"], told["join_url"]) == ("processing", None)
    assert api.get(event).json()["resource"]["location"]["join_url"] is None
    calendly.move_clock(2)
    assert api.get(event).json()["resource"]["location"]["join_url"].startswith("https://zoom.example.com/")


def test_a_zoom_meeting_has_a_number_for_an_id(api, calendly, demo):
    event = local(api.book(demo).json()["resource"]["event"])
    calendly.move_clock(2)
    location = api.get(event).json()["resource"]["location"]
    assert type(location["data"]["id"]) is int
    assert location["join_url"] == f"https://zoom.example.com/j/{location['data']['id']}"


def test_the_conference_link_may_never_come(api, calendly, hook, demo):
    calendly.options.location_outcome = "processing"
    event = local(api.book(demo).json()["resource"]["event"])
    calendly.move_clock(12 * 3600)
    shown = api.get(event).json()["resource"]
    assert (shown["location"]["status"], shown["location"]["join_url"]) == ("processing", None)
    # Nothing happened to it, so its version is still that of the booking.
    assert shown["updated_at"] == sent(calendly)[0]["payload"]["scheduled_event"]["updated_at"]
