"""The API's front: token, scope, allowance, faults, journal; then the endpoint."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import errors, oauth
from .core import Call, Core
from .endpoints import (
    absent,
    accounts,
    bookings,
    event_types,
    groups,
    marks,
    meetings,
    routing,
    samples,
    subscriptions,
    times,
)
from .exchange import Answer, Caller, Request, allowed_methods, json_answer
from .faults import Fault
from .limits import Verdict
from .store import Json, Token

Endpoint = Callable[[Core, Caller], tuple[int, Any]]
Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Route:
    """One endpoint: where, who may, and which names its query and its body may have."""

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
        marks,
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


def handle(core: Core, request: Request) -> Answer:
    """Answer one API call. Faults that only a transport can play are left in the answer."""
    fault = core.faults.take(request.method, request.path)
    call = _enter(core, request, fault)
    if fault is not None and not fault.takes_effect():
        answer = Answer(502) if fault.kind not in ("status", "redirect") else Answer(200)
    elif oauth.answers(request):
        answer = oauth.handle(core, request)
    else:
        answer = _serve(core, request)
    if fault is not None:
        answer = _spoil(core, answer, fault)
    with core.lock:
        call.status = answer.status if fault is None or fault.kind not in SILENT else None
    return answer


SILENT = ("hang", "refuse", "connect_timeout", "drop", "lose_answer")


def _enter(core: Core, request: Request, fault: Fault | None) -> Call:
    with core.lock:
        core.calls_made += 1
        body = request.body.decode("utf-8", "replace")
        if request.path.startswith(oauth.PREFIX):
            body = ""  # secrets and tokens
        call = Call(core.calls_made, core.now(), request.method, request.target, body)
        call.fault = fault.kind if fault else None
        core.calls.append(call)
        return call


def _serve(core: Core, request: Request) -> Answer:
    methods = [route.method for route in ROUTES if route.path.fullmatch(request.path)]
    if request.method == "OPTIONS" and methods:
        return allowed_methods(methods)
    headers: dict[str, str] = {}
    try:
        # Reads wake no sender and make no work for whoever saves the state.
        with core.lock if request.method == "GET" else core.change():
            if request.path.startswith(oauth.PREFIX):
                raise _unknown(core, request)
            token = _authenticate(core, request)
            route, keys = _find(core, request)
            verdict = _count(core, token, route)
            headers = _rate_headers(core, verdict)
            if not verdict.allowed:
                raise errors.too_many_requests()
            _check_scope(token, _scope(core, route))
            caller = _caller(core, request, route, token, keys)
            status, body = route.endpoint(core, caller)
    except errors.Problem as problem:
        status, body = problem.status, problem.body
    headers = headers or _rate_headers(core, Verdict(allowed=True, limit=500, remaining=499, reset=60))
    return json_answer(status, body, headers)


def _authenticate(core: Core, request: Request) -> Token:
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    token = core.state.tokens.get(secret)
    if kind.lower() != "bearer" or token is None:
        raise errors.unauthenticated()
    if token.state == "expired" or (token.expires_at is not None and token.expires_at <= core.now()):
        raise errors.unauthenticated("The access token expired")
    if token.state == "revoked":
        raise errors.unauthenticated("The access token was revoked")
    return token


def _find(core: Core, request: Request) -> tuple[Route, tuple[str, ...]]:
    for route in ROUTES:
        match = route.path.fullmatch(request.path)
        if match is not None and route.method == request.method:
            return route, match.groups()
    raise _unknown(core, request)


def _unknown(core: Core, request: Request) -> errors.Problem:
    core.unknown_paths[f"{request.method} {request.path}"] += 1
    if absent.is_known(request.method, request.path):
        return errors.absent(f"{request.method} {request.path}")
    return errors.not_found()


def _scope(core: Core, route: Route) -> str:
    return core.options.available_times_scope if route.scope == times.DISPUTED else route.scope


def _check_scope(token: Token, scope: str) -> None:
    if not has_scope(token, scope):
        raise errors.insufficient_scope([scope])


has_scope = subscriptions.has_scope


def _count(core: Core, token: Token, route: Route) -> Verdict:
    booking = route.endpoint is bookings.create
    return core.limits.count(token.user_id, core.options.plan, booking=booking, now=core.now())


def _rate_headers(core: Core, verdict: Verdict) -> dict[str, str]:
    reset = verdict.reset
    if not verdict.allowed and reset > 60 and core.options.booking_reset_seconds is not None:
        reset = core.options.booking_reset_seconds
    headers = {
        "X-RateLimit-Limit": str(verdict.limit),
        "X-RateLimit-Remaining": str(verdict.remaining),
        "X-RateLimit-Reset": str(reset),
    }
    if not verdict.allowed and core.options.retry_after_header:
        headers["Retry-After"] = str(reset)
    return headers


def _caller(core: Core, request: Request, route: Route, token: Token, keys: tuple[str, ...]) -> Caller:
    place = f"{request.method} {route.path.pattern.replace('([^/]+)', '{id}')}"
    for name in request.query:
        if name not in route.query:
            core.unknown_fields[f"{place}: ?{name}"] += 1
    data = _data(request)
    _note_unknown(core, place, "", data, route.fields)
    base = core.api_base + request.path
    return Caller(core.state.users[token.user_id], token, keys, request.query, data, base)


def _data(request: Request) -> Json:
    if request.method == "GET" or not request.body:
        return {}
    try:
        data = json.loads(request.body)
        json.dumps(data, ensure_ascii=False).encode()  # lone surrogates could not be sent on
    except (ValueError, RecursionError):
        raise errors.invalid() from None
    if not isinstance(data, dict):
        raise errors.invalid()
    return data


def _note_unknown(core: Core, place: str, prefix: str, data: Json, fields: Fields) -> None:
    """Open point: unknown fields are ignored, as the live service does, but counted for tests to see."""
    for name, value in data.items():
        if name not in fields:
            core.unknown_fields[f"{place}: {prefix}{name}"] += 1
            continue
        inner = fields[name]
        for item in value if isinstance(value, list) else [value]:
            if inner and isinstance(item, dict):
                _note_unknown(core, place, f"{prefix}{name}.", item, inner)


def _spoil(core: Core, answer: Answer, fault: Fault) -> Answer:
    """Faults that lie in the answer itself; the others are the transport's."""
    kept = {key: value for key, value in answer.headers.items() if key.startswith("X-RateLimit")}
    if fault.kind == "status":
        problem = errors.too_many_requests() if fault.status == 429 else errors.server_error(fault.status)
        reset = int(fault.seconds) if fault.status == 429 else 60
        verdict = Verdict(allowed=fault.status != 429, limit=500, remaining=0, reset=reset)
        answer = json_answer(fault.status, problem.body, _rate_headers(core, verdict))
    elif fault.kind == "html":
        page = b"<!doctype html><title>Sign in</title><p>Hello"
        answer = Answer(200, page, {"Content-Type": "text/html", **kept})
    elif fault.kind == "redirect":
        answer = Answer(302, b"", {"Location": fault.location, **kept})
    elif fault.kind == "truncate":
        answer.body = answer.body[: max(1, len(answer.body) * 2 // 3)]
    elif fault.kind == "huge":
        filling = b'{"resource": {"filling": "' + b"x" * fault.size + b'"}}'
        answer = Answer(answer.status, filling, {"Content-Type": "application/json", **kept})
    answer.fault = fault
    return answer
