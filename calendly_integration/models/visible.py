"""Text from outside as it may stand before people: on a page, in the admin's log, in a choice."""

import re
from datetime import datetime

from django.utils import timezone

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


def local_time(at: datetime) -> str:
    """A time in Django's current zone, which the admin sets to the viewer's: `2026-11-24 10:00 UTC+02:00`."""
    local = timezone.localtime(at).isoformat(timespec="minutes")
    return f"{local[:10]} {local[11:16]} UTC{local[16:].removeprefix('+00:00')}"
