"""Metadata that only the portal has: asked for once, kept for good."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from calendly_integration import clients
from calendly_integration.models import Booking, FollowUp, VAIMetadata
from calendly_integration.portal.client import Client
from calendly_integration.portal.errors import PortalUnavailable, RequestRefused
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.portal import Portal
from calendly_integration.services import outbox
from calendly_integration.services.bookings import queries
from calendly_integration.services.outbox import refused_key
from calendly_integration.services.reconcile import metadata

from ..factories import AGENT, TEN, active, book, deliver, hours, message, now, portal_has_all, told

pytestmark = pytest.mark.django_db

MADE_BY_THE_PORTAL = {
    "utm_source": "vai_agent",
    "utm_medium": "vai_portal",
    "utm_content": "from another database",
}
KNOWN = {
    "conversation_id": "conv-9",
    "user_id": "u-9",
    "agent_type": "sales",
    "booking_source": "vai_link",
    "notes": "Din link",
    "campaign": "iarna",
}


asked: list[str] = []


@pytest.fixture
def portal(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    """A portal that listens; what it was asked for stands in `asked`."""
    ask = Client.get_metadata

    def noted(self: Client, event_id: str) -> dict[str, Any] | None:
        asked.append(event_id)
        return ask(self, event_id)

    monkeypatch.setattr(Client, "get_metadata", noted)
    asked.clear()
    started = Portal(key="vai-key").start()
    settings.CALENDLY_INTEGRATION |= {"PORTAL_URL": started.url, "PORTAL_KEY": "vai-key"}
    yield started
    started.stop()


def from_the_page(calendly: Calendly, **tracking: str) -> Booking:
    """Somebody books through a link of the portal's; the conference is ready at once."""
    calendly.options.location_push_seconds = 0
    calendly.book_as_invitee(
        "Sales Demo", TEN, email="n@example.com", name="N", tracking=tracking or MADE_BY_THE_PORTAL
    )
    deliver(calendly)
    return Booking.objects.get()


def answer(question: metadata.Question) -> None:
    """Ask the portal, and keep what it answers."""
    portal = clients.portal()
    assert portal is not None
    metadata.keep([metadata.ask(question, portal)], now=now())


def look() -> int:
    due = metadata.claim(now=now(), limit=10)
    for question in due:
        answer(question)
    return len(due)


def test_what_the_portal_knows_is_kept_and_makes_the_booking_an_agents(
    calendly: Calendly, portal: Portal, clock: time_machine.Traveller
) -> None:
    booking = from_the_page(calendly)
    assert (booking.source, told()) == ("public", [])
    portal.metadata[booking.event_id] = KNOWN
    assert look() == 1
    kept = VAIMetadata.objects.get()
    assert (kept.conversation_id, kept.user_id, kept.agent_type) == ("conv-9", "u-9", "sales")
    assert (kept.booking_source, kept.notes, kept.extra) == ("vai_link", "Din link", {"campaign": "iarna"})
    assert kept.asked_at == now()
    booking.refresh_from_db()
    assert booking.source == "agent"
    assert told() == ["/calendly/confirmed", "/email/send"]
    assert message("/calendly/confirmed")["conversation_id"] == "conv-9"
    clock.shift(3600)
    assert look() == 0
    assert asked == [booking.event_id]


def test_an_answer_may_hold_the_metadata_within(calendly: Calendly, portal: Portal) -> None:
    booking = from_the_page(calendly)
    portal.metadata[booking.event_id] = {"success": True, "metadata": {"conversation_id": 12, "notes": None}}
    look()
    kept = VAIMetadata.objects.get()
    assert (kept.conversation_id, kept.notes, kept.extra) == ("12", "", {"success": True})


def test_that_the_portal_knows_nothing_is_an_answer_too(
    calendly: Calendly, portal: Portal, clock: time_machine.Traveller
) -> None:
    booking = from_the_page(calendly)
    look()
    clock.shift(3600)
    assert look() == 0
    assert len(asked) == 1
    booking.refresh_from_db()
    assert (booking.source, told()) == ("public", [])
    assert VAIMetadata.objects.get().asked_at is not None


