"""The rules of the house that no linter knows: what lies where, how large, under which name."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOP = {
    "manage.py",
    "pyproject.toml",
    "README.md",
    "config",
    "calendly_integration",
    "templates",
    "tests",
    "static",
}
# About 300 and 40 are the aim. These bounds only catch what nobody would call one subject or one step.
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
# Path and reason. Whoever adds one says why it cannot be split.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "stuff"}

# In parts, so that this file does not find itself.
FOREIGN = {
    "a path of somebody's machine": re.compile(r"(?<![\w.-])/(?:home|root|work|farm|Users)/\w"),
    "the address of a package index": re.compile(
        r"pypi\.(?:org|python)|registry\.npmjs|--(?:extra-)?index-url|--find[-]links"
    ),
    "a test that is not run": re.compile(r"@pytest\.mark\.(?:skip|xfail)|pytest\.(?:skip|xfail)\("),
    "unfinished work": re.compile(r"#.*\b(?:TO[D]O|FIX[M]E|XX[X])\b"),
    "an ignore that names no code": re.compile(r"#\s*type:\s*ignore(?!\[)|#\s*no[q]a(?!:)"),
}


def ignored() -> list[str]:
    """The patterns of .gitignore: names and globs, without paths."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    return [line.rstrip("/") for line in lines if line and not line.startswith("#")] + [".git"]


def files(folder: Path = ROOT, patterns: list[str] | None = None) -> Iterator[Path]:
    """What is kept in the repository. Found without git: it may not be there where the tests are run."""
    patterns = ignored() if patterns is None else patterns
    for path in sorted(folder.iterdir()):
        if any(fnmatch(path.name, pattern) for pattern in patterns) or (path / "pyvenv.cfg").exists():
            continue
        if path.is_dir():
            yield from files(path, patterns)
        else:
            yield path


FILES = list(files())
OWN = [
    path
    for path in FILES
    if path.suffix == ".py"
    and path.relative_to(ROOT).parts[0] in ("calendly_integration", "config")
    and "migrations" not in path.parts
]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_top_level_holds_only_what_belongs_there() -> None:
    found = {path.relative_to(ROOT).parts[0] for path in FILES}
    assert {name for name in found if not name.startswith(".")} <= TOP


def test_files_stay_short() -> None:
    lines = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in OWN}
    long = {name for name, count in lines.items() if count > LONGEST_FILE}
    assert long == set(LONG_FILES), "split it, or say why in LONG_FILES; take out what is short again"


def test_functions_stay_short() -> None:
    long = set()
    for path in OWN:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                if node.end_lineno - node.lineno >= LONGEST_FUNCTION:
                    long.add(f"{name_of(path)}:{node.name}")
    assert long == set(LONG_FUNCTIONS), "split it, or say why in LONG_FUNCTIONS; take out what is short again"


def test_modules_are_named_after_a_subject() -> None:
    assert not [name_of(path) for path in FILES if path.suffix == ".py" and path.stem in VAGUE]


def test_every_package_says_so() -> None:
    """A folder without `__init__.py` is found by Python and left out by the packaging."""
    folders = {path.parent for path in FILES if path.suffix == ".py" and not name_of(path).startswith(".")}
    assert not [name_of(folder) for folder in folders - {ROOT} if not (folder / "__init__.py").exists()]


@pytest.mark.parametrize("what", FOREIGN)
def test_no_file_holds(what: str) -> None:
    found = []
    for path in FILES:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path.name.endswith((".min.js", ".min.css")):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if FOREIGN[what].search(line):
                found.append(f"{name_of(path)}:{number}: {line.strip()[:100]}")
    assert not found


# Changes of these columns are named conditional updates of the models.
STATE = {"status", "pending_action"}
WRITERS = {"bulk_update", "update_or_create", "save"}


def state_writes(tree: ast.AST) -> Iterator[int]:
    """Lines that write a state by `update`, or by `WRITERS` that name it."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        given = {keyword.arg for keyword in node.keywords}
        texts = {
            constant.value
            for argument in [*node.args, *(keyword.value for keyword in node.keywords)]
            for constant in ast.walk(argument)
            if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
        }
        written = given if node.func.attr == "update" else texts if node.func.attr in WRITERS else set()
        if written & STATE:
            yield node.lineno


def test_only_models_write_a_state() -> None:
    found = {
        f"{name_of(path)}:{line}"
        for path in OWN
        if not {"models", "sandbox"} & set(path.relative_to(ROOT).parts)
        for line in state_writes(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert not found


def test_a_state_that_is_written_outside_the_models_is_found() -> None:
    source = "rows.update(status='x')\nrows.update(note='x')\nrow.save(update_fields=['status'])"
    assert list(state_writes(ast.parse(source))) == [1, 3]
