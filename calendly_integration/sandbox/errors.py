"""Error responses, with the bodies that Calendly is known to send."""

from __future__ import annotations

from typing import Any

SUPPLIED = "The supplied parameters are invalid."


class Problem(Exception):
    """An error response: HTTP status and JSON body."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


def invalid(
    parameter: str | None = None, message: str = "invalid", *, code: str | None = None, text: str = SUPPLIED
) -> Problem:
    """400. Without `parameter` there are no details, as for unanswered questions."""
    body: dict[str, Any] = {"title": "Invalid Argument", "message": text}
    if parameter is not None:
        detail = {"parameter": parameter, "message": message}
        if code is not None:
            detail["code"] = code
        body["details"] = [detail]
    return Problem(400, body)


def missing(parameter: str) -> Problem:
    """400 for a field that has to be there."""
    return invalid(parameter, "is missing")


def already_filled() -> Problem:
    """400 for a start that is taken. Calendly does not use 409 for it."""
    return invalid("event.start_time", "That start time has been filled", code="already_filled")


def invalid_location() -> Problem:
    """400 for a location that the event type does not have. The parameter has Calendly's internal name."""
    return invalid(
        "event.location_configuration.location",
        "invalid location choice",
        code="invalid_location_choice",
        text="Specified location kind is not configured for this event type.",
    )


def unauthenticated(text: str = "The access token is invalid") -> Problem:
    """401: no token, an unknown, expired or revoked one."""
    return Problem(401, {"title": "Unauthenticated", "message": text})


def denied(text: str = "You do not have permission to access this resource.") -> Problem:
    """403 because of the role, the plan or the state of the object."""
    return Problem(403, {"title": "Permission Denied", "message": text})


def insufficient_scope(scopes: list[str]) -> Problem:
    """403 with another body: the token lacks a scope."""
    text = "This operation requires the scopes listed in the 'required_scopes' array."
    return Problem(403, {"title": "Insufficient scope", "message": text, "required_scopes": scopes})


def not_found() -> Problem:
    """404, also for paths that do not exist."""
    text = "The server could not find the requested resource."
    return Problem(404, {"title": "Resource Not Found", "message": text})


def not_implemented(what: str) -> Problem:
    """501: Calendly has it, this sandbox does not. Calendly never answers 501, so tests cannot confuse the two."""
    return Problem(501, {"title": "Not Implemented", "message": f"The sandbox does not have {what}."})


def url_exists() -> Problem:
    """409: webhook addresses are unique."""
    return Problem(409, {"title": "Already Exists", "message": "Hook with this url already exists"})


def calendar_trouble() -> Problem:
    """424: the host's own calendar cannot be read."""
    text = "There is a problem accessing your calendar."
    return Problem(424, {"title": "External Calendar Error", "message": text})


def too_many_requests() -> Problem:
    """429. Open point: the body is not documented; the title is our choice."""
    return Problem(429, {"title": "Too Many Requests", "message": "Rate limit exceeded"})


def server_error(status: int = 500) -> Problem:
    """5xx. Only the text of 500 is known."""
    text = "The server encountered an unexpected condition that prevented it from fulfilling the request."
    return Problem(status, {"title": "Internal Server Error", "message": text})
