"""E-mail addresses: one rule for every entry point."""

import re

from ...characters import CONTROL, INVISIBLE

# What our columns hold, and the most that Django's own validator takes.
LONGEST = 320

# Wider than most mail systems. Calendly does not document what it accepts, and an invitee from Calendly must be
# found by the same address: letters of any script, quoted names, domains of one label for "localhost" only.
# Invisible characters are refused: an address with one of them cannot be found again.
_UNSEEN = CONTROL + INVISIBLE
_ATOM = rf'[^\s@<>()\[\],;:\\"{_UNSEEN}]+'
_QUOTED = rf'"(?:[^"\\{_UNSEEN}]|\\[^{_UNSEEN}])+"'
_EDGE = rf"[^\s\x00-/:-@\[-`{{-\xa0{_UNSEEN}]"
_INNER = rf"[^\s\x00-,./:-@\[-^`{{-\xa0{_UNSEEN}]"
_LABEL = rf"{_EDGE}(?:{_INNER}*{_EDGE})?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})+|[Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]|\[[0-9A-Fa-f:.]+\]"
PATTERN = rf"^(?:{_ATOM}|{_QUOTED})@(?:{_DOMAIN})$"
_WHOLE = re.compile(PATTERN)


def is_address(text: str) -> bool:
    """True for an e-mail address without blanks around it. Nothing is guessed or corrected."""
    return len(text) <= LONGEST and "\n" not in text and _WHOLE.search(text) is not None
