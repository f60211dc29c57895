"""What the deliveries missed, a walk through Calendly's meetings finds and tells in the same way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from calendly_integration import clients
from calendly_integration.calendly import payloads
from calendly_integration.calendly.answers import PagedItems
from calendly_integration.calendly.errors import CalendlyError, ServerError
from calendly_integration.models import (
    Booking,
    CalendlyAccount,
    CalendlyBooking,
    EventType,
    OutboxMessage,
    SyncRun,
)
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.store import Invitee
from calendly_integration.services.catalog import event_types
from calendly_integration.services.reconcile import sync as syncing
from calendly_integration.services.webhooks import subscriptions
from calendly_integration.services.worker import scheduled

from ..factories import (
    AGENT,
    TEN,
    active,
    assert_consistent,
    book,
    deliver,
    hours,
    logged,
    now,
    pass_time,
    rolled_back,
    told,
)

pytestmark = pytest.mark.django_db


def sync(account: CalendlyAccount, **options: Any) -> SyncRun:
    account.refresh_from_db()
    return syncing.events(account, now=now(), **options)


def dropped(calendly: Calendly) -> None:
    """We were down: Calendly gave up what waited."""
    for delivery in calendly.pending_deliveries:
        delivery.status = "dropped"


def the(calendly: Calendly) -> Invitee:
    [invitee] = active(calendly)
    return invitee


STORIES: dict[str, Callable[[Calendly], object]] = {
    "confirmed": lambda calendly: None,
    "canceled by the invitee": lambda calendly: calendly.cancel_as_invitee(the(calendly), "Nu mai am timp"),
    "canceled by the host": lambda calendly: calendly.cancel_as_host(the(calendly), "Boală"),
    "moved later": lambda calendly: calendly.reschedule_as_invitee(the(calendly), TEN + hours(3)),
    "moved earlier": lambda calendly: calendly.reschedule_as_invitee(the(calendly), TEN - hours(1)),
    "moved and canceled": lambda calendly: calendly.cancel_as_invitee(
        calendly.reschedule_as_invitee(the(calendly), TEN + hours(3)), "schedule conflict"
    ),
    "no-show": lambda calendly: calendly.mark_no_show(the(calendly)),
    "no-show undone": lambda calendly: calendly.undo_no_show(the(calendly)),
}


def state() -> tuple[Any, ...]:
    """What is known and told, but for ids and the moments of writing."""
    bookings = Booking.objects.values_list(
        "status",
        "start_at",
        "event_id",
        "cancel_reason",
        "canceled_by",
        "canceled_at",
        "no_show_at",
        "source",
        "meeting_url",
    )
    calendly_bookings = CalendlyBooking.objects.order_by("invitee_uri").values_list(
        "invitee_uri", "status", "start_at", "no_show_at"
    )
    return list(bookings), list(calendly_bookings), sorted(told()), sorted(logged())


@pytest.mark.parametrize("agents", [True, False])
@pytest.mark.parametrize("story", STORIES)
def test_a_missed_story_is_told_as_its_deliveries_would_have_told_it(
    calendly: Calendly, account: CalendlyAccount, clock: time_machine.Traveller, story: str, agents: bool
) -> None:
    calendly.options.location_push_seconds = 0
    if agents:
        book()
        deliver(calendly)
    else:
        calendly.book_as_invitee("Sales Demo", TEN, email="n@example.com", name="N")
        if story != "confirmed":
            deliver(calendly)
    clock.shift(60)
    if "no-show" in story:
        clock.move_to(TEN + hours(1))
    if story == "no-show undone":
        calendly.mark_no_show(the(calendly))
        deliver(calendly)
    STORIES[story](calendly)
    with rolled_back():
        waiting = list(calendly.pending_deliveries)
        deliver(calendly)
        expected = state()
        for delivery in waiting:
            delivery.status = "dropped"
    run = sync(account)
    assert state() == expected
    assert run.status == "done"
    assert_consistent(calendly)
    # The deliveries come after all, then another sync: nothing changes any more.
    for delivery in waiting:
        delivery.status, delivery.tries = "pending", 0
        calendly.state.open_deliveries[delivery.number] = delivery
    deliver(calendly)
    assert state() == expected
    assert sync(account).changed == 0
    assert state() == expected


def test_a_booking_whose_first_delivery_was_missed_is_confirmed_by_the_sync(
    calendly: Calendly, account: CalendlyAccount
) -> None:
    calendly.options.location_push_seconds = 0
    book()
    dropped(calendly)
    assert told() == ["/calendly/metadata", "/calendly/notify"]
    sync(account)
    assert told() == ["/calendly/metadata", "/calendly/notify", "/calendly/confirmed", "/email/send"]


def test_a_second_run_asks_for_the_invitees_of_no_unchanged_event(
    calendly: Calendly, account: CalendlyAccount, clock: time_machine.Traveller
) -> None:
    calendly.options.location_push_seconds = 0
    for number in range(5):
        calendly.book_as_invitee("Sales Demo", TEN + hours(number), email=f"{number}@example.com")
    dropped(calendly)
    first = sync(account)
    assert (first.seen, first.changed) == (5, 5)
    calendly.calls.clear()
    clock.shift(600)
    second = sync(account)
    assert (second.seen, second.changed) == (5, 0)
    assert len(calendly.calls) == 1
    assert OutboxMessage.objects.count() == 5
    calendly.cancel_as_invitee(active(calendly)[2])
    dropped(calendly)
    calendly.calls.clear()
    third = sync(account)
    assert (third.seen, third.changed) == (5, 1)
    assert len(calendly.calls) == 2
    assert_consistent(calendly)


def test_a_run_that_was_interrupted_goes_on_where_it_stopped(
    calendly: Calendly, account: CalendlyAccount, clock: time_machine.Traveller
) -> None:
    calendly.options.location_push_seconds = 0
    for number in range(6):
        calendly.book_as_invitee("Sales Demo", TEN + hours(number), email=f"{number}@example.com")
    dropped(calendly)
    fourth = next(each for each in active(calendly) if each.email == "3@example.com")
    calendly.faults.add(
        "status", path=f"/scheduled_events/{fourth.event_id}/invitees.*", status=500, times=None
    )
    with pytest.raises(ServerError):
        sync(account)
    run = SyncRun.objects.get()
    assert (run.status, run.cursor, Booking.objects.count()) == ("failed", TEN + hours(2), 3)
    assert run.error
    clock.shift(1800)
    calendly.faults.clear()
    calendly.calls.clear()
    progress: list[int] = []
    again = sync(account, progress=progress.append)
    assert again.pk == run.pk
    assert (again.status, again.error) == ("done", "")
    assert len(progress) == 4  # the one that it had reached, and those after it
    assert sum("/invitees" in call.path for call in calendly.calls) == 3
    assert_consistent(calendly)


def test_two_runs_at_once_do_not_share_a_row(calendly: Calendly, account: CalendlyAccount) -> None:
    first = SyncRun.objects.create(account=account, window_start=now(), started_at=now(), alive_at=now())
    with pytest.raises(syncing.AlreadyRunning) as caught:
        sync(account)
    assert caught.value.since == now()
    scheduled.run_sync(now=now())
    assert list(SyncRun.objects.all()) == [first]


def test_a_run_that_was_killed_is_taken_up_after_five_minutes(
    calendly: Calendly, account: CalendlyAccount, clock: time_machine.Traveller
) -> None:
    dead = SyncRun.objects.create(
        account=account, window_start=now() - timedelta(days=2), started_at=now(), alive_at=now()
    )
    clock.shift(301)
    assert sync(account).pk == dead.pk


def test_a_run_for_a_longer_past_is_not_replaced_by_one_that_stopped(
    calendly: Calendly, account: CalendlyAccount
) -> None:
    calendly.faults.add("status", path="/scheduled_events.*", status=403, times=2)
    with pytest.raises(CalendlyError):
        sync(account)
    first = SyncRun.objects.get()
    assert sync(account, past=timedelta(days=30)).pk != first.pk


def test_a_page_token_that_goes_stale_in_the_middle_costs_no_meeting(
    calendly: Calendly,
    account: CalendlyAccount,
    clock: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calendly.add_group_type("Webinar", seats=3)
    for number in range(230):
        start = TEN + timedelta(days=7 * (number // 10)) + hours(0.5 * (number % 10))
        calendly.book_as_invitee("webinar", start, email=f"{number}@example.com")
    dropped(calendly)
    calendly.options.page_token_seconds = 100
    run = sync(account, progress=lambda _count: clock.shift(1.5))
    assert (run.status, run.seen) == ("done", 230)
    assert Booking.objects.count() == 230


def test_a_refusal_of_the_list_is_not_asked_for_for_ever(
    calendly: Calendly, account: CalendlyAccount
) -> None:
    calendly.faults.add("status", path="/scheduled_events", status=400, times=None)
    with pytest.raises(CalendlyError):
        sync(account)
    assert SyncRun.objects.get().status == "failed"


def test_a_hundred_events_are_compared_in_one_query(
    calendly: Calendly, account: CalendlyAccount, django_assert_max_num_queries: Any
) -> None:
    calendly.add_group_type("Webinar", seats=3)
    calendly.options.location_push_seconds = 0
    for number in range(60):
        start = TEN + timedelta(days=7 * (number // 10)) + hours(0.5 * (number % 10))
        calendly.book_as_invitee("webinar", start, email=f"{number}@example.com")
    dropped(calendly)
    sync(account)
    account.refresh_from_db()
    with django_assert_max_num_queries(20):
        assert sync(account).changed == 0


def test_two_syncs_that_find_the_same_new_event_type_keep_it_once(
    calendly: Calendly, account: CalendlyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendly.add_group_type("Webinar", seats=3)
    client = clients.calendly(account)
    listed = client.event_types

    def while_another_sync_runs(**options: Any) -> Any:
        found = list(listed(**options))
        monkeypatch.setattr(client, "event_types", listed)
        event_types.sync(account, now=now())
        return PagedItems(iter([{"collection": [kind.raw for kind in found]}]), payloads.EventType)

    monkeypatch.setattr(client, "event_types", while_another_sync_runs)
    event_types.sync(account, now=now())
    assert EventType.objects.filter(name="Webinar").count() == 1


def test_an_abandoned_run_is_not_taken_up_a_day_later(
    calendly: Calendly, account: CalendlyAccount, clock: time_machine.Traveller
) -> None:
    calendly.faults.add("status", path="/scheduled_events.*", status=403, times=None)
    with pytest.raises(CalendlyError):
        sync(account)
    calendly.faults.clear()
    clock.shift(86400)
    done = sync(account)
    assert list(SyncRun.objects.order_by("pk").values_list("status", flat=True)) == ["failed", "done"]
    account.refresh_from_db()
    assert account.events_synced_at == done.finished_at == now()


def test_past_meetings_are_mirrored_as_far_back_as_asked(
    calendly: Calendly, account: CalendlyAccount, clock: time_machine.Traveller
) -> None:
    calendly.book_as_invitee("Sales Demo", TEN, email="n@example.com")
    dropped(calendly)
    clock.move_to(TEN + timedelta(days=10))
    sync(account)
    assert not Booking.objects.exists()
    sync(account, past=timedelta(days=30))
    assert Booking.objects.get().start_at == TEN


def test_many_pages_are_walked(calendly: Calendly, account: CalendlyAccount) -> None:
    calendly.add_group_type("Webinar", seats=3)
    begins = TEN
    for number in range(130):
        start = begins + timedelta(days=7 * (number // 10)) + hours(0.5 * (number % 10))
        calendly.book_as_invitee("webinar", start, email=f"{number}@example.com")
    dropped(calendly)
    assert sync(account).seen == 130
    assert Booking.objects.count() == 130


def test_a_token_that_sees_only_its_own_meetings_mirrors_those(
    calendly: Calendly, account: CalendlyAccount
) -> None:
    calendly.book_as_invitee("Sales Demo", TEN, email="n@example.com")
    dropped(calendly)
    ana = calendly.owner
    ana.role = "user"
    try:
        assert sync(account).seen == 1
    finally:
        ana.role = "owner"


def test_our_own_booking_that_calendly_does_not_list_is_read(
    calendly: Calendly, account: CalendlyAccount, clock: time_machine.Traveller
) -> None:
    booking = book()
    dropped(calendly)
    listed = [entry for entry in calendly.state.by_start if entry[1] == booking.event_id]
    for entry in listed:
        calendly.state.by_start.remove(entry)
    sync(account)
    booking.refresh_from_db()
    assert booking.confirmed_at is not None


# The timetable


def test_after_a_day_away_the_subscription_is_made_anew_and_the_gap_is_filled(
    calendly: Calendly, account: CalendlyAccount, clock: time_machine.Traveller
) -> None:
    account.refresh_from_db()
    subscriptions.subscribe(account, now=now())
    booking = book(preferred=TEN + timedelta(days=3))
    deliver(calendly)
    calendly.cancel_as_invitee(the(calendly), "Nu mai am timp")
    calendly.book_as_invitee("Sales Demo", TEN + timedelta(days=2), email="new@example.com")
    for subscription in calendly.state.subscriptions.values():
        subscription.state = "disabled"
    dropped(calendly)
    clock.shift(25 * 3600)
    scheduled.run_sync(now=now())
    booking.refresh_from_db()
    assert booking.status == "canceled"
    assert told().count("/followup/schedule") == 1
    assert Booking.objects.filter(invitee_email="new@example.com", status="confirmed").exists()
    account.refresh_from_db()
    assert account.subscription_state == "active"
    assert [each.state for each in calendly.state.subscriptions.values()] == ["active"]
    calendly.cancel_as_invitee(the(calendly))
    pass_time(clock, calendly, minutes=1)
    assert_consistent(calendly)


def test_a_subscription_that_nobody_asked_for_is_not_made(
    calendly: Calendly, account: CalendlyAccount
) -> None:
    calendly.state.subscriptions.clear()
    scheduled.run_sync(now=now())
    assert not calendly.state.subscriptions
    account.refresh_from_db()
    assert account.subscription_state == "missing"


def test_one_step_that_fails_does_not_hide_the_rest(
    calendly: Calendly, account: CalendlyAccount, caplog: pytest.LogCaptureFixture
) -> None:
    calendly.book_as_invitee("Sales Demo", TEN, email="n@example.com")
    dropped(calendly)
    calendly.faults.add("status", path="/webhook_subscriptions.*", status=403, times=None)
    calendly.faults.add("status", path="/event_types.*", status=500, times=None)
    scheduled.run_sync(now=now())
    assert Booking.objects.count() == 1
    assert [record.getMessage() for record in caplog.records if "failed" in record.getMessage()] == [
        "sync: sync failed: ServerError",
        "sync: tend failed: PermissionDenied",
    ]


def test_no_token_is_no_crash(calendly: Calendly, settings: Any) -> None:
    settings.CALENDLY_INTEGRATION["API_KEY"] = ""
    CalendlyAccount.objects.update(token_encrypted="")
    clients.forget()
    scheduled.run_sync(now=now())
    assert not SyncRun.objects.filter(status="done").exists()


def test_a_sync_in_the_midst_of_a_booking_does_not_double_it(
    calendly: Calendly,
    account: CalendlyAccount,
    monkeypatch: pytest.MonkeyPatch,
    clock: time_machine.Traveller,
) -> None:
    client = clients.calendly(account)
    original = client.create_invitee

    def book_and_sync(request: Any) -> Any:
        invitee = original(request)
        sync(account)
        return invitee

    monkeypatch.setattr(client, "create_invitee", book_and_sync)
    book()
    pass_time(clock, calendly)
    assert_consistent(calendly)
    assert told() == ["/calendly/metadata", "/calendly/notify", "/calendly/confirmed", "/email/send"]
    assert AGENT.name in Booking.objects.get().timeline.values_list("actor_name", flat=True)
