from __future__ import annotations

import pytest

from calendly_integration.sandbox.store import User

from .conftest import Caller

SUPPLIED = "The supplied parameters are invalid."


@pytest.fixture
def radu(calendly) -> User:
    return list(calendly.state.users.values())[1]


@pytest.mark.parametrize(
    ("token", "state", "message"),
    [
        ("unknown", None, "The access token is invalid"),
        ("old", "expired", "The access token expired"),
        ("gone", "revoked", "The access token was revoked"),
    ],
)
def test_a_bad_token_is_refused(calendly, token, state, message):
    if state:
        calendly.add_token(token, state=state)
    answer = Caller(calendly, token).get("/users/me")
    assert (answer.status_code, answer.json()) == (401, {"title": "Unauthenticated", "message": message})
    assert "X-RateLimit-Reset" in answer.headers


def test_no_token_is_refused(api):
    del api.session.headers["Authorization"]
    assert api.get("/users/me").json()["message"] == "The access token is invalid"


def test_a_missing_scope_has_a_body_of_its_own(calendly, demo):
    calendly.add_token("narrow", scopes=["users:read", "scheduled_events:read"])
    narrow = Caller(calendly, "narrow")
    assert narrow.get("/users/me").status_code == 200
    answer = narrow.post("/invitees", {})
    assert answer.status_code == 403
    assert answer.json() == {
        "title": "Insufficient scope",
        "message": "This operation requires the scopes listed in the 'required_scopes' array.",
        "required_scopes": ["scheduled_events:write"],
    }


def test_the_right_to_write_is_the_right_to_read(calendly):
    calendly.add_token("writer", scopes=["event_types:write"])
    answer = Caller(calendly, "writer").get("/event_types", organization=calendly.organization_uri)
    assert answer.status_code == 200


def test_me_knows_the_organization(api, calendly):
    me = api.get("/users/me").json()["resource"]
    assert me["current_organization"] == calendly.organization_uri
    assert (me["name"], me["timezone"]) == ("Ana Ionescu", "Europe/Bucharest")
    assert api.get("/users/none").status_code == 404


def test_members_are_listed_and_filtered(api, calendly, radu):
    everyone = api.get("/organization_memberships", organization=calendly.organization_uri).json()[
        "collection"
    ]
    assert [item["role"] for item in everyone] == ["owner", "user"]
    found = api.get(
        "/organization_memberships", organization=calendly.organization_uri, email=radu.email.upper()
    )
    assert [item["user"]["name"] for item in found.json()["collection"]] == ["Radu Marin"]
    assert api.get("/organization_memberships").status_code == 400


def test_the_organization_tells_its_plan(api, calendly):
    calendly.options.plan = "free"
    shown = api.get(calendly.organization_uri.removeprefix("https://api.calendly.com")).json()["resource"]
    assert (shown["plan"], shown["stage"]) == ("basic", "free")


def test_the_four_standard_types_are_there(api, calendly):
    shown = api.get("/event_types", organization=calendly.organization_uri).json()["collection"]
    assert [(item["name"], item["duration"], item["after_buffer"]) for item in shown] == [
        ("Quick Consultation", 15, 5),
        ("Sales Demo", 30, 15),
        ("Strategy Call", 60, 15),
        ("Technical Support", 45, 10),
    ]
    assert not any(question["required"] for item in shown for question in item["custom_questions"])


def test_a_second_host_may_have_types_of_the_same_names(api, calendly, radu):
    calendly.seed_same_names(radu)
    shown = api.get("/event_types", organization=calendly.organization_uri, count=100).json()["collection"]
    demos = [item for item in shown if item["name"] == "Sales Demo"]
    assert [item["profile"]["owner"] for item in demos] == [
        calendly.user_uri(calendly.owner),
        calendly.user_uri(radu),
    ]
    assert [item["scheduling_url"] for item in demos] == [
        "https://calendly.com/ana-ionescu/sales-demo",
        "https://calendly.com/radu-marin/sales-demo",
    ]
    assert {item["slug"] for item in demos} == {"sales-demo"}
    assert len(shown) == 8


