"""Nothing personal and nothing secret reaches a log line."""

import logging

import pytest

from calendly_integration.redaction import Formatter, redact


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
