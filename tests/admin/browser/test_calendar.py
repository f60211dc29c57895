"""The calendar in a real browser, under the strict policy."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from time_machine import Traveller

from calendly_integration.models import Booking, CalendlyBooking, TimelineEntry
from calendly_integration.services import texts

from .admin_client import AdminClient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "calendly_integration_booking_calendar"
EVENTS = ".ec-event:not(.clocks)"
HOUR = "parseFloat(getComputedStyle(document.querySelector('.ec-slot')).height)"
PLACE = """event => {
    const [own, body] = [event, event.closest(".ec-body")].map((each) => each.getBoundingClientRect());
    return [Math.round(own.x - body.x), Math.round(own.y - body.y)];
}"""
NO_MEETINGS = "No meetings on these days. Choose other days or fewer filters."


def look(window: AdminClient, **asked: str) -> Any:
    """The calendar at this address, drawn. The browser's clock shows what ours does."""
    window.page.clock.set_fixed_time(datetime.now(UTC))
    address = "&".join(f"{name}={value}" for name, value in asked.items())
    window.page.goto(f"{window.url}{reverse(f'admin:{PAGE}')}?{address}")
    window.page.locator(".grid .ec-main").wait_for()
    return window.page


def drag(page: Any, *, hours: float = 0, right: float = 0) -> None:
    """The one meeting that is drawn is dragged down by so many hours, and to the right by so many pixels."""
    event = page.locator(EVENTS)
    event.wait_for()
    event.scroll_into_view_if_needed()
    box, hour = event.bounding_box(), page.evaluate(HOUR)
    x, y = box["x"] + 20, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for part in (0.5, 1):
        page.mouse.move(x + right * part, y + hours * hour * part, steps=4)
    page.mouse.up()


def moved(booking: Booking, start: datetime) -> Booking:
    """It, half an hour long, then."""
    Booking.objects.filter(pk=booking.pk).update(start_at=start, end_at=start + timedelta(minutes=30))
    booking.refresh_from_db()
    return booking


def alone(booking: Booking, start: datetime) -> Booking:
    """It then, and the others far away."""
    for other in Booking.objects.exclude(pk=booking.pk):
        moved(other, start + timedelta(days=100))
    return moved(booking, start)


@pytest.fixture
def coming(booking: Booking) -> Booking:
    """A meeting at ten in Bucharest, on a Wednesday."""
    return moved(booking, datetime(2026, 12, 2, 8, tzinfo=UTC))


def test_enter_opens_a_summary_with_the_acts_as_links(
    open_admin: Callable[..., AdminClient], coming: Booking, language: str
) -> None:
    staff = open_admin("maria", language)
    assert coming.start_at
    page = look(staff, view="timeGridWeek", date=coming.start_at.date().isoformat(), zone="Europe/Bucharest")
    event = page.locator(EVENTS)
    event.wait_for()
    assert "Nora Popescu" in event.inner_text()
    event.focus()
    page.keyboard.press("Enter")
    summary = page.locator("dialog[open]")
    summary.wait_for()
    assert "Europe/Bucharest" in summary.inner_text()
    assert "nora@example.com" in summary.inner_text()
    links = summary.locator(".buttons a")
    assert links.all_inner_texts() == [staff.says("Open"), staff.words["move"], staff.words["cancel"]]
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0


def test_a_drag_leads_to_the_page_that_moves_and_changes_nothing(
    open_admin: Callable[..., AdminClient], coming: Booking, language: str
) -> None:
    staff = open_admin("maria", language)
    assert coming.start_at
    page = look(staff, view="timeGridDay", date=coming.start_at.date().isoformat(), zone="Europe/Bucharest")
    drag(page, hours=1)
    page.wait_for_url("**/reschedule/**")
    asked = parse_qs(urlsplit(page.url).query)
    moved = coming.start_at + timedelta(hours=1)
    assert asked["start"] == [f"{moved:%Y-%m-%dT%H:%M:%SZ}"]
    before = coming.start_at
    coming.refresh_from_db()
    assert coming.start_at == before


def place(page: Any) -> Any:
    """Where the one meeting stands in the grid, whatever stands above it and however far one has scrolled."""
    return page.locator(EVENTS).evaluate(PLACE)


