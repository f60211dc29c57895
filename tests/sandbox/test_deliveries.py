from __future__ import annotations

import base64
import json
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from calendly_integration.sandbox import webhooks

from .conftest import Caller
from .inbox import Inbox, sent

PAYLOADS = Path(__file__).parent.parent / "payloads"
START = datetime(2026, 11, 24, 8, tzinfo=UTC)


def test_the_signature_is_that_of_the_vector():
    vector = json.loads((PAYLOADS / "signature.json").read_text())
    body = base64.b64decode(vector["raw_body_base64"])
    assert webhooks.signature(vector["signing_key"], vector["timestamp"], body) == vector["header_value"]
    assert webhooks.encode(json.loads(body)).encode() == body


def test_a_delivery_is_compact_sorted_and_signed(calendly, hook, demo):
    calendly.book_as_invitee(demo, START, name="Søn & Co <x>")
    inbox = Inbox()
    assert calendly.deliver(inbox) == [200]
    url, body, headers = inbox.got[0]
    assert url == hook.callback_url
    assert headers[webhooks.HEADER] == webhooks.signature(
        hook.signing_key, int(calendly.now().timestamp()), body
    )
    assert b"S\xc3\xb8n \\u0026 Co \\u003cx\\u003e" in body
    assert b'", "' not in body
    assert list(json.loads(body)) == ["created_at", "created_by", "event", "payload"]
    assert calendly.pending_deliveries == []


def test_without_a_key_there_is_no_signature(calendly, demo):
    calendly.subscribe("https://portal.example/bare")
    calendly.book_as_invitee(demo, START)
    inbox = Inbox()
    calendly.deliver(inbox)
    assert webhooks.HEADER not in inbox.got[0][2]


def test_a_move_is_a_linked_pair_in_either_order(calendly, hook, demo):
    orders = Counter()
    for number in range(12):
        old = calendly.book_as_invitee(demo, START.replace(day=24 + number % 4, hour=8))
        calendly.deliver(Inbox())
        new = calendly.reschedule_as_invitee(old, START.replace(day=24 + number % 4, hour=12))
        first, second = sent(calendly)
        orders[first["event"]] += 1
        pair = {item["event"]: item["payload"] for item in (first, second)}
        gone, come = pair["invitee.canceled"], pair["invitee.created"]
        assert (gone["rescheduled"], gone["new_invitee"], gone["cancellation"]["reason"]) == (
            True,
            come["uri"],
            None,
        )
        assert (come["rescheduled"], come["old_invitee"], come["new_invitee"]) == (False, gone["uri"], None)
        calendly.cancel_as_invitee(new)
        calendly.deliver(Inbox())
    assert set(orders) == {"invitee.created", "invitee.canceled"}


@pytest.mark.parametrize(
    ("order", "first"), [("created_first", "invitee.created"), ("canceled_first", "invitee.canceled")]
)
def test_the_order_of_the_pair_can_be_chosen(calendly, hook, demo, order, first):
    calendly.options.pair_order = order
    old = calendly.book_as_invitee(demo, START)
    calendly.deliver(Inbox())
    calendly.reschedule_as_invitee(old, START.replace(hour=12))
    assert sent(calendly)[0]["event"] == first


def test_one_leaving_a_group_has_an_active_event(calendly, hook):
    kind = calendly.add_group_type(seats=2)
    one, _ = (calendly.book_as_invitee(kind, START, email=f"g{number}@example.com") for number in (1, 2))
    calendly.deliver(Inbox())
    calendly.cancel_as_invitee(one, "Ora nu e bună")
    payload = sent(calendly)[0]["payload"]
    assert (payload["status"], payload["scheduled_event"]["status"]) == ("canceled", "active")
    assert "cancellation" not in payload["scheduled_event"]


