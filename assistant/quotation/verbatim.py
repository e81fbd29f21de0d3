"""Words that stand in a speech as they are quoted, letter by letter or but for typography.

Both are found by comparing strings. Nothing here is decided by likeness.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Literal

from assistant.quotation.lexicon import Lexicon
from assistant.quotation.words import Words, negates, weighs
from assistant.text import Span
from embeddings.lexical import STOP_WORDS

_WHITE = re.compile(r"\s+")
_OPENING = "\"'“”‘’„‚«»‹›` "
_DOTS = r"(?:…|\.(?:\s?\.){2,})"
_GAP = re.compile(rf"[\[(]\s*{_DOTS}\s*[\])]|{_DOTS}|(?<!\w)\[([^\[\]]{{0,200}})\](?!\w)")
_STANDS_FOR = 12
"""Words of the record that an editor's bracket may stand for."""
_PLACES = 50
_LONGEST_WORD = 60

_SUBORDINATE = frozenset(
    "which who whom whose where when while whereas although though because since as".split()
)

GapKind = Literal["ellipsis", "bracket"]


@dataclass(frozen=True)
class Gap:
    """Where a quotation says that it leaves words out, or puts its own; before segment `n`."""

    kind: GapKind
    words: tuple[str, ...]


@dataclass(frozen=True)
class Quoted:
    """A quotation as it is compared.

    Attributes:
        text: As pasted.
        plain: Without white space in excess, quotation marks around it and a stop at its end.
        words: All its words.
        segments: Words that are quoted on end, as numbers of `words`, half open.
        gaps: Between one segment and the next.
        edges: Words in brackets before the first segment and after the last.
    """

    text: str
    plain: str
    words: Words
    segments: tuple[Span, ...]
    gaps: tuple[Gap, ...]
    edges: tuple[str, ...]

    @classmethod
    def of(cls, words: Words) -> Quoted:
        return cls(words.text, _plain(words.text), words, *_segments(words))


@dataclass(frozen=True)
class Place:
    """Where the words of a quotation stand in a speech.

    Attributes:
        spans: Of the text of the speech, one for each segment.
        exact: Letter by letter.
        left_out: Words of the record that the quotation marks as left out.
    """

    spans: tuple[Span, ...]
    exact: bool
    left_out: tuple[Span, ...] = ()


def _plain(text: str) -> str:
    plain = _WHITE.sub(" ", text).strip(_OPENING)
    if plain.endswith((".", ",")) and not plain.endswith(".."):
        plain = plain[:-1].rstrip(_OPENING)
    return plain


def _segments(words: Words) -> tuple[tuple[Span, ...], tuple[Gap, ...], tuple[str, ...]]:
    """The runs of words between the gaps that a text marks, the gaps, and what is outside."""
    segments: list[Span] = []
    gaps: list[Gap] = []  # the one before each segment
    kind: GapKind = "bracket"
    put_in: tuple[str, ...] = ()
    begin = 0
    marks = [Span(*found.span()) for found in _GAP.finditer(words.text)]
    for mark in (*marks, Span(len(words.text), len(words.text))):
        end = bisect_left(words.spans, tuple(mark))
        if end > begin:
            segments.append(Span(begin, end))
            gaps.append(Gap(kind, put_in))
            kind, put_in = "bracket", ()
        begin = bisect_left(words.spans, (mark.end, 0))
        put_in += words.keys[end:begin]
        if not any(map(str.isalnum, mark.of(words.text))):
            kind = "ellipsis"
    return tuple(segments), tuple(gaps[1:]), (gaps[0].words if gaps else ()) + put_in


def exact(quoted: Quoted, text: str) -> Place | None:
    """The first place where a quotation stands letter by letter, in whole words.

    A paragraph may end between two of them.
    """
    flat = text.replace("\n", " ")
    start = flat.find(quoted.plain)
    while start >= 0:
        span = Span(start, start + len(quoted.plain))
        if _is_whole(flat, span):
            return Place((span,), True)
        start = flat.find(quoted.plain, start + 1)
    return None


def _is_whole(text: str, span: Span) -> bool:
    """Whether no word is cut: "legal" does not stand in "illegal", nor "5" in "2.5"."""
    before = max(span.start - _LONGEST_WORD, 0)
    around = Words.of(text[before : span.end + _LONGEST_WORD])
    whole = around.within(Span(span.start - before, span.end - before))
    return whole is not None and not around.cuts(*whole)


