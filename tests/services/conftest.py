"""The ground on which the services are tested: a Calendly that delivers to us, its event types mirrored."""

import pytest

from calendly_integration.models import CalendlyAccount, EventType
from calendly_integration.sandbox.calendly import Calendly

from ..factories import KEY, URL


@pytest.fixture
def calendly(sandbox: Calendly, account: CalendlyAccount, event_types: dict[str, EventType]) -> Calendly:
    """The sandbox, its event types mirrored, with a subscription of ours; its journal begins now."""
    sandbox.subscribe(URL, KEY)
    sandbox.calls.clear()
    return sandbox
