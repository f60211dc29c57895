"""What Calendly changed is noted once; by which names agents call a type, and who may book it."""

from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from calendly_integration.models import (
    AgentKey,
    Booking,
    CalendlyAccount,
    EventType,
    EventTypeChange,
    WebhookDelivery,
)
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.actors import Actor
from calendly_integration.services.backoffice import event_type_settings
from calendly_integration.services.bookings import create
from calendly_integration.services.catalog import event_types
from calendly_integration.services.webhooks import inbox

from ..api.document import PREFIX
from ..factories import KEY, URL, apply_inbox, book, booking_request, deliver, mirrored, now

pytestmark = pytest.mark.django_db


def noted() -> list[dict[str, Any]]:
    return list(EventTypeChange.objects.order_by("pk").values_list("changes", flat=True))


def test_nothing_is_noted_on_first_sight_nor_where_nothing_changed(
    calendly: Calendly, account: CalendlyAccount
) -> None:
    mirrored(account)
    mirrored(account)
    assert noted() == []


def test_what_changed_is_noted_with_old_and_new(calendly: Calendly, account: CalendlyAccount) -> None:
    calendly.change_event_type("Sales Demo", name="Demo", duration=40)
    mirrored(account)
    mirrored(account)
    assert noted() == [{"name": ["Sales Demo", "Demo"], "duration": [30, 40]}]
    assert EventTypeChange.objects.get().at == now()


def test_a_repeated_delivery_notes_nothing_more(calendly: Calendly, account: CalendlyAccount) -> None:
    calendly.subscribe(URL, KEY)
    calendly.change_event_type("Sales Demo", duration=40)
    bodies = [each.body for each in calendly.pending_deliveries]
    assert bodies
    deliver(calendly)
    assert noted() == [{"duration": [30, 40]}]
    for row in WebhookDelivery.objects.all():
        inbox.again(row, now=now())
    apply_inbox()
    mirrored(account)
    assert len(noted()) == 1


def test_one_that_goes_and_comes_back_is_noted_twice(calendly: Calendly, account: CalendlyAccount) -> None:
    gone = calendly.find_event_type("Quick Consultation")
    del calendly.state.event_types[gone.id]
    mirrored(account)
    assert noted() == [{"active": [True, False], "deleted": [False, True]}]
    calendly.state.event_types[gone.id] = gone
    mirrored(account)
    assert noted()[1] == {"active": [False, True], "deleted": [True, False]}
    mirrored(account)
    assert len(noted()) == 2


def test_an_alias_comes_after_id_slug_and_name(calendly: Calendly) -> None:
    demo, call = (EventType.objects.get(name=name) for name in ("Sales Demo", "Strategy Call"))
    EventType.objects.filter(pk=demo.pk).update(aliases=["Strategy Call", "Prezentare  Ședință"])
    assert event_types.find("strategy call") == call
    assert event_types.find("prezentare sedinta") == demo
    assert event_types.find("PREZENTARE ședință") == demo


def test_one_that_is_not_open_to_an_agent_is_as_if_it_were_not_there(
    calendly: Calendly, api: APIClient, agent_key: AgentKey
) -> None:
    demo, call = (EventType.objects.get(name=name) for name in ("Sales Demo", "Strategy Call"))
    event_type_settings.save_settings(demo, aliases=(), open_to="staff", allowed_keys=())
    event_type_settings.save_settings(call, aliases=(), open_to="keys", allowed_keys=[agent_key])
    assert event_types.find("sales demo") == demo
    with pytest.raises(event_types.EventTypeNotFound) as refused:
        event_types.find("sales demo", key_id=agent_key.pk)
    assert sorted(refused.value.names) == ["Quick Consultation", "Strategy Call", "Technical Support"]
    with pytest.raises(event_types.EventTypeNotFound):
        event_types.find("strategy call", key_id=agent_key.pk + 1)
    listed = api.get(PREFIX + "event-types").json()["eventTypes"]
    assert {each["name"] for each in listed} == {"Quick Consultation", "Strategy Call", "Technical Support"}
    asked = api.get(PREFIX + "availability", {"eventType": "Sales Demo"})
    assert (asked.status_code, "Sales Demo" in asked.json()["eventTypes"]) == (404, False)
    with pytest.raises(event_types.EventTypeNotFound):
        create.book(booking_request=booking_request(), by=Actor.agent(agent_key), now=now())
    assert create.book(booking_request=booking_request(), by=Actor.staff("maria"), now=now())


def test_of_two_with_one_name_an_agent_books_the_one_that_is_open_to_it(
    calendly: Calendly, account: CalendlyAccount, agent_key: AgentKey
) -> None:
    other = calendly.add_event_type("Sales Demo")
    other.slug = "other-demo"
    mirrored(account)
    first, second = EventType.objects.filter(name="Sales Demo").order_by("slug")
    event_type_settings.save_settings(first, aliases=(), open_to="staff", allowed_keys=())
    assert event_types.find("Sales Demo", key_id=agent_key.pk) == second
    with pytest.raises(event_types.EventTypeAmbiguous):
        event_types.find("Sales Demo")


def test_finding_costs_two_queries(
    calendly: Calendly, agent_key: AgentKey, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(2):
        event_types.find("sales demo", key_id=agent_key.pk)


def test_only_confirmed_meetings_to_come_are_counted(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booked = book()
    kind = booked.event_type
    assert kind is not None
    assert event_type_settings.upcoming([kind.pk], now=now()) == {kind.pk: 1}
    Booking.objects.update(status="canceled")
    assert event_type_settings.upcoming([kind.pk], now=now()) == {}


def test_too_many_or_too_long_names_are_refused(calendly: Calendly) -> None:
    kind = EventType.objects.get(name="Sales Demo")
    for names in (["x" * 101], [f"n{number}" for number in range(31)]):
        with pytest.raises(event_type_settings.TooManyNames):
            event_type_settings.save_settings(kind, aliases=names, open_to="staff", allowed_keys=())
    kind.refresh_from_db()
    assert kind.open_to == "everybody"
