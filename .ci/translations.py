"""Is every text translated, is what is compiled what stands in the catalog, and is every text of a page marked?

It runs `makemessages`, so after a run by hand the catalogs show what has to be translated.
"""

import ast
import gettext
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PLACES = ("calendly_integration", "config")
WRITE = ("makemessages", "-a", "--add-location=file", "-i", "tests/*", "-i", "build/*")
TWO_WORDS = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
ONE_WORD = re.compile(r"(?:^| )[a-z]{3,}(?:[ .,]|$)| [A-Z]?[a-z]{2,} ")
FIX = f"To fix it: manage.py {' '.join(WRITE)}; translate; manage.py compilemessages"


def main() -> int:
    """Check every language that has a catalog; 1 if one is behind."""
    places = [Path(place, "locale") for place in PLACES]
    faults = [f"{place}: there is no Romanian catalog" for place in places if not (place / "ro").is_dir()]
    subprocess.run([sys.executable, "manage.py", *WRITE, "-v", "0"], check=True)
    catalogs = [path for place in places for path in sorted(place.glob("*/LC_MESSAGES/django.po"))]
    for catalog in catalogs:
        faults += [f"{catalog}: {fault}" for fault in _faults(catalog)]
    for module in sorted(Path("calendly_integration/admin").glob("*.py")):
        faults += [f"{module}: not marked for translation: {text!r}" for text in _unmarked(module)]
    print(*faults or [f"{len(catalogs)} catalogs, all translated and compiled."], sep="\n")
    if faults:
        print(FIX)
    return 1 if faults else 0


def _faults(catalog: Path) -> list[str]:
    faults = [
        f"{word}: {text}"
        for word, choice in (("untranslated", "--untranslated"), ("fuzzy", "--only-fuzzy"))
        for text in _messages(catalog, choice)
    ]
    compiled = catalog.with_suffix(".mo")
    if not compiled.exists():
        return [*faults, "not compiled"]
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "fresh.mo"
        checked = subprocess.run(
            ["msgfmt", "--check", "-o", str(fresh), str(catalog)], capture_output=True, text=True, check=False
        )
        if checked.returncode:
            return [*faults, checked.stderr]
        # Compared by content: the file's header holds the time at which it was written.
        if _content(fresh) != _content(compiled):
            faults.append("what is compiled is older than the catalog")
    return faults


def _unmarked(module: Path) -> list[str]:
    """Texts in a module of pages that are no docstring, in no log line, and not given to gettext: two words in a
    text, or one word in an f-string."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    marked: set[ast.AST] = set()
    in_format: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):  # a docstring, or a call
            marked.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            (marked if "SELECT" in ast.unparse(node) else in_format).update(node.values)
        elif isinstance(node, ast.Dict):
            marked.update(key for key in node.keys if key is not None)
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name == "_" or "gettext" in name or name.startswith(("log.", "logger.")):
                marked |= set(ast.walk(node))
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in marked
        if "<" not in node.value and (ONE_WORD if node in in_format else TWO_WORDS).search(node.value)
    ]


def _messages(catalog: Path, choice: str) -> list[str]:
    """The first lines of the messages that msgattrib finds, a header left out."""
    command = ["msgattrib", "--no-obsolete", "--no-wrap", choice, str(catalog)]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [line for line in found.splitlines() if line.startswith("msgid ") and line != 'msgid ""']


def _content(compiled: Path) -> dict[object, object]:
    with compiled.open("rb") as file:
        texts = dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
    texts.pop("", None)
    return texts


if __name__ == "__main__":
    sys.exit(main())
