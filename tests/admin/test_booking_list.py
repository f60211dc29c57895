"""The list of bookings: filters with counts, search, dates, and few questions to the database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calendly_integration.models import Booking, CalendlyBooking, Preference, VAIMetadata
from calendly_integration.models.booking import search_key
from calendly_integration.services.backoffice import search

from . import factories

MOST = 17 + (3 if database.vendor == "postgresql" else 0)
# On PostgreSQL a search asks for its index, and tells the planner to use it.
MOST_OF_A_SEARCH = MOST + (6 if database.vendor == "postgresql" else 2)


def listed(browser: Client, **query: object) -> Any:
    """All bookings, where no other tab is chosen."""
    return browser.get(reverse("admin:calendly_integration_booking_changelist"), {"tab": "all", **query})


def counts(answer: Any, title: str) -> dict[str, str]:
    """What a filter shows: words and count."""
    changelist = answer.context["cl"]
    (spec,) = [each for each in changelist.filter_specs if str(each.title) == title]
    return {str(choice["display"]): choice["count"] for choice in spec.choices(changelist)}


def copies(booking: Booking, count: int, **changed: Any) -> None:
    columns = {field.attname: getattr(booking, field.attname) for field in Booking._meta.concrete_fields}
    made = Booking.objects.bulk_create(
        Booking(**{**columns, "id": None, "event_id": f"copy-{number}", **changed, "pk": Booking().pk})
        for number in range(count)
    )
    VAIMetadata.objects.bulk_create(
        VAIMetadata(booking=each, conversation_id="c", agent_type="sales") for each in made
    )


def test_a_list_of_a_thousand_asks_no_more_than_one_of_two_hundred(root: Client, db: None) -> None:
    booking = factories.create_booking(factories.create_account())
    copies(booking, 200)
    listed(root)  # the lamp is kept for some seconds
    asked = []
    for more in (0, 1000):
        copies(booking, more)
        for query in ({}, {"q": "nora"}, {"status__exact": "confirmed", "source__exact": "agent"}):
            with CaptureQueriesContext(database) as captured:
                assert listed(root, **query).status_code == 200
            asked.append(len(captured))
            most = MOST_OF_A_SEARCH if "q" in query else MOST
            assert len(captured) <= most, [each["sql"][:120] for each in captured]
    assert asked[:3] == asked[3:]


def test_counts_obey_the_other_filters_and_stop_at_a_thousand(root: Client, db: None) -> None:
    booking = factories.create_booking(factories.create_account())
    copies(booking, 1001)
    copies(booking, 3, status="canceled", source="staff")
    answer = listed(root, source__exact="staff")
    assert counts(answer, "status") == {
        "All": "",
        "pending": "0",
        "confirmed": "0",
        "canceled": "3",
        "failed": "0",
    }
    assert counts(answer, "source") == {"All": "", "agent": "1000+", "public page": "0", "staff": "3"}
    assert counts(answer, "kind of agent")["sales"] == "3"
    assert "1000+" in answer.content.decode()


def test_the_whole_table_is_never_counted(root: Client, db: None, monkeypatch: Any) -> None:
    monkeypatch.setattr("calendly_integration.admin.booking_list.MAX_COUNTED", 20)
    monkeypatch.setattr("calendly_integration.admin.booking.BookingAdmin.list_per_page", 10)
    copies(factories.create_booking(factories.create_account()), 30)
    with CaptureQueriesContext(database) as captured:
        answer = listed(root)
    text = answer.content.decode()
    assert "over 20 bookings" in text
    assert "across all pages" not in text
    monkeypatch.setattr("calendly_integration.admin.booking_list.MAX_COUNTED", 40)
    assert "Select all 31" in listed(root).content.decode()
    for query in captured:
        if "COUNT(*)" in query["sql"] and "calendly_integration_booking" in query["sql"]:
            assert "LIMIT" in query["sql"]


@pytest.mark.parametrize(
    "term",
    [
        "ȘTEFAN",
        "stefan pop",
        "st.pop@example",
        "0722 123 456",
        "+40 722 123 456",
        "722123",
        "conv-77",
        "event-now",
        "event-before",
        " {pk} ",
    ],
)
def test_one_box_finds_by_whatever_is_at_hand(root: Client, db: None, term: str) -> None:
    account = factories.create_account()
    wanted, other = factories.create_booking(account, 1), factories.create_booking(account, 2, text="Other")
    texts = ("Ștefan Pop", "St.Pop@Example.com", "+40722123456")
    Booking.objects.filter(pk=wanted.pk).update(search_key=search_key(*texts), event_id="event-now")
    CalendlyBooking.objects.filter(booking=wanted).update(event_id="event-before")
    VAIMetadata.objects.filter(booking=wanted).update(conversation_id="conv-77")
    found = listed(root, q=term.format(pk=wanted.pk)).context["cl"].result_list
    assert list(found) == [wanted], other


SPELLED = ("+40 744 120 980", "0040744120980", "+40 (0)744.120.980", "40744120980", "(+40) 744-120-980")
NATIONAL = ("0731 456 789", "0731456789", "731.456.789")


@pytest.mark.parametrize("kept", SPELLED)
@pytest.mark.parametrize(
    "term",
    [
        *SPELLED,
        "0744120980",
        "744120980",
        "+40744120980",
        "0744 120 980",
        "0744-120-980",
        "(0744) 120 980",
        "744 120",
        "120 980",
        "0744",
        "+40 744",
        "Nora 0744 120 980",
        "0744120980 nora",
    ],
)
def test_a_phone_number_is_found_in_any_spelling(root: Client, db: None, kept: str, term: str) -> None:
    wanted = called(factories.create_account(), kept)
    assert list(listed(root, q=term).context["cl"].result_list) == [wanted]


@pytest.mark.parametrize("kept", NATIONAL)
@pytest.mark.parametrize("term", [*NATIONAL, "+40731456789", "0040 731 456 789", "40731456789", "0731 45"])
def test_a_number_kept_without_its_country_is_found_with_it_too(
    root: Client, db: None, kept: str, term: str
) -> None:
    wanted = called(factories.create_account(), kept)
    assert list(listed(root, q=term).context["cl"].result_list) == [wanted]


@pytest.mark.parametrize("term", ["0744120981", "+40 744 120 98 1", "0745", "Other 0744120980"])
def test_another_number_is_not_found(root: Client, db: None, term: str) -> None:
    called(factories.create_account(), SPELLED[0])
    assert listed(root, q=term).context["cl"].result_count == 0


def called(account: dict[str, Any], phone: str) -> Booking:
    """A booking of Nora's with that number, and one of somebody else with another."""
    other = factories.create_booking(account, 1, text="Other")
    wanted = factories.create_booking(account, 2)
    for booking, name, number in ((wanted, "Nora Popescu", phone), (other, "Other", "+40722123456")):
        booking.invitee_name, booking.invitee_email, booking.phone = name, "nora@example.com", number
        booking.search_key = search_key(name, booking.invitee_email, number)
        booking.save()
    return wanted