def everything() -> list[Any]:
    """All that a move would change."""
    return [
        list(model.objects.order_by("pk").values()) for model in (Booking, CalendlyBooking, TimelineEntry)
    ]


@pytest.mark.parametrize("where", ["past", "gap", "other host", "other host, later"])
def test_a_drop_where_nothing_can_be_is_taken_back_and_the_page_says_why(
    open_admin: Callable[..., AdminClient], booking: Booking, clock: Traveller, language: str, where: str
) -> None:
    begins, hours = {
        "past": (datetime(2026, 11, 23, 6, 30, tzinfo=UTC), -1),
        "gap": (datetime(2027, 3, 28, 2, tzinfo=UTC), -1.5),  # five o'clock would become half past three
        "other host": (datetime(2026, 12, 2, 8, tzinfo=UTC), 0),
        "other host, later": (datetime(2026, 12, 2, 8, tzinfo=UTC), 1),
    }[where]
    alone(booking, begins)
    clock.move_to(datetime(2026, 11, 23, 6, 10, tzinfo=UTC))
    staff = open_admin("maria", language)
    page = look(staff, view="resourceTimeGridDay", date=f"{begins:%Y-%m-%d}", zone="Europe/Bucharest")
    page.locator(EVENTS).wait_for()
    drawn, stood = place(page), everything()
    lanes = page.locator(".ec-col-head")
    assert lanes.all_inner_texts() == ["Ana Ionescu", "Radu Marin"]
    drag(page, hours=hours, right=lanes.first.bounding_box()["width"] if "host" in where else 0)
    why = {
        "past": staff.says("That time is over. Nothing was moved."),
        "gap": staff.words["no such hour"],
        "other host": staff.says("A move keeps the host. To reassign the meeting, open it."),
    }[where.partition(",")[0]]
    page.locator(".messages").get_by_text(why, exact=True).wait_for()
    assert urlsplit(page.url).path == reverse(f"admin:{PAGE}")
    assert place(page) == drawn
    assert everything() == stood


@pytest.mark.parametrize("which", ["begun", "canceled", "only to look at"])
def test_a_meeting_that_cannot_be_moved_stays_where_it_is(
    open_admin: Callable[..., AdminClient], booking: Booking, clock: Traveller, language: str, which: str
) -> None:
    begins = datetime(2026, 11, 23, 8, tzinfo=UTC)
    alone(booking, begins)
    if which == "begun":
        clock.move_to(begins + timedelta(minutes=1))
    if which == "canceled":
        Booking.objects.filter(pk=booking.pk).update(status="canceled")
    person = open_admin("victor" if which == "only to look at" else "maria", language)
    status = "canceled" if which == "canceled" else "confirmed"
    page = look(person, view="timeGridDay", date="2026-11-23", zone="Europe/Bucharest", status=status)
    page.locator(EVENTS, has_text="Nora Popescu").wait_for()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    drawn, stood = place(page), everything()
    drag(page, hours=1)
    page.locator(EVENTS).focus()
    page.keyboard.press("Enter")
    summary = page.locator("dialog[open]")
    summary.wait_for()
    assert person.words[status] in summary.inner_text()
    assert person.words["move"] not in summary.inner_text()
    page.keyboard.press("Escape")
    why = {
        "begun": "This meeting has begun or is over and cannot be moved.",
        "canceled": "This meeting is canceled and cannot be moved. Book a new one.",
        "only to look at": "You may view this meeting but not move it.",
    }[which]
    page.locator(".messages").get_by_text(person.says(why), exact=True).wait_for()
    assert place(page) == drawn
    assert asked == []
    assert everything() == stood


