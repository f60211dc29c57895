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


@pytest.mark.parametrize(
    ("name", "sent", "status", "told"),
    [
        ("wait", {}, "waiting", "The follow-up is waiting for the invitee."),
        ("close", {}, "done", "The follow-up is closed."),
        ("note", {"note": "call after six"}, "open", "The note is saved."),
        ("assign", {"assignee": ""}, "open", "The follow-up is assigned."),
    ],
)
def test_each_step_is_asked_taken_logged_and_told(
    staff: Client, followup: FollowUp, name: str, sent: dict[str, str], status: str, told: str
) -> None:
    assert staff.get(act(followup, name)).status_code == 200
    assert stories(followup.booking) == []
    answer = staff.post(act(followup, name), sent, follow=True)
    assert answer.redirect_chain == [(act(followup, "change"), 302)]
    assert told in answer.text
    assert FollowUp.objects.get().status == status
    assert len(stories(followup.booking)) == 1
    assert LogEntry.objects.filter(user__username="maria", object_id=followup.pk).count() == 1


def test_a_closed_one_is_reopened(staff: Client, followup: FollowUp) -> None:
    staff.post(act(followup, "close"))
    assert FollowUp.objects.get().closed_at is not None
    answer = staff.post(act(followup, "reopen"), follow=True)
    assert "The follow-up is open again." in answer.text
    assert FollowUp.objects.get().closed_at is None


def test_who_comes_second_is_told_and_changes_nothing(staff: Client, followup: FollowUp) -> None:
    FollowUp.objects.update(status="done", closed_at=factories.NOW)
    before = FollowUp.objects.values().get()
    for name, sent in (("wait", {}), ("close", {}), ("note", {"note": "x"}), ("assign", {"assignee": ""})):
        answer = staff.post(act(followup, name), {**sent, "from": "board"}, follow=True)
        assert answer.redirect_chain == [(BOARD, 302)]
        assert "its status is now “closed”. Your change was not made." in answer.text
    assert FollowUp.objects.values().get() == before
    assert stories(followup.booking) == []
    assert not LogEntry.objects.exists()


def test_only_active_staff_who_may_see_follow_ups_can_be_assigned(staff: Client, followup: FollowUp) -> None:
    person("gone", permissions=views())
    User.objects.filter(username="gone").update(is_active=False)
    page = staff.get(act(followup, "assign")).text
    for name, there in (("maria", True), ("victor", True), ("root", True)):
        assert (f">{name}</option>" in page) is there
    for name in ("stan", "carla", "gone"):
        assert f">{name}</option>" not in page
    stan = User.objects.get(username="stan")
    answer = staff.post(act(followup, "assign"), {"assignee": stan.pk})
    assert answer.status_code == 200
    assert FollowUp.objects.get().assignee is None


def test_a_card_is_taken_on_from_the_board(staff: Client, followup: FollowUp) -> None:
    maria = User.objects.get(username="maria")
    assert "Assign to me" in staff.get(BOARD).text
    answer = staff.post(act(followup, "assign"), {"assignee": maria.pk, "from": "board"}, follow=True)
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
    FollowUp.objects.update(status="done", closed_at=factories.NOW - timedelta(days=31))
    board = staff.get(BOARD).context["columns"]
    assert [column.count for column in board] == [0, 0, 0, 0]
    assert staff.get(board[3].url).context["cl"].result_count == 1


@pytest.mark.parametrize(
    ("at", "word"),
    [
        ("2026-11-23T05:59:00+00:00", "overdue"),
        ("2026-11-23T21:59:00+00:00", "today"),  # 23:59 in Bucharest
        ("2026-11-23T22:00:00+00:00", "later"),
    ],
)
def test_due_is_told_by_the_viewers_calendar(staff: Client, followup: FollowUp, at: str, word: str) -> None:
    FollowUp.objects.update(scheduled_for=datetime.fromisoformat(at))
    assert word in str(staff.get(BOARD).context["columns"][0].cards[0].due)
    for each in ("overdue", "today", "later"):
        found = staff.get(LIST, {"due": each}).context["cl"].result_count
        assert found == (1 if each == word else 0)


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
    for address in (BOARD, LIST, act(followup, "change"), act(followup, "note")):
        assert evil not in staff.get(address).text
