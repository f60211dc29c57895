"""The four standard event types: created where they are missing, buffers included."""

import pytest

from calendly_integration.models import CalendlyAccount, EventType
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.catalog import default_event_types, event_types

from ..factories import now, posts, strict

pytestmark = pytest.mark.django_db


@pytest.fixture
def bare(sandbox: Calendly, account: CalendlyAccount) -> CalendlyAccount:
    """An account without any event type."""
    sandbox.state.event_types.clear()
    event_types.sync(account, now=now())
    account.refresh_from_db()
    return account


def test_the_missing_ones_are_created_switched_on_and_mirrored(
    sandbox: Calendly, bare: CalendlyAccount
) -> None:
    assert len(default_event_types.missing(bare)) == 4
    assert default_event_types.create_missing(bare, now=now()) == [
        "Sales Demo",
        "Technical Support",
        "Strategy Call",
        "Quick Consultation",
    ]
    found = EventType.objects.bookable().values_list("name", "duration", "buffer_before", "buffer_after")
    assert set(found) == {
        ("Sales Demo", 30, 0, 15),
        ("Technical Support", 45, 0, 10),
        ("Strategy Call", 60, 0, 15),
        ("Quick Consultation", 15, 0, 5),
    }
    assert default_event_types.missing(bare) == []
    assert default_event_types.create_missing(bare, now=now()) == []
    assert posts(sandbox, "/event_types") == 4
    strict(sandbox)


def test_what_is_there_under_any_spelling_is_not_created_again(
    sandbox: Calendly, bare: CalendlyAccount
) -> None:
    sandbox.add_event_type("SALES  demo", 25)
    sandbox.add_event_type("Strategy Call", 90, active=False)
    event_types.sync(bare, now=now())
    assert [kind.name for kind in default_event_types.missing(bare)] == [
        "Technical Support",
        "Quick Consultation",
    ]
    default_event_types.create_missing(bare, now=now())
    assert EventType.objects.count() == 4
    assert EventType.objects.get(name="SALES  demo").duration == 25


def test_a_deleted_one_is_missing(sandbox: Calendly, bare: CalendlyAccount) -> None:
    default_event_types.create_missing(bare, now=now())
    sandbox.delete_event_type("Sales Demo")
    event_types.sync(bare, now=now())
    assert [kind.name for kind in default_event_types.missing(bare)] == ["Sales Demo"]
