from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from calendly_integration.sandbox import seeds
from calendly_integration.sandbox.store import TRACKING_KEYS

from .conftest import Caller

LOCATION_REFUSED = {
    "parameter": "event.location_configuration.location",
    "message": "invalid location choice",
    "code": "invalid_location_choice",
}
FILLED = {
    "parameter": "event.start_time",
    "message": "That start time has been filled",
    "code": "already_filled",
}
BLANK = {"title": "Invalid Argument", "message": "Required Questions and Answers cannot be blank."}
EMPTY_TRACKING = dict.fromkeys(TRACKING_KEYS)
PERSON = {"name": "Maria", "email": "maria@example.com", "timezone": "UTC"}


def test_a_booking_is_made_at_once(api, calendly, demo):
    answer = api.book(
        demo, tracking=EMPTY_TRACKING | {"utm_content": "ours-1"}, event_guests=["g@example.com"]
    )
    assert answer.status_code == 201
    invitee = answer.json()["resource"]
    assert invitee["scheduling_method"] == "api"
    assert invitee["tracking"]["utm_content"] == "ours-1"
    assert invitee["cancel_url"] == f"https://calendly.com/cancellations/{invitee['uri'].rsplit('/', 1)[1]}"
    assert "cancellation" not in invitee
    assert "location" not in invitee
    event = api.get(invitee["event"].removeprefix("https://api.calendly.com")).json()["resource"]
    assert event["location"]["status"] == "processing"
    assert [guest["email"] for guest in event["event_guests"]] == ["g@example.com"]


def test_the_join_link_comes_a_moment_later(api, calendly, demo):
    path = api.book(demo).json()["resource"]["event"].removeprefix("https://api.calendly.com")
    before = api.get(path).json()["resource"]
    calendly.move_clock(3)
    after = api.get(path).json()["resource"]
    assert before["location"] == {"type": "zoom", "status": "processing", "join_url": None, "data": None}
    assert after["location"]["status"] == "pushed"
    assert after["location"]["join_url"].startswith("https://")
    assert after["updated_at"] > before["updated_at"]


def test_the_same_start_again_is_filled(api, demo):
    body = api.booking(demo)
    assert api.post("/invitees", body).status_code == 201
    answer = api.post("/invitees", body)
    assert answer.status_code == 400
    assert answer.json()["details"] == [FILLED]


def test_fifty_at_once_get_one_meeting(api, calendly, demo):
    body, statuses = api.booking(demo), []
    threads = [
        threading.Thread(target=lambda: statuses.append(api.post("/invitees", body).status_code))
        for _ in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] + [400] * 49


def test_a_group_type_books_the_same_person_twice(api, calendly):
    kind = calendly.add_group_type(seats=2)
    body = api.booking(kind)
    assert [api.post("/invitees", body).status_code for _ in range(3)] == [201, 201, 400]


@pytest.mark.parametrize("start", ["2026-11-23T07:07:00Z", "2026-11-28T10:00:00Z", "2020-01-01T10:00:00Z"])
@pytest.mark.parametrize(("choice", "status"), [("already_filled", 400), ("not_found", 404)])
def test_a_start_that_was_never_offered(api, calendly, demo, start, choice, status):
    calendly.options.never_offered = choice
    assert api.book(demo, start).status_code == status


def test_the_location_is_looked_at_before_the_slot(api, demo):
    answer = api.book(demo, "2020-01-01T10:00:00Z", location={"kind": "physical", "location": "here"})
    assert answer.json()["details"] == [LOCATION_REFUSED]


@pytest.mark.parametrize("location", [None, {"kind": "zoom"}, {"kind": "google_conference"}, {}])
def test_a_location_that_the_type_does_not_have(api, demo, location):
    assert api.book(demo, location=location).json()["details"] == [LOCATION_REFUSED]


def test_a_location_for_a_type_without_any(api, calendly):
    kind = calendly.add_event_type("Nowhere", no_location=True)
    assert api.book(kind).json()["details"] == [LOCATION_REFUSED]
    event = api.book(kind, location=None).json()["resource"]["event"].removeprefix("https://api.calendly.com")
    assert api.get(event).json()["resource"]["location"] is None


def test_a_phone_call_needs_the_number_of_the_invitee(api, calendly):
    kind = calendly.add_event_type("Call", locations=[seeds.place("outbound_call")])
    assert api.book(kind, location={"kind": "outbound_call"}).status_code == 400
    answer = api.book(kind, location={"kind": "outbound_call", "location": "+40721000000"})
    event = calendly.find_event(answer.json()["resource"]["event"])
    assert event.location["location"] == "+40721000000"


