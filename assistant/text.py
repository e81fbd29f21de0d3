"""The reading text of a source, and the map that leads each of its offsets back to the file.

Records are hard-wrapped, and a page break leaves a blank line in the middle of a sentence.
The reading text unwraps the lines and joins what a page break cut; nothing else changes.
Each character of it is either a character of the source or one space that stands for white
space in the source, so that a slice of the reading text always has its slice of the source.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from statistics import median
from typing import NamedTuple


class Span(NamedTuple):
    """Code points `start` to `end`, half open."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


class Segment(NamedTuple):
    """`length` characters of the reading text at `start` stand at `source` in the file.

    All of them are on one line, the file's line `line` (from 1).
    """

    start: int
    source: int
    length: int
    line: int


@dataclass(frozen=True)
class ReadingText:
    """An unwrapped text with its paragraphs and its map to the source.

    Attributes:
        text: The reading text. Paragraphs are parted by a newline.
        paragraphs: Spans of `text`, in order.
        segments: Runs copied from the source, in order. Between two of them `text` has the
            one space or newline that stands for the white space of the source.
    """

    text: str
    paragraphs: tuple[Span, ...]
    segments: tuple[Segment, ...]

    def __eq__(self, other: object) -> bool:
        # Whether it is in memory or read from a library makes no difference.
        return isinstance(other, ReadingText) and all(
            getattr(self, field.name) == getattr(other, field.name) for field in fields(ReadingText)
        )

    @cached_property
    def _starts(self) -> list[int]:
        return [segment.start for segment in self.segments]

    def source_span(self, span: Span) -> Span:
        """Where a slice of the reading text stands in the source.

        Raises:
            ValueError: The slice is empty, or begins or ends on a space that no run holds.
        """
        first, last = self._segments_of(span)
        return Span(first.source + span.start - first.start, last.source + span.end - last.start)

    def lines(self, span: Span) -> tuple[int, int]:
        """First and last line of the source that a slice touches, from 1, both included."""
        first, last = self._segments_of(span)
        return first.line, last.line

    def _segments_of(self, span: Span) -> tuple[Segment, Segment]:
        if not 0 <= span.start < span.end <= len(self.text):
            raise ValueError(f"no such slice of the text: {span}")
        return self._segment_at(span.start), self._segment_at(span.end - 1)

    def _segment_at(self, offset: int) -> Segment:
        segment = self.segments[bisect_right(self._starts, offset) - 1]
        if offset >= segment.start + segment.length:
            raise ValueError(f"offset {offset} is a space between two runs")
        return segment


def read_text(source: str, start: int = 0) -> ReadingText:
    """The reading text of a source from `start`, where its words begin."""
    return next(read_texts(source, [Span(start, len(source))]))


def read_texts(source: str, parts: Iterable[Span]) -> Iterator[ReadingText]:
    """The reading texts of parts of a source.

    Args:
        source: A file decoded with universal newlines. Maps and lines count from its start.
        parts: In order, apart from each other: what each speaker says, without the header.
    """
    yield from read_paragraphs(
        source, (list(_paragraphs(source, part.start, part.end)) for part in parts)
    )


def read_paragraphs(source: str, parts: Iterable[Sequence[Span]]) -> Iterator[ReadingText]:
    """The reading texts of parts of a source of which the paragraphs are known.

    Args:
        source: As for `read_texts`.
        parts: The paragraphs of each part, in order. What stands between them is left out.
    """
    unwrapper = _Unwrapper(source)
    counted, line = 0, 1
    for blocks in parts:
        pieces: list[str] = []
        segments: list[Segment] = []
        paragraphs: list[Span] = []
        length = 0
        for block in blocks:
            if paragraphs:
                pieces.append("\n")
                length += 1
            opening = length
            for run, glue in _runs(source, block, unwrapper):
                line += source.count("\n", counted, run.start)
                counted = run.start
                pieces.append(run.of(source) + glue)
                segments.append(Segment(length, run.start, run.end - run.start, line))
                length += run.end - run.start + len(glue)
            paragraphs.append(Span(opening, length))
        yield ReadingText("".join(pieces), tuple(paragraphs), tuple(segments))


_WHITE = re.compile(r"\s+")


