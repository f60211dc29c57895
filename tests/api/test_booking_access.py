"""A key reaches the bookings of event types that are open to it, and no others."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from calendly_integration.api import urls
from calendly_integration.models import AgentKey, Booking, EventType
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.agents import keys as agent_keys
from calendly_integration.services.backoffice import event_type_settings
from calendly_integration.services.bookings import queries

from .conftest import agent
from .document import PREFIX, CheckedClient

Book = Callable[..., dict[str, Any]]
BODIES = {"cancel": {}, "reschedule": {"newStartTime": "2026-11-25T10:00"}, "metadata": {"notes": "theirs"}}


def decide(name: str, open_to: str, *keys: AgentKey) -> None:
    kind = EventType.objects.get(name=name)
    event_type_settings.save_settings(kind, aliases=(), open_to=open_to, allowed_keys=keys)


def calls_on_one_booking() -> list[tuple[str, str]]:
    """Each method of each address of one booking."""
    return [
        (method, route.removeprefix("bookings/<str:id>").strip("/"))
        for route, view, _name in urls.CALLS
        if route.startswith("bookings/<str:id>")
        for method in ("get", "post", "patch", "put", "delete")
        if hasattr(view, method)
    ]


def call(api: CheckedClient, method: str, key: str, path: str) -> Any:
    body = None if method == "get" else BODIES.get(path, {})
    return getattr(api, method)(f"{PREFIX}bookings/{key}/{path}".rstrip("/"), body, format="json")


@pytest.mark.parametrize(("method", "path"), calls_on_one_booking())
@pytest.mark.parametrize("open_to", ["staff", "keys"])
def test_of_a_closed_type_no_booking_is_found(
    api: CheckedClient, sandbox: Calendly, book: Book, method: str, path: str, open_to: str
) -> None:
    made = book(preferredTime="2026-11-24T10:00:00", conversationId="c-1", notes="ours")
    decide("Sales Demo", open_to)
    calls = sandbox.calls_made
    for key in (made["id"], made["calendlyEventId"]):
        answer = call(api, method, key, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "booking_not_found")
        assert "ana@example.com" not in answer.content.decode()
    stands = Booking.objects.get()
    assert (stands.status, stands.metadata.notes) == ("confirmed", "ours")
    assert sandbox.calls_made == calls


@pytest.mark.parametrize(("method", "path"), calls_on_one_booking())
def test_a_chosen_key_reaches_it(
    api: CheckedClient, agent_key: AgentKey, book: Book, method: str, path: str
) -> None:
    made = book(preferredTime="2026-11-24T10:00:00")
    decide("Sales Demo", "keys", agent_key)
    assert call(api, method, made["id"], path).status_code == 200


def test_lists_hold_only_what_is_open(api: CheckedClient, agent_key: AgentKey, book: Book) -> None:
    demo = book(preferredTime="2026-11-24T10:00:00", conversationId="c-1")
    quick = book(eventType="Quick Consultation", preferredTime="2026-11-24T14:00:00", conversationId="c-1")
    other = agent(agent_keys.create("Other", now=datetime.now(UTC))[1])

    def seen(client: CheckedClient) -> list[set[str]]:
        upcoming = client.get(f"{PREFIX}upcoming/ana@example.com").json()["events"]
        listed = client.get(f"{PREFIX}bookings", {"conversationId": "c-1"}).json()["bookings"]
        return [{row["id"] for row in rows} for rows in (upcoming, listed)]

    assert seen(api) == [{demo["id"], quick["id"]}] * 2
    decide("Sales Demo", "keys", agent_key)
    assert seen(api) == [{demo["id"], quick["id"]}] * 2
    assert seen(other) == [{quick["id"]}] * 2
    decide("Sales Demo", "staff")
    assert seen(api) == seen(other) == [{quick["id"]}] * 2


def test_a_booking_without_an_event_type_is_open_to_every_key(
    api: CheckedClient, book: Book, agent_with: Callable[..., CheckedClient]
) -> None:
    made = book(preferredTime="2026-11-24T10:00:00")
    decide("Sales Demo", "staff")
    Booking.objects.update(event_type=None)
    reader = agent_with("read")
    for client in (api, reader):
        assert client.get(f"{PREFIX}bookings/{made['id']}").status_code == 200
        assert len(client.get(f"{PREFIX}bookings").json()["bookings"]) == 1
        assert len(client.get(f"{PREFIX}upcoming/ana@example.com").json()["events"]) == 1
    assert call(api, "post", made["id"], "cancel").status_code == 200


def test_a_type_that_calendly_no_longer_offers_keeps_its_bookings_open(
    api: CheckedClient, book: Book
) -> None:
    made = book()
    EventType.objects.update(active=False, deleted_at=datetime.now(UTC))
    assert api.get(f"{PREFIX}bookings/{made['id']}").status_code == 200


def test_staff_reach_all(api: CheckedClient, book: Book) -> None:
    made = book()
    decide("Sales Demo", "staff")
    assert str(queries.find(made["id"]).pk) == made["id"]
    assert queries.listed().count() == 1


@pytest.mark.parametrize("path", ["schedule", "availability"])
def test_a_closed_type_is_as_if_it_were_not_there(api: CheckedClient, book: Book, path: str) -> None:
    made = book(preferredTime="2026-11-24T10:00:00")
    kind = EventType.objects.get(name="Sales Demo")
    decide("Sales Demo", "staff")
    for query in (str(kind.pk), kind.uri, kind.slug, kind.name):
        if path == "schedule":
            body = {"eventType": query, "inviteeEmail": "ana@example.com", "inviteeName": "Ana Pop"}
            answer = api.post(PREFIX + path, body, format="json")
        else:
            answer = api.get(PREFIX + path, {"eventType": query})
        assert (answer.status_code, answer.json()["code"]) == (404, "event_type_not_found")
        assert "Sales Demo" not in answer.json()["eventTypes"]
    assert made["id"] in {str(pk) for pk in Booking.objects.values_list("pk", flat=True)}
    assert Booking.objects.count() == 1


def test_the_same_request_is_not_answered_once_its_type_is_closed(api: CheckedClient, book: Book) -> None:
    book(preferredTime="2026-11-24T10:00:00", conversationId="c-1")
    decide("Sales Demo", "staff")
    body = {
        "eventType": "Sales Demo",
        "inviteeEmail": "ana@example.com",
        "inviteeName": "Ana Pop",
        "preferredTime": "2026-11-24T10:00:00",
        "conversationId": "c-1",
    }
    assert api.post(f"{PREFIX}schedule", body, format="json").status_code == 404
