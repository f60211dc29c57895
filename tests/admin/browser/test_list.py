"""The list of bookings in the browser: found, narrowed, kept, taken away, by those who may."""

import csv
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from calendly_integration.models import Booking, EventType, SavedView
from calendly_integration.services import texts as wording

from .admin_client import AdminClient

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = "calendly_integration_booking_changelist"
ROWS = "#result_list tbody tr:not(.day)"
ALL = "?tab=all"
FORMULA = '=HYPERLINK("https://evil.example","Ștefania")'
CANCELED = "?status__exact=canceled"


@pytest.fixture
def three(booking: Booking) -> Booking:
    """Andrei is in three weeks, Nora stands, and one whose name is a formula is canceled."""
    andrei = Booking.objects.get(email_key="andrei@example.com")
    start = datetime(2026, 12, 15, 8, tzinfo=UTC)
    Booking.objects.filter(pk=andrei.pk).update(start_at=start, end_at=start + timedelta(minutes=30))
    Booking.objects.exclude(pk__in=[andrei.pk, booking.pk]).update(status="canceled", invitee_name=FORMULA)
    return booking


def names(window: AdminClient) -> list[str]:
    """Who stands in the list."""
    return [text.split("\n")[0] for text in window.page.locator(f"{ROWS} .field-invitee").all_inner_texts()]


def choice(window: AdminClient, words: str) -> "Locator":
    """A choice of a filter, by its English words, in the panel behind the button."""
    open_filters(window)
    shown = window.page.get_by_text(window.says(words), exact=True)
    return window.page.locator(".counted-filter a").filter(has=shown)


def open_filters(window: AdminClient) -> None:
    """The panel with the filters is open."""
    if not window.page.locator(".list-filters").is_visible():
        window.page.locator(".list-panel > summary").first.click()


def all_bookings(window: AdminClient) -> None:
    """The whole list."""
    window.open(LIST, query=ALL)


def amount(window: AdminClient, words: str) -> str:
    """How many bookings stand behind it."""
    return choice(window, words).locator(".count").inner_text()


def test_a_name_finds_one_row_and_one_way_leads_back(
    open_admin: Callable[..., AdminClient], three: Booking, language: str
) -> None:
    staff = open_admin("maria", language)
    staff.open(LIST, query=ALL)
    assert staff.words["three bookings"] in staff.page.locator(".list-pages").inner_text()
    staff.page.get_by_label(staff.says("Find a booking")).fill("POPESCU")
    staff.press("Search")
    assert names(staff) == ["Nora Popescu"]
    assert staff.counts(1, "%d booking", "%d bookings") in staff.page.locator(".list-bar").inner_text()
    assert staff.too_wide_at(390, 1280) == []
    staff.follow("Show all")
    assert len(names(staff)) == 3


def test_a_filter_says_how_many_narrows_and_is_left_again(
    open_admin: Callable[..., AdminClient], three: Booking, language: str
) -> None:
    staff = open_admin("maria", language)
    staff.open(LIST, query=ALL)
    assert amount(staff, "canceled") == "1"
    assert amount(staff, "confirmed") == "2"
    assert amount(staff, "staff") == "0"
    staff.follow_to(choice(staff, "canceled"))
    assert names(staff) == [FORMULA]
    assert choice(staff, "canceled").get_attribute("aria-current") == "true"
    assert amount(staff, "confirmed") == "2"  # what choosing it instead would show
    assert amount(staff, "Next 7 days") == "1"
    assert staff.too_wide_at(390, 1280) == []
    staff.follow_to(choice(staff, "Next 7 days"))
    assert names(staff) == [FORMULA]
    assert amount(staff, "confirmed") == "1"  # one filter more counts in the others
    staff.follow_to(choice(staff, "confirmed"))
    assert names(staff) == ["Nora Popescu"]


def test_the_way_by_dates_and_the_period_narrow(
    open_admin: Callable[..., AdminClient], three: Booking, language: str
) -> None:
    staff = open_admin("maria", language)
    staff.open(LIST, query=ALL)
    staff.follow_to(choice(staff, "Next 7 days"))
    assert sorted(names(staff)) == sorted([FORMULA, "Nora Popescu"])
    all_bookings(staff)
    dates = staff.page.get_by_role("navigation", name=staff.says("Dates"), exact=True)
    for step, rows in (("2026", 3), (wording.MONTHS[language][11], 1), ("15", 1)):
        open_filters(staff)
        staff.follow_to(dates.get_by_role("link", name=step, exact=True))
        assert len(names(staff)) == rows
    assert names(staff) == ["Andrei Dumitrescu"]
    open_filters(staff)
    assert dates.get_by_role("link", name="15", exact=True).get_attribute("aria-current") == "date"
    assert staff.too_wide_at(390, 1280) == []
    staff.follow_to(dates.get_by_role("link", name=staff.says("All dates"), exact=True))
    assert len(names(staff)) == 3


def test_a_view_is_saved_opened_again_and_removed(
    open_admin: Callable[..., AdminClient], three: Booking, language: str
) -> None:
    staff = open_admin("maria", language)
    staff.open(LIST, query=ALL)
    assert staff.page.locator(".list-save").count() == 0  # all bookings need no view
    staff.follow_to(choice(staff, "canceled"))
    staff.page.locator(".list-save summary").press("Enter")
    staff.page.get_by_label(staff.says("Save this view as"), exact=True).fill("Ce a căzut <i>azi</i>")
    staff.press("Save")
    assert staff.says("The view “%s” is saved.", "Ce a căzut <i>azi</i>") in staff.messages
    view = staff.page.locator(".list-views").get_by_role("link", name="Ce a căzut <i>azi</i>", exact=True)
    assert staff.too_wide_at(390, 1280) == []
    all_bookings(staff)
    assert len(names(staff)) == 3
    assert view.get_attribute("aria-current") is None
    staff.follow_to(view)
    assert names(staff) == [FORMULA]
    assert view.get_attribute("aria-current") == "true"
    other = open_admin("victor", language)
    other.open(LIST, query=CANCELED)
    assert other.page.locator(".list-views .chip").count() == 0  # a view is one person's own
    staff.press_button(staff.says("Delete the view “%(name)s”", name="Ce a căzut <i>azi</i>"))
    assert staff.says("The view “%s” is deleted.", "Ce a căzut <i>azi</i>") in staff.messages
    assert view.count() == SavedView.objects.count() == 0


