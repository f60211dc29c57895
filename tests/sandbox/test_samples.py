"""What the sandbox sends against the recorded samples: the same keys, the same JSON types."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from calendly_integration.sandbox import seeds

from .inbox import Inbox, sent

PAYLOADS = Path(__file__).parent.parent / "payloads"
START = datetime(2026, 11, 24, 8, tzinfo=UTC)


def shape(value):
    """Keys and JSON types, without the values."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if isinstance(value, int) and not isinstance(value, bool) else type(value).__name__


def assert_alike(ours, sample, where="$"):
    """The same keys and types all the way down; a list that one side has empty is not compared further."""
    if isinstance(sample, dict) and isinstance(ours, dict):
        assert ours.keys() == sample.keys(), where
        for key in sample:
            assert_alike(ours[key], sample[key], f"{where}.{key}")
    elif isinstance(sample, list) and isinstance(ours, list):
        for mine, theirs in zip(ours[:1], sample[:1], strict=False):
            assert_alike(mine, theirs, f"{where}[]")
    else:
        assert ours == sample, where


def stories(calendly, api):
    """What each sample tells, told here."""
    return meeting_stories(calendly, api) | type_stories(calendly)


def type_stories(calendly):
    kind = calendly.add_event_type("First talk", questions=[seeds.question("What?")])

    def new():
        calendly.add_event_type("Another", questions=kind.questions, description="A first talk.")

    def gone():
        calendly.delete_event_type(calendly.change_event_type(kind, description="A first talk."))

    return {
        "event_type.created__sample": new,
        "event_type.updated__sample": lambda: calendly.change_event_type(kind, description="Now longer."),
        "event_type.deleted__sample": gone,
    }


def meeting_stories(calendly, api):
    kind = calendly.add_event_type("Discovery call")
    tracking, answers, guests = {"utm_source": "assistant"}, {"What?": "Moving"}, ["sam.guest@example.com"]
    calendly.options.location_push_seconds = 0

    def book(start=START):
        return calendly.book_as_invitee(kind, start, tracking=tracking, answers=answers, guests=guests)

    def by_api():
        calendly.options.location_push_seconds = 2
        calendly.options.scheduled_by_token_owner = True
        asked = [{"question": "What?", "answer": "Moving", "position": 0}]
        keys = dict.fromkeys(("utm_campaign", "utm_medium", "utm_content", "utm_term", "salesforce_uuid"))
        tracked = keys | {"utm_source": "assistant"}
        api.book(kind, questions_and_answers=asked, tracking=tracked, event_guests=guests)

    def move():
        old = book()
        calendly.options.location_push_seconds = 2
        calendly.reschedule_as_invitee(old, START.replace(hour=10))

    def mark():
        calendly.mark_no_show(book())

    def unmark():
        invitee = book()
        calendly.mark_no_show(invitee)
        calendly.undo_no_show(invitee)

    return {
        "invitee.created__page": book,
        "invitee.created__api": by_api,
        "invitee.canceled__host": lambda: calendly.cancel_as_host(book(), "Travelling"),
        "invitee.canceled__reschedule": move,
        "invitee.created__reschedule": move,
        "invitee_no_show.created__sample": mark,
        "invitee_no_show.deleted__sample": unmark,
    }


@pytest.mark.parametrize(
    "name",
    [
        "invitee.created__page",
        "invitee.created__api",
        "invitee.canceled__host",
        "invitee.canceled__reschedule",
        "invitee.created__reschedule",
        "invitee_no_show.created__sample",
        "invitee_no_show.deleted__sample",
        "event_type.created__sample",
        "event_type.updated__sample",
        "event_type.deleted__sample",
    ],
)
def test_what_is_sent_is_like_the_sample(calendly, api, hook, name):
    act = stories(calendly, api)[name]
    calendly.deliver(Inbox())
    act()
    event = name.partition("__")[0]
    ours = [item for item in sent(calendly) if item["event"] == event][-1]
    sample = json.loads((PAYLOADS / f"{name}.json").read_text())
    data = sample["payload"].get("scheduled_event", {"location": {}})["location"].get("data")
    if data is not None:
        data["id"] = int(data["id"])  # a number in captures, a text in the samples
    assert_alike(shape(ours), shape(sample))
