from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from calendly_integration.calendly import payloads, webhooks
from calendly_integration.calendly.errors import InvalidSignature, UnreadablePayload

from .examples import EVENT, INVITEE, PAYLOADS, delivery

VECTOR: dict[str, Any] = json.loads((PAYLOADS / "signature.json").read_text())
BODY = base64.b64decode(VECTOR["raw_body_base64"])
KEY = VECTOR["signing_key"]
NOW = float(VECTOR["timestamp"])
GOOD = VECTOR["header_value"]
DIGEST = GOOD.partition("v1=")[2]
SAMPLES = sorted(path for path in PAYLOADS.glob("*__*.json"))


def check(
    header: str | None, *, body: bytes = BODY, keys: tuple[str, ...] = (KEY,), now: float = NOW
) -> None:
    webhooks.verify(body=body, header=header, keys=keys, now=now, tolerance=180)


def signed(timestamp: str, body: bytes = BODY, key: str = KEY) -> str:
    text = timestamp.encode() + b"." + body
    return f"t={timestamp},v1={hmac.new(key.encode(), text, hashlib.sha256).hexdigest()}"


@pytest.mark.parametrize("case", VECTOR["must_accept"], ids=lambda case: case.get("why", str(case["now"])))
def test_what_the_vector_accepts_is_accepted(case: dict[str, Any]) -> None:
    check(case["header_value"], now=case["now"])


@pytest.mark.parametrize("case", VECTOR["must_reject"], ids=lambda case: case["why"])
def test_what_the_vector_rejects_is_rejected(case: dict[str, Any]) -> None:
    with pytest.raises(InvalidSignature):
        check(case["header_value"])


def test_a_stale_delivery_is_rejected() -> None:
    stale = VECTOR["must_reject_when_stale"]
    with pytest.raises(InvalidSignature):
        check(stale["header_value"], now=stale["now"])


@pytest.mark.parametrize("off", [-181, 181, float("nan"), float("inf")])
def test_the_age_is_checked_both_ways(off: float) -> None:
    with pytest.raises(InvalidSignature):
        check(GOOD, now=NOW + off)


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        ",",
        "t=,v1=",
        DIGEST,
        f"v1={DIGEST}",
        f"t={int(NOW)}",
        f"t={int(NOW)},v1={DIGEST.upper()}",
        f"t={int(NOW)},v1={DIGEST[:-1]}",
        f"t={int(NOW)},v1={DIGEST}0",
        f"t={int(NOW)},v0={DIGEST}",
        f"t={int(NOW)},t={int(NOW)},v1={DIGEST}",
        f"t={'9' * 500},v1={DIGEST}",
        f"t=-{int(NOW)},v1={DIGEST}",
        f"t={int(NOW)}.0,v1={DIGEST}",
        f"t=1e9,v1={DIGEST}",
        f"t=٣,v1={DIGEST}",
        f"t={int(NOW)},v1={DIGEST[:-1]}é",
        f"t={int(NOW)},v1={'0' * 64},v1={'1' * 64}",
        "t=1," * 1000 + f"v1={DIGEST}",
    ],
)
def test_a_forged_or_broken_header_is_rejected(header: str) -> None:
    with pytest.raises(InvalidSignature):
        check(header)


def test_a_changed_body_is_rejected() -> None:
    with pytest.raises(InvalidSignature):
        check(GOOD, body=BODY + b" ")


@pytest.mark.parametrize("keys", [(), ("",), ("", "wrong")])
def test_without_the_right_key_nothing_is_accepted(keys: tuple[str, ...]) -> None:
    with pytest.raises(InvalidSignature):
        check(GOOD, keys=keys)


def test_an_empty_key_cannot_be_signed_with() -> None:
    with pytest.raises(InvalidSignature):
        check(signed(str(int(NOW)), key=""), keys=("",))


@pytest.mark.parametrize("keys", [(KEY, "next"), ("next", KEY)])
def test_while_a_key_is_rotated_both_are_accepted(keys: tuple[str, ...]) -> None:
    check(GOOD, keys=keys)


