"""Whether the search has its index, and what to type where it has not."""

from typing import Any

import pytest
from django.utils import timezone

from calendly_integration.services import doctor
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.backoffice import search

pytestmark = pytest.mark.django_db


def test_a_search_without_its_index_is_told_with_what_to_type(monkeypatch: Any) -> None:
    monkeypatch.setattr(search, "index_exists", lambda: False)
    finding = doctor._search(calendly_accounts.default(), timezone.now())
    assert finding.ok is None
    assert "CREATE INDEX" in finding.fix


def test_the_index_is_there_after_the_migrations() -> None:
    assert search.index_exists()
    assert doctor._search(calendly_accounts.default(), timezone.now()).ok
