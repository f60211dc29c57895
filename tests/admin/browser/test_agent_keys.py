"""An agent's key in the browser."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from calendly_integration.services.agents import keys

from .admin_client import AdminClient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_new_key_is_shown_once_and_opens_the_door(
    open_admin: Callable[..., AdminClient], clock: object, language: str
) -> None:
    staff = open_admin("maria", language)
    staff.open("calendly_integration_agentkey_add")
    staff.page.locator("#id_name").fill("Agent de vânzări")
    staff.page.locator("#id_scopes input").first.check()
    staff.press("Create the key")
    secret = staff.page.locator(".secret").inner_text()
    key = keys.authenticate(secret, now=datetime.now(UTC))
    assert key is not None
    assert (key.name, key.scopes) == ("Agent de vânzări", ["book"])
    staff.press("I have copied it")
    assert "Agent de vânzări" in staff.page.content()
    for address in ("changelist", "change", "history"):
        staff.open(f"calendly_integration_agentkey_{address}", *([] if address == "changelist" else [key.pk]))
        assert secret not in staff.page.content()
