"""Handle an API call: token, scope, rate limit, faults, journal; then the endpoint."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import errors, oauth
from .endpoints import (
    accounts,
    bookings,
    event_types,
    groups,
    meetings,
    no_shows,
    not_implemented,
    routing,
    samples,
    subscriptions,
    times,
)
from .faults import Fault
from .http_messages import Caller, Request, Response, allowed_methods, json_response
from .limits import RateLimit
from .sandbox import Call, Sandbox
from .store import Json, Token

Endpoint = Callable[[Sandbox, Caller], tuple[int, Any]]
Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Route:
    """One endpoint: its path, its scope, and the known names of its query and body."""

    method: str
    path: re.Pattern[str]
    endpoint: Endpoint
    scope: str
    query: frozenset[str]
    fields: Fields


def _routes() -> list[Route]:
    tables = (
        accounts,
        bookings,
        event_types,
        groups,
        no_shows,
        meetings,
        routing,
        samples,
        subscriptions,
        times,
    )
    routes = []
    for table in tables:
        for method, path, endpoint, scope, query, fields in table.ROUTES:
            pattern = re.compile(re.sub(r"\{\w+\}", "([^/]+)", path))
            routes.append(Route(method, pattern, endpoint, scope, frozenset(query.split()), fields))
    return routes


ROUTES = _routes()


def handle(sandbox: Sandbox, request: Request) -> Response:
    """Answer one API call. A fault that only a transport can produce stays in the response."""
    fault = sandbox.faults.take(request.method, request.path)
    call = _record_call(sandbox, request, fault)
    if fault is not None and not fault.takes_effect():
        response = Response(502) if fault.kind not in ("status", "redirect") else Response(200)
    elif oauth.handles(request):
        response = oauth.handle(sandbox, request)
    else:
        response = _call_endpoint(sandbox, request)
    if fault is not None:
        response = _apply_fault(sandbox, response, fault)
    with sandbox.lock:
        call.status = response.status if fault is None or fault.kind not in WITHOUT_STATUS else None
    return response


WITHOUT_STATUS = ("hang", "refuse", "connect_timeout", "drop", "lose_answer")


def _record_call(sandbox: Sandbox, request: Request, fault: Fault | None) -> Call:
    with sandbox.lock:
        sandbox.calls_made += 1
        body = request.body.decode("utf-8", "replace")
        if request.path.startswith(oauth.PREFIX):
            body = ""  # secrets and tokens
        call = Call(sandbox.calls_made, sandbox.now(), request.method, request.target, body)
        call.fault = fault.kind if fault else None
        sandbox.calls.append(call)
        return call


def _call_endpoint(sandbox: Sandbox, request: Request) -> Response:
    methods = [route.method for route in ROUTES if route.path.fullmatch(request.path)]
    if request.method == "OPTIONS" and methods:
        return allowed_methods(methods)
    headers: dict[str, str] = {}
    try:
        # A read must not wake the senders or cause a save.
        with sandbox.lock if request.method == "GET" else sandbox.change():
            if request.path.startswith(oauth.PREFIX):
                raise _unknown_path(sandbox, request)
            token = _authenticate(sandbox, request)
            route, keys = _match_route(sandbox, request)
            rate_limit = _count_call(sandbox, token, route)
            headers = _rate_headers(sandbox, rate_limit)
            if not rate_limit.allowed:
                raise errors.too_many_requests()
            _check_scope(token, _scope(sandbox, route))
            caller = _make_caller(sandbox, request, route, token, keys)
            status, body = route.endpoint(sandbox, caller)
    except errors.Problem as problem:
        status, body = problem.status, problem.body
    headers = headers or _rate_headers(sandbox, RateLimit(allowed=True, limit=500, remaining=499, reset=60))
    return json_response(status, body, headers)


def _authenticate(sandbox: Sandbox, request: Request) -> Token:
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    token = sandbox.state.tokens.get(secret)
    if kind.lower() != "bearer" or token is None:
        raise errors.unauthenticated()
    if token.state == "expired" or (token.expires_at is not None and token.expires_at <= sandbox.now()):
        raise errors.unauthenticated("The access token expired")
    if token.state == "revoked":
        raise errors.unauthenticated("The access token was revoked")
    return token


def _match_route(sandbox: Sandbox, request: Request) -> tuple[Route, tuple[str, ...]]:
    for route in ROUTES:
        match = route.path.fullmatch(request.path)
        if match is not None and route.method == request.method:
            return route, match.groups()
    raise _unknown_path(sandbox, request)


def _unknown_path(sandbox: Sandbox, request: Request) -> errors.Problem:
    sandbox.unknown_paths[f"{request.method} {request.path}"] += 1
    if not_implemented.is_known(request.method, request.path):
        return errors.not_implemented(f"{request.method} {request.path}")
    return errors.not_found()


def _scope(sandbox: Sandbox, route: Route) -> str:
    return sandbox.options.available_times_scope if route.scope == times.DISPUTED else route.scope


def _check_scope(token: Token, scope: str) -> None:
    if not has_scope(token, scope):
        raise errors.insufficient_scope([scope])


has_scope = subscriptions.has_scope


def _count_call(sandbox: Sandbox, token: Token, route: Route) -> RateLimit:
    booking = route.endpoint is bookings.create
    return sandbox.limits.count(token.user_id, sandbox.options.plan, booking=booking, now=sandbox.now())


def _rate_headers(sandbox: Sandbox, rate_limit: RateLimit) -> dict[str, str]:
    reset = rate_limit.reset
    if not rate_limit.allowed and reset > 60 and sandbox.options.booking_reset_seconds is not None:
        reset = sandbox.options.booking_reset_seconds
    headers = {
        "X-RateLimit-Limit": str(rate_limit.limit),
        "X-RateLimit-Remaining": str(rate_limit.remaining),
        "X-RateLimit-Reset": str(reset),
    }
    if not rate_limit.allowed and sandbox.options.retry_after_header:
        headers["Retry-After"] = str(reset)
    return headers


def _make_caller(
    sandbox: Sandbox, request: Request, route: Route, token: Token, keys: tuple[str, ...]
) -> Caller:
    place = f"{request.method} {route.path.pattern.replace('([^/]+)', '{id}')}"
    for name in request.query:
        if name not in route.query:
            sandbox.unknown_fields[f"{place}: ?{name}"] += 1
    data = _parse_body(request)
    _count_unknown_fields(sandbox, place, "", data, route.fields)
    base = sandbox.api_base + request.path
    return Caller(sandbox.state.users[token.user_id], token, keys, request.query, data, base)


def _parse_body(request: Request) -> Json:
    if request.method == "GET" or not request.body:
        return {}
    try:
        data = json.loads(request.body)
        # Raises for lone surrogates, which no webhook could carry.
        json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise errors.invalid() from None
    if not isinstance(data, dict):
        raise errors.invalid()
    return data


def _count_unknown_fields(sandbox: Sandbox, place: str, prefix: str, data: Json, fields: Fields) -> None:
    """Open point: the live service ignores unknown fields. Count them, so that tests can see them."""
    for name, value in data.items():
        if name not in fields:
            sandbox.unknown_fields[f"{place}: {prefix}{name}"] += 1
            continue
        inner = fields[name]
        for item in value if isinstance(value, list) else [value]:
            if inner and isinstance(item, dict):
                _count_unknown_fields(sandbox, place, f"{prefix}{name}.", item, inner)


def _apply_fault(sandbox: Sandbox, response: Response, fault: Fault) -> Response:
    """Apply a fault that changes the response itself. The transport produces the others."""
    kept = {key: value for key, value in response.headers.items() if key.startswith("X-RateLimit")}
    if fault.kind == "status":
        problem = errors.too_many_requests() if fault.status == 429 else errors.server_error(fault.status)
        reset = int(fault.seconds) if fault.status == 429 else 60
        rate_limit = RateLimit(allowed=fault.status != 429, limit=500, remaining=0, reset=reset)
        response = json_response(fault.status, problem.body, _rate_headers(sandbox, rate_limit))
    elif fault.kind == "html":
        page = b"<!doctype html><title>Sign in</title><p>Hello"
        response = Response(200, page, {"Content-Type": "text/html", **kept})
    elif fault.kind == "redirect":
        response = Response(302, b"", {"Location": fault.location, **kept})
    elif fault.kind == "truncate":
        response.body = response.body[: max(1, len(response.body) * 2 // 3)]
    elif fault.kind == "huge":
        filling = b'{"resource": {"filling": "' + b"x" * fault.size + b'"}}'
        response = Response(response.status, filling, {"Content-Type": "application/json", **kept})
    response.fault = fault
    return response
