"""The home page, the temporary key for its form, and the page after too many wrong passwords."""

from datetime import timedelta
from http import HTTPStatus

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from calendly_integration.models import AgentKey, EventType
from calendly_integration.services.accounts import onboarding
from calendly_integration.services.agents import keys
from calendly_integration.services.catalog import event_types as catalog

TRY_KEY_LIFETIME = timedelta(minutes=15)


def home(request: HttpRequest) -> HttpResponse:
    """Show what the integration does and what can be booked; for staff also the state of the set-up.

    Visitors see only event types that are open to all agents.
    """
    is_staff = bool(getattr(request.user, "is_staff", False))
    event_types = catalog.event_types().bookable()  # type: ignore[attr-defined]
    if not is_staff:
        event_types = event_types.filter(open_to=EventType.OpenTo.EVERYBODY)
    steps = onboarding.steps(timezone.now()) if is_staff else []
    context = {
        "event_types": event_types,
        "is_staff": is_staff,
        "steps": steps,
        "next_step": next((step for step in steps if not step.done), None),
        "may_try": _may_try(request.user),
    }
    return render(request, "home.html", context)


@never_cache
@require_POST
@sensitive_variables("text")
def try_key(request: HttpRequest) -> HttpResponse:
    """Make a key for the form of the home page. It is shown once, as every key."""
    if not _may_try(request.user):
        raise PermissionDenied
    now = timezone.now()
    key, text = keys.create(
        f"Try it: {request.user.get_username()}",
        scopes=[AgentKey.Scope.READ, AgentKey.Scope.BOOK],
        expires_at=now + TRY_KEY_LIFETIME,
        now=now,
    )
    admin.site.get_model_admin(AgentKey).log_addition(request, key, "Made on the home page.")
    return JsonResponse({"key": text, "expiresIn": int(TRY_KEY_LIFETIME.total_seconds())})


def locked_out(request: HttpRequest, _response: HttpResponse | None, _credentials: object) -> HttpResponse:
    """The page after too many wrong passwords."""
    seconds = int(settings.AXES_COOLOFF_TIME.total_seconds())
    context = {"minutes": seconds // 60}
    answer = render(request, "locked_out.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    answer["Retry-After"] = str(seconds)
    return answer


def _may_try(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Only staff who may make keys."""
    return bool(getattr(user, "is_staff", False)) and user.has_perm("calendly_integration.manage_agent_keys")  # type: ignore[union-attr]
