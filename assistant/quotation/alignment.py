"""A quotation beside the words of a record that are most like it, word by word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from rapidfuzz.distance import Levenshtein

from assistant.quotation.words import MODALS, Words, counts, is_content, negates, opposed, weighs
from assistant.text import Span

_RUNS = 120
_FARTHEST = 10
"""Words of the record that a quotation may lack in one place and still be one passage."""

ChangeKind = Literal["negation", "number", "modal", "name"]


@dataclass(frozen=True)
class Block:
    """Words of the record and what the quotation has for them, as numbers, half open.

    Attributes:
        record: Empty where the quotation puts words in.
        quoted: Empty where it leaves words out.
        same: Whether they are the same but for typography.
    """

    record: Span
    quoted: Span
    same: bool


@dataclass(frozen=True)
class Alignment:
    """A quotation beside a passage of a record, in blocks from beginning to end."""

    record: Words
    quoted: Words
    blocks: tuple[Block, ...]

    @property
    def misprints(self) -> list[Block]:
        """Words of the record that are taken for misprints of those of the quotation."""
        return [
            block
            for block in self.blocks
            if block.same
            and _length(block.record) == _length(block.quoted) == 1
            and self.record.keys[block.record.start] != self.quoted.keys[block.quoted.start]
        ]

    @property
    def is_slight(self) -> bool:
        """Whether no word that changed carries a topic, but for one turned into its opposite."""
        return all(
            weighs(key) or not is_content(key) or any(opposed(key, other) for other in record)
            for block in self.blocks
            if not block.same
            for record in [self.record.keys[slice(*block.record)]]
            for key in self.quoted.keys[slice(*block.quoted)]
        )

    @property
    def cost(self) -> int:
        """Words to put in or take out to make one of the other."""
        changed = [block for block in self.blocks if not block.same]
        return sum(_length(block.quoted) + _length(block.record) for block in changed)

    @property
    def window(self) -> Span:
        """Numbers of the words of the record that it covers."""
        return Span(self.blocks[0].record.start, self.blocks[-1].record.end)


@dataclass(frozen=True)
class Change:
    """A difference that changes what is said.

    Attributes:
        kind: What it touches.
        record: The words of the record; empty if the quotation puts words in.
        quoted: The words of the quotation; empty if it leaves words out.
    """

    kind: ChangeKind
    record: str
    quoted: str


@dataclass(frozen=True)
class _Run:
    """Words that stand alike in both, from `quoted` and from `record` on."""

    quoted: int
    record: int
    length: int


Same = Callable[[Words, Span, Words, Span], bool]
"""Whether words of a record and of a quotation are the same but for typography."""


def align(quoted: Words, record: Words, same: Same) -> Alignment | None:
    """Lay a quotation beside the one passage of a record most like it; None if there is none."""
    chain = _chain(list(_runs(quoted, record)))
    if not chain:
        return None
    first, last = chain[0], chain[-1]
    # As many words around the runs as the quotation has there, within their sentence.
    start, end = first.record, last.record + last.length
    for _ in range(first.quoted):
        if start and not record.ends_sentence(start - 1):
            start -= 1
    for _ in range(last.quoted + last.length, len(quoted)):
        if end < len(record) and not record.ends_sentence(end - 1):
            end += 1
    blocks = list(_blocks(record, Span(start, end), quoted, same))
    while blocks and not _length(blocks[0].quoted):
        del blocks[0]
    while blocks and not _length(blocks[-1].quoted):
        del blocks[-1]
    if not any(block.same for block in blocks):
        return None
    found = Alignment(record, quoted, tuple(blocks))
    return _with_cut_words(found)


def _blocks(record: Words, window: Span, quoted: Words, same: Same) -> Iterator[Block]:
    operations = Levenshtein.opcodes(record.keys[slice(*window)], quoted.keys)
    blocks: list[Block] = []
    for op in operations:
        left = Span(window.start + op.src_start, window.start + op.src_end)
        right = Span(op.dest_start, op.dest_end)
        if op.tag != "equal":
            blocks.append(Block(left, right, False))
            continue
        for i, j in zip(range(*left), range(*right), strict=True):
            one, other = Span(i, i + 1), Span(j, j + 1)
            blocks.append(Block(one, other, same(record, one, quoted, other)))
    for block in _together(blocks):
        yield from [block] if block.same else _parted(block, record, quoted, same)


def _with_cut_words(found: Alignment) -> Alignment:
    """With the other half of a word that the quotation cuts, as words that it leaves out."""
    record, (start, end), blocks = found.record, found.window, found.blocks
    after = len(found.quoted)
    if start > 0 and record.cuts(start, len(record)):
        blocks = (Block(Span(start - 1, start), Span(0, 0), False), *blocks)
    if end < len(record) and record.cuts(0, end):
        blocks = (*blocks, Block(Span(end, end + 1), Span(after, after), False))
    return Alignment(record, found.quoted, blocks)


def _together(blocks: list[Block]) -> Iterator[Block]:
    """Neighbouring blocks of a kind as one."""
    for same, group in groupby(blocks, key=lambda block: block.same):
        together = list(group)
        first, last = together[0], together[-1]
        yield Block(
            Span(first.record.start, last.record.end),
            Span(first.quoted.start, last.quoted.end),
            same,
        )


def _parted(block: Block, record: Words, quoted: Words, same: Same) -> Iterator[Block]:
    """A changed block with the words at its ends split off that differ by typography alone."""
    after: list[Block] = []
    left, right = block.record, block.quoted
    while found := _edge(record, left, quoted, right, same, at_end=False):
        yield found
        left, right = Span(found.record.end, left.end), Span(found.quoted.end, right.end)
    while found := _edge(record, left, quoted, right, same, at_end=True):
        after.insert(0, found)
        left, right = Span(left.start, found.record.start), Span(right.start, found.quoted.start)
    if _length(left) or _length(right):
        yield Block(left, right, False)
    yield from after


def _edge(
    record: Words, left: Span, quoted: Words, right: Span, same: Same, at_end: bool
) -> Block | None:
    """The few words at one end of both spans that are the same but for typography."""
    for m, n in ((1, 1), (1, 2), (2, 1), (1, 3), (3, 1)):
        if m > _length(left) or n > _length(right):
            continue
        one = Span(left.end - m, left.end) if at_end else Span(left.start, left.start + m)
        other = Span(right.end - n, right.end) if at_end else Span(right.start, right.start + n)
        if same(record, one, quoted, other):
            return Block(one, other, True)
    return None


def _runs(quoted: Words, record: Words) -> Iterator[_Run]:
    """The longest runs of at least two words that both have, longest first, a fair number."""
    found: dict[tuple[int, int], int] = {}
    for j in range(len(record) - 2, -1, -1):
        for i in quoted.pairs.get(record.keys[j : j + 2], ()):
            found[i, j] = found.get((i + 1, j + 1), 1) + 1
    runs = [_Run(i, j, n) for (i, j), n in found.items() if (i - 1, j - 1) not in found]
    yield from sorted(runs, key=lambda run: (-run.length, run.quoted, run.record))[:_RUNS]


def _chain(runs: list[_Run]) -> list[_Run]:
    """The runs in order that together hold most words of one passage."""
    runs = sorted(runs, key=lambda run: (run.quoted, run.record))
    scores: list[float] = []
    before: list[int | None] = []
    for number, run in enumerate(runs):
        best, link = float(run.length), None
        for earlier in range(number):
            other = runs[earlier]
            shared = max(
                other.quoted + other.length - run.quoted,
                other.record + other.length - run.record,
                0,
            )
            shift = (run.record - other.record) - (run.quoted - other.quoted)
            # Runs in one passage: neither far apart in the record nor in the quotation.
            if other.record >= run.record or shared >= run.length or abs(shift) > _FARTHEST:
                continue
            score = scores[earlier] + run.length - shared - 0.2 * abs(shift)
            if score > best:
                best, link = score, earlier
        scores.append(best)
        before.append(link)
    if not runs:
        return []
    last: int | None = max(range(len(runs)), key=lambda number: scores[number])
    chain: list[_Run] = []
    while last is not None:
        chain.insert(0, runs[last])
        last = before[last]
    return chain


def changes(alignment: Alignment) -> Iterator[Change]:
    """The differences that change what is said: negations, numbers, modals and names."""
    for block in alignment.blocks:
        if block.same:
            continue
        left = alignment.record.keys[slice(*block.record)]
        right = alignment.quoted.keys[slice(*block.quoted)]
        record = " ".join(map(alignment.record.word, range(*block.record)))
        quoted = " ".join(map(alignment.quoted.word, range(*block.quoted)))
        for kind, touched in _KINDS:
            if Counter(filter(touched, left)) != Counter(filter(touched, right)):
                yield Change(kind, record, quoted)
        if any(opposed(one, other) for one in left for other in right):
            yield Change("negation", record, quoted)
        if _names(alignment.record, block.record) != _names(alignment.quoted, block.quoted):
            yield Change("name", record, quoted)


_KINDS: tuple[tuple[ChangeKind, Callable[[str], bool]], ...] = (
    ("negation", lambda key: negates(key) or key == "non"),
    ("number", lambda key: counts(key) or not key[0].isalnum()),  # "$", "%"
    ("modal", MODALS.__contains__),
)


def longest_run(quoted: Words, within: Span, record: Words) -> tuple[Span, Span] | None:
    """The longest run of words in a stretch of a quotation that a record has, and where."""
    part = Words(quoted.text, quoted.spans[slice(*within)], quoted.keys[slice(*within)])
    run = next(_runs(part, record), None)
    if run is None:
        return None
    start = within.start + run.quoted
    return Span(start, start + run.length), Span(run.record, run.record + run.length)


def _names(words: Words, span: Span) -> list[str]:
    """Words with a capital that do not begin a sentence."""
    return [
        words.keys[number]
        for number in range(*span)
        if words.word(number)[0].isupper()
        and number > 0
        and not words.ends_sentence(number - 1)
        and len(words.keys[number]) > 1
    ]


def _length(span: Span) -> int:
    return span.end - span.start


def longest_new(alignment: Alignment) -> int:
    """The words of the longest stretch of the quotation that the passage has nothing of.

    A slight word or two ("of the") that both have by chance do not end a stretch.
    """
    best = start = 0
    for block in alignment.blocks:
        keys = alignment.quoted.keys[slice(*block.quoted)]
        if not block.same:
            best = max(best, block.quoted.end - start)
        elif len(keys) > 2 or any(map(is_content, keys)):
            start = block.quoted.end
    return best
