"""E-mail addresses: one rule for every entry point."""

import re

# What our columns hold, and the most that Django's own validator takes.
LONGEST = 320

# Wider than most mail systems. Calendly does not document what it takes, and whoever Calendly tells us of must be
# found by the same address: letters of any script, quoted names, domains of one label for "localhost" only.
_ATOM = r'[^\s@<>()\[\],;:\\"\x00-\x1f\x7f-\x9f]+'
_QUOTED = r'"(?:[^"\\\x00-\x1f\x7f-\x9f]|\\[^\x00-\x1f\x7f-\x9f])+"'
_EDGE = r"[^\s\x00-/:-@\[-`{-\xa0]"
_INNER = r"[^\s\x00-,./:-@\[-^`{-\xa0]"
_LABEL = rf"{_EDGE}(?:{_INNER}*{_EDGE})?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})+|[Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]|\[[0-9A-Fa-f:.]+\]"
PATTERN = rf"^(?:{_ATOM}|{_QUOTED})@(?:{_DOMAIN})$"
_WHOLE = re.compile(PATTERN)


def is_address(text: str) -> bool:
    """True for an e-mail address without blanks around it. Nothing is guessed or mended."""
    return len(text) <= LONGEST and "\n" not in text and _WHOLE.search(text) is not None
