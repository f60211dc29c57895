"""Limits on calls with one agent key, and on wrong keys from one address: throttles of Django REST framework.

Each process counts for itself, in memory: this needs no query and no shared cache, here or in an embedding portal.
So N processes together let through N times as many calls.
"""

import hashlib
import ipaddress

from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from .. import conf
from ..models import AgentKey

# Bounded: calls from ever new addresses must not fill the memory.
cache = LocMemCache("calendly-throttling", {"OPTIONS": {"MAX_ENTRIES": 10_000}})


class CallThrottle(SimpleRateThrottle):
    """At most `CALLS_PER_MINUTE` calls with one key in a minute; 0: no limit. At the default of 6,000 the list of
    their times costs 0.4 ms a call for a key that uses all of them, and microseconds for the others."""

    cache = cache

    def get_rate(self) -> str | None:
        calls = conf.get().CALLS_PER_MINUTE
        return f"{calls}/minute" if calls else None

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """The caller's key. None for staff: they are not limited."""
        return f"calls-{request.auth.pk}" if isinstance(request.auth, AgentKey) else None


class WrongKeyThrottle(SimpleRateThrottle):
    """At most 100 wrong keys from one address in a minute. Keys cannot be guessed; this limits the queries.

    A key that was right at its last call is still looked up: behind a proxy, agents may share the address.
    """

    cache = cache
    rate = "100/minute"

    def get_cache_key(self, request: Request, view: APIView | None) -> str:
        return f"address-{network_of(request._request)}"

    def allows(self, request: Request, key: str) -> bool:
        """Whether this key may be looked up."""
        return self.allow_request(request, None) or cache.get(_name(key), False)  # type: ignore[arg-type]

    def throttle_success(self) -> bool:
        """Let it through. Only wrong keys are counted."""
        return True

    def note_right_key(self, key: str) -> None:
        """Remember that this key is right, as a digest."""
        cache.set(_name(key), True, None)

    def note_wrong_key(self, key: str) -> None:
        """Count it against the address of the request that `allows` was asked about."""
        cache.delete(_name(key))
        super().throttle_success()


def _name(key: str) -> str:
    return f"key-{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()}"


def network_of(request: HttpRequest) -> str:
    """The address that the server sees; of an IPv6 address the /64 network, since one caller has all of it."""
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((address, 64), strict=False) if address.version == 6 else address)
