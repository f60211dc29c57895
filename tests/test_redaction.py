"""Nothing personal and nothing secret reaches a log line."""

import logging

import pytest

from calendly_integration.redaction import Formatter, redact

FORGED = "2026-11-22 21:26:10,039 ERROR calendly forged"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "Not Found: /api/calendly/upcoming/ana.pop+x@example.co.uk",
            "Not Found: /api/calendly/upcoming/[e-mail]",
        ),
        ("/api/calendly/upcoming/ana%40example.com?days=7", "/api/calendly/upcoming/[e-mail]?days=7"),
        ("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer [secret]"),
        ("key vai_48e23fd1eec2_ZywRHiwphzPDic1cFpW9", "key [key]"),
        ("call +40 721 234 567 now", "call [phone] now"),
        (
            "2026-11-22 21:26:10,039 INFO leg 5219edbd-b5ef: settle",
            "2026-11-22 21:26:10,039 INFO leg 5219edbd-b5ef: settle",
        ),
    ],
)
def test_what_is_taken_out_of_a_line(text: str, left: str) -> None:
    assert redact(text) == left


def test_a_traceback_is_redacted_too() -> None:
    try:
        raise ValueError("ana@example.com")
    except ValueError as error:
        record = logging.LogRecord("calendly", logging.ERROR, "", 1, "%s failed", ("+40721234567",), None)
        record.exc_info = (ValueError, error, error.__traceback__)
    line = Formatter("{message}", style="{").format(record)
    assert "ana@" not in line
    assert "721" not in line
    assert "Traceback" in line


def line_of(message: str, error: Exception | None = None) -> str:
    record = logging.LogRecord("calendly", logging.ERROR, "", 1, "%s", (message,), None)
    record.exc_info = (type(error), error, None) if error else None
    return Formatter("{levelname} {name} {message}", style="{").format(record)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (f"a\n{FORGED}", f"a\\n{FORGED}"),
        (f"a\r\n{FORGED}", f"a\\r\\n{FORGED}"),
        (f"a\u2028{FORGED}", f"a\\u2028{FORGED}"),
        ("a\x85b", "a\\x85b"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\x00b\x08c\x7f", "a\\x00b\\x08c\\x7f"),
        ("a\u202egnp.exe\u2066b", "a\\u202egnp.exe\\u2066b"),
        ("a\ud800b", "a\\ud800b"),
        ("luni, șase țări 👩‍💻", "luni, șase țări 👩‍💻"),
    ],
)
def test_a_message_is_one_line_that_shows_what_cannot_be_seen(text: str, written: str) -> None:
    assert line_of(text) == f"ERROR calendly {written}"


def test_a_quoted_error_cannot_begin_a_line() -> None:
    lines = line_of("it failed", ValueError(f"a\n{FORGED}\x1b[2J\u202e")).splitlines()
    assert lines[0] == "ERROR calendly it failed"
    assert len(lines) > 2
    assert all(line.startswith("  ") for line in lines[1:])
    assert not [line for line in lines if "\x1b" in line or "\u202e" in line]