def test_a_place_has_to_be_named_exactly(api, calendly):
    kind = calendly.add_event_type("Visit", locations=[seeds.place("physical", text="Str. Lungă 1")])
    assert api.book(kind, location={"kind": "physical", "location": "elsewhere"}).status_code == 400
    assert api.book(kind, location={"kind": "physical", "location": "Str. Lungă 1"}).status_code == 201


def test_round_robin_wants_no_location(api, calendly):
    kind = calendly.add_round_robin_type("Any of us", list(calendly.state.users.values()))
    assert api.book(kind).json()["details"] == [LOCATION_REFUSED]
    assert api.book(kind, location=None).status_code == 201
    calendly.options.round_robin_location = "ignored"
    assert api.book(kind).status_code == 201


@pytest.mark.parametrize(
    "answers",
    [
        None,
        [],
        [{"question": "Company?", "answer": "  ", "position": 0}],
        [{"question": "company?", "answer": "x", "position": 0}],
    ],
)
def test_a_required_question_has_to_be_answered(api, calendly, answers):
    kind = calendly.add_event_type("Asking", questions=[seeds.question("Company?", required=True)])
    answer = api.book(kind, questions_and_answers=answers)
    assert (answer.status_code, answer.json()) == (400, BLANK)


def test_an_answer_is_kept(api, calendly):
    kind = calendly.add_event_type("Asking", questions=[seeds.question("Company?", required=True)])
    given = {"question": "Company?", "answer": "VAI", "position": 5}
    assert api.book(kind, questions_and_answers=[given]).json()["resource"]["questions_and_answers"] == [
        given
    ]


def test_an_answer_to_a_phone_question_has_to_be_a_number(api, calendly):
    kind = calendly.add_event_type("Asking", questions=[seeds.question("Phone?", kind="phone_number")])
    given = {"question": "Phone?", "answer": "none", "position": 0}
    assert (
        api.book(kind, questions_and_answers=[given]).json()["details"][0]["parameter"]
        == "questions_and_answers"
    )


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"event_type": None}, "event_type"),
        ({"event_type": "abc"}, "event_type"),
        ({"start_time": "tomorrow"}, "start_time"),
        ({"start_time": "2026-11-24T10:00:00"}, "start_time"),
        ({"invitee": None}, "invitee"),
        ({"invitee": PERSON | {"name": None}}, "invitee"),
        ({"invitee": PERSON | {"email": "nobody"}}, "invitee.email"),
        ({"invitee": PERSON | {"timezone": "Mars/Olympus"}}, "invitee.timezone"),
        ({"invitee": {"name": "M", "email": "m@example.com"}}, "invitee.timezone"),
        ({"invitee": PERSON | {"text_reminder_number": "0721"}}, "invitee.text_reminder_number"),
        ({"tracking": {"utm_source": "x"}}, "tracking.utm_campaign"),
        ({"tracking": EMPTY_TRACKING | {"utm_term": "x" * 256}}, "tracking.utm_term"),
        ({"invitee": PERSON | {"name": 5}}, "invitee.name"),
        ({"start_time": "9999-12-31T23:00:00Z"}, "start_time"),
        (
            {"questions_and_answers": [{"question": [], "answer": "x", "position": 0}]},
            "questions_and_answers[0].question",
        ),
        ({"event_guests": [f"g{number}@example.com" for number in range(11)]}, "event_guests"),
        ({"questions_and_answers": [{"answer": "x", "position": 0}]}, "questions_and_answers[0].question"),
        ({"questions_and_answers": [{"question": "x", "answer": "x"}]}, "questions_and_answers[0].position"),
    ],
)
def test_a_malformed_booking_names_its_parameter(api, demo, changes, parameter):
    answer = api.book(demo, **changes)
    assert answer.status_code == 400
    assert answer.json()["details"][0]["parameter"] == parameter


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"event_type": "\\ud800"}', b"[" * 100_000])
def test_what_is_no_object_is_refused(api, body):
    answer = api.session.post("https://api.calendly.com/invitees", data=body)
    assert answer.status_code == 400
    assert "details" not in answer.json()


def test_first_and_last_name_make_the_name(api, demo):
    person = {"first_name": "Maria", "last_name": "Popa", "email": "m@example.com", "timezone": "UTC"}
    invitee = api.book(demo, invitee=person).json()["resource"]
    assert (invitee["name"], invitee["first_name"], invitee["last_name"]) == ("Maria Popa", "Maria", "Popa")


def test_an_unknown_or_inactive_type_is_not_found(api, calendly, demo):
    assert api.book(demo, event_type="https://api.calendly.com/event_types/none").status_code == 404
    calendly.change_event_type(demo, active=False)
    assert api.book(demo, "2026-11-24T10:00:00Z").status_code == 404


