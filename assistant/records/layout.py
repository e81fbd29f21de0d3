"""Words on pages to lines, columns and paragraphs, and to the text that offsets count in.

A record has a cover and then pages of two columns, each under a running head (symbol, agenda
item, date) and over a foot (number of the page, number of the job). Paragraphs begin with an
indent or after a space; one that goes on in the next column begins there with neither.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from statistics import median

from assistant.records.pdf import Pdf, Word
from assistant.text import Span

_SAME_LINE = 0.35
"""Share of the font's size by which the baselines of one line may differ."""
_SPACE = 0.15
"""Share of the font's size between two words of which the file does not say they are two."""
_NEW_PARAGRAPH = 1.22
"""Distance of two lines of different paragraphs, in usual distances of lines."""
_LEADED = 1.3
"""Distance of two lines of a paragraph, in sizes of the font, at the most."""
_INDENT = 5.0
"""Points to the right of the line above, or of the column's edge, that begin a paragraph."""
_GUTTER = 5
"""Points between two columns at the least."""
_CROSSING = 0.05
"""Share of the lines that may cross a gutter: a heading, a table."""


@dataclass(frozen=True)
class Line:
    """Words on one line of one column, from left to right.

    Attributes:
        page: From 1.
        column: From 0; of a page without columns all lines have 0.
        indent: Points from the edge of the column.
    """

    words: tuple[Word, ...]
    page: int
    column: int = 0
    indent: float = 0.0

    @cached_property
    def text(self) -> str:
        parts: list[str] = []
        for at, word in enumerate(self.words):
            before = self.words[at - 1] if at else None
            if before and (word.spaced or word.left - before.right > _SPACE * word.size):
                parts.append(" ")
            parts.append(word.text)
        return "".join(parts)

    @property
    def baseline(self) -> float:
        return max(self.words, key=lambda word: word.size).baseline

    @property
    def left(self) -> float:
        return self.words[0].left

    @property
    def size(self) -> float:
        return max(word.size for word in self.words)

    @property
    def bold(self) -> bool:
        """Whether all that has letters is bold."""
        return all(word.bold for word in self._lettered)

    @property
    def italic(self) -> bool:
        """Whether all that has letters is italic."""
        return all(word.italic for word in self._lettered)

    @property
    def _lettered(self) -> Sequence[Word]:
        return [w for w in self.words if any(map(str.isalnum, w.text))] or self.words


@dataclass(frozen=True)
class Paragraph:
    """Lines that belong together, over columns and pages, and where they stand in the text.

    Attributes:
        span: Of the text of the layout.
    """

    lines: tuple[Line, ...]
    span: Span

    @property
    def bold(self) -> bool:
        return all(line.bold for line in self.lines)

    @property
    def italic(self) -> bool:
        return all(line.italic for line in self.lines)

    @property
    def words(self) -> Iterator[Word]:
        return (word for line in self.lines for word in line.words)


@dataclass(frozen=True)
class Layout:
    """A record as it is read.

    Attributes:
        text: The source that offsets and lines count in: a line for each line of each column, a
            blank line between paragraphs, a form feed before each page but the first. Running
            heads and feet are not in it, so that a sentence goes on from page to page.
        pages: Where each page begins in `text`.
        cover: Lines of the first page.
        paragraphs: Of the pages after it.
        printed: Number of each page and of how many, as its foot has them; 0 for what it has not.
    """

    text: str
    pages: tuple[int, ...]
    cover: tuple[Line, ...]
    paragraphs: tuple[Paragraph, ...]
    printed: tuple[tuple[int, int], ...]