def test_order_and_spaces_in_the_header_do_not_matter() -> None:
    check(f"v1={DIGEST}, v2=later , t={int(NOW)}")


def test_any_bytes_can_be_signed() -> None:
    body = bytes(range(256))
    check(signed(str(int(NOW)), body), body=body)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_is_read(path: Path) -> None:
    body = path.read_bytes()
    kind = json.loads(body)["event"]
    read = webhooks.parse(body)
    assert read.kind == kind
    expected: type = webhooks.UnknownDelivery
    if kind in webhooks.INVITEE_KINDS:
        expected = webhooks.InviteeDelivery
    elif kind in webhooks.EVENT_TYPE_KINDS:
        expected = webhooks.EventTypeDelivery
    assert isinstance(read, expected)


def link(event: payloads.ScheduledEvent) -> str:
    assert event.location is not None
    return event.location.join_url


def read(name: str) -> webhooks.InviteeDelivery:
    found = webhooks.parse(json.dumps(delivery(name)).encode())
    assert isinstance(found, webhooks.InviteeDelivery)
    return found


def test_a_booking_by_the_api() -> None:
    found = read("invitee.created__api")
    invitee, event = found.invitee, found.event
    assert (invitee.uri, invitee.event_uri, event.uri) == (INVITEE, EVENT, EVENT)
    assert invitee.created_at == datetime(2026, 11, 23, 8, 14, 2, 118734, tzinfo=UTC)
    assert (invitee.status, invitee.rescheduled) == ("active", False)
    assert invitee.cancellation is None
    assert invitee.no_show_uri is None
    assert invitee.answers[0].answer == "Moving our support desk"
    assert invitee.tracking["utm_source"] == "assistant"
    assert event.hosts == ("https://api.calendly.com/users/2f6b9a10-6c3d-4e8f-8a71-5d0c2e9b4f36",)
    assert event.guests == ("sam.guest@example.com",)
    assert (link(event), event.location_settled) == ("", False)
    assert event.invitees_active == 1


def test_a_cancellation_by_the_host() -> None:
    found = read("invitee.canceled__host")
    assert found.invitee.status == "canceled"
    assert found.invitee.cancellation is not None
    assert found.invitee.cancellation.canceler_type == "host"
    assert found.invitee.new_invitee is None
    assert found.event.cancellation is not None


def test_the_two_halves_of_a_reschedule_name_each_other() -> None:
    old, new = read("invitee.canceled__reschedule").invitee, read("invitee.created__reschedule").invitee
    assert (old.new_invitee, new.old_invitee) == (new.uri, old.uri)
    assert (old.rescheduled, new.rescheduled) == (True, False)
    assert old.event_uri != new.event_uri


def test_a_finished_location_has_its_url() -> None:
    event = read("invitee.canceled__reschedule").event
    assert event.location_settled
    assert link(event) == "https://zoom.example.com/j/81234567890"


def test_a_no_show_has_its_mark() -> None:
    path = next(PAYLOADS.glob("invitee_no_show.created__*.json"))
    found = webhooks.parse(path.read_bytes())
    assert isinstance(found, webhooks.InviteeDelivery)
    assert found.invitee.no_show_uri
    assert found.invitee.no_show_at is not None


def test_an_unknown_kind_is_kept() -> None:
    found = webhooks.parse(b'{"event": "weather.changed", "created_at": "yesterday", "payload": [1]}')
    assert isinstance(found, webhooks.UnknownDelivery)
    assert found.kind == "weather.changed"


def broken(**changes: object) -> bytes:
    body = delivery("invitee.created__page")
    body["payload"].update(changes)
    return json.dumps(body).encode()


