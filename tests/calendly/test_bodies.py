from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from calendly_integration.calendly import bodies
from calendly_integration.calendly.types import Answer, BookingRequest

from .examples import EVENT_TYPE, INVITEE, ORGANIZATION, USER

CONTRACT: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent.parent / "contracts" / "calendly-openapi.yaml").read_text()
)
START = datetime(2026, 12, 3, 15, tzinfo=UTC)


def assert_matches(body: dict[str, Any], schema: str) -> None:
    whole = {"$ref": f"#/components/schemas/{schema}", "components": CONTRACT["components"]}
    jsonschema.Draft202012Validator(
        whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(body)


def request(**changes: Any) -> BookingRequest:
    facts: dict[str, Any] = {
        "event_type_uri": EVENT_TYPE,
        "start": START,
        "email": "nora.field@example.com",
        "name": "Nora Field",
        "timezone": "Europe/Berlin",
    }
    return BookingRequest(**(facts | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"start": "2026-12-03T15:00:00.000000Z"},
        {"location": {"kind": "zoom_conference"}},
        {"location": {"kind": "outbound_call", "location": "+40721000000"}},
        {"answers": (Answer("What?", "This", 0),)},
        {"tracking": {"utm_content": "our-id"}},
        {"tracking": {}},
        {"guests": tuple(f"guest{n}@example.com" for n in range(10))},
        {"text_reminder_number": "+40721000000"},
    ],
)
def test_a_booking_matches_the_contract(changes: dict[str, Any]) -> None:
    assert_matches(bodies.booking(request(**changes)), "CreateInviteeRequest")


def test_an_offered_start_is_copied_unchanged() -> None:
    assert bodies.booking(request(start="2026-12-03T15:00:00.0Z"))["start_time"] == "2026-12-03T15:00:00.0Z"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (START, "2026-12-03T15:00:00Z"),
        (START.astimezone(timezone(timedelta(hours=2))), "2026-12-03T15:00:00Z"),
        (START.replace(microsecond=1), "2026-12-03T15:00:00.000001Z"),
    ],
)
def test_times_are_sent_as_utc(moment: datetime, text: str) -> None:
    assert bodies.instant(moment) == text


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        bodies.booking(request(start=datetime(2026, 12, 3, 15)))


def test_tracking_has_all_six_keys_or_is_left_out() -> None:
    assert bodies.booking(request(tracking={"utm_content": "x"}))["tracking"] == {
        "utm_campaign": None,
        "utm_source": None,
        "utm_medium": None,
        "utm_content": "x",
        "utm_term": None,
        "salesforce_uuid": None,
    }
    assert "tracking" not in bodies.booking(request())


@pytest.mark.parametrize(
    "changes",
    [
        {"tracking": {"utm_contents": "x"}},
        {"tracking": {"utm_content": "x" * 256}},
        {"guests": tuple(f"guest{n}@example.com" for n in range(11))},
    ],
)
def test_what_calendly_would_refuse_or_ignore_is_not_sent(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"over 255|no such field|ten guests"):
        bodies.booking(request(**changes))


def test_blank_answers_are_left_out() -> None:
    body = bodies.booking(request(answers=(Answer("A", " ", 0), Answer("B", "b", 1))))
    assert body["questions_and_answers"] == [{"question": "B", "answer": "b", "position": 1}]
    assert "questions_and_answers" not in bodies.booking(request(answers=(Answer("A", "", 0),)))


@pytest.mark.parametrize("reason", [None, "", "ill", "x" * 20_000])
def test_a_cancellation_matches_the_contract(reason: str | None) -> None:
    assert_matches(bodies.cancellation(reason), "CancelEventRequest")


def test_event_types_match_the_contract() -> None:
    values: dict[str, Any] = {
        "name": "Sales Demo",
        "duration": 30,
        "after_buffer": 15,
        "active": True,
        "locations": [{"kind": "google_conference"}],
    }
    assert_matches(bodies.event_type({"owner": USER, **values}), "CreateEventTypeRequest")
    assert_matches(bodies.event_type_changes(values), "UpdateEventTypeRequest")


def test_fields_that_calendly_would_ignore_in_silence_are_refused() -> None:
    with pytest.raises(ValueError, match="slug"):
        bodies.event_type({"owner": USER, "name": "x", "slug": "x"})
    with pytest.raises(ValueError, match="owner"):
        bodies.event_type_changes({"owner": USER})
    with pytest.raises(ValueError, match="owner and a name"):
        bodies.event_type({"name": "x"})


def test_a_subscription_matches_the_contract() -> None:
    facts: dict[str, Any] = {"url": "https://portal.example.com/hook", "organization": ORGANIZATION}
    events = ["invitee.created", "invitee.canceled", "invitee.created"]
    body = bodies.subscription(**facts, events=events, scope="organization", signing_key="made-up", user=None)
    assert_matches(body, "CreateWebhookSubscriptionRequest")
    assert body["events"] == ["invitee.created", "invitee.canceled"]
    body = bodies.subscription(**facts, events=events, scope="user", signing_key=None, user=USER)
    assert_matches(body, "CreateWebhookSubscriptionRequest")
    with pytest.raises(ValueError, match="needs the user"):
        bodies.subscription(**facts, events=events, scope="user", signing_key=None, user=None)


def test_small_bodies_match_the_contract() -> None:
    assert_matches(bodies.no_show(INVITEE), "CreateInviteeNoShowRequest")
    assert_matches(bodies.scheduling_link(EVENT_TYPE), "CreateSchedulingLinkRequest")


def test_a_booking_request_shows_nobody_in_its_repr() -> None:
    told = repr(request(guests=("sam.guest@example.com",), text_reminder_number="+40721000000"))
    assert not any(word in told for word in ("nora", "Nora", "sam.guest", "+4072"))
