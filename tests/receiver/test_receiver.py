"""Where Calendly delivers: what is stored, what is refused, and how it is told."""

import io
import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import InterfaceError, OperationalError
from django.db import connection as database
from django.test import Client, override_settings

from calendly_integration import webhooks as receiver
from calendly_integration.models import Booking, WebhookDelivery
from calendly_integration.sandbox import webhooks
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.webhooks import inbox
from tests.conftest import MONDAY, SIGNING_KEY

URL = "/webhooks/calendly"
BODY = b'{"event": "invitee.created", "created_at": "2026-11-23T06:00:00.000000Z", "payload": {}}'
HEADER = "HTTP_CALENDLY_WEBHOOK_SIGNATURE"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def signature(body: bytes = BODY, key: str = SIGNING_KEY, at: datetime = MONDAY) -> str:
    return str(webhooks.signature(key, int(at.timestamp()), body))


def deliver(body: bytes = BODY, header: str | None = "sign", url: str = URL, **extra: Any) -> Any:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    if header is not None:
        extra[HEADER] = signature(body) if header == "sign" else header
    return client.generic("POST", url, body, content_type="application/json", **extra)


@pytest.mark.parametrize("url", [URL, URL + "/"])
def test_a_signed_delivery_is_stored_before_the_answer(url: str) -> None:
    answer = deliver(url=url)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    row = WebhookDelivery.objects.get()
    assert bytes(row.body) == BODY
    assert row.status == "received"
    assert row.next_attempt_at == MONDAY


def test_the_same_delivery_again_is_one_row() -> None:
    assert [deliver().status_code for _time in range(3)] == [200, 200, 200]
    assert WebhookDelivery.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        b"\x00\xff\xfe",
        b'{"event": "\\ud800"}',
        b"[" * 200_000,
        b'{"event": "something.new"}',
    ],
)
def test_whatever_is_signed_is_kept(body: bytes) -> None:
    assert deliver(body, CONTENT_LENGTH=str(len(body))).status_code == 200
    inbox.process(now=MONDAY)
    row = WebhookDelivery.objects.get()
    assert bytes(row.body) == body
    assert row.status in ("unreadable", "unknown")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "v1=00",
        "t=1",
        "t=,v1=",
        f"t={'9' * 400},v1={'0' * 64}",
        f"t=-1,v1={'0' * 64}",
        f"v1={'0' * 64}",
        "t=é,v1=é",
        signature(key="another"),
        signature(key=""),
        signature(body=BODY + b" "),
        signature().upper().replace("T=", "t=").replace("V1=", "v1="),
        signature(at=MONDAY.replace(minute=3, second=1)),
        signature(at=datetime(2026, 11, 23, 5, 56, 59, tzinfo=UTC)),
        signature(at=datetime(2026, 11, 22, 6, tzinfo=UTC)),
    ],
)
def test_what_is_forged_or_too_old_is_refused_and_not_stored(header: str | None) -> None:
    answer = deliver(header=header)
    assert (answer.status_code, answer.json()) == (401, {"error": "Invalid signature"})
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("seconds", [-180, 0, 180])
def test_within_the_tolerance_it_is_taken(clock: time_machine.Traveller, seconds: int) -> None:
    header = signature()
    clock.shift(seconds)
    assert deliver(header=header).status_code == 200


def test_of_two_signatures_one_must_fit() -> None:
    assert deliver(header=f"{signature()},v1={'0' * 64}").status_code == 200


def test_without_a_key_everything_is_refused(settings: Any) -> None:
    settings.CALENDLY_INTEGRATION = {**settings.CALENDLY_INTEGRATION, "WEBHOOK_SECRETS": []}
    assert deliver().status_code == 401
    assert deliver(header=signature(key="")).status_code == 401


def test_while_the_key_is_rotated_both_open(settings: Any) -> None:
    settings.CALENDLY_INTEGRATION = {**settings.CALENDLY_INTEGRATION, "WEBHOOK_SECRETS": ["new", SIGNING_KEY]}
    assert deliver().status_code == 200
    assert deliver(BODY + b" ", header=signature(BODY + b" ", key="new")).status_code == 200
    assert WebhookDelivery.objects.count() == 2


@pytest.mark.parametrize(("length", "status"), [(receiver.LARGEST, 200), (receiver.LARGEST + 1, 413)])
def test_up_to_a_megabyte_is_taken_whatever_the_host_allows_elsewhere(length: int, status: int) -> None:
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000):
        assert deliver(b"x" * length).status_code == status
    assert WebhookDelivery.objects.count() == (status == 200)


