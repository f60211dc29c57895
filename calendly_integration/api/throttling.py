"""How often agents may call, and how often somebody may guess at keys.

Each process counts for itself in its memory: that costs microseconds and no query, and needs no shared cache,
neither here nor in the portal that embeds us. So N processes together let through N times as much.
"""

import hashlib
import ipaddress
import math
import threading
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from .. import conf
from ..models import AgentKey

WINDOW = timedelta(minutes=1)
# Wrong keys a minute from one address.
MAX_WRONG_KEYS = 30
# Counters that are kept at most: who comes from ever new addresses must not fill the memory.
MAX_COUNTERS = 10_000


class Counter:
    """Counts by name within windows of a minute. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[datetime, int]] = {}

    def add(self, name: str, now: datetime) -> int:
        """Count one more; how many there are in the window of `now`."""
        with self._lock:
            began, count = self._in_window(name, now)
            if len(self._counts) >= MAX_COUNTERS:
                self._counts.pop(next(iter(self._counts)))  # the oldest
            self._counts[name] = began, count + 1
            return count + 1

    def get(self, name: str, now: datetime) -> int:
        """How many there are in the window of `now`."""
        with self._lock:
            return self._in_window(name, now)[1]

    def seconds_left(self, name: str, now: datetime) -> int:
        """Whole seconds until the window ends, at least one."""
        with self._lock:
            began, _count = self._in_window(name, now)
        return max(1, math.ceil((began + WINDOW - now).total_seconds()))

    def _in_window(self, name: str, now: datetime) -> tuple[datetime, int]:
        began, count = self._counts.get(name, (now, 0))
        return (began, count) if began <= now < began + WINDOW else (now, 0)


_calls, _wrong_keys = Counter(), Counter()
_right_keys: dict[str, None] = {}  # digests, the oldest first
_right_keys_lock = threading.Lock()


def forget() -> None:
    """Begin to count anew, for tests."""
    for counter in (_calls, _wrong_keys):
        counter._counts.clear()
    _right_keys.clear()


class TooManyWrongKeys(Throttled):
    """Too many wrong keys came from this address within a minute."""


class CallThrottle(BaseThrottle):
    """`CALLS_PER_MINUTE` calls with one key. 0: no limit."""

    def __init__(self) -> None:
        self._seconds = 0

    def allow_request(self, request: Request, view: APIView) -> bool:
        """False where the key has had its calls."""
        most, key, now = conf.get().CALLS_PER_MINUTE, request.auth, timezone.now()
        if not most or not isinstance(key, AgentKey):
            return True
        if _calls.add(str(key.pk), now) <= most:
            return True
        self._seconds = _calls.seconds_left(str(key.pk), now)
        return False

    def wait(self) -> float:
        """Seconds until the next call is let through."""
        return self._seconds


def check_address(request: HttpRequest, text: str, *, now: datetime) -> None:
    """Refuse keys from an address that has sent too many wrong ones, before they are looked up.

    A key that was right at its last call is looked up all the same: behind a proxy, agents may share the guesser's
    address. Raises TooManyWrongKeys.
    """
    address = address_of(request)
    if _wrong_keys.get(address, now) >= MAX_WRONG_KEYS and _digest(text) not in _right_keys:
        raise TooManyWrongKeys(_wrong_keys.seconds_left(address, now))


def note_right_key(text: str) -> None:
    """Remember that this key is right, as a digest."""
    digest = _digest(text)
    if digest in _right_keys:
        return
    with _right_keys_lock:
        if len(_right_keys) >= MAX_COUNTERS:
            _right_keys.pop(next(iter(_right_keys)))
        _right_keys[digest] = None


def note_wrong_key(request: HttpRequest, text: str, *, now: datetime) -> None:
    """Count a wrong key against the address it came from."""
    with _right_keys_lock:
        _right_keys.pop(_digest(text), None)
    _wrong_keys.add(address_of(request), now)


def address_of(request: HttpRequest) -> str:
    """Who calls, as the server tells it; of IPv6 the network, since whoever has one address has them all."""
    text = str(request.META.get("REMOTE_ADDR", ""))
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
