"""Reading the passages that were found: which sentences answer, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from assistant.library import Library
from assistant.passage import Passage
from assistant.retriever import Hit
from assistant.text import Span
from embeddings.hybrid import Match, Query


@dataclass(frozen=True)
class Reading:
    """A sentence, or adjoining sentences of one passage, that may answer a question.

    Attributes:
        passage: Where they stand.
        span: All of them, in `Speech.text`.
        score: Higher is better, comparable across questions.
        short: The words inside the span that answer, where the reader can tell.
        parts: What the score is made of, by name, for those who want to know.
    """

    passage: Passage
    span: Span
    score: float
    short: Span | None = None
    parts: tuple[tuple[str, float], ...] = ()


class Reader(Protocol):
    """Picks the sentences that answer out of passages."""

    def read(self, query: Query, hits: Sequence[Hit]) -> list[Reading]:
        """Readings of the hits, best first, none overlapping another."""


PASSAGE_WEIGHT = 0.3
"""Of a passage's score in the score of its sentences."""
NEARLY = 0.1
"""A sentence this little below its better neighbour is quoted with it."""
MOST_WORDS = 60
"""A quote of neighbours is not made longer than this."""
_BEST = 40
"""Sentences that are looked at for joining; more than ever are shown."""


class SentenceReader:
    """Scores each sentence by its own index entry and by the passage around it.

    The constants above were chosen on the training questions: `docs/quality.md`.
    """

    def __init__(self, library: Library) -> None:
        self._library = library

    def read(self, query: Query, hits: Sequence[Hit]) -> list[Reading]:
        places = {
            row: (hit, number)
            for hit in hits
            for number, row in enumerate(self._library.sentence_rows(hit.match.row))
        }
        rows = np.fromiter(places, dtype=np.int64, count=len(places))
        found = [
            _Sentence(*places[match.row], match)
            for match in self._library.sentence_index.score(query, rows)
        ]
        found.sort(key=lambda sentence: (-sentence.score, sentence.match.row))
        runs: list[_Run] = []
        for sentence in found[:_BEST]:
            if not any(run.take(sentence, self._library) for run in runs):
                runs.append(_Run(sentence))
        return [run.reading() for run in runs]


@dataclass(frozen=True)
class _Sentence:
    hit: Hit
    number: int
    match: Match

    @property
    def score(self) -> float:
        return self.match.score + PASSAGE_WEIGHT * self.hit.match.score


class _Run:
    """Adjoining sentences of one passage, the best of them first taken."""

    def __init__(self, best: _Sentence) -> None:
        self._best = best
        self._first = self._last = best.number

    def take(self, sentence: _Sentence, library: Library) -> bool:
        """Add a sentence that is next to these and nearly as good; say whether it was."""
        if sentence.hit is not self._best.hit:
            return False
        first, last = min(self._first, sentence.number), max(self._last, sentence.number)
        beside = last - first == self._last - self._first + 1
        if not beside or sentence.score < self._best.score - NEARLY:
            return False
        text = library.speech_of(self._best.hit.passage).text
        if len(self._span(first, last).of(text).split()) > MOST_WORDS:
            return False
        self._first, self._last = first, last
        return True

    def _span(self, first: int, last: int) -> Span:
        sentences = self._best.hit.passage.sentences
        return Span(sentences[first].start, sentences[last].end)

    def reading(self) -> Reading:
        match, passage = self._best.match, self._best.hit.match
        return Reading(
            self._best.hit.passage,
            self._span(self._first, self._last),
            self._best.score,
            parts=(
                ("meaning of the sentence", match.cosine),
                ("words of the sentence", match.coverage),
                ("meaning of the passage", passage.cosine),
                ("words of the passage", passage.coverage),
            ),
        )
