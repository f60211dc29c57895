"""Commands called as one types them, against a Calendly of our own."""

import io
from collections.abc import Callable

import pytest
from django.core.management import call_command

Run = Callable[..., str]


@pytest.fixture
def run() -> Run:
    """`run("calendly_sync", "--events")`: what it writes."""

    def typed(name: str, *args: str) -> str:
        out = io.StringIO()
        call_command(name, *args, stdout=out, no_color=True)
        return out.getvalue()

    return typed
