"""Today: who sees what, figures and their links, what needs attention, the night when clocks change."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calendly_integration.models import (
    Booking,
    BulkItem,
    BulkRun,
    CalendlyAccount,
    CalendlyBooking,
    CircuitState,
    FollowUp,
    Heartbeat,
    OutboxMessage,
    RefusedAttempt,
    WebhookDelivery,
)

from ..benchmarks import rows as many
from . import factories
from .conftest import APP, person

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
# One for each kind of need, whatever the number of rows, and those for the rest of the page.
MOST_QUERIES = 27
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def quiet(db: None) -> dict[str, Any]:
    """A connection that works, a worker, and nothing else."""
    account = factories.create_account("Ana")
    CalendlyAccount.objects.update(health="ok", subscription_state="active", synced_at=NOW, checked_at=NOW)
    Heartbeat.objects.create(name="worker", beat_at=NOW)
    account["account"].refresh_from_db()
    BulkRun.objects.all().delete()
    CircuitState.objects.all().delete()
    RefusedAttempt.objects.all().delete()
    return account


@pytest.fixture
def troubled(quiet: dict[str, Any]) -> Booking:
    """One of everything that can be wrong."""
    booking = factories.create_booking(quiet, number=56)  # today, 14:00 UTC
    CalendlyBooking.objects.update(pending_action="resolve", next_attempt_at=NOW, last_error="no answer")
    FollowUp.objects.update(scheduled_for=NOW - timedelta(hours=1))
    CalendlyAccount.objects.update(
        health="failing",
        health_note="401",
        subscription_state="disabled",
        quota_exhausted_until=NOW + timedelta(hours=2),
    )
    Heartbeat.objects.filter(name="worker").update(beat_at=NOW - timedelta(hours=1))
    message = OutboxMessage.objects.get()
    OutboxMessage.objects.create(
        queue=message.queue,
        path="/calendly/notify",
        body={},
        once_key="x",
        created_at=NOW - timedelta(minutes=6),
    )
    run = BulkRun.objects.create(kind="cancel", by="maria", created_at=NOW)
    BulkItem.objects.create(run=run, target="1", status="failed")
    return booking


def address(**wanted: str) -> str:
    return reverse("admin:app_list", args=[APP], query=wanted or None)


def page(client: Client, **wanted: str) -> str:
    answer = client.get(address(**wanted))
    assert answer.status_code == 200
    return answer.content.decode()


def figures(text: str) -> dict[str, tuple[str, int]]:
    """Each figure's link and number."""
    found = re.findall(
        r'<a id="figure-\d" href="([^"]+)"><span class="today-label">([^<]+)</span> '
        r'<span class="today-count">(\d+)',
        text,
    )
    return {label: (unescape(url), int(count)) for url, label, count in found}


def test_who_has_nothing_to_do_with_us_gets_no_page(entered: Callable[..., Client]) -> None:
    assert entered("stranger").get(address()).status_code == 404
    for who in ("customer", "nobody"):
        assert "/login/" in entered(who).get(address())["Location"]


def test_an_empty_day_says_so_and_what_to_do_next(staff: Client, quiet: dict[str, Any]) -> None:
    text = page(staff)
    assert "No meeting begins on this day." in text
    assert "Nothing needs attention" in text
    assert "Times in Europe/Bucharest (UTC+2)." in text
    assert "Nobody has to be called today." in text
    assert "Agents could not book" not in text
    assert "lamp-good" in text
    assert "state-bad" not in text
    assert "All of the administration" in text
    assert reverse(f"admin:{APP}_agentkey_changelist") in text
    assert reverse(f"admin:{APP}_idempotencyrecord_changelist") not in text


def test_before_there_is_a_connection_it_says_how_to_make_one(staff: Client) -> None:
    text = page(staff)
    assert "Calendly is not connected yet" in text
    assert "No meeting can be booked. Tell the administrator." in text
    assert "manage.py calendly_setup" in text


