"""Fault 25: the nights when the clocks change, here and elsewhere. In process, because the clock must be moved.

The whole way is walked: free times, booking, the answer's local time, the delivery, the mail to the invitee.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from rest_framework.test import APIClient

from calendly_integration.models import Booking, CalendlyAccount, EventType, OutboxMessage, WebhookDelivery
from calendly_integration.sandbox.availability import WEEKDAYS
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.webhooks import inbox
from tests.conftest import SIGNING_KEY

pytestmark = pytest.mark.django_db

ALWAYS = [{"type": "wday", "wday": day, "intervals": [{"from": "00:00", "to": "24:00"}]} for day in WEEKDAYS]
URL = "https://portal.example/webhooks/calendly"
BUCHAREST, NEW_YORK, KATHMANDU = "Europe/Bucharest", "America/New_York", "Asia/Kathmandu"


@pytest.fixture
def around_the_clock(
    account: CalendlyAccount, event_types: dict[str, EventType], sandbox: Calendly
) -> Calendly:
    """A host in Nepal, whose clocks never change, free at every hour."""
    for user in sandbox.state.users.values():
        sandbox.set_hours(user, ALWAYS, timezone=KATHMANDU)
    sandbox.options.location_push_seconds = 0
    sandbox.subscribe(URL, SIGNING_KEY)
    return sandbox


def ask(api: APIClient, wanted: str, zone: str, **more: Any) -> Any:
    booking_request = {
        "eventType": "Quick Consultation",
        "inviteeEmail": "night@example.com",
        "inviteeName": "Nora",
        "preferredTime": wanted,
        "timezone": zone,
        "flexibility": "exact",
        "conversationId": "night",
    }
    return api.post("/api/calendly/schedule", {**booking_request, **more}, format="json")


def apply_deliveries(sandbox: Calendly) -> None:
    now = datetime.now(UTC)
    for number, delivery in enumerate(sandbox.pending_deliveries):
        WebhookDelivery.objects.create(
            digest=str(number), body=delivery.body.encode(), received_at=now, next_attempt_at=now
        )
    while inbox.process(now=now):
        pass


# What the invitee says, in which zone, and the instant that is meant. The clocks of New York change on
# 14 March and 7 November 2027, those of Kathmandu never: it is at +05:45.
NIGHTS = [
    (BUCHAREST, "2027-03-28T02:45:00", "2027-03-28T00:45:00Z", "+02:00"),
    (BUCHAREST, "2027-03-28T04:00:00", "2027-03-28T01:00:00Z", "+03:00"),
    (BUCHAREST, "2027-10-31T02:45:00", "2027-10-30T23:45:00Z", "+03:00"),
    (BUCHAREST, "2027-10-31T03:30:00", "2027-10-31T00:30:00Z", "+03:00"),
    (BUCHAREST, "2027-10-31T04:00:00", "2027-10-31T02:00:00Z", "+02:00"),
    (NEW_YORK, "2027-03-14T01:45:00", "2027-03-14T06:45:00Z", "-05:00"),
    (NEW_YORK, "2027-03-14T03:00:00", "2027-03-14T07:00:00Z", "-04:00"),
    (NEW_YORK, "2027-11-07T01:30:00", "2027-11-07T05:30:00Z", "-04:00"),
    (NEW_YORK, "2027-11-07T02:00:00", "2027-11-07T07:00:00Z", "-05:00"),
    (KATHMANDU, "2027-03-28T03:30:00", "2027-03-27T21:45:00Z", "+05:45"),
    (KATHMANDU, "2027-10-31T03:30:00", "2027-10-30T21:45:00Z", "+05:45"),
]


@pytest.mark.parametrize(("zone", "said", "meant", "offset"), NIGHTS)
def test_the_hour_that_was_said_is_the_hour_that_is_booked_and_told(
    clock: time_machine.Traveller,
    around_the_clock: Calendly,
    api: APIClient,
    zone: str,
    said: str,
    meant: str,
    offset: str,
) -> None:
    clock.move_to(datetime.fromisoformat(meant) - timedelta(days=3))
    answer = ask(api, said, zone)
    assert answer.status_code == 201, answer.json()
    booking = answer.json()["booking"]
    assert booking["startTime"] == meant
    assert booking["local"]["start"] == said + offset
    assert booking["local"]["timezone"] == zone
    [event] = around_the_clock.state.events.values()
    assert event.start == datetime.fromisoformat(meant)
    apply_deliveries(around_the_clock)
    assert Booking.objects.get().start_at == datetime.fromisoformat(meant)
    mail = OutboxMessage.objects.get(path="/email/send").body
    assert said[11:16] in mail["data"]["start_time"]
    assert zone in mail["data"]["start_time"]
    shown = api.get(f"/api/calendly/bookings/{booking['id']}").json()["booking"]
    assert shown["local"] == booking["local"]


@pytest.mark.parametrize(
    ("said", "meant", "local"),
    [
        ("2027-10-31T03:30:00+03:00", "2027-10-31T00:30:00Z", "2027-10-31T03:30:00+03:00"),
        ("2027-10-31T03:30:00+02:00", "2027-10-31T01:30:00Z", "2027-10-31T03:30:00+02:00"),
    ],
)
def test_of_the_hour_that_comes_twice_each_can_be_booked(
    clock: time_machine.Traveller,
    around_the_clock: Calendly,
    api: APIClient,
    said: str,
    meant: str,
    local: str,
) -> None:
    clock.move_to(datetime(2027, 10, 28, 8, tzinfo=UTC))
    booking = ask(api, said, BUCHAREST).json()["booking"]
    assert (booking["startTime"], booking["local"]["start"]) == (meant, local)
    apply_deliveries(around_the_clock)
    assert Booking.objects.get().start_at == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    ("zone", "said"), [(BUCHAREST, "2027-03-28T03:30:00"), (NEW_YORK, "2027-03-14T02:15:00")]
)
def test_an_hour_that_the_clocks_skip_is_refused_with_a_clear_text(
    clock: time_machine.Traveller, around_the_clock: Calendly, api: APIClient, zone: str, said: str
) -> None:
    clock.move_to(datetime(2027, 3, 12, 8, tzinfo=UTC))
    answer = ask(api, said, zone)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    [text] = answer.json()["errors"]["preferredTime"]
    assert said[11:16] in text
    assert "skip" in text
    assert not around_the_clock.state.events


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BUCHAREST, "2027-03-28", 23),
        (BUCHAREST, "2027-10-31", 25),
        (NEW_YORK, "2027-03-14", 23),
        (NEW_YORK, "2027-11-07", 25),
        (KATHMANDU, "2027-03-28", 24),
    ],
)
def test_a_day_is_as_long_as_its_clocks_say(
    clock: time_machine.Traveller, around_the_clock: Calendly, api: APIClient, zone: str, day: str, hours: int
) -> None:
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    clock.move_to(midnight.astimezone(UTC) - timedelta(days=2))
    following = (midnight + timedelta(days=1)).astimezone(UTC)  # the next midnight on the wall
    answer = api.get(
        "/api/calendly/availability",
        {
            "eventType": "Quick Consultation",
            "start": f"{day}T00:00:00",
            "end": (datetime.fromisoformat(day) + timedelta(days=1)).isoformat(),
            "timezone": zone,
        },
    )
    assert answer.status_code == 200, answer.json()
    slots = answer.json()["slots"]
    assert len(slots) == hours * 4
    assert {slot["local"]["start"][:10] for slot in slots} == {day}
    assert len({slot["startTime"] for slot in slots}) == len(slots)
    last = datetime.fromisoformat(slots[-1]["startTime"])
    assert last + timedelta(minutes=15) == following


def test_same_day_means_the_invitees_day_of_25_hours(
    clock: time_machine.Traveller, around_the_clock: Calendly, api: APIClient
) -> None:
    clock.move_to(datetime(2027, 10, 30, 8, tzinfo=UTC))
    day = datetime(2027, 10, 30, 21, tzinfo=UTC)
    around_the_clock.add_busy_time(day, day + timedelta(hours=24, minutes=30))
    booked = ask(api, "2027-10-31T00:00:00", BUCHAREST, flexibility="sameDay").json()["booking"]
    assert booked["local"]["start"] == "2027-10-31T23:30:00+02:00"
    full = ask(
        api, "2027-10-31T00:00:00", BUCHAREST, flexibility="sameDay", inviteeEmail="second@example.com"
    ).json()
    assert (full["success"], full["code"]) == (False, "no_availability")
