"""Text from outside as it may stand before people: on a page, in the admin's log, in a choice."""

import re

from ..characters import CONTROL_BUT_TAB_AND_LINE_ENDS, DIRECTION, LONE_SURROGATES

# Joiners stay: emoji and many scripts need them.
UNSEEN = re.compile(rf"[{CONTROL_BUT_TAB_AND_LINE_ENDS}{DIRECTION}\ufeff{LONE_SURROGATES}]")


def visible(value: object) -> str:
    """The text with what cannot be seen written as an escape, such as `\\u202e`; each line break as LF."""
    text = str(value).replace("\r\n", "\n").replace("\r", "\n")
    return UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def one_line(value: object) -> str:
    """The same on one line."""
    return " ".join(visible(value).split())
