from __future__ import annotations

import pytest


@pytest.fixture
def listed(api, calendly):
    """Names of the event types that a query finds, or the status and parameter of its refusal."""

    def find(**query):
        answer = api.get("/event_types", **query)
        if answer.status_code != 200:
            return answer.status_code, answer.json()["details"][0]["parameter"]
        return {item["name"] for item in answer.json()["collection"]}

    return find


STANDARD = {"Quick Consultation", "Sales Demo", "Strategy Call", "Technical Support"}


def test_admin_managed_is_true_or_false(listed, calendly):
    organization = calendly.organization_uri
    assert listed(organization=organization, admin_managed="false") == STANDARD
    assert listed(organization=organization, admin_managed="true") == set()
    for text in ("", "yes", "True", "1"):
        assert listed(organization=organization, admin_managed=text) == (400, "admin_managed")


def test_types_are_filtered_by_the_schedule_of_a_user(listed, calendly):
    ana, radu = calendly.state.users.values()
    theirs = {
        item.user_id: calendly.uri("user_availability_schedules", item.id)
        for item in calendly.state.schedules.values()
    }
    calendly.add_round_robin_type("Any of us", [ana, radu])
    calendly.add_event_type("His", owner=radu)
    user = calendly.user_uri(ana)
    assert listed(user=user, user_availability_schedule=theirs[ana.id]) == STANDARD | {"Any of us"}
    assert listed(user=user, user_availability_schedule=theirs[radu.id]) == {"Any of us"}
    unknown = calendly.uri("user_availability_schedules", "none")
    assert listed(user=user, user_availability_schedule=unknown) == set()


def test_a_schedule_is_a_uri_and_goes_with_a_user(listed, calendly):
    schedule = next(iter(calendly.state.schedules))
    uri = calendly.uri("user_availability_schedules", schedule)
    organization = calendly.organization_uri
    assert listed(organization=organization, user_availability_schedule=uri) == (400, "user")
    refused = listed(user=calendly.user_uri(calendly.owner), user_availability_schedule=schedule)
    assert refused == (400, "user_availability_schedule")
