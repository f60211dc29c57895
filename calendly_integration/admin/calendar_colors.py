"""The colours of the calendar: distinct for event types and for hosts, and the same on every page."""

import re
import uuid
import zlib
from collections.abc import Iterable

from ..models import EventType, Host
from ..services.catalog.event_types import normalize_name

COLOR = re.compile("#[0-9a-f]{6}")
OTHER = "#767676"
PALETTE = (
    "#3366cc",
    "#e67300",
    "#109618",
    "#990099",
    "#0099c6",
    "#dd4477",
    "#aaaa11",
    "#b82e2e",
    "#6633cc",
    "#22aa99",
    "#8b5a2b",
    "#5f7f00",
)
STATUS_COLORS = {"confirmed": "#2e8540", "pending": "#c77700", "canceled": "#767676", "failed": "#ba2121"}


def of_event_types(kinds: Iterable[EventType]) -> dict[uuid.UUID, str]:
    """The colour at Calendly, or one of ours where there is none or another type has it. Types with the same
    name have the same colour."""
    by_name: dict[str, str] = {}
    found = {}
    for kind in kinds:
        name = normalize_name(kind.name)
        if name not in by_name:
            own = kind.color.lower()
            taken = set(by_name.values())
            by_name[name] = own if COLOR.fullmatch(own) and own not in taken else _free(name, taken)
        found[kind.pk] = by_name[name]
    return found


def of_hosts(hosts: Iterable[Host]) -> dict[uuid.UUID, str]:
    """One of our colours for each host."""
    found: dict[uuid.UUID, str] = {}
    for host in hosts:
        found[host.pk] = _free(str(host.pk), set(found.values()))
    return found


def _free(name: str, taken: set[str]) -> str:
    """A colour of the palette that is not taken. The first choice depends on the name, so that it stays when
    others come and go."""
    first = zlib.crc32(name.encode()) % len(PALETTE)
    colors = PALETTE[first:] + PALETTE[:first]
    return next((color for color in colors if color not in taken), colors[0])