@pytest.mark.parametrize("answer", [301, 404, 500, TimeoutError("slow")])
def test_what_is_not_2xx_is_tried_again_later_and_signed_anew(calendly, hook, demo, answer):
    calendly.book_as_invitee(demo, START)
    inbox = Inbox(answer, 204)
    calendly.deliver(inbox)
    assert hook.retry_started_at is not None
    assert calendly.deliver(inbox) == []
    calendly.move_clock(60)
    assert calendly.deliver(inbox) == [204]
    (_, body, headers), (_, again, later) = inbox.got
    assert body == again
    assert headers[webhooks.HEADER] != later[webhooks.HEADER]
    assert hook.retry_started_at is None


def test_pauses_double(calendly, hook, demo):
    calendly.book_as_invitee(demo, START)
    dues = []
    for _ in range(5):
        delivery = calendly.pending_deliveries[0]
        calendly.move_clock((delivery.due_at - calendly.now()).total_seconds())
        calendly.deliver(Inbox(500))
        dues.append((delivery.due_at - calendly.now()).total_seconds())
    assert all(later == 2 * sooner for sooner, later in pairwise(dues))
    assert dues[0] == 60


def test_a_subscription_is_disabled_when_two_deliveries_were_given_up(calendly, hook, demo):
    calendly.options.time_scale = 0.001
    for number in range(2):
        calendly.change_event_type(demo, description=f"{number}")
    for _ in range(40):
        calendly.deliver(lambda *_: 500)
        calendly.move_clock(60)
    assert hook.state == "disabled"
    calendly.change_event_type(demo, description="nobody hears this")
    assert calendly.pending_deliveries == []


def test_one_delivery_given_up_does_not_disable(calendly, hook, demo):
    calendly.options.time_scale = 0.001
    calendly.change_event_type(demo, description="x")
    for _ in range(40):
        calendly.deliver(lambda *_: 500)
        calendly.move_clock(60)
    assert hook.state == "active"
    assert [item.status for item in calendly.state.deliveries] == ["failed"]


def test_switches_double_reverse_and_hold(calendly, hook, demo):
    calendly.options.webhook_double = True
    calendly.options.webhook_hold = True
    calendly.book_as_invitee(demo, START)
    calendly.options.webhook_double = False
    calendly.change_event_type(demo, description="x")
    inbox = Inbox()
    assert calendly.deliver(inbox) == []
    calendly.options.webhook_order = "reversed"
    calendly.release_deliveries()
    calendly.deliver(inbox)
    assert inbox.events == ["event_type.updated", "invitee.created", "invitee.created"]
    assert inbox.got[1][1] == inbox.got[2][1]


def test_subscriptions_are_made_listed_and_deleted(api, calendly):
    organization = calendly.organization_uri
    body = {
        "url": "https://portal.example/hook",
        "events": ["invitee.created"],
        "organization": organization,
        "scope": "organization",
        "signing_key": "secret",
    }
    made = api.post("/webhook_subscriptions", body)
    assert made.status_code == 201
    assert "secret" not in made.text
    again = api.post("/webhook_subscriptions", body)
    assert (again.status_code, again.json()["message"]) == (409, "Hook with this url already exists")
    listed = api.get("/webhook_subscriptions", organization=organization, scope="organization").json()
    assert listed["collection"] == [made.json()["resource"]]
    assert api.get("/webhook_subscriptions", organization=organization).status_code == 400
    path = made.json()["resource"]["uri"].removeprefix("https://api.calendly.com")
    assert api.get(path).json()["resource"]["state"] == "active"
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"url": "portal"},
        {"events": ["invitee.rescheduled"]},
        {"events": []},
        {"scope": "user"},
        {"scope": "all"},
        {"events": ["meeting_recap.created"]},
    ],
)
def test_a_malformed_subscription_is_refused(api, calendly, change):
    body = {
        "url": "https://portal.example/hook",
        "events": ["invitee.created"],
        "organization": calendly.organization_uri,
        "scope": "organization",
    }
    assert api.post("/webhook_subscriptions", body | change).status_code == 400


