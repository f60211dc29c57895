"""The README: commands, tables and paths are checked against the code."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands

from calendly_integration import conf

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """The text below a heading of the second level."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, f'no section "{heading}"'
    return found[1]


def rows(text: str, columns: int) -> Iterator[list[str]]:
    """The rows of the tables with so many columns, without headings."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == columns and not set(line) <= set("|-"):
            yield cells


def quoted(cell: str) -> str:
    return cell.strip("`")


@pytest.mark.parametrize(
    ("heading", "ending"), [("Quick start", " manage.py demo"), ("Tests", " --dist loadgroup")]
)
def test_a_command_is_one_line_that_needs_nothing_but_python(heading: str, ending: str) -> None:
    """CI reads the line of Tests from the README and runs it."""
    [block] = re.findall(r"^```sh\n(.*?)^```", section(heading), re.MULTILINE | re.DOTALL)
    assert block.count("\n") == 1
    assert block.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert block.rstrip("\n").endswith(ending)


def test_every_variable_is_documented() -> None:
    read = set()
    for name in ("settings", "gunicorn"):
        for node in ast.walk(ast.parse((ROOT / "config" / f"{name}.py").read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and re.match(r"(env|os\.environ)\.\w+$", ast.unparse(node.func))
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                read.add(node.args[0].value)
    documented = {quoted(row[0]) for row in rows(section("Configuration"), 4)} - {"variable", ""}
    assert documented == read


def test_every_key_is_documented_with_its_default() -> None:
    documented = {
        quoted(row[1]): row[2] for row in rows(section("Configuration"), 4) if row[1] not in ("", "key")
    }
    assert set(documented) == conf.KEYS
    defaults = conf.Conf()
    for key, text in documented.items():
        default = getattr(defaults, key)
        assert quoted(text) == str(default) if default else text.split()[0] in ("none", "derived", "off"), key


def test_every_command_is_documented() -> None:
    ours = {name for name, app in get_commands().items() if app == "calendly_integration"}
    documented = {
        quoted(row[0]).removeprefix("manage.py ")
        for row in rows(section("Configuration"), 2)
        if quoted(row[0]).startswith("manage.py ")
    }
    assert documented == ours


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[\[<>=~! ;]", text)[0].lower() for text in project["dependencies"]}
    documented = {quoted(row[0]) for row in rows(section("Dependencies"), 2)} - {"package"}
    assert documented == needed
    for extra in project["optional-dependencies"]:
        assert f"`{extra}`" in section("Dependencies")


def test_the_code_map_has_every_module() -> None:
    """Every module of the app is on the map, and each entry of the map exists."""
    app = ROOT / "calendly_integration"
    there = {
        path.name if path.suffix == ".py" else f"{path.name}/"
        for path in app.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    } - {"__init__.py", "migrations/"}
    text = section("Code map")
    cells = {quoted(name) for row in rows(text, 2) for name in row[0].split(", ")}
    layers = re.findall(r"^    (\w.*?) {2,}", text, re.MULTILINE)
    modules = {name.removesuffix(".py").rstrip("/") for name in there}
    assert cells - {"in the app"} == there - {"urls.py", "apps.py"}
    assert {name for line in layers for name in line.split(" · ")} == modules


def test_every_path_exists() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    named = re.findall(r"`((?:config|tests|calendly_integration|\.ci)/[\w./-]*)`", README)
    assert not [path for path in (*links, *named) if not (ROOT / path).exists()]


def test_every_module_of_the_two_stories_exists() -> None:
    app = ROOT / "calendly_integration"
    named = re.findall(r"`([a-z_]+(?:/[a-z_]+)*\.py)`", section("How it works"))
    assert len(named) > 10
    assert not [path for path in named if not (app / path).exists()]
