"""What the portal is told: each message's fields as the wire contract (section 4) lists them."""

import re
import uuid
from typing import Any

import pytest
import time_machine

from calendly_integration.models import Booking, FollowUp, OutboxMessage
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.actors import Actor
from calendly_integration.services.bookings import cancel, queries, reschedule
from calendly_integration.services.outbox import portal_messages

from ..factories import AGENT, TEN, active, book, deliver, hours, message, now, portal_has_all, told

pytestmark = pytest.mark.django_db

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

FIELDS: dict[str, dict[str, type]] = {
    "/calendly/metadata": {"booking_uri": str, "metadata": dict},
    "/calendly/notify": dict.fromkeys(
        "booking_id conversation_id user_id event_type start_time end_time invitee_email invitee_name".split(),
        str,
    )
    | {"meeting_url": type(None)},
    "/calendly/confirmed": dict.fromkeys(
        "booking_id conversation_id invitee_email invitee_name start_time end_time event_type".split(), str
    ),
    "/email/send": {"to": str, "subject": str, "template": str, "data": dict},
    "/calendly/canceled": dict.fromkeys(
        "booking_id conversation_id invitee_email cancel_reason".split(), str
    ),
    "/calendly/rescheduled": dict.fromkeys(
        "booking_id conversation_id old_start_time new_start_time new_end_time invitee_email".split(), str
    ),
    "/followup/schedule": dict.fromkeys(
        "user_email conversation_id followup_type scheduled_for message".split(), str
    ),
    "/analytics/log": {"event_type": str, "platform": str, "data": dict},
}


def whole_life(calendly: Calendly, **changes: Any) -> Booking:
    """Booked by an agent, confirmed, moved, canceled by the invitee for want of time. Links are ready at once."""
    calendly.options.location_push_seconds = 0
    booking = book(**changes)
    deliver(calendly)
    portal_has_all()
    reschedule.reschedule(queries.find(str(booking.pk)), new_start=TEN + hours(3), by=AGENT, now=now())
    deliver(calendly)
    calendly.cancel_as_invitee(active(calendly)[0], "Nu mai am timp")
    deliver(calendly)
    return queries.find(str(booking.pk))


def test_each_message_has_the_fields_of_the_contract_and_no_others(calendly: Calendly) -> None:
    booking = whole_life(calendly)
    seen = set()
    for each in OutboxMessage.objects.order_by("pk"):
        body = dict(each.body)
        assert INSTANT.fullmatch(body.pop("timestamp"))
        assert {name: type(value) for name, value in body.items()} == FIELDS[each.path], each.path
        assert each.booking_id == booking.pk
        assert each.queue_id == booking.pk.hex
        for name, value in body.items():
            if name.endswith(("_time", "scheduled_for")):
                assert INSTANT.fullmatch(value), (each.path, name)
        seen.add(each.path)
    assert seen == set(FIELDS)
    assert (
        len(set(OutboxMessage.objects.values_list("idempotency_key", flat=True)))
        == OutboxMessage.objects.count()
    )
    assert told() == [
        "/calendly/metadata",
        "/calendly/notify",
        "/calendly/confirmed",
        "/email/send",
        "/calendly/rescheduled",
        "/calendly/canceled",
        "/followup/schedule",
    ]


def test_the_values_are_those_of_the_booking(calendly: Calendly, clock: time_machine.Traveller) -> None:
    booking = whole_life(calendly)
    ids = {"booking_id": str(booking.pk), "conversation_id": "conv-1"}
    stamp = {"timestamp": "2026-11-23T06:00:00Z"}
    first = booking.calendly_bookings.get(replaces=None)
    assert message("/calendly/metadata") == stamp | {
        "booking_uri": first.event_uri,
        "metadata": {
            "conversation_id": "conv-1",
            "agent_type": "sales",
            "booking_source": "vai_agent",
            "notes": "Wants prices.",
        },
    }
    who = {"invitee_email": "maria@example.com", "invitee_name": "Maria Popa"}
    when = {"start_time": "2026-11-24T08:00:00Z", "end_time": "2026-11-24T08:30:00Z"}
    assert message("/calendly/notify") == stamp | ids | who | when | {
        "user_id": "user-7",
        "event_type": "Sales Demo",
        "meeting_url": None,
    }
    assert message("/calendly/confirmed") == stamp | ids | who | when | {"event_type": "Sales Demo"}
    assert message("/calendly/rescheduled") == stamp | ids | {
        "old_start_time": "2026-11-24T08:00:00Z",
        "new_start_time": "2026-11-24T11:00:00Z",
        "new_end_time": "2026-11-24T11:30:00Z",
        "invitee_email": "maria@example.com",
    }
    assert message("/calendly/canceled") == stamp | ids | {
        "invitee_email": "maria@example.com",
        "cancel_reason": "Nu mai am timp",
    }
    assert message("/followup/schedule") == stamp | {
        "user_email": "maria@example.com",
        "conversation_id": "conv-1",
        "followup_type": "reschedule_assistance",
        "scheduled_for": "2026-11-24T06:00:00Z",
        "message": "Bună ziua! Ați anulat „Sales Demo” pentru că ora nu mai era potrivită. "
        "Căutăm împreună alt moment?",
    }
    followup = FollowUp.objects.get()
    assert (followup.booking_id, followup.email, followup.status) == (
        booking.pk,
        "maria@example.com",
        "planned",
    )