def lay_out(pdf: Pdf) -> Layout:
    """Read the pages in order, and each column by column."""
    cover, *pages = [_rows(words, number) for number, words in enumerate(pdf.pages, start=1)]
    bodies = [_body(rows) for rows in pages]
    sides = [bodies[0::2], bodies[1::2]]  # left and right pages may have other margins
    gutters = [_gutter([row for rows in side for row in rows]) for side in sides]
    columned = [line for at, rows in enumerate(bodies) for line in _columns(rows, gutters[at % 2])]
    lines = list(_indented(columned))
    text = _Text(len(pdf.pages))
    for line in cover:
        text.add([line])
    paragraphs = [Paragraph(tuple(group), text.add(group)) for group in _paragraphs(lines)]
    text.finish()
    printed = [(0, 0), *map(_printed, pages)]
    return Layout(text.written, tuple(text.pages), tuple(cover), tuple(paragraphs), tuple(printed))


class _Text:
    """The text of a record as it grows."""

    def __init__(self, count: int) -> None:
        self.written = ""
        self.pages = [0]
        self._count = count

    def add(self, lines: Sequence[Line]) -> Span:
        """Write a paragraph; where it stands."""
        if self.written:
            # The lines of the cover are no paragraphs of anything that is said.
            self.written += "\n" if lines[0].page == 1 else "\n\n"
        start = -1
        for at, line in enumerate(lines):
            self.written += "\n" if at else ""
            self._turn_to(line.page)
            start = len(self.written) if start < 0 else start
            self.written += line.text
        return Span(start, len(self.written))

    def finish(self) -> None:
        """Pages with nothing on them, and the end of the last line."""
        self.written += "\n"
        self._turn_to(self._count)

    def _turn_to(self, page: int) -> None:
        while len(self.pages) < page:
            self.written += "\f"
            self.pages.append(len(self.written))


def _rows(words: Sequence[Word], page: int) -> list[Line]:
    """All that stands on one line of a page, whatever the column, from top to bottom."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda word: -word.baseline):
        top = rows[-1][0] if rows else None
        if top and top.baseline - word.baseline <= _SAME_LINE * max(top.size, word.size):
            rows[-1].append(word)
        else:
            rows.append([word])
    return [Line(tuple(sorted(row, key=lambda word: word.left)), page) for row in rows]


SYMBOL = re.compile(
    r"S\s?/\s?PV\.?\s?(\d{1,5})(?:\s*\(((?:Resumption|Part)[^()]{0,20})\))?", re.IGNORECASE
)
_SLASHED_DATE = re.compile(r"\b\d\d/\d\d/\d{4}\b")
_FOOT = re.compile(
    r"(?:\d{1,3}(?:/\d{1,3})?|\d\d-\d{5}|\d{7}[A-Z]?(?:\.\w+)?|\([A-Z]\)|\*\d+\*|[*\s])+"
)
_MOST_HEAD = 4
_HEAD_GAP = 1.6
"""Distance from the last line of a head to the body, in sizes of its font."""


def _body(rows: Sequence[Line]) -> list[Line]:
    """The rows of a page without its running head and its foot."""
    first = 0
    if rows and (SYMBOL.match(rows[0].text) or _ends_head(rows[0].text)):
        first = 1
        while first < min(_MOST_HEAD, len(rows)) and (
            rows[first - 1].baseline - rows[first].baseline < _HEAD_GAP * rows[first - 1].size
        ):
            first += 1
    last = len(rows) - 1 if len(rows) > first and _FOOT.fullmatch(rows[-1].text) else len(rows)
    return list(rows[first:last])


def _ends_head(text: str) -> bool:
    """ "08/01/2020 Peace consolidation in West Africa S/PV.8698"."""
    symbols = list(SYMBOL.finditer(text))
    return bool(symbols and symbols[-1].end() == len(text)) or (
        bool(symbols) and _SLASHED_DATE.search(text) is not None
    )


def _printed(rows: Sequence[Line]) -> tuple[int, int]:
    """The number that a page has at its foot, and of how many, as far as it says."""
    if not rows or not _FOOT.fullmatch(rows[-1].text):
        return 0, 0
    numbers = re.findall(r"(?<![\d/*-])(\d{1,3})(?:/(\d{1,3}))?(?![\d/*-])", rows[-1].text)
    return (int(numbers[0][0]), int(numbers[0][1] or 0)) if len(numbers) == 1 else (0, 0)


def _gutter(rows: Sequence[Line]) -> float | None:
    """The middle of the white strip between two columns; None where there is none."""
    if not rows:
        return None
    left = min(row.left for row in rows)
    right = max(row.words[-1].right for row in rows)
    width = right - left
    crossed: Counter[int] = Counter()
    for row in rows:
        # Space between the words of a line is white too, but never at one place in all lines.
        crossed.update({x for w in row.words for x in range(int(w.left), int(w.right) + 1)})
    middle = range(int(left + 0.3 * width), int(left + 0.7 * width))
    white = [x for x in middle if crossed[x] <= _CROSSING * len(rows)]
    # Points in a row differ from their place in the list by the same number.
    runs = groupby(enumerate(white), lambda pair: pair[1] - pair[0])
    strips = [[x for _, x in run] for _, run in runs]
    widest = max(strips, key=len, default=[])
    return (widest[0] + widest[-1]) / 2 if len(widest) >= _GUTTER else None


def _columns(rows: Sequence[Line], gutter: float | None) -> Iterator[Line]:
    """The lines of a page: down the left column, then down the right one."""
    if gutter is None:
        yield from rows
        return
    for column in (0, 1):
        for row in rows:
            words = [w for w in row.words if ((w.left + w.right) / 2 > gutter) == bool(column)]
            if words:
                yield Line(tuple(words), row.page, column)


def _indented(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines with their distance from the edge of their column."""
    lefts: dict[tuple[int, int], Counter[int]] = {}
    for line in lines:
        lefts.setdefault((line.page % 2, line.column), Counter())[round(line.left)] += 1
    edges = {
        place: min(left for left, count in counted.items() if count * 5 >= max(counted.values()))
        for place, counted in lefts.items()
    }
    for line in lines:
        edge = edges[line.page % 2, line.column]
        yield Line(line.words, line.page, line.column, line.left - edge)


