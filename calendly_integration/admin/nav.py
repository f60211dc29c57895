"""The navigation between our pages: links with counts, the search, the languages."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext_lazy as _

from ..services.backoffice import navigation
from . import viewer_timezone

APP = "calendly_integration"
# The languages that our pages are written in.
LANGUAGES = ("ro", "en")


@dataclass(frozen=True, slots=True)
class Page:
    """A page that the navigation links to, the permission that it needs, and what is counted beside it."""

    label: object
    url_name: str
    permission: str
    counted: tuple[str, ...] = ()


OFFICE = (
    Page(_("Today"), "app_list", "view_booking", ("today",)),
    Page(_("Bookings"), f"{APP}_booking_changelist", "view_booking", ("upcoming",)),
    Page(_("Calendar"), f"{APP}_booking_calendar", "view_booking"),
    Page(_("Follow-ups"), f"{APP}_followup_board", "view_followup", ("due",)),
    Page(_("Event types"), f"{APP}_eventtype_changelist", "view_eventtype", ("bookable",)),
)
SYSTEM = (
    Page(_("Hosts"), f"{APP}_host_changelist", "view_host"),
    Page(_("Agent keys"), f"{APP}_agentkey_changelist", "manage_agent_keys"),
    Page(_("The Calendly account"), f"{APP}_calendlyaccount_changelist", "manage_calendlyaccount"),
    Page(
        _("System status"),
        f"{APP}_calendlyaccount_system_status",
        "view_calendlyaccount",
        ("parked_messages", "parked_deliveries"),
    ),
)


@dataclass(frozen=True, slots=True)
class NavLink:
    """A link. `here` marks the present page; `count` is empty where there is nothing to count."""

    label: str
    url: str
    here: bool
    count: str


def groups(request: HttpRequest) -> list[list[NavLink]]:
    """The pages that this person may view: those of the office, and those of the system. Read once per request."""
    if not hasattr(request, "_calendly_nav"):
        shown = [[page for page in pages if _may(request, page)] for pages in (OFFICE, SYSTEM)]
        counts = navigation.counts(
            {name for pages in shown for page in pages for name in page.counted},
            now=timezone.now(),
            zone=viewer_timezone.zone(request),
        )
        found = [[link for page in pages for link in _links(request, page, counts)] for pages in shown]
        request._calendly_nav = found  # type: ignore[attr-defined]
    return request._calendly_nav  # type: ignore[attr-defined, no-any-return]


def _may(request: HttpRequest, page: Page) -> bool:
    return request.user.has_perm(f"{APP}.{page.permission}")


def _links(request: HttpRequest, page: Page, counts: dict[str, int]) -> list[NavLink]:
    """The link of a page; none if a portal has unregistered it."""
    try:
        url = reverse(f"admin:{page.url_name}", args=[APP] if page.url_name == "app_list" else [])
    except NoReverseMatch:
        return []
    count = sum(counts[name] for name in page.counted)
    shown = f"{navigation.MAX_COUNTED}+" if count > navigation.MAX_COUNTED else str(count or "")
    return [NavLink(str(page.label), url, request.path == url, shown)]


def search_url(request: HttpRequest) -> str:
    """The fragment that answers while one types; empty for people who may not see bookings."""
    return _url("booking_search") if request.user.has_perm(f"{APP}.view_booking") else ""


def list_url() -> str:
    """The list of bookings, which the search leads to without JavaScript."""
    return _url("booking_changelist")


def language_url(request: HttpRequest) -> str:
    """Where a chosen language is posted to; empty for people who may not see our pages."""
    return _url("preference_language") if request.user.has_module_perms(APP) else ""


def languages() -> list[dict[str, object]]:
    """The languages to choose from: ours, if the project has them."""
    offered = [code for code in LANGUAGES if code in dict(settings.LANGUAGES)]
    if len(offered) < 2 or not settings.USE_I18N:
        return []
    present = (get_language() or "")[:2]
    return [
        {"code": code, "name": get_language_info(code)["name_local"], "here": code == present}
        for code in offered
    ]


def next_url(request: HttpRequest, default: str) -> str:
    """The page that a form or link names to come back to, if it belongs to this portal; else the default."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    host, secure = request.get_host(), request.is_secure()
    known = url_has_allowed_host_and_scheme(wanted, allowed_hosts={host}, require_https=secure)
    return wanted if known else default


def _url(page: str) -> str:
    try:
        return reverse(f"admin:{APP}_{page}")
    except NoReverseMatch:
        return ""
