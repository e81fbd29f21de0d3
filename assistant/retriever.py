"""A question to the passages that may answer it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from assistant.filters import Filters
from assistant.library import Library
from assistant.passage import Passage
from assistant.speech import Speech
from embeddings.dense import Rows
from embeddings.hybrid import Match, Query

_BREADTH = 3
PASSAGES_READ = 24
"""Passages that the reader is given: what two cores read in a quarter of a second."""


@dataclass(frozen=True)
class Hit:
    """A passage that may answer, and what the search says of it and of its sentences.

    Attributes:
        passage: What was found.
        match: Of the passage.
        sentences: Of each of its sentences, in order.
    """

    passage: Passage
    match: Match
    sentences: tuple[Match, ...]

    @property
    def score(self) -> float:
        """The passage's score, which knows the subject, and its best sentence's: the point."""
        return self.match.score + max(sentence.score for sentence in self.sentences)


@dataclass(frozen=True)
class Retrieval:
    """What was searched for, in what, and the passages found, best first.

    Attributes:
        question: As asked, without names that say nothing here (`without_shared_names`).
        speeches, passages: How many were searched.
    """

    question: str
    speeches: int
    passages: int
    hits: list[Hit]


class Retriever:
    """Finds passages by meaning and by words, among the speeches that the filters leave."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def retrieve(self, question: str, filters: Filters, k: int) -> Retrieval:
        library = self._library
        scope = library.scope(filters)
        # The words keep every name, for the names of speakers are indexed as words.
        topic = without_shared_names(question, scope.who)
        query = Query(question, library.encoder.encode_questions([topic])[0])
        shelf = library.shelf(query, scope, k)
        hits = Retriever(shelf).hits(query, scope.rows, k)
        return Retrieval(topic, scope.speeches, scope.passages, hits)

    def hits(self, query: Query, rows: Rows | None, k: int) -> list[Hit]:
        """The `k` best passages of those that the passage or the sentence index finds.

        Where sentences are not searched, of more passages that the passage index finds.
        """
        library = self._library
        breadth = k if library.sentence_index.searched else _BREADTH * k
        by_passage = [match.row for match in library.passage_index.search(query, breadth, rows)]
        around = self._by_sentence(query, rows, k)
        found = np.union1d(np.array(by_passage, np.int64), around)
        sentences = library.sentence_index.score(query, library.sentences_of(found))
        by_row = {match.row: match for match in sentences}
        hits = [
            Hit(
                library.passages[match.row],
                match,
                tuple(by_row[row] for row in library.sentence_rows(match.row)),
            )
            for match in library.passage_index.score(query, found)
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.match.row))[:k]

    def _by_sentence(self, query: Query, rows: Rows | None, k: int) -> Rows:
        """The passages of the `k` best sentences."""
        library = self._library
        if not library.sentence_index.searched:
            return np.empty(0, np.int64)
        among = None if rows is None else library.sentences_of(rows)
        best = library.sentence_index.search(query, k, among)
        return library.passages_of(np.array([match.row for match in best], np.int64))


_TITLES = r"(?:(?:Mr|Mrs|Ms|Dr)\.?\s+)?"
_LITTLE = 3


def without_shared_names(question: str, speeches: Collection[Speech]) -> str:
    """The question without the delegation and the speaker that all these speeches share.

    "What is Kazakhstan's view on drones?" asked of speeches that all are Kazakhstan's asks
    for a view on drones. Left in, the name draws every sentence that has it nearer than the
    ones that answer: without it the first quote is right for 17 instead of 13 of 30 hard
    questions on the seeds, and one of the first five for 25 instead of 20.
    """
    topic = question
    for name in (_shared(s.country for s in speeches), _shared(s.speaker for s in speeches)):
        if name:
            words = [re.escape(word) for word in _bare(name).split()]
            pattern = rf"(?<![\w-]){_TITLES}" + r"\s+".join(words) + r"(?:['’]s?)?(?![\w-])"
            topic = re.sub(pattern, " ", topic, flags=re.IGNORECASE)
    topic = " ".join(topic.split())
    return topic if len(re.findall(r"\w+", topic)) >= _LITTLE else question


def _shared(names: Iterator[str | None]) -> str | None:
    """The name that all of these are, if they are of one."""
    first = next(names, None)
    return first if all(name == first for name in names) else None


def _bare(name: str) -> str:
    return re.sub(rf"^{_TITLES}", "", name)