def test_a_huge_body_is_not_even_read() -> None:
    class Unread(io.RawIOBase):
        def read(self, *_size: int) -> bytes:
            raise AssertionError("it was read")

    answer = deliver(CONTENT_LENGTH=str(10**12), **{"wsgi.input": Unread()})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "header",
    [None, "", "t=1", f"t=x,v1={'0' * 64}", signature(at=MONDAY.replace(minute=3, second=1))],
)
def test_what_cannot_be_signed_is_refused_before_its_body_is_read(header: str | None) -> None:
    class Unread(io.RawIOBase):
        def read(self, *_size: int) -> bytes:
            raise AssertionError("it was read")

    answer = deliver(header=header, CONTENT_LENGTH="1000", **{"wsgi.input": Unread()})
    assert answer.status_code == 401


def test_a_flood_of_forged_deliveries_is_a_line_a_minute(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, clock: time_machine.Traveller
) -> None:
    monkeypatch.setattr(inbox, "refusal_log", inbox.RefusalLog())
    for _ in range(50):
        assert deliver(header=None).status_code == deliver(header=signature(key="forged")).status_code == 401
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "deliveries refused: 1 since the last such line, the latest because: no header"
    ]
    clock.shift(61)
    deliver(header=signature(key="forged", at=datetime.now(UTC)))
    assert "deliveries refused: 100 since the last such line" in caplog.records[-1].getMessage()


@pytest.mark.parametrize("length", ["", "-5", "x", "1e3"])
def test_without_a_length_it_is_a_411(length: str) -> None:
    answer = deliver(header=signature(b""), CONTENT_LENGTH=length, HTTP_TRANSFER_ENCODING="chunked")
    assert answer.status_code == 411
    assert not WebhookDelivery.objects.exists()


def test_a_short_body_is_a_400_and_not_stored() -> None:
    cut = {"CONTENT_LENGTH": str(len(BODY) + 10), "wsgi.input": io.BytesIO(BODY)}
    assert deliver(**cut).status_code == 400
    assert not WebhookDelivery.objects.exists()


def test_a_sender_that_goes_away_is_a_400() -> None:
    class Broken(io.RawIOBase):
        def read(self, *_size: int) -> bytes:
            raise OSError("connection reset")

    assert deliver(**{"wsgi.input": Broken()}).status_code == 400


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_a_405(method: str) -> None:
    answer = Client().generic(method, URL, BODY, **{HEADER: signature()})
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("error", [OperationalError("locked"), InterfaceError("closed")])
def test_a_database_that_cannot_take_it_is_a_503(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def full(*_args: Any, **_kwargs: Any) -> None:
        raise error

    monkeypatch.setattr("calendly_integration.models.webhook_delivery.WebhookDeliveryQuerySet.store", full)
    answer = deliver()
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert not [record for record in caplog.records if record.exc_info]


def test_nothing_of_a_delivery_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "calendly")
    body = b'{"event": "canary-4711", "payload": {"email": "canary@example.com"}}'
    deliver(body)
    deliver(body, header=signature(key="wrong"))
    assert "canary" not in caplog.text
    assert SIGNING_KEY not in caplog.text


def test_it_takes_one_query(django_assert_num_queries: Any) -> None:
    deliver(b"{}")  # the keys are read every few seconds
    with django_assert_num_queries(1):
        deliver()


def test_a_portal_that_asks_everybody_for_a_login_leaves_it_open(settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    assert deliver().status_code == 200


def test_what_the_sandbox_sends_is_taken_and_leads_to_a_booking(
    account: Any, event_types: Any, sandbox: Calendly
) -> None:
    sandbox.subscribe("https://portal.example/webhooks/calendly", SIGNING_KEY)
    start = datetime(2026, 11, 24, 8, tzinfo=UTC)
    sandbox.book_as_invitee("Sales Demo", start, email="ana@example.com", name="Ana")

    def post(_url: str, body: bytes, headers: dict[str, str]) -> int:
        return int(deliver(body, header=headers["Calendly-Webhook-Signature"]).status_code)

    assert sandbox.deliver(post) == [200]
    inbox.process(now=MONDAY)
    assert Booking.objects.get().invitee_email == "ana@example.com"


@pytest.mark.django_db(transaction=True)
def test_twenty_times_at_once_is_one_row(transactional_db: None) -> None:
    go, codes = threading.Barrier(20), list[int]()

    def one() -> None:
        go.wait()
        try:
            codes.append(deliver().status_code)
        finally:
            database.close()

    threads = [threading.Thread(target=one) for _ in range(20)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert codes == [200] * 20
    assert time.monotonic() - began < 20
    assert WebhookDelivery.objects.count() == 1
