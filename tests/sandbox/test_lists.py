from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from .conftest import Caller

FIRST = datetime(2026, 11, 24, 7, tzinfo=UTC)


@pytest.fixture
def five(calendly):
    kind = calendly.find_event_type("Quick Consultation")
    return [
        calendly.book_as_invitee(
            kind, FIRST + timedelta(hours=number), email=f"guest{number % 2}@example.com"
        )
        for number in range(5)
    ]


def test_pages_follow_the_token_until_there_is_none(api, calendly, five):
    query, seen, sizes = {"organization": calendly.organization_uri, "count": 2}, [], []
    while True:
        page = api.get("/scheduled_events", **query).json()
        seen += [event["start_time"] for event in page["collection"]]
        sizes.append(page["pagination"]["count"])
        assert len(page["pagination"]) == 5
        if page["pagination"]["next_page_token"] is None:
            break
        query["page_token"] = page["pagination"]["next_page_token"]
        assert query["page_token"] in page["pagination"]["next_page"]
        assert page["pagination"]["next_page"].startswith("https://api.calendly.com/scheduled_events?")
    assert sizes == [2, 2, 1]
    assert seen == sorted(seen)
    assert len(set(seen)) == 5
    assert page["pagination"]["previous_page_token"] is not None


def test_a_token_belongs_to_its_question(api, calendly, five):
    query = {"organization": calendly.organization_uri, "count": 2}
    token = api.get("/scheduled_events", **query).json()["pagination"]["next_page_token"]
    for wrong in ({**query, "count": 3, "page_token": token}, {**query, "page_token": "x"}):
        assert api.get("/scheduled_events", **wrong).json()["details"][0]["parameter"] == "page_token"


def test_a_page_token_may_go_stale(api, calendly, five):
    query = {"organization": calendly.organization_uri, "count": 2}
    calendly.options.page_token_seconds = 60
    token = api.get("/scheduled_events", **query).json()["pagination"]["next_page_token"]
    calendly.move_clock(59)
    assert len(api.get("/scheduled_events", **query, page_token=token).json()["collection"]) == 2
    calendly.move_clock(1)
    stale = api.get("/scheduled_events", **query, page_token=token)
    assert (stale.status_code, stale.json()) == (
        400,
        {
            "title": "Invalid Argument",
            "message": "The supplied parameters are invalid.",
            "details": [{"parameter": "page_token", "message": "invalid"}],
        },
    )
    fresh = api.get("/scheduled_events", **query).json()["pagination"]["next_page_token"]
    assert api.get("/scheduled_events", **query, page_token=fresh).status_code == 200


def test_page_tokens_live_for_ever_by_default(api, calendly, five):
    query = {"organization": calendly.organization_uri, "count": 2}
    token = api.get("/scheduled_events", **query).json()["pagination"]["next_page_token"]
    calendly.move_clock(30 * 86400)
    assert api.get("/scheduled_events", **query, page_token=token).status_code == 200


@pytest.mark.parametrize("count", ["0", "101", "-1", "x"])
def test_count_has_limits(api, calendly, count):
    assert api.get("/event_types", organization=calendly.organization_uri, count=count).status_code == 400


def test_meetings_are_filtered(api, calendly, five):
    calendly.cancel_as_invitee(five[0])

    def count(**query):
        return len(
            api.get("/scheduled_events", organization=calendly.organization_uri, **query).json()["collection"]
        )

    assert count() == 5
    assert count(status="active") == 4
    assert count(invitee_email="GUEST1@example.com") == 2
    assert count(min_start_time=(FIRST + timedelta(hours=3)).isoformat()) == 2
    assert count(max_start_time=FIRST.isoformat()) == 1
    both = {"min_start_time": FIRST.isoformat(), "max_start_time": FIRST.isoformat()}
    assert count(invitee_email="guest0@example.com", **both) == 1


def test_meetings_are_sorted(api, calendly, five):
    query = {"organization": calendly.organization_uri, "sort": "start_time:desc"}
    starts = [event["start_time"] for event in api.get("/scheduled_events", **query).json()["collection"]]
    assert starts == sorted(starts, reverse=True)
    assert api.get("/scheduled_events", **query | {"sort": "name:asc"}).status_code == 400


def test_whose_meetings_may_be_read(api, calendly, five):
    ana, radu = (calendly.user_uri(user) for user in calendly.state.users.values())
    organization = calendly.organization_uri
    calendly.add_token("radu", list(calendly.state.users.values())[1])
    his = Caller(calendly, "radu")
    assert len(api.get("/scheduled_events", user=ana).json()["collection"]) == 5
    refused = api.get("/scheduled_events", user=radu)
    assert (refused.status_code, "also specify organization" in refused.json()["message"]) == (403, True)
    assert api.get("/scheduled_events", user=radu, organization=organization).json()["collection"] == []
    stranger = api.get("/scheduled_events", user="https://api.calendly.com/users/stranger")
    assert stranger.json()["message"] == "This user is not in your organization"
    assert his.get("/scheduled_events", organization=organization).status_code == 403
    path = "/scheduled_events/" + five[0].event_id
    assert his.get(path).json()["message"] == "You are not allowed to view this event"
    assert his.post(path + "/cancellation").json()["message"] == "You are not allowed to cancel this event"


def test_invitees_of_a_group_are_listed(api, calendly):
    kind = calendly.add_group_type(seats=3)
    for number in range(3):
        last = calendly.book_as_invitee(kind, FIRST, email=f"guest{number}@example.com")
    calendly.cancel_as_invitee(last)
    path = f"/scheduled_events/{last.event_id}/invitees"
    assert [row["email"][:6] for row in api.get(path).json()["collection"]] == ["guest0", "guest1", "guest2"]
    assert len(api.get(path, status="active").json()["collection"]) == 2
    assert len(api.get(path, email="guest1@example.com").json()["collection"]) == 1
    assert api.get(f"{path}/{last.id}").json()["resource"]["cancellation"]["canceler_type"] == "invitee"
    assert api.get(f"{path}/nobody").status_code == 404
    event = api.get(f"/scheduled_events/{last.event_id}").json()["resource"]
    assert event["invitees_counter"] == {"total": 3, "active": 2, "limit": 3}


@pytest.mark.parametrize(
    ("plan", "allowed", "reset"), [("trial", 5, 86400), ("free", 5, 86400), ("paid", 10, 60)]
)
def test_bookings_have_an_allowance(api, calendly, demo, plan, allowed, reset):
    calendly.options.plan = plan
    answers = [api.post("/invitees", {}) for _ in range(allowed + 1)]
    assert [answer.status_code for answer in answers] == [400] * allowed + [429]
    assert answers[-1].headers["X-RateLimit-Remaining"] == "0"
    assert answers[-1].headers["X-RateLimit-Reset"] == str(reset)
    assert "Retry-After" not in answers[-1].headers
    assert api.get("/users/me").status_code == 200
    calendly.move_clock(reset)
    assert api.post("/invitees", {}).status_code == 400


def test_every_call_has_an_allowance_shared_by_the_tokens_of_a_user(api, calendly):
    calendly.options.plan, calendly.options.retry_after_header = "free", True
    calendly.add_token("second")
    for caller in [api, Caller(calendly, "second")] * 25:
        last = caller.get("/users/me")
    assert last.headers["X-RateLimit-Remaining"] == "0"
    calendly.move_clock(20)
    refused = api.get("/users/me")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "40")
    assert refused.json()["title"] == "Too Many Requests"
