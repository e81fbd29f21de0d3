"""HTML in one file that prints well: quotes by topic and delegation, a table and timelines."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser

from assistant.answer import Citation
from assistant.dossier import Dossier
from assistant.errors import ExportError
from assistant.receipt import Document
from ui.export.layout import (
    NOTE,
    PROVENANCE,
    SAID_AGAIN,
    Event,
    Kind,
    Numbered,
    anchor,
    decoded,
    document,
    numbered,
    period_line,
    provenance,
)
from ui.export.timeline import timeline

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1f24; --quiet: #5c6470; --line: #d9dce1;
  --accent: #1f3f7a; --paper: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e9ec; --quiet: #a0a8b3; --line: #3a3f47;
  --accent: #9db8ec; --paper: #16181c } }
body { max-width: 46rem; margin: 2.5rem auto; padding: 0 1.25rem; color: var(--ink);
  background: var(--paper); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: break-word }
h1 { font-size: 1.5rem; line-height: 1.25 } h2 { font-size: 1.2rem; margin-top: 2.5rem;
  padding-top: 1rem; border-top: 1px solid var(--line) } h3 { font-size: 1rem; margin-bottom: 0 }
p { margin: .4rem 0 } .remark, .period, .reference, .again, .note, dt { color: var(--quiet);
  font-size: .875rem } article { margin: 1.2rem 0; break-inside: avoid }
blockquote { margin: 0; padding-left: 1rem; border-left: 2px solid var(--accent); max-width: 68ch;
  font: 17px/1.55 Charter, "Iowan Old Style", Georgia, serif }
.again { margin: 0; padding-left: 1.2rem } .note { color: var(--ink) }
code { font-size: .75rem; color: var(--quiet) }
.anchor { display: block } table { border-collapse: collapse; font-size: .875rem; width: 100% }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top } td.number, th.number { text-align: right }
.timeline { width: 100%; height: auto; margin: .8rem 0 } .timeline text { fill: var(--quiet);
  font: 12px system-ui, sans-serif } .timeline circle { fill: var(--accent); fill-opacity: .75 }
.timeline .row { stroke: var(--line) } .timeline .tick { stroke: var(--line);
  stroke-dasharray: 2 3 } .about { margin-top: 3rem }
@media print { body { margin: 0; max-width: none; font-size: 10.5pt }
  blockquote { font-size: 11.5pt } h2, h3 { break-after: avoid } @page { margin: 2cm } }
""".strip()


def render_html(dossier: Dossier) -> bytes:
    """UTF-8, without a script and without anything fetched."""
    return "\n".join(_lines(dossier)).encode()


def _lines(dossier: Dossier) -> Iterator[str]:
    title = escape(dossier.title)
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>"
    yield f"<h1>{title}</h1>"
    if len(dossier.chapters) > 1:
        yield comparison(dossier)
    sections = numbered(dossier)
    for chapter in dossier.chapters:
        yield f'<h2 class="chapter">{escape(chapter.title)}</h2>'
        yield from (f'<p class="remark">{escape(remark)}</p>' for remark in chapter.remarks)
        if any(section.delegation for section in chapter.sections):
            yield timeline(chapter)
        for _ in chapter.sections:
            _, section, entries = next(sections)
            if section.delegation:
                yield f'<h3 class="delegation">{escape(section.delegation)}</h3>'
            if line := period_line(section):
                yield f'<p class="period">{escape(line)}</p>'
            yield from (_article(one) for one in entries)
        yield from (f'<p class="remark">{escape(remark)}</p>' for remark in chapter.closing)
    yield f'<section class="about">\n<h2 class="chapter">{PROVENANCE}</h2>\n<table>'
    for label, value in provenance(dossier):
        head = f'<th class="label">{escape(label)}</th>'
        yield f'<tr>{head}<td class="value">{escape(value)}</td></tr>'
    yield "</table>\n</section>\n</body>\n</html>\n"


def comparison(dossier: Dossier) -> str:
    """Mentions found of each topic by each delegation; empty where there is nothing to compare."""
    found: dict[str, dict[int, int]] = {}
    chapters = [c for c in dossier.chapters if any(s.delegation for s in c.sections)]
    for number, chapter in enumerate(chapters):
        for section in chapter.sections:
            found.setdefault(section.delegation, {})[number] = section.mentions
    if len(chapters) < 2:
        return ""
    heads = "".join(f'<th class="number">{escape(chapter.title)}</th>' for chapter in chapters)
    rows = "".join(
        f"<tr><td>{escape(name)}</td>"
        + "".join(f'<td class="number">{of.get(n) or "–"}</td>' for n in range(len(chapters)))
        + "</tr>"
        for name, of in sorted(found.items(), key=lambda row: (-sum(row[1].values()), row[0]))
    )
    return f'<table class="comparison"><tr><th>Mentions found</th>{heads}</tr>{rows}</table>'


def _article(one: Numbered) -> str:
    (number, citation), *again = one.sources
    lines = [f'<article id="n{number}">', _quote(number, citation)]
    if again:
        items = "".join(
            f'<li class="again">[{other}] <span class="reference">{escape(said.reference)}</span>'
            f'<code class="anchor">{escape(anchor(said))}</code></li>'
            for other, said in again
        )
        lines.append(f'<p class="again-head remark">{SAID_AGAIN}</p><ul>{items}</ul>')
    if one.entry.note:
        lines.append(f'<p class="note">{NOTE} {escape(one.entry.note)}</p>')
    return "\n".join([*lines, "</article>"])


def _quote(number: int, citation: Citation) -> str:
    return (
        f'<blockquote>“<span class="quote">{escape(citation.quote)}</span>” [{number}]'
        "</blockquote>\n"
        f'<p class="reference">{escape(citation.reference)}</p>\n'
        f'<code class="anchor">{escape(anchor(citation))}</code>'
    )


_KINDS: dict[str, Kind] = {
    "chapter": "chapter",
    "delegation": "delegation",
    "period": "period",
    "quote": "quote",
    "again": "again",
    "reference": "reference",
    "anchor": "anchor",
    "label": "label",
    "value": "value",
}
_VOID = {"meta", "br", "hr", "img", "link", "input", "line"}


class _Reader(HTMLParser):
    """Collects the text of the elements whose class says what they are."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.events: list[Event] = []
        self._open: list[tuple[str, Kind | None, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        classes = (dict(attrs).get("class") or "").split()
        kind = next((_KINDS[name] for name in classes if name in _KINDS), None)
        if kind == "again":
            self.events.append(("again", ""))
            kind = None
        self._open.append((tag, kind, []))

    def handle_data(self, data: str) -> None:
        for _, _, text in self._open:
            text.append(data)

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            name, kind, text = self._open.pop()
            if kind is not None:
                self.events.append((kind, "".join(text)))
            if name == tag:
                return


def read_html(data: bytes) -> Document:
    """Raises ExportError when this is no HTML of ours."""
    reader = _Reader()
    try:
        reader.feed(decoded(data))
        reader.close()
    except AssertionError as error:  # what the parser makes of broken markup
        raise ExportError("not HTML of ours") from error
    return document(reader.events)
