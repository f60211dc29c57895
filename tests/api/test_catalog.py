"""What can be booked, with whom and when, through the door."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from calendly_integration.models import EventType, Host
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.catalog import event_types as catalog

from .document import CheckedClient

PREFIX = "/api/calendly/"

pytestmark = pytest.mark.usefixtures("event_types")


def test_event_types_are_listed_inactive_ones_too_but_no_deleted_ones(
    api: CheckedClient, sandbox: Calendly
) -> None:
    sandbox.change_event_type("Strategy Call", active=False)
    sandbox.delete_event_type("Quick Consultation")
    catalog.sync(calendly_accounts.default(), now=datetime.now(UTC))
    listed = api.get(PREFIX + "event-types").json()["eventTypes"]
    assert {each["name"]: each["active"] for each in listed} == {
        "Sales Demo": True,
        "Technical Support": True,
        "Strategy Call": False,
    }
    support = next(each for each in listed if each["name"] == "Technical Support")
    assert (support["slug"], support["durationMinutes"]) == ("technical-support", 45)
    assert (support["bufferBeforeMinutes"], support["bufferAfterMinutes"]) == (0, 10)
    assert support["questions"][0]["name"] == "Please describe the problem."
    assert support["schedulingUrl"].startswith("https://")


def test_hosts_are_listed(api: CheckedClient) -> None:
    hosts = api.get(PREFIX + "hosts").json()["hosts"]
    assert [(host["name"], host["timezone"]) for host in hosts] == [
        ("Ana Ionescu", "Europe/Bucharest"),
        ("Radu Marin", "Europe/Bucharest"),
    ]


@pytest.mark.parametrize(
    "name", ["Sales Demo", "sales-demo", "SALES   DEMO", "Sáles Demö", "uri", "id", "last"]
)
def test_an_event_type_goes_by_many_names(
    api: CheckedClient, event_types: dict[str, EventType], name: str
) -> None:
    kind = event_types["Sales Demo"]
    own = {"uri": kind.uri, "id": str(kind.pk), "last": kind.uri.rpartition("/")[2]}
    answer = api.get(PREFIX + "availability", {"eventType": own.get(name, name)})
    assert answer.status_code == 200
    assert answer.json()["slots"]


def test_free_times_are_in_the_zone_that_was_asked_for(api: CheckedClient) -> None:
    query = {
        "event_type": "sales-demo",
        "start": "2026-11-24T00:00",
        "end": "2026-11-25T00:00",
        "timezone": "Asia/Tokyo",
    }
    body = api.get(PREFIX + "availability", query).json()
    assert body["asOf"] == "2026-11-23T06:00:00Z"
    assert body["slots"][0]["startTime"] == "2026-11-24T07:00:00Z"
    assert body["slots"][0]["local"]["start"] == "2026-11-24T16:00:00+09:00"
    assert all(slot["startTime"] < "2026-11-24T15:00:00Z" for slot in body["slots"])


def test_without_a_span_the_next_seven_days_are_shown(api: CheckedClient) -> None:
    slots = api.get(PREFIX + "availability", {"eventType": "sales-demo"}).json()["slots"]
    assert slots[0]["startTime"] == "2026-11-23T07:00:00Z"
    assert slots[-1]["startTime"] < "2026-11-30T06:00:00Z"


def test_a_lost_plus_in_the_query_is_understood(api: CheckedClient) -> None:
    answer = api.get(PREFIX + "availability?eventType=sales-demo&start=2026-11-24T10:00:00+02:00")
    assert answer.json()["slots"][0]["startTime"] == "2026-11-24T08:00:00Z"


def test_a_whole_month_is_asked_in_one_call(api: CheckedClient, sandbox: Calendly) -> None:
    before = sandbox.calls_made
    query = {"eventType": "sales-demo", "start": "2026-11-24T00:00Z", "end": "2026-12-25T00:00Z"}
    assert api.get(PREFIX + "availability", query).status_code == 200
    assert sandbox.calls_made == before + 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"eventType": ""}, "eventType"),
        ({"start": "soon"}, "start"),
        ({"start": "2026-11-24T10:00", "end": "2026-11-24T10:00"}, "end"),
        ({"start": "2026-11-24T10:00", "end": "2026-12-25T10:01"}, "end"),
        ({"start": "9999-12-31T00:00"}, "start"),
        ({"start": "0001-01-01T00:00:00+14:00"}, "start"),
        ({"start": "2027-03-28T03:30"}, "start"),
        ({"timezone": "Mars/Phobos"}, "timezone"),
        ({"timezone": "\x00"}, "timezone"),
    ],
)
def test_a_malformed_span_is_a_400(api: CheckedClient, given: dict[str, str], field: str) -> None:
    answer = api.get(PREFIX + "availability", {"eventType": "sales-demo", **given})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]


def test_an_event_type_must_be_named(api: CheckedClient) -> None:
    assert list(api.get(PREFIX + "availability").json()["errors"]) == ["eventType"]


def test_a_span_in_the_past_has_nothing_free(api: CheckedClient, sandbox: Calendly) -> None:
    query = {"eventType": "sales-demo", "start": "2026-11-02T00:00Z", "end": "2026-11-03T00:00Z"}
    assert api.get(PREFIX + "availability", query).json()["slots"] == []


def test_an_unknown_event_type_is_a_404(api: CheckedClient) -> None:
    answer = api.get(PREFIX + "availability", {"eventType": "Yoga"})
    assert (answer.status_code, answer.json()["code"]) == (404, "event_type_not_found")


@pytest.mark.parametrize("path", ["availability?eventType=sales-demo", "host"])
def test_calendly_away_is_a_503_and_a_refusal_a_502(api: CheckedClient, sandbox: Calendly, path: str) -> None:
    if path == "host":
        path = f"hosts/{Host.objects.get(name='Ana Ionescu').pk}/availability"
    sandbox.faults.add("status", method="GET", status=503, times=None)
    away = api.get(PREFIX + path)
    assert (away.status_code, away.json()["code"]) == (503, "calendly_unavailable")
    sandbox.faults.clear()
    sandbox.faults.add("status", method="GET", status=403, times=None)
    refused = api.get(PREFIX + path)
    assert (refused.status_code, refused.json()["code"]) == (502, "calendly_refused")


def test_a_hosts_time_is_busy_or_available(api: CheckedClient, sandbox: Calendly) -> None:
    start = datetime(2026, 11, 24, 10, tzinfo=UTC)
    sandbox.add_busy_time(start, start + timedelta(hours=1))
    host = Host.objects.get(name="Ana Ionescu")
    for key in (host.pk, host.uri.rpartition("/")[2]):
        query = {"start": "2026-11-24T00:00", "end": "2026-11-25T00:00"}
        body = api.get(f"{PREFIX}hosts/{key}/availability", query).json()
        told = [
            (each["startTime"][11:16], each["endTime"][11:16], each["status"])
            for each in body["availability"]
        ]
        assert told == [
            ("07:00", "10:00", "available"),
            ("10:00", "11:00", "busy"),
            ("11:00", "15:00", "available"),
        ]


def test_a_hosts_time_is_shown_for_a_week_at_most(api: CheckedClient) -> None:
    host = Host.objects.get(name="Ana Ionescu")
    query: dict[str, Any] = {"start": "2026-11-24T00:00Z", "end": "2026-12-01T00:01Z"}
    answer = api.get(f"{PREFIX}hosts/{host.pk}/availability", query)
    assert list(answer.json()["errors"]) == ["end"]
    query["end"] = "2026-12-01T00:00Z"
    assert api.get(f"{PREFIX}hosts/{host.pk}/availability", query).status_code == 200


def test_a_name_of_two_hosts_is_a_409_with_what_to_choose_from(
    api: CheckedClient, romanian: CheckedClient, sandbox: Calendly
) -> None:
    radu = next(user for user in sandbox.state.users.values() if user.name == "Radu Marin")
    sandbox.add_event_type("Sales Demo", owner=radu)
    catalog.sync(calendly_accounts.default(), now=datetime.now(UTC))
    calls = sandbox.calls_made
    booking_request = {"eventType": "sales demo", "inviteeEmail": "ana@example.com", "inviteeName": "Ana"}
    asked = (
        api.get(PREFIX + "availability", {"eventType": "sales demo"}),
        api.post(PREFIX + "schedule", booking_request, format="json"),
        api.post(PREFIX + "schedule", booking_request, format="json", headers={"Idempotency-Key": "k"}),
    )
    for answer in asked:
        body = answer.json()
        assert (answer.status_code, body["code"]) == (409, "event_type_ambiguous")
        assert [(each["name"], each["slug"]) for each in body["eventTypes"]] == [
            ("Sales Demo", "sales-demo")
        ] * 2
        assert {host["name"] for each in body["eventTypes"] for host in each["hosts"]} == {
            "Ana Ionescu",
            "Radu Marin",
        }
        assert "Sales Demo (Radu Marin)" in body["message"]
    assert sandbox.calls_made == calls
    said = romanian.get(PREFIX + "availability", {"eventType": "sales demo"}).json()["message"]
    assert said.startswith("Mai multe tipuri de întâlniri au acest nume: ")
    chosen = next(each for each in body["eventTypes"] if each["hosts"][0]["name"] == "Radu Marin")
    answer = api.post(
        PREFIX + "schedule",
        {**booking_request, "eventType": chosen["id"]},
        format="json",
        headers={"Idempotency-Key": "k"},
    )
    assert (answer.status_code, answer.json()["booking"]["host"]["name"]) == (201, "Radu Marin")


def test_an_event_type_shows_its_active_hosts_in_one_more_query(
    api: CheckedClient, django_assert_num_queries: Any
) -> None:
    Host.objects.filter(name="Radu Marin").update(active=False)
    kind = EventType.objects.get(name="Sales Demo")
    kind.hosts.set(Host.objects.all())
    host = Host.objects.get(name="Ana Ionescu")
    api.get(PREFIX + "hosts")  # the first use of a key is written down
    with django_assert_num_queries(3):  # the key, the event types, their hosts
        told = api.get(PREFIX + "event-types").json()["eventTypes"]
    assert {each["name"]: each["hosts"] for each in told}["Sales Demo"] == [
        {"id": str(host.pk), "name": "Ana Ionescu"}
    ]
