"""A booking's page: the story, the invitee, the neighbours, the links, the confirmation sent again."""

import html
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient
from time_machine import Traveller

from calendly_integration.admin import booking_page
from calendly_integration.models import AgentKey, Booking, EventType, OutboxMessage, TimelineEntry
from calendly_integration.services.actors import Actor, entry
from calendly_integration.services.bookings import cancel, queries

from . import factories
from .conftest import make, person, views

MOST_QUERIES = 25
SEND = "send_confirmation"


def address(booking: Booking, page: str = "change") -> str:
    return reverse(f"admin:calendly_integration_booking_{page}", args=[booking.pk])


def words(page: str) -> str:
    """The text of a page without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def mails(booking: Booking) -> int:
    return OutboxMessage.objects.filter(booking=booking, path="/email/send").count()


@pytest.fixture
def confirmed(booking: Booking, flush: Callable[[], None]) -> Booking:
    """A booking that Calendly has confirmed."""
    flush()
    booking.refresh_from_db()
    return booking


# The story


def test_an_action_that_has_no_label_cannot_be_written(confirmed: Booking) -> None:
    with pytest.raises(ValueError, match="painted"):
        entry(confirmed.pk, at=datetime.now(UTC), by=Actor.staff("ana"), action="painted")


def test_all_that_happened_stands_in_one_row_by_time(
    staff: Client, confirmed: Booking, flush: Callable[[], None], clock: Traveller
) -> None:
    clock.shift(60)
    OutboxMessage.objects.update(status="sent", sent_at=datetime.now(UTC))
    cancel.cancel_booking(
        queries.find(str(confirmed.pk)), reason="Radu is ill", by=Actor.staff("ana"), now=datetime.now(UTC)
    )
    clock.shift(60)
    flush()
    shown = words(staff.get(address(confirmed)).content.decode())
    wanted = [
        "asked for the meeting",
        "GET /event_type_available_times",
        "POST /invitees",
        "booked the meeting",
        "Notification from Calendly: booking created",
        "Message to the portal: confirmation mail",
        "ana asked to cancel the meeting",
        "Radu is ill",
        "POST /scheduled_events/…/cancellation",
        "Message to the portal: booking canceled",
        "Notification from Calendly: booking canceled",
    ]
    places = [shown.find(each, shown.find("Show everything")) for each in wanted]
    assert -1 not in places, dict(zip(wanted, places, strict=True))
    assert places == sorted(places)


def test_the_story_says_what_people_did_in_sentences(
    staff: Client, confirmed: Booking, clock: Traveller
) -> None:
    clock.shift(60)
    cancel.cancel_booking(
        queries.find(str(confirmed.pk)), reason="Radu is ill", by=Actor.staff("ana"), now=datetime.now(UTC)
    )
    page = staff.get(address(confirmed)).content.decode()
    story = page[page.index("What happened") : page.index("Show everything")]
    assert re.findall(r"<strong>([^<]+)</strong>", story) == [
        f"Agent {confirmed.agent_key.name} booked the meeting",  # type: ignore[union-attr]
        "Calendly confirmed the meeting",
        "ana canceled the meeting",
    ]
    assert "Reason: Radu is ill" in story
    assert "Calendly&#x27;s answer" not in story


def test_those_who_may_not_see_raw_data_see_what_people_did_only(confirmed: Booking) -> None:
    one = Client(headers={"accept-language": "en"})
    one.force_login(person("one", permissions=["view_booking"]))
    page = one.get(address(confirmed)).content.decode()
    assert "booked the meeting" in page
    for hidden in ("Show everything", "Technical details", "Raw data", "POST /invitees", "/email/send"):
        assert hidden not in page


def test_deliveries_and_messages_of_the_story_lead_to_their_pages(staff: Client, confirmed: Booking) -> None:
    page = staff.get(address(confirmed)).content.decode()
    for row in [*confirmed.deliveries.all(), *confirmed.messages.all()]:
        there = reverse(f"admin:calendly_integration_{row._meta.model_name}_change", args=[row.pk])
        assert f'href="{there}"' in page


def test_a_call_says_how_it_ended_how_long_it_took_and_how_often_it_was_tried(
    staff: Client, db: None
) -> None:
    booking = factories.create_booking(factories.create_account())
    detail = {"call": "POST /invitees", "outcome": "429 RateLimited", "ms": 152, "tries": 3}
    TimelineEntry.objects.create(
        booking=booking, at=factories.NOW, actor="system", action="called", detail=detail
    )
    page = staff.get(address(booking)).content.decode()
    assert "POST /invitees · 152 ms · 3 tries" in page
    assert '<span class="state state-bad">429 RateLimited</span>' in page


def test_a_long_story_is_cut_and_says_so(staff: Client, db: None) -> None:
    account = factories.create_account()
    for number in range(30):
        factories.create_booking(account, number + 1)
    booking = factories.create_booking(account, 0, details=200)
    with CaptureQueriesContext(database) as asked:
        page = staff.get(address(booking)).content.decode()
    assert len(asked) <= MOST_QUERIES, [query["sql"][:150] for query in asked]
    assert "newest 100" in page
    assert page[page.index("Show everything") :].count('<li class="by-') == 300


# The invitee, and the neighbours


def test_the_invitees_other_bookings_stand_on_the_card_the_newest_five(staff: Client, db: None) -> None:
    account = factories.create_account()
    booking = factories.create_booking(account, 0, "nora@example.com")
    others = [factories.create_booking(account, number, "nora@example.com") for number in range(1, 13)]
    stranger = factories.create_booking(account, 20, "dan@example.com")
    page = staff.get(address(booking)).content.decode()
    card = page[page.index("This person") : page.index("Everything about this person")]
    assert [address(other) in card for other in others] == [False] * 7 + [True] * 5
    assert address(stranger) not in card
    assert f"{reverse('admin:calendly_integration_booking_person')}?email=nora%40example.com" in page
    assert "No other meetings." in staff.get(address(stranger)).content.decode()


def test_from_a_booking_one_goes_to_those_that_start_before_and_after(staff: Client, db: None) -> None:
    account = factories.create_account()
    first, second, third = (factories.create_booking(account, number) for number in (1, 2, 3))
    page = staff.get(address(second)).content.decode()
    assert f'rel="prev" href="{address(first)}"' in page
    assert f'rel="next" href="{address(third)}"' in page
    assert 'rel="prev"' not in staff.get(address(first)).content.decode()
    assert 'rel="next"' not in staff.get(address(third)).content.decode()


def test_of_those_that_start_together_none_is_left_out_and_none_comes_twice(db: None) -> None:
    account = factories.create_account()
    made = {factories.create_booking(account, 1).pk for _number in range(5)} | {
        factories.create_booking(account, 2).pk
    }
    here: Any = Booking.objects.order_by("start_at", "pk").first()
    seen = []
    while here is not None:
        seen.append(here.pk)
        here = booking_page.neighbours(here)[1]
    assert len(seen) == len(made)
    assert set(seen) == made


def test_a_booking_without_a_start_has_no_neighbours(staff: Client, db: None) -> None:
    booking = factories.create_booking(factories.create_account())
    Booking.objects.filter(pk=booking.pk).update(start_at=None, end_at=None, status="pending")
    assert 'rel="next"' not in staff.get(address(booking)).content.decode()


# The links


def test_the_links_are_copied_only_by_those_who_may_act(staff: Client, confirmed: Booking) -> None:
    page = staff.get(address(confirmed)).content.decode()
    for url in (confirmed.cancel_url, confirmed.reschedule_url):
        assert f'data-copy="{url}"' in page
    one = Client()
    one.force_login(person("one", permissions=[*views(), "cancel_booking"]))
    page = one.get(address(confirmed)).content.decode()
    assert confirmed.cancel_url in page
    assert confirmed.reschedule_url not in page


def test_a_canceled_meeting_offers_no_links_that_lead_nowhere(staff: Client, confirmed: Booking) -> None:
    Booking.objects.filter(pk=confirmed.pk).update(status="canceled", current_calendly_booking=None)
    page = staff.get(address(confirmed)).content.decode()
    assert "data-copy" not in page


def test_calendlys_own_page_is_calendlys_or_the_stand_ins(
    staff: Client, confirmed: Booking, settings: Any
) -> None:
    assert f'href="{booking_page.CALENDLY_MEETINGS_URL}"' in staff.get(address(confirmed)).content.decode()
    settings.CALENDLY_INTEGRATION = {
        **settings.CALENDLY_INTEGRATION,
        "API_URL": "http://127.0.0.1:9/",
    }
    confirmed.reschedule_url = "http://127.0.0.1:9/reschedulings/x"
    assert booking_page.calendly_page_url(confirmed) == "http://127.0.0.1:9/"
    for none in ("", "javascript:alert(1)", "nothing"):
        confirmed.reschedule_url = none
        assert booking_page.calendly_page_url(confirmed) == ""


# The head of the page


def test_the_head_says_who_when_in_both_zones_with_whom_and_how_to_reach_them(
    staff: Client, confirmed: Booking
) -> None:
    assert confirmed.start_at
    Booking.objects.filter(pk=confirmed.pk).update(phone="0744 120 980", time_zone="America/New_York")
    page = staff.get(address(confirmed)).content.decode()
    head = words(page[page.index('id="booking-top"') : page.index('id="staff-note"')])
    for part in ("Nora", "Sales Demo", "with Ana Ionescu", "Europe/Bucharest", "America/New_York", "in "):
        assert part in head, (part, head)
    assert 'href="tel:+40744120980"' in page or 'href="tel:0744120980"' in page
    assert 'href="mailto:nora@example.com"' in page
    assert re.search(r"<title>\s*Nora · Sales Demo · ", page)
    assert f'href="{confirmed.meeting_url}"' in page


def test_a_booking_just_made_renews_itself_until_calendlys_word_is_there(
    staff: Client, booking: Booking, flush: Callable[[], None], clock: Traveller
) -> None:
    assert 'hx-trigger="every 3s"' in staff.get(address(booking)).content.decode()
    flush()
    assert "every 3s" not in staff.get(address(booking)).content.decode()
    Booking.objects.filter(pk=booking.pk).update(meeting_url="")
    assert 'hx-trigger="every 3s"' in staff.get(address(booking)).content.decode()
    clock.shift(11 * 60)
    assert "every 3s" not in staff.get(address(booking)).content.decode()


def test_a_canceled_meeting_says_who_canceled_it_and_is_booked_again_with_all_that_is_known(
    staff: Client, confirmed: Booking
) -> None:
    cancel.cancel_booking(
        queries.find(str(confirmed.pk)), reason="Ill.\r\nSorry.", by=Actor.staff("ana"), now=datetime.now(UTC)
    )
    Booking.objects.filter(pk=confirmed.pk).update(phone="+40 744 120 980")
    page = staff.get(address(confirmed)).content.decode()
    assert "ana canceled the meeting" in words(page[page.index('id="booking-top"') :])
    assert "Ill.<br>Sorry." in page
    add = re.search(r'id="act-book-again" href="([^"]+)"', page)
    assert add
    form = staff.get(html.unescape(add.group(1))).content.decode()
    for known in ("nora@example.com", "Nora", "conv-nora@example.com"):
        assert f'value="{known}"' in form
    assert f"event_type={confirmed.event_type_id}" in add.group(1)
    assert "phone=%2B40+744+120+980" in add.group(1)


# The note for staff


def write_note(browser: Client, booking: Booking, text: str, before: str = "") -> Any:
    return browser.post(address(booking, "staff_note"), {"note": text, "before": before}, follow=True)


def test_staff_write_a_note_which_agents_never_get(staff: Client, confirmed: Booking, api: APIClient) -> None:
    answer = write_note(staff, confirmed, "Brings\r\nher lawyer")
    assert "The note is saved." in answer.content.decode()
    page = staff.get(address(confirmed)).content.decode()
    assert "Brings<br>her lawyer" in page
    assert "maria wrote a note for staff" in page
    confirmed.refresh_from_db()
    assert confirmed.staff_note == "Brings\nher lawyer"
    write_note(staff, confirmed, "Alone", "Brings\r\nher lawyer")
    confirmed.refresh_from_db()
    assert confirmed.staff_note == "Alone"
    told = api.get(f"/api/calendly/bookings/{confirmed.pk}")
    assert told.status_code == 200
    for text in ("lawyer", "Alone", "staff_noted", "staffNote"):
        assert text not in told.content.decode()
    assert not OutboxMessage.objects.filter(body__icontains="Alone").exists()


def test_of_two_who_write_at_once_the_second_sees_the_firsts_note(staff: Client, confirmed: Booking) -> None:
    write_note(staff, confirmed, "first")
    answer = write_note(staff, confirmed, "second")
    page = answer.content.decode()
    assert "changed the note meanwhile" in page
    assert "first" in page
    assert "second" in page
    confirmed.refresh_from_db()
    assert confirmed.staff_note == "first"
    write_note(staff, confirmed, "second", "first")
    confirmed.refresh_from_db()
    assert confirmed.staff_note == "second"


def test_who_may_not_write_notes_reads_them(entered: Callable[..., Client], confirmed: Booking) -> None:
    Booking.objects.filter(pk=confirmed.pk).update(staff_note="Brings her lawyer")
    page = entered("viewer").get(address(confirmed)).content.decode()
    assert "Brings her lawyer" in page
    assert address(confirmed, "staff_note") not in page
    assert write_note(entered("viewer"), confirmed, "x").status_code == 403


# The confirmation, again


def nonce(page: str) -> str:
    found = re.search(r'name="once" value="([^"]+)"', page)
    assert found
    return found.group(1)


def test_a_yes_has_the_confirmation_sent_again_and_two_clicks_are_one(
    staff: Client, confirmed: Booking
) -> None:
    assert address(confirmed, SEND) in staff.get(address(confirmed)).content.decode()
    assert mails(confirmed) == 1
    once = nonce(staff.get(address(confirmed, SEND)).content.decode())
    assert mails(confirmed) == 1
    answer = staff.post(address(confirmed, SEND), {"once": once}, follow=True)
    assert "on its way to the portal" in answer.content.decode()
    again = staff.post(address(confirmed, SEND), {"once": once}, follow=True)
    assert "not sent twice" in again.content.decode()
    assert mails(confirmed) == 2
    first, second = OutboxMessage.objects.filter(booking=confirmed, path="/email/send").order_by("pk")
    assert {**second.body, "timestamp": ""} == {**first.body, "timestamp": ""}
    assert second.idempotency_key != first.idempotency_key
    entry = TimelineEntry.objects.get(booking=confirmed, action="confirmation_sent_again")
    assert (entry.actor, entry.actor_name) == ("staff", "maria")
    assert LogEntry.objects.filter(object_id=str(confirmed.pk)).first().user.username == "maria"  # type: ignore[union-attr]
    other = nonce(staff.get(address(confirmed, SEND)).content.decode())
    staff.post(address(confirmed, SEND), {"once": other})
    assert mails(confirmed) == 3


@pytest.mark.parametrize("booking_request", [{}, {"once": ""}, {"once": "x"}])
def test_without_its_mark_nothing_is_sent(
    staff: Client, confirmed: Booking, booking_request: dict[str, str]
) -> None:
    answer = staff.post(address(confirmed, SEND), booking_request)
    assert answer.status_code == 200
    assert "try again" in answer.content.decode()
    nonce(answer.content.decode())
    assert mails(confirmed) == 1


def test_it_is_only_sent_for_meetings_of_agents_that_stand_and_are_still_to_come(
    staff: Client, confirmed: Booking, clock: Traveller
) -> None:
    def refused(said: str) -> None:
        assert address(confirmed, SEND) not in staff.get(address(confirmed)).content.decode()
        answer = staff.post(address(confirmed, SEND), {"once": str(uuid.uuid4())})
        assert said in answer.content.decode()
        assert mails(confirmed) == 1

    row = Booking.objects.filter(pk=confirmed.pk)
    row.update(source="public")
    refused("that an agent made")
    row.update(source="agent", confirmed_at=None)
    refused("has not confirmed this booking yet")
    row.update(confirmed_at=confirmed.confirmed_at, status="canceled")
    refused("is canceled")
    row.update(status="confirmed")
    assert confirmed.end_at
    clock.move_to(confirmed.end_at)
    refused("is over")


def test_others_send_nothing(entered: Callable[..., Client], confirmed: Booking) -> None:
    booking_request = {"once": str(uuid.uuid4())}
    for who, status in (("viewer", 403), ("stranger", 403), ("customer", 302), ("nobody", 302)):
        assert entered(who).post(address(confirmed, SEND), booking_request).status_code == status
    browser = entered("staff", enforce_csrf_checks=True)
    assert browser.post(address(confirmed, SEND), booking_request).status_code == 403
    assert mails(confirmed) == 1


def test_an_invitees_name_from_outside_is_text_everywhere(
    staff: Client, event_types: dict[str, EventType], agent_key: AgentKey, flush: Callable[[], None]
) -> None:
    evil = '<img src=x onerror="alert(1)">'
    booking = make(event_types["Sales Demo"], agent_key, name=evil)
    make(event_types["Sales Demo"], agent_key, name=evil)
    flush()
    for page in ("change", SEND, "no_show"):
        assert evil not in staff.get(address(booking, page)).content.decode()
