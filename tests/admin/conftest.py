"""Staff at the door: who they are, a booking to act on, and a webhook without a network."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from calendly_integration import groups
from calendly_integration.models import AgentKey, Booking, EventType
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.actors import Actor
from calendly_integration.services.backoffice import health
from calendly_integration.services.bookings import create
from calendly_integration.services.bookings.results import Booked
from calendly_integration.services.webhooks import inbox

APP = "calendly_integration"
OWN = groups.STAFF_PERMISSIONS + groups.ADMINISTRATOR_PERMISSIONS


@pytest.fixture(autouse=True)
def steady_health(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The health that the lamp shows is read once in a test, not again after five seconds: how many queries a page
    makes must not depend on the speed of the machine. A browser waits for the real lamp."""
    if request.node.get_closest_marker("browser") is None:
        monkeypatch.setattr(health, "KEEP_SECONDS", None)


def person(username: str, *, staff: bool = True, permissions: list[str] | None = None) -> User:
    """A user with these permissions of our app."""
    user = User.objects.create(username=username, is_staff=staff)
    if not permissions:
        return user
    wanted = Permission.objects.filter(content_type__app_label=APP, codename__in=permissions)
    granted = User.user_permissions.through
    granted.objects.bulk_create(
        granted(user_id=user.pk, permission_id=key) for key in wanted.values_list("pk", flat=True)
    )
    return user


def views() -> list[str]:
    """All permissions to view."""
    found = Permission.objects.filter(content_type__app_label=APP, codename__startswith="view_")
    return list(found.values_list("codename", flat=True))


@pytest.fixture
def people(db: None) -> dict[str, User | None]:
    """Everybody who may stand at the door. In three queries: hundreds of tests begin with them."""
    made = {
        "superuser": User(username="root", is_staff=True, is_superuser=True),
        "staff": User(username="maria", is_staff=True),
        "viewer": User(username="victor", is_staff=True),
        "stranger": User(username="stan", is_staff=True),
        "customer": User(username="carla"),
    }
    User.objects.bulk_create(made.values())
    ours = dict(Permission.objects.filter(content_type__app_label=APP).values_list("codename", "pk"))
    viewing = {key for codename, key in ours.items() if codename.startswith("view_")}
    working = viewing | {ours[codename] for codename in OWN}
    granted = User.user_permissions.through
    granted.objects.bulk_create(
        granted(user_id=made[who].pk, permission_id=key)
        for who, keys in (("staff", working), ("viewer", viewing), ("customer", working))
        for key in keys
    )
    return {**made, "nobody": None}


@pytest.fixture
def entered(people: dict[str, User | None]) -> Callable[..., Client]:
    """`entered("staff")`: the browser of that person, in English. CSRF is enforced if asked for."""

    def enter(who: str, **options: Any) -> Client:
        browser = Client(headers={"accept-language": "en"}, **options)
        user = people[who]
        if user is not None:
            browser.force_login(user)
        return browser

    return enter


@pytest.fixture
def staff(entered: Callable[..., Client]) -> Client:
    """Somebody with all the app's permissions, who is no superuser."""
    return entered("staff")


@pytest.fixture
def root(entered: Callable[..., Client]) -> Client:
    """The superuser."""
    return entered("superuser")


def make(kind: EventType, key: AgentKey, *, email: str = "nora@example.com", name: str = "Nora") -> Booking:
    """A booking that an agent made through the sandbox."""
    booking_request = create.BookingRequest(
        event_type=str(kind.pk), email=email, name=name, conversation_id=f"conv-{email}", user_id="u1"
    )
    outcome = create.book(booking_request=booking_request, by=Actor.agent(key), now=datetime.now(UTC))
    assert isinstance(outcome, Booked)
    return outcome.booking


@pytest.fixture
def booking(
    event_types: dict[str, EventType], agent_key: AgentKey, flush: object, sandbox: Calendly
) -> Booking:
    """A confirmed Sales Demo, its link ready at once. What Calendly has to tell of it waits for `flush`."""
    sandbox.options.location_push_seconds = 0
    return make(event_types["Sales Demo"], agent_key)


@pytest.fixture
def flush(sandbox: Calendly) -> Callable[[], None]:
    """Deliver what the sandbox has to tell, and apply it."""
    sandbox.subscribe("https://portal.example/webhooks/calendly", "test-signing-key")

    def post(url: str, body: bytes, headers: dict[str, str]) -> int:
        inbox.accept(body=body, signature=headers["Calendly-Webhook-Signature"], now=datetime.now(UTC))
        return 200

    def run() -> None:
        sandbox.deliver(post)
        while inbox.process(now=datetime.now(UTC)):
            pass

    return run
