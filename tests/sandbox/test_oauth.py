"""OAuth as a client goes through it, from the consent page to the revoked token."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest

from calendly_integration.sandbox import seeds, statefile
from calendly_integration.sandbox.calendly import Calendly

from .conftest import BASE, Caller
from .test_schemas import check, check_answer

BASIC = (seeds.CLIENT_ID, seeds.CLIENT_SECRET)
BACK = "https://portal.example/back?tenant=1"
VERIFIER = "made-up-verifier-of-forty-three-characters-0"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def form(api):
    """POST a form, as nobody or with HTTP Basic; errors are checked for their shape."""
    del api.session.headers["Authorization"]

    def post(path, auth=None, **fields):
        answer = api.session.post(f"{BASE}/oauth/{path}", data=fields, auth=auth, timeout=(1, 5))
        if answer.status_code in (400, 401, 403):
            check(answer.json(), "/components/schemas/OAuthError")
        elif answer.status_code == 200 and path == "token":
            check_answer("POST", "/oauth/token", 200, answer.json())
        return answer

    return post


@pytest.fixture
def consent(api):
    """The code that the consent page sends back."""

    def ask(**changes):
        query = {"client_id": seeds.CLIENT_ID, "response_type": "code", "redirect_uri": BACK, "state": "s1"}
        answer = api.get("/oauth/authorize", **query | changes)
        assert answer.status_code == 302, answer.text
        told = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert answer.headers["Location"].startswith("https://portal.example/back?tenant=1&code=")
        assert told["state"] == ["s1"]
        return told["code"][0]

    return ask


@pytest.fixture
def pair(form, consent):
    code = consent(scope="users:read event_types:read")
    return form("token", BASIC, grant_type="authorization_code", code=code, redirect_uri=BACK).json()


def refresh(form, token, auth=BASIC, **fields):
    return form("token", auth, grant_type="refresh_token", refresh_token=token, **fields)


def test_a_code_becomes_a_token_with_its_scopes(pair, calendly):
    assert (pair["token_type"], pair["expires_in"], pair["scope"]) == (
        "Bearer",
        7200,
        "users:read event_types:read",
    )
    assert pair["created_at"] == int(calendly.now().timestamp())
    assert (pair["owner"], pair["organization"]) == (
        calendly.user_uri(calendly.owner),
        calendly.organization_uri,
    )
    caller = Caller(calendly, pair["access_token"])
    assert caller.get("/users/me").status_code == 200
    refused = caller.get("/scheduled_events", organization=calendly.organization_uri)
    assert refused.json()["required_scopes"] == ["scheduled_events:read"]


def test_a_code_works_once_for_its_client_and_address_within_ten_minutes(form, consent, calendly):
    calendly.add_oauth_app("other", "secret")
    good = {"grant_type": "authorization_code", "redirect_uri": BACK}
    code = consent()
    assert form("token", BASIC, code=code, **good).status_code == 200
    wrong = [
        form("token", BASIC, code=code, **good),
        form("token", ("other", "secret"), code=consent(), **good),
        form("token", BASIC, code=consent(), **good | {"redirect_uri": "https://portal.example/"}),
    ]
    late = consent()
    calendly.move_clock(600)
    wrong.append(form("token", BASIC, code=late, **good))
    assert [(item.status_code, item.json()["error"]) for item in wrong] == [(400, "invalid_grant")] * 4


def test_a_refresh_token_is_single_use(form, pair, calendly):
    second = refresh(form, pair["refresh_token"])
    assert second.status_code == 200
    assert second.json()["scope"] == pair["scope"]
    assert second.json()["refresh_token"] != pair["refresh_token"]
    again = refresh(form, pair["refresh_token"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert refresh(form, second.json()["refresh_token"]).status_code == 200


def test_an_access_token_lives_two_hours(pair, calendly):
    caller = Caller(calendly, pair["access_token"])
    calendly.move_clock(7199)
    assert caller.get("/users/me").status_code == 200
    calendly.move_clock(1)
    assert caller.get("/users/me").json() == {
        "title": "Unauthenticated",
        "message": "The access token expired",
    }


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_a_revoked_token_is_dead(form, pair, calendly, which):
    answer = form("revoke", client_id=BASIC[0], client_secret=BASIC[1], token=pair[which])
    assert (answer.status_code, answer.json()) == (200, {})
    told = Caller(calendly, pair["access_token"]).get("/users/me").json()
    assert told["message"] == "The access token was revoked"
    assert refresh(form, pair["refresh_token"]).status_code == (400 if which == "refresh_token" else 200)


def test_only_its_own_client_revokes_a_token(form, pair, calendly):
    calendly.add_oauth_app("other", "secret")
    assert (
        form("revoke", client_id="other", client_secret="secret", token=pair["access_token"]).status_code
        == 200
    )
    assert Caller(calendly, pair["access_token"]).get("/users/me").status_code == 200
    assert form("revoke", client_id="other", client_secret="wrong", token="x").status_code == 403
    assert form("revoke", client_id="other", client_secret="secret").status_code == 400
    form("revoke", client_id=BASIC[0], client_secret=BASIC[1], token=seeds.TOKEN)
    assert Caller(calendly).get("/users/me").status_code == 200


@pytest.mark.parametrize("auth", [None, ("sandbox-client", "wrong"), ("nobody", "sandbox-secret"), ("", "")])
def test_an_unknown_client_is_refused(form, pair, auth):
    answer = refresh(form, pair["refresh_token"], auth)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert refresh(form, pair["refresh_token"]).status_code == 200


def test_the_secret_may_stand_in_the_body(form, pair):
    body = {"client_id": BASIC[0], "client_secret": BASIC[1]}
    assert refresh(form, pair["refresh_token"], None, **body).status_code == 200


def test_another_grant_is_refused(form):
    answer = form("token", BASIC, grant_type="password", username="ana", password="x")
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_a_native_client_proves_itself_with_pkce(api, form, consent, calendly):
    calendly.add_oauth_app("native", None)
    query = {"client_id": "native", "response_type": "code", "redirect_uri": BACK}
    assert api.get("/oauth/authorize", **query).json()["error"] == "invalid_request"

    def exchange(verifier):
        code = consent(client_id="native", code_challenge=CHALLENGE, code_challenge_method="S256")
        return form(
            "token",
            grant_type="authorization_code",
            code=code,
            redirect_uri=BACK,
            client_id="native",
            code_verifier=verifier,
        )

    assert exchange("wrong").json()["error"] == "invalid_grant"
    assert exchange(VERIFIER).status_code == 200


def test_a_user_gets_eight_tokens_a_minute(form, pair, calendly):
    calendly.options.plan = "paid"
    calendly.move_clock(60)
    token = pair["refresh_token"]
    for _ in range(8):
        token = refresh(form, token).json()["refresh_token"]
    assert refresh(form, token).status_code == 429
    calendly.move_clock(60)
    # A refused call does not use the token up.
    assert refresh(form, token).status_code == 200


def test_the_journal_keeps_no_secrets_of_oauth(form, pair, calendly):
    refresh(form, pair["refresh_token"])
    kept = repr(calendly.calls)
    assert "/oauth/token" in kept
    for secret in (BASIC[1], pair["refresh_token"], pair["access_token"]):
        assert secret not in kept


def test_tokens_survive_in_the_state_file(form, pair, calendly):
    other = Calendly(clock=calendly.clock)
    statefile.load(other, statefile.dump(calendly))
    assert Caller(other, pair["access_token"]).get("/users/me").status_code == 200
    assert other.state.refresh_tokens == calendly.state.refresh_tokens


def test_faults_hit_oauth_too(form, pair, calendly):
    calendly.faults.add("status", status=503, path="/oauth/token")
    assert refresh(form, pair["refresh_token"]).status_code == 503
    assert refresh(form, pair["refresh_token"]).status_code == 200
