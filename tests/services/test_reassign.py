"""A meeting goes to another host: one booking, one lineage, told once."""

from typing import Any

import pytest
import time_machine

from calendly_integration.models import Booking, CalendlyAccount, EventType
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.seeds import question
from calendly_integration.services import errors
from calendly_integration.services.actors import Actor
from calendly_integration.services.bookings import queries, reassign
from calendly_integration.services.bookings.attempts import NotReschedulable
from calendly_integration.services.bookings.results import Booked, OutcomeUnknown, SlotUnavailable

from ..factories import TEN, active, assert_consistent, book, deliver, hours, mirrored, now, pass_time, told

pytestmark = pytest.mark.django_db
STAFF = Actor.staff("Ioana")


@pytest.fixture
def radus(sandbox: Calendly, account: CalendlyAccount) -> EventType:
    """Radu's type, as long as the Sales Demo."""
    return kind_of_radu(sandbox, account)


def kind_of_radu(
    sandbox: Calendly, account: CalendlyAccount, name: str = "Demo with Radu", **fields: Any
) -> EventType:
    radu = next(user for user in sandbox.state.users.values() if user.name == "Radu Marin")
    sandbox.add_event_type(name, fields.pop("duration", 30), owner=radu, **fields)
    mirrored(account)
    return EventType.objects.get(name=name)


def over(booking: Booking, kind: EventType, start: Any = TEN, **options: Any) -> Any:
    return reassign.reassign_host(
        queries.find(str(booking.pk)), event_type=kind, new_start=start, by=STAFF, now=now(), **options
    )


def test_it_is_one_booking_with_one_lineage_and_is_told_once(
    sandbox: Calendly, radus: EventType, clock: time_machine.Traveller
) -> None:
    booking = book()
    deliver(sandbox)
    outcome = over(booking, radus)
    assert isinstance(outcome, Booked)
    assert (outcome.booking.pk, outcome.booking.start_at) == (booking.pk, TEN)
    assert (outcome.booking.event_type, outcome.booking.event_name) == (radus, "Demo with Radu")
    assert outcome.booking.host
    assert outcome.booking.host.name == "Radu Marin"
    assert outcome.booking.metadata.conversation_id == "conv-1"
    pass_time(clock, sandbox)
    assert_consistent(sandbox)
    fresh = queries.find(str(booking.pk))
    new = fresh.current_calendly_booking
    assert new
    assert new.replaces
    assert (new.status, new.replaces.status, fresh.calendly_bookings.count()) == ("active", "canceled", 2)
    assert (fresh.event_type, fresh.host) == (radus, outcome.booking.host)
    assert told().count("/calendly/rescheduled") == 1
    assert "/calendly/canceled" not in told()


@pytest.mark.parametrize(("fault", "moved"), [("lose_answer", True), ("drop", False)])
def test_a_lost_answer_is_looked_up(
    sandbox: Calendly, radus: EventType, clock: time_machine.Traveller, fault: Any, moved: bool
) -> None:
    booking = book()
    deliver(sandbox)
    sandbox.faults.add(fault, method="POST", path="/invitees")
    assert isinstance(over(booking, radus), OutcomeUnknown)
    with pytest.raises(NotReschedulable) as pending:
        over(booking, radus)
    assert pending.value.why == "pending"
    pass_time(clock, sandbox)
    assert_consistent(sandbox)
    fresh = queries.find(str(booking.pk))
    assert fresh.event_name == ("Demo with Radu" if moved else "Sales Demo")
    assert fresh.host
    assert fresh.host.name == ("Radu Marin" if moved else "Ana Ionescu")
    assert told().count("/calendly/rescheduled") == int(moved)


def test_where_the_other_host_is_busy_the_old_meeting_stands(sandbox: Calendly, radus: EventType) -> None:
    booking = book()
    sandbox.book_as_invitee("Demo with Radu", TEN, email="fast@example.com")
    outcome = over(booking, radus)
    assert isinstance(outcome, SlotUnavailable)
    assert outcome.suggestions
    assert queries.find(str(booking.pk)).event_id == booking.event_id
    assert isinstance(over(booking, radus, TEN + hours(2)), Booked)


def test_only_a_bookable_type_of_another_host_of_the_same_length_takes_over(
    sandbox: Calendly, account: CalendlyAccount, radus: EventType
) -> None:
    booking = book()
    longer = kind_of_radu(sandbox, account, "Longer", duration=60)
    own = sandbox.add_event_type("Own twin", 30)
    mirrored(account)
    off = kind_of_radu(sandbox, account, "Off")
    EventType.objects.filter(pk=off.pk).update(active=False)
    assert list(reassign.reassignment_candidates(queries.find(str(booking.pk)))) == [radus]
    for kind in (longer, off, EventType.objects.get(name=own.name), EventType.objects.get(name="Sales Demo")):
        with pytest.raises(NotReschedulable) as refused:
            over(booking, kind)
        assert refused.value.why == "not_taken"


def test_a_host_whose_type_is_switched_off_can_still_be_replaced(sandbox: Calendly, radus: EventType) -> None:
    booking = book()
    EventType.objects.filter(name="Sales Demo").update(active=False)
    assert isinstance(over(booking, radus), Booked)


def test_answers_go_along_and_what_is_missing_is_asked_for(
    sandbox: Calendly, account: CalendlyAccount
) -> None:
    sandbox.add_event_type(
        "Visit", 30, questions=[question("Cine?", required=True), question("De ce?", position=1)]
    )
    asked = [question("cine?", required=True), question("Unde?", required=True, position=1)]
    radus = kind_of_radu(sandbox, account, "Visit by Radu", questions=asked)
    booking = book("Visit", answers=(("Cine?", "Eu"), ("De ce?", "Așa")))
    deliver(sandbox)
    with pytest.raises(errors.InvalidBookingRequest) as wrong:
        over(booking, radus)
    assert (wrong.value.code, wrong.value.values) == ("unanswered", {"questions": "Unde?"})
    assert isinstance(over(booking, radus, answers=(("Unde?", "Acolo"),)), Booked)
    [standing] = active(sandbox)
    assert [(each["question"], each["answer"]) for each in standing.answers] == [
        ("cine?", "Eu"),
        ("Unde?", "Acolo"),
    ]


def test_an_answer_that_the_other_type_does_not_take_is_asked_for_anew(
    sandbox: Calendly, account: CalendlyAccount
) -> None:
    sandbox.add_event_type("Visit", 30, questions=[question("Unde?"), question("Când?", position=1)])
    asked = [
        question("Unde?", required=True, kind="single_select", choices=("Iași", "Cluj")),
        question("Când?", kind="single_select", position=1, choices=("Luni", "Marți")),
    ]
    radus = kind_of_radu(sandbox, account, "Visit by Radu", questions=asked)
    booking = book("Visit", answers=(("Unde?", "La mine"), ("Când?", "marti")))
    deliver(sandbox)
    fresh = queries.find(str(booking.pk))
    assert [each["name"] for each in reassign.unanswered(fresh, radus)] == ["Unde?"]
    with pytest.raises(errors.InvalidBookingRequest) as wrong:
        over(booking, radus, answers=(("Unde?", "Acasă"),))
    assert wrong.value.code == "not_a_choice"
    assert isinstance(over(booking, radus, answers=(("unde", "cluj"),)), Booked)
    [standing] = active(sandbox)
    assert [(each["question"], each["answer"]) for each in standing.answers] == [
        ("Unde?", "Cluj"),
        ("Când?", "Marți"),
    ]
