"""Deliveries in every order, doubled at will: the booking shows what its last half says (fault 13)."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calendly_integration.models import Booking, CalendlyAccount, EventType, Host, WebhookDelivery
from calendly_integration.sandbox import webhooks
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.store import Invitee
from calendly_integration.services.bookings import reschedule
from calendly_integration.services.bookings.results import Booked
from calendly_integration.services.catalog import event_types
from calendly_integration.services.webhooks import inbox

from ..factories import AGENT, TEN, active, book, deliver, hours, now, pass_time, rolled_back
from .halves import API, BEGIN, PLACES, Facts, Meeting

pytestmark = pytest.mark.django_db

KNOWN, STRANGE = f"{API}/users/EXAMPLEHOST00001", f"{API}/users/EXAMPLEHOST00002"
TYPE, STRANGE_TYPE = f"{API}/event_types/EXAMPLETYPE00001", f"{API}/event_types/EXAMPLETYPE00002"
PAYLOADS = Path(__file__).parent.parent / "payloads"
ACTS = ("move", "move", "move", "cancel", "host_cancels", "mark", "unmark")

facts = st.builds(
    Facts,
    zone=st.sampled_from(["Europe/Bucharest", "America/New_York"]),
    phone=st.sampled_from([None, "+40711111111", "+12125550100"]),
    host=st.sampled_from([KNOWN, STRANGE]),
    event_type=st.sampled_from([TYPE, STRANGE_TYPE]),
    event_name=st.sampled_from(["Discovery call", "Second call"]),
    place=st.integers(0, len(PLACES) - 1),
    answer=st.sampled_from(["Hello", "FormError"]),
    guest=st.sampled_from(["", "ion@example.com"]),
    name=st.sampled_from(["Nora Field", "Nora Câmpeanu"]),
    email=st.sampled_from(["nora@example.com", "N.Field@example.com"]),
    portal=st.booleans(),
)


@pytest.fixture
def mirrored(account: CalendlyAccount) -> CalendlyAccount:
    """One host and one event type are mirrored; another of each is not yet."""
    add_host(account, KNOWN, "Mara Host")
    add_type(account, TYPE, "Discovery")
    return account


def add_host(account: CalendlyAccount, uri: str, name: str) -> None:
    Host.objects.create(account=account, uri=uri, name=name, email="h@example.com", seen_at=BEGIN)


def add_type(account: CalendlyAccount, uri: str, name: str) -> None:
    EventType.objects.create(
        account=account, uri=uri, name=name, duration=30, updated_at=BEGIN, seen_at=BEGIN
    )


def apply(bodies: list[bytes], *, together: bool) -> None:
    """Apply deliveries, each alone or all in one batch."""
    for body in bodies:
        WebhookDelivery.objects.create(
            digest=f"{WebhookDelivery.objects.count()}", body=body, received_at=now(), next_attempt_at=now()
        )
        while not together and inbox.process(now=now()):
            pass
    while inbox.process(now=now()):
        pass
    failed = WebhookDelivery.objects.exclude(status__in=("applied", "unchanged"))
    assert not failed.exists(), failed.values_list("status", "last_error")


def shown() -> dict[str, Any]:
    """What the only booking shows."""
    booking = Booking.objects.select_related(
        "host", "event_type", "current_calendly_booking", "metadata"
    ).get()
    calendly_booking = booking.current_calendly_booking
    assert calendly_booking is not None
    plain = (
        "status",
        "start_at",
        "event_id",
        "invitee_name",
        "invitee_email",
        "time_zone",
        "phone",
        "event_name",
        "location",
        "meeting_url",
        "cancel_url",
        "reschedule_url",
        "canceled_by",
        "cancel_reason",
        "created_at",
    )
    return {name: getattr(booking, name) for name in plain} | {
        "host": booking.host.name if booking.host else None,
        "event_type": booking.event_type.name if booking.event_type else None,
        "answers": [each["answer"] for each in calendly_booking.invitee_raw["questions_and_answers"]],
        "guests": [each["email"] for each in calendly_booking.event_raw["event_guests"]],
        "no_show": booking.no_show_at is not None,
        "asked_of_the_portal": hasattr(booking, "metadata"),
    }


def history(first: Facts, acts: list[tuple[str, Facts]]) -> Meeting:
    """A meeting booked on the page, and what happens to it, as far as that is possible."""
    meeting = Meeting()
    meeting.book(first)
    for act, changed in acts:
        if meeting.last.canceled:
            break
        if act == "move" and meeting.last.no_show is None:
            meeting.move(changed)
        elif act == "cancel":
            meeting.cancel("invitee", "M-am răzgândit")
        elif act == "host_cancels":
            meeting.cancel("host", "Boală")
        elif act == "mark" and meeting.last.no_show is None:
            meeting.mark()
        elif act == "unmark" and meeting.last.no_show is not None:
            meeting.unmark()
    return meeting


@given(
    first=facts,
    acts=st.lists(st.tuples(st.sampled_from(ACTS), facts), max_size=4),
    together=st.booleans(),
    data=st.data(),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_shows_what_the_last_half_says(
    mirrored: CalendlyAccount,
    first: Facts,
    acts: list[tuple[str, Facts]],
    together: bool,
    data: st.DataObject,
) -> None:
    meeting = history(first, acts)
    order = data.draw(st.permutations(meeting.bodies))
    doubled = [body for body in order for _ in range(data.draw(st.integers(1, 2)))]
    late = data.draw(st.permutations(list(dict.fromkeys(order))))
    with rolled_back():
        apply(unlike(doubled), together=together)
        assert shown() == meeting.shown({KNOWN: "Mara Host"}, {TYPE: "Discovery"})
        # A replay changes nothing.
        WebhookDelivery.objects.all().delete()
        apply(late, together=together)
        assert shown() == meeting.shown({KNOWN: "Mara Host"}, {TYPE: "Discovery"})


def unlike(bodies: list[bytes]) -> list[bytes]:
    """The same deliveries, written so that no two are the same to the byte."""
    return [body + b" " * number for number, body in enumerate(bodies)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_six_orders_of_a_move_end_alike(mirrored: CalendlyAccount, order: tuple[int, ...]) -> None:
    meeting = Meeting()
    meeting.book(Facts(zone="Europe/Bucharest", phone="+40711111111", host=KNOWN))
    meeting.move(Facts(zone="America/New_York", phone="+12125550100", host=STRANGE))
    apply([meeting.bodies[index] for index in order], together=False)
    found = shown()
    assert (found["time_zone"], found["phone"], found["host"]) == ("America/New_York", "+12125550100", None)
    assert found == meeting.shown({KNOWN: "Mara Host"}, {TYPE: "Discovery"})


def sync_catalog_with(calendly: Calendly, account: CalendlyAccount, meeting: Meeting) -> None:
    """The host and the event type of the meeting's last half become known at Calendly, and are mirrored."""
    facts = meeting.last.facts
    user = next(iter(calendly.state.users.values()))
    kind = next(iter(calendly.state.event_types.values()))
    del calendly.state.users[user.id]
    user.id, user.name = facts.host.rpartition("/")[2], "Late Host"
    calendly.state.users[user.id] = user
    for token in calendly.state.tokens.values():
        token.user_id = user.id
    for each in calendly.state.event_types.values():
        each.owner_id, each.host_ids = user.id, [user.id]
    kind.id, kind.name = facts.event_type.rpartition("/")[2], "Late type"
    event_types.sync(account, now=now())