def _runs(source: str, block: Span, unwrapper: _Unwrapper) -> Iterator[tuple[Span, str]]:
    """What of a paragraph is copied, run by run, each with what follows it in the text."""
    begin = block.start
    for white in _WHITE.finditer(source, block.start, block.end):
        if white.group() == " ":
            continue
        end, glue = white.start(), " "
        if "\n" in white.group():
            end, glue = unwrapper.run_end(begin, white, block.end)
        yield Span(begin, end), glue
        begin = white.end()
    yield Span(begin, block.end), ""


_HYPHENATED = re.compile(r"([^\W_]+)[-\u2010]$")
_NEXT_WORD = re.compile(r"[^\W_]+")
_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
_SOFT_HYPHEN = "\u00ad"
_LONGEST_WORD = 40


class _Unwrapper:
    """Decides what stands for a line end.

    A hyphen at a line end stays: all 211 of them in 512 hard-wrapped records belong to a
    compound ("troop-contributing", "Secretary-General"), none breaks a word. It goes when
    the file itself writes the whole word elsewhere and never with the hyphen, so that no
    word is made up.
    """

    def __init__(self, source: str) -> None:
        self._source = source

    @cached_property
    def _words(self) -> set[str]:
        return {word.lower() for word in _WORD.findall(self._source)}

    def run_end(self, begin: int, wrap: re.Match[str], limit: int) -> tuple[int, str]:
        """Where the run from `begin` to the line end `wrap` stops, and what follows it."""
        end = wrap.start()
        if self._source[end - 1] == _SOFT_HYPHEN and end - 1 > begin:
            return end - 1, ""
        left = _HYPHENATED.search(self._source, max(begin, end - _LONGEST_WORD), end)
        right = _NEXT_WORD.match(self._source, wrap.end(), limit)
        if left is None or right is None or right.group() in ("and", "or", "to"):
            return end, " "
        if end - 1 > begin and self._broken(left.group(1).lower(), right.group().lower()):
            return end - 1, ""
        return end, ""

    def _broken(self, left: str, right: str) -> bool:
        return left + right in self._words and f"{left}-{right}" not in self._words


_FINISHED = re.compile(r"[.?!:;…][\"'”’)\]]*$")
# A quotation, a stage direction, the header of a speaker, a line that is a label ("Against:").
_STARTS_AFRESH = re.compile(
    r"[\"“'‘]|\(spoke|(?:The|Mr\.|Mrs\.|Ms\.)[^.:\n]{1,80}:|[^\s.:][^.:\n]{0,40}:[^\S\n]*(?:\n|$)"
)
_FULL_LINE = 0.8
"""A last line shorter than this share of the usual line ends something: a heading, a stage
direction, a list. Chosen on the 129 unfinished paragraphs of 512 hard-wrapped records."""


def _paragraphs(source: str, start: int, end: int) -> Iterator[Span]:
    """What blank lines part, joined again where a page break parted it."""
    blocks = list(_blocks(source, start, end))
    usual = _usual_line(source, blocks)
    following = iter(blocks)
    current = next(following, None)
    for block in following:
        if current is None:
            break
        if _cut_by_page_break(source, current, block, usual):
            current = Span(current.start, block.end)
        else:
            yield current
            current = block
    if current is not None:
        yield current


def _blocks(source: str, start: int, end: int) -> Iterator[Span]:
    """Runs of lines that have something on them, without the white space around each run."""
    begin = finish = -1
    position = start
    while position < end:
        stop = source.find("\n", position, end)
        stop = end if stop < 0 else stop
        line = source[position:stop]
        if words := line.strip():
            first = position + line.index(words)
            begin = first if begin < 0 else begin
            finish = first + len(words)
        elif begin >= 0:
            yield Span(begin, finish)
            begin = -1
        position = stop + 1
    if begin >= 0:
        yield Span(begin, finish)


def _cut_by_page_break(source: str, block: Span, following: Span, usual: float) -> bool:
    if _FINISHED.search(source, max(block.start, block.end - 8), block.end):
        return False
    first = source[following.start]
    if first.islower():
        return True
    if _STARTS_AFRESH.match(source, following.start):
        return False
    # A capital or a number goes on with the sentence when the line above ran to the edge.
    last_line = source[max(block.start, source.rfind("\n", 0, block.end) + 1) : block.end]
    return usual > 0 and len(last_line) >= _FULL_LINE * usual


def _usual_line(source: str, blocks: Sequence[Span]) -> float:
    """Median length of the wrapped lines; 0 for a text that is not wrapped."""
    lengths = [len(line.strip()) for block in blocks for line in block.of(source).split("\n")[:-1]]
    return median(lengths) if lengths else 0.0
