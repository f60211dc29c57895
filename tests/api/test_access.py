"""Every door: the right person, the wrong one, nobody."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import resolve

from calendly_integration.api import base, urls
from calendly_integration.api.responses import respond
from calendly_integration.api.serializers import SuccessSerializer
from calendly_integration.models import AgentKey
from calendly_integration.services.agents import keys

from .document import CheckedClient

PREFIX = "/api/calendly/"
DOORS = [
    ("post", "schedule", "book"),
    ("get", "upcoming/ana@example.com", "read"),
    ("get", "event-types", "read"),
    ("get", "hosts", "read"),
    ("get", "hosts/x/availability", "read"),
    ("get", "availability", "read"),
    ("get", "bookings", "read"),
    ("get", "bookings/x", "read"),
    ("post", "bookings/x/cancel", "change"),
    ("post", "bookings/x/reschedule", "change"),
    ("get", "bookings/x/metadata", "read"),
    ("patch", "bookings/x/metadata", "change"),
]
PAGES = ["schema", "docs"]
ALL = (
    [("post", "schedule")]
    + [(method, path) for method, path, _right in DOORS]
    + [("get", page) for page in PAGES]
)


def send(client: Any, method: str, path: str) -> Any:
    return client.generic(method.upper(), PREFIX + path, b"{}", content_type="application/json")


def refused(answer: Any) -> bool:
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthorized"
    assert answer["WWW-Authenticate"].startswith("Bearer")
    return answer.json()["success"] is False


@pytest.mark.parametrize(("method", "path", "right"), DOORS)
def test_the_right_opens_the_door(
    agent_with: Callable[..., CheckedClient], method: str, path: str, right: str
) -> None:
    assert send(agent_with(right), method, path).status_code in (200, 400, 404)


@pytest.mark.parametrize(("method", "path", "right"), DOORS)
def test_without_the_right_it_stays_shut(
    agent_with: Callable[..., CheckedClient], method: str, path: str, right: str
) -> None:
    others = [scope for scope in keys.SCOPES if scope != right]
    answer = send(agent_with(*others), method, path)
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"
    assert answer.json()["scope"] == right


@pytest.mark.parametrize(("method", "path"), ALL)
def test_nobody_is_let_in(db: None, method: str, path: str) -> None:
    assert refused(send(CheckedClient(), method, path))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer vai_00_x",
        "Bearer \x00",
        "Bearer é",
        "Bearer " + "v" * 5000,
    ],
)
def test_what_is_no_key_is_refused(db: None, header: str) -> None:
    assert refused(CheckedClient(HTTP_AUTHORIZATION=header).get(PREFIX + "hosts"))


@pytest.mark.parametrize(("method", "path"), ALL)
def test_a_revoked_key_is_refused(api: CheckedClient, agent_key: AgentKey, method: str, path: str) -> None:
    keys.revoke(agent_key, now=datetime.now(UTC))
    assert refused(send(api, method, path))


def test_a_key_expires_to_the_second(db: None, clock: time_machine.Traveller) -> None:
    now = datetime.now(UTC)
    _key, secret = keys.create("Short", expires_at=now + timedelta(seconds=10), now=now)
    agent = CheckedClient(HTTP_AUTHORIZATION=f"Bearer {secret}")
    clock.shift(9)
    assert agent.get(PREFIX + "hosts").status_code == 200
    clock.shift(1)
    assert refused(agent.get(PREFIX + "hosts"))


def test_use_is_noted_at_most_once_a_minute(
    api: CheckedClient, agent_key: AgentKey, clock: time_machine.Traveller
) -> None:
    first = datetime.now(UTC)
    for _call in range(3):
        api.get(PREFIX + "hosts")
        clock.shift(20)
    agent_key.refresh_from_db()
    assert agent_key.last_used_at == first
    api.get(PREFIX + "hosts")
    agent_key.refresh_from_db()
    assert agent_key.last_used_at == first + timedelta(seconds=60)


@pytest.mark.parametrize("page", PAGES)
def test_staff_read_the_document_with_their_session(db: None, client: Client, page: str) -> None:
    client.force_login(User.objects.create_user("ana", is_staff=True))
    assert client.get(PREFIX + page).status_code == 200
    assert client.get(PREFIX + "bookings").status_code == 401


@pytest.mark.parametrize("page", PAGES)
def test_others_with_a_session_do_not(db: None, client: Client, page: str) -> None:
    client.force_login(User.objects.create_user("stranger"))
    assert refused(client.get(PREFIX + page))


@pytest.mark.parametrize("page", PAGES)
def test_an_agent_reads_the_document_with_any_key(
    agent_with: Callable[..., CheckedClient], page: str
) -> None:
    assert agent_with("book").get(PREFIX + page).status_code == 200


def test_every_call_is_tried() -> None:
    """Fault 33: whoever adds a call adds who may make it."""
    known = {resolve(PREFIX + path).url_name for path in [*(path for _method, path, _right in DOORS), *PAGES]}
    assert known == {name for _route, _view, name in urls.CALLS}
    methods = {(method, resolve(PREFIX + path).url_name): right for method, path, right in DOORS}
    for _route, view, name in urls.CALLS:
        for method in ("get", "post", "patch", "put", "delete"):
            if hasattr(view, method) and name not in PAGES:
                assert methods[method, name] == view.rights[method.upper()]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PATCH"])
def test_a_view_that_names_no_right_for_a_method_refuses_it(
    agent_key: AgentKey, method: str, rf: RequestFactory
) -> None:
    class Forgotten(base.AgentView):
        rights = {"PUT": "read"}

        def get(self, request: Any) -> Any:
            return respond(SuccessSerializer, {})

        post = patch = get

    request = rf.generic(method, "/", headers={"authorization": f"Bearer {agent_key.secret}"})  # type: ignore[attr-defined]
    answer = Forgotten.as_view()(request)
    assert answer.status_code == 403
    assert answer.data["code"] == "forbidden"
    assert "scope" not in answer.data


def test_no_call_runs_in_a_request_transaction_of_the_host() -> None:
    for each in urls.urlpatterns:
        assert "default" in each.callback._non_atomic_requests