@pytest.mark.parametrize("path", ["/event_types", "/scheduled_events"])
def test_a_list_without_an_owner_is_refused(api, path):
    answer = api.get(path)
    assert answer.status_code == 400
    assert answer.json()["details"] == [{"parameter": "user", "message": "is missing"}]


def test_types_are_filtered_by_activity(api, calendly):
    calendly.add_event_type("Sleeping", active=False)
    gone = calendly.add_event_type("Gone")
    calendly.delete_event_type(gone)

    def names(**query):
        rows = api.get("/event_types", organization=calendly.organization_uri, **query).json()["collection"]
        return [row["name"] for row in rows]

    assert names(active="false") == ["Gone", "Sleeping"]
    assert len(names(active="true")) == 4
    assert len(names()) == 6


def test_a_type_is_made_inactive_and_then_switched_on(api, calendly):
    body = {
        "owner": calendly.user_uri(calendly.owner),
        "name": "New",
        "duration": 45,
        "active": True,
        "slug": "mine",
        "after_buffer": 10,
        "locations": [{"kind": "google_conference"}],
    }
    made = api.post("/event_types", body)
    assert made.status_code == 201
    assert made.json()["resource"]["active"] is False
    assert made.json()["resource"]["slug"] == "new"
    assert calendly.unknown_fields == {"POST /event_types: slug": 1}
    path = made.json()["resource"]["uri"].removeprefix("https://api.calendly.com")
    changed = api.patch(path, {"active": True}).json()["resource"]
    assert (changed["active"], changed["after_buffer"]) == (True, 10)
    assert changed["updated_at"] > made.json()["resource"]["updated_at"]


@pytest.mark.parametrize(
    "field",
    [{"duration": 0}, {"after_buffer": 7}, {"color": "red"}, {"name": " "}, {"start_time_increment": 4}],
)
def test_a_type_with_a_wrong_value_is_refused(api, calendly, demo, field):
    answer = api.patch(f"/event_types/{demo.id}", field)
    assert answer.json()["details"] == [{"parameter": next(iter(field)), "message": "invalid"}]


def test_hosts_of_a_type_are_members(api, calendly, radu):
    kind = calendly.add_round_robin_type("Any of us", [calendly.owner, radu])
    rows = api.get("/event_type_memberships", event_type=calendly.uri("event_types", kind.id)).json()[
        "collection"
    ]
    assert [row["member"]["uri"] for row in rows] == [
        calendly.user_uri(calendly.owner),
        calendly.user_uri(radu),
    ]


def test_working_hours_are_shown(api, calendly):
    assert api.get("/user_availability_schedules").json()["details"] == [
        {"parameter": "user", "message": "invalid"}
    ]
    schedule = api.get("/user_availability_schedules", user=calendly.user_uri(calendly.owner)).json()[
        "collection"
    ][0]
    assert schedule["timezone"] == "Europe/Bucharest"
    assert schedule["rules"][0] == {
        "type": "wday",
        "wday": "monday",
        "intervals": [{"from": "09:00", "to": "17:00"}],
    }


def test_unknown_paths_and_queries_are_counted(api, calendly):
    assert api.get("/schedule_availability/times").status_code == 404
    assert api.delete("/event_types/x").status_code == 404
    assert calendly.unknown_paths == {"GET /schedule_availability/times": 1, "DELETE /event_types/x": 1}
    api.get("/users/me", page=2)
    assert calendly.unknown_fields == {"GET /users/{id}: ?page": 1}


def test_only_full_uris_are_references(api, calendly):
    assert api.get("/event_types", organization=calendly.organization.id).status_code == 400


def test_the_journal_keeps_calls_but_no_token(api, calendly):
    api.post("/invitees", {"x": 1})
    line = list(calendly.calls)[-1]
    assert (line.method, line.path, line.status, line.body) == ("POST", "/invitees", 400, '{"x": 1}')
    assert "sandbox-token" not in repr(calendly.calls)