def test_what_is_taken_away_obeys_the_filter_and_runs_nothing(
    open_admin: Callable[..., AdminClient], three: Booking, language: str, tmp_path: Path
) -> None:
    staff = open_admin("maria", language)
    staff.open(LIST, query=CANCELED)
    files = {}
    for kind in ("CSV", "Excel"):
        with staff.page.expect_download() as got:
            staff.page.locator(".list-exports").get_by_text(kind, exact=True).click()
        files[kind] = tmp_path / got.value.suggested_filename
        got.value.save_as(files[kind])
    with files["CSV"].open(encoding="utf-8-sig", newline="") as file:
        head, *found = csv.reader(file, delimiter=";")
    assert head[4] == staff.says("Status")
    assert [(row[4], row[8]) for row in found] == [(staff.words["canceled"], f"'{FORMULA}")]
    with zipfile.ZipFile(files["Excel"]) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        texts = sheet + "".join(
            book.read(name).decode() for name in book.namelist() if name == "xl/sharedStrings.xml"
        )
    assert sheet.count("<row ") == 2
    assert "<f>" not in sheet
    assert "=HYPERLINK(" in texts
    assert "Nora Popescu" not in texts


def test_an_empty_list_says_what_to_do(
    open_admin: Callable[..., AdminClient], three: Booking, language: str
) -> None:
    staff = open_admin("maria", language)
    staff.open(LIST, query="?q=nimeni-cu-acest-nume")
    assert staff.page.locator(ROWS).count() == 0
    assert staff.words["no booking fits"] in staff.page.locator("#changelist").inner_text()
    assert staff.too_wide_at(390, 1280) == []
    staff.follow("Show all")
    assert len(names(staff)) == 3


def test_before_the_first_booking_the_list_says_where_bookings_come_from(
    open_admin: Callable[..., AdminClient], event_types: dict[str, EventType], language: str
) -> None:
    staff = open_admin("maria", language)
    staff.open(LIST, query=ALL)
    said = "There are no bookings yet. They appear when an agent books, when an invitee books at Calendly, or when you add one here."  # noqa: E501
    assert staff.says(said) in staff.page.locator("#changelist").inner_text()
    assert staff.page.locator(".object-tools .addlink").is_visible()
    assert staff.too_wide_at(390, 1280) == []


def test_who_may_only_look_finds_and_opens_but_has_nothing_to_act_with(
    open_admin: Callable[..., AdminClient], three: Booking, language: str
) -> None:
    viewer = open_admin("victor", language)
    viewer.open(LIST, query=ALL)
    page = viewer.page
    assert len(names(viewer)) == 3
    for acting in (".addlink", ".list-exports a", "select[name=action]", ".action-select"):
        assert page.locator(acting).count() == 0
    assert viewer.too_wide_at(390, 1280) == []
    page.locator("#searchbar").fill("popescu")
    viewer.press("Search")
    viewer.follow_to(page.locator(f"{ROWS} .field-invitee a"))
    assert str(three.pk) in page.url
    viewer.refusals_expected = True
    for kind in ("csv", "xlsx"):
        assert viewer.open(f"calendly_integration_booking_export_{kind}") == 403


def test_nobody_logs_in_and_comes_to_the_list_that_they_asked_for(
    open_admin: Callable[..., AdminClient], three: Booking, language: str
) -> None:
    nobody = open_admin(None, language)
    nobody.open(LIST, query=CANCELED)
    assert nobody.page.url.startswith(f"{nobody.url}{reverse('admin:login')}?next=")
    assert "Nora" not in nobody.page.content()
    nobody.log_in("maria")
    assert nobody.page.url == f"{nobody.url}{reverse(f'admin:{LIST}')}{CANCELED}"
    assert names(nobody) == [FORMULA]


def test_the_list_opens_on_what_is_to_come_and_each_tab_holds_what_it_counts(
    open_admin: Callable[..., AdminClient], three: Booking, language: str
) -> None:
    staff = open_admin("maria", language)
    staff.open(LIST)
    tabs = staff.page.locator(".list-tabs a")
    assert tabs.first.get_attribute("aria-current") == "page"
    assert names(staff) == ["Nora Popescu", "Andrei Dumitrescu"]  # the soonest first
    assert staff.page.locator("#result_list tr.day").count() == 2
    for place in range(tabs.count()):
        staff.follow_to(tabs.nth(place))
        assert str(len(names(staff))) == tabs.nth(place).locator(".count").inner_text()
        assert staff.too_wide_at(390, 1280) == []


def test_columns_are_chosen_and_kept(
    open_admin: Callable[..., AdminClient], three: Booking, language: str
) -> None:
    staff = open_admin("maria", language)
    staff.open(LIST)
    staff.page.locator(".list-panel > summary").nth(1).click()
    staff.page.locator(".list-columns input[value=email]").check()
    staff.page.locator(".list-columns input[value=origin]").uncheck()
    staff.press("Apply")
    assert staff.page.locator("td.field-email").first.inner_text() == "nora@example.com"
    assert staff.page.locator("td.field-origin").count() == 0
    assert staff.too_wide_at(390, 1280) == []
