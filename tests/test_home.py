"""The portal's page about its integration: what it shows, and the key for the box on it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from calendly_integration.models import AgentKey, Booking, CalendlyAccount, EventType
from calendly_integration.services.accounts import onboarding
from calendly_integration.services.actors import Actor
from calendly_integration.services.bookings import create

HEADERS = {"host": "localhost", "accept-language": "en"}


def person(name: str, *rights: str, staff: bool = True) -> User:
    user = User.objects.create(username=name, is_staff=staff)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


@pytest.fixture
def entered(db: None) -> Callable[..., Client]:
    """`entered("maria")`: who may manage keys; victor may not; carla may, but is no staff; None is nobody."""
    known = {
        "maria": person("maria", "manage_agent_keys"),
        "victor": person("victor", "view_agentkey"),
        "carla": person("carla", "manage_agent_keys", staff=False),
    }

    def enter(who: str | None, **options: Any) -> Client:
        browser = Client(headers=HEADERS, **options)
        if who:
            browser.force_login(known[who])
        return browser

    return enter


def done() -> list[bool]:
    return [step.done for step in onboarding.steps(datetime.now(UTC))]


def test_an_empty_portal_says_to_staff_what_to_do_first(entered: Callable[..., Client], clock: Any) -> None:
    page = entered("victor").get("/").text
    assert "set CALENDLY_API_KEY, and run manage.py calendly_setup" in page
    assert "do this next" in page
    assert "No event types yet. They appear here" in page
    assert not CalendlyAccount.objects.exists()


def test_the_event_types_are_those_of_our_tables_with_their_buffers(
    event_types: dict[str, EventType],
) -> None:
    EventType.objects.filter(name="Sales Demo").update(duration=37, buffer_before=11, buffer_after=13)
    EventType.objects.exclude(name="Sales Demo").update(active=False)
    page = Client(headers=HEADERS).get("/").text
    for text in ("Sales Demo", "37 min", "11 min", "13 min"):
        assert text in page
    assert page.count('scope="row"') == 1


@pytest.mark.parametrize("who", ["carla", None])
def test_visitors_are_not_told_how_far_the_set_up_is(entered: Callable[..., Client], who: str | None) -> None:
    page = entered(who).get("/").text
    for text in ("CALENDLY_API_KEY, and", "do this next", "to do", "calendly_sync", "calendly_doctor"):
        assert text not in page
    assert "Nothing can be booked yet." in page


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("victor", {"Sales Demo", "Strategy Call", "Technical Support", "Quick Consultation"}),
        ("carla", {"Sales Demo", "Quick Consultation"}),
        (None, {"Sales Demo", "Quick Consultation"}),
    ],
)
def test_visitors_see_only_event_types_that_are_open_to_everybody(
    entered: Callable[..., Client], event_types: dict[str, EventType], who: str | None, seen: set[str]
) -> None:
    EventType.objects.filter(name="Strategy Call").update(open_to=EventType.OpenTo.STAFF)
    EventType.objects.filter(name="Technical Support").update(open_to=EventType.OpenTo.KEYS)
    page = entered(who).get("/").text
    assert {name for name in event_types if f"<bdi>{name}</bdi>" in page} == seen


@pytest.mark.parametrize("who", ["maria", None])
def test_a_name_cannot_turn_the_direction_of_the_page(
    entered: Callable[..., Client], event_types: dict[str, EventType], who: str | None
) -> None:
    EventType.objects.filter(name="Sales Demo").update(name="Sales \u202eomeD <b>")
    page = entered(who).get("/").text
    assert "\u202e" not in page
    assert "Sales \\u202eomeD &lt;b&gt;" in page


def test_each_step_gets_its_check_mark_when_it_is_done(
    event_types: dict[str, EventType], account: CalendlyAccount
) -> None:
    CalendlyAccount.objects.update(health="unknown", subscription_state="")
    assert done() == [False, False, False, False]
    CalendlyAccount.objects.update(health="ok")
    assert done() == [True, False, False, False]
    now = datetime.now(UTC)
    key = AgentKey.objects.create(name="a", prefix="vai_1", digest="d", scopes=["book"], created_at=now)
    assert done() == [True, True, False, False]
    CalendlyAccount.objects.update(subscription_state="active")
    assert done() == [True, True, True, False]
    booking_request = create.BookingRequest(
        event_type=str(event_types["Sales Demo"].pk), email="nora@example.com", name="Nora"
    )
    create.book(booking_request=booking_request, by=Actor.agent(key), now=now)
    assert Booking.objects.get().status == "confirmed"
    assert done() == [True, True, True, True]


def test_a_key_for_a_try_or_a_revoked_one_is_no_agents_key(entered: Callable[..., Client]) -> None:
    entered("maria").post("/try/key")
    AgentKey.objects.create(
        name="a",
        prefix="vai_1",
        digest="d",
        scopes=[],
        created_at=datetime.now(UTC),
        revoked_at=datetime.now(UTC),
    )
    assert done()[1] is False


def test_the_page_asks_the_database_little(
    entered: Callable[..., Client], event_types: dict[str, EventType]
) -> None:
    browser = entered("maria")
    with CaptureQueriesContext(database) as asked:
        assert browser.get("/").status_code == 200
    assert len(asked) <= 10


def test_only_staff_who_manage_keys_see_the_box(
    entered: Callable[..., Client], event_types: dict[str, EventType]
) -> None:
    assert 'id="try-box"' in entered("maria").get("/").text
    for who, words in (
        ("victor", "Staff who may manage agent keys"),
        ("carla", "Staff who may"),
        (None, "Log in as staff"),
    ):
        page = entered(who).get("/").text
        assert 'id="try-box"' not in page
        assert "try.js" not in page
        assert words in page


@pytest.mark.parametrize("who", ["victor", "carla", None])
def test_nobody_else_gets_a_key(entered: Callable[..., Client], who: str | None) -> None:
    assert entered(who).post("/try/key").status_code == 403
    assert not AgentKey.objects.exists()


def test_a_key_is_made_by_post_only_and_with_the_token_of_the_form(entered: Callable[..., Client]) -> None:
    assert entered("maria").get("/try/key").status_code == 405
    assert entered("maria", enforce_csrf_checks=True).post("/try/key").status_code == 403
    assert not AgentKey.objects.exists()


def test_the_key_reads_and_books_for_fifteen_minutes(
    entered: Callable[..., Client], event_types: dict[str, EventType], clock: Any
) -> None:
    answer = entered("maria").post("/try/key")
    assert "no-store" in answer["Cache-Control"]
    made = answer.json()
    key = AgentKey.objects.get()
    assert (key.name, key.scopes) == ("Try it: maria", ["book", "read"])
    assert key.expires_at == datetime.now(UTC) + timedelta(minutes=15)
    assert made["expiresIn"] == 900
    assert LogEntry.objects.get().object_repr == "Try it: maria"
    agent = APIClient(headers={"authorization": f"Bearer {made['key']}", "host": "localhost"})
    asked = {"eventType": str(event_types["Sales Demo"].pk)}
    assert agent.get("/api/calendly/availability", asked).status_code == 200
    clock.shift(timedelta(minutes=15))
    assert agent.get("/api/calendly/availability", asked).status_code == 401
