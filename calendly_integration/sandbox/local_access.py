"""Access control for the control endpoints and the pages of both stand-ins.

A page of another site can send requests here, and it can point its own name at this machine (DNS rebinding).
The first shows in Origin, the second in Host.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from . import errors
from .http_messages import Response, json_response


def refusal(headers: Mapping[str, str], *, control: bool) -> Response | None:
    """A 403, or None if the call is allowed. Control endpoints require a loopback host name. Pages allow any
    address, for a browser on another machine. Header names are lower-case."""
    host, origin = headers.get("host", ""), headers.get("origin")
    if origin is not None and origin.partition("://")[2] != host:
        return _denied("Another site may not do this.")
    address = _address(host)
    if address is None or (control and not address.is_loopback):
        return _denied("Use localhost or 127.0.0.1 as the host name.")
    return None


def _denied(text: str) -> Response:
    return json_response(403, errors.denied(text).body)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """The address in a Host header; None for a name, unless it is localhost."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return ip_address("127.0.0.1" if name == "localhost" else name)
    except ValueError:
        return None
