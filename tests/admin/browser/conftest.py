"""A real browser before the admin: Chromium, the pages served as a strict portal serves them, Calendly in process.

Playwright comes with the `dev` extra only, so it is imported where it is used: collecting needs none.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Permission, User

from calendly_integration.models import AgentKey, Booking, EventType
from calendly_integration.services.actors import Actor
from calendly_integration.services.bookings import create
from calendly_integration.services.bookings.results import Booked

from ..conftest import OWN
from .admin_client import LANGUAGES, PASSWORD, AdminClient
from .strict import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

APP = "calendly_integration"
# No sandbox of its own: CI runs as root in a container, and the pages are ours.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """One browser for all tests. Each test has a window of its own, with its own cookies."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "Chromium is needed: apt-get install chromium"
    # Playwright keeps an event loop in this thread; Django would refuse to speak to the database beside one.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
            yield browser
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        if before is not None:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def server(own_settings: None, transactional_db: None) -> Iterator[Server]:
    """The project, served from a thread, under a strict Content-Security-Policy."""
    started = Server("127.0.0.1")
    started.start()
    started.is_ready.wait()
    if started.error:
        raise started.error
    yield started
    started.terminate()


@pytest.fixture
def people(transactional_db: None, settings: Any) -> None:
    """`maria` may do everything in our app, `victor` may look."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick
    # The browser has its own clock: by ours, which stands still, its cookies would be out of date one day.
    settings.SESSION_EXPIRE_AT_BROWSER_CLOSE = True
    settings.CSRF_COOKIE_AGE = None
    ours = Permission.objects.filter(content_type__app_label=APP)
    looking = ours.filter(codename__startswith="view_")
    maria = User.objects.create_user("maria", password=PASSWORD, is_staff=True)
    maria.user_permissions.set([*looking, *ours.filter(codename__in=OWN)])
    User.objects.create_user("victor", password=PASSWORD, is_staff=True).user_permissions.set(looking)


@pytest.fixture
def booking(
    transactional_db: None,
    event_types: dict[str, EventType],
    agent_key: AgentKey,
    flush: Callable[[], None],
) -> Booking:
    """A meeting that an agent booked, in the middle of others; Calendly has confirmed them."""

    def book(name: str) -> Booking:
        booking_request = create.BookingRequest(
            event_type=str(event_types["Sales Demo"].pk),
            email=f"{name.split()[0].lower()}@example.com",
            name=name,
            time_zone="Europe/Bucharest",
            conversation_id=f"conv-{name}",
        )
        outcome = create.book(
            booking_request=booking_request, by=Actor.agent(agent_key), now=datetime.now(UTC)
        )
        assert isinstance(outcome, Booked)
        return outcome.booking

    book("Andrei Dumitrescu")
    made = book("Nora Popescu")
    book("Ștefania Mihăilescu-Brâncoveanu")
    flush()
    return made


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Whoever asks for it runs once in each language."""
    return str(request.param)


@pytest.fixture
def open_admin(chromium: "Browser", server: Server, people: None) -> Iterator[Callable[..., AdminClient]]:
    """`open_admin("maria", "ro")` logs that person in, in a window in that language. With None, nobody.
    Further options are Playwright's, for the window. At the end no window may have logged an error."""
    opened: list[AdminClient] = []

    def sit(who: str | None, language: str, **options: Any) -> AdminClient:
        context = chromium.new_context(locale=language, viewport={"width": 1280, "height": 900}, **options)
        context.set_default_timeout(10_000)
        opened.append(AdminClient(context.new_page(), server.url, language))
        if who:
            opened[-1].enter(who)
        return opened[-1]

    yield sit
    for each in opened:
        each.page.context.close()
    assert [complaint for each in opened for complaint in each.complaints] == []
