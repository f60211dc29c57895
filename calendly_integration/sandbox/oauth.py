"""OAuth 2.1 as on auth.calendly.com: consent, tokens, refresh, revocation. Here it is under the same address.

Errors have the shape of RFC 6749, not that of the API. Nobody is asked for consent: the owner gives it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from datetime import timedelta
from hmac import compare_digest
from urllib.parse import parse_qsl, urlencode, urlsplit

from . import errors
from .core import Core
from .exchange import Answer, Request, allowed_methods, json_answer
from .oauth_records import AuthorizationCode, OAuthApp, RefreshToken
from .store import Token

PREFIX = "/oauth/"
CODE_LIFETIME = timedelta(minutes=10)
TOKEN_LIFETIME = timedelta(hours=2)
Form = dict[str, str]


class Refused(Exception):
    """A refusal: the status, and the error code of RFC 6749."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


def handle(core: Core, request: Request) -> Answer:
    """Answer a call to /oauth/…. The caller has checked that `answers` holds."""
    action = ACTIONS[request.path]
    if request.method == "OPTIONS":
        return allowed_methods(("GET" if action is _authorize else "POST",))
    try:
        with core.change():
            return action(core, request)
    except Refused as refused:
        body = {"error": refused.code, "error_description": refused.text}
        return json_answer(refused.status, body)
    except errors.Problem as problem:
        return json_answer(problem.status, problem.body)


def answers(request: Request) -> bool:
    """Whether this module has the operation."""
    action = ACTIONS.get(request.path)
    wanted = "GET" if action is _authorize else "POST"
    return action is not None and request.method in (wanted, "OPTIONS")


def _authorize(core: Core, request: Request) -> Answer:
    """GET /oauth/authorize: back to redirect_uri with a code, at once."""
    query = request.query
    app, target = core.state.oauth_apps.get(query.get("client_id", "")), query.get("redirect_uri", "")
    if app is None:
        raise Refused(401, "invalid_client", "There is no such client.")
    if urlsplit(target).scheme not in ("http", "https") or query.get("response_type") != "code":
        raise Refused(400, "invalid_request", "redirect_uri and response_type=code are needed.")
    challenge = query.get("code_challenge")
    if app.secret is None and not challenge:
        raise Refused(400, "invalid_request", "code_challenge is needed.")
    code = core.state.new_id()
    scopes = query["scope"].split() if query.get("scope") else None
    core.state.oauth_codes[code] = AuthorizationCode(
        app.client_id, target, core.owner.id, scopes, core.now() + CODE_LIFETIME, challenge
    )
    told = {"code": code} | ({"state": query["state"]} if "state" in query else {})
    joint = "&" if urlsplit(target).query else "?"
    return Answer(302, b"", {"Location": f"{target}{joint}{urlencode(told)}"})


def _token(core: Core, request: Request) -> Answer:
    """POST /oauth/token: a code or a refresh token for a new pair. Both are used up by it."""
    form = _form(request)
    app = _client(core, request, form)
    grant: AuthorizationCode | RefreshToken
    if form.get("grant_type") == "authorization_code":
        grant = _code(core, app, form)
    elif form.get("grant_type") == "refresh_token":
        grant = _refresh_token(core, app, form)
    else:
        raise Refused(400, "unsupported_grant_type", "Use authorization_code or refresh_token.")
    if not core.limits.count_oauth_token(grant.user_id, core.options.plan, core.now()):
        raise errors.too_many_requests()
    if isinstance(grant, AuthorizationCode):
        del core.state.oauth_codes[form["code"]]
    else:
        del core.state.refresh_tokens[form["refresh_token"]]
    return json_answer(200, _new_pair(core, app, grant.user_id, grant.scopes))


def _code(core: Core, app: OAuthApp, form: Form) -> AuthorizationCode:
    code = core.state.oauth_codes.get(form.get("code", ""))
    if code is None or code.client_id != app.client_id or code.expires_at <= core.now():
        raise Refused(400, "invalid_grant", "The code is unknown, used or expired.")
    if code.redirect_uri != form.get("redirect_uri"):
        raise Refused(400, "invalid_grant", "redirect_uri is not that of the code.")
    if code.challenge is not None:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != code.challenge:
            raise Refused(400, "invalid_grant", "code_verifier does not fit.")
    return code


def _refresh_token(core: Core, app: OAuthApp, form: Form) -> RefreshToken:
    token = core.state.refresh_tokens.get(form.get("refresh_token", ""))
    if token is None or token.client_id != app.client_id:
        raise Refused(400, "invalid_grant", "The refresh token is unknown or used.")
    return token


def _new_pair(core: Core, app: OAuthApp, user_id: str, scopes: list[str] | None) -> dict[str, object]:
    now, access, refresh = core.now(), f"oauth-{core.state.new_id()}", f"refresh-{core.state.new_id()}"
    core.state.tokens[access] = Token(
        user_id, scopes, expires_at=now + TOKEN_LIFETIME, client_id=app.client_id
    )
    core.state.refresh_tokens[refresh] = RefreshToken(app.client_id, user_id, scopes, access)
    return {
        "token_type": "Bearer",
        "access_token": access,
        "refresh_token": refresh,
        "scope": " ".join(scopes or []),
        "created_at": int(now.timestamp()),
        "expires_in": int(TOKEN_LIFETIME.total_seconds()),
        "owner": core.user_uri(user_id),
        "organization": core.organization_uri,
    }


def _revoke(core: Core, request: Request) -> Answer:
    """POST /oauth/revoke: an access token, or a refresh token with its access token. Unknown ones are a 200."""
    form = _form(request)
    if not form.get("token"):
        raise Refused(400, "invalid_request", "token is missing.")
    try:
        app = _client(core, request, form)
    except Refused as refused:
        raise Refused(403, "unauthorized_client", refused.text) from None
    text, refresh = form["token"], core.state.refresh_tokens.get(form["token"])
    if refresh is not None and refresh.client_id == app.client_id:
        del core.state.refresh_tokens[text]
        text = refresh.access_token
    access = core.state.tokens.get(text)
    if access is not None and access.client_id == app.client_id:
        access.state = "revoked"
    return json_answer(200, {})


def _form(request: Request) -> Form:
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _client(core: Core, request: Request, form: Form) -> OAuthApp:
    """Who calls: HTTP Basic, or client_id (and client_secret) in the body."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    name, secret = form.get("client_id", ""), form.get("client_secret", "")
    if kind.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            name = ""
    app = core.state.oauth_apps.get(name)
    if app is None or (app.secret is not None and not compare_digest(app.secret.encode(), secret.encode())):
        raise Refused(401, "invalid_client", "The client is unknown, or its secret is wrong.")
    return app


ACTIONS: dict[str, Callable[[Core, Request], Answer]] = {
    "/oauth/authorize": _authorize,
    "/oauth/token": _token,
    "/oauth/revoke": _revoke,
}