def test_whatever_is_wrong_stands_there_with_what_mends_it(staff: Client, troubled: Booking) -> None:
    text = page(staff)
    followup = FollowUp.objects.get()
    for name, row in (
        ("outboxmessage_resend", OutboxMessage.objects.get(status="parked")),
        ("webhookdelivery_replay", WebhookDelivery.objects.get()),
        ("booking_change", troubled),
        ("booking_refetch", troubled),
        ("followup_change", followup),
    ):
        assert reverse(f"admin:{APP}_{name}", args=[row.pk]) in text, name
    for words in (
        "The booking allowance at Calendly is used up until 25 Nov 2026, 14:00 UTC+2",
        "The worker is not running since 11:00",
        "The portal rejected a message",
        "the portal does not know of the booking",
        "It is not known yet whether Calendly booked it",
        "Calendly has not confirmed it yet",
        "1 row failed",
        "Calendly rejects our access since 12:00",
        "Calendly does not notify us of changes",
    ):
        assert words in text, words


def test_every_link_of_a_troubled_page_opens(staff: Client, troubled: Booking) -> None:
    links = set(re.findall(r'href="([^"]+)"', page(staff).split('class="calendly today"')[1]))
    for link in links:
        url = unescape(link)
        opened = staff.get(url if url.startswith("/") else address() + url, follow=True)
        assert opened.status_code == 200, url
        assert not any("e=1" in to for to, _code in opened.redirect_chain), url


def test_a_viewer_sees_what_is_wrong_and_no_button(entered: Callable[..., Client], troubled: Booking) -> None:
    text = page(entered("viewer"))
    assert "The portal rejected a message" in text
    for act in ("/resend/", "/replay/", "/refetch/", "/no_answer/", "/no_show/", "/booking/add/"):
        assert act not in text


def test_each_kind_is_shown_only_to_who_may_see_its_rows(people: Any, troubled: Booking) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(person("hanna", permissions=["view_host"]))
    text = page(client)
    for words in ("Nora", "Deliveries", "To contact again", "today-count", "allowance"):
        assert words not in text, words
    client.force_login(person("dora", permissions=["view_webhookdelivery"]))
    text = page(client)
    assert "News from Calendly that could not be processed" in text
    assert "Nora" not in text.split("News from Calendly that could not be processed")[0]


def test_each_figure_leads_to_as_many_rows(staff: Client, quiet: dict[str, Any]) -> None:
    for number in range(36, 68):  # from 40 to 63 they begin on this day in Bucharest
        factories.create_booking(quiet, number)
    Booking.objects.filter(event_id__in=["event-50", "event-51"]).update(
        status="canceled", current_calendly_booking=None, canceled_at=NOW
    )
    Booking.objects.filter(event_id="event-52").update(no_show_at=NOW)
    Booking.objects.filter(event_id__in=["event-53", "event-54", "event-55"]).update(created_at=NOW)
    FollowUp.objects.filter(booking__event_id="event-53").update(scheduled_for=NOW)
    found = figures(page(staff))
    assert {label: count for label, (_url, count) in found.items()} == {
        "Meetings": 22,
        "Bookings made": 3,
        "Meetings canceled": 2,
        "No-shows marked": 1,
        "Follow-ups due that day": 1,
    }
    for label, (url, count) in found.items():
        listed = staff.get(url)
        assert listed.status_code == 200, (label, url)
        assert listed.context["cl"].result_count == count, label


def in_use(answer: Any) -> dict[str, str]:
    """The conditions that a list names, each with the query that drops it."""
    row = answer.content.decode().partition('class="calendly list-conditions"')[2].partition("</nav>")[0]
    return {unescape(words): unescape(to) for to, words in re.findall(r'href="([^"]*)"><bdi>([^<]*)<', row)}


def test_the_list_of_a_figure_names_its_filters_and_drops_them(staff: Client, quiet: dict[str, Any]) -> None:
    factories.create_booking(quiet, 50)
    for label, expected in {
        "Meetings": ["Status: confirmed", "Start: 25 Nov 2026"],
        "Bookings made": ["Created at: 25 Nov 2026"],
        "Meetings canceled": ["Status: canceled", "Canceled at: 25 Nov 2026"],
        "No-shows marked": ["Marked as no-show at: 25 Nov 2026"],
        "Follow-ups due that day": ["Due at: 25 Nov 2026"],
    }.items():
        url, _count = figures(page(staff))[label]
        listed = staff.get(url)
        found = in_use(listed)
        assert list(found) == expected, label
        text = listed.content.decode()
        assert "Save this view" not in text
        for words, query in found.items():
            left = staff.get(url.partition("?")[0] + query)
            assert list(in_use(left)) == [each for each in expected if each != words]


