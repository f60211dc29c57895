"""VAI Portal's endpoints that we call: messages to it, and the metadata of a meeting."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from ..http import json_body
from ..http.errors import NotSent, TransportError
from ..http.json_body import InvalidJSON
from ..http.transport import Response, Transport, header_value, retry_after
from .errors import KeyRefused, PortalError, PortalUnavailable, RequestRefused

_MAX_METADATA_BYTES = 1024 * 1024
_KEY_REFUSED = frozenset({401, 403})
_TRY_LATER = frozenset({408, 425, 429})


class Client:
    """The portal for one key. One per process; may be used by many threads. Sends each request once."""

    def __init__(
        self, base_url: str, key: str, *, connect_timeout: float = 3.05, read_timeout: float = 10.0
    ) -> None:
        """Raises ValueError for a URL that is none, and for a key that no header can carry."""
        authorization = "Bearer " + header_value(key, "the portal's key")
        self._transport = Transport(
            base_url,
            headers={
                "Authorization": authorization,
                # Answers are short or dropped: unpacking them would only cost.
                "Accept-Encoding": "identity",
            },
            max_response_bytes=_MAX_METADATA_BYTES,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
        )
        self.session = self._transport.session

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._transport.base_url}>"

    def close(self) -> None:
        """Close the pooled connections."""
        self._transport.close()

    def post(self, path: str, body: bytes, *, idempotency_key: str) -> None:
        """POST a message. ``body`` is JSON, ``path`` starts with a slash. The body of the answer is dropped.

        Raises RequestRefused, KeyRefused, PortalUnavailable; ValueError for a key that no header can carry.
        """
        headers = {"Idempotency-Key": header_value(idempotency_key, "the idempotency key")}
        response = self._send("POST", path, body=body, headers=headers, discard_body=True)
        if not 200 <= response.status < 300:
            raise _refusal(response, write=True)

    def get_metadata(self, event_id: str) -> dict[str, Any] | None:
        """GET /calendly/metadata/{event id}: what the portal knows of a meeting; None where it knows nothing.

        Raises RequestRefused, KeyRefused, PortalUnavailable.
        """
        response = self._send("GET", f"/calendly/metadata/{quote(event_id, safe='')}")
        if response.status == 404:
            return None
        if not 200 <= response.status < 300:
            raise _refusal(response, write=False)
        try:
            metadata = json_body.load(response.body)
        except InvalidJSON:
            raise _unreadable("not JSON", response.status) from None
        if not isinstance(metadata, dict):
            raise _unreadable("no object", response.status)
        return metadata

    def _send(self, method: str, path: str, **options: Any) -> Response:
        try:
            return self._transport.send(method, path, **options)
        except TransportError as exc:
            error = _not_answered(exc, write=method != "GET")
        raise error


def _not_answered(exc: TransportError, *, write: bool) -> PortalUnavailable:
    if isinstance(exc, NotSent):
        return PortalUnavailable(f"could not connect to the portal ({exc.reason})")
    if exc.status is not None:
        return _unreadable(exc.reason, exc.status)
    return PortalUnavailable(f"the portal's answer was lost ({exc.reason})", outcome_unknown=write)


def _unreadable(reason: str, status: int) -> PortalUnavailable:
    return PortalUnavailable(f"the portal's answer cannot be read ({reason})", status=status)


def _refusal(response: Response, *, write: bool) -> PortalError:
    status = response.status
    message = f"the portal answered {status}"
    if status in _KEY_REFUSED:
        return KeyRefused(message, status=status)
    if 400 <= status < 500 and status not in _TRY_LATER:
        return RequestRefused(message, status=status)
    return PortalUnavailable(
        message,
        status=status,
        retry_after=retry_after(response.headers),
        outcome_unknown=write and status >= 500,
    )
