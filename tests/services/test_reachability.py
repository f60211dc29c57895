"""Whether Calendly answers: noted by each call, for all processes, and tried again by the worker."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from calendly_integration import clients
from calendly_integration.calendly.errors import CalendlyError
from calendly_integration.models import CircuitState
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.backoffice import health

pytestmark = pytest.mark.usefixtures("event_types")


def ask(*, fails: bool) -> None:
    """One call to Calendly."""
    client = clients.calendly(calendly_accounts.default())
    if fails:
        with pytest.raises(CalendlyError):
            client.me()
    else:
        client.me()


def away_since() -> datetime | None:
    row = CircuitState.objects.filter(pk="calendly does not answer").first()
    return row.opened_at if row else None


@pytest.mark.parametrize("fault", ["refuse", "drop"])
def test_a_call_without_an_answer_is_noted_once_and_the_next_answer_ends_it(
    sandbox: Calendly, clock: time_machine.Traveller, fault: str
) -> None:
    began = datetime.now(UTC)
    sandbox.faults.add(fault, path="/users/me", times=None)
    ask(fails=True)
    clock.shift(timedelta(minutes=5))
    ask(fails=True)
    assert away_since() is not None
    assert abs(away_since() - began) < timedelta(minutes=1)  # type: ignore[operator]
    assert health.Fault.CALENDLY_AWAY in [each.fault for each in health.problems(now=datetime.now(UTC))]
    sandbox.faults.clear()
    ask(fails=False)
    assert away_since() is None


def test_an_error_of_ours_is_an_answer(sandbox: Calendly) -> None:
    sandbox.faults.add("status", path="/users/me", status=403)
    ask(fails=True)
    assert away_since() is None


def test_the_worker_tries_again_while_calendly_is_away_and_only_then(sandbox: Calendly) -> None:
    before = len(sandbox.calls)
    calendly_accounts.try_again(now=datetime.now(UTC))
    assert len(sandbox.calls) == before
    CircuitState.objects.create(pk="calendly does not answer", opened_at=datetime.now(UTC))
    sandbox.faults.add("status", path="/users/me", status=503, times=None)
    calendly_accounts.try_again(now=datetime.now(UTC))
    assert away_since() is not None
    sandbox.faults.clear()
    calendly_accounts.try_again(now=datetime.now(UTC))
    assert away_since() is None