def test_whatever_leads_to_a_list_is_named_there(staff: Client, troubled: Booking) -> None:
    booking = reverse(f"admin:{APP}_booking_changelist")
    wanted = {
        f"{booking}?period=week&q=nora&o=1": ["Period: This week"],
        f"{booking}?status=confirmed&confirmed_at__isnull=True&created_at__lte=2026-11-25T10:00:00%2B00:00": [
            "Status: confirmed",
            "Confirmed by Calendly at: none",
            "Created at: until 25 Nov 2026, 12:00 UTC+2",
        ],
        f"{booking}?start_at__gte=2026-11-25T10:00:00Z&start_at__lt=2026-11-25T12:00:00Z": [
            "Start: from 25 Nov 2026, 12:00 UTC+2 to 25 Nov 2026, 14:00 UTC+2",
        ],
        f"{booking}?start_at__year=2026&start_at__month=11": [],
        reverse(f"admin:{APP}_webhookdelivery_changelist") + "?status__in=parked,unreadable": [
            "Status: could not be applied, unreadable",
        ],
        reverse(f"admin:{APP}_calendlybooking_changelist")
        + f"?pending_action__exact={CalendlyBooking.PendingAction.RESOLVE.value}": [
            "Pending action: find out whether it was booked",
        ],
    }
    for url, expected in wanted.items():
        assert list(in_use(staff.get(url))) == expected, url


@pytest.mark.parametrize(
    "query",
    [
        "created_at__gte=9999-12-31T23:59:59Z",
        "created_at__lt=0001-01-01T00:00:00Z",
        "created_at__gte=0001-01-01&created_at__lt=9999-12-31",
        "created_at__gte=x",
        "missed=x",
        "status__exact=<b>",
        "__gte=1",
        "a__b__c=1",
        "seen_at__isnull=maybe",
        "created_at__gte=",
    ],
)
def test_absurd_conditions_break_no_list(staff: Client, troubled: Booking, query: str) -> None:
    answer = staff.get(reverse(f"admin:{APP}_booking_changelist") + f"?{query}", follow=True)
    assert answer.status_code == 200
    assert "<b>" not in answer.content.decode()


def test_the_time_line_stands_between_past_and_coming_meetings(staff: Client, quiet: dict[str, Any]) -> None:
    factories.create_booking(quiet, 50, "Past")  # 08:00 UTC
    factories.create_booking(quiet, 52, "Present")  # 10:00 UTC, which it is now
    factories.create_booking(quiet, 54, "Coming")
    text = page(staff).split('id="today-schedule"')[1].split("</section>")[0]
    order = [text.index(f"<bdi>{name}</bdi></a>") for name in ("Past", "Present", "Coming")]
    assert order[0] < text.index("now, 12:00") < order[1] < order[2]
    assert "today-now" not in page(staff, day="2026-11-24")


def test_the_line_stands_below_a_day_that_is_over(staff: Client, quiet: dict[str, Any]) -> None:
    factories.create_booking(quiet, 45, "Past")
    text = page(staff).split('id="today-schedule"')[1].split("</section>")[0]
    assert text.index("Past") < text.index("now, 12:00")


def test_days_follow_one_another_and_a_bad_one_is_today(staff: Client, quiet: dict[str, Any]) -> None:
    text = page(staff, day="2026-12-31")
    assert "?day=2026-12-30" in text
    assert "?day=2027-01-01" in text
    assert "Thursday, December 31" in text
    for bad in ("yesterday", "2026-02-30", "<script>", "1" * 500):
        assert "Wednesday, November 25" in page(staff, day=bad)


def test_the_night_when_clocks_go_back_has_25_hours_and_tells_its_hours_apart(
    staff: Client, quiet: dict[str, Any]
) -> None:
    for number, hour in enumerate((0, 1)):  # 03:30 twice in Bucharest
        booking = factories.create_booking(quiet, number)
        start = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        Booking.objects.filter(pk=booking.pk).update(start_at=start, end_at=start + timedelta(minutes=15))
    text = page(staff, day="2026-10-25")
    assert "it has 25 hours" in text
    assert "03:30 UTC+3–03:45 UTC+3" in text
    assert "03:30 UTC+2–03:45 UTC+2" in text
    assert "(UTC+3 → UTC+2)" in text
    assert "it has 23 hours" in page(staff, day="2026-03-29")


