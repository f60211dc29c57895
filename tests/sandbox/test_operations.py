"""The whole of Calendly's API: what is served, what is served empty, and what says that it is not here."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from calendly_integration.sandbox import webhooks
from calendly_integration.sandbox.endpoints import not_implemented

from .conftest import Caller
from .inbox import sent
from .test_schemas import check, contract, escaped, served

START = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture
def radu(calendly):
    return list(calendly.state.users.values())[1]


def test_one_membership_is_that_of_the_list(api, calendly):
    listed = api.get("/organization_memberships", organization=calendly.organization_uri).json()["collection"]
    for item in listed:
        path = item["uri"].removeprefix("https://api.calendly.com")
        assert api.get(path).json() == {"resource": item}
    assert api.get("/organization_memberships/none").status_code == 404


def test_one_schedule_is_that_of_the_list(api, calendly, radu):
    listed = api.get("/user_availability_schedules", user=calendly.user_uri(radu)).json()["collection"]
    assert len(listed) == 1
    path = listed[0]["uri"].removeprefix("https://api.calendly.com")
    assert api.get(path).json() == {"resource": listed[0]}
    assert api.get("/user_availability_schedules/none").status_code == 404


# Samples


SENT = webhooks.INVITEE_EVENTS + webhooks.EVENT_TYPE_EVENTS


@pytest.fixture
def sample(api, calendly):
    def ask(event, **changes):
        query = {"event": event, "organization": calendly.organization_uri, "scope": "organization"} | changes
        return api.get("/sample_webhook_data", **{name: value for name, value in query.items() if value})

    return ask


@pytest.mark.parametrize("event", SENT)
def test_a_sample_is_a_bare_envelope_and_changes_nothing(sample, calendly, hook, event):
    before = (len(calendly.state.events), len(calendly.state.event_types), calendly.state.ids_made)
    answer = sample(event)
    assert answer.status_code == 200
    assert list(answer.json()) == ["created_at", "created_by", "event", "payload"]
    assert answer.json()["event"] == event
    check(answer.json(), f"/webhooks/{event}/post/requestBody/content/{escaped('application/json')}/schema")
    assert (len(calendly.state.events), len(calendly.state.event_types), calendly.state.ids_made) == before
    assert sent(calendly) == []


def test_a_sample_shows_what_its_event_is_about(sample, calendly):
    canceled = sample("invitee.canceled").json()["payload"]
    assert (canceled["status"], canceled["cancellation"]["canceler_type"]) == ("canceled", "host")
    assert sample("invitee_no_show.created").json()["payload"]["no_show"]["uri"]
    assert sample("invitee_no_show.deleted").json()["payload"]["no_show"] is None
    assert sample("event_type.deleted").json()["payload"]["deleted_at"]


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        ("invitee.created", {"organization": None}),
        ("invitee.created", {"scope": None}),
        ("invitee.created", {"scope": "user"}),
        ("invitee.created", {"scope": "group"}),
        ("invitee.moved", {}),
        ("meeting_recap.created", {}),
    ],
)
def test_a_sample_needs_what_a_subscription_needs(sample, event, changes):
    assert sample(event, **changes).status_code == 400


def test_a_user_asks_for_samples_of_that_user(sample, calendly, radu):
    assert sample("invitee.created", scope="user", user=calendly.user_uri(radu)).status_code == 200


def test_a_sample_that_the_sandbox_does_not_have_says_so(sample, calendly):
    answer = sample("contact.created")
    assert (answer.status_code, answer.json()) == (
        501,
        {
            "title": "Not Implemented",
            "message": "The sandbox does not have a sample of contact.created.",
        },
    )


# What is empty


@pytest.mark.parametrize(
    "path",
    [
        "/groups",
        "/group_relationships",
        "/locations",
        "/outgoing_communications",
        "/routing_forms",
        "/organizations/{organization}/invitations",
    ],
)
def test_lists_of_what_is_not_here_are_empty(api, calendly, path):
    answer = api.get(
        path.replace("{organization}", calendly.organization.id),
        organization=calendly.organization_uri,
        count=5,
    )
    assert answer.status_code == 200
    assert answer.json() == {
        "collection": [],
        "pagination": {
            "count": 0,
            "next_page": None,
            "previous_page": None,
            "next_page_token": None,
            "previous_page_token": None,
        },
    }
    stranger = calendly.uri("organizations", "stranger")
    assert api.get(path.replace("{organization}", "stranger"), organization=stranger).status_code == 403


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/groups", "groups:read"),
        ("/locations", "locations:read"),
        ("/routing_forms", "routing_forms:read"),
        ("/outgoing_communications", "outgoing_communications:read"),
    ],
)
def test_empty_lists_need_their_scope(calendly, path, scope):
    calendly.add_token("narrow", scopes=["users:read"])
    answer = Caller(calendly, "narrow").get(path, organization=calendly.organization_uri)
    assert answer.json()["required_scopes"] == [scope]


def test_meetings_of_a_group_are_listed_for_admins(api, calendly, radu, demo):
    calendly.book_as_invitee(demo, START)
    group = calendly.uri("groups", "g1")
    answer = api.get("/scheduled_events", group=group)
    assert (answer.status_code, answer.json()["collection"]) == (200, [])
    assert api.get("/scheduled_events", group="g1").json()["details"][0]["parameter"] == "group"
    calendly.add_token("radu", radu)
    refused = Caller(calendly, "radu").get("/scheduled_events", group=group)
    assert (refused.status_code, refused.json()["message"]) == (403, "You do not have permission")


def test_a_group_has_subscriptions_of_its_own(api, calendly, demo):
    organization, group = calendly.organization_uri, calendly.uri("groups", "g1")
    body = {
        "url": "https://portal.example/hook",
        "events": ["invitee.created"],
        "organization": organization,
        "scope": "group",
        "group": group,
    }
    made = api.post("/webhook_subscriptions", body).json()["resource"]
    assert (made["scope"], made["group"], made["user"]) == ("group", group, None)
    assert api.post("/webhook_subscriptions", body | {"scope": "organization"}).status_code == 409

    def listed(**query):
        return api.get("/webhook_subscriptions", organization=organization, **query).json()["collection"]

    assert listed(scope="group", group=group) == [made]
    assert listed(scope="group", group=calendly.uri("groups", "g2")) == []
    assert listed(scope="organization") == []
    calendly.book_as_invitee(demo, START)
    assert calendly.pending_deliveries == []
    lacking = api.post("/webhook_subscriptions", body | {"url": "https://portal.example/2", "group": None})
    assert lacking.json()["details"] == [{"parameter": "group", "message": "is missing"}]


# What is not here


def operations():
    for path, methods in contract()["paths"].items():
        for method in methods:
            if method in ("get", "post", "patch", "delete"):
                yield method.upper(), path


def test_every_operation_of_the_contract_is_served_or_known_to_be_absent():
    own = {(method, re.sub(r"\{\w+\}", "{id}", path)) for method, path in set(operations()) - set(served())}
    assert own - {("GET", "/oauth/authorize"), ("POST", "/oauth/token"), ("POST", "/oauth/revoke")} <= set(
        not_implemented.OPERATIONS
    )
    shown = {(method, re.sub(r"\{\w+\}", "{id}", path)) for method, path in served()}
    assert not shown & set(not_implemented.OPERATIONS)


@pytest.mark.parametrize(("method", "path"), not_implemented.OPERATIONS)
def test_what_the_sandbox_does_not_have_looks_like_no_wrong_id(api, calendly, method, path):
    path = path.replace("{id}", "x")
    answer = api.session.request(method, f"https://api.calendly.com{path}", timeout=(1, 5))
    assert (answer.status_code, answer.json()) == (
        501,
        {
            "title": "Not Implemented",
            "message": f"The sandbox does not have {method} {path}.",
        },
    )
    assert calendly.unknown_paths == {f"{method} {path}": 1}


def test_what_calendly_does_not_have_either_is_still_a_404(api):
    assert api.patch("/scheduled_events/x", {}).json()["title"] == "Resource Not Found"
