"""Reading JSON that others wrote: strict about what we need, lenient about the rest."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from . import texts as written
from .errors import Unreadable

T = TypeVar("T")
log = logging.getLogger("calendly.client")

# Far more than any body of Calendly's nests. What we accept must also survive json.dumps deep in a stack.
_MAX_DEPTH = 50
# Signs of NUL characters and of surrogates, in pairs or alone.
_MARKS = (b"\\u0000", b"\\ud", b"\\uD")


def load_json(data: bytes) -> Any:
    """Parse UTF-8 JSON. Raises Unreadable when it is none, or nests too deep.

    NUL characters and lone surrogates become U+FFFD: JSON may hold them, databases refuse them.
    """
    try:
        # Decoded here, because json.loads lets encoded surrogates pass.
        value = json.loads(data.decode("utf-8"))
        if data.count(b"{") + data.count(b"[") > _MAX_DEPTH:
            _measure(value)
        if any(mark in data for mark in _MARKS):
            value = _cleaned(value, _MAX_DEPTH)
    except RecursionError:
        raise Unreadable("nested too deep") from None
    except ValueError as exc:
        raise Unreadable(f"not JSON: {type(exc).__name__}") from None
    return value


def _measure(value: Any) -> None:
    """Raise RecursionError where containers nest too deep. Level by level: a long flat list costs little."""
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


def _cleaned(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        if "\x00" in value or not value.isascii():
            return (
                value.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            )
        return value
    if not isinstance(value, dict | list):
        return value
    if depth <= 0:
        raise RecursionError
    if isinstance(value, list):
        return [_cleaned(item, depth - 1) for item in value]
    return {_cleaned(key, depth): _cleaned(item, depth - 1) for key, item in value.items()}


def as_dict(value: object, what: str) -> dict[str, Any]:
    """The value itself if it is a JSON object. Raises Unreadable."""
    if isinstance(value, dict):
        return value
    raise Unreadable(f"{what} is not an object")


def object_or_none(data: dict[str, Any], key: str) -> dict[str, Any] | None:
    """A JSON object; None where it is missing, null, false or empty. Raises Unreadable for anything else."""
    value = data.get(key)
    return as_dict(value, key) if value not in (None, False, {}) else None


def text(data: dict[str, Any], key: str) -> str:
    """A string that must be there and not be empty. Raises Unreadable."""
    value = data.get(key)
    if isinstance(value, str) and value:
        return value
    raise Unreadable(f"{key} is missing or no text")


def text_or(data: dict[str, Any], key: str, default: str = "") -> str:
    """A string, or the default where it is missing, null or something else."""
    value = data.get(key)
    return value if isinstance(value, str) else default


def digits_or(data: dict[str, Any], key: str, default: str = "") -> str:
    """As ``text_or``; a whole number, as which phone numbers were seen, is read as its digits."""
    digits = number_or_none(data, key)
    return text_or(data, key, default) if digits is None else str(digits)


def text_or_none(data: dict[str, Any], key: str) -> str | None:
    """A string that is not empty, else None."""
    value = data.get(key)
    return value if isinstance(value, str) and value else None


def line(data: dict[str, Any], key: str) -> str:
    """As ``text_or``, on one line: for names and whatever else is shown in a row."""
    return written.one_line(text_or(data, key))


def line_or_none(data: dict[str, Any], key: str) -> str | None:
    """As ``line``, None where it is empty."""
    return line(data, key) or None


def link(data: dict[str, Any], key: str) -> str:
    """An http or https link; empty where it is missing or something else, such as a script."""
    return written.web_link(text_or(data, key))


def flag(data: dict[str, Any], key: str, *, default: bool = False) -> bool:
    """A boolean, or the default where it is missing, null or something else."""
    value = data.get(key)
    return value if isinstance(value, bool) else default


def number(data: dict[str, Any], key: str) -> int:
    """A whole number that must be there (Calendly publishes some as floats). Raises Unreadable."""
    value = number_or_none(data, key)
    if value is None:
        raise Unreadable(f"{key} is missing or no whole number")
    return value


def number_or_none(data: dict[str, Any], key: str) -> int | None:
    """A whole number, else None."""
    value = data.get(key)
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) else None


def instant(data: dict[str, Any], key: str) -> datetime:
    """An ISO 8601 time with a zone, as aware UTC. Raises Unreadable."""
    return parse_instant(data.get(key), key)


def instant_or_none(data: dict[str, Any], key: str) -> datetime | None:
    """As ``instant``, None where it is missing or null. Raises Unreadable for anything else."""
    value = data.get(key)
    return None if value is None else parse_instant(value, key)


def parse_instant(value: object, what: str) -> datetime:
    """An ISO 8601 text with a zone as aware UTC. Raises Unreadable."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is UTC:
                return moment
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise Unreadable(f"{what} is missing or no time with a zone")


def readable(
    data: dict[str, Any], key: str, parse: Callable[[dict[str, Any]], T]
) -> list[tuple[dict[str, Any], T]]:
    """Each object of a list beside what was parsed of it; empty where the list is missing or null.

    An item that cannot be read costs only itself: it is logged and left out. Raises Unreadable for no list.
    """
    value = data.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Unreadable(f"{key} is no list")
    found = []
    for number, item in enumerate(value):
        try:
            found.append((item, parse(as_dict(item, "it"))))
        except Unreadable as error:
            log.warning("left out %s[%d]: %s", key, number, error)
    return found


def parsed(data: dict[str, Any], key: str, parse: Callable[[dict[str, Any]], T]) -> tuple[T, ...]:
    """The objects of a list, parsed. What cannot be read is left out, as in ``readable``."""
    return tuple([each for _item, each in readable(data, key, parse)])


def texts(data: dict[str, Any], key: str) -> tuple[str, ...]:
    """The strings of a list; empty where it is missing or null."""
    value = data.get(key)
    return tuple([item for item in value if isinstance(item, str)]) if isinstance(value, list) else ()


def dump_json(value: object) -> bytes:
    """Compact UTF-8 JSON. Lone surrogates, which UTF-8 cannot carry, become question marks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(
        "utf-8", "replace"
    )
