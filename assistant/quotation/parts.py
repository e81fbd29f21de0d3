"""Which parts of a quotation stand somewhere, when the whole of it stands nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from assistant.quotation.alignment import longest_run
from assistant.quotation.words import Words, is_content
from assistant.text import Span

_SHORTEST, _LEAST_CONTENT = 5, 2
_SHARE, _LONG = 0.25, 10
_MOST, _LESS_LONG = 0.6, 6
_SUBJECTS = 3


class Found(NamedTuple):
    """Words of a quotation and of a speech that are the same, as numbers, half open."""

    quoted: Span
    speech: str
    record: Span


def parts(
    words: Words, speeches: Mapping[str, Words], within: Span | None = None
) -> Iterator[Found]:
    """The longest run of words that any of the speeches has, and those on both sides of it."""
    within = within or Span(0, len(words))
    best: Found | None = None
    for id_, record in speeches.items():
        found = longest_run(words, within, record)
        if found and (best is None or _length(found[0]) > _length(best.quoted)):
            best = Found(found[0], id_, found[1])
    if best is None or not _tells(words, best.quoted):
        return
    yield best
    for side in (Span(within.start, best.quoted.start), Span(best.quoted.end, within.end)):
        if _length(side) >= _SHORTEST:
            yield from parts(words, speeches, side)


def enough(words: Words, found: Sequence[Found]) -> bool:
    """Whether the parts are a substantial share of the quotation."""
    share = sum(_length(part.quoted) for part in found) / len(words)
    telling = [part.quoted for part in found if _subjects(words, part.quoted) >= _SUBJECTS]
    longest = max(map(_length, telling), default=0)
    # Phrases of up to nine words ("the full and effective participation of women") are common.
    return (share >= _SHARE and longest >= _LONG) or (share >= _MOST and longest >= _LESS_LONG)


def _subjects(words: Words, span: Span) -> int:
    """Words that carry a topic and are no names, of which common phrases are made."""
    return sum(
        is_content(words.keys[number]) and words.word(number).islower() for number in range(*span)
    )


def _tells(words: Words, span: Span) -> bool:
    content = sum(is_content(words.keys[number]) for number in range(*span))
    return _length(span) >= _SHORTEST and content >= _LEAST_CONTENT


def _length(span: Span) -> int:
    return span.end - span.start
