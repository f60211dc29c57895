"""Follow-ups in the admin: list, board, and steps, by the door."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calendly_integration.models import Booking, FollowUp

from . import factories
from .conftest import OWN, person, views

LIST = "/admin/calendly_integration/followup/"
BOARD = f"{LIST}board/"


@pytest.fixture
def followup(db: None, clock: Any) -> FollowUp:
    factories.create_booking(factories.create_account())
    return FollowUp.objects.get()


def act(row: FollowUp, name: str) -> str:
    return reverse(f"admin:calendly_integration_followup_{name}", args=[row.pk])


def stories(booking: Booking) -> list[str]:
    found = booking.timeline.filter(action__startswith="followup_")
    return list(found.values_list("action", flat=True))


STEPS = [
    ("wait", {}, "sent", "The follow-up is waiting for the invitee."),
    ("close", {}, "closed", "The follow-up is closed."),
    ("note", {"note": "call after six"}, "planned", "The note is saved."),
    ("assign", {"assignee": ""}, "planned", "The follow-up is assigned."),
    ("no_answer", {}, "planned", "No answer. The call is due again: 24 Nov 2026, 09:00 UTC+2."),
    ("later", {"days": "1"}, "planned", "The call is due again: 24 Nov 2026, 09:00 UTC+2."),
    ("later", {"days": "3", "asked": "on"}, "planned", "The call is due again: 26 Nov 2026, 09:00 UTC+2."),
    ("later", {"on": "2026-12-15"}, "planned", "The call is due again: 15 Dec 2026, 09:00 UTC+2."),
    ("lost", {}, "closed", "The follow-up is closed: the invitee no longer wants the meeting."),
]


@pytest.mark.parametrize(("name", "sent", "status", "told"), STEPS)
def test_each_step_is_taken_by_one_click_logged_and_told(
    staff: Client, followup: FollowUp, name: str, sent: dict[str, str], status: str, told: str
) -> None:
    assert staff.get(act(followup, name)).status_code == 302
    assert stories(followup.booking) == []
    answer = staff.post(act(followup, name), sent, follow=True)
    assert answer.redirect_chain == [(act(followup, "change"), 302)]
    assert told in answer.text
    assert FollowUp.objects.get().status == status
    assert len(stories(followup.booking)) == 1
    assert LogEntry.objects.filter(user__username="maria", object_id=followup.pk).count() == 1


def test_each_step_needs_the_right_to_change_follow_ups(people: Any, followup: FollowUp) -> None:
    others = Client()
    others.force_login(person("others", permissions=[*views(), *(set(OWN) - {"change_followup"})]))
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="root"))
    before = FollowUp.objects.values().get()
    for name, sent, _status, _told in [*STEPS, ("reopen", {}, "", "")]:
        assert others.post(act(followup, name), sent).status_code == 403
        assert strict.post(act(followup, name), sent).status_code == 403
        assert act(followup, name) not in others.get(act(followup, "change")).text
    assert FollowUp.objects.values().get() == before


@pytest.mark.parametrize("sent", [{}, {"days": "0"}, {"on": "2026-11-23"}, {"on": "2026-11-01"}, {"on": "x"}])
def test_a_call_is_put_off_to_a_later_day_only(
    staff: Client, followup: FollowUp, sent: dict[str, str]
) -> None:
    answer = staff.post(act(followup, "later"), sent, follow=True)
    assert "Choose a later day." in answer.text
    assert FollowUp.objects.get().scheduled_for == factories.NOW


def test_who_asked_for_the_later_call_is_told_in_the_history(staff: Client, followup: FollowUp) -> None:
    staff.post(act(followup, "later"), {"days": "1"})
    staff.post(act(followup, "later"), {"days": "2", "asked": "on"})
    assert stories(followup.booking) == ["followup_postponed", "followup_wants_later"]


def test_no_answer_on_a_friday_is_due_on_monday(
    staff: Client, followup: FollowUp, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime.fromisoformat("2026-11-27T10:00:00+00:00"))
    staff.post(act(followup, "no_answer"))
    assert FollowUp.objects.get().scheduled_for == datetime.fromisoformat("2026-11-30T07:00:00+00:00")


def test_a_closed_one_is_reopened_and_due_at_once(staff: Client, followup: FollowUp) -> None:
    staff.post(act(followup, "lost"))
    assert FollowUp.objects.get().closed_at is not None
    assert "the invitee no longer wants the meeting" in staff.get(LIST).text
    answer = staff.post(act(followup, "reopen"), follow=True)
    assert "The follow-up is open again." in answer.text
    kept = FollowUp.objects.get()
    assert (kept.closed_at, kept.scheduled_for, kept.reason) == (None, factories.NOW, "")


def test_who_comes_second_is_told_and_changes_nothing(staff: Client, followup: FollowUp) -> None:
    FollowUp.objects.update(status="closed", closed_at=factories.NOW)
    before = FollowUp.objects.values().get()
    for name, sent, _status, _told in STEPS:
        answer = staff.post(act(followup, name), {**sent, "next": BOARD}, follow=True)
        assert answer.redirect_chain == [(BOARD, 302)]
        assert "its status is now “closed”. Your change was not made." in answer.text
    assert FollowUp.objects.values().get() == before
    assert stories(followup.booking) == []
    assert not LogEntry.objects.exists()


def test_many_are_taken_postponed_and_closed_at_once(staff: Client, followup: FollowUp) -> None:
    ended = FollowUp.objects.create(
        booking=followup.booking,
        calendly_booking=followup.calendly_booking,
        kind="rebook",
        status="closed",
        email="x",
        scheduled_for=factories.NOW,
        created_at=factories.NOW,
    )
    both = [followup.pk, ended.pk]
    for action, story in (
        ("take_many", "followup_assigned"),
        ("postpone_many", "followup_postponed"),
        ("close_many", "followup_closed"),
    ):
        answer = staff.post(LIST, {"action": action, "_selected_action": both}, follow=True)
        assert "1 follow-up was changed. 1 was ended already." in answer.text
        assert stories(followup.booking)[-1] == story
    kept = FollowUp.objects.get(pk=followup.pk)
    assert (kept.status, str(kept.assignee)) == ("closed", "maria")
    assert kept.scheduled_for == datetime.fromisoformat("2026-11-24T07:00:00+00:00")


def test_the_page_the_board_and_the_list_name_phone_meeting_hour_and_why(
    staff: Client, followup: FollowUp
) -> None:
    Booking.objects.update(
        invitee_name="Ștefan Țurcanu",
        phone="0731 456 789",
        event_name="Sales Demo",
        cancel_reason="ora nu e bună",
    )
    FollowUp.objects.update(unanswered_calls=2, message="Bună ziua! Căutăm alt moment?")
    for address in (BOARD, LIST, act(followup, "change")):
        text = staff.get(address).text
        for words in (
            "Ștefan Țurcanu",
            'href="tel:0731456789"',
            "Sales Demo",
            "The invitee canceled",
            "ora nu e bună",
        ):
            assert words in text, (address, words)
        assert "2 calls without an answer" in text
        assert ">23 Nov 2026, 08:00" in text or ">today, 08:00" in text, address
    assert "Bună ziua! Căutăm alt moment?" in staff.get(act(followup, "change")).text


def test_a_note_of_several_lines_is_shown_as_lines(staff: Client, followup: FollowUp) -> None:
    staff.post(act(followup, "note"), {"note": "call\r\nafter six"})
    assert FollowUp.objects.get().note == "call\nafter six"
    Booking.objects.update(cancel_reason="prea\r\ndevreme")
    for address in (BOARD, LIST, act(followup, "change")):
        assert "u000d" not in staff.get(address).text
    assert "call<br>after six" in staff.get(BOARD).text


def test_only_active_staff_who_may_see_follow_ups_can_be_assigned(staff: Client, followup: FollowUp) -> None:
    person("gone", permissions=views())
    User.objects.filter(username="gone").update(is_active=False)
    page = staff.get(act(followup, "change")).text
    for name, there in (("maria", True), ("victor", True), ("root", True)):
        assert (f">{name}</option>" in page) is there
    for name in ("stan", "carla", "gone"):
        assert f">{name}</option>" not in page
    stan = User.objects.get(username="stan")
    answer = staff.post(act(followup, "assign"), {"assignee": stan.pk}, follow=True)
    assert "Choose a colleague from the list." in answer.text
    assert FollowUp.objects.get().assignee is None


def test_a_card_is_taken_on_from_the_board(staff: Client, followup: FollowUp) -> None:
    maria = User.objects.get(username="maria")
    assert "Assign to me" in staff.get(BOARD).text
    answer = staff.post(act(followup, "assign"), {"assignee": maria.pk, "next": BOARD}, follow=True)
    assert answer.redirect_chain == [(BOARD, 302)]
    assert FollowUp.objects.get().assignee == maria
    assert "Assign to me" not in answer.text


def test_book_again_leads_to_the_page_with_all_filled_in(staff: Client, followup: FollowUp) -> None:
    Booking.objects.update(invitee_email="n&o@example.com", phone="+40 7")
    FollowUp.objects.update(email="n&o@example.com", conversation_id="conv-1")
    cards = staff.get(BOARD).context["columns"][0].cards
    link = urlsplit(cards[0].book_again)
    assert link.path == reverse("admin:calendly_integration_booking_add")
    assert parse_qs(link.query) == {
        "event_type": [str(followup.booking.event_type_id)],
        "name": ["Nora"],
        "email": ["n&o@example.com"],
        "phone": ["+40 7"],
        "timezone": ["Europe/Bucharest"],
        "time_zone": ["Europe/Bucharest"],
        "conversation": ["conv-1"],
        "followup": [str(followup.pk)],
    }
    assert "Book again" in staff.get(act(followup, "change")).text


def test_the_board_shows_steps_only_to_those_who_may(
    entered: Callable[..., Client], followup: FollowUp
) -> None:
    page = entered("viewer").get(BOARD).text
    assert "Nora" in page
    assert "/close/" not in page
    assert "Book again" not in page
    booker = Client(headers={"accept-language": "en"})
    booker.force_login(person("no-booker", permissions=[*views(), *(set(OWN) - {"add_booking"})]))
    page = booker.get(BOARD).text
    assert "/close/" in page
    assert "Book again" not in page
    assert entered("stranger").get(BOARD).status_code == 403
    assert entered("nobody").get(BOARD).status_code == 302


def test_the_board_forgets_what_ended_long_ago_and_leads_to_all(staff: Client, followup: FollowUp) -> None:
    FollowUp.objects.update(status="closed", closed_at=factories.NOW - timedelta(days=31))
    board = staff.get(BOARD).context["columns"]
    assert [column.count for column in board] == [0, 0, 0, 0]
    assert staff.get(board[3].url).context["cl"].result_count == 1


@pytest.mark.parametrize(
    ("at", "word"),
    [
        ("2026-11-22T21:59:00+00:00", "overdue"),  # 23:59 in Bucharest, the day before
        ("2026-11-22T22:00:00+00:00", "today"),
        ("2026-11-23T06:00:00+00:00", "today"),  # made this minute
        ("2026-11-23T21:59:00+00:00", "today"),  # 23:59 in Bucharest
        ("2026-11-23T22:00:00+00:00", "later"),
    ],
)
def test_due_is_told_by_the_viewers_calendar(staff: Client, followup: FollowUp, at: str, word: str) -> None:
    FollowUp.objects.update(scheduled_for=datetime.fromisoformat(at))
    assert word in str(staff.get(BOARD).context["columns"][0].cards[0].due)
    for each in ("overdue", "today", "later", "now"):
        found = staff.get(LIST, {"due": each}).context["cl"].result_count
        assert found == (1 if each == word or (each == "now" and word != "later") else 0)


def test_today_ends_at_midnight_on_the_night_when_clocks_change(
    staff: Client, followup: FollowUp, clock: time_machine.Traveller
) -> None:
    # 25 October 2026 has 25 hours in Bucharest: it ends at 22:00 UTC.
    clock.move_to(datetime.fromisoformat("2026-10-24T22:00:00+00:00"))
    for at, word in (("2026-10-25T21:59:00+00:00", "today"), ("2026-10-25T22:00:00+00:00", "later")):
        FollowUp.objects.update(scheduled_for=datetime.fromisoformat(at))
        assert word in str(staff.get(BOARD).context["columns"][0].cards[0].due)


def test_the_list_is_filtered_by_whose_they_are_and_searched(staff: Client, followup: FollowUp) -> None:
    maria, victor = (User.objects.get(username=name) for name in ("maria", "victor"))
    for user, whose in ((maria, "me"), (None, "unassigned"), (victor, "others")):
        FollowUp.objects.update(assignee=user)
        for each in ("me", "unassigned", "others"):
            found = staff.get(LIST, {"assigned": each}).context["cl"].result_count
            assert found == (1 if each == whose else 0)
    FollowUp.objects.update(note="call after six")
    for term, count in (("after six", 1), ("nora", 1), ("ion", 0), (str(followup.booking_id), 1)):
        assert staff.get(LIST, {"q": term}).context["cl"].result_count == count


def test_three_hundred_cost_the_board_and_the_list_no_more_queries(staff: Client, followup: FollowUp) -> None:
    account: dict[str, Any] = {
        "account": followup.booking.account,
        "host": followup.booking.host,
        "event_type": followup.booking.event_type,
        "agent_key": followup.booking.agent_key,
        "raw": {},
    }
    for number in range(1, 300):
        factories.create_booking(account, number)
    maria = User.objects.get(username="maria")
    for number, status in enumerate(FollowUp.Status.values):
        ids = list(FollowUp.objects.order_by("pk").values_list("pk", flat=True)[number::4])
        FollowUp.objects.filter(pk__in=ids).update(
            status=status,
            assignee=maria,
            closed_at=factories.NOW if number > 1 else None,
            rebooking=followup.booking if status == "rebooked" else None,
        )
    for address in (BOARD, LIST):
        staff.get(address)
        with CaptureQueriesContext(
            database,
        ) as asked:
            assert staff.get(address).status_code == 200
        assert len(asked) <= 20
    board = staff.get(BOARD).context["columns"]
    assert [len(column.cards) for column in board] == [75, 75, 50, 50]
    assert [column.is_cut for column in board] == [False, False, True, True]


def test_what_invitees_write_stays_text(staff: Client, followup: FollowUp) -> None:
    evil = "<script>alert(1)</script>"
    Booking.objects.update(invitee_name=evil, event_name=evil)
    FollowUp.objects.update(message=evil, note=evil, email=evil)
    for address in (BOARD, LIST, act(followup, "change")):
        assert evil not in staff.get(address).text
