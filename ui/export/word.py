"""Word: headings, quotes in a style of their own, numbered references at the end."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from assistant.dossier import Chapter, Dossier
from assistant.errors import ExportError
from assistant.receipt import Document
from ui.export.layout import (
    NOTE,
    PROVENANCE,
    REFERENCES,
    SAID_AGAIN,
    Event,
    Numbered,
    anchor,
    document,
    numbered,
    period_line,
    provenance,
)

_QUOTE, _SOURCE, _REFERENCE, _ANCHOR, _QUIET, _NOTE = (
    "Rapporteur Quote",
    "Rapporteur Source",
    "Rapporteur Reference",
    "Rapporteur Anchor",
    "Rapporteur Remark",
    "Rapporteur Note",
)
_INK, _GREY = RGBColor(0x1F, 0x3F, 0x7A), RGBColor(0x5C, 0x64, 0x70)
_LARGEST_PART = 50_000_000
"""Bytes of the text of a document when it is unpacked."""
# No XML can carry these.
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def render_docx(dossier: Dossier) -> bytes:
    """The bytes of a .docx.

    Raises:
        ExportError: A text has a character that Word cannot hold.
    """
    made = docx.Document()
    _styles(made)
    _page(made, dossier)
    made.add_heading(_fit(dossier.title), level=0)
    if len(dossier.chapters) > 1:
        _comparison(made, dossier)
    sections = numbered(dossier)
    for chapter in dossier.chapters:
        made.add_heading(_fit(chapter.title), level=1)
        for remark in chapter.remarks:
            made.add_paragraph(_fit(remark), style=_QUIET)
        for _ in chapter.sections:
            _, section, entries = next(sections)
            if section.delegation:
                made.add_heading(_fit(section.delegation), level=2)
            if line := period_line(section):
                made.add_paragraph(line, style=_QUIET)
            for one in entries:
                _entry(made, one)
        for remark in chapter.closing:
            made.add_paragraph(_fit(remark), style=_QUIET)
    _references(made, dossier)
    _provenance(made, dossier)
    data = io.BytesIO()
    made.save(data)
    return data.getvalue()


def _fit(text: str) -> str:
    if found := _UNFIT.search(text):
        code = f"U+{ord(found[0]):04X}"
        raise ExportError(f"Word cannot hold the character {code}; choose another format")
    return text


def _styles(made: Any) -> None:
    normal = made.styles["Normal"]
    normal.font.name, normal.font.size = "Calibri", Pt(11)
    for level in range(3):
        style = made.styles["Title" if level == 0 else f"Heading {level}"]
        style.font.name, style.font.color.rgb = "Calibri", _INK
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{name}"), None)
    made.styles["Title"].font.size = Pt(20)
    for name, size, left, grey in (
        (_QUOTE, 12, 0.8, False),
        (_SOURCE, 9.5, 0.8, True),
        (_NOTE, 10.5, 0.8, False),
        (_QUIET, 9.5, 0, True),
        (_REFERENCE, 9.5, 0.8, False),
    ):
        style = made.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = normal
        style.font.size = Pt(size)
        style.paragraph_format.left_indent = Cm(left)
        style.paragraph_format.space_after = Pt(3)
        if grey:
            style.font.color.rgb = _GREY
    made.styles[_QUOTE].font.name = "Cambria"
    made.styles[_QUOTE].paragraph_format.space_before = Pt(10)
    made.styles[_QUOTE].paragraph_format.keep_with_next = True
    made.styles[_REFERENCE].paragraph_format.first_line_indent = Cm(-0.8)
    small = made.styles.add_style(_ANCHOR, WD_STYLE_TYPE.CHARACTER)
    small.font.size, small.font.color.rgb = Pt(7.5), _GREY


def _page(made: Any, dossier: Dossier) -> None:
    made.core_properties.title = _fit(dossier.title)[:255]
    made.core_properties.author = dossier.provenance.program
    section = made.sections[0]
    section.left_margin = section.right_margin = Cm(2.5)
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    footer._p.append(field)


def _entry(made: Any, one: Numbered) -> None:
    quote = made.add_paragraph(f"“{_fit(one.entry.citation.quote)}”", style=_QUOTE)
    quote.add_run(f"[{one.number}]").font.superscript = True
    source = made.add_paragraph(_fit(one.entry.citation.reference), style=_SOURCE)
    source.paragraph_format.keep_with_next = bool(one.entry.again or one.entry.note)
    if one.entry.again:
        again = made.add_paragraph(SAID_AGAIN, style=_SOURCE)
        for number, _ in one.sources[1:]:
            again.add_run(f" [{number}]")
    if one.entry.note:
        made.add_paragraph(f"{NOTE} {_fit(one.entry.note)}", style=_NOTE)


def _references(made: Any, dossier: Dossier) -> None:
    made.add_heading(REFERENCES, level=1)
    for _, _, entries in numbered(dossier):
        for one in entries:
            for number, citation in one.sources:
                line = made.add_paragraph(f"[{number}] ", style=_REFERENCE)
                line.add_run(_fit(citation.reference))
                line.add_run(f"  {_fit(anchor(citation))}", style=_ANCHOR)


def _provenance(made: Any, dossier: Dossier) -> None:
    made.add_heading(PROVENANCE, level=1)
    rows = provenance(dossier)
    table = made.add_table(rows=len(rows), cols=2)
    table.autofit = False
    for column, width in zip(table.columns, (4, 12), strict=True):
        column.width = Cm(width)
    for row, (label, value) in zip(table.rows, rows, strict=True):
        for cell, text, width in zip(row.cells, (label, value), (4, 12), strict=True):
            cell.width = Cm(width)
            cell.paragraphs[0].style = _QUIET
            cell.paragraphs[0].add_run(_fit(text))


def _comparison(made: Any, dossier: Dossier) -> None:
    chapters = [c for c in dossier.chapters if any(s.delegation for s in c.sections)]
    if len(chapters) < 2:
        return
    names = dict.fromkeys(s.delegation for c in chapters for s in c.sections)
    counts = {name: [_mentions(chapter, name) for chapter in chapters] for name in names}
    order = sorted(counts, key=lambda name: (-sum(counts[name]), name))
    table = made.add_table(rows=0, cols=1 + len(chapters))
    _rule(table)
    _row(table, ("Mentions found", *(chapter.title for chapter in chapters)), bold=True)
    for name in order:
        _row(table, (name, *(str(number or "–") for number in counts[name])))


def _rule(table: Any) -> None:
    """Grey hairlines between the rows."""
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "bottom", "insideH"):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("color", "D9DCE1")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    # Word wants the properties of a table in this order.
    look = table._tbl.tblPr.find(qn("w:tblLook"))
    look.addprevious(borders)


def _row(table: Any, texts: tuple[str, ...], bold: bool = False) -> None:
    for at, (cell, text) in enumerate(zip(table.add_row().cells, texts, strict=True)):
        line = cell.paragraphs[0]
        line.style = _QUIET
        line.add_run(_fit(text)).bold = bold
        if at:
            line.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _mentions(chapter: Chapter, delegation: str) -> int:
    return sum(s.mentions for s in chapter.sections if s.delegation == delegation)


# read again

_NUMBERED = re.compile(r"“(.*)”\s*\[(\d+)\]", re.DOTALL)
_LISTED = re.compile(r"\[(\d+)\] (.*?)\s+(\S+ \d+-\d+ file \d+-\d+)", re.DOTALL)
_MARK = re.compile(r"\[(\d+)\]")


def read_docx(data: bytes) -> Document:
    """Raises ExportError when this is no Word document of ours."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(part.file_size for part in packed.infolist()) > _LARGEST_PART:
                raise ExportError("too large for a document of ours")
        made = docx.Document(io.BytesIO(data))
    except (zipfile.BadZipFile, PackageNotFoundError, KeyError, ValueError) as error:
        raise ExportError("not a Word document") from error
    lines = [(line.style.name if line.style else "", line.text) for line in made.paragraphs]
    listed = {
        found[1]: found
        for style, text in lines
        if style == _REFERENCE and (found := _LISTED.fullmatch(text.strip()))
    }
    return document((*_events(lines, listed), *_rows(made)))


def _events(lines: list[tuple[str, str]], listed: dict[str, re.Match[str]]) -> Iterator[Event]:
    for style, text in lines:
        if style == "Heading 1":
            yield "chapter", text
        elif style == "Heading 2":
            yield "delegation", text
        elif style == _QUIET and text.startswith("First mention found:"):
            yield "period", text
        elif style == _QUOTE:
            found = _NUMBERED.fullmatch(text.strip())
            if found is None:
                raise ExportError(f"a quote without its number: {text[:60]!r}")
            yield "quote", found[1]
            yield from _source(found[2], listed)
        elif style == _SOURCE and text.startswith(SAID_AGAIN):
            for mark in _MARK.findall(text):
                yield "again", ""
                yield from _source(mark, listed)
        elif style == _SOURCE:
            yield "reference", text


def _source(number: str, listed: dict[str, re.Match[str]]) -> Iterator[Event]:
    if number not in listed:
        raise ExportError(f"quote {number} has no reference; export it again")
    yield "reference", listed[number][2]
    yield "anchor", listed[number][3]


def _rows(made: Any) -> Iterator[Event]:
    for table in made.tables[-1:]:
        for row in table.rows:
            yield "label", row.cells[0].text
            yield "value", row.cells[1].text