class Verbatim:
    """Finds quotations in single speeches."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def typographic(self, quoted: Quoted, speech: str) -> Place | None:
        """The place where the quotation stands but for typography and the gaps it marks."""
        record = self._lexicon.words(speech)
        whole = next(self._runs(quoted, Span(0, len(quoted.words)), record), None)
        if whole is not None:
            return Place((record.span(*whole),), False)
        if any(map(weighs, quoted.edges)) or not quoted.segments:
            return None
        return self._in_order(quoted, record)

    def _in_order(self, quoted: Quoted, record: Words) -> Place | None:
        """The segments one after the other, as near together as they stand."""
        places = [
            list(islice(self._runs(quoted, segment, record), _PLACES))
            for segment in quoted.segments
        ]
        if not all(places):
            return None
        best: list[Span] | None = None
        for first in places[0]:
            runs = [first]
            for gap, candidates in zip(quoted.gaps, places[1:], strict=True):
                allowed = (
                    run
                    for run in candidates
                    if run.start >= runs[-1].end and fair(gap, record, runs[-1], run)
                )
                if (following := next(allowed, None)) is None:
                    break
                runs.append(following)
            else:
                if best is None or runs[-1].end - runs[0].start < best[-1].end - best[0].start:
                    best = runs
        if best is None:
            return None
        left_out = [record.span(a.end, b.start) for a, b in pairwise(best) if a.end < b.start]
        return Place(tuple(record.span(*run) for run in best), False, tuple(left_out))

    def _runs(self, quoted: Quoted, segment: Span, record: Words) -> Iterator[Span]:
        """Where a segment stands in the record but for typography, as numbers of its words."""
        words = quoted.words
        first, last = words.bounds[segment.start], words.bounds[segment.end]
        wanted = words.letters[first:last]
        start = record.letters.find(wanted)
        while start >= 0:
            begin, end = record.at_bound.get(start), record.at_bound.get(start + len(wanted))
            if begin is not None and end is not None and not record.cuts(begin, end):
                run = Span(begin, end)
                if self._same_words(quoted, segment, record, run):
                    yield run
            start = record.letters.find(wanted, start + 1)

    def _same_words(self, quoted: Quoted, segment: Span, record: Words, run: Span) -> bool:
        """Whether the same letters are the same words, but for spaces, hyphens and case."""
        i, j = segment.start, run.start
        while i < segment.end:
            one, other = _joined(quoted.words, record, i, j)
            if not self.same(record, Span(j, other), quoted.words, Span(i, one)):
                return False
            i, j = one, other
        return True

    def same(self, record: Words, left: Span, quoted: Words, right: Span) -> bool:
        """Whether a word, or a few that are badly spaced, differ by typography alone."""
        if record.joined(left) != quoted.joined(right):
            return False
        for words, span in ((record, left), (quoted, right)):
            if span.end - span.start > 1 and not self._respaced(words, *span):
                return False
        return quoted.is_capitals or self._lexicon.same_case(
            record.surface(left), quoted.surface(right)
        )

    def _respaced(self, words: Words, start: int, end: int) -> bool:
        """Whether these words, taken as one, differ from it by hyphens or a slip in spacing."""
        inner = range(start + 1, end)
        if any(words.keys[n - 1][-1].isdigit() and words.keys[n][0].isdigit() for n in inner):
            return False
        parts = list(words.keys[start:end])
        if all(words.hyphenated(n) or words.between(n) in ("[", "]") for n in inner):
            return self._lexicon.may_lose_hyphens(parts)
        if all(len(part) == 1 for part in parts):
            return all(words.between(number).strip() == "." for number in inner)  # "U.N."
        return all(words.between(n).isspace() for n in inner) and self._lexicon.may_be_joined(parts)


def _joined(words: Words, record: Words, i: int, j: int) -> tuple[int, int]:
    """The next numbers at which the words of both end together."""
    one, other = len(words.keys[i]), len(record.keys[j])
    i, j = i + 1, j + 1
    while one != other:
        if one < other:
            one, i = one + len(words.keys[i]), i + 1
        else:
            other, j = other + len(record.keys[j]), j + 1
    return i, j


def fair(gap: Gap, record: Words, before: Span, after: Span) -> bool:
    """Whether a gap may stand for the words of the record between two runs.

    A bracket stands for few words of one sentence, and so does an ellipsis beside a single
    word or mere "of the". No negation is left out of a sentence of which something is quoted,
    but for one in a clause ("which has not met") that punctuation sets off; nor is one put in.
    """
    start, end = before.end, after.start
    if start == end:
        return not any(map(weighs, gap.words))
    left_out = record.keys[start:end]
    ends = [n for n in range(start - 1, end) if record.ends_sentence(n)]
    slight = any(_is_slight(record.keys[run.start : run.end]) for run in (before, after))
    if (gap.kind == "bracket" or slight) and (ends or len(left_out) > _STANDS_FOR):
        return False
    if any(weighs(word) and word not in left_out for word in gap.words):
        return False
    if gap.kind == "bracket":
        return {word for word in left_out if weighs(word)} <= set(gap.words)
    cut = [(start, ends[0] + 1), (ends[-1] + 1, end)] if ends else [(start, end)]
    return all(
        _set_off(record, first, last) or not any(map(negates, record.keys[first:last]))
        for first, last in cut
    )


def _is_slight(keys: Sequence[str]) -> bool:
    return len(keys) < 2 or all(key in STOP_WORDS for key in keys)


def _set_off(record: Words, start: int, end: int) -> bool:
    """Whether words `start` to `end` are one clause, that stands beside the rest of a sentence."""
    marks = [set(",;:().?!") & set(record.between(n)) for n in range(max(start, 1), end + 1)
             if n < len(record)]  # fmt: skip
    return (
        start < end
        and record.keys[start] in _SUBORDINATE
        and bool(marks and marks[0] and marks[-1])
        and not any(marks[1:-1])
    )
