"""The portal's own page about its integration, and the key for the box on it in which staff try it."""

from datetime import timedelta

from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from calendly_integration.models import AgentKey
from calendly_integration.services import agent_keys, catalog, onboarding

TRY_FOR = timedelta(minutes=15)


def home(request: HttpRequest) -> HttpResponse:
    """*Integrations, Calendly*: what it does, what can be booked, how far the set-up is."""
    steps = onboarding.steps(timezone.now())
    context = {
        "event_types": catalog.event_types().bookable(),  # type: ignore[attr-defined]
        "steps": steps,
        "next_step": next((step for step in steps if not step.done), None),
        "may_try": _may_try(request.user),
    }
    return render(request, "home.html", context)


@never_cache
@require_POST
@sensitive_variables("text")
def try_key(request: HttpRequest) -> HttpResponse:
    """A key that lives long enough for a try. It is shown once, as every key."""
    if not _may_try(request.user):
        raise PermissionDenied
    now = timezone.now()
    key, text = agent_keys.create(
        f"Try it: {request.user.get_username()}",
        scopes=[AgentKey.Scope.READ, AgentKey.Scope.BOOK],
        expires_at=now + TRY_FOR,
        now=now,
    )
    admin.site.get_model_admin(AgentKey).log_addition(request, key, "Made for a try.")
    return JsonResponse({"key": text, "expiresIn": int(TRY_FOR.total_seconds())})


def _may_try(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Staff who may make keys anyway."""
    return bool(getattr(user, "is_staff", False)) and user.has_perm("calendly_integration.manage_agent_keys")  # type: ignore[union-attr]
