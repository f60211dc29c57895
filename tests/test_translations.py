"""Every text that people read can be translated, and is: also what `makemessages` does not see."""

import ast
import gettext
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation.template import templatize

import calendly_integration
from calendly_integration.services import error_texts

PACKAGE = Path(calendly_integration.__file__).parent
PLACES = (PACKAGE, PACKAGE.parent / "config")
MARKS = {
    "_",
    "gettext",
    "gettext_lazy",
    "gettext_noop",
    "ngettext",
    "ngettext_lazy",
    "pgettext",
    "pgettext_lazy",
}
# What a failure is told with, which ends in a column or on a page.
FAILURES = {
    "AnswerLost",
    "BadAnswer",
    "CalendlyRefused",
    "CalendlyUnavailable",
    "NotSent",
    "NoToken",
    "PortalUnavailable",
    "UnreadablePayload",
    "fail",
}
SENTENCE = re.compile(r"\b[A-Z]?[a-z]+ [a-z]{2,}")


def sources(*places: Path) -> Iterator[tuple[Path, ast.Module]]:
    for place in places:
        for file in sorted(place.rglob("*.py")):
            if not {"migrations", "sandbox"} & set(file.parts):
                yield file, ast.parse(file.read_text(encoding="utf-8"))


def called(call: ast.AST) -> str:
    """The name of the function that is called; empty for anything else."""
    if not isinstance(call, ast.Call):
        return ""
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def marked(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and called(node) in MARKS)


def literal(node: ast.AST) -> str:
    """A text, with a word that no sentence has for what an f-string fills in. Empty for what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(part) or "Xyz" for part in node.values)
    return ""


def at(file: Path, node: ast.AST) -> str:
    return f"{file.relative_to(PACKAGE.parent)}:{getattr(node, 'lineno', 0)}"


@lru_cache
def romanian() -> dict[object, object]:
    found: dict[object, object] = {}
    for place in PLACES:
        with (place / "locale/ro/LC_MESSAGES/django.mo").open("rb") as file:
            found |= gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return found


def test_no_text_is_marked_within_an_f_string() -> None:
    """xgettext does not look into f-strings: such a text never comes into the catalog."""
    within = [
        at(file, call)
        for file, tree in sources(*PLACES)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for call in marked(node)
    ]
    assert within == []


def test_every_marked_text_is_a_literal_and_has_its_translation() -> None:
    faults = []
    for file, tree in sources(*PLACES):
        for call in marked(tree):
            texts = [literal(each) for each in call.args]
            context = called(call).startswith("pgettext")
            text = texts[1] if context else texts[0] if texts else ""
            if isinstance(call.args[0], ast.JoinedStr):
                faults.append(f"{at(file, call)}: an f-string")
            elif text:
                key = f"{texts[0]}\x04{text}" if context else text
                if not (romanian().get(key) or romanian().get((key, 0))):
                    faults.append(f"{at(file, call)}: {text}")
    assert faults == []


def test_no_sentence_of_the_back_office_stands_outside_the_catalog() -> None:
    faults = []
    for file, tree in sources(PACKAGE / "admin"):
        fine = {id(part) for node in ast.walk(tree) if _is_no_text(node) for part in ast.walk(node)}
        fine |= {id(key) for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys}
        for node in ast.walk(tree):
            bare = re.sub(r"<[^>]*>", " ", literal(node)) if isinstance(node, ast.Constant) else ""
            if id(node) not in fine and SENTENCE.search(bare):
                faults.append(f"{at(file, node)}: {bare}")
    assert faults == []


def test_no_sentence_of_a_template_stands_outside_the_catalog() -> None:
    faults = []
    for file in [*PACKAGE.rglob("*.html"), *(PACKAGE.parent / "templates").rglob("*.html")]:
        source = file.read_text(encoding="utf-8")
        for aside in (
            r"\{% (blocktranslate|comment).*?\{% end\1 %\}",
            r"<(script|style|pre|code)\b.*?</\1>",
            r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}",
        ):
            source = re.sub(aside, "", source, flags=re.DOTALL)
        spoken = re.findall(r'\b(?:title|aria-label|placeholder|alt)="([^"]*)"', source)
        texts = (*spoken, *re.split(r"<[^>]*>", source))
        faults += [f"{file.name}: {' '.join(text.split())}" for text in texts if SENTENCE.search(text)]
    assert faults == []


def in_templates(source: str) -> Iterator[str]:
    """The texts that a template marks, as `makemessages` finds them."""
    for name, arguments in re.findall(r"\b(_|n?p?gettext)\((.*?)\) ", templatize(source)):
        texts = [literal(each) for each in ast.parse(f"f({arguments})", mode="eval").body.args]  # type: ignore[attr-defined]
        yield f"{texts[0]}\x04{texts[1]}" if name.startswith(("pgettext", "npgettext")) else texts[0]


def test_every_text_of_a_template_has_its_translation() -> None:
    faults, count = [], 0
    for file in [*PACKAGE.rglob("*.html"), *(PACKAGE.parent / "templates").rglob("*.html")]:
        for text in in_templates(file.read_text(encoding="utf-8")):
            count += 1
            if not (romanian().get(text) or romanian().get((text, 0))):
                faults.append(f"{file.name}: {text}")
    assert count > 100
    assert faults == []


def _told(node: ast.AST) -> list[ast.expr]:
    """What a failure is told with: what it is made of, or what its `__str__` gives back."""
    if isinstance(node, ast.FunctionDef) and node.name == "__str__":
        return [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value]
    return node.args if isinstance(node, ast.Call) and called(node) in FAILURES else []


def _is_no_text(node: ast.AST) -> bool:
    """Marked texts, docstrings, and what goes to the log."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return getattr(node.func.value, "id", "") in ("log", "logger")
    return called(node) in MARKS


def test_every_failure_that_is_kept_in_english_is_told_in_romanian() -> None:
    faults = []
    for file, tree in sources(*(PACKAGE / each for each in ("calendly", "portal", "clients", "services"))):
        for node in ast.walk(tree):
            for text in map(literal, _told(node)):
                with translation.override("ro"):
                    if SENTENCE.search(text) and error_texts.said(text) == text:
                        faults.append(f"{at(file, node)}: {text}")
    assert faults == []


@pytest.mark.parametrize(
    ("kept", "romanian"),
    [
        (
            "Permission Denied: You do not have permission to access this resource.",
            "Acces refuzat: Nu aveți dreptul de a accesa această resursă.",
        ),
        (
            "could not connect to Calendly (ConnectionRefusedError)",
            "conectarea la Calendly nu a reușit (ConnectionRefusedError)",
        ),
        (
            "Invalid Argument: The supplied parameters are invalid. (start_time is missing)",
            "Parametri nevalizi: Parametrii trimiși nu sunt valizi. (start_time lipsește)",
        ),
        ("the portal answered 503", "portalul a răspuns 503"),
        ("Something new from Calendly", "Something new from Calendly"),
        ("", ""),
    ],
)
def test_a_failure_is_told_as_far_as_it_is_known(kept: str, romanian: str) -> None:
    with translation.override("ro"):
        assert error_texts.said(kept) == romanian
    with translation.override("en"):
        assert error_texts.said(kept) == kept