def test_hosts_and_event_types_that_are_mirrored_later_are_named_then(
    account: CalendlyAccount, sandbox: Calendly
) -> None:
    meeting = Meeting()
    meeting.book(Facts(host=STRANGE, event_type=STRANGE_TYPE))
    apply(meeting.bodies, together=True)
    found = shown()
    assert (found["host"], found["event_type"]) == (None, None)
    sync_catalog_with(sandbox, account, meeting)
    assert shown() == meeting.shown({STRANGE: "Late Host"}, {STRANGE_TYPE: "Late type"})


def test_an_event_type_that_a_delivery_brings_is_named_in_the_bookings_before(
    mirrored: CalendlyAccount,
) -> None:
    meeting = Meeting()
    meeting.book(Facts(event_type=STRANGE_TYPE))
    apply(meeting.bodies, together=True)
    body = json.loads((PAYLOADS / "event_type.created__sample.json").read_text())
    body["payload"] |= {"uri": STRANGE_TYPE, "name": "Late type"}
    apply([json.dumps(body).encode()], together=True)
    assert shown()["event_type"] == "Late type"


def test_what_only_the_agent_gave_us_outlives_a_move_by_the_invitee(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    """Calendly is not told the phone as a reminder number: its silence does not take it away. Its own word wins."""
    booking = book(phone="+40722000111")
    moved = calendly.reschedule_as_invitee(active(calendly)[0], TEN + hours(2))
    moved.timezone = "America/New_York"
    pass_time(clock, calendly)
    booking.refresh_from_db()
    assert (booking.phone, booking.event_id) == ("+40722000111", moved.event_id)
    assert "40722000111" in booking.search_key
    again = calendly.reschedule_as_invitee(moved, TEN + hours(3))
    again.text_reminder_number = "+40733000222"
    again.updated_at = calendly.stamp()
    deliver_as_it_is_now(calendly, again)
    booking.refresh_from_db()
    assert (booking.phone, booking.time_zone) == ("+40733000222", "America/New_York")


def deliver_as_it_is_now(calendly: Calendly, invitee: Invitee) -> None:
    """Its creation is delivered once more, with what was changed since."""
    calendly.state.open_deliveries.clear()
    webhooks.emit_invitee(calendly, "invitee.created", invitee)
    deliver(calendly)


def test_a_number_known_from_the_page_is_kept_when_we_move_the_meeting(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    invitee = calendly.book_as_invitee("Sales Demo", TEN, email="nora@example.com", name="Nora")
    invitee.text_reminder_number = "+40733000222"
    deliver_as_it_is_now(calendly, invitee)
    [booking] = Booking.objects.all()
    outcome = reschedule.reschedule(booking, new_start=TEN + hours(2), by=AGENT, now=now())
    assert isinstance(outcome, Booked)
    pass_time(clock, calendly)
    booking.refresh_from_db()
    assert (booking.phone, booking.start_at) == ("+40733000222", TEN + hours(2))


@pytest.mark.parametrize(
    ("location", "shown_as", "link"),
    [
        (
            {"type": "custom", "location": "https://meet.example/x."},
            "https://meet.example/x.",
            "https://meet.example/x",
        ),
        (
            {"type": "custom", "location": "Sala 2\r\nvezi HTTPS://meet.example/(a)"},
            "Sala 2 vezi HTTPS://meet.example/(a)",
            "HTTPS://meet.example/(a)",
        ),
        ({"type": "custom", "location": "javascript:alert(1)"}, "javascript:alert(1)", ""),
        ({"type": "physical", "location": "https://maps.example/x"}, "https://maps.example/x", ""),
        ({"type": "zoom", "status": "pushed", "join_url": "javascript:alert(1)"}, "zoom", ""),
        (None, "", ""),
    ],
)
def test_the_link_of_a_meeting_is_its_conferences_or_the_one_in_a_custom_place(
    mirrored: CalendlyAccount, location: Any, shown_as: str, link: str
) -> None:
    body = told_once()
    body["payload"]["scheduled_event"]["location"] = location
    apply([json.dumps(body).encode()], together=True)
    found = shown()
    assert (found["location"], found["meeting_url"]) == (shown_as, link)


def told_once() -> dict[str, Any]:
    meeting = Meeting()
    meeting.book(Facts())
    body: dict[str, Any] = json.loads(meeting.bodies[0])
    return body


def test_names_stand_on_one_line_and_links_are_to_be_followed(mirrored: CalendlyAccount) -> None:
    body = told_once()
    body["payload"] |= {
        "name": "Nora\r\nField",
        "cancel_url": "javascript:alert(1)",
        "reschedule_url": "data:text/html,x",
        "questions_and_answers": [{"question": "Phone", "answer": 40711111111}],
        "no_show": False,
        "cancellation": {},
        "text_reminder_number": 40711111111,
    }
    body["payload"]["scheduled_event"]["name"] = "Discovery\r\ncall"
    apply([json.dumps(body).encode()], together=True)
    found = shown()
    assert (found["invitee_name"], found["event_name"]) == ("Nora Field", "Discovery call")
    assert (found["cancel_url"], found["reschedule_url"]) == ("", "")
    assert (found["phone"], found["no_show"], found["status"]) == ("40711111111", False, "confirmed")


def test_a_delivery_with_uris_of_somewhere_else_is_kept_as_unreadable(mirrored: CalendlyAccount) -> None:
    body = json.dumps(told_once()).replace("https://api.calendly.com", "https://evil.example")
    WebhookDelivery.objects.create(digest="x", body=body.encode(), received_at=now(), next_attempt_at=now())
    inbox.process(now=now())
    row = WebhookDelivery.objects.get()
    assert (row.status, row.next_attempt_at) == ("unreadable", None)
    assert not Booking.objects.exists()


MOVES = st.fixed_dictionaries(
    {
        "timezone": st.sampled_from(["Europe/Bucharest", "America/New_York"]),
        "text_reminder_number": st.sampled_from(["", "+40733000222", "+12125550100"]),
        "name": st.sampled_from(["Maria Popa", "Maria P."]),
    }
)


@given(
    given_phone=st.sampled_from(["", "+40722000111"]),
    moves=st.lists(MOVES, min_size=1, max_size=3),
    canceled=st.booleans(),
    data=st.data(),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_agents_booking_that_the_invitee_moves_shows_the_last_half_and_what_the_agent_gave(
    calendly: Calendly,
    given_phone: str,
    moves: list[dict[str, str]],
    canceled: bool,
    data: st.DataObject,
) -> None:
    with rolled_back():
        clear(calendly)
        booking = book(phone=given_phone)
        [invitee] = active(calendly)
        for number, changes in enumerate(moves, 1):
            invitee = calendly.reschedule_as_invitee(invitee, TEN + hours(number), **changes)
        if canceled:
            calendly.cancel_as_invitee(invitee, "Nu mai am timp")
        bodies = [each.body.encode() for each in calendly.pending_deliveries]
        order = data.draw(st.permutations(bodies))
        apply(unlike([body for body in order for _ in range(data.draw(st.integers(1, 2)))]), together=False)
        booking.refresh_from_db()
        assert booking.status == ("canceled" if canceled else "confirmed")
        assert (booking.event_id, booking.start_at) == (invitee.event_id, TEN + hours(len(moves)))
        assert (booking.time_zone, booking.invitee_name) == (moves[-1]["timezone"], moves[-1]["name"])
        assert booking.phone == (moves[-1]["text_reminder_number"] or given_phone)
        assert booking.host is not None


def clear(calendly: Calendly) -> None:
    """Nothing of an earlier example stands at Calendly."""
    for each in active(calendly):
        calendly.cancel_as_host(calendly.find_event(each), None)
    calendly.state.open_deliveries.clear()
