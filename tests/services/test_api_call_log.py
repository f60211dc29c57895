"""Calendly's calls, kept with what came of them."""

import threading
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from calendly_integration import clients
from calendly_integration.models import Booking, CalendlyAccount, TimelineEntry
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services import api_call_log, errors
from calendly_integration.services.actors import Actor
from calendly_integration.services.bookings import cancel, queries
from calendly_integration.services.bookings.results import Booked, OutcomeUnknown

from ..factories import book, deliver, now, try_booking, work_pending_actions
from .test_create import taken

STAFF = Actor.staff("ioana")
FREE, BOOK = "GET /event_type_available_times", "POST /invitees"


def heard(booking: Booking | None = None) -> list[tuple[str, str, int]]:
    found = TimelineEntry.objects.filter(action="called")
    found = found.filter(booking=booking) if booking else found
    return [(each.detail["call"], each.detail["outcome"], each.detail["tries"]) for each in found]


def test_a_booking_keeps_the_calls_that_made_it_before_their_outcome(calendly: Calendly) -> None:
    booking = book()
    assert heard(booking) == [(FREE, "200", 1), (BOOK, "201", 1)]
    actions = list(booking.timeline.values_list("action", flat=True))
    assert actions == ["requested", "called", "called", "booked"]
    assert all(each.detail["ms"] >= 0 for each in booking.timeline.filter(action="called"))


def test_the_calls_cost_a_booking_no_query_of_their_own(
    calendly: Calendly, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CaptureQueriesContext(database) as asked:
        book()
    monkeypatch.setattr(api_call_log, "entries", lambda *_args, **_options: [])
    with CaptureQueriesContext(database) as without:
        book(email="other@example.com", preferred=None, flexibility="nextAvailable")
    assert len(asked) == len(without)


def test_a_read_that_is_repeated_is_one_act_with_its_tries(calendly: Calendly) -> None:
    calendly.faults.add("status", method="GET", path="/event_type_available_times", status=503, times=2)
    book()
    assert heard()[0] == (FREE, "200", 3)


def test_starts_that_were_lost_to_others_are_told_too(calendly: Calendly) -> None:
    taken(calendly, 1)
    assert isinstance(try_booking(), Booked)
    assert [call for call, _outcome, _tries in heard()] == [FREE, BOOK, FREE, BOOK]
    assert "SlotTaken" in heard()[1][1]
    assert heard()[-1][1] == "201"


@pytest.mark.parametrize(
    ("fault", "error", "outcome"),
    [
        ({"kind": "refuse"}, errors.CalendlyUnavailable, "NotSent"),
        ({"kind": "status", "status": 429, "seconds": 30}, errors.QuotaExhausted, "429 RateLimited"),
        ({"kind": "status", "status": 403}, errors.CalendlyRefused, "403 PermissionDenied"),
    ],
)
def test_what_calendly_refused_stands_before_not_booked(
    calendly: Calendly, fault: dict[str, Any], error: type[Exception], outcome: str
) -> None:
    calendly.faults.add(method="POST", path="/invitees", **fault)
    with pytest.raises(error):
        try_booking()
    assert heard()[-1] == (BOOK, outcome, 1)
    last = TimelineEntry.objects.last()
    assert last is not None
    assert last.action == "not_booked"


def test_a_lost_answer_and_the_look_that_found_it_are_both_told(calendly: Calendly, clock: Any) -> None:
    calendly.faults.add("lose_answer", method="POST", path="/invitees")
    outcome = try_booking()
    assert isinstance(outcome, OutcomeUnknown)
    assert heard()[-1][:2] == (BOOK, "AnswerLost")
    clock.shift(5)
    work_pending_actions()
    assert [call for call, _outcome, _tries in heard()][-2:] == [
        "GET /scheduled_events",
        "GET /scheduled_events/…/invitees",
    ]


def test_a_cancellation_is_told_and_no_id_or_address_stands_in_it(calendly: Calendly) -> None:
    booking = book()
    deliver(calendly)
    cancel.cancel_booking(queries.find(str(booking.pk)), reason="Gata", by=STAFF, now=now())
    assert heard()[-1] == ("POST /scheduled_events/…/cancellation", "201", 1)
    kept = str(list(TimelineEntry.objects.filter(action="called").values_list("detail", flat=True)))
    assert booking.event_id not in kept
    assert "@" not in kept


def test_routine_reading_is_no_step_of_the_story(calendly: Calendly, clock: Any) -> None:
    booking = book()
    before = heard(booking)
    clock.shift(10)
    work_pending_actions()
    assert heard(booking) == before


def test_who_does_not_listen_hears_nothing_and_threads_do_not_hear_one_another(
    calendly: Calendly, account: CalendlyAccount
) -> None:
    clients.calendly(account).me()
    with api_call_log.calls() as found:
        other = threading.Thread(target=clients.calendly(account).me)
        other.start()
        other.join()
        assert found == []
        clients.calendly(account).me()
        assert [each.call for each in found] == ["GET /users/me"]
    with api_call_log.calls() as found:
        assert found == []


def test_agents_are_not_told_of_our_calls(calendly: Calendly, api: Any) -> None:
    booking = book()
    shown = api.get(f"/api/calendly/bookings/{booking.pk}").json()
    assert "called" not in str(shown)
    assert "booked" in str(shown)
