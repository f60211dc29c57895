"""Known error texts of Calendly, the portal and our clients, translated for the reader. Errors are stored
in English, because later readers may use another language. An unknown text, such as a new one of
Calendly's, stays as it is."""

import re
from functools import lru_cache

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

# `%s` matches a word (the class of an error, a number, the name of a field) or a list of scopes.
FILLED = r"([\w.\[\]-]+(?::\w+)?(?:, \w+:\w+)*)"
KNOWN = (
    # Calendly, from the OpenAPI document of its API
    _("Invalid Argument"),
    _("Permission Denied"),
    _("Unauthenticated"),
    _("Resource Not Found"),
    _("Internal Server Error"),
    _("Insufficient scope"),
    _("External Calendar Error"),
    _("Already Exists"),
    _("The supplied parameters are invalid."),
    _("You do not have permission to access this resource."),
    _("This user is not in your organization"),
    _("The access token was revoked"),
    _("The access token is invalid"),
    _("The access token expired"),
    _("The server could not find the requested resource."),
    _("The server encountered an unexpected condition that prevented it from fulfilling the request."),
    _("Please also specify organization when requesting events for a user within your organization."),
    _("You are not allowed to cancel this event"),
    _(
        "The Scheduling API is only available on paid Calendly plans. Upgrade your plan to access this feature."
    ),
    _("Event is already canceled"),
    _("Event in the past"),
    _("Required Questions and Answers cannot be blank."),
    _("There is a problem accessing your calendar."),
    _("Hook with this url already exists"),
    _("This operation requires the scopes listed in the 'required_scopes' array."),
    _("That start time has been filled"),
    _("invalid location choice"),
    _("Specified location kind is not configured for this event type."),
    _("either name or first_name must be filled"),
    _("start_time must be in the future"),
    _("start_time must be before end_time"),
    # our client of Calendly
    _("could not connect to Calendly (%s)"),
    _("the answer of Calendly was lost (%s)"),
    _("Calendly answered %s"),
    _("the answer is over 10 MB"),
    _("the pages do not end"),
    _("the answer cannot be read"),
    _("not JSON: %s"),
    _("%s is too long"),
    _("%s is no date"),
    _("%s is no list"),
    _("%s is no URI of Calendly's"),
    _("The token lacks a scope; Calendly does not say which one"),
    _("The token probably lacks the scope %s"),
    _("Calendly only says"),
    _("The token lacks the scope %s"),
    _("No Calendly token is stored for the connection %s."),
    _("%s is missing"),
    _("%s is no text"),
    _("%s is empty"),
    _("%s is not an object"),
    _("%s is no time with a zone"),
    _("%s is no whole number"),
    _("nested too deep"),
    _("%s is missing or no list"),
    _("a time without a zone"),
    _("No Calendly token: set CALENDLY_API_KEY."),
    _("The stored Calendly token cannot be read: an encryption key is missing."),
    _("No configured encryption key reads this secret."),
    _("CALENDLY_ENCRYPTION_KEYS holds a text that is no Fernet key."),
    # our client of the portal
    _("the portal answered %s"),
    _("could not connect to the portal (%s)"),
    _("the portal's answer was lost (%s)"),
    _("the portal's answer cannot be read (%s)"),
    # our services
    _("Calendly could not be reached (%s)."),
    _("Calendly's rate limit is reached."),
    _("The booking allowance is used up."),
    _("Calendly has no such booking."),
    _("No start was free any more."),
    _("A phone number is needed to move this meeting."),
    _("A place is needed to move this meeting."),
    _("what was looked for may be among what cannot be read"),
    _("the booking has no event yet"),
    _("Moved to another time"),
)


def said(text: str) -> str:
    """The text, with every known part in the active language."""
    if not text or (get_language() or "en").startswith("en"):
        return text
    for pattern, words in _patterns():
        text = pattern.sub(lambda found, words=words: _filled(gettext(words), found), text)  # type: ignore[misc]
    return text


def _filled(words: str, found: "re.Match[str]") -> str:
    return words % found.groups() if found.groups() else words


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The longest first, because one may be a part of another."""
    return tuple(
        (re.compile(r"(?<!\w)" + re.escape(words).replace("%s", FILLED) + r"(?!\w)"), words)
        for words in sorted(KNOWN, key=len, reverse=True)
    )
