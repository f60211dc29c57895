"""Who calls, and what they may: agents by their key, staff by their session (for the documentation only)."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import PermissionDenied, Throttled
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from ..models import AgentKey
from ..services.agents import keys
from .throttling import WrongKeyThrottle

CHALLENGE = 'Bearer realm="calendly"'


class TooManyWrongKeys(Throttled):
    """Too many wrong keys came from this address within a minute."""


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <agent key>`."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, AgentKey] | None:
        """The key; None without the header. Raises InvalidKey, TooManyWrongKeys."""
        scheme, _blank, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        text, throttle = text.strip(), WrongKeyThrottle()
        if not throttle.allows(request, text):
            raise TooManyWrongKeys(throttle.wait())
        try:
            key = keys.authenticate(text, now=timezone.now())
        except keys.InvalidKey:
            throttle.note_wrong_key(text)
            raise
        throttle.note_right_key(text)
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        """The WWW-Authenticate header of a 401."""
        return CHALLENGE


class StaffSession(BaseAuthentication):
    """A member of staff who is logged in. Only for pages that change nothing: no CSRF token is required."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        user = getattr(request._request, "user", None)
        if user is None or not user.is_active or not user.is_staff:
            return None
        return user, None


class HasRight(BasePermission):
    """The key has the right that the view names for the method. A method without a named right is refused."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """True also for methods that the view does not take (405). Raises PermissionDenied with the right."""
        key = request.auth
        if not isinstance(key, AgentKey):
            return False
        method = "GET" if request.method == "HEAD" else str(request.method)
        needed = getattr(view, "rights", {}).get(method)
        if needed is None and method.lower() in view.http_method_names and hasattr(view, method.lower()):
            raise PermissionDenied("")
        if needed and needed not in key.scopes:
            raise PermissionDenied(str(needed))
        return True


class IsAgentOrStaff(BasePermission):
    """Any valid agent key, or a member of staff."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, AgentKey) or bool(getattr(request.user, "is_staff", False))
