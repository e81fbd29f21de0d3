"""Questions with known answers to groups of passages that a model learns to tell apart."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from assistant.cross_encoder import ReaderInput
from assistant.text import Span

Record = dict[str, Any]
"""A question as a file of training questions has it."""


_LEAST_WORDS = 12
"""What is left of a passage without the sentences that answer is read if it has so many."""


@dataclass(frozen=True)
class Row(ReaderInput):
    """A passage to be read against a question, with what is known of it.

    Attributes:
        evidence: Numbers of the sentences that answer, from 0; none if the passage does not.
        short: Offsets of the words that answer, where they are known.
    """

    evidence: tuple[int, ...] = ()
    short: Span | None = None

    def sentence(self, number: int) -> str:
        return self.sentences[number].of(self.text)

    def without_evidence(self) -> Row | None:
        """What is left when the sentences that answer are taken out; None if hardly anything."""
        kept = [place for place in range(len(self.sentences)) if place not in self.evidence]
        words = [self.sentence(place) for place in kept]
        if sum(len(one.split()) for one in words) < _LEAST_WORDS:
            return None
        ends = list(accumulate(len(one) + 1 for one in words))
        starts = [end - len(one) - 1 for end, one in zip(ends, words, strict=True)]
        spans = (Span(start, end - 1) for start, end in zip(starts, ends, strict=True))
        return Row(self.context, " ".join(words), tuple(spans))

    def around(self, number: int, words: int, chance: random.Random) -> str:
        """A run of sentences with this one in it, of at most so many words if it allows."""
        run = grown(self.text, self.sentences, number, words, chance)
        return self.text[run[0].start : run[-1].end]


def grown(
    text: str, sentences: Sequence[Span], number: int, words: int, chance: random.Random
) -> Sequence[Span]:
    """Sentence `number` with neighbours, by chance before or after, as far as `words` allow."""
    first = last = number
    sides = [-1, 1]
    while sides:
        side = chance.choice(sides)
        a, b = (first - 1, last) if side < 0 else (first, last + 1)
        inside = a >= 0 and b < len(sentences)
        if inside and len(text[sentences[a].start : sentences[b].end].split()) <= words:
            first, last = a, b
        else:
            sides.remove(side)
    return sentences[first : last + 1]


@dataclass(frozen=True)
class Group:
    """A question with passages that answer it and passages that look as if they did.

    Attributes:
        positives: Passages with evidence; none when the question has no answer.
        near: Passages of the same speech, checked by whoever wrote the question not to answer.
        far: Passages of other speeches, found by search and not checked.
        source: The set it is from; empty for questions on speeches.
        label: Of a claim, which stands where others have a question: what the evidence says.
    """

    question: str
    positives: tuple[Row, ...]
    near: tuple[Row, ...] = ()
    far: tuple[Row, ...] = ()
    source: str = ""
    label: str = ""

    def drawn(self, negatives: int, chance: random.Random) -> list[tuple[Row, bool]]:
        """One positive and so many negatives, half of them near where there are both.

        Half the time a near one gives way to what is left of the positive without its evidence:
        on the very subject, and without the answer.

        A question without an answer comes with as many passages of the same speech: the one
        most like an answer, always, and others.

        Each row comes with whether its sentences are known not to answer but for the evidence.
        """
        if not self.positives:
            first, others = self.near[:1], self.near[1:]
            return [(row, True) for row in (*first, *draw_rows(others, negatives - 1, chance))]
        take_near = min(len(self.near), max(negatives - negatives // 2, negatives - len(self.far)))
        near = draw_rows(self.near, take_near, chance)
        far = draw_rows(self.far, negatives - take_near, chance)
        positive = chance.choice(self.positives)
        if near and chance.random() < 0.5 and (rest := positive.without_evidence()):
            near[-1] = rest
        return [(positive, True), *((row, True) for row in near), *((row, False) for row in far)]


def draw_rows(rows: Sequence[Row], count: int, chance: random.Random) -> list[Row]:
    """So many of the rows, the first twice as likely as the last: they teach more."""
    left = list(rows)
    drawn: list[Row] = []
    while left and len(drawn) < count:
        weights = [2 - place / len(left) for place in range(len(left))]
        drawn.append(left.pop(chance.choices(range(len(left)), weights)[0]))
    return drawn


def read_records(path: Path) -> Iterator[Record]:
    """JSON Lines, gzipped if the name ends in `.gz`."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def write_groups(groups: Iterable[Group], path: Path) -> int:
    """Write groups, one JSON object a line; say how many."""
    count = 0
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        for count, group in enumerate(groups, start=1):  # noqa: B007
            file.write(json.dumps(asdict(group), ensure_ascii=False) + "\n")
    partial.replace(path)
    return count


def read_groups(path: Path) -> list[Group]:
    return [
        Group(
            record["question"],
            positives=tuple(map(_row, record["positives"])),
            near=tuple(map(_row, record["near"])),
            far=tuple(map(_row, record["far"])),
            source=record["source"],
            label=record["label"],
        )
        for record in read_records(path)
    ]


def _row(record: Record) -> Row:
    return Row(
        record["context"],
        record["text"],
        tuple(Span(*span) for span in record["sentences"]),
        tuple(record["evidence"]),
        Span(*record["short"]) if record["short"] else None,
    )