def test_a_subscription_needs_the_read_scope_of_its_events(calendly):
    calendly.add_token("hooks", scopes=["webhooks:write", "event_types:read"])
    body = {
        "url": "https://portal.example/hook",
        "events": ["invitee.created", "event_type.created"],
        "organization": calendly.organization_uri,
        "scope": "organization",
    }
    answer = Caller(calendly, "hooks").post("/webhook_subscriptions", body)
    assert (answer.status_code, answer.json()["required_scopes"]) == (403, ["scheduled_events:read"])
    calendly.options.webhook_scope_refusal = "unnamed"
    answer = Caller(calendly, "hooks").post("/webhook_subscriptions", body)
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "title": "Invalid Argument",
            "message": "The supplied parameters are invalid.",
        },
    )
    narrow = Caller(calendly, "hooks").post(
        "/webhook_subscriptions", body | {"events": ["event_type.created"]}
    )
    assert narrow.status_code == 201


def test_a_user_subscription_hears_of_that_host_only(api, calendly, demo):
    radu = list(calendly.state.users.values())[1]
    body = {
        "url": "https://portal.example/radu",
        "events": ["invitee.created"],
        "scope": "user",
        "organization": calendly.organization_uri,
        "user": calendly.user_uri(radu),
    }
    assert api.post("/webhook_subscriptions", body).status_code == 201
    calendly.book_as_invitee(demo, START)
    assert calendly.pending_deliveries == []
    calendly.book_as_invitee(calendly.add_event_type("His", owner=radu), START)
    assert len(calendly.pending_deliveries) == 1


def test_a_url_is_unique_over_all_scopes_though_lists_show_one(api, calendly):
    ana, radu = (calendly.user_uri(user) for user in calendly.state.users.values())
    body = {
        "url": "https://portal.example/hook",
        "events": ["invitee.created"],
        "scope": "user",
        "organization": calendly.organization_uri,
        "user": ana,
    }
    made = api.post("/webhook_subscriptions", body).json()["resource"]
    assert (made["scope"], made["user"], made["group"]) == ("user", ana, None)
    others: list[dict[str, str]] = [{"scope": "organization"}, {"user": radu}]
    for change in others:
        again = api.post("/webhook_subscriptions", body | change)
        assert (again.status_code, again.json()["title"]) == (409, "Already Exists")

    def listed(**query):
        query = {"organization": calendly.organization_uri} | query
        return api.get("/webhook_subscriptions", **query).json()["collection"]

    assert listed(scope="organization") == []
    assert listed(scope="user", user=radu) == []
    assert listed(scope="user", user=ana) == [made]
    lacking = api.get("/webhook_subscriptions", organization=calendly.organization_uri, scope="user")
    assert (lacking.status_code, lacking.json()["details"][0]["parameter"]) == (400, "user")


def test_a_seeded_user_subscription_is_like_one_made_by_the_api(api, calendly, demo):
    radu = list(calendly.state.users.values())[1]
    hook = calendly.subscribe("https://portal.example/hook", "key", user=radu)
    shown = api.get(f"/webhook_subscriptions/{hook.id}").json()["resource"]
    assert (shown["scope"], shown["user"]) == ("user", calendly.user_uri(radu))
    calendly.book_as_invitee(demo, START)
    assert calendly.pending_deliveries == []
    calendly.change_event_type(calendly.add_event_type("His", owner=radu), description="x")
    assert [item.event for item in calendly.pending_deliveries] == [
        "event_type.created",
        "event_type.updated",
    ]


def test_a_thousand_waiting_deliveries_are_not_searched_each_time(calendly, hook, demo):
    for number in range(1000):
        webhooks.queue(calendly, hook, "event_type.updated", f'{{"n": {number}}}', calendly.now())
    assert calendly.deliver(lambda *_: 500) == [500] * 1000
    calendly.move_clock(60)
    assert calendly.deliver(lambda *_: 200) == [200] * 1000
