"""What Calendly refuses to the machinery, said to staff: a sync, a subscription, a new event type."""

from django.utils.translation import gettext, ngettext

from ..calendly.errors import CalendlyError, RateLimited, Unauthenticated
from ..clients import NoToken
from ..services import errors
from . import formatting

KNOWN = (CalendlyError, NoToken)


def text(error: Exception) -> str:
    """One or two sentences: what stood in the way, and what to do."""
    if isinstance(error, NoToken):
        return gettext("There is no access token that can be used: %s") % formatting.error_text(error, 300)
    if isinstance(error, RateLimited):
        wait = errors.seconds(error.retry_after)
        return (
            ngettext(
                "Calendly asks us to wait. Try again in %d second.",
                "Calendly asks us to wait. Try again in %d seconds.",
                wait,
            )
            % wait
        )
    if isinstance(error, Unauthenticated):
        return gettext("Calendly does not take our access token: %s") % formatting.error_text(error, 300)
    if isinstance(error, CalendlyError) and (error.retryable or error.outcome_unknown):
        return gettext("Calendly cannot be reached now. Try again in a minute: nothing is done twice.")
    return gettext("Calendly refused: %s") % formatting.error_text(error, 300)
