"""From text to tokens: words without diacritics in lower case, numbers, and the few signs that matter."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

SIGNS = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "ʼ": "'",
        "`": "'",
        "–": "-",
        "—": "-",
        "‑": "-",
        "−": "-",
        "…": ".",
        "ß": "ss",
    }
)
# Kept: "Friday's" is not "Fridays".
POSSESSIVE = ("day's", "tomorrow's")
PAUSES = ",;.!?\n"


class Shape(StrEnum):
    WORD = "word"
    NUMBER = "number"
    NUMBERS = "numbers"  # joined by one of : . / -
    PAUSE = "pause"
    HYPHEN = "hyphen"
    SLASH = "slash"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Token:
    """`numbers` and `separator` are set for numbers; `padded`: the first has a leading zero."""

    shape: Shape
    text: str
    numbers: tuple[int, ...] = ()
    separator: str = ""
    padded: bool = False


def plain(text: str) -> str:
    """Lower case, without diacritics."""
    decomposed = unicodedata.normalize("NFKD", text.translate(SIGNS).lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def scan(text: str) -> list[Token]:
    """The tokens of a text, in order."""
    letters = plain(text)
    tokens: list[Token] = []
    at = 0
    while at < len(letters):
        letter = letters[at]
        if letter.isascii() and letter.isdigit():
            token, at = _number(letters, at)
            tokens.append(token)
        elif letter.isalpha():
            word, at = _word(letters, at)
            tokens.append(Token(Shape.WORD, word))
        else:
            glued = letters[at - 1 : at].isalnum() and letters[at + 1 : at + 2].isalnum()
            at += 1
            token_or_none = _sign(letter, glued=glued)
            if token_or_none is not None:
                tokens.append(token_or_none)
    return tokens


def _sign(letter: str, *, glued: bool) -> Token | None:
    """A sign that matters. The text of a hyphen without blanks around it is `-`, otherwise ` - `."""
    if letter in PAUSES:
        return Token(Shape.PAUSE, letter)
    if letter == "-":
        return Token(Shape.HYPHEN, "-" if glued else " - ")
    if letter == "/":
        return Token(Shape.SLASH, letter)
    if letter in "&+":
        return Token(Shape.WORD, letter)
    if letter in "%=<>#*$€°" or letter.isdigit():
        return Token(Shape.OTHER, letter)
    return None


def _word(letters: str, at: int) -> tuple[str, int]:
    """A word; apostrophes within it are dropped, `a.m.` is one word."""
    end = at
    while end < len(letters) and (letters[end].isalpha() or _joins(letters, end)):
        end += 1
    word = letters[at:end].removesuffix("'re") if letters[at:end] == "we're" else letters[at:end]
    if not word.endswith(POSSESSIVE):
        word = word.replace("'", "")
    if word in ("a", "p") and letters[end : end + 2] == ".m" and not letters[end + 2 : end + 3].isalpha():
        end += 2
        word += "m"
        if letters[end : end + 1] == ".":
            end += 1
    return word, end


def _joins(letters: str, at: int) -> bool:
    return letters[at] == "'" and letters[at + 1 : at + 2].isalpha()


def _number(letters: str, at: int) -> tuple[Token, int]:
    """A number, or several joined by the same sign: 10:30, 3.03, 3/3/2027, 2026-12-03."""
    parts, end = [_digits(letters, at)], at + len(_digits(letters, at))
    separator = letters[end : end + 1]
    while separator and separator in ":./-" and letters[end : end + 1] == separator and len(parts) < 3:
        following = _digits(letters, end + 1)
        if not following:
            break
        parts.append(following)
        end += 1 + len(following)
    if separator == "-" and not (len(parts) == 3 and 4 in (len(parts[0]), len(parts[2]))):
        parts, end = parts[:1], at + len(parts[0])
    text = separator.join(parts) if len(parts) > 1 else parts[0]
    numbers = tuple(int(part[:9]) for part in parts)
    padded = parts[0].startswith("0") and len(parts[0]) > 1
    if len(parts) > 1:
        return Token(Shape.NUMBERS, text, numbers, separator, padded), end
    return Token(Shape.NUMBER, text, numbers, "", padded), end


def _digits(letters: str, at: int) -> str:
    end = at
    while end < len(letters) and letters[end].isascii() and letters[end].isdigit():
        end += 1
    return letters[at:end]