@pytest.mark.parametrize(
    ("locale", "zone", "subject", "start", "end"),
    [
        (
            "ro-RO",
            "",
            "Confirmare: Sales Demo, marți, 24 noiembrie, ora 10:00",
            "marți, 24 noiembrie 2026, ora 10:00 (Europe/Bucharest)",
            "marți, 24 noiembrie 2026, ora 10:30 (Europe/Bucharest)",
        ),
        (
            "en-US",
            "America/New_York",
            "Confirmed: Sales Demo, Tuesday, November 24 at 03:00",
            "Tuesday, November 24, 2026 at 03:00 (America/New_York)",
            "Tuesday, November 24, 2026 at 03:30 (America/New_York)",
        ),
        (
            "fr-FR",
            "Asia/Kathmandu",
            "Confirmed: Sales Demo, Tuesday, November 24 at 13:45",
            "Tuesday, November 24, 2026 at 13:45 (Asia/Kathmandu)",
            "Tuesday, November 24, 2026 at 14:15 (Asia/Kathmandu)",
        ),
    ],
)
def test_a_mail_tells_the_time_as_the_invitee_reads_it(
    calendly: Calendly, locale: str, zone: str, subject: str, start: str, end: str
) -> None:
    calendly.options.location_push_seconds = 0
    book(locale=locale, time_zone=zone)
    deliver(calendly)
    mail = message("/email/send")
    assert (mail["to"], mail["template"], mail["subject"]) == (
        "maria@example.com",
        "calendly_confirmation",
        subject,
    )
    assert mail["data"] == {
        "event_name": "Sales Demo",
        "start_time": start,
        "end_time": end,
        "meeting_url": active_url(calendly),
        "conversation_context": "Wants prices.",
        "agent_type": "sales",
    }


def active_url(calendly: Calendly) -> str:
    return Booking.objects.get().meeting_url


def test_what_is_not_known_is_null_and_not_an_empty_text(calendly: Calendly) -> None:
    calendly.options.location_push_seconds = 0
    book(conversation_id="", user_id="", agent_type="", notes="")
    deliver(calendly)
    assert message("/calendly/metadata")["metadata"] == {
        "conversation_id": None,
        "agent_type": None,
        "booking_source": "vai_agent",
        "notes": None,
    }
    assert message("/calendly/notify")["user_id"] is None
    assert message("/email/send")["data"]["conversation_context"] is None


def test_of_a_booking_made_elsewhere_only_analytics_are_told(calendly: Calendly) -> None:
    calendly.book_as_invitee("Sales Demo", TEN, email="n@example.com", name="N")
    deliver(calendly)
    calendly.reschedule_as_invitee(active(calendly)[0], TEN + hours(2))
    deliver(calendly)
    calendly.mark_no_show(active(calendly)[0])
    deliver(calendly)
    calendly.undo_no_show(active(calendly)[0])
    deliver(calendly)
    calendly.cancel_as_invitee(active(calendly)[0], "Nu mai am timp")
    deliver(calendly)
    assert told() == []
    assert not FollowUp.objects.exists()
    bodies = [each.body for each in OutboxMessage.objects.order_by("pk")]
    assert [body["event_type"] for body in bodies] == [
        "invitee_created",
        "invitee_rescheduled",
        "invitee_no_show_created",
        "invitee_no_show_deleted",
        "invitee_canceled",
    ]
    assert {body["platform"] for body in bodies} == {"calendly"}
    data = bodies[0]["data"]
    assert uuid.UUID(data["booking_id"])
    assert (data["source"], data["status"], data["start_time"]) == (
        "public",
        "confirmed",
        "2026-11-24T08:00:00Z",
    )
    assert bodies[-1]["data"]["cancel_reason"] == "Nu mai am timp"
    assert bodies[-1]["data"]["canceler_type"] == "invitee"


