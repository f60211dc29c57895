"""The four steps of the setup, and which are done. Reads our own rows only."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ... import clients, conf
from ...models import AgentKey, Booking, CalendlyAccount


@dataclass(frozen=True, slots=True)
class Step:
    """A step. `hint` says what to do, or what is there where the step is `done`."""

    name: Promise
    done: bool
    hint: Promise


def steps(now: datetime) -> list[Step]:
    """The steps in their order. Three queries."""
    account = CalendlyAccount.objects.filter(slug=clients.DEFAULT).first()
    return [_account(account), _key(now), _webhook(account), _test()]


def _account(account: CalendlyAccount | None) -> Step:
    health = account.health if account is not None else CalendlyAccount.Health.UNKNOWN
    hints = {
        CalendlyAccount.Health.OK: _("Calendly knows us, and answers."),
        CalendlyAccount.Health.UNKNOWN: _(
            "Make a personal access token at Calendly (Integrations, API), set CALENDLY_API_KEY, and run"
            " manage.py calendly_setup."
        ),
        CalendlyAccount.Health.FAILING: _(
            "The last check failed: run manage.py calendly_doctor, which says what is wrong."
        ),
    }
    return Step(_("Account"), health == CalendlyAccount.Health.OK, hints[CalendlyAccount.Health(health)])


def _key(now: datetime) -> Step:
    done = AgentKey.objects.valid(now).filter(expires_at=None).exists()
    hint = (
        _("An agent has a key.")
        if done
        else _("Make a key for your agent in the admin, or run manage.py calendly_agent_key NAME.")
    )
    return Step(_("Key"), done, hint)


def _webhook(account: CalendlyAccount | None) -> Step:
    done = account is not None and account.subscription_state == "active"
    if done:
        hint = _("Calendly tells us of each change at once.")
    elif not conf.get().WEBHOOK_SECRETS:
        hint = _(
            "Set CALENDLY_WEBHOOK_SECRET to a long random text, then run manage.py calendly_webhook subscribe."
        )
    else:
        hint = _("Run manage.py calendly_webhook subscribe: it asks Calendly to tell us, at PUBLIC_URL.")
    return Step(_("Webhook"), done, hint)


def _test() -> Step:
    done = Booking.objects.filter(
        source=Booking.Source.AGENT, current_calendly_booking__isnull=False, event_id__gt=""
    ).exists()
    hint = (
        _("An agent has booked, and Calendly has confirmed it.")
        if done
        else _(
            "Book a meeting as an agent would: by the box on this page, or by POST /api/calendly/schedule."
        )
    )
    return Step(_("Test"), done, hint)