def test_only_who_may_use_a_type_may_book_it(calendly, demo):
    calendly.add_token("radu", list(calendly.state.users.values())[1])
    answer = Caller(calendly, "radu").book(demo, "2026-11-24T10:00:00Z")
    assert (answer.status_code, answer.json()["title"]) == (403, "Permission Denied")


def test_unknown_fields_are_ignored_and_counted(api, calendly, demo):
    answer = api.book(demo, duration=30, invitee=PERSON | {"phone": "1"})
    assert answer.status_code == 201
    assert calendly.unknown_fields == {"POST /invitees: duration": 1, "POST /invitees: invitee.phone": 1}


def test_the_old_rule_for_free_plans(api, calendly, demo):
    calendly.options.plan, calendly.options.booking_needs_paid_plan = "free", True
    assert "only available on paid" in api.book(demo).json()["message"]


def test_a_single_use_link_works_once(api, calendly, demo):
    owner = calendly.uri("event_types", demo.id)
    answer = api.post("/scheduling_links", {"max_event_count": 1, "owner": owner, "owner_type": "EventType"})
    assert answer.status_code == 201
    code = answer.json()["resource"]["booking_url"].split("/")[-2]
    calendly.book_as_invitee(demo, datetime(2026, 11, 24, 8, tzinfo=UTC), link=code)
    with pytest.raises(Exception, match="404"):
        calendly.book_as_invitee(demo, datetime(2026, 11, 24, 10, tzinfo=UTC), link=code)


def test_the_host_cancels_and_a_second_time_is_refused(api, calendly, demo):
    path = api.book(demo).json()["resource"]["event"].removeprefix("https://api.calendly.com")
    first = api.post(f"{path}/cancellation", {"reason": "Ill"})
    assert first.status_code == 201
    assert first.json()["resource"] | {"created_at": ""} == {
        "canceled_by": "Ana Ionescu",
        "reason": "Ill",
        "canceler_type": "host",
        "created_at": "",
    }
    second = api.post(f"{path}/cancellation")
    assert (second.status_code, second.json()["message"]) == (403, "Event is already canceled")
    assert api.book(demo).status_code == 201


def test_a_past_meeting_cannot_be_canceled(api, calendly, demo):
    path = api.book(demo).json()["resource"]["event"].removeprefix("https://api.calendly.com")
    calendly.move_clock(10 * 86400)
    answer = api.post(f"{path}/cancellation")
    assert (answer.status_code, answer.json()["message"]) == (403, "Event in the past")


def test_no_show_is_marked_once_and_can_be_undone(api, demo):
    uri = api.book(demo).json()["resource"]["uri"]
    mark = api.post("/invitee_no_shows", {"invitee": uri})
    assert mark.status_code == 201
    assert api.post("/invitee_no_shows", {"invitee": uri}).status_code == 400
    path = mark.json()["resource"]["uri"].removeprefix("https://api.calendly.com")
    assert api.get(path).json()["resource"]["invitee"] == uri
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert api.get(uri.removeprefix("https://api.calendly.com")).json()["resource"]["no_show"] is None


def test_one_leaving_a_group_leaves_the_meeting(calendly):
    kind = calendly.add_group_type(seats=2)
    start = datetime(2026, 11, 24, 8, tzinfo=UTC)
    one, two = (calendly.book_as_invitee(kind, start, email=f"g{number}@example.com") for number in (1, 2))
    calendly.cancel_as_invitee(one)
    assert calendly.find_event(one).status == "active"
    calendly.cancel_as_invitee(two)
    assert calendly.find_event(one).status == "canceled"


def test_moving_links_both_invitees_and_frees_the_old_slot(api, calendly, demo):
    old = calendly.book_as_invitee(demo, datetime(2026, 11, 24, 8, tzinfo=UTC))
    # 15 minutes later overlaps the old meeting, which does not stand in its own way.
    new = calendly.reschedule_as_invitee(old, datetime(2026, 11, 24, 8, 15, tzinfo=UTC))
    assert old.rescheduled
    assert old.new_invitee == calendly.invitee_uri(new.id)
    assert new.old_invitee == calendly.invitee_uri(old.id)
    assert not new.rescheduled
    assert calendly.find_event(old).status == "canceled"
    with pytest.raises(Exception, match="already canceled"):
        calendly.reschedule_as_invitee(old, datetime(2026, 11, 25, 8, tzinfo=UTC))


def test_a_move_to_a_taken_slot_changes_nothing(calendly, demo):
    start = datetime(2026, 11, 24, 8, tzinfo=UTC)
    calendly.book_as_invitee(demo, start)
    old = calendly.book_as_invitee(demo, start.replace(hour=10))
    with pytest.raises(Exception, match="already_filled"):
        calendly.reschedule_as_invitee(old, start)
    assert (old.status, calendly.find_event(old).status) == ("active", "active")
