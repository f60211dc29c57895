"""Booking for somebody from the admin."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.test import Client
from django.urls import reverse

from calendly_integration import clients
from calendly_integration.models import Booking, CalendlyAccount, EventType, FollowUp, TimelineEntry
from calendly_integration.models.booking import search_key
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.seeds import place, question
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.catalog import event_types as catalog
from calendly_integration.services.outbox import portal_messages

START = "2026-11-24T10:00:00Z"


def starts(answer: Any) -> list[str]:
    return re.findall(r'name="start-\d+" value="([^"]+)"', answer.content.decode())


def once(answer: Any) -> str:
    return str(re.findall(r'name="once" value="([^"]+)"', answer.content.decode())[0])


def to(kind: EventType, **more: str) -> str:
    from django.utils.http import urlencode

    return f"{reverse('admin:calendly_integration_booking_add')}?{urlencode({'event_type': str(kind.pk), **more})}"


def filled(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Ioana Țepeș",
        "email": "ioana@example.com",
        "phone": "",
        "timezone": "Europe/Bucharest",
        "language": "ro",
        "conversation": "",
        "guests": "",
        "notes": "Called us.",
        "start": START,
        "once": str(uuid.uuid4()),
    } | changes


@pytest.fixture
def demo(event_types: dict[str, EventType]) -> EventType:
    return event_types["Sales Demo"]


def added(sandbox: Calendly, name: str, **fields: Any) -> EventType:
    sandbox.add_event_type(name, **fields)
    catalog.sync(CalendlyAccount.objects.get(), now=datetime.now(UTC))
    return EventType.objects.get(name=name)


def posts(sandbox: Calendly) -> int:
    return sum(call.method == "POST" and call.path.endswith("/invitees") for call in sandbox.calls)


def test_first_the_event_type_is_chosen_and_what_came_along_goes_on(
    staff: Client, demo: EventType, sandbox: Calendly
) -> None:
    calls = sandbox.calls_made
    text = staff.get(reverse("admin:calendly_integration_booking_add"), {"name": "Ana & Co"}).content.decode()
    assert sandbox.calls_made == calls
    assert f"?name=Ana+%26+Co&amp;event_type={demo.pk}" in text
    assert "Ana Ionescu" in text
    assert "30 minutes" in text
    gone = staff.get(reverse("admin:calendly_integration_booking_add"), {"event_type": "no such"})
    assert "cannot be booked" in gone.content.decode()


def test_one_page_then_it_is_booked_at_calendly(staff: Client, demo: EventType, sandbox: Calendly) -> None:
    calls = sandbox.calls_made
    page = staff.get(to(demo))
    assert sandbox.calls_made == calls + 1
    assert START in starts(page)
    answer = staff.post(
        to(demo), filled(guests="a@example.com, b@example.com\nA@example.com", once=once(page)), follow=True
    )
    text = answer.content.decode()
    assert "The meeting is booked" in text
    booking = Booking.objects.get()
    assert answer.redirect_chain[-1][0].endswith(f"/booking/{booking.pk}/change/")
    assert str(booking.pk) == once(page)
    assert (booking.status, booking.source, booking.locale) == ("confirmed", "staff", "ro")
    assert booking.start_at == datetime.fromisoformat(START)
    assert booking.metadata.notes == "Called us."
    assert booking.current_calendly_booking
    assert booking.current_calendly_booking.request["guests"] == ["a@example.com", "b@example.com"]
    logged = LogEntry.objects.get()
    assert (logged.action_flag, logged.user.username) == (ADDITION, "maria")
    assert TimelineEntry.objects.get(action="booked").actor_name == "maria"


def test_a_double_click_books_once(staff: Client, demo: EventType, sandbox: Calendly) -> None:
    form = filled()
    first = staff.post(to(demo), form)
    again = staff.post(to(demo), form | {"start": "2026-11-24T13:00:00Z"}, follow=True)
    assert "was already sent" in again.content.decode()
    assert again.redirect_chain[0][0] == first["Location"]
    assert (Booking.objects.count(), posts(sandbox)) == (1, 1)


def test_two_clicks_at_the_same_moment_book_once(
    staff: Client, demo: EventType, sandbox: Calendly, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = filled()
    client = clients.calendly(calendly_accounts.default())
    available_times = client.available_times

    def first_click_books(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(client, "available_times", available_times)
        staff.post(to(demo), form)
        return available_times(*args, **options)

    monkeypatch.setattr(client, "available_times", first_click_books)
    again = staff.post(to(demo), form | {"start": "2026-11-24T13:00:00Z"}, follow=True)
    assert "was already sent" in again.content.decode()
    assert (Booking.objects.count(), posts(sandbox)) == (1, 1)


def test_a_start_that_went_shows_others_and_keeps_what_was_typed(
    staff: Client, demo: EventType, sandbox: Calendly
) -> None:
    sandbox.book_as_invitee("Sales Demo", datetime.fromisoformat(START), email="fast@example.com")
    form = filled(phone="+40721000111", timezone="Asia/Tokyo", conversation="conv-9")
    answer = staff.post(to(demo), form)
    text = answer.content.decode()
    assert "no longer free" in text
    for kept in ("Ioana Țepeș", "ioana@example.com", "+40721000111", "conv-9", "Called us."):
        assert kept in text
    assert '<option value="Asia/Tokyo" selected>' in text
    assert "Asia/Tokyo" in text.partition('id="slots"')[2]
    assert starts(answer)
    assert START not in starts(answer)
    assert once(answer) != form["once"]
    assert not Booking.objects.filter(source="staff").exists()
    staff.post(to(demo), form | {"start": starts(answer)[0], "once": once(answer)})
    assert Booking.objects.get(source="staff").status == "confirmed"


def test_starts_shown_on_another_clock_than_the_invitees_are_shown_anew_before_anything_is_booked(
    staff: Client, demo: EventType, sandbox: Calendly
) -> None:
    text = staff.get(to(demo)).content.decode()
    assert '<input type="hidden" name="shown_zone" value="Europe/Bucharest">' in text
    form = filled(timezone="America/New_York", start="2026-11-24T13:45:00Z", shown_zone="Europe/Bucharest")
    answer = staff.post(to(demo), form)
    text = answer.content.decode()
    assert (posts(sandbox), Booking.objects.count()) == (0, 0)
    assert "Tuesday, November 24, 2026 at 08:45 (America/New_York). Check it, then book." in text
    assert "on the invitee&#x27;s clock, America/New_York" in text
    assert 'value="2026-11-24T13:45:00Z" checked> <span>08:45 <small>15:45 Bucharest' in text
    assert 'name="shown_zone" value="America/New_York"' in text
    staff.post(to(demo), form | {"shown_zone": "America/New_York", "once": once(answer)})
    booking = Booking.objects.get()
    assert (booking.start_at, booking.time_zone) == (
        datetime(2026, 11, 24, 13, 45, tzinfo=UTC),
        "America/New_York",
    )


def test_starts_on_the_hosts_clock_say_so_and_are_booked_as_they_are(
    staff: Client, demo: EventType, sandbox: Calendly
) -> None:
    address = to(demo, zone="host")
    text = staff.get(address).content.decode()
    assert "shown_zone" not in text
    assert 'value="2026-11-24T13:45:00Z"> <span>15:45</span>' in text
    staff.post(address, filled(timezone="America/New_York", start="2026-11-24T13:45:00Z"))
    assert Booking.objects.get().start_at == datetime(2026, 11, 24, 13, 45, tzinfo=UTC)


def test_of_a_start_that_went_the_whole_day_comes_first(
    staff: Client, demo: EventType, sandbox: Calendly
) -> None:
    chosen = "2026-12-02T10:00:00Z"
    before = [each for each in starts(staff.get(to(demo))) if each.startswith("2026-12-02")]
    sandbox.book_as_invitee("Sales Demo", datetime.fromisoformat(chosen), email="fast@example.com")
    text = staff.post(to(demo), filled(start=chosen)).content.decode()
    first = text.partition('<details class="slot-day" name="slot-day" open>')[2].partition("</details>")[0]
    offered = re.findall(r'name="start-\d+" value="([^"]+)"', first)
    taken = {f"2026-12-02T{hour}:00Z" for hour in ("09:30", "09:45", "10:00", "10:15", "10:30")}
    assert "Wednesday, December 2" in first
    assert f"{len(offered)} free" in first
    assert set(before) - set(offered) <= taken
    assert len(offered) > 3
    assert offered[0] < chosen < offered[-1]
    assert '<span class="span">2 Dec 2026 – 15 Dec 2026</span>' in text
    assert " checked" not in text


def test_another_look_keeps_what_was_typed_and_books_nothing(
    staff: Client, demo: EventType, sandbox: Calendly
) -> None:
    form = filled(look="1")
    answer = staff.post(f"{to(demo)}&zone=host&from=2026-11-30", form)
    text = answer.content.decode()
    assert "Ioana Țepeș" in text
    assert "errorlist" not in text
    assert "on the host" in text
    assert once(answer) == form["once"]
    assert min(starts(answer)) >= "2026-11-29T22:00:00Z"
    assert posts(sandbox) == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "This field is required"),
        ({"email": "ioana"}, "is not an e-mail address"),
        ({"email": ""}, "This field is required"),
        ({"timezone": "Mars/Base"}, "Select a valid choice"),
        ({"guests": "a@example.com not-one"}, "not-one is not an e-mail address"),
        ({"guests": " ".join(f"g{number}@example.com" for number in range(11))}, "At most ten guests"),
        ({"start": ""}, "Choose one of the free start times"),
        ({"start": "\x00"}, "Choose one of the free start times"),
        ({"start": "2020-01-01T10:00:00Z"}, "That start time is in the past"),
        ({"name": "x\x00"}, "Null characters"),
        ({"name": "<script>alert(1)</script>", "start": ""}, "&lt;script&gt;alert(1)"),
    ],
)
def test_what_cannot_be_booked_is_said_and_nothing_is(
    staff: Client, demo: EventType, sandbox: Calendly, changes: dict[str, str], said: str
) -> None:
    answer = staff.post(to(demo), filled(**changes))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert posts(sandbox) == 0
    assert not Booking.objects.exists()


def test_the_questions_are_asked_each_by_its_kind(staff: Client, demo: EventType, sandbox: Calendly) -> None:
    kind = added(
        sandbox,
        "Asking",
        questions=[
            question("Company?", required=True, kind="string"),
            question("Size?", kind="single_select", position=1, choices=("small", "large")),
            question("Needs?", required=True, kind="multi_select", position=2, choices=("a", "b", "c")),
            question("Number?", kind="phone_number", position=3),
        ],
    )
    text = staff.get(to(kind)).content.decode()
    assert '<select name="question_1"' in text
    assert text.count('type="checkbox" name="question_2"') == 3
    assert 'type="tel" name="question_3"' in text
    wrong = staff.post(to(kind), filled(question_0="VAI"))
    assert "This field is required" in wrong.content.decode()
    assert 'value="VAI"' in wrong.content.decode()
    staff.post(to(kind), filled(question_0="VAI", question_1="large", question_2=["a", "c"]))
    booking = Booking.objects.get()
    assert booking.current_calendly_booking
    assert booking.current_calendly_booking.request["answers"] == [
        ["Company?", "VAI"],
        ["Size?", "large"],
        ["Needs?", "a\nc"],
    ]


def test_a_call_needs_a_number(staff: Client, demo: EventType, sandbox: Calendly) -> None:
    kind = added(sandbox, "Call", locations=[place("outbound_call")])
    assert "with its country code" in staff.post(to(kind), filled()).content.decode()
    staff.post(to(kind), filled(phone="+40721234567"))
    assert Booking.objects.get().status == "confirmed"


def test_a_lost_answer_leads_to_the_booking_with_a_warning(
    staff: Client, demo: EventType, sandbox: Calendly
) -> None:
    sandbox.faults.add("lose_answer", method="POST", path="/invitees")
    form = filled()
    text = staff.post(to(demo), form, follow=True).content.decode()
    assert "Do not book again" in text
    staff.post(to(demo), form)
    assert (Booking.objects.get().status, posts(sandbox)) == ("pending", 1)


def test_a_used_up_allowance_hands_over_the_public_link(
    staff: Client, demo: EventType, sandbox: Calendly
) -> None:
    sandbox.faults.add("status", method="POST", path="/invitees", status=429, seconds=600)
    text = staff.post(to(demo), filled()).content.decode()
    assert "allowance at Calendly is used up" in text
    assert demo.scheduling_url in text
    assert "Ioana Țepeș" in text


def test_without_calendly_the_page_opens_and_says_so(
    staff: Client, demo: EventType, sandbox: Calendly
) -> None:
    sandbox.faults.add("refuse", times=None)
    answer = staff.get(to(demo))
    assert answer.status_code == 200
    assert "cannot be reached" in answer.content.decode()
    answer = staff.post(to(demo), filled())
    assert "Nothing was booked" in answer.content.decode()
    assert "Ioana Țepeș" in answer.content.decode()


def test_a_follow_up_fills_the_page_in_and_is_closed_by_the_booking(
    entered: Callable[..., Client], booking: Booking, demo: EventType
) -> None:
    calendly_booking = booking.current_calendly_booking
    assert calendly_booking
    followup = portal_messages.plan_follow_up(
        booking, calendly_booking, kind=FollowUp.Kind.REBOOK, now=datetime.now(UTC)
    )
    followup.save()
    address = to(
        demo,
        name="Nora",
        email="nora@example.com",
        phone="+40721",
        timezone="europe/paris",
        start=START,
        conversation="conv-nora",
        followup=str(followup.pk),
    )
    browser = entered("staff")
    text = browser.get(address).content.decode()
    for kept in ("Nora", "nora@example.com", "+40721", "conv-nora"):
        assert f'value="{kept}"' in text
    assert '<option value="Europe/Paris" selected>' in text
    assert f'value="{START}" checked' in text
    form = filled(name="Nora", email="nora@example.com")
    browser.post(address, form)
    made = Booking.objects.get(pk=form["once"])
    followup.refresh_from_db()
    assert (followup.status, followup.rebooking) == ("rebooked", made)
    more = filled(start="2026-11-24T12:00:00Z")
    browser.post(address, more)  # closed already: the meeting is booked all the same
    assert Booking.objects.get(pk=more["once"]).status == "confirmed"


def test_only_who_may_change_follow_ups_closes_one(
    db: None, booking: Booking, demo: EventType, people: Any
) -> None:
    from .conftest import person, views

    calendly_booking = booking.current_calendly_booking
    assert calendly_booking
    followup = portal_messages.plan_follow_up(
        booking, calendly_booking, kind=FollowUp.Kind.REBOOK, now=datetime.now(UTC)
    )
    followup.save()
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(person("booker", permissions=[*views(), "add_booking"]))
    form = filled()
    browser.post(to(demo, followup=str(followup.pk)), form)
    assert Booking.objects.get(pk=form["once"]).status == "confirmed"
    followup.refresh_from_db()
    assert followup.status == "planned"
    for nonsense in ("x", "9" * 400, "-1"):
        assert browser.get(to(demo, followup=nonsense)).status_code == 200


@pytest.mark.parametrize("who", ["viewer", "stranger", "customer", "nobody"])
def test_who_may_not_book_does_not(
    entered: Callable[..., Client], demo: EventType, sandbox: Calendly, who: str
) -> None:
    browser = entered(who)
    expected = 403 if who in ("viewer", "stranger") else 302
    assert browser.get(to(demo)).status_code == expected
    assert browser.post(to(demo), filled()).status_code == expected
    assert entered("staff", enforce_csrf_checks=True).post(to(demo), filled()).status_code == 403
    assert not Booking.objects.exists()


@pytest.mark.parametrize("email", ["ană@exemplu.ro", "o'brien+1@exämple.ro"])
def test_staff_may_book_for_every_address_that_agents_may(
    staff: Client, demo: EventType, sandbox: Calendly, email: str
) -> None:
    answer = staff.post(to(demo), filled(email=f" {email} ", guests="ion@exämple.ro"))
    assert answer.status_code == 302, answer.content
    assert Booking.objects.get().invitee_email == email


def test_the_place_is_asked_for_only_where_the_event_type_asks_for_it(
    staff: Client, demo: EventType, sandbox: Calendly
) -> None:
    kind = added(sandbox, "Visit", locations=[place("ask_invitee")])
    assert 'name="location"' not in staff.get(to(demo)).content.decode()
    assert 'name="location"' in staff.get(to(kind)).content.decode()
    without = staff.post(to(kind), filled(phone="+40721234567")).content.decode()
    assert "Write where the meeting takes place" in without
    assert "The host calls" not in without
    assert posts(sandbox) == 0
    staff.post(to(kind), filled(location="La cafenea"))
    calendly_booking = Booking.objects.get().current_calendly_booking
    assert calendly_booking
    assert calendly_booking.request["location"] == {"kind": "ask_invitee", "location": "La cafenea"}


def test_a_number_in_a_phone_question_is_read_as_of_the_invitees_country(
    staff: Client, demo: EventType, sandbox: Calendly
) -> None:
    kind = added(sandbox, "Asking", questions=[question("Number?", kind="phone_number")])
    refused = staff.post(to(kind), filled(question_0="no number")).content.decode()
    assert "A question asks for a phone number" in refused
    assert posts(sandbox) == 0
    staff.post(to(kind), filled(question_0="0721 234 567"))
    calendly_booking = Booking.objects.get().current_calendly_booking
    assert calendly_booking
    assert calendly_booking.request["answers"] == [["Number?", "+40721234567"]]


def test_a_choice_and_another_answer_together_are_refused_where_one_is_taken(
    staff: Client, demo: EventType, sandbox: Calendly
) -> None:
    single = question("Size?", kind="single_select", choices=("small", "large"))
    several = question("Needs?", kind="multi_select", position=1, choices=("a", "b"))
    kind = added(sandbox, "Asking", questions=[{**each, "include_other": True} for each in (single, several)])
    both = {"question_0": "small", "question_0_other": "huge", "question_1": ["a"], "question_1_other": "c"}
    assert "Give one answer" in staff.post(to(kind), filled(**both)).content.decode()
    assert posts(sandbox) == 0
    staff.post(to(kind), filled(**both | {"question_0": ""}))
    calendly_booking = Booking.objects.get().current_calendly_booking
    assert calendly_booking
    assert calendly_booking.request["answers"] == [["Size?", "huge"], ["Needs?", "a\nc"]]


def test_the_address_fills_the_page_in(staff: Client, demo: EventType, sandbox: Calendly) -> None:
    address = to(demo, name="Nora", email="nora@example.com", time_zone="europe/paris", notes="VIP <b>")
    text = staff.get(address).content.decode()
    for kept in (
        'value="Nora"',
        'value="nora@example.com"',
        "VIP &lt;b&gt;",
        '<option value="Europe/Paris" selected',
    ):
        assert kept in text
    assert "<details open><summary>Language" in text  # there is a note
    for given in ("Mars/Base", "\x00", "9" * 5000):
        assert (
            '<option value="Europe/Bucharest" selected'
            in staff.get(to(demo, time_zone=given)).content.decode()
        )


def test_a_host_in_the_address_narrows_the_event_types(
    staff: Client, demo: EventType, sandbox: Calendly
) -> None:
    radu = next(user for user in sandbox.state.users.values() if user.name == "Radu Marin")
    kind = added(sandbox, "Demo with Radu", owner=radu)
    page = reverse("admin:calendly_integration_booking_add")
    host = kind.hosts.get()
    text = staff.get(page, {"host": str(host.pk)}).content.decode()
    assert "Book the meeting" in text  # the only one: no question
    others = {"host": str(host.pk), "event_type": ""}
    assert "Demo with Radu" in staff.get(page, others).content.decode()
    for given in ("x", "\x00", str(uuid.uuid4())):
        assert staff.get(page, {"host": given}).status_code == 200
    ana = demo.hosts.get()
    text = staff.get(page, {"host": str(ana.pk)}).content.decode()
    assert "Sales Demo" in text
    assert "Demo with Radu" not in text


def test_a_known_person_is_offered_by_address_or_number_and_filled_in(
    entered: Callable[..., Client], booking: Booking, demo: EventType
) -> None:
    Booking.objects.update(phone="+40744120980", time_zone="America/New_York", locale="en")
    booking.refresh_from_db()
    booking.search_key = search_key(booking.invitee_name, booking.invitee_email, booking.phone)
    booking.save()
    address = reverse("admin:calendly_integration_booking_known_person")
    browser = entered("staff")
    for given in (
        {"email": " Nora@Example.com "},
        {"phone": "0744 120 980"},
        {"email": "x", "phone": "+40744120980"},
    ):
        assert f'value="{booking.pk}"' in browser.get(address, given).content.decode()
    for given in ({}, {"email": "nora@example.co"}, {"phone": "0744"}, {"phone": "\x00", "email": "\x00"}):
        assert "Known person" not in browser.get(address, given).content.decode()
    typed = filled(name="N", phone="", notes="Called us.", fill=str(booking.pk))
    text = browser.post(to(demo), typed).content.decode()
    for kept in (
        'value="nora@example.com"',
        'value="+40744120980"',
        "Called us.",
        '<option value="en" selected',
    ):
        assert kept in text
    assert "on the invitee&#x27;s clock, America/New_York" in text
    assert Booking.objects.count() == 1
    assert browser.post(to(demo), typed | {"fill": "x"}).status_code == 200
    assert entered("viewer").get(address).status_code == 403
    assert entered("stranger").get(address).status_code == 403
    assert entered("nobody").get(address).status_code == 302


def test_of_a_start_that_is_not_free_the_nearest_come_first_and_none_is_chosen(
    staff: Client, demo: EventType, sandbox: Calendly
) -> None:
    sandbox.book_as_invitee("Sales Demo", datetime.fromisoformat(START), email="fast@example.com")
    text = staff.get(to(demo, start=START)).content.decode()
    assert " checked" not in text
    assert "is not free. Choose another start." in text
    nearest = re.findall(r'data-start="([^"]+)"', text)
    assert [each[11:16] for each in nearest] == ["09:15", "10:45", "09:00", "11:00"]
    assert "First free time" not in text
