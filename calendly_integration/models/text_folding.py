"""Texts as they are compared and searched."""

import unicodedata


def without_diacritics(text: str) -> str:
    """The text without diacritics, and with compatible forms of characters made one."""
    if text.isascii():
        return text
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