@pytest.mark.parametrize(("term", "found"), [("Li", 2), ("li wei", 1), ("ei", 0), ("w", 1), ("4", 0)])
def test_a_word_of_two_letters_is_found_where_a_name_begins(
    root: Client, db: None, term: str, found: int
) -> None:
    account = factories.create_account()
    for number, name in enumerate(("Li Wei", "Ana Li", "Eli Pop")):
        booking = factories.create_booking(account, number)
        key = search_key(name, "x@example.com", "+40722")
        Booking.objects.filter(pk=booking.pk).update(search_key=key)
    assert listed(root, q=term).context["cl"].result_count == found


def test_more_finds_than_fit_a_list_of_ids_are_found_all(root: Client, db: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(search, "MAX_IDS", 5)
    copies(factories.create_booking(factories.create_account()), 9)
    assert listed(root, q="nora").context["cl"].result_count == 10


@pytest.mark.parametrize(("few", "common"), [(300, 1), (5, 1), (5, 100), (300, 100)])
def test_however_a_search_is_read_its_pages_hold_the_same(
    root: Client, db: None, monkeypatch: Any, few: int, common: int
) -> None:
    monkeypatch.setattr(search, "MAX_IDS", few)
    monkeypatch.setattr(search, "COMMON_FROM", common)
    monkeypatch.setattr("calendly_integration.admin.booking.BookingAdmin.list_per_page", 4)
    copies(factories.create_booking(factories.create_account()), 9)
    for number, booking in enumerate(Booking.objects.order_by("pk")):
        start = datetime(2026, 11, 20, number, tzinfo=UTC)
        Booking.objects.filter(pk=booking.pk).update(start_at=start, end_at=start + timedelta(minutes=30))
    factories.create_booking(factories.create_account("Bogdan"), 30, text="Other")
    hours = [
        row.start_at.hour
        for number in (1, 2, 3)
        for row in listed(root, q="nora", p=number).context["cl"].result_list
    ]
    assert hours == list(range(9, -1, -1))


def test_a_sign_beside_a_name_hinders_nothing_and_alone_finds_nothing(root: Client, db: None) -> None:
    wanted = factories.create_booking(factories.create_account())
    assert list(listed(root, q="nora -").context["cl"].result_list) == [wanted]
    assert listed(root, q="-").context["cl"].result_count == 0


def test_of_what_is_not_read_to_its_end_the_counts_say_at_least(
    root: Client, db: None, monkeypatch: Any
) -> None:
    copies(factories.create_booking(factories.create_account()), 5, source="staff")
    monkeypatch.setattr("calendly_integration.admin.list_filters.MAX_ROWS_READ", 4)
    status, staff = counts(listed(root, source__exact="staff"), "status"), listed(root)
    assert (status["confirmed"], status["failed"]) == ("5+", "")
    assert (counts(staff, "source")["staff"], counts(staff, "status")["failed"]) == ("5", "0")


@pytest.mark.parametrize(("order", "hours"), [("4", [1, 2, 3]), ("-4", [3, 2, 1]), ("5", [1, 2, 3])])
def test_those_of_one_status_stand_by_their_start(
    root: Client, db: None, order: str, hours: list[int]
) -> None:
    account = factories.create_account()
    for hour in (2, 3, 1):
        booking = factories.create_booking(account, hour)
        start = datetime(2026, 11, 20, hour, tzinfo=UTC)
        Booking.objects.filter(pk=booking.pk).update(start_at=start, end_at=start + timedelta(minutes=30))
    assert [row.start_at.hour for row in listed(root, o=order).context["cl"].result_list] == hours


def test_a_no_show_is_shown_and_found_by_a_filter(root: Client, db: None) -> None:
    account = factories.create_account()
    missed, other = factories.create_booking(account, 1), factories.create_booking(account, 2)
    Booking.objects.filter(pk=missed.pk).update(no_show_at=factories.NOW)
    answer = listed(root, missed="yes")
    assert list(answer.context["cl"].result_list) == [missed]
    cell = answer.content.decode().partition('<td class="field-state">')[2].partition("</td>")[0]
    assert '<span class="state state-bad">no-show</span>' in cell
    assert "confirmed" not in cell
    assert list(listed(root, missed="no").context["cl"].result_list) == [other]
    assert counts(listed(root), "no-show") == {"All": "", "marked": "1", "not marked": "1"}
    head = root.get(reverse("admin:calendly_integration_booking_change", args=[missed.pk])).content.decode()
    assert '<span class="state state-bad">no-show</span>' in head.partition("<h2")[0]


def test_who_canceled_stands_under_the_status(root: Client, db: None) -> None:
    booking = factories.create_booking(factories.create_account(), 1)
    Booking.objects.update(status="canceled", canceled_by="<b>maria</b>", no_show_at=None)
    cell = listed(root).content.decode().partition('<td class="field-state">')[2].partition("</td>")[0]
    assert "by &lt;b&gt;maria&lt;/b&gt;" in cell
    page = root.get(reverse("admin:calendly_integration_booking_change", args=[booking.pk])).content.decode()
    assert "&lt;b&gt;maria&lt;/b&gt;" in page


@pytest.mark.parametrize("term", ["%", "_", "\0", "'; drop", "a" * 500, "  "])
def test_odd_terms_break_nothing(root: Client, db: None, term: str) -> None:
    factories.create_booking(factories.create_account())
    assert listed(root, q=term).status_code in (200, 302)


@pytest.mark.parametrize(
    "query",
    [
        {"host__id__exact": "x"},
        {"period": "x"},
        {"status__exact": "x"},
        {"start_at__year": "2026", "start_at__month": "10", "start_at__day": "25"},
    ],
)
def test_filters_with_nonsense_find_nothing_and_say_so(root: Client, db: None, query: dict[str, str]) -> None:
    factories.create_booking(factories.create_account())
    answer = listed(root, **query)
    assert answer.status_code == 200
    assert "No booking matches" in answer.content.decode()


def test_today_is_the_viewers_day_also_when_the_clocks_change(root: Client, db: None) -> None:
    account = factories.create_account()
    # 25 October 2026 has 25 hours in Bucharest: from 21:00 UTC to 22:00 UTC.
    for number, start in enumerate(
        datetime(2026, 10, day, hour, minute, tzinfo=UTC)
        for day, hour, minute in ((24, 20, 59), (24, 21, 0), (25, 21, 59), (25, 22, 0))
    ):
        booking = factories.create_booking(account, number)
        Booking.objects.filter(pk=booking.pk).update(start_at=start, end_at=start + timedelta(hours=1))
    day = {"start_at__year": 2026, "start_at__month": 10, "start_at__day": 25}
    with time_machine.travel(datetime(2026, 10, 25, 12, tzinfo=UTC), tick=False):
        root.force_login(User.objects.get(username="root"))
        assert listed(root, period="today").context["cl"].result_count == 2
        assert listed(root, **day).context["cl"].result_count == 2
        Preference.objects.update_or_create(
            user=User.objects.get(username="root"), defaults={"time_zone": "UTC"}
        )
        assert listed(root, **day).context["cl"].result_count == 2
        assert counts(listed(root), "period")["Today"] == "2"


def test_dates_lead_from_years_to_days(root: Client, db: None) -> None:
    factories.create_booking(factories.create_account())
    steps = listed(root).context["cl"].dates
    assert [step.words for step in steps[0]] == ["2026"]
    steps = listed(root, start_at__year=2026, period="past30").context["cl"].dates
    assert [len(row) for row in steps] == [2, 12]
    steps = listed(root, start_at__year=2026, start_at__month=2).context["cl"].dates
    assert len(steps[1]) == 28
    assert listed(root, start_at__year=2026, start_at__month=12).context["cl"].dates[1][-1].words == "31"


def at(booking: Booking, start: datetime, **changes: Any) -> None:
    changes = {"start_at": start, "end_at": start + timedelta(minutes=30), **changes}
    Booking.objects.filter(pk=booking.pk).update(**changes)


@pytest.mark.parametrize(
    ("tab", "names"),
    [
        ("upcoming", ["now", "soon", "unseen", "later"]),
        ("unconfirmed", ["unseen", "asked"]),
        ("past", ["missed", "held"]),
        ("canceled", ["off"]),
        ("no_show", ["missed"]),
        ("all", ["asked", "off", "later", "unseen", "soon", "now", "missed", "held"]),
    ],
)
def test_each_tab_lists_what_it_says_in_the_order_in_which_it_is_needed(
    root: Client, db: None, tab: str, names: list[str]
) -> None:
    account, now = factories.create_account(), datetime(2026, 11, 24, 8, tzinfo=UTC)
    seen, hour = {"confirmed_at": now - timedelta(days=9)}, timedelta(hours=1)
    rows: dict[str, tuple[datetime, dict[str, Any]]] = {
        "held": (now - 30 * hour, seen),
        "missed": (now - 20 * hour, {**seen, "no_show_at": now}),
        "now": (now - hour / 4, seen),
        "soon": (now + hour, seen),
        "unseen": (now + 2 * hour, {"confirmed_at": None}),
        "later": (now + 50 * hour, seen),
        "off": (now + 60 * hour, {**seen, "status": "canceled"}),
        "asked": (now + 70 * hour, {"status": "pending", "confirmed_at": None}),
    }
    for number, (name, (start, changes)) in enumerate(rows.items()):
        at(factories.create_booking(account, number), start, invitee_name=name, **changes)
    with time_machine.travel(now, tick=False):
        root.force_login(User.objects.get(username="root"))
        answer = listed(root, tab=tab)
        bare = root.get(reverse("admin:calendly_integration_booking_changelist"))
    assert [row.invitee_name for row in answer.context["cl"].result_list] == names
    tabs = {each["display"]: each["count"] for each in answer.context["cl"].tabs}
    assert list(tabs.values()) == ["4", "2", "2", "1", "1", "8"]
    assert [row.invitee_name for row in bare.context["cl"].result_list] == ["now", "soon", "unseen", "later"]


def test_days_head_their_meetings_only_in_the_order_of_their_start(root: Client, db: None) -> None:
    account, now = factories.create_account(), datetime(2026, 11, 24, 8, tzinfo=UTC)
    for number, hours in enumerate((1, 2, 20, 50)):
        at(factories.create_booking(account, number), now + timedelta(hours=hours))
    with time_machine.travel(now, tick=False):
        root.force_login(User.objects.get(username="root"))
        by_start, by_name = listed(root, tab="upcoming"), listed(root, tab="upcoming", o="2")
    assert [row.heading for row in by_start.context["cl"].rows] == [
        "Today, Tuesday, November 24",
        "",
        "Tomorrow, Wednesday, November 25",
        "Thursday, November 26",
    ]
    assert not any(row.heading for row in by_name.context["cl"].rows)
    assert "11:00–11:30" in by_start.content.decode()


def test_a_row_has_the_links_of_what_this_person_can_do_with_it_now(entered: Any, db: None) -> None:
    account, now = factories.create_account(), datetime.now(UTC)
    coming, past = factories.create_booking(account, 1), factories.create_booking(account, 2)
    at(coming, now + timedelta(days=1))
    at(past, now - timedelta(days=1), current_calendly_booking=past.calendly_bookings.get())
    shown = {
        who: [
            [str(words) for _url, words in (*row.links, *row.buttons)]
            for row in listed(entered(who)).context["cl"].rows
        ]
        for who in ("staff", "viewer")
    }
    assert shown == {"staff": [["Move", "Cancel"], ["No-show"]], "viewer": [[], []]}


def test_each_person_chooses_columns_and_keeps_them(entered: Any, db: None) -> None:
    factories.create_booking(factories.create_account())
    address, chosen = (
        reverse("admin:calendly_integration_booking_columns"),
        {"column": ["email", "number", "x"]},
    )
    assert entered("viewer").get(address).status_code == 405
    assert entered("stranger").post(address, chosen).status_code == 403
    viewer = entered("viewer")
    answer = viewer.post(address, {**chosen, "query": "tab=all&evil=1"})
    assert answer["Location"].endswith("/booking/?tab=all")
    text = listed(viewer).content.decode()
    assert 'class="field-email"' in text
    assert 'class="field-event"' not in text
    assert 'class="field-event' in listed(entered("staff")).content.decode()
    viewer.post(address, {"column": []})
    assert 'class="field-event' in listed(viewer).content.decode()


def test_a_canceled_meeting_says_why_and_a_moved_one_that_it_was(root: Client, db: None) -> None:
    account = factories.create_account()
    off, moved = factories.create_booking(account, 1), factories.create_booking(account, 2)
    Booking.objects.filter(pk=off.pk).update(status="canceled", cancel_reason="No <time>")
    old = moved.calendly_bookings.get()
    new = CalendlyBooking.objects.create(
        booking=moved,
        replaces=old,
        status="active",
        created_at=factories.NOW,
        invitee_uri="new",
        event_uri="new",
        event_id="new",
    )
    Booking.objects.filter(pk=moved.pk).update(current_calendly_booking=new)
    text = listed(root).content.decode()
    assert "No &lt;time&gt;" in text
    assert "moved" in text.partition("field-state")[2]