def _paragraphs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    usual = _line_distance(lines)
    group: list[Line] = []
    for line in lines:
        if group and _begins(line, group, usual):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _line_distance(lines: Sequence[Line]) -> float:
    """Distance of two lines of a paragraph, in points.

    The lower quartile: in a record of short paragraphs half the distances are those between
    paragraphs. No more than type is ever leaded, for a record of a few lines.
    """
    distances = sorted(
        above.baseline - below.baseline
        for above, below in pairwise(lines)
        if (above.page, above.column) == (below.page, below.column)
    )
    sizes = [line.size for line in lines]
    return min(distances[len(distances) // 4], _LEADED * median(sizes)) if distances else 0.0


def _begins(line: Line, group: Sequence[Line], usual: float) -> bool:
    """Whether a line begins a paragraph after the lines of another."""
    above = group[-1]
    if (line.page, line.column) == (above.page, above.column):
        apart = above.baseline - line.baseline > _NEW_PARAGRAPH * usual
        return apart or line.indent > above.indent + _INDENT
    if _changes_face(line, group):
        return True
    # Set off from the edge as a whole, like a quotation, it goes on as it is.
    set_off = len(group) > 1 and abs(line.indent - above.indent) <= 1
    return line.indent > _INDENT and not set_off


def _changes_face(line: Line, group: Sequence[Line]) -> bool:
    """Whether a heading or a stage direction begins or ends with the column.

    A line in italics may as well be the title of a book, in the middle of a sentence.
    """
    bold = all(other.bold for other in group)
    italic = all(other.italic for other in group)
    if line.italic and not italic:
        return _FINISHED.search(group[-1].text) is not None
    return line.bold != bold or (italic and not line.italic)


_FINISHED = re.compile(r"[.?!:;…][\"”’)]*$")