def test_a_portal_that_fails_is_asked_again_with_growing_pauses(
    calendly: Calendly, portal: Portal, clock: time_machine.Traveller
) -> None:
    booking = from_the_page(calendly)
    portal.metadata[booking.event_id] = KNOWN
    portal.down = True
    pauses = []
    for _ in range(10):
        assert look() == 1
        due = VAIMetadata.objects.get().next_attempt_at
        assert due is not None
        pauses.append((due - now()).total_seconds())
        clock.move_to(due)
    assert pauses[1] < pauses[3] < pauses[5] < pauses[7]
    assert pauses[-1] <= 360
    portal.down = False
    look()
    assert VAIMetadata.objects.get().conversation_id == "conv-9"
    assert told() == ["/calendly/confirmed", "/email/send"]


def test_a_pause_that_the_portal_asks_for_is_obeyed(
    calendly: Calendly, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from_the_page(calendly)

    def limited(_client: Client, _event_id: str) -> None:
        raise PortalUnavailable("slow down", retry_after=77)

    monkeypatch.setattr(Client, "get_metadata", limited)
    look()
    due = VAIMetadata.objects.get().next_attempt_at
    assert due is not None
    assert (due - now()).total_seconds() == 77


def test_a_refusal_is_not_repeated(
    calendly: Calendly, portal: Portal, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from_the_page(calendly)

    def refused(_client: Client, _event_id: str) -> None:
        raise RequestRefused("the portal answered 410", status=410)

    monkeypatch.setattr(Client, "get_metadata", refused)
    look()
    clock.shift(3600)
    assert look() == 0
    kept = VAIMetadata.objects.get()
    assert kept.asked_at is not None
    assert kept.last_error


def test_a_question_outlives_a_refused_key(
    calendly: Calendly, portal: Portal, clock: time_machine.Traveller
) -> None:
    booking = from_the_page(calendly)
    portal.metadata[booking.event_id] = KNOWN
    portal.key = "another"
    for _ in range(10):
        assert look() == 1
        clock.shift(400)
    assert outbox.paused_since() is None  # messages may be taken all the same
    portal.key = "vai-key"
    assert look() == 1
    assert VAIMetadata.objects.get().conversation_id == "conv-9"


def test_in_the_pause_for_a_refused_key_messages_come_before_questions(
    calendly: Calendly, portal: Portal, clock: time_machine.Traveller
) -> None:
    booking = from_the_page(calendly)
    portal.metadata[booking.event_id] = KNOWN
    refused_key.pause(now())
    clock.shift(61)
    assert look() == 0
    portal_has_all()
    assert look() == 1  # nobody else would try
    assert outbox.paused_since() is None


def test_without_a_portal_nobody_is_asked_and_the_question_waits(calendly: Calendly) -> None:
    from_the_page(calendly)
    assert metadata.claim(now=now(), limit=10) == []
    assert VAIMetadata.objects.get().next_attempt_at is not None
    assert VAIMetadata.objects.get().attempts == 0


@pytest.mark.parametrize(
    ("source", "medium"),
    [
        ("google", "vai_portal"),
        ("", "vai_portal"),
        ("facebook-vai", "vai_portal"),
        ("vaillant-newsletter", "vai_portal"),
        ("vai_agent ", "vai_portal"),
        ("VAI_AGENT", "vai_portal"),
        ("vai_agent", ""),
        ("vai_agent", "email"),
        ("vai_agent", "vai_portal_2"),
    ],
)
def test_what_the_portal_did_not_make_is_not_asked_about(
    calendly: Calendly, portal: Portal, source: str, medium: str
) -> None:
    from_the_page(calendly, utm_source=source, utm_medium=medium, utm_content="x")
    assert not VAIMetadata.objects.exists()
    assert look() == 0


def test_what_staff_of_another_database_booked_is_asked_about(calendly: Calendly, portal: Portal) -> None:
    from_the_page(calendly, **MADE_BY_THE_PORTAL | {"utm_source": "vai_staff"})
    assert look() == 1


def test_an_agents_own_booking_is_not_asked_about(calendly: Calendly, portal: Portal) -> None:
    book()
    deliver(calendly)
    assert look() == 0
    assert asked == []


def test_one_canceled_before_anybody_knew_whose_it_was_is_told_as_canceled(
    calendly: Calendly, portal: Portal
) -> None:
    booking = from_the_page(calendly)
    calendly.cancel_as_invitee(active(calendly)[0], "Ora nu e bună")
    deliver(calendly)
    assert told() == []
    portal.metadata[booking.event_id] = KNOWN
    look()
    assert told() == ["/calendly/canceled", "/followup/schedule"]
    assert message("/calendly/canceled")["conversation_id"] == "conv-9"
    assert FollowUp.objects.get().conversation_id == "conv-9"


def test_a_booking_moved_before_the_answer_is_asked_about_by_its_present_event(
    calendly: Calendly, portal: Portal
) -> None:
    booking = from_the_page(calendly)
    calendly.reschedule_as_invitee(active(calendly)[0], TEN.replace(hour=12))
    deliver(calendly)
    booking.refresh_from_db()
    portal.metadata[booking.event_id] = KNOWN
    look()
    assert asked == [booking.event_id]
    assert message("/calendly/confirmed")["start_time"] == "2026-11-24T12:00:00Z"


def test_an_answer_fills_only_what_is_still_blank(calendly: Calendly, portal: Portal) -> None:
    booking = from_the_page(calendly)
    portal.metadata[booking.event_id] = KNOWN | {"agent_type": "", "region": "nord"}
    [question] = metadata.claim(now=now(), limit=10)
    changes = {"notes": "Ours", "agent_type": "support", "extra": {"campaign": "vara", "own": 1}}
    queries.annotate(booking, changes=changes, by=AGENT, now=now())
    answer(question)
    kept = VAIMetadata.objects.get()
    assert (kept.conversation_id, kept.user_id, kept.booking_source) == ("conv-9", "u-9", "vai_link")
    assert (kept.notes, kept.agent_type) == ("Ours", "support")
    assert kept.extra == {"campaign": "vara", "own": 1, "region": "nord"}
    assert (kept.asked_at, kept.next_attempt_at) == (now(), None)
    assert message("/calendly/confirmed")["conversation_id"] == "conv-9"


def test_an_answer_whose_lease_was_lost_changes_nothing(
    calendly: Calendly, portal: Portal, clock: time_machine.Traveller
) -> None:
    booking = from_the_page(calendly)
    portal.metadata[booking.event_id] = KNOWN
    [late] = metadata.claim(now=now(), limit=10)
    clock.shift(121)
    [question] = metadata.claim(now=now(), limit=10)
    answer(late)
    assert (VAIMetadata.objects.get().conversation_id, told()) == ("", [])
    answer(question)
    answer(question)
    assert told() == ["/calendly/confirmed", "/email/send"]


def test_what_no_database_can_store_is_mended(calendly: Calendly, portal: Portal) -> None:
    booking = from_the_page(calendly)
    portal.metadata[booking.event_id] = {"notes": "a\0b", "campaign\0": ["x", "Ștefan"]}
    look()
    kept = VAIMetadata.objects.get()
    assert (kept.notes, kept.extra) == ("a\ufffdb", {"campaign\ufffd": ["x", "Ștefan"]})


def test_many_answers_are_kept_in_a_handful_of_queries(
    calendly: Calendly, portal: Portal, django_assert_max_num_queries: Any
) -> None:
    calendly.options.location_push_seconds = 0
    for number in range(7):
        calendly.book_as_invitee(
            "Sales Demo", TEN + hours(number), email=f"{number}@example.com", tracking=MADE_BY_THE_PORTAL
        )
    deliver(calendly)
    portal.metadata |= dict.fromkeys(Booking.objects.values_list("event_id", flat=True), KNOWN)
    client = clients.portal()
    assert client is not None
    answers = [metadata.ask(each, client) for each in metadata.claim(now=now(), limit=10)]
    with django_assert_max_num_queries(20):
        metadata.keep(answers, now=now())
    assert told().count("/email/send") == 7
