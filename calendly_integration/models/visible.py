"""Text from outside as it may stand before people: on a page, in the admin's log, in a choice."""

import re

# Control characters, lone surrogates (which no page could be encoded with), and the marks that override or
# isolate the direction of text. Joiners stay: emoji and many scripts need them.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def visible(value: object) -> str:
    """The text with what cannot be seen written as an escape, such as `\\u202e`; each line break as LF."""
    text = str(value).replace("\r\n", "\n").replace("\r", "\n")
    return UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def one_line(value: object) -> str:
    """The same on one line."""
    return " ".join(visible(value).split())
