"""Many meetings canceled, many deliveries and messages treated again: asked for here, done in the background."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calendly_integration.models import (
    AgentKey,
    Booking,
    BulkItem,
    BulkRun,
    CalendlyBooking,
    EventType,
    FollowUp,
    OutboxMessage,
    TimelineEntry,
    WebhookDelivery,
)
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.backoffice import bulk
from calendly_integration.services.catalog import event_types as catalog

from . import factories
from .conftest import make, person, views
from .test_pages import named

LIST = reverse(f"{named(Booking)}_changelist") + "?tab=all"
YES = {"sure": "yes", "code": "host_away", "reason": "Radu is ill", "follow_up": "on"}


@pytest.fixture
def meetings(event_types: dict[str, EventType], agent_key: AgentKey) -> list[Booking]:
    """Three meetings at Calendly, the last one first."""
    kind = event_types["Sales Demo"]
    made = [make(kind, agent_key, email=f"p{each}@example.com", name=f"Person {each}") for each in range(3)]
    return made[::-1]


def booking_request(*bookings: Booking, **more: Any) -> dict[str, Any]:
    return {
        "action": "cancel_many",
        "_selected_action": [str(each.pk) for each in bookings],
        "targets": ",".join(str(each.pk) for each in bookings),
        **more,
    }


def page(run: BulkRun) -> str:
    return reverse(f"{named(BulkRun)}_change", args=[run.pk])


def retry(run: BulkRun) -> str:
    return reverse(f"{named(BulkRun)}_retry", args=[run.pk])


def work() -> None:
    """The worker does what is due."""
    now = datetime.now(UTC)
    for item in bulk.claim(now=now, limit=500):
        bulk.work(item, now=now)


def refuse(sandbox: Calendly, times: int | None = None) -> None:
    sandbox.faults.add("status", method="POST", path=".*/cancellation", status=403, times=times)


def test_the_page_lists_what_will_happen_and_changes_nothing(
    staff: Client, meetings: list[Booking], sandbox: Calendly
) -> None:
    calls = sandbox.calls_made
    text = staff.post(LIST, booking_request(*meetings)).content.decode()
    assert "3 meetings will be canceled" in text
    assert "The portal is notified of 3 meetings" in text
    assert all(each.invitee_name in text for each in meetings)
    assert "left out" not in text
    assert not BulkRun.objects.exists()
    assert sandbox.calls_made == calls


def test_a_yes_is_written_down_logged_and_done_in_the_background(
    staff: Client, meetings: list[Booking], sandbox: Calendly
) -> None:
    answer = staff.post(LIST, booking_request(*meetings, **YES), follow=True)
    run = BulkRun.objects.get()
    assert answer.redirect_chain == [(page(run), 302)]
    text = answer.content.decode()
    assert "3 rows are processed in the background." in text
    assert "0 of 3 are processed." in text
    assert 'data-unfinished="3"' in text
    assert (run.kind, run.by, run.given["code"]) == ("cancel", "maria", "host_away")
    assert Booking.objects.filter(status="confirmed").count() == 3
    logged = LogEntry.objects.filter(object_id__in=[str(each.pk) for each in meetings])
    assert {(each.user.username, each.change_message) for each in logged} == {("maria", "Asked to cancel")}
    assert logged.count() == 3
    work()
    assert set(Booking.objects.values_list("status", "cancel_reason")) == {
        ("canceled", "The host cannot come: Radu is ill")
    }
    assert FollowUp.objects.filter(kind="rebook").count() == 3
    assert TimelineEntry.objects.filter(action="canceled", actor_name="maria").count() == 3
    text = staff.get(page(run)).content.decode()
    assert "All are processed." in text
    assert 'data-unfinished="0"' in text
    assert text.count("Canceled at Calendly.") == 3


def test_why_some_are_left_out_is_said(
    staff: Client, meetings: list[Booking], account: Any, sandbox: Calendly, agent_key: AgentKey
) -> None:
    sandbox.add_group_type("Webinar", seats=3)
    catalog.sync(account, now=datetime.now(UTC))
    group = make(EventType.objects.get(name="Webinar"), agent_key, email="g@example.com", name="Group")
    extra = make(EventType.objects.get(name="Sales Demo"), agent_key, email="e@example.com", name="Moving")
    canceled, past, busy = meetings
    Booking.objects.filter(pk=canceled.pk).update(status="canceled")
    before = datetime.now(UTC) - timedelta(days=1)
    Booking.objects.filter(pk=past.pk).update(start_at=before, end_at=before + timedelta(hours=1))
    CalendlyBooking.objects.filter(booking=busy).update(
        pending_action="cancel", next_attempt_at=datetime.now(UTC)
    )
    CalendlyBooking.objects.create(booking=extra, status="pending", created_at=datetime.now(UTC))
    chosen = [canceled, past, busy, group, extra]
    text = staff.post(LIST, booking_request(*chosen)).content.decode()
    for why in (
        "already canceled",
        "is over",
        "It is already being canceled.",
        "has several invitees: cancel it on its own page",
        "not certain yet",
        "5 are left out",
        "None of these meetings can be canceled here",
    ):
        assert why in text, why
    assert 'name="code"' not in text
    staff.post(LIST, booking_request(*chosen, **YES))
    assert not BulkRun.objects.exists()


def test_what_was_canceled_between_the_page_and_the_yes_is_left_out(
    staff: Client, meetings: list[Booking]
) -> None:
    Booking.objects.filter(pk=meetings[0].pk).update(status="canceled")
    staff.post(LIST, booking_request(*meetings, **YES))
    assert set(BulkItem.objects.values_list("target", flat=True)) == {str(each.pk) for each in meetings[1:]}


def test_a_yes_is_only_for_what_the_page_has_shown(staff: Client, meetings: list[Booking]) -> None:
    """All of a filter were chosen, and another came to it meanwhile."""
    given = booking_request(*meetings, select_across="1")
    shown = staff.post(LIST + "&status__exact=confirmed", given).content.decode()
    found = re.search(r'name="targets" value="([^"]*)"', shown)
    assert found
    first = ",".join(found.group(1).split(",")[:2])
    staff.post(LIST + "&status__exact=confirmed", {**given, **YES, "targets": first})
    assert BulkItem.objects.count() == 2


@pytest.mark.parametrize("targets", ["", "x", "8d0f5f4e-0000-4000-8000-000000000000", "1,2,\x00"])
def test_made_up_targets_start_nothing(staff: Client, meetings: list[Booking], targets: str) -> None:
    answer = staff.post(LIST, booking_request(*meetings, **{**YES, "targets": targets}))
    assert answer.status_code == 200
    assert not BulkRun.objects.exists()


@pytest.mark.parametrize("given", [{"code": ""}, {"code": "made-up"}, {"code": "other", "reason": ""}])
def test_without_a_reason_nothing_starts_and_the_page_says_so(
    staff: Client, meetings: list[Booking], given: dict[str, str]
) -> None:
    text = staff.post(LIST, booking_request(*meetings, **{**YES, **given})).content.decode()
    assert "errorlist" in text
    assert "3 meetings will be canceled" in text
    assert not BulkRun.objects.exists()


def test_only_those_who_may_cancel_can_ask(entered: Callable[..., Client], meetings: list[Booking]) -> None:
    for who in ("viewer", "stranger", "customer", "nobody"):
        browser = entered(who)
        browser.post(LIST, booking_request(*meetings, **YES))
        assert not BulkRun.objects.exists()
    assert b'value="cancel_many"' not in entered("viewer").get(LIST).content
    assert b'value="cancel_many"' in entered("staff").get(LIST).content
    strict = entered("staff", enforce_csrf_checks=True)
    assert strict.post(LIST, booking_request(*meetings, **YES)).status_code == 403


def test_a_thousand_are_listed_and_begun_in_few_queries(staff: Client, db: None) -> None:
    account = factories.create_account()
    BulkRun.objects.all().delete()
    start = datetime.now(UTC) + timedelta(days=1)
    Booking.objects.bulk_create(
        Booking(
            account=account["account"],
            status="confirmed",
            source="agent",
            event_type=account["event_type"],
            event_name="Demo",
            event_id=f"e{each}",
            start_at=start,
            end_at=start + timedelta(hours=1),
            invitee_name=f"P {each}",
            invitee_email="p@x.ro",
            email_key="p@x.ro",
            created_at=start,
        )
        for each in range(1000)
    )
    one = Booking.objects.first()
    assert one is not None
    with CaptureQueriesContext(database) as asked:
        text = staff.post(LIST, booking_request(one, select_across="1")).content.decode()
    assert "1000 meetings will be canceled" in text
    assert "… and 900 more" in text
    assert len(asked) <= 18
    found = re.search(r'name="targets" value="([^"]*)"', text)
    assert found
    with CaptureQueriesContext(database) as asked:
        staff.post(LIST, booking_request(one, **{**YES, "select_across": "1", "targets": found.group(1)}))
    assert BulkItem.objects.count() == 1000
    assert LogEntry.objects.count() == 1001
    assert len(asked) <= 44
    with CaptureQueriesContext(database) as asked:
        assert staff.get(page(BulkRun.objects.get())).status_code == 200
    assert len(asked) <= 20


# How far it is


def test_outcomes_are_told_in_words(staff: Client, meetings: list[Booking], sandbox: Calendly) -> None:
    staff.post(LIST, booking_request(*meetings, **YES))
    refuse(sandbox, times=1)
    sandbox.faults.add("refuse", method="POST", path=".*/cancellation", times=1)
    work()
    text = staff.get(page(BulkRun.objects.get())).content.decode()
    assert "2 of 3 are processed." in text
    assert "1 could not be done." in text
    assert "Calendly refused:" in text
    assert "Calendly could not be reached, or asked to wait." in text
    assert "Tried again:" in text
    items = staff.get(
        reverse(f"{named(BulkItem)}_changelist") + f"?run__id__exact={BulkRun.objects.get().pk}"
    )
    assert "Calendly refused:" in items.content.decode()
    runs = staff.get(reverse(f"{named(BulkRun)}_changelist")).content.decode()
    assert "1 of 3 done, 1 not done" in runs


@pytest.mark.parametrize(
    "note", [*"past pending failed canceled group already unknown unavailable".split(), "gone"]
)
def test_each_note_has_words(staff: Client, db: None, note: str) -> None:
    factories.create_account()
    BulkItem.objects.update(note=note)
    text = staff.get(page(BulkRun.objects.get())).content.decode()
    assert f'quiet">{note}<' not in text
    assert re.search(r'class="quiet">[A-Z][^<]{12,}', text)


def test_the_failed_ones_are_tried_again(staff: Client, meetings: list[Booking], sandbox: Calendly) -> None:
    staff.post(LIST, booking_request(*meetings, **YES))
    refuse(sandbox, times=2)
    work()
    run = BulkRun.objects.get()
    assert retry(run) in staff.get(page(run)).content.decode()
    assert staff.get(retry(run)).status_code == 302
    assert BulkItem.objects.filter(status="failed").count() == 2
    answer = staff.post(retry(run), follow=True)
    assert answer.redirect_chain == [(page(run), 302)]
    assert "2 rows are tried again." in answer.content.decode()
    work()
    assert Booking.objects.filter(status="canceled").count() == 3
    assert retry(run) not in staff.get(page(run)).content.decode()
    assert "nothing was done" in staff.post(retry(run), follow=True).content.decode()
    assert LogEntry.objects.filter(change_message="Try the failed ones again").count() == 1


@pytest.mark.parametrize(
    ("kind", "right"),
    [("cancel", "cancel_booking"), ("replay", "replay_webhookdelivery"), ("resend", "resend_outboxmessage")],
)
def test_to_try_again_asks_for_the_right_to_do_it_once(db: None, people: Any, kind: str, right: str) -> None:
    factories.create_account()
    BulkRun.objects.update(kind=kind)
    run = BulkRun.objects.get()
    others = {"cancel_booking", "replay_webhookdelivery", "resend_outboxmessage"} - {right}
    may, may_not, blind = Client(), Client(), Client()
    may.force_login(person("may", permissions=[*views(), right]))
    may_not.force_login(person("may_not", permissions=[*views(), *others]))
    blind.force_login(person("blind", permissions=[right]))
    for browser in (may_not, blind):
        assert browser.post(retry(run)).status_code == 403
        assert retry(run) not in browser.get(page(run)).content.decode()
    assert BulkItem.objects.get().status == "failed"
    assert retry(run) in may.get(page(run)).content.decode()
    may.post(retry(run))
    assert BulkItem.objects.get().status == "waiting"
    assert may.post(retry(BulkRun(pk=99_999))).status_code == 404


def test_who_may_not_see_bulk_acts_goes_back_to_the_list(meetings: list[Booking], people: Any) -> None:
    browser = Client()
    browser.force_login(person("narrow", permissions=["view_booking", "cancel_booking"]))
    answer = browser.post(LIST, booking_request(*meetings, **YES))
    assert answer["Location"] == LIST.partition("?")[0]
    assert BulkRun.objects.count() == 1


# Deliveries and messages


def test_more_than_a_hundred_deliveries_are_processed_in_the_background(staff: Client, db: None) -> None:
    factories.create_booking(factories.create_account(), details=102)
    BulkRun.objects.all().delete()
    one = WebhookDelivery.objects.first()
    assert one is not None
    address = reverse(f"{named(WebhookDelivery)}_changelist")
    given = {"action": "process_again", "_selected_action": one.pk, "select_across": "1"}
    assert "in the background" in staff.post(address, given).content.decode()
    assert not BulkRun.objects.exists()
    answer = staff.post(address, {**given, "sure": "yes"}, follow=True)
    run = BulkRun.objects.get()
    assert answer.redirect_chain == [(page(run), 302)]
    assert (run.kind, run.items.count()) == ("replay", 102)
    assert WebhookDelivery.objects.filter(status="parked").count() == 102
    assert LogEntry.objects.count() == 103
    work()
    assert WebhookDelivery.objects.filter(status="received").count() == 102
    assert "It is processed again." in staff.get(page(run)).content.decode()


def test_more_than_a_hundred_messages_are_sent_again_in_the_background(staff: Client, db: None) -> None:
    factories.create_booking(factories.create_account(), details=101)
    BulkRun.objects.all().delete()
    one = OutboxMessage.objects.first()
    assert one is not None
    address = reverse(f"{named(OutboxMessage)}_changelist")
    given = {"action": "send_again", "_selected_action": one.pk, "select_across": "1", "sure": "yes"}
    staff.post(address, given)
    assert BulkRun.objects.get().kind == "resend"
    work()
    assert OutboxMessage.objects.filter(status="waiting").count() == 101
