"""Markdown: a heading for each topic and delegation, quotes with footnotes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.dossier import Dossier
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
    decoded,
    document,
    numbered,
    period_line,
    provenance,
)

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&^$])")
_BREAK = "<br>"  # never text, whose "<" is escaped
_ESCAPED = re.compile(r"\\(.)")


def render_md(dossier: Dossier) -> bytes:
    """UTF-8."""
    return ("\n".join(_lines(dossier)) + "\n").encode()


def escaped(text: str) -> str:
    """Text on one line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", text)


def _lines(dossier: Dossier) -> Iterator[str]:
    yield f"# {escaped(dossier.title)}"
    sections = numbered(dossier)
    for chapter in dossier.chapters:
        yield from ("", f"## {escaped(' '.join(chapter.title.split()))}")
        for remark in chapter.remarks:
            yield from ("", escaped(" ".join(remark.split())))
        for _ in chapter.sections:
            _, section, entries = next(sections)
            if section.delegation:
                yield from ("", f"### {escaped(section.delegation)}")
            if line := period_line(section):
                yield from ("", line)
            for one in entries:
                yield from _entry(one)
        for remark in chapter.closing:
            yield from ("", escaped(" ".join(remark.split())))
    yield from ("", f"## {REFERENCES}", "")
    for _, _, entries in numbered(dossier):
        for one in entries:
            for number, citation in one.sources:
                yield f"[^{number}]: {escaped(citation.reference)} `{anchor(citation)}`"
    yield from ("", f"## {PROVENANCE}", "", "| | |", "|---|---|")
    for label, value in provenance(dossier):
        yield f"| {label} | {escaped(' '.join(value.split()))} |"


def _entry(one: Numbered) -> Iterator[str]:
    # A quotation can go from one paragraph into the next.
    quote = escaped(one.entry.citation.quote).replace("\n", _BREAK)
    yield from ("", f"> “{quote}”[^{one.number}]")
    if one.entry.again:
        marks = ", ".join(f"[^{number}]" for number, _ in one.sources[1:])
        yield from ("", f"{SAID_AGAIN} {marks}")
    if one.entry.note:
        yield from ("", f"{NOTE} {escaped(one.entry.note)}")


_QUOTE = re.compile(r"> “(.*)”\[\^(\d+)\]")
_AGAIN = re.compile(rf"{re.escape(SAID_AGAIN)} (.*)")
_MARK = re.compile(r"\[\^(\d+)\]")
_FOOTNOTE = re.compile(r"\[\^(\d+)\]: (.*) `([^`]*)`")
_ROW = re.compile(r"\| (.*?) \| (.*) \|")


def read_md(data: bytes) -> Document:
    """Raises ExportError when this is no Markdown of ours."""
    lines = decoded(data).replace("\r\n", "\n").split("\n")
    notes = {found[1]: found for line in lines if (found := _FOOTNOTE.fullmatch(line))}
    return document(_events(lines, notes))


def _events(lines: list[str], notes: dict[str, re.Match[str]]) -> Iterator[Event]:
    for line in lines:
        if line.startswith("### "):
            yield "delegation", _plain(line[4:])
        elif line.startswith("## "):
            yield "chapter", _plain(line[3:])
        elif line.startswith("First mention found:"):
            yield "period", line
        elif found := _QUOTE.fullmatch(line):
            yield "quote", _plain(found[1].replace(_BREAK, "\n"))
            yield from _source(found[2], notes)
        elif found := _AGAIN.fullmatch(line):
            for mark in _MARK.findall(found[1]):
                yield "again", ""
                yield from _source(mark, notes)
        elif (found := _ROW.fullmatch(line)) and found[1].strip():
            yield "label", found[1]
            yield "value", _plain(found[2])


def _source(number: str, notes: dict[str, re.Match[str]]) -> Iterator[Event]:
    if number not in notes:
        raise ExportError(f"quote {number} has no reference; export it again")
    yield "reference", _plain(notes[number][2])
    yield "anchor", notes[number][3]


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)