def broken_event(**changes: object) -> bytes:
    body = delivery("invitee.created__page")
    body["payload"]["scheduled_event"] |= changes
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"not json",
        b"\xff\xfe{}",
        b'{"event": "invitee.created", "payload": {"uri": "\xed\xa0\x80"}}',
        b"\x00" * 100,
        b"[" * 100_000,
        b'{"a":' * 500 + b"1" + b"}" * 500,
        b'{"payload": {}}',
        b'{"event": 7, "payload": {}}',
        b'{"event": "' + b"x" * 200 + b'"}',
        b'{"event": "invitee.created", "payload": null}',
        b'{"event": "invitee.created", "created_at": "2026-11-23T08:14:03Z", "payload": {}}',
        b'{"event": "event_type.created", "payload": {}}',
        BODY,
        b'{"n": ' + b"9" * 5000 + b"}",
        broken(uri=None),
        broken(updated_at="2026-11-23T08:14:02"),
        broken(updated_at="0001-01-01T00:00:00+23:59"),
        broken(scheduled_event=[]),
        broken(questions_and_answers={}),
        broken(uri="https://evil.example/scheduled_events/E1/invitees/I1"),
        broken(uri="https://api.calendly.com.evil.example/scheduled_events/E1/invitees/I1"),
        broken(uri="https://api.calendly.com/scheduled_events/E1/invitees/"),
        broken(uri="https://api.calendly.com/scheduled_events/E1/invitees/a b"),
        broken(event="https://api.calendly.com/users/E1"),
        broken(event="javascript:alert(1)//scheduled_events/E1"),
        broken(old_invitee="https://evil.example/scheduled_events/E1/invitees/I1"),
        broken(new_invitee="/scheduled_events/E1/invitees/I1"),
        broken(no_show={"uri": "https://evil.example/invitee_no_shows/N1"}),
        broken_event(uri="https://evil.example/scheduled_events/E1"),
        broken_event(event_type="https://evil.example/event_types/T1"),
        broken_event(event_memberships=[{"user": "https://evil.example/users/U1"}]),
        broken_event(location="Zoom"),
        broken(cancellation="yes"),
        broken(no_show=1),
        broken(no_show=True),
        broken(cancellation=[]),
    ],
)
def test_what_is_no_delivery_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadablePayload):
        webhooks.parse(body)


def test_an_event_type_of_somewhere_else_is_unreadable() -> None:
    body = delivery("event_type.created__sample")
    body["payload"]["uri"] = "https://evil.example/event_types/T1"
    with pytest.raises(UnreadablePayload):
        webhooks.parse(json.dumps(body).encode())


def test_uris_of_our_own_base_are_calendlys_too() -> None:
    body = json.dumps(delivery("invitee.created__page")).replace(
        "https://api.calendly.com", "http://127.0.0.1:8999"
    )
    with pytest.raises(UnreadablePayload):
        webhooks.parse(body.encode())
    found = webhooks.parse(body.encode(), bases=["http://127.0.0.1:8999/"])
    assert isinstance(found, webhooks.InviteeDelivery)


def test_an_answer_that_cannot_be_read_costs_only_itself() -> None:
    found = webhooks.parse(broken(questions_and_answers=[7, {"question": "Q", "answer": "A"}]))
    assert isinstance(found, webhooks.InviteeDelivery)
    assert [answer.answer for answer in found.invitee.answers] == ["A"]


def test_a_host_or_guest_that_cannot_be_read_costs_only_itself() -> None:
    body = delivery("invitee.created__page")
    event = body["payload"]["scheduled_event"]
    [host] = event["event_memberships"]
    event["event_memberships"] = [{"user_name": "Nobody", "user_email": "x@example.com"}, host]
    event["event_guests"] = ["sam", *event["event_guests"], {"email": None}]
    found = webhooks.parse(json.dumps(body).encode())
    assert isinstance(found, webhooks.InviteeDelivery)
    assert found.event.hosts == (host["user"],)
    assert found.event.guests == ("sam.guest@example.com",)


LINKS = [
    ("https://calendly.com/cancellations/x", "https://calendly.com/cancellations/x"),
    (" HTTP://calendly.com/x ", "HTTP://calendly.com/x"),
    ("javascript:alert(1)", ""),
    ("JaVaScRiPt:alert(1)//https://calendly.com", ""),
    ("data:text/html,x", ""),
    ("//calendly.com/x", ""),
    ("https://", ""),
    ("https://calendly.com/a b", ""),
    ("https://calendly.com/\nx", ""),
    ("https://calendly.com/\u202ex", ""),
    (7, ""),
]


