"""Log lines without secrets and personal data, from any logger.

Our own loggers name rows, not people. But a path may hold an e-mail address, and a traceback may quote whatever
was at hand; so the last step before a line is written takes out what must not be in it.
"""

import logging
import re

from .characters import CONTROL, DIRECTION, LINE_SEPARATORS, LONE_SURROGATES

EMAIL = re.compile(r"[\w.+%'-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+", re.IGNORECASE)
BEARER = re.compile(r"(?i)\b(bearer\s+|api[_-]?key[\"'=:\s]+|token[\"'=:\s]+)[\w.~+/=-]{8,}")
AGENT_KEY = re.compile(r"\bvai_[0-9a-f]{6,}_[\w-]{8,}")
# What could begin a line of its own, steer a terminal, or turn the direction of what is read.
UNSEEN = re.compile(rf"[{CONTROL}{LINE_SEPARATORS}{DIRECTION}\ufeff{LONE_SURROGATES}]")
PHONE = re.compile(r"(?<![\w.:-])\+\d[\d ().-]{7,18}\d\b")


def redact(text: str) -> str:
    """The text with e-mail addresses, phone numbers, keys and tokens taken out."""
    text = AGENT_KEY.sub("[key]", text)
    text = BEARER.sub(r"\1[secret]", text)
    text = EMAIL.sub("[e-mail]", text)
    return PHONE.sub("[phone]", text)


def escape(text: str) -> str:
    """The text with control characters, line breaks and marks of direction written as escapes."""
    return UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


class Formatter(logging.Formatter):
    """A formatter for the host's LOGGING that redacts the whole line, traceback included.

    Outsiders cannot begin a line of their own: a message is one line, and the lines of a traceback are indented.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line without its traceback."""
        return escape(redact(super().formatMessage(record)))

    def format(self, record: logging.LogRecord) -> str:
        """The line, redacted."""
        first, *traceback = redact(super().format(record)).split("\n")
        return "\n".join([first, *(f"  {escape(line)}" for line in traceback)])
