"""The steps of a follow-up: which fit, and what they leave behind."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from calendly_integration.models import Booking, FollowUp
from calendly_integration.services.actors import Actor
from calendly_integration.services.backoffice import followups

from ..admin.factories import NOW, create_account, create_booking

pytestmark = pytest.mark.django_db
MARIA = Actor.staff("maria")
LATER = NOW + timedelta(days=3)


@pytest.fixture
def followup() -> FollowUp:
    create_booking(create_account())
    return FollowUp.objects.get()


def told(booking: Booking) -> list[tuple[str, str, str]]:
    found = booking.timeline.filter(action__startswith="followup_")
    return list(found.values_list("action", "actor", "actor_name"))


STEPS: dict[str, Callable[..., None]] = {
    "assign": lambda row: followups.assign(row, user=None, by=MARIA, now=NOW),
    "note": lambda row: followups.note(row, text="x", by=MARIA, now=NOW),
    "wait": lambda row: followups.wait(row, by=MARIA, now=NOW),
    "postpone": lambda row: followups.postpone(row, until=LATER, by=MARIA, now=NOW),
    "no_answer": lambda row: followups.no_answer(row, until=LATER, by=MARIA, now=NOW),
    "wants_later": lambda row: followups.wants_later(row, until=LATER, by=MARIA, now=NOW),
    "lose": lambda row: followups.lose(row, by=MARIA, now=NOW),
    "close": lambda row: followups.close(row, by=MARIA, now=NOW),
    "reopen": lambda row: followups.reopen(row, by=MARIA, now=NOW),
    "rebooked": lambda row: followups.rebooked(row, booking=row.booking, by=MARIA, now=NOW),
}
CALLS = {"postpone", "no_answer", "wants_later", "lose"}
FIT = {
    "planned": {"assign", "note", "wait", "close", "rebooked", *CALLS},
    "sent": {"assign", "note", "close", "reopen", "rebooked", *CALLS},
    "rebooked": {"reopen"},
    "closed": {"reopen"},
}


@pytest.mark.parametrize("status", FIT)
@pytest.mark.parametrize("step", STEPS)
def test_only_the_steps_that_fit_the_status_are_taken(followup: FollowUp, status: str, step: str) -> None:
    FollowUp.objects.update(status=status)
    before = FollowUp.objects.values().get()
    if step in FIT[status]:
        STEPS[step](followup)
        assert told(followup.booking)
        return
    with pytest.raises(followups.NotPossible) as refused:
        STEPS[step](followup)
    assert refused.value.status == status
    assert FollowUp.objects.values().get() == before
    assert told(followup.booking) == []


def test_who_comes_second_with_a_row_read_before_changes_nothing(followup: FollowUp) -> None:
    late = FollowUp.objects.get()
    followups.close(followup, by=MARIA, now=NOW)
    with pytest.raises(followups.NotPossible):
        followups.wait(late, by=Actor.staff("victor"), now=NOW)
    assert FollowUp.objects.get().status == "closed"
    assert told(followup.booking) == [("followup_closed", "staff", "maria")]


def test_rebooked_names_the_new_meeting_and_both_meetings_tell_of_it(followup: FollowUp) -> None:
    again = Booking.objects.create(
        account=followup.booking.account, status="pending", source="staff", created_at=NOW
    )
    followups.rebooked(followup, booking=again, by=MARIA, now=NOW + timedelta(hours=1))
    kept = FollowUp.objects.get()
    assert (kept.status, kept.rebooking, kept.closed_at) == ("rebooked", again, NOW + timedelta(hours=1))
    for booking in (followup.booking, again):
        assert told(booking) == [("followup_rebooked", "staff", "maria")]


def test_a_reopened_one_is_like_new_but_keeps_note_and_assignee(followup: FollowUp) -> None:
    user: Any = User.objects.create(username="ana")
    followups.assign(followup, user=user, by=MARIA, now=NOW)
    followups.note(followup, text="  call after six ", by=MARIA, now=NOW)
    followups.rebooked(followup, booking=followup.booking, by=MARIA, now=NOW)
    followups.reopen(followup, by=MARIA, now=NOW)
    kept = FollowUp.objects.get()
    assert (kept.status, kept.rebooking, kept.closed_at) == ("planned", None, None)
    assert (kept.note, kept.assignee) == ("call after six", user)
    details = list(followup.booking.timeline.filter(action="followup_noted").values_list("detail", flat=True))
    assert details == [{"note": "call after six"}]


def test_each_call_without_an_answer_is_counted_and_makes_it_due_again(followup: FollowUp) -> None:
    followups.wait(followup, by=MARIA, now=NOW)
    for calls in (1, 2):
        followups.no_answer(followup, until=LATER, by=MARIA, now=NOW)
        kept = FollowUp.objects.get()
        assert (kept.status, kept.scheduled_for, kept.unanswered_calls) == ("planned", LATER, calls)
    entry = followup.booking.timeline.filter(action="followup_no_answer").latest("pk")
    assert entry.detail == {"until": "2026-11-26T06:00:00Z"}


def test_two_people_who_note_the_same_call_count_it_once(followup: FollowUp) -> None:
    late = FollowUp.objects.get()
    followups.no_answer(followup, until=LATER, by=MARIA, now=NOW)
    with pytest.raises(followups.NotPossible):
        followups.no_answer(late, until=LATER, by=Actor.staff("victor"), now=NOW)
    assert FollowUp.objects.get().unanswered_calls == 1


def test_a_lost_one_says_so_until_it_is_reopened_and_is_then_due_at_once(followup: FollowUp) -> None:
    followups.lose(followup, by=MARIA, now=NOW)
    kept = FollowUp.objects.get()
    assert (kept.status, kept.reason, kept.closed_at) == ("closed", "lost", NOW)
    followups.reopen(followup, by=MARIA, now=LATER)
    kept = FollowUp.objects.get()
    assert (kept.status, kept.reason, kept.scheduled_for) == ("planned", "", LATER)
