"""HTML for both stand-ins, without a template engine. All text goes through `html.escape`."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from .http_messages import Response

CSP = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
STYLE_PATH = "/sandbox/style.css"
STYLE = """
:root {
  color-scheme: light dark; --line: #8885; --soft: #8881; --good: #1a7f4b; --bad: #c0392b;
  --wait: #a66a00; --act: #0b5fd0;
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; }
header {
  display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline;
  border-bottom: 1px solid var(--line); margin-bottom: 1rem;
}
h1 { font-size: 1.4rem; margin: .25rem 0; } h2 { font-size: 1.1rem; margin: 1.75rem 0 .5rem; }
.note { opacity: .75; font-size: .9rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td {
  text-align: left; vertical-align: top; padding: .4rem .7rem;
  border-bottom: 1px solid var(--line);
}
tr:last-child td { border-bottom: 0; } th { background: var(--soft); white-space: nowrap; }
td { overflow-wrap: break-word; } pre { max-width: 60rem; }
.tag {
  display: inline-block; padding: 0 .5rem; border-radius: 1rem;
  border: 1px solid currentColor; font-size: .82rem; white-space: nowrap;
}
.good { color: var(--good); } .bad { color: var(--bad); } .wait { color: var(--wait); }
@media (prefers-color-scheme: dark) {
  :root { --good: #5fd39a; --bad: #ff8a7a; --wait: #f0b84a; --act: #79b0ff; }
}
a { color: var(--act); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0; font-size: .85rem; }
form { display: grid; gap: .75rem; max-width: 34rem; }
label { display: grid; gap: .2rem; font-weight: 600; }
input, textarea, select, button {
  font: inherit; padding: .5rem .6rem; border: 1px solid var(--line);
  border-radius: .4rem; width: 100%;
}
input, textarea, select { font-weight: 400; }
button { background: var(--act); color: #fff; border: 0; cursor: pointer; font-weight: 600; }
@media (prefers-color-scheme: dark) { button { color: #00142f; } }
@media (max-width: 48rem) {
  thead { display: none; }
  table, tbody, tr, td { display: block; }
  tr { border-bottom: 1px solid var(--line); padding: .4rem 0; } tr:last-child { border-bottom: 0; }
  td { border: 0; padding: .15rem .7rem; }
  td::before { content: attr(data-label) ": "; font-weight: 600; }
  td:empty { display: none; }
}
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
.slots {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(6rem, 1fr)); gap: .5rem;
  margin: 0 0 1rem; padding: 0; list-style: none;
}
.slots a {
  display: block; text-align: center; border: 1px solid var(--line); border-radius: .4rem;
  padding: .4rem; text-decoration: none;
}
.say { padding: .6rem .9rem; border: 1px solid currentColor; border-radius: .5rem; margin: 1rem 0; }
"""


def page(title: str, body: str, *, status: int = 200, refresh: bool = False, lead: str = "") -> Response:
    """A whole page. `body` is HTML; `title` and `lead` are text."""
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="{STYLE_PATH}"></head>'
        f"<body><header><h1>{escape(title)}</h1><span class=note>{escape(lead)}</span></header>"
        f"<main>{body}</main></body></html>"
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": CSP,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    if refresh:
        headers["Refresh"] = "3"
    return Response(status, text.encode(), headers)


def style() -> Response:
    """The style sheet."""
    return Response(
        200, STYLE.encode(), {"Content-Type": "text/css; charset=utf-8", "Cache-Control": "max-age=60"}
    )


def table(heads: Iterable[str], rows: Iterable[Iterable[str]], empty: str) -> str:
    """A table. Cells are HTML; headings and the text for an empty table are plain text."""
    labels = [escape(item) for item in heads]
    lines = ["<tr>" + "".join(map(_cell, labels, row)) + "</tr>" for row in rows]
    if not lines:
        return f"<p class=note>{escape(empty)}</p>"
    head = "".join(f"<th scope=col>{item}</th>" for item in labels)
    rows_html = "".join(lines)
    return f"<div class=scroll><table><thead><tr>{head}</tr></thead><tbody>{rows_html}</tbody></table></div>"


def _cell(label: str, content: str) -> str:
    """On a narrow screen a row becomes a block, and each cell shows its column's name."""
    return f'<td data-label="{label}">{content}</td>'


def link(url: str, text: str) -> str:
    return f'<a href="{escape(url)}">{escape(text)}</a>'


def tag(text: object, tone: str = "") -> str:
    """A small label; tones: good, bad, wait."""
    return f'<span class="tag {tone}">{escape(str(text))}</span>'


def field(name: str, label: str, value: str = "", *, kind: str = "text", required: bool = True) -> str:
    """A labelled input."""
    need = " required" if required else ""
    return (
        f"<label>{escape(label)}"
        f'<input name="{escape(name)}" type="{kind}" value="{escape(value)}"{need}></label>'
    )


def hidden(name: str, value: str) -> str:
    return f'<input type=hidden name="{escape(name)}" value="{escape(value)}">'