def test_what_comes_from_outside_is_escaped(staff: Client, quiet: dict[str, Any]) -> None:
    factories.create_booking(quiet, 56, "<script>alert(1)</script>\u202e")
    text = page(staff)
    assert "<script>alert" not in text
    assert "\u202e" not in text


def test_a_thousand_bookings_and_all_troubles_cost_no_more_queries(staff: Client, troubled: Booking) -> None:
    many.fill(1000, now=NOW)
    Booking.objects.filter(event_name="Discovery call").update(
        start_at=NOW, end_at=NOW + timedelta(minutes=30), created_at=NOW - timedelta(hours=1)
    )
    parked = OutboxMessage.objects.get(status="parked")
    OutboxMessage.objects.bulk_create(
        [
            OutboxMessage(
                queue=parked.queue,
                booking=troubled,
                path="/x",
                body={},
                once_key=str(n),
                status="parked",
                created_at=NOW,
            )
            for n in range(150)
        ]
    )
    with CaptureQueriesContext(database) as asked:
        text = page(staff)
    assert len(asked) <= MOST_QUERIES, [query["sql"][:120] for query in asked]
    assert "All 100+" in text
    assert "Only the first meetings of the day are shown." in text
    assert text.count("/resend/") == 10


def mend(client: Client, name: str, row: Any, **sent: object) -> Any:
    """Press a button on Today: its form leads back there."""
    url = reverse(f"admin:{APP}_{name}", args=[row.pk])
    assert f'action="{url}"' in page(client), name
    return client.post(url, {"next": address(), **sent}, follow=True)


def test_a_refused_confirmation_is_named_so_and_mended_by_one_click(
    staff: Client, quiet: dict[str, Any]
) -> None:
    factories.create_booking(quiet, 56)
    OutboxMessage.objects.update(path="/email/send", last_error="422")
    text = page(staff)
    assert "The invitee did not get the confirmation" in text
    assert "Nora · Nora · 25 Nov 2026, 16:00 UTC+2" in text
    answer = mend(staff, "outboxmessage_resend", OutboxMessage.objects.get())
    assert answer.redirect_chain == [(address(), 302)]
    assert "The message will be sent again in a moment." in answer.text
    assert "The invitee did not get the confirmation" not in answer.text


def test_a_form_leads_to_no_other_site(staff: Client, quiet: dict[str, Any]) -> None:
    factories.create_booking(quiet, 56)
    row = OutboxMessage.objects.get()
    answer = staff.post(
        reverse(f"admin:{APP}_outboxmessage_resend", args=[row.pk]), {"next": "https://evil.example/"}
    )
    assert answer["Location"] == reverse(f"admin:{APP}_outboxmessage_change", args=[row.pk])


def test_a_meeting_shows_phone_host_type_and_what_can_be_done_now(
    staff: Client, quiet: dict[str, Any]
) -> None:
    begun, coming = factories.create_booking(quiet, 52), factories.create_booking(quiet, 56)
    Booking.objects.update(phone="+40 744 120 980", meeting_url="https://meet.example/x")
    text = page(staff).split('id="today-schedule"')[1].split("</section>")[0]
    rows = text.split('class="today-meeting')[1:]
    assert len(rows) == 2
    for row in rows:
        assert 'href="tel:+40744120980"' in row
        assert "· <bdi>Ana</bdi>" in row
        assert 'fill="#ff00aa"' in row
        assert 'href="https://meet.example/x"' in row
    assert reverse(f"admin:{APP}_booking_no_show", args=[begun.pk]) in rows[0]
    assert reverse(f"admin:{APP}_booking_no_show", args=[coming.pk]) not in rows[1]
    Booking.objects.update(no_show_at=NOW)
    assert reverse(f"admin:{APP}_booking_undo_no_show", args=[begun.pk]) in page(staff)


