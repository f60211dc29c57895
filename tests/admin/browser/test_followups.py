"""The board of follow-ups before a real browser, on a large and on a small screen."""

from collections.abc import Callable

import pytest

from calendly_integration.models import Booking, FollowUp

from .admin_client import AdminClient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def followups(booking: Booking) -> list[FollowUp]:
    """One of each status."""
    found = []
    for number, (other, status) in enumerate(
        zip([*Booking.objects.all(), booking], FollowUp.Status.values, strict=False)
    ):
        calendly_booking = other.current_calendly_booking
        assert calendly_booking is not None
        found.append(
            FollowUp.objects.create(
                booking=other,
                calendly_booking=calendly_booking,
                kind="rebook" if number == 3 else "reschedule_assistance",
                status=status,
                email=other.invitee_email,
                scheduled_for=other.created_at,
                message="Would another time suit you better? " * 4,
                created_at=other.created_at,
                closed_at=other.created_at if number > 1 else None,
            )
        )
    return found


@pytest.mark.parametrize(("language", "width"), [("ro", 1280), ("en", 390)])
def test_a_card_is_taken_on_put_to_wait_and_closed(
    open_admin: Callable[..., AdminClient], followups: list[FollowUp], language: str, width: int
) -> None:
    maria = open_admin("maria", language)
    maria.page.set_viewport_size({"width": width, "height": 900})
    maria.open("calendly_integration_followup_board")
    assert maria.too_wide_at(width) == []
    steps = (
        ("Assign to me", "planned"),
        ("Wait for an answer", "sent"),
        ("Tomorrow", "planned"),
        ("Close", "closed"),
    )
    for button, column in steps:
        card = maria.page.locator(f"#card-{followups[0].pk}")
        card.locator("summary").press("Enter")
        maria.follow_to(card.get_by_role("button", name=maria.says(button), exact=True))
        moved = maria.page.locator(f".column-{column} #card-{followups[0].pk}")
        assert moved.is_visible()
    kept = FollowUp.objects.get(pk=followups[0].pk)
    assert (kept.status, str(kept.assignee)) == ("closed", "maria")


def test_a_card_is_dragged_to_another_column(
    open_admin: Callable[..., AdminClient], followups: list[FollowUp], language: str
) -> None:
    maria = open_admin("maria", language)
    maria.page.set_viewport_size({"width": 1280, "height": 900})
    maria.open("calendly_integration_followup_board")
    card = f"#card-{followups[0].pk}"
    with maria.page.expect_navigation():
        maria.page.locator(f"{card} .when").drag_to(maria.page.locator(".column-sent h2"))
    assert maria.page.locator(f".column-sent {card}").is_visible()
    with maria.page.expect_navigation():
        maria.page.locator(f"{card} .when").drag_to(maria.page.locator(".column-rebooked h2"))
    assert f"followup={followups[0].pk}" in maria.page.url


def test_the_list_and_the_pages_of_the_steps_fit(
    open_admin: Callable[..., AdminClient], followups: list[FollowUp], language: str
) -> None:
    maria = open_admin("maria", language)
    for name in ("changelist", "board"):
        maria.open(f"calendly_integration_followup_{name}")
        assert maria.too_wide_at(390, 1280) == []
    assert maria.open("calendly_integration_followup_change", followups[0].pk) == 200
    assert maria.too_wide_at(390, 1280) == []


def test_who_may_only_look_reads_the_board_and_has_no_buttons(
    open_admin: Callable[..., AdminClient], followups: list[FollowUp], language: str
) -> None:
    viewer = open_admin("victor", language)
    viewer.open("calendly_integration_followup_board")
    cards = viewer.page.locator("article")
    assert cards.count() == 4
    assert followups[0].email in viewer.page.locator(".column-planned").inner_text()
    assert cards.locator("button").count() == 0
    assert viewer.too_wide_at(390, 1280) == []