@pytest.mark.parametrize(("given", "wanted"), LINKS)
def test_links_are_http_or_https_or_none(given: object, wanted: str) -> None:
    body = delivery("invitee.created__page")
    payload = body["payload"]
    payload |= {"cancel_url": given, "reschedule_url": given}
    payload["scheduled_event"]["location"]["join_url"] = given
    found = webhooks.parse(json.dumps(body).encode())
    assert isinstance(found, webhooks.InviteeDelivery)
    assert (found.invitee.cancel_url, found.invitee.reschedule_url) == (wanted, wanted)
    assert link(found.event) == wanted


@pytest.mark.parametrize("name", ["Intro\r\ncall", "Intro\ncall ", "\tIntro\u2028 call", "Intro\x0bcall"])
def test_names_stand_on_one_line(name: str) -> None:
    body = delivery("invitee.created__page")
    body["payload"] |= {"name": name, "first_name": name}
    body["payload"]["scheduled_event"] |= {"name": name, "location": {"type": "physical", "location": name}}
    found = webhooks.parse(json.dumps(body).encode())
    assert isinstance(found, webhooks.InviteeDelivery)
    assert found.event.location is not None
    names = {found.invitee.name, found.invitee.first_name, found.event.name, found.event.location.location}
    assert names == {"Intro call"}


def test_numbers_and_empty_values_are_read_as_what_they_stand_for() -> None:
    body = delivery("invitee.created__page")
    body["payload"] |= {
        "no_show": False,
        "cancellation": {},
        "text_reminder_number": 40722111222,
        "questions_and_answers": [{"question": "Phone?", "answer": 40722111222, "position": 0}],
    }
    body["payload"]["scheduled_event"]["cancellation"] = {}
    found = webhooks.parse(json.dumps(body).encode())
    assert isinstance(found, webhooks.InviteeDelivery)
    assert (found.invitee.no_show_uri, found.invitee.no_show_at) == (None, None)
    assert (found.invitee.cancellation, found.event.cancellation) == (None, None)
    assert found.invitee.text_reminder_number == "40722111222"
    assert [item.answer for item in found.invitee.answers] == ["40722111222"]


@pytest.mark.parametrize(
    ("answer", "read"), [(4.0722111222e10, "40722111222"), (1.5, ""), (True, ""), (None, ""), ([], "")]
)
def test_an_answer_is_a_text_or_a_whole_number(answer: object, read: str) -> None:
    found = webhooks.parse(broken(questions_and_answers=[{"question": "Phone?", "answer": answer}]))
    assert isinstance(found, webhooks.InviteeDelivery)
    assert found.invitee.answers[0].answer == read


def test_characters_that_databases_refuse_are_replaced() -> None:
    body = broken(name="Nora\x00", first_name="\ud83d", last_name="😀 \ud800")
    found = webhooks.parse(body)
    assert isinstance(found, webhooks.InviteeDelivery)
    assert found.invitee.name == "Nora\ufffd"
    assert found.invitee.first_name == "\ufffd"
    assert found.invitee.last_name == "😀 \ufffd"
    assert found.invitee.raw["name"] == "Nora\ufffd"


def test_surplus_and_missing_optional_fields_do_no_harm() -> None:
    body = delivery("invitee.created__page")
    for key in ("tracking", "text_reminder_number", "no_show", "questions_and_answers", "scheduling_method"):
        body["payload"].pop(key, None)
    body["payload"]["later"] = {"more": [1]}
    body["payload"]["scheduled_event"] |= {"location": None, "invitees_counter": None}
    found = webhooks.parse(json.dumps(body).encode())
    assert isinstance(found, webhooks.InviteeDelivery)
    assert (found.invitee.tracking, found.invitee.answers) == ({}, ())
    assert (found.event.location, found.event.location_settled) == (None, True)


def test_reprs_name_nobody() -> None:
    found = read("invitee.created__page")
    assert "nora" not in repr(found).lower()
    assert "mara" not in repr(found).lower()
