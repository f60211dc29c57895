"""The health of the whole, in words of the office: the lamp on every page, and what to do on Today."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..services.backoffice import health
from ..services.backoffice.health import Fault, Problem
from . import formatting, viewer_timezone
from .nav import APP

# Without these nothing is booked or processed. The others only delay the portal.
SEVERE = (Fault.NO_ACCOUNT, Fault.TOKEN_REFUSED, Fault.CALENDLY_AWAY, Fault.WORKER_STOPPED)
TITLES = {
    Fault.NO_ACCOUNT: _("Calendly is not connected yet"),
    Fault.TOKEN_REFUSED: _("Calendly rejects our access"),
    Fault.CALENDLY_AWAY: _("Calendly does not answer"),
    Fault.WORKER_STOPPED: _("The worker is not running"),
    Fault.KEY_REFUSED: _("The portal rejects our key"),
    Fault.PORTAL_AWAY: _("The portal does not answer"),
}
TITLES_SINCE = {
    Fault.TOKEN_REFUSED: _("Calendly rejects our access since %s"),
    Fault.CALENDLY_AWAY: _("Calendly does not answer since %s"),
    Fault.WORKER_STOPPED: _("The worker is not running since %s"),
    Fault.KEY_REFUSED: _("The portal rejects our key since %s"),
    Fault.PORTAL_AWAY: _("The portal does not answer since %s"),
}
# What it means, and what the office does.
ADVICE = {
    Fault.NO_ACCOUNT: _("No meeting can be booked. Tell the administrator."),
    Fault.TOKEN_REFUSED: _("No meeting can be booked, moved or canceled. Tell the administrator."),
    Fault.CALENDLY_AWAY: _(
        "New bookings are refused until Calendly answers; it is tried again each minute. If it lasts, book "
        "on the phone by Calendly's own page, and tell the administrator."
    ),
    Fault.WORKER_STOPPED: _(
        "Bookings still work, but changes made at Calendly and messages to the portal wait. Tell the administrator."
    ),
    Fault.KEY_REFUSED: _("Confirmations and messages wait; none is lost. Tell the administrator."),
    Fault.PORTAL_AWAY: _(
        "Confirmations and messages wait, and leave as soon as the portal answers. None is lost."
    ),
}
# The command that mends it or says what to type: for the administrator, folded away.
COMMANDS = {
    Fault.NO_ACCOUNT: "calendly_setup",
    Fault.TOKEN_REFUSED: "calendly_doctor",
    Fault.CALENDLY_AWAY: "calendly_doctor",
    Fault.WORKER_STOPPED: "calendly_worker",
    Fault.KEY_REFUSED: "calendly_doctor",
    Fault.PORTAL_AWAY: "calendly_doctor",
}


@dataclass(frozen=True, slots=True)
class Lamp:
    """`tone` is good, wait or bad. `url` leads to what to do."""

    tone: str
    text: str
    more: int
    url: str


def lamp(request: HttpRequest) -> Lamp:
    """The lamp for this person's page: the worst fault, in the viewer's zone."""
    now = timezone.now()
    found = health.problems(now=now)
    if not found:
        return Lamp("good", gettext("Everything works"), 0, "")
    tone = "bad" if any(problem.fault in SEVERE for problem in found) else "wait"
    with timezone.override(viewer_timezone.zone(request)):
        return Lamp(tone, words(found[0], now), len(found) - 1, _help_url())


def words(problem: Problem, now: datetime) -> str:
    """`Calendly does not answer since 11:44; the data is of 11:43`."""
    since = TITLES_SINCE.get(problem.fault) if problem.since is not None else None
    text = str(since) % _clock(problem.since, now) if since else str(TITLES[problem.fault])
    if problem.data_of is not None:
        text += gettext("; the data is of %s") % _clock(problem.data_of, now)
    return text


def _clock(at: datetime | None, now: datetime) -> str:
    """The time of day, with the date where it was on another day."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return f"{local:%H:%M}" if local.date() == timezone.localtime(now).date() else formatting.stamp(at)


def _help_url() -> str:
    try:
        return reverse("admin:app_list", args=[APP]) + "#today-needs"
    except NoReverseMatch:  # a portal may have left out our pages
        return ""


def context(request: HttpRequest) -> dict[str, Any]:
    """For the template of the lamp: only for those who may view something of ours."""
    return {"lamp": lamp(request) if request.user.has_module_perms(APP) else None}