@pytest.mark.parametrize("meanwhile", ["begun", "canceled", "no right any more"])
def test_where_it_became_impossible_meanwhile_the_page_that_moves_says_so(
    open_admin: Callable[..., AdminClient], coming: Booking, clock: Traveller, language: str, meanwhile: str
) -> None:
    staff = open_admin("maria", language)
    assert coming.start_at
    page = look(staff, view="timeGridDay", date=coming.start_at.date().isoformat(), zone="Europe/Bucharest")
    page.locator(EVENTS).wait_for()
    if meanwhile == "begun":
        clock.move_to(coming.start_at + timedelta(minutes=1))
    elif meanwhile == "canceled":
        Booking.objects.filter(pk=coming.pk).update(status="canceled")
    else:
        maria = User.objects.get(username="maria")
        maria.user_permissions.remove(Permission.objects.get(codename="reschedule_booking"))
        staff.refusals_expected = True
    stood = everything()
    with page.expect_response("**/reschedule/**") as answered:
        drag(page, hours=1)
    page.wait_for_url("**/reschedule/**")
    if meanwhile == "no right any more":
        assert answered.value.status == 403
    else:
        why = {
            "begun": "This meeting has begun or is over and cannot be moved.",
            "canceled": "This meeting is canceled and cannot be moved. Book a new one.",
        }[meanwhile]
        assert staff.says(why) in page.locator("#content").inner_text()
    assert page.locator("#slots, input[name=start]").count() == 0
    assert everything() == stood


def test_filters_and_view_are_kept_in_the_address(
    open_admin: Callable[..., AdminClient], coming: Booking, language: str
) -> None:
    staff = open_admin("maria", language)
    assert coming.start_at
    on = coming.start_at.date().isoformat()
    page = look(staff, view="timeGridWeek", date=on, zone="Europe/Bucharest")
    page.locator(EVENTS).wait_for()
    page.locator("select[name=status]").select_option("canceled")
    page.get_by_text(staff.says(NO_MEETINGS)).first.wait_for()
    assert "status=canceled" in page.url
    page.locator("select[name=color]").select_option("status")
    staff.button("Month").click()
    page.locator(".ec-month-view").wait_for()
    shared = page.url
    for part in ("status=canceled", "color=status", "view=dayGridMonth", "zone=Europe%2FBucharest"):
        assert part in shared
    page.goto(shared)
    page.locator(".ec-month-view").wait_for()
    assert page.locator("select[name=status]").input_value() == "canceled"
    page.locator("select[name=zone]").select_option("UTC")
    text = staff.says("All times in %(zone)s.", zone="UTC (UTC)")
    page.locator(".zone").filter(has_text=text).wait_for()


def test_the_long_night_shows_both_three_oclocks_in_every_view(
    open_admin: Callable[..., AdminClient], booking: Booking, language: str
) -> None:
    rows = list(Booking.objects.order_by("start_at")[:2])
    for row, hour in zip(rows, (0, 1), strict=True):
        moved(row, datetime(2026, 10, 25, hour, 15, tzinfo=UTC))
    staff = open_admin("maria", language)
    twice = staff.says("comes twice")
    views = (
        "timeGridDay",
        "timeGridWeek",
        "dayGridMonth",
        "listWeek",
        "resourceTimeGridDay",
        "resourceTimelineWeek",
    )
    for view in views:
        page = look(staff, view=view, date="2026-10-25", zone="Europe/Bucharest")
        page.locator(EVENTS).nth(1).wait_for()
        shown = " ".join(page.locator(EVENTS).all_inner_texts())
        assert "03:15 UTC+3" in shown
        assert "03:15 UTC+2" in shown
        assert twice in page.locator(".clock-changes").inner_text()
        if "Grid" in view and "Month" not in view:
            assert twice in page.locator(".clocks").first.inner_text()
        assert staff.too_wide_at(390, 1280) == []


def test_a_phone_gets_a_list(open_admin: Callable[..., AdminClient], coming: Booking, language: str) -> None:
    staff = open_admin("maria", language)
    staff.page.set_viewport_size({"width": 390, "height": 844})
    assert coming.start_at
    page = look(staff, date=coming.start_at.date().isoformat())
    page.locator(".ec-list .ec-event").wait_for()
    assert staff.too_wide_at(390) == []


def test_without_a_script_the_week_is_a_list(
    open_admin: Callable[..., AdminClient], coming: Booking, language: str
) -> None:
    staff = open_admin("maria", language, java_script_enabled=False)
    assert coming.start_at
    staff.open(PAGE, query=f"?date={coming.start_at.date()}")
    week = staff.page.locator(".plain")
    assert "Nora Popescu" in week.inner_text()
    assert staff.counts(1, "%d meeting", "%d meetings") in week.inner_text()
    assert texts.day(coming.start_at.date(), language).lower() in week.inner_text().lower()