def test_a_host_who_cancels_for_want_of_time_causes_no_follow_up(calendly: Calendly) -> None:
    booking = book()
    deliver(calendly)
    calendly.cancel_as_host(calendly.find_event(booking.event_id), "Nu mai am timp")
    deliver(calendly)
    assert told()[-1] == "/calendly/canceled"
    assert not FollowUp.objects.exists()


def test_an_agent_that_cancels_for_the_invitee_for_want_of_time_causes_a_follow_up(
    calendly: Calendly,
) -> None:
    booking = book()
    deliver(calendly)
    cancel.cancel_booking(queries.find(str(booking.pk)), reason="Nu mai am timp", by=AGENT, now=now())
    deliver(calendly)
    assert told()[-2:] == ["/calendly/canceled", "/followup/schedule"]
    assert message("/followup/schedule")["followup_type"] == "reschedule_assistance"
    assert FollowUp.objects.get().kind == "reschedule_assistance"


@pytest.mark.parametrize("by", [AGENT, Actor.staff("maria")])
def test_without_a_reason_about_time_or_by_staff_there_is_none(calendly: Calendly, by: Actor) -> None:
    booking = book()
    deliver(calendly)
    reason = "Prea scump" if by is AGENT else "Nu mai am timp"
    cancel.cancel_booking(queries.find(str(booking.pk)), reason=reason, by=by, now=now())
    deliver(calendly)
    assert told()[-1] == "/calendly/canceled"
    assert not FollowUp.objects.exists()


def test_a_host_who_was_faster_than_the_agent_gives_his_own_reason(calendly: Calendly) -> None:
    booking = book()
    deliver(calendly)
    calendly.cancel_as_host(calendly.find_event(booking.event_id), "Nu mai am timp")
    cancel.cancel_booking(queries.find(str(booking.pk)), reason="Prea scump", by=AGENT, now=now())
    deliver(calendly)
    assert not FollowUp.objects.exists()


def test_a_follow_up_speaks_the_invitees_language(calendly: Calendly) -> None:
    book(locale="en")
    calendly.cancel_as_invitee(active(calendly)[0], "schedule conflict")
    deliver(calendly)
    assert message("/followup/schedule")["message"].startswith("Hello! You canceled “Sales Demo”")


@pytest.mark.parametrize(
    "reason",
    [
        "nu mai am timp",
        "Nu mai am timp.",
        "nu am timp acum",
        "N-am timp",
        "lipsă de timp",
        "ora nu e bună",
        "Ora nu este potrivită",
        "ora asta nu îmi convine",
        "nu e o oră bună",
        "nu-mi convine ora",
        "nu îmi convine ziua",
        "altă oră, vă rog",
        "vreau altă zi",
        "în altă dată",
        "se suprapune cu altceva",
        "nu mai pot la ora aceea",
        "nu pot atunci",
        "program încărcat",
        "programul s-a schimbat",
        "ora greșită",
        "conflict de program",
        "aș vrea să reprogramez",
        "Reprogramare",
        "prea devreme",
        "NU MAI AM TIMP",
        "nu  mai\nam timp",
        "am o întâlnire atunci",
        "schedule conflict",
        "Scheduling conflict",
        "I have a conflict",
        "conflicts with another meeting",
        "wrong time",
        "Wrong date",
        "bad timing",
        "another time please",
        "different day",
        "no time",
        "I no longer have time",
        "don't have time",
        "I didn’t have enough time",
        "do not have time",
        "time doesn't work for me",
        "the time does not suit",
        "double-booked",
        "need to reschedule",
        "too busy",
        "not a good time",
        "can't make it at that time",
        "too early for me",
    ],
)
def test_a_reason_about_time_is_recognised(reason: str) -> None:
    assert portal_messages.about_time(reason)


@pytest.mark.parametrize(
    "reason",
    [
        "",
        " ",
        "m-am răzgândit",
        "am găsit alt furnizor",
        "too expensive",
        "I found another solution",
        "nu mai am nevoie",
        "Nu mai e nevoie",
        "prea scump",
        "changed my mind",
        "not interested",
        "boală",
        "am rezolvat între timp",
        "din timp",
        "spam",
        "test",
        "conflict de interese",
        "conflict of interest",
        "sometimes",
        "Timpul e bun",
        "duplicate booking",
        "another provider",
        "wrong person",
        "sunt mulțumit de alt produs",
        "alt motiv",
    ],
)
def test_a_reason_about_anything_else_is_not(reason: str) -> None:
    assert not portal_messages.about_time(reason)


def test_a_very_long_reason_is_read_quickly() -> None:
    assert not portal_messages.about_time("nu " * 5000 + "time " * 5000)