def test_whom_to_call_today_stands_there_with_phone_meeting_and_hour(
    staff: Client, quiet: dict[str, Any]
) -> None:
    factories.create_booking(quiet, 56)
    Booking.objects.update(phone="0744120980", cancel_reason="ora nu e bună")
    FollowUp.objects.update(scheduled_for=NOW + timedelta(hours=3))
    text = page(staff).split('id="today-calls"')[1].split("</section>")[0]
    for words in (
        ">today<",
        "Nora",
        'href="tel:0744120980"',
        "today, 16:00",
        "The invitee canceled: “ora nu e bună”",
    ):
        assert words in text, words
    answer = mend(staff, "followup_no_answer", FollowUp.objects.get())
    assert "No answer. The call is due again: 26 Nov 2026, 09:00 UTC+2." in answer.text
    assert "Nobody has to be called today." in answer.text


def test_what_agents_could_not_book_is_counted_and_leaves_when_closed_or_booked(
    staff: Client, quiet: dict[str, Any]
) -> None:
    for number, name in enumerate(("Radu", "Ilinca", "Dan")):
        RefusedAttempt.objects.create(
            code="no_availability",
            event_type=quiet["event_type"],
            name=name,
            email=f"{name}@example.com",
            email_key=f"{name}@example.com".lower(),
            phone="0744120980",
            time_zone="Europe/Bucharest",
            conversation_id=f"chat-{number}",
            first_at=NOW - timedelta(hours=1),
            last_at=NOW - timedelta(hours=1),
        )
    text = page(staff).split('id="today-unbooked"')[1].split("</section>")[0]
    assert '<span class="quiet">3</span>' in text
    assert "No free time" in text
    for part in ("name=Radu", "email=Radu%40example.com", "phone=0744120980", "time_zone=Europe%2FBucharest"):
        assert part in text, part
    answer = mend(staff, "refusedattempt_close", RefusedAttempt.objects.get(name="Radu"))
    assert "The request is closed." in answer.text
    assert "Radu" not in answer.text
    booking = factories.create_booking(quiet, 56, "Ilinca")
    Booking.objects.filter(pk=booking.pk).update(email_key="ilinca@example.com", created_at=NOW)
    shown = page(staff).split('id="today-unbooked"')[1].split("</section>")[0]
    assert "Dan" in shown
    assert "Ilinca" not in shown
    listed = staff.get(unescape(re.findall(r'href="([^"]*state=open)"', shown)[0]))
    assert listed.context["cl"].result_count == 1
    assert list(in_use(listed)) == ["State: still without a meeting"]


def test_today_renews_only_its_own_part(staff: Client, quiet: dict[str, Any]) -> None:
    text = page(staff)
    assert 'hx-select-oob="#today-live,#calendly-lamp"' in text
    assert text.count('id="today-live"') == text.count('id="calendly-lamp"') == 1
    assert "every 45s" not in page(staff, day="2026-11-24")


@pytest.mark.parametrize(
    ("circuit", "tone", "words"),
    [
        (
            "calendly does not answer",
            "bad",
            "Calendly does not answer since 11:44; the data is of 12:00",
        ),
        ("portal refuses our key", "wait", "The portal rejects our key since 11:44"),
        ("portal fails", "wait", "The portal does not answer since 11:44"),
    ],
)
def test_the_lamp_on_every_page_says_what_is_away_and_leads_to_what_to_do(
    staff: Client, quiet: dict[str, Any], circuit: str, tone: str, words: str
) -> None:
    CircuitState.objects.create(pk=circuit, opened_at=NOW - timedelta(minutes=16))
    for name in ("booking_changelist", "followup_board", "booking_calendar", "eventtype_changelist"):
        text = staff.get(reverse(f"admin:{APP}_{name}")).text
        assert f"lamp-{tone}" in text, name
        assert f'<a href="{address()}#today-needs">{words}</a>' in text, name


def test_the_worst_fault_is_named_and_the_others_are_counted(staff: Client, quiet: dict[str, Any]) -> None:
    Heartbeat.objects.filter(name="worker").update(beat_at=NOW - timedelta(days=1))
    CircuitState.objects.create(pk="portal fails", opened_at=NOW)
    text = staff.get(reverse(f"admin:{APP}_followup_board")).text
    assert "lamp-bad" in text
    assert "The worker is not running since 24 Nov 2026, 12:00 UTC+2" in text
    assert "(+1)" in text
