"""Event types in the admin: synced, created, their drift seen, their names and rights decided."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calendly_integration.models import AgentKey, Booking, EventType, EventTypeChange
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.catalog import event_types as catalog

from ..factories import mirrored, now
from .factories import create_account, create_booking

NAME = "admin:calendly_integration_eventtype"
LIST = f"{NAME}_changelist"


def page(kind: EventType, name: str = "change") -> str:
    return reverse(f"{NAME}_{name}", args=[kind.pk])


@pytest.fixture
def drifted(sandbox: Calendly, event_types: dict[str, EventType]) -> EventType:
    """An event type that was changed at Calendly."""
    sandbox.change_event_type("Sales Demo", name="Demo", duration=40, after_buffer=20)
    mirrored(calendly_accounts.default())
    return EventType.objects.get(pk=event_types["Sales Demo"].pk)


def test_the_list_shows_hosts_buffers_what_is_to_come_and_what_changed(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    text = staff.get(reverse(LIST)).content.decode()
    assert "Ana Ionescu" in text
    assert '<td class="field-upcoming">1</td>' in text
    assert "new change" not in text
    sandbox.change_event_type("Sales Demo", name="Demo")
    mirrored(calendly_accounts.default())
    assert "1 new change" in staff.get(reverse(LIST)).content.decode()


def test_the_list_asks_the_same_however_many_types_there_are(
    staff: Client, sandbox: Calendly, event_types: dict[str, EventType]
) -> None:
    staff.get(reverse(LIST))
    with CaptureQueriesContext(database) as few:
        staff.get(reverse(LIST))
    for number in range(30):
        sandbox.add_event_type(f"Type {number}")
    mirrored(calendly_accounts.default())
    with CaptureQueriesContext(database) as many:
        staff.get(reverse(LIST))
    assert len(many) == len(few) <= 16


def test_an_empty_list_says_what_to_do(staff: Client, entered: Callable[..., Client]) -> None:
    assert "Use “Sync now”" in staff.get(reverse(LIST)).content.decode()
    seen = entered("viewer").get(reverse(LIST)).content.decode()
    assert "A person who may manage the Calendly account has to sync." in seen
    assert "/sync/" not in seen


def test_sync_now_reads_event_types_and_is_logged(staff: Client, account: Any, sandbox: Calendly) -> None:
    staff.get(reverse(f"{NAME}_sync"))
    assert not EventType.objects.exists()
    answer = staff.post(reverse(f"{NAME}_sync"), follow=True)
    assert "Read from Calendly: 4 event types, 2 hosts." in answer.content.decode()
    assert EventType.objects.count() == 4
    assert LogEntry.objects.get().change_message == "Synced."


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "refuse"}, "cannot be reached"),
        ({"kind": "lose_answer"}, "cannot be reached"),
        ({"kind": "status", "status": 429, "seconds": 30}, "asks us to wait"),
        ({"kind": "status", "status": 403}, "Calendly refused"),
    ],
)
def test_where_calendly_does_not_do_it_that_is_said(
    staff: Client, event_types: dict[str, EventType], sandbox: Calendly, fault: dict[str, Any], said: str
) -> None:
    sandbox.faults.add(path="/event_types.*", times=None, **fault)
    EventType.objects.filter(name="Sales Demo").delete()
    for name in ("sync", "standard"):
        text = staff.post(reverse(f"{NAME}_{name}"), follow=True).content.decode()
        assert said in text, name
    assert not LogEntry.objects.exists()


def test_the_standard_four_are_listed_and_then_created(
    staff: Client, account: Any, sandbox: Calendly
) -> None:
    sandbox.state.event_types.clear()
    mirrored(account)
    address = reverse(f"{NAME}_standard")
    asked = staff.get(address).content.decode()
    assert "Strategy Call: 60 minutes, 15 minutes free afterwards" in asked
    assert not sandbox.state.event_types
    done = staff.post(address, follow=True).content.decode()
    assert "4 event types are created: Sales Demo" in done
    assert EventType.objects.bookable().count() == 4
    assert "All four exist already." in staff.get(address).content.decode()
    assert "All four exist already." in staff.post(address, follow=True).content.decode()
    assert LogEntry.objects.count() == 1


def test_buttons_and_their_pages_ask_for_the_right(
    entered: Callable[..., Client], event_types: dict[str, EventType]
) -> None:
    for who, status in (("viewer", 403), ("stranger", 403), ("nobody", 302)):
        for name in ("sync", "standard"):
            assert entered(who).get(reverse(f"{NAME}_{name}")).status_code == status
            assert entered(who).post(reverse(f"{NAME}_{name}")).status_code == status
    browser = entered("staff", enforce_csrf_checks=True)
    assert browser.post(reverse(f"{NAME}_sync")).status_code == 403


def test_the_page_tells_what_calendly_changed_until_somebody_has_seen_it(
    staff: Client, drifted: EventType, sandbox: Calendly
) -> None:
    text = staff.get(page(drifted)).content.decode()
    for line in ("Sales Demo", "<bdi>30</bdi> → <bdi>40</bdi>", "<bdi>15</bdi> → <bdi>20</bdi>", "/seen/"):
        assert line in text
    asked = staff.get(page(drifted, "seen")).content.decode()
    change = EventTypeChange.objects.get()
    assert f'name="upto" value="{change.pk}"' in asked
    sandbox.change_event_type("Demo", active=False)
    mirrored(calendly_accounts.default())
    done = staff.post(page(drifted, "seen"), {"upto": change.pk}, follow=True)
    assert "1 change is marked as seen." in done.content.decode()
    assert "seen by" in done.content.decode()
    change.refresh_from_db()
    assert (change.seen_by, change.seen_at) == ("maria", now())
    assert EventTypeChange.objects.filter(seen_at=None).count() == 1  # it came after the page was shown
    again = staff.post(page(drifted, "seen"), {"upto": change.pk}, follow=True)
    assert "nothing was done" in again.content.decode()
    assert LogEntry.objects.count() == 1
    assert (
        "nothing was done" in staff.post(page(drifted, "seen"), {"upto": "x²"}, follow=True).content.decode()
    )


def test_names_and_rights_are_decided(
    staff: Client, event_types: dict[str, EventType], agent_key: AgentKey
) -> None:
    kind = event_types["Sales Demo"]
    booking_request = {"aliases": "Demo\n  Prezentare   scurtă \n\nDEMO", "open_to": "keys"}
    assert "Choose at least one agent" in staff.post(page(kind, "edit"), booking_request).content.decode()
    answer = staff.post(page(kind, "edit"), {**booking_request, "allowed_keys": [agent_key.pk]}, follow=True)
    assert "Saved." in answer.content.decode()
    kind.refresh_from_db()
    assert kind.aliases == ["DEMO", "Prezentare scurtă"]
    assert (kind.open_to, list(kind.allowed_keys.all())) == ("keys", [agent_key])
    assert catalog.find("prezentare scurta", key_id=agent_key.pk) == kind
    shown = staff.get(page(kind, "edit")).content.decode()
    assert "Prezentare scurtă" in shown
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("alias", ["strategy  CALL", "strategy-call", "Ședință"])
def test_a_name_that_another_one_goes_by_is_refused(
    staff: Client, event_types: dict[str, EventType], alias: str
) -> None:
    other, kind = event_types["Strategy Call"], event_types["Sales Demo"]
    EventType.objects.filter(pk=other.pk).update(aliases=["sedinta"])
    answer = staff.post(page(kind, "edit"), {"aliases": alias, "open_to": "staff"})
    assert "”: Strategy Call." in answer.content.decode()
    kind.refresh_from_db()
    assert (kind.aliases, kind.open_to) == ([], "everybody")
    EventType.objects.filter(pk=other.pk).update(active=False)
    assert staff.post(page(kind, "edit"), {"aliases": alias, "open_to": "staff"}).status_code == 302


def test_what_calendly_owns_is_not_changed_by_the_form(
    staff: Client, event_types: dict[str, EventType]
) -> None:
    kind = event_types["Sales Demo"]
    staff.post(page(kind, "edit"), {"open_to": "everybody", "name": "x", "duration": "5", "active": ""})
    kind.refresh_from_db()
    assert (kind.name, kind.duration, kind.active) == ("Sales Demo", 30, True)


def test_types_of_one_name_are_listed_with_their_hosts(root: Client) -> None:
    first, second = create_account("Ana"), create_account("Bogdan")
    EventType.objects.update(name="Consultanță")
    create_booking(first)
    create_booking(second)
    seen = root.get(reverse("admin:calendly_integration_booking_changelist")).content.decode()
    assert "Consultanță · Ana" in seen
    assert "Consultanță · Bogdan" in seen
