"""OAuth 2.1 as on auth.calendly.com: consent, tokens, refresh, revocation. Served at the API's address.

Errors follow RFC 6749, not the API. The owner's consent is assumed.
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
from .http_messages import Request, Response, allowed_methods, json_response
from .oauth_records import AuthorizationCode, OAuthApp, RefreshToken
from .sandbox import Sandbox
from .store import Token

PREFIX = "/oauth/"
CODE_LIFETIME = timedelta(minutes=10)
TOKEN_LIFETIME = timedelta(hours=2)
Form = dict[str, str]


class OAuthError(Exception):
    """An error response: the status and the error code of RFC 6749."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


def handle(sandbox: Sandbox, request: Request) -> Response:
    """Answer a call to /oauth/…. The caller has checked `handles`."""
    action = ACTIONS[request.path]
    if request.method == "OPTIONS":
        return allowed_methods(("GET" if action is _authorize else "POST",))
    try:
        with sandbox.change():
            return action(sandbox, request)
    except OAuthError as refused:
        body = {"error": refused.code, "error_description": refused.text}
        return json_response(refused.status, body)
    except errors.Problem as problem:
        return json_response(problem.status, problem.body)


def handles(request: Request) -> bool:
    """Whether the call belongs to this module."""
    action = ACTIONS.get(request.path)
    wanted = "GET" if action is _authorize else "POST"
    return action is not None and request.method in (wanted, "OPTIONS")


def _authorize(sandbox: Sandbox, request: Request) -> Response:
    """GET /oauth/authorize: redirect to redirect_uri with a code at once."""
    query = request.query
    app, target = sandbox.state.oauth_apps.get(query.get("client_id", "")), query.get("redirect_uri", "")
    if app is None:
        raise OAuthError(401, "invalid_client", "There is no such client.")
    if urlsplit(target).scheme not in ("http", "https") or query.get("response_type") != "code":
        raise OAuthError(400, "invalid_request", "redirect_uri and response_type=code are needed.")
    challenge = query.get("code_challenge")
    if app.secret is None and not challenge:
        raise OAuthError(400, "invalid_request", "code_challenge is needed.")
    code = sandbox.state.new_id()
    scopes = query["scope"].split() if query.get("scope") else None
    sandbox.state.oauth_codes[code] = AuthorizationCode(
        app.client_id, target, sandbox.owner.id, scopes, sandbox.now() + CODE_LIFETIME, challenge
    )
    fields = {"code": code} | ({"state": query["state"]} if "state" in query else {})
    joint = "&" if urlsplit(target).query else "?"
    return Response(302, b"", {"Location": f"{target}{joint}{urlencode(fields)}"})


def _token(sandbox: Sandbox, request: Request) -> Response:
    """POST /oauth/token: exchange a code or a refresh token for a new pair. Either can be used once."""
    form = _form(request)
    app = _client(sandbox, request, form)
    grant: AuthorizationCode | RefreshToken
    if form.get("grant_type") == "authorization_code":
        grant = _code(sandbox, app, form)
    elif form.get("grant_type") == "refresh_token":
        grant = _refresh_token(sandbox, app, form)
    else:
        raise OAuthError(400, "unsupported_grant_type", "Use authorization_code or refresh_token.")
    if not sandbox.limits.count_oauth_token(grant.user_id, sandbox.options.plan, sandbox.now()):
        raise errors.too_many_requests()
    if isinstance(grant, AuthorizationCode):
        del sandbox.state.oauth_codes[form["code"]]
    else:
        del sandbox.state.refresh_tokens[form["refresh_token"]]
    return json_response(200, _new_pair(sandbox, app, grant.user_id, grant.scopes))


def _code(sandbox: Sandbox, app: OAuthApp, form: Form) -> AuthorizationCode:
    code = sandbox.state.oauth_codes.get(form.get("code", ""))
    if code is None or code.client_id != app.client_id or code.expires_at <= sandbox.now():
        raise OAuthError(400, "invalid_grant", "The code is unknown, used or expired.")
    if code.redirect_uri != form.get("redirect_uri"):
        raise OAuthError(400, "invalid_grant", "redirect_uri is not that of the code.")
    if code.challenge is not None:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != code.challenge:
            raise OAuthError(400, "invalid_grant", "code_verifier does not fit.")
    return code


def _refresh_token(sandbox: Sandbox, app: OAuthApp, form: Form) -> RefreshToken:
    token = sandbox.state.refresh_tokens.get(form.get("refresh_token", ""))
    if token is None or token.client_id != app.client_id:
        raise OAuthError(400, "invalid_grant", "The refresh token is unknown or used.")
    return token


def _new_pair(sandbox: Sandbox, app: OAuthApp, user_id: str, scopes: list[str] | None) -> dict[str, object]:
    now, access, refresh = (
        sandbox.now(),
        f"oauth-{sandbox.state.new_id()}",
        f"refresh-{sandbox.state.new_id()}",
    )
    sandbox.state.tokens[access] = Token(
        user_id, scopes, expires_at=now + TOKEN_LIFETIME, client_id=app.client_id
    )
    sandbox.state.refresh_tokens[refresh] = RefreshToken(app.client_id, user_id, scopes, access)
    return {
        "token_type": "Bearer",
        "access_token": access,
        "refresh_token": refresh,
        "scope": " ".join(scopes or []),
        "created_at": int(now.timestamp()),
        "expires_in": int(TOKEN_LIFETIME.total_seconds()),
        "owner": sandbox.user_uri(user_id),
        "organization": sandbox.organization_uri,
    }


def _revoke(sandbox: Sandbox, request: Request) -> Response:
    """POST /oauth/revoke: an access token, or a refresh token with its access token. Unknown tokens answer 200."""
    form = _form(request)
    if not form.get("token"):
        raise OAuthError(400, "invalid_request", "token is missing.")
    try:
        app = _client(sandbox, request, form)
    except OAuthError as refused:
        raise OAuthError(403, "unauthorized_client", refused.text) from None
    text, refresh = form["token"], sandbox.state.refresh_tokens.get(form["token"])
    if refresh is not None and refresh.client_id == app.client_id:
        del sandbox.state.refresh_tokens[text]
        text = refresh.access_token
    access = sandbox.state.tokens.get(text)
    if access is not None and access.client_id == app.client_id:
        access.state = "revoked"
    return json_response(200, {})


def _form(request: Request) -> Form:
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _client(sandbox: Sandbox, request: Request, form: Form) -> OAuthApp:
    """The client: by HTTP Basic, or by client_id (and client_secret) in the body."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    name, secret = form.get("client_id", ""), form.get("client_secret", "")
    if kind.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            name = ""
    app = sandbox.state.oauth_apps.get(name)
    if app is None or (app.secret is not None and not compare_digest(app.secret.encode(), secret.encode())):
        raise OAuthError(401, "invalid_client", "The client is unknown, or its secret is wrong.")
    return app


ACTIONS: dict[str, Callable[[Sandbox, Request], Response]] = {
    "/oauth/authorize": _authorize,
    "/oauth/token": _token,
    "/oauth/revoke": _revoke,
}
