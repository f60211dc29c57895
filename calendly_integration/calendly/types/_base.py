"""What every answer of Calendly has in common."""

from __future__ import annotations


def uuid_of(uri: str) -> str:
    """The bare id: the last segment of a URI (or the id itself). Opaque text, not always a UUID."""
    return uri.rstrip("/").rpartition("/")[2]


class Entity:
    """Something with a URI, which is all that its repr shows: names and addresses must not slip into logs."""

    __slots__ = ()
    uri: str

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.uri}>"
