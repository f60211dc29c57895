"""The confirmation mail: it waits for the conference link, nothing waits for it, and it says what is true then."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from calendly_integration.models import (
    Booking,
    EventType,
    OutboxMessage,
    OutboxQueue,
    PendingMail,
    TimelineEntry,
)
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.actors import Actor
from calendly_integration.services.backoffice import today
from calendly_integration.services.bookings import cancel, queries, reschedule
from calendly_integration.services.outbox import confirmations

from ..factories import (
    AGENT,
    TEN,
    active,
    assert_consistent,
    book,
    deliver,
    hours,
    message,
    mirrored,
    now,
    pass_time,
    portal_has_all,
    told,
    try_booking,
    work_pending_actions,
)

pytestmark = pytest.mark.django_db

MAIL = "/email/send"
STAFF = Actor.staff("maria")


def look(clock: time_machine.Traveller, seconds: float = 1) -> None:
    """Time passes in steps of a second, and the worker works."""
    for _ in range(int(seconds)):
        clock.shift(1)
        work_pending_actions()
        confirmations.process(now=now())


def mails() -> list[dict[str, Any]]:
    return list(OutboxMessage.objects.filter(path=MAIL).order_by("pk").values_list("body", flat=True))


def test_the_mail_waits_for_the_link_and_nothing_waits_for_the_mail(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    book()
    deliver(calendly)
    assert told() == ["/calendly/metadata", "/calendly/notify", "/calendly/confirmed"]
    look(clock, 6)
    assert told()[-1] == MAIL
    booking = Booking.objects.get()
    assert booking.meeting_url
    assert message(MAIL)["data"]["meeting_url"] == booking.meeting_url
    assert not PendingMail.objects.exists()
    look(clock, 90)
    assert len(mails()) == 1
    assert booking.mailed_without_link_at is None
    assert_consistent(calendly)


def test_a_link_that_is_there_at_once_is_not_waited_for(calendly: Calendly) -> None:
    calendly.options.location_push_seconds = 0
    book()
    deliver(calendly)
    assert told()[-2:] == ["/calendly/confirmed", MAIL]
    assert message(MAIL)["data"]["meeting_url"] == Booking.objects.get().meeting_url


@pytest.mark.parametrize("kind", ["physical", "outbound_call", "inbound_call", "custom"])
def test_a_place_without_a_link_is_not_waited_for(calendly: Calendly, account: Any, kind: str) -> None:
    place = {"kind": kind, "location": "Strada Lungă 1", "phone_number": "+40212345678"}
    calendly.add_event_type("Visit", 30, locations=[place])
    mirrored(account)
    try_booking("Visit", preferred=TEN, flexibility="exact", phone="+40722000111")
    deliver(calendly)
    assert told()[-2:] == ["/calendly/confirmed", MAIL]
    assert Booking.objects.get().mailed_without_link_at is None
    assert not PendingMail.objects.exists()


def test_without_a_link_it_leaves_within_the_minute_and_staff_see_it(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    calendly.options.location_push_seconds = 1e9
    booking = book()
    deliver(calendly)
    confirmed_at = now()
    look(clock, 55)
    assert told()[-1] == "/calendly/confirmed"
    look(clock, 5)
    assert message(MAIL)["data"]["meeting_url"] is None
    assert OutboxMessage.objects.get(path=MAIL).created_at <= confirmed_at + timedelta(seconds=60)
    assert TimelineEntry.objects.filter(booking=booking, action="mailed_without_link").count() == 1
    assert [each.pk for each in today.mailed_without_link(now=now()).rows] == [booking.pk]
    look(clock, 120)
    assert len(mails()) == 1


def test_what_left_without_a_link_is_off_the_list_when_it_is_sent_again(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    calendly.options.location_push_seconds = 65
    booking = book()
    deliver(calendly)
    look(clock, 60)
    assert today.mailed_without_link(now=now()).rows
    portal_has_all()
    look(clock, 600)
    assert confirmations.send_again(booking, once=uuid.uuid4(), by=STAFF, now=now())
    assert [bool(mail["data"]["meeting_url"]) for mail in mails()] == [False, True]
    assert not today.mailed_without_link(now=now()).rows


def test_a_conference_that_could_not_be_made_is_not_waited_for_and_is_seen(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    calendly.options.location_outcome = "failed"
    calendly.options.location_push_seconds = 0
    book()
    deliver(calendly)
    look(clock, 1)
    assert message(MAIL)["data"]["meeting_url"] is None
    assert len(today.mailed_without_link(now=now()).rows) == 1


@pytest.mark.parametrize("how", ["invitee", "agent", "same batch"])
def test_a_meeting_canceled_meanwhile_is_not_confirmed(
    calendly: Calendly, clock: time_machine.Traveller, how: str
) -> None:
    booking = book()
    if how != "same batch":
        deliver(calendly)
        look(clock, 1)
    if how == "agent":
        cancel.cancel_booking(queries.find(str(booking.pk)), reason="x", by=AGENT, now=now())
    else:
        calendly.cancel_as_invitee(active(calendly)[0], "x")
    deliver(calendly)
    assert told()[-1] == "/calendly/canceled"  # at once
    look(clock, 120)
    assert mails() == []
    assert not PendingMail.objects.exists()


@pytest.mark.parametrize("by", ["agent", "invitee"])
def test_a_meeting_moved_meanwhile_is_confirmed_once_for_its_new_time(
    calendly: Calendly, clock: time_machine.Traveller, by: str
) -> None:
    booking = book()
    deliver(calendly)
    look(clock, 1)
    if by == "agent":
        reschedule.reschedule(queries.find(str(booking.pk)), new_start=TEN + hours(3), by=AGENT, now=now())
    else:
        calendly.reschedule_as_invitee(active(calendly)[0], TEN + hours(3))
    deliver(calendly)
    assert told()[-1] == "/calendly/rescheduled"  # at once
    pass_time(clock, calendly)
    [mail] = mails()
    assert "ora 13:00" in mail["data"]["start_time"]
    fresh = queries.find(str(booking.pk))
    assert mail["data"]["meeting_url"] == fresh.meeting_url
    assert fresh.meeting_url.startswith("https://")
    assert_consistent(calendly)


def away(calendly: Calendly) -> Booking:
    """A confirmed booking whose mail is written and waits for a portal that is away."""
    calendly.options.location_push_seconds = 0
    booking = book()
    deliver(calendly)
    assert len(mails()) == 1
    return booking


def test_a_mail_that_the_portal_has_not_got_yet_is_taken_back_when_the_meeting_is_canceled(
    calendly: Calendly,
) -> None:
    away(calendly)
    calendly.cancel_as_invitee(active(calendly)[0], "x")
    deliver(calendly)
    assert mails() == []
    assert told()[-1] == "/calendly/canceled"


def test_a_mail_that_the_portal_has_not_got_yet_is_written_anew_when_the_meeting_is_moved(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    away(calendly)
    calendly.reschedule_as_invitee(active(calendly)[0], TEN + hours(3))
    deliver(calendly)
    pass_time(clock, calendly)
    [mail] = mails()
    assert "ora 13:00" in mail["data"]["start_time"]


def test_a_mail_without_a_link_that_the_portal_has_not_got_yet_gets_the_link(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    calendly.options.location_push_seconds = 65
    book()
    deliver(calendly)
    look(clock, 600)
    [mail] = mails()
    assert mail["data"]["meeting_url"]
    assert not today.mailed_without_link(now=now()).rows


def test_a_mail_that_was_tried_keeps_its_key_when_it_is_written_anew(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    """The portal may have got it, and only its answer was lost: then it mails no second time."""
    away(calendly)
    key = OutboxMessage.objects.get(path=MAIL).idempotency_key
    OutboxMessage.objects.filter(path=MAIL).update(attempts=1)
    calendly.reschedule_as_invitee(active(calendly)[0], TEN + hours(3))
    deliver(calendly)
    pass_time(clock, calendly)
    mail = OutboxMessage.objects.get(path=MAIL)
    assert "ora 13:00" in mail.body["data"]["start_time"]
    assert mail.idempotency_key == key


def test_a_mail_that_is_on_its_way_is_not_written_anew(calendly: Calendly) -> None:
    away(calendly)
    OutboxQueue.objects.claim(now=now(), lease=timedelta(seconds=45), limit=10)
    calendly.reschedule_as_invitee(active(calendly)[0], TEN + hours(3))
    deliver(calendly)
    [mail] = mails()
    assert "ora 10:00" in mail["data"]["start_time"]
    assert not PendingMail.objects.exists()


def test_a_worker_that_dies_with_a_mail_leaves_it_to_the_next(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    calendly.options.location_push_seconds = 1e9
    book()
    deliver(calendly)
    clock.shift(59)
    PendingMail.objects.claim(now=now(), lease=confirmations.LEASE, limit=10)  # and dies
    clock.shift(61)
    confirmations.process(now=now())
    confirmations.process(now=now())
    assert len(mails()) == 1


def test_a_mail_that_breaks_keeps_no_other(
    calendly: Calendly,
    clock: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
    event_types: dict[str, EventType],
) -> None:
    calendly.options.location_push_seconds = 1e9
    book()
    book(email="b@example.com", preferred=TEN + hours(2))
    deliver(calendly)
    mail = confirmations.portal_messages.mail

    def broken(booking: Booking, **facts: Any) -> Any:
        if booking.invitee_email == "b@example.com":
            raise ValueError("x")
        return mail(booking, **facts)

    clock.shift(59)
    with monkeypatch.context() as patched:
        patched.setattr(confirmations.portal_messages, "mail", broken)
        assert confirmations.process(now=now()) == 2
    assert [each["to"] for each in mails()] == ["maria@example.com"]
    clock.shift(61)
    confirmations.process(now=now())
    assert [each["to"] for each in mails()] == ["maria@example.com", "b@example.com"]


def test_what_staff_send_again_waits_for_the_link_of_a_move(
    calendly: Calendly, clock: time_machine.Traveller
) -> None:
    booking = book()
    deliver(calendly)
    look(clock, 10)
    portal_has_all()
    reschedule.reschedule(queries.find(str(booking.pk)), new_start=TEN + hours(3), by=AGENT, now=now())
    once = uuid.uuid4()
    assert confirmations.send_again(booking, once=once, by=STAFF, now=now())
    assert not confirmations.send_again(booking, once=once, by=STAFF, now=now())
    with pytest.raises(confirmations.NotSendable, match="waiting"):
        confirmations.send_again(booking, once=uuid.uuid4(), by=STAFF, now=now())
    assert len(mails()) == 1
    pass_time(clock, calendly)
    first, second = mails()
    assert "ora 13:00" in second["data"]["start_time"]
    assert second["data"]["meeting_url"] not in (None, first["data"]["meeting_url"])
