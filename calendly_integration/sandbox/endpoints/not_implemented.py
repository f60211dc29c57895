"""Operations of Calendly that this sandbox does not have. They answer 501, not 404, which means a wrong id."""

from __future__ import annotations

import re

OPERATIONS = (
    ("DELETE", "/organization_memberships/{id}"),
    ("POST", "/organizations/{id}/invitations"),
    ("DELETE", "/organizations/{id}/invitations/{id}"),
    ("POST", "/one_off_event_types"),
    ("GET", "/event_type_availability_schedules"),
    ("PATCH", "/event_type_availability_schedules"),
    ("POST", "/user_availability_schedules"),
    ("PATCH", "/user_availability_schedules/{id}"),
    ("GET", "/user_meeting_limits"),
    ("PATCH", "/user_meeting_limits"),
    ("POST", "/shares"),
    ("POST", "/data_compliance/deletion/invitees"),
    ("POST", "/data_compliance/deletion/events"),
    ("GET", "/activity_log_entries"),
    ("GET", "/teams"),
    ("GET", "/contacts"),
    ("POST", "/contacts"),
    ("GET", "/contacts/{id}"),
    ("PATCH", "/contacts/{id}"),
    ("DELETE", "/contacts/{id}"),
    ("GET", "/meeting_recaps"),
    ("GET", "/meeting_recaps/{id}"),
    ("POST", "/oauth/introspect"),
)
_PATTERNS = [(method, re.compile(re.sub(r"\{\w+\}", "[^/]+", path))) for method, path in OPERATIONS]


def is_known(method: str, path: str) -> bool:
    """Whether Calendly has that operation."""
    return any(method == own and pattern.fullmatch(path) for own, pattern in _PATTERNS)
