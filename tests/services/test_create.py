"""From an agent's words to a booked start: each row of the outcome table."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
import time_machine
import yaml

from calendly_integration.models import (
    Booking,
    CalendlyAccount,
    CalendlyBooking,
    EventType,
    OutboxMessage,
    VAIMetadata,
)
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.seeds import place, question
from calendly_integration.services import errors, time_zones
from calendly_integration.services.actors import Actor
from calendly_integration.services.bookings import create
from calendly_integration.services.bookings.results import Booked, OutcomeUnknown, SlotUnavailable
from calendly_integration.services.catalog import event_types as catalog
from calendly_integration.services.errors import InvalidBookingRequest

from ..factories import (
    TEN,
    book,
    booking_request,
    deliver,
    hours,
    mirrored,
    now,
    posts,
    strict,
    try_booking,
    work_pending_actions,
)

pytestmark = pytest.mark.django_db

BUCHAREST = ZoneInfo("Europe/Bucharest")
CONTRACT = Path(__file__).parent.parent / "contracts" / "calendly-openapi.yaml"
ALL_WEEK = [
    {"type": "wday", "wday": day, "intervals": [{"from": "00:00", "to": "24:00"}]}
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
]


def refused(**changes: Any) -> InvalidBookingRequest:
    with pytest.raises(InvalidBookingRequest) as caught:
        try_booking(**changes)
    return caught.value


def always(calendly: Calendly, zone: str = "Europe/Bucharest") -> None:
    """The host works day and night, and the days are those of `zone`."""
    calendly.set_hours(calendly.owner, ALL_WEEK, timezone=zone)


# Booked


def test_the_first_free_start_is_booked_with_two_calls(calendly: Calendly) -> None:
    outcome = try_booking()
    assert isinstance(outcome, Booked)
    booking = Booking.objects.get()
    assert booking.pk == outcome.booking.pk
    assert booking.status == "confirmed"
    assert booking.start_at == datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert booking.end_at == datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
    assert booking.source == "agent"
    assert booking.event_name == "Sales Demo"
    assert booking.host is not None
    assert booking.host.name == "Ana Ionescu"
    assert booking.cancel_url.startswith("https://calendly.com/cancellations/")
    assert [(call.method, call.path.partition("?")[0]) for call in calendly.calls] == [
        ("GET", "/event_type_available_times"),
        ("POST", "/invitees"),
    ]
    strict(calendly)


def test_what_the_portal_wants_to_remember_is_kept_with_it(calendly: Calendly) -> None:
    metadata = VAIMetadata.objects.get(booking=book())
    assert (metadata.conversation_id, metadata.user_id, metadata.agent_type, metadata.notes) == (
        "conv-1",
        "user-7",
        "sales",
        "Wants prices.",
    )
    assert metadata.booking_source == "vai_agent"


def test_the_request_is_what_the_contract_knows_and_holds_no_personal_reference(
    calendly: Calendly, settings: Any
) -> None:
    settings.CALENDLY_INTEGRATION["SYSTEM_EMAIL"] = "portal@vaiportal.example"
    book(
        "Technical Support",
        answers=(("please describe THE problem.", "Nu merge"),),
        guests=("g@example.com",),
    )
    body = json.loads(calendly.calls[-1].body)
    contract = yaml.safe_load(CONTRACT.read_text())
    jsonschema.Draft202012Validator(
        {"$ref": "#/components/schemas/CreateInviteeRequest", "components": contract["components"]},
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    ).validate(body)
    calendly_booking = CalendlyBooking.objects.get()
    tracking = {key: value for key, value in body["tracking"].items() if value is not None}
    assert tracking == {
        "utm_source": "vai_agent",
        "utm_medium": "vai_portal",
        "utm_content": calendly_booking.pk.hex,
    }
    assert body["event_guests"] == ["g@example.com", "portal@vaiportal.example"]
    assert body["questions_and_answers"] == [
        {"question": "Please describe the problem.", "answer": "Nu merge", "position": 0}
    ]
    assert body["start_time"] == "2026-11-24T08:00:00.000000Z"
    assert body["invitee"]["timezone"] == "Europe/Bucharest"
    strict(calendly)


@pytest.mark.parametrize("name", ["Sales Demo", "sales demo", "SALES  DEMO", "sales-demo", "Sáles Dëmo"])
def test_an_event_type_goes_by_name_or_slug_whatever_the_case(calendly: Calendly, name: str) -> None:
    assert isinstance(try_booking(name), Booked)


def test_an_event_type_goes_by_uri_and_by_both_ids(
    calendly: Calendly, event_types: dict[str, EventType]
) -> None:
    kind = event_types["Sales Demo"]
    for key in (kind.uri, str(kind.pk), kind.uri.rpartition("/")[2]):
        assert catalog.find(key) == kind


@pytest.mark.parametrize("flexibility", ["nextAvailable", "exact", "sameDay"])
def test_a_preferred_start_that_is_free_is_taken(calendly: Calendly, flexibility: Any) -> None:
    assert book(preferred=TEN, flexibility=flexibility).start_at == TEN


def test_next_available_takes_the_first_start_after_the_preferred_one(calendly: Calendly) -> None:
    calendly.add_busy_time(TEN - hours(1), TEN + hours(2))
    assert book(preferred=TEN, flexibility="nextAvailable").start_at == TEN + hours(2)


def test_next_available_looks_seven_days_ahead(calendly: Calendly) -> None:
    calendly.add_busy_time(TEN, TEN + timedelta(days=7) - timedelta(minutes=45))
    assert book(preferred=TEN, flexibility="nextAvailable").start_at == TEN + timedelta(days=7, minutes=-45)


def test_next_available_does_not_look_further_than_seven_days(calendly: Calendly) -> None:
    calendly.add_busy_time(TEN, TEN + timedelta(days=7))
    outcome = try_booking(preferred=TEN)
    assert isinstance(outcome, SlotUnavailable)
    assert not outcome.taken
    assert outcome.suggestions[0].slots[0].start >= TEN + timedelta(days=7)


# The invitee's day and clock


def test_same_day_ends_at_midnight_on_the_invitees_clock(calendly: Calendly) -> None:
    """At 23:00 in Kathmandu it is 19:15 in Bucharest: what is free at 20:00 there is another day."""
    always(calendly)
    late = datetime(2026, 11, 24, 23)
    midnight = late.replace(tzinfo=ZoneInfo("Asia/Kathmandu")).astimezone(UTC) + hours(1)
    calendly.add_busy_time(midnight - hours(2), midnight)
    outcome = try_booking(preferred=late, flexibility="sameDay", time_zone="Asia/Kathmandu")
    assert isinstance(outcome, SlotUnavailable)
    assert outcome.suggestions[0].on.isoformat() == "2026-11-25"


def test_same_day_takes_the_last_start_before_midnight(calendly: Calendly) -> None:
    always(calendly)
    midnight = datetime(2026, 11, 25, tzinfo=BUCHAREST).astimezone(UTC)
    calendly.add_busy_time(TEN, midnight - timedelta(minutes=45))
    booking = book(preferred=TEN, flexibility="sameDay")
    assert booking.start_at is not None
    assert booking.start_at.astimezone(BUCHAREST).date() == TEN.astimezone(BUCHAREST).date()
    assert booking.start_at == midnight - timedelta(minutes=45)


@pytest.mark.parametrize(
    ("preferred", "zone", "expected"),
    [
        (datetime(2026, 11, 24, 10), "Europe/Bucharest", TEN),
        (datetime(2026, 11, 24, 3), "America/New_York", TEN),
        (datetime(2026, 11, 24, 13, 45), "Asia/Kathmandu", TEN),
        (datetime(2026, 11, 24, 8, tzinfo=UTC), "Asia/Kathmandu", TEN),
        (datetime(2026, 11, 24, 9, tzinfo=timezone(hours(1))), "Europe/Bucharest", TEN),
    ],
)
def test_a_time_without_offset_is_the_invitees_and_one_with_it_is_that_instant(
    calendly: Calendly, preferred: datetime, zone: str, expected: datetime
) -> None:
    assert book(preferred=preferred, time_zone=zone).start_at == expected
    assert Booking.objects.get().time_zone == zone


def test_a_time_that_the_clocks_skip_is_refused(calendly: Calendly, clock: time_machine.Traveller) -> None:
    clock.move_to(datetime(2027, 3, 26, 6, tzinfo=UTC))
    always(calendly)
    error = refused(preferred=datetime(2027, 3, 28, 3, 30))
    assert (error.field, error.code, error.values["zone"]) == (
        "preferredTime",
        "no_such_time",
        "Europe/Bucharest",
    )
    assert posts(calendly) == 0
    assert book(preferred=datetime(2027, 3, 28, 2, 45)).start_at == datetime(2027, 3, 28, 0, 45, tzinfo=UTC)
    assert book(preferred=datetime(2027, 3, 28, 4, 30)).start_at == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


def test_of_a_time_that_comes_twice_the_first_is_meant(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2027, 10, 29, 6, tzinfo=UTC))
    always(calendly)
    assert book(preferred=datetime(2027, 10, 31, 3, 30)).start_at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(("day", "length"), [("2027-03-28", 23), ("2027-10-31", 25), ("2027-10-30", 24)])
def test_same_day_covers_days_of_23_and_of_25_hours(
    calendly: Calendly, clock: time_machine.Traveller, day: str, length: int
) -> None:
    begins = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=BUCHAREST).astimezone(UTC)
    clock.move_to(begins - hours(30))
    always(calendly)
    last = begins + hours(length) - timedelta(minutes=30)
    calendly.add_busy_time(begins, last - timedelta(minutes=15))
    local = datetime.fromisoformat(f"{day}T00:00")
    assert book("Quick Consultation", preferred=local, flexibility="sameDay").start_at == last - timedelta(
        minutes=15
    )
    calendly.add_busy_time(begins, begins + hours(length))
    outcome = try_booking("Quick Consultation", preferred=local, flexibility="sameDay", email="b@example.com")
    assert isinstance(outcome, SlotUnavailable)


def test_up_to_five_minutes_past_means_as_soon_as_possible(calendly: Calendly) -> None:
    booking = book(preferred=now() - timedelta(minutes=5), flexibility="nextAvailable")
    assert booking.start_at == datetime(2026, 11, 23, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("preferred", "code"),
    [
        (datetime(2026, 11, 23, 5, 54, 59, tzinfo=UTC), "past"),
        (datetime(2026, 11, 22, 10), "past"),
        (datetime(2028, 12, 24, 10), "out_of_range"),
        (datetime(1, 1, 1), "out_of_range"),
        (datetime(1, 1, 1, tzinfo=timezone(hours(2))), "out_of_range"),
        (datetime(9999, 12, 31, 23, tzinfo=timezone(hours(-12))), "out_of_range"),
        (datetime(9999, 12, 31, 23), "out_of_range"),
    ],
)
def test_a_time_that_cannot_be_meant_is_refused(calendly: Calendly, preferred: datetime, code: str) -> None:
    assert refused(preferred=preferred).code == code
    assert not calendly.calls
    assert not Booking.objects.exists()


def test_an_unknown_zone_is_refused(calendly: Calendly) -> None:
    assert refused(time_zone="Europe/Bucuresti").code == "unknown_zone"


# Nothing free


def test_suggestions_cost_no_further_call_and_hold_three_a_day_over_fourteen_days(calendly: Calendly) -> None:
    calendly.add_busy_time(TEN, TEN + hours(0.5))
    outcome = try_booking(preferred=TEN, flexibility="exact")
    assert isinstance(outcome, SlotUnavailable)
    assert not outcome.taken
    assert len(calendly.calls) == 1
    assert all(1 <= len(day.slots) <= 3 for day in outcome.suggestions)
    days = [day.on for day in outcome.suggestions]
    assert days == sorted(set(days))
    assert all(0 <= (day - TEN.date()).days <= 14 for day in days)
    assert not any(day.weekday() > 4 for day in days)
    assert not Booking.objects.exists()
    assert not OutboxMessage.objects.exists()
    assert {slot.start for slot in outcome.suggestions[1].slots} == {
        TEN + timedelta(days=1, minutes=minutes) for minutes in (0, 15, -15)
    }


def test_suggestions_of_a_host_without_weekends_cover_fourteen_days(calendly: Calendly) -> None:
    always(calendly)
    calendly.add_busy_time(TEN, TEN + hours(0.5))
    outcome = try_booking(preferred=TEN, flexibility="exact")
    assert isinstance(outcome, SlotUnavailable)
    assert len(outcome.suggestions) == 14


def test_a_host_who_is_never_free_leads_to_no_suggestions(calendly: Calendly) -> None:
    calendly.set_hours(calendly.owner, [])
    assert try_booking() == SlotUnavailable(time_zones.Zone("Europe/Bucharest", "default", "low"))


def test_an_exact_time_between_the_offered_ones_is_not_free(calendly: Calendly) -> None:
    assert isinstance(try_booking(preferred=TEN + timedelta(minutes=7), flexibility="exact"), SlotUnavailable)
    assert isinstance(
        try_booking(preferred=TEN + timedelta(seconds=30), flexibility="exact"), SlotUnavailable
    )


# Taken while we were booking


def taken(calendly: Calendly, times: int | None) -> None:
    """Somebody else is faster: Calendly offers, then refuses."""
    original = calendly.handle
    left = [times]

    def handle(request: Any) -> Any:
        if request.method == "POST" and request.path == "/invitees" and left[0] != 0:
            left[0] = None if left[0] is None else left[0] - 1
            start = json.loads(request.body)["start_time"]
            begins = datetime.fromisoformat(start)
            calendly.add_busy_time(begins, begins + timedelta(minutes=1))
        return original(request)

    calendly.handle = handle  # type: ignore[method-assign]


def test_a_start_that_was_taken_meanwhile_gives_way_to_the_next_with_the_same_leg(calendly: Calendly) -> None:
    taken(calendly, 1)
    booking = book(preferred=TEN, flexibility="nextAvailable")
    assert booking.start_at == TEN + timedelta(minutes=15)
    assert CalendlyBooking.objects.count() == 1
    assert posts(calendly) == 2
    assert CalendlyBooking.objects.get().start_at == booking.start_at


def test_an_exact_start_that_was_taken_meanwhile_is_not_replaced(calendly: Calendly) -> None:
    taken(calendly, 1)
    outcome = try_booking(preferred=TEN, flexibility="exact")
    assert isinstance(outcome, SlotUnavailable)
    assert outcome.taken
    assert TEN not in [slot.start for day in outcome.suggestions for slot in day.slots]
    assert outcome.suggestions
    booking = Booking.objects.get()
    assert (booking.status, booking.current_calendly_booking.status) == ("failed", "failed")  # type: ignore[union-attr]
    assert not OutboxMessage.objects.exists()
    assert CalendlyBooking.objects.get().next_attempt_at is None


def test_tries_end_before_they_eat_up_the_allowance(calendly: Calendly) -> None:
    taken(calendly, None)
    outcome = try_booking(preferred=TEN)
    assert isinstance(outcome, SlotUnavailable)
    assert outcome.taken
    assert posts(calendly) == 10


def test_a_404_for_a_start_counts_as_taken(calendly: Calendly) -> None:
    calendly.options.never_offered = "not_found"
    calendly.faults.add("status", method="POST", path="/invitees", status=404)
    assert book(preferred=TEN, flexibility="nextAvailable").start_at == TEN + timedelta(minutes=15)
    calendly.faults.add("status", method="POST", path="/invitees", status=404)
    outcome = try_booking(preferred=TEN + hours(2), flexibility="exact", email="b@example.com")
    assert isinstance(outcome, SlotUnavailable)
    assert outcome.taken


def test_an_event_type_that_is_gone_is_not_tried_for_ever(calendly: Calendly) -> None:
    calendly.faults.add("status", method="POST", path="/invitees", status=404, times=None)
    with pytest.raises(errors.CalendlyRefused):
        try_booking(preferred=TEN)
    assert posts(calendly) == 2
    assert Booking.objects.get().status == "failed"


def test_a_start_that_our_own_stale_booking_holds_is_let_go(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    """Calendly offers it although we think it is ours: the cancellation was missed, and is read now."""
    first = book()
    calendly.cancel_as_host(calendly.find_event(first.event_id), "Boală")
    clock.shift(60)
    second = book(email="other@example.com")
    assert second.start_at == first.start_at
    while work_pending_actions():
        clock.shift(10)
    first.refresh_from_db()
    assert first.status == "canceled"


def test_a_start_that_somebody_is_booking_right_now_is_taken(calendly: Calendly) -> None:
    calendly.faults.add("drop", method="POST", path="/invitees")
    assert isinstance(try_booking(preferred=TEN, flexibility="exact"), OutcomeUnknown)
    outcome = try_booking(preferred=TEN, flexibility="exact", email="b@example.com")
    assert isinstance(outcome, SlotUnavailable)
    assert outcome.taken
    assert posts(calendly) == 1
    assert isinstance(try_booking(preferred=TEN, email="c@example.com"), Booked)


# What can be wrong with a booking request


def test_an_unknown_event_type_is_answered_with_the_names(
    calendly: Calendly, account: CalendlyAccount
) -> None:
    calendly.add_event_type("Hidden", active=False)
    mirrored(account)
    for name in ("Hidden", "Haircut", " "):
        with pytest.raises(catalog.EventTypeNotFound) as caught:
            try_booking(name)
        assert caught.value.names == [
            "Sales Demo",
            "Technical Support",
            "Strategy Call",
            "Quick Consultation",
        ]


def test_a_required_question_left_open_is_named(calendly: Calendly, account: CalendlyAccount) -> None:
    asked = [question("Cine?", required=True), question("De ce?", required=True, position=1)]
    calendly.add_event_type("Interviu", questions=asked)
    mirrored(account)
    error = refused(event_type="Interviu", answers=(("Cine?", "Eu"), ("de ce?", "  ")))
    assert (error.field, error.code, error.values) == ("customAnswers", "unanswered", {"questions": "De ce?"})
    assert posts(calendly) == 0


def test_a_question_that_is_not_asked_is_refused(calendly: Calendly) -> None:
    error = refused(event_type="Technical Support", answers=(("Vârsta?", "42"),))
    assert (error.code, error.values["asked"]) == ("unknown_question", "Vârsta?")


def test_ten_guests_are_the_most_and_the_portals_own_address_takes_a_free_place(
    calendly: Calendly, settings: Any
) -> None:
    settings.CALENDLY_INTEGRATION["SYSTEM_EMAIL"] = "portal@vaiportal.example"
    nine = tuple(f"g{number}@example.com" for number in range(9))
    eleven = (*nine, "ten@example.com", "eleven@example.com")
    assert refused(guests=eleven).code == "too_many_guests"
    assert create.list_guests(eleven[:10], "ana@example.com") == eleven[:10]
    book(guests=(*nine, "PORTAL@vaiportal.example", "G1@example.com", "maria@example.com"))
    assert len(json.loads(calendly.calls[-1].body)["event_guests"]) == 10
    strict(calendly)


# Places


@pytest.mark.parametrize(
    ("places", "phone", "sent"),
    [
        ([place("zoom_conference")], "", {"kind": "zoom_conference"}),
        ([place("physical", text="Str. Lungă 1")], "", {"kind": "physical", "location": "Str. Lungă 1"}),
        ([place("outbound_call")], "+40 721 234 567", {"kind": "outbound_call", "location": "+40721234567"}),
        (
            [place("outbound_call"), place("google_conference", position=1)],
            "",
            {"kind": "google_conference"},
        ),
        ([place("inbound_call", phone="+40721000000")], "", {"kind": "inbound_call"}),
    ],
)
def test_the_place_is_one_that_is_configured(
    calendly: Calendly, account: CalendlyAccount, places: list[Any], phone: str, sent: dict[str, str]
) -> None:
    calendly.add_event_type("Somewhere", locations=places)
    mirrored(account)
    book("Somewhere", phone=phone)
    assert json.loads(calendly.calls[-1].body)["location"] == sent
    strict(calendly)


def test_a_call_to_the_invitee_needs_a_number(calendly: Calendly, account: CalendlyAccount) -> None:
    calendly.add_event_type("Call", locations=[place("outbound_call")])
    mirrored(account)
    for phone in ("", "721 234", "abc", "+40"):
        error = refused(event_type="Call", phone=phone)
        assert (error.field, error.code) == ("phone", "phone_needed")
    assert refused(event_type="Call", phone="0721 234 567", time_zone="Europe/Berlin").code == "phone_needed"
    book("Call", phone="0721 234 567")
    assert json.loads(calendly.calls[-1].body)["location"]["location"] == "+40721234567"
    strict(calendly)


def test_no_place_is_sent_where_none_is_configured_nor_for_a_pool(
    calendly: Calendly, account: CalendlyAccount
) -> None:
    calendly.add_event_type("Nowhere", no_location=True)
    calendly.add_round_robin_type("Any of us", list(calendly.state.users.values()))
    mirrored(account)
    for name in ("Nowhere", "Any of us"):
        book(name, email=f"{name[0]}@example.com")
        assert "location" not in json.loads(calendly.calls[-1].body)
    strict(calendly)


# What Calendly can do to us


@pytest.mark.parametrize(
    ("fault", "facts"),
    [
        ("status", {"status": 503}),
        ("status", {"status": 500}),
        ("refuse", {}),
        ("connect_timeout", {}),
        ("drop", {}),
        ("truncate", {}),
        ("html", {}),
        ("redirect", {}),
        ("slow", {"seconds": 30}),
    ],
)
def test_calendly_away_before_the_booking_stores_nothing(
    calendly: Calendly, fault: Any, facts: dict[str, Any]
) -> None:
    calendly.faults.add(fault, method="GET", times=None, **facts)
    with pytest.raises(errors.CalendlyUnavailable) as caught:
        try_booking()
    assert caught.value.retry_after >= 1
    assert not Booking.objects.exists()
    assert posts(calendly) == 0


def test_a_general_limit_is_answered_with_its_pause(calendly: Calendly) -> None:
    calendly.faults.add("status", method="GET", status=429, seconds=42)
    with pytest.raises(errors.CalendlyUnavailable) as caught:
        try_booking()
    assert caught.value.retry_after == 42
    assert not Booking.objects.exists()


@pytest.mark.parametrize("fault", ["refuse", "connect_timeout"])
def test_a_booking_that_was_certainly_not_sent_has_failed(calendly: Calendly, fault: Any) -> None:
    calendly.faults.add(fault, method="POST", path="/invitees")
    with pytest.raises(errors.CalendlyUnavailable):
        try_booking(preferred=TEN)
    calendly_booking = CalendlyBooking.objects.get()
    assert (calendly_booking.status, calendly_booking.next_attempt_at, calendly_booking.slot_key) == (
        "failed",
        None,
        None,
    )
    assert isinstance(try_booking(preferred=TEN, flexibility="exact"), Booked)


@pytest.mark.parametrize(
    ("fault", "facts"),
    [
        ("lose_answer", {}),
        ("drop", {}),
        ("status", {"status": 500}),
        ("status", {"status": 503, "after_effect": True}),
        ("truncate", {}),
        ("html", {}),
        ("huge", {}),
        ("cut_body", {}),
        ("slow", {"seconds": 30}),
        ("redirect", {"after_effect": True}),
    ],
)
def test_an_answer_that_was_lost_is_unknown_and_not_asked_for_again(
    calendly: Calendly, fault: Any, facts: dict[str, Any]
) -> None:
    calendly.faults.add(fault, method="POST", path="/invitees", **facts)
    outcome = try_booking(preferred=TEN)
    assert isinstance(outcome, OutcomeUnknown)
    assert outcome.booking.status == "pending"
    assert outcome.booking.start_at == TEN
    assert posts(calendly) == 1
    calendly_booking = CalendlyBooking.objects.get()
    assert (calendly_booking.status, calendly_booking.pending_action) == ("pending", "resolve")
    assert calendly_booking.next_attempt_at is not None
    assert not OutboxMessage.objects.exists()


def test_an_allowance_that_is_used_up_is_remembered(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    calendly.faults.add("status", method="POST", path="/invitees", status=429, seconds=90)
    with pytest.raises(errors.QuotaExhausted) as caught:
        try_booking(preferred=TEN)
    assert caught.value.retry_after == 90
    assert caught.value.scheduling_url == "https://calendly.com/ana-ionescu/sales-demo"
    assert Booking.objects.get().status == "failed"
    made = len(calendly.calls)
    with pytest.raises(errors.QuotaExhausted) as caught:
        try_booking("Strategy Call", preferred=TEN)
    assert caught.value.retry_after == 90
    assert len(calendly.calls) == made
    clock.shift(91)
    assert isinstance(try_booking(preferred=TEN), Booked)


def test_the_daily_allowance_of_a_trial_is_told_with_its_own_pause(calendly: Calendly) -> None:
    calendly.options.plan = "trial"
    for number in range(5):
        book(email=f"{number}@example.com", preferred=TEN + hours(number))
    with pytest.raises(errors.QuotaExhausted) as caught:
        try_booking()
    assert 3600 < caught.value.retry_after <= 86400


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, errors.CalendlyRefused), (401, errors.CalendlyRefused), (403, errors.CalendlyRefused)],
)
def test_a_refusal_is_told_and_nothing_is_left(calendly: Calendly, status: int, error: Any) -> None:
    calendly.faults.add("status", method="POST", path="/invitees", status=status)
    with pytest.raises(error):
        try_booking()
    assert Booking.objects.get().status == "failed"
    assert not CalendlyBooking.objects.filter(next_attempt_at__isnull=False).exists()


def test_a_dead_token_is_told_without_the_token_and_noted(
    calendly: Calendly, account: CalendlyAccount
) -> None:
    calendly.state.tokens["sandbox-token"].state = "revoked"
    with pytest.raises(errors.CalendlyRefused) as caught:
        try_booking()
    assert "sandbox-token" not in str(caught.value)
    account.refresh_from_db()
    assert account.health == "failing"


def test_no_token_at_all_is_told(calendly: Calendly, settings: Any) -> None:
    settings.CALENDLY_INTEGRATION["API_KEY"] = ""
    from calendly_integration import clients

    clients.forget()
    CalendlyAccount.objects.update(token_encrypted="")
    with pytest.raises(errors.CalendlyRefused, match="CALENDLY_API_KEY"):
        try_booking()


def test_the_tracking_tells_staff_from_agents(calendly: Calendly) -> None:
    create.book(booking_request=booking_request(), by=Actor.staff("Ioana"), now=now())
    tracking = json.loads(calendly.calls[-1].body)["tracking"]
    calendly_booking = CalendlyBooking.objects.get()
    assert (tracking["utm_source"], tracking["utm_medium"]) == ("vai_staff", "vai_portal")
    assert tracking["utm_content"] == calendly_booking.pk.hex
    deliver(calendly)
    assert Booking.objects.get().confirmed_at is not None
