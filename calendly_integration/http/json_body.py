"""JSON that others wrote, made safe for our databases, and JSON that we send."""

from __future__ import annotations

import json
from typing import Any

# Far more than any body of Calendly nests. What we accept must also survive json.dumps deep in a stack.
_MAX_DEPTH = 50
# Escapes of NUL characters and of surrogates, in pairs or alone.
_UNSAFE_ESCAPES = (b"\\u0000", b"\\ud", b"\\uD")


class InvalidJSON(ValueError):
    """The bytes are no JSON in UTF-8, or nest too deep."""


def load(data: bytes) -> Any:
    """Parse JSON in UTF-8. Raises InvalidJSON.

    NUL characters and lone surrogates become U+FFFD: JSON may hold them, databases refuse them.
    """
    try:
        # Decoded here, because json.loads lets encoded surrogates pass.
        value = json.loads(data.decode("utf-8"))
        if data.count(b"{") + data.count(b"[") > _MAX_DEPTH:
            _check_depth(value)
        if any(escape in data for escape in _UNSAFE_ESCAPES):
            value = _storable(value)
    except RecursionError:
        problem = "nested too deep"
    except ValueError as exc:
        problem = f"not JSON: {type(exc).__name__}"
    else:
        return value
    # Raised outside of the handlers: the exceptions of json hold the whole text.
    raise InvalidJSON(problem)


def dump(value: object) -> bytes:
    """Compact JSON in UTF-8. Lone surrogates, which UTF-8 cannot carry, become question marks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(
        "utf-8", "replace"
    )


def _check_depth(value: Any) -> None:
    """Raise RecursionError where containers nest too deep. Goes level by level: a long flat list costs little."""
    level = [value]
    for _depth in range(_MAX_DEPTH + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise RecursionError


def _storable(value: Any) -> Any:
    """The value without NUL characters and lone surrogates. Its depth has been checked."""
    if isinstance(value, str):
        if value.isascii() and "\x00" not in value:
            return value
        return value.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(each) for key, each in value.items()}
    return value
