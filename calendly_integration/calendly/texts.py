"""Texts and links that others wrote, made safe to show: each function is the only one of its kind."""

from __future__ import annotations

import re

_WEB = re.compile(r"https?://[^/?#@]", re.IGNORECASE)
_WEB_WITHIN = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)


def one_line(text: str) -> str:
    """The text on one line: line breaks and tabs become a space each, blanks around it go."""
    if text.isprintable():
        return text.strip()
    return " ".join(part for line in text.splitlines() if (part := line.replace("\t", " ").strip()))


def web_link(text: str) -> str:
    """The link if it is one of http or https, else an empty text: links are shown to be followed."""
    link = text.strip()
    return link if _WEB.match(link) and link.isprintable() and " " not in link else ""


def web_link_within(text: str) -> str:
    """The first http or https link in a text, without the punctuation behind it; empty where there is none."""
    found = _WEB_WITHIN.search(text)
    if found is None:
        return ""
    link = found.group().rstrip(".,;:!?")
    return web_link(link if "(" in link else link.rstrip(").,;:!?"))
