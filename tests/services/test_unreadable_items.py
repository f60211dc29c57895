"""One item of a list that cannot be read costs that item, and nothing is concluded from its absence."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
import time_machine

from calendly_integration import clients
from calendly_integration.models import Booking, CalendlyAccount, EventType, Host
from calendly_integration.sandbox.adapter import SandboxAdapter
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.catalog import event_types
from calendly_integration.services.reconcile import sync

from ..factories import TEN, assert_consistent, hours, now, pass_time, try_booking

pytestmark = pytest.mark.django_db

Spoil = Callable[[list[Any]], None]


class Spoiling(SandboxAdapter):
    """A sandbox whose lists of one path are changed before they arrive."""

    def __init__(self, calendly: Calendly, path: str, spoil: Spoil) -> None:
        super().__init__(calendly, sleep=lambda _seconds: None)
        self.path, self.spoil = path, spoil

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        answer = super().send(request, **options | {"stream": False})
        if request.method == "GET" and request.path_url.partition("?")[0].endswith(self.path):
            body = answer.json()
            self.spoil(body["collection"])
            answer._content = json.dumps(body).encode()
        return answer


@pytest.fixture
def spoiled(calendly: Calendly, account: CalendlyAccount) -> Callable[[str, Spoil], None]:
    def mount(path: str, spoil: Spoil) -> None:
        session = clients.calendly(account).session
        session.mount("https://api.calendly.com", Spoiling(calendly, path, spoil))

    return mount


def test_a_membership_without_a_user_costs_no_other_and_makes_nobody_inactive(
    account: CalendlyAccount, spoiled: Callable[[str, Spoil], None], caplog: pytest.LogCaptureFixture
) -> None:
    Host.objects.all().delete()
    spoiled("/organization_memberships", lambda members: members[0].pop("user"))
    event_types.sync(account, now=now())
    assert list(Host.objects.values_list("name", "active")) == [("Radu Marin", True)]
    assert "collection[0]: user is missing" in caplog.text
    Host.objects.create(account=account, uri="https://x/users/ana", name="Ana", email="a", seen_at=now())
    event_types.sync(account, now=now())
    assert Host.objects.filter(active=True).count() == 2


def test_an_event_type_that_cannot_be_read_is_not_taken_for_a_deleted_one(
    account: CalendlyAccount, spoiled: Callable[[str, Spoil], None]
) -> None:
    before = set(EventType.objects.values_list("name", "active", "deleted_at"))
    spoiled("/event_types", lambda kinds: kinds[0].update(duration="long"))
    event_types.sync(account, now=now())
    assert set(EventType.objects.values_list("name", "active", "deleted_at")) == before


def test_places_and_questions_that_cannot_be_read_are_left_out(
    account: CalendlyAccount, spoiled: Callable[[str, Spoil], None], calendly: Calendly
) -> None:
    def spoil(kinds: list[Any]) -> None:
        for kind in kinds:
            kind["locations"] = ["zoom", *(kind["locations"] or [])]
            kind["custom_questions"] = [*kind["custom_questions"], {"type": "text"}]
            kind["updated_at"] = "2026-11-23T06:00:01.000000Z"

    spoiled("/event_types", spoil)
    event_types.sync(account, now=now())
    kind = EventType.objects.get(name="Technical Support")
    assert [place["kind"] for place in kind.locations] == ["zoom_conference"]
    assert [question["name"] for question in kind.questions] == ["Please describe the problem."]


def test_an_event_with_a_location_that_is_a_text_costs_no_other(
    calendly: Calendly, account: CalendlyAccount, spoiled: Callable[[str, Spoil], None]
) -> None:
    for number in range(5):
        calendly.book_as_invitee("Quick Consultation", TEN + hours(number), email=f"{number}@example.com")
    calendly.state.open_deliveries.clear()
    spoiled("/scheduled_events", lambda events: events[2].update(location="Zoom"))
    sync.events(account, now=now())
    found = Booking.objects.order_by("start_at").values_list("invitee_email", flat=True)
    assert list(found) == [f"{number}@example.com" for number in (0, 1, 3, 4)]


def test_an_invitee_that_cannot_be_read_costs_no_other_meeting(
    calendly: Calendly, account: CalendlyAccount, spoiled: Callable[[str, Spoil], None]
) -> None:
    first = calendly.book_as_invitee("Quick Consultation", TEN, email="0@example.com")
    calendly.book_as_invitee("Quick Consultation", TEN + hours(1), email="1@example.com")
    calendly.state.open_deliveries.clear()
    spoiled(f"/{first.event_id}/invitees", lambda invitees: invitees[0].pop("created_at"))
    sync.events(account, now=now())
    assert Booking.objects.get().invitee_email == "1@example.com"


@pytest.mark.parametrize("path", ["/scheduled_events", "/invitees"])
def test_a_booking_that_is_perhaps_among_what_cannot_be_read_has_not_failed(
    calendly: Calendly,
    account: CalendlyAccount,
    clock: time_machine.Traveller,
    spoiled: Callable[[str, Spoil], None],
    path: str,
) -> None:
    """Taken for failed, it would be booked a second time."""
    spoiled(path, lambda items: [item.pop("updated_at") for item in items][:0])
    calendly.faults.add("lose_answer", method="POST", path="/invitees")
    outcome = try_booking(preferred=TEN, flexibility="exact")
    pass_time(clock, calendly, minutes=4, hooks=False)
    booking = Booking.objects.get()
    assert (booking.status, outcome.booking.pk) == ("pending", booking.pk)  # type: ignore[union-attr]
    spoiled("/nothing", lambda items: None)
    pass_time(clock, calendly)
    booking.refresh_from_db()
    assert booking.status == "confirmed"
    assert_consistent(calendly)
