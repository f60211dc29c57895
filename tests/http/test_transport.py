"""What the transport makes of the exceptions beneath it. Its behaviour on the wire is tested with both clients."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from calendly_integration.http.errors import NotSent, ResponseLost
from calendly_integration.http.transport import Transport, retry_after

POOL: Any = urllib3.HTTPConnectionPool("localhost")
CONNECTION: Any = urllib3.connection.HTTPConnection("localhost")


class RaisingAdapter(requests.adapters.BaseAdapter):
    """Raises instead of sending."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:  # type: ignore[override]
        raise self.error

    def close(self) -> None:
        pass


def transport(error: Exception) -> Transport:
    made = Transport("https://server.example", headers={}, max_response_bytes=1000)
    made.session.mount("https://server.example", RaisingAdapter(error))
    return made


def wrapped(reason: Exception) -> requests.ConnectionError:
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(POOL, "/x?email=nora", reason))


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectTimeout(),
        wrapped(urllib3.exceptions.NewConnectionError(CONNECTION, "Connection refused")),
        wrapped(urllib3.exceptions.NameResolutionError("nowhere", CONNECTION, OSError())),  # type: ignore[arg-type]
        wrapped(urllib3.exceptions.ConnectTimeoutError(CONNECTION, "late")),
        requests.exceptions.SSLError(
            urllib3.exceptions.MaxRetryError(
                POOL, "/", urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("expired"))
            )
        ),
    ],
)
def test_without_a_connection_nothing_was_sent(error: Exception) -> None:
    with pytest.raises(NotSent) as caught:
        transport(error).send("POST", "/x", params={"email": "nora"}, body=b"{}")
    assert "nora" not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


@pytest.mark.parametrize(
    "error",
    [
        requests.ReadTimeout(),
        requests.ConnectionError(
            urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError())
        ),
        requests.ConnectionError("?"),
        wrapped(urllib3.exceptions.ReadTimeoutError(POOL, "/", "late")),
        requests.exceptions.ChunkedEncodingError(),
        requests.exceptions.ContentDecodingError(),
        requests.exceptions.SSLError(urllib3.exceptions.SSLError(ssl.SSLError("bad record"))),
        requests.exceptions.ProxyError(),
        urllib3.exceptions.LocationParseError("?"),
        OSError(),
    ],
)
def test_after_the_connection_the_request_may_have_arrived(error: Exception) -> None:
    with pytest.raises(ResponseLost) as caught:
        transport(error).send("POST", "/x", body=b"{}")
    assert caught.value.status is None
    assert caught.value.__cause__ is caught.value.__context__ is None


@pytest.mark.parametrize(
    ("error", "timed_out"),
    [
        (requests.ConnectTimeout(), True),
        (requests.ReadTimeout(), True),
        (wrapped(urllib3.exceptions.ReadTimeoutError(POOL, "/", "late")), True),
        (wrapped(urllib3.exceptions.NewConnectionError(CONNECTION, "Connection refused")), False),
        (OSError(), False),
    ],
)
def test_a_timeout_is_told_apart(error: Exception, timed_out: bool) -> None:
    with pytest.raises((NotSent, ResponseLost)) as caught:
        transport(error).send("GET", "/x")
    assert caught.value.timed_out is timed_out


@pytest.mark.parametrize(
    "url", ["", "server", "ftp://server", "http://", "https://u:p@server", "https://x?y"]
)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        Transport(url, headers={}, max_response_bytes=1)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "99999999"}, 86_400),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "٣"}, None),
        ({"Retry-After": "Mon, 23 Nov 2026 08:00:30 GMT"}, None),
        ({"Retry-After": "Mon, 23 Nov 2026 08:00:30 GMT", "Date": "Mon, 23 Nov 2026 08:00:00 GMT"}, 30),
    ],
)
def test_retry_after_is_read_in_seconds(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(CaseInsensitiveDict(headers)) == seconds
