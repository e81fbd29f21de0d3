"""A meeting record as PDF to what each speaker said in it.

What nobody said is in no intervention: headings (bold), stage directions (italics: "The meeting
was called to order at 10 a.m.", "(spoke in French)") and the lists of who voted how. A stage
direction parts paragraphs, so that no quote spans one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from assistant.errors import SourceError
from assistant.header import Header, header_named, header_of_paragraph
from assistant.records.cover import Cover, read_cover
from assistant.records.layout import Layout, Paragraph, lay_out
from assistant.records.pdf import read_pdf
from assistant.text import ReadingText, Span, read_paragraphs


@dataclass(frozen=True)
class Intervention:
    """What one speaker says before another does, and under which header."""

    header: Header
    reading: ReadingText


@dataclass(frozen=True)
class MeetingRecord:
    """A record of a meeting.

    Attributes:
        text: All of it, as offsets and lines count; see `Layout.text`.
        pages: Where each page begins in `text`.
        sha256: Of the file's bytes.
        cover: What the first page says.
        interventions: In order.
    """

    text: str
    pages: tuple[int, ...]
    sha256: str
    cover: Cover
    interventions: tuple[Intervention, ...]


def read_record(path: Path, warn: Callable[[str], None] = lambda line: None) -> MeetingRecord:
    """Read a record of a meeting of the Security Council.

    Raises:
        SourceError: It is no PDF that can be read, or no such record.
    """
    pdf = read_pdf(path)
    layout = lay_out(pdf)
    cover = read_cover(layout.cover)
    if cover.symbol is None:
        raise SourceError(
            f"{path}: no record of a meeting of the Security Council (no symbol S/PV.… at the "
            "head of its first page); save what was said as .txt"
        )
    parts = [part for part in _parts(layout, lambda line: warn(f"{path}: {line}")) if part.said]
    if not parts:
        raise SourceError(f"{path}: nobody speaks in this record of {cover.symbol}")
    for line in _doubts(layout, cover):
        warn(f"{path}: {line}")
    readings = read_paragraphs(layout.text, [part.said for part in parts])
    interventions = tuple(
        Intervention(_with_delegation(part.header, cover), reading)
        for part, reading in zip(parts, readings, strict=True)
    )
    return MeetingRecord(layout.text, layout.pages, pdf.sha256, cover, interventions)


def _with_delegation(header: Header, cover: Cover) -> Header:
    """The President speaks for the delegation that the first page names."""
    if header.speaker.casefold() == "the president" and header.country is None:
        return replace(header, country=cover.presidency)
    return header


def _doubts(layout: Layout, cover: Cover) -> Iterator[str]:
    """Where the file may not be all of a record."""
    if cover.date is None:
        yield "no date found on the first page"
    numbers = [(page, number) for page, (number, _) in enumerate(layout.printed, 1) if page > 1]
    if any(number for _, number in numbers):
        for page, number in numbers:
            if number != page:
                found = f"is numbered {number}" if number else "has no number"
                yield f"page {page} of the file {found} in print; pages are cited as in the file"
                break
    count = len(layout.pages)
    told = max(total for _, total in layout.printed)
    if told > count:
        yield f"{count} pages, where {told} are printed; get the whole file"


@dataclass
class _Part:
    """An intervention as it grows: its header, and the paragraphs said under it."""

    header: Header
    said: list[Span] = field(default_factory=list)


_LANGUAGE_CHANGE = re.compile(r"\((?:spoke|speaking|interpretation)\b")
_DIRECTION = re.compile(
    r"The meeting (?:was (?:called to order|suspended|resumed|adjourned)|rose)\b|"
    r"The agenda was adopted|A vote was taken\b|\(spoke in \w+\)$"
)
"""What needs no italics to be told from speech: fonts of recognised text have none."""
_VOTES = re.compile(r"A vote was taken|.*:$", re.DOTALL)
"""A direction after which, up to the next header, it is told who voted how."""
_ENDS = re.compile(r"The meeting (?:rose|was (?:suspended|adjourned))")


def _parts(layout: Layout, warn: Callable[[str], None]) -> Iterator[_Part]:
    """Interventions with the paragraphs said in them.

    What follows a heading, or the end of a meeting, without a header is nobody's: it is left
    out and told, rather than attributed to the last who spoke.
    """
    text = layout.text
    part: _Part | None = None
    speaking = voting = False
    lost: dict[int, int] = {}
    bold_names = any(_bold_header(text, paragraph) for paragraph in layout.paragraphs)
    for paragraph in layout.paragraphs:
        words = paragraph.span.of(text)
        header = _header(text, paragraph, bold_names)
        if header is not None:
            if part:
                yield part
            part, speaking, voting = _Part(header), True, False
            part.said += _words_of(text, Span(header.end, paragraph.span.end))
        elif _is_direction(paragraph, words):
            if not _LANGUAGE_CHANGE.match(words):
                voting = voting or _VOTES.match(words) is not None
                speaking = speaking and not _ENDS.match(words)
        elif paragraph.bold:
            speaking = False
        elif voting:
            continue
        elif part and speaking:
            part.said.append(paragraph.span)
        else:
            page = paragraph.lines[0].page
            lost[page] = lost.get(page, 0) + len(words.split())
    if part:
        yield part
    for page, count in lost.items():
        warn(f"page {page}: {count} words that no speaker is named for, left out")


def _words_of(text: str, span: Span) -> list[Span]:
    """The span without the white space at its ends; none if that is all of it."""
    words = span.of(text)
    start = span.end - len(words.lstrip())
    return [Span(start, start + len(words.strip()))] if words.strip() else []


def _is_direction(paragraph: Paragraph, words: str) -> bool:
    return paragraph.italic or _DIRECTION.match(words) is not None


def _header(text: str, paragraph: Paragraph, bold_names: bool) -> Header | None:
    """The header that a paragraph begins with.

    Where names are set in bold that is the mark, whatever the name; a name in another font
    counts with a delegation.
    """
    if bold := _bold_header(text, paragraph):
        return bold
    if paragraph.bold or paragraph.italic:
        return None
    header = header_of_paragraph(text, paragraph.span.start)
    if header and bold_names and not (header.country or header.is_role):
        return None
    return header


_NAME = re.compile(r"[^():]{2,80}")


def _bold_header(text: str, paragraph: Paragraph) -> Header | None:
    first = next(paragraph.words)
    if not first.bold or paragraph.bold:
        return None
    end = paragraph.span.start
    for word in paragraph.words:
        if not word.bold:
            break
        end = text.index(word.text, end) + len(word.text)
    name = _NAME.match(text, paragraph.span.start, end)
    if name is None:
        return None
    written = name.group().rstrip()
    return header_named(text, Span(name.start(), name.start() + len(written)))
