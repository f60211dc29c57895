"""Acts on many rows in the background: each item has its own outcome, and none is lost."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from calendly_integration.models import (
    Booking,
    BulkItem,
    BulkRun,
    CalendlyBooking,
    FollowUp,
    OutboxMessage,
    OutboxQueue,
    TimelineEntry,
    WebhookDelivery,
)
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services import worker
from calendly_integration.services.actors import Actor
from calendly_integration.services.backoffice import bulk
from calendly_integration.services.bookings import cancel, pending_actions
from calendly_integration.services.webhooks import inbox
from calendly_integration.services.worker import calendly_pool

from ..factories import TEN, assert_consistent, book, deliver, now, posts, told, work_pending_actions

pytestmark = pytest.mark.django_db
MARIA = Actor.staff("maria")
GIVEN = {"code": "host_away", "reason": "The host cannot come: ill", "follow_up": True}


@pytest.fixture
def meetings(calendly: Calendly) -> list[Booking]:
    """Five, an hour apart, of five people."""
    return [
        book(preferred=TEN + timedelta(hours=each), email=f"p{each}@example.com", name=f"Person {each}")
        for each in range(5)
    ]


def asked(meetings: list[Booking], **given: Any) -> BulkRun:
    targets = [bulk.Target(str(each.pk), str(each)) for each in meetings]
    return bulk.start(kind="cancel", targets=targets, given=GIVEN | given, by=MARIA, user_id="1", now=now())


def round_of_work(limit: int = 50) -> int:
    """The worker takes what is due, once."""
    items = bulk.claim(now=now(), limit=limit)
    for item in items:
        bulk.work(item, now=now())
    return len(items)


def outcomes(run: BulkRun) -> list[tuple[str, str]]:
    return list(run.items.order_by("pk").values_list("status", "note"))


def pass_time(clock: time_machine.Traveller, calendly: Calendly, minutes: int) -> None:
    for _ in range(minutes * 4):
        clock.shift(15)
        deliver(calendly)
        work_pending_actions()
        round_of_work()


def test_each_meeting_is_canceled_by_the_one_who_asked(calendly: Calendly, meetings: list[Booking]) -> None:
    run = asked(meetings)
    assert posts(calendly, "/cancellation") == 0
    assert bulk.progress(run) == bulk.Progress(total=5, done=0, failed=0)
    assert round_of_work() == 5
    assert outcomes(run) == [("done", "")] * 5
    run.refresh_from_db()
    assert run.finished_at == now()
    assert posts(calendly, "/cancellation") == 5
    entries = TimelineEntry.objects.filter(action="canceled")
    assert {(each.actor, each.actor_name) for each in entries} == {("staff", "maria")}
    assert set(Booking.objects.values_list("status", "cancel_code", "cancel_reason")) == {
        ("canceled", "host_away", "The host cannot come: ill")
    }
    deliver(calendly)
    assert_consistent(calendly)


def test_a_story_of_five(calendly: Calendly, meetings: list[Booking], clock: time_machine.Traveller) -> None:
    """One is canceled meanwhile, one refused, one answer is lost, one is limited; none stops another."""
    run = asked(meetings)
    already, refused, lost, limited, _plain = meetings
    cancel.cancel_booking(already, reason="", by=MARIA, now=now())
    deliver(calendly)

    def fault(booking: Booking, kind: Any, **facts: Any) -> None:
        calendly.faults.add(
            kind, method="POST", path=f"/scheduled_events/{booking.event_id}/cancellation", **facts
        )

    fault(refused, "status", status=403, times=None)
    fault(lost, "lose_answer")
    fault(limited, "status", status=429, seconds=60)
    items = [bulk.claim(now=now(), limit=1)[0] for _ in range(4)]
    for item in items:
        bulk.work(item, now=now())
    first = outcomes(run)
    assert first[0] == ("done", "already")
    assert first[1][0] == "failed"
    assert first[1][1].startswith("refused: ")
    assert first[2:] == [("waiting", "unknown"), ("waiting", "unavailable"), ("waiting", "")]
    assert round_of_work() == 0  # what Calendly's limit says holds for those behind as well
    pass_time(clock, calendly, minutes=2)
    assert outcomes(run)[2:] == [("done", "")] * 3
    run.refresh_from_db()
    assert run.finished_at is not None
    assert posts(calendly, "/cancellation") == 6  # of the lost one a second, which Calendly answers
    refused.refresh_from_db()
    assert refused.status == "confirmed"
    assert Booking.objects.filter(status="canceled").count() == 4


def test_failed_items_are_tried_again_and_only_those(calendly: Calendly, meetings: list[Booking]) -> None:
    run = asked(meetings)
    calendly.faults.add("status", method="POST", path=".*/cancellation", status=403, times=2)
    round_of_work()
    assert bulk.progress(run) == bulk.Progress(total=5, done=3, failed=2)
    assert bulk.retry_failed(run, now=now()) == 2
    assert run.finished_at is None
    assert round_of_work() == 2
    assert outcomes(run) == [("done", "")] * 5
    run.refresh_from_db()
    assert run.finished_at is not None
    assert bulk.retry_failed(run, now=now()) == 0
    assert BulkRun.objects.get().finished_at is not None


@pytest.mark.parametrize("moment", ["before", "wanted", "sent", "after"])
def test_a_worker_that_is_killed_is_followed_by_another(
    calendly: Calendly,
    meetings: list[Booking],
    clock: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    run = asked(meetings[:1])

    class Killed(BaseException):
        pass

    def die(*given: Any, **more: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        if moment == "before":
            patch.setattr(cancel, "cancel_booking", die)
        elif moment == "wanted":
            patch.setattr(pending_actions, "cancel_at_calendly", die)
        elif moment == "sent":
            patch.setattr("calendly_integration.services.reconcile.apply_our_cancellation", die)
        else:
            patch.setattr(BulkItem.objects, "finish", die)
        [item] = bulk.claim(now=now(), limit=5)
        with pytest.raises(Killed):
            bulk.work(item, now=now())
    assert outcomes(run) == [("waiting", "")]
    assert round_of_work() == 0
    pass_time(clock, calendly, minutes=4)
    assert outcomes(run) == [("done", "")]
    run.refresh_from_db()
    assert run.finished_at is not None
    assert Booking.objects.get(pk=meetings[0].pk).status == "canceled"
    assert TimelineEntry.objects.filter(action="canceled").count() == 1
    assert told(meetings[0]).count("/calendly/canceled") == 1


def test_a_worker_whose_lease_has_ended_writes_nothing(
    calendly: Calendly, meetings: list[Booking], clock: time_machine.Traveller
) -> None:
    run = asked(meetings[:1])
    [slow] = bulk.claim(now=now(), limit=1)
    clock.shift(121)
    [quick] = bulk.claim(now=now(), limit=1)
    bulk.work(quick, now=now())
    done = BulkItem.objects.values().get()
    bulk.work(slow, now=now())
    assert BulkItem.objects.values().get() == done
    assert outcomes(run) == [("done", "")]


def test_an_item_that_kills_each_worker_is_given_up(
    calendly: Calendly, meetings: list[Booking], clock: time_machine.Traveller
) -> None:
    run = asked(meetings[:1])
    for _ in range(bulk.MAX_ATTEMPTS):
        bulk.claim(now=now(), limit=1)
        clock.shift(121)
    assert round_of_work() == 1
    assert outcomes(run) == [("failed", "broken")]
    assert posts(calendly, "/cancellation") == 0


def test_while_calendly_is_away_tries_are_bounded_and_pauses_grow(
    calendly: Calendly, meetings: list[Booking], clock: time_machine.Traveller
) -> None:
    run = asked(meetings[:1])
    calendly.faults.add("refuse", method="POST", path=".*/cancellation", times=None)
    pauses = []
    for _ in range(bulk.MAX_ATTEMPTS - 1):
        assert round_of_work() == 1
        due = BulkItem.objects.get().next_attempt_at
        assert due is not None
        pauses.append((due - now()).total_seconds())
        clock.move_to(due)
    assert 30 <= pauses[0] <= 36
    assert pauses[-1] > 300
    assert round_of_work() == 1
    assert outcomes(run) == [("failed", "unavailable")]
    run.refresh_from_db()
    assert run.finished_at is not None
    assert Booking.objects.get(pk=meetings[0].pk).status == "confirmed"
    assert not CalendlyBooking.objects.filter(pending_action="cancel").exists()


def test_an_error_of_our_own_stops_no_other_item(
    calendly: Calendly, meetings: list[Booking], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    run = asked(meetings)
    original: Callable[..., Booking] = cancel.cancel_booking

    def cancel_or_fail(booking: Booking, **given: Any) -> Booking:
        if booking.pk == meetings[1].pk:
            raise RecursionError("too deep")
        return original(booking, **given)

    monkeypatch.setattr(cancel, "cancel_booking", cancel_or_fail)
    round_of_work()
    assert outcomes(run) == [("done", ""), ("waiting", "broken"), *[("done", "")] * 3]
    assert "RecursionError" in BulkItem.objects.get(target=str(meetings[1].pk)).last_error


@pytest.mark.parametrize(
    ("state", "note"),
    [
        ({"status": "failed"}, "failed"),
        ({"end_at": TEN - timedelta(days=2), "start_at": TEN - timedelta(days=3)}, "past"),
    ],
)
def test_what_cannot_be_canceled_any_more_is_noted(
    calendly: Calendly, meetings: list[Booking], state: dict[str, Any], note: str
) -> None:
    run = asked(meetings[:1])
    Booking.objects.filter(pk=meetings[0].pk).update(**state)
    round_of_work()
    assert outcomes(run) == [("failed", note)]


def test_a_booking_that_is_gone_is_noted(calendly: Calendly, meetings: list[Booking]) -> None:
    run = asked(meetings[:1])
    BulkItem.objects.update(target="8d0f5f4e-0000-4000-8000-000000000000")
    round_of_work()
    assert outcomes(run) == [("failed", "gone")]


def test_a_target_named_twice_is_done_once_and_none_is_at_an_end_at_once(
    calendly: Calendly, meetings: list[Booking]
) -> None:
    run = asked([meetings[0], meetings[0]])
    assert run.items.count() == 1
    assert asked([]).finished_at == now()


def test_the_invitee_who_cancels_first_is_not_taken_for_staff(
    calendly: Calendly, meetings: list[Booking]
) -> None:
    run = asked(meetings[:1])
    invitee = next(each for each in calendly.state.invitees.values() if each.email == "p0@example.com")
    calendly.cancel_as_invitee(invitee.id, "changed my mind")
    round_of_work()
    assert outcomes(run) == [("done", "already")]
    fresh = Booking.objects.get(pk=meetings[0].pk)
    assert (fresh.status, fresh.cancel_code, fresh.cancel_reason) == ("canceled", "", "changed my mind")
    assert not FollowUp.objects.exists()


# Follow-ups


@pytest.mark.parametrize("code", ["host_away", "wrong_time"])
def test_a_cancellation_of_ours_plans_a_follow_up_once_and_tells_the_portal_nothing_of_it(
    calendly: Calendly, meetings: list[Booking], code: str
) -> None:
    asked(meetings[:1], code=code)
    round_of_work()
    deliver(calendly)
    found = FollowUp.objects.get()
    assert (found.kind, found.booking_id, found.calendly_booking_id) == (
        "rebook",
        meetings[0].pk,
        CalendlyBooking.objects.get(booking=meetings[0]).pk,
    )
    assert (found.scheduled_for, found.email) == (now(), "p0@example.com")
    assert "/followup/schedule" not in told()


def test_a_lost_answer_loses_no_follow_up_and_no_kind_of_reason(
    calendly: Calendly, meetings: list[Booking], clock: time_machine.Traveller
) -> None:
    asked(meetings[:1])
    calendly.faults.add("lose_answer", method="POST", path=".*/cancellation")
    round_of_work()
    assert not FollowUp.objects.exists()
    pass_time(clock, calendly, minutes=1)
    assert FollowUp.objects.get().kind == "rebook"
    assert Booking.objects.get(pk=meetings[0].pk).cancel_code == "host_away"


@pytest.mark.parametrize("given", [{"follow_up": False}, {"code": "duplicate"}])
def test_no_follow_up_where_none_is_wished_or_the_meeting_is_not_wanted(
    calendly: Calendly, meetings: list[Booking], given: dict[str, Any]
) -> None:
    asked(meetings[:1], **given)
    round_of_work()
    assert Booking.objects.get(pk=meetings[0].pk).status == "canceled"
    assert not FollowUp.objects.exists()


def test_a_refused_cancellation_plans_nothing(calendly: Calendly, meetings: list[Booking]) -> None:
    asked(meetings[:1])
    calendly.faults.add("status", method="POST", path=".*/cancellation", status=403)
    round_of_work()
    assert not FollowUp.objects.exists()
    assert Booking.objects.get(pk=meetings[0].pk).cancel_code == ""


# Deliveries and messages


def test_deliveries_are_processed_again(calendly: Calendly, meetings: list[Booking]) -> None:
    deliver(calendly)
    rows = list(WebhookDelivery.objects.order_by("pk"))
    targets = [bulk.Target(str(row.pk), str(row)) for row in rows] + [bulk.Target("0", "gone")]
    run = bulk.start(kind="replay", targets=targets, given={}, by=MARIA, now=now())
    inbox.again(rows[0], now=now())
    round_of_work()
    assert outcomes(run) == [("done", "waits"), *[("done", "")] * 4, ("failed", "gone")]
    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {"received"}
    deliver(calendly)
    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {"unchanged"}


def test_messages_are_sent_again(calendly: Calendly, meetings: list[Booking]) -> None:
    OutboxMessage.objects.update(status="parked")
    OutboxQueue.objects.update(next_attempt_at=None)
    parked = list(OutboxMessage.objects.order_by("pk"))
    OutboxMessage.objects.filter(pk=parked[0].pk).update(status="sent")
    targets = [bulk.Target(str(row.pk), row.path) for row in parked] + [bulk.Target("0", "gone")]
    run = bulk.start(kind="resend", targets=targets, given={}, by=MARIA, now=now())
    round_of_work()
    assert outcomes(run) == [
        ("done", "not_parked"),
        *[("done", "")] * (len(parked) - 1),
        ("failed", "gone"),
    ]
    assert OutboxMessage.objects.filter(status="waiting").count() == len(parked) - 1
    assert not OutboxQueue.objects.filter(next_attempt_at=None).exists()


# In the worker


def drain_until_finished(run: BulkRun) -> bool:
    """Drain until the run is finished, for ten seconds at most. True if it is."""
    deadline = time.monotonic() + 10
    while run.finished_at is None and time.monotonic() < deadline:
        worker.drain(clock=now, seconds=0.2)
        run.refresh_from_db()
    return run.finished_at is not None


def test_the_drain_works_off_items(
    calendly: Calendly, meetings: list[Booking], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        calendly_pool.CalendlyPool, "step", lambda self, due: round_of_work() if "bulk" in due else 0
    )
    run = asked(meetings)
    assert drain_until_finished(run)


@pytest.mark.django_db(transaction=True)
def test_the_workers_threads_share_the_items(
    calendly: Calendly, meetings: list[Booking], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = asked(meetings)
    calendly.faults.add("status", method="POST", path=".*/cancellation", status=403)
    assert drain_until_finished(run)
    assert bulk.progress(run) == bulk.Progress(total=5, done=4, failed=1)
    assert posts(calendly, "/cancellation") == 5


def test_items_leave_threads_to_those_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    go, asked_for = threading.Event(), []

    def claim(*, now: Any, limit: int) -> list[int]:
        asked_for.append(limit)
        return list(range(limit))

    monkeypatch.setattr(bulk, "claim", claim)
    monkeypatch.setattr(bulk, "work", lambda item, now: go.wait(2))
    monkeypatch.setattr(pending_actions, "claim", lambda *, now, limit: list(range(limit)))
    monkeypatch.setattr(pending_actions, "work", lambda item, now: go.wait(2))
    remote = calendly_pool.CalendlyPool(clock=now)
    assert remote.step({"bulk"}) == calendly_pool.MAX_BULK_THREADS
    assert remote.step({"bulk"}) == 0
    assert asked_for == [calendly_pool.MAX_BULK_THREADS]
    assert (
        remote.step({"bulk", "calendly_bookings"}) == calendly_pool.THREADS - calendly_pool.MAX_BULK_THREADS
    )
    go.set()
    remote.close()
