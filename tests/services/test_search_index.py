"""Whether the search has its index, and what to type where it has not."""

from typing import Any

import pytest
from django.utils import timezone

from calendly_integration.services import connections, doctor, search

pytestmark = pytest.mark.django_db


def test_a_search_without_its_index_is_told_with_what_to_type(monkeypatch: Any) -> None:
    monkeypatch.setattr(search, "ready", lambda: False)
    finding = doctor._search(connections.default(), timezone.now())
    assert finding.ok is None
    assert "CREATE INDEX" in finding.mend


def test_the_index_is_there_after_the_migrations() -> None:
    assert search.ready()
    assert doctor._search(connections.default(), timezone.now()).ok
