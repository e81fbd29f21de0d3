"""The part of a library on Milvus in which an answer will stand, in memory, as a library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from assistant.milvus.records import StoredPassage
from assistant.passage import Passage
from assistant.speech import Speech
from embeddings.dense import Rows
from embeddings.encoder import Encoder, FloatArray
from embeddings.hybrid import Match, Query, matches
from embeddings.milvus import Found, TextCollection, token


class ShelfIndex:
    """Rows that were fetched, scored as they are in the whole store."""

    searched = True

    def __init__(self, found: Sequence[Found], texts: TextCollection) -> None:
        """Take rows.

        Args:
            found: In order.
            texts: Where they are from; it knows how rare words are.
        """
        self._found = found
        self._texts = texts
        self._matrix: FloatArray = (
            np.stack([one.vector for one in found]) if found else np.empty((0, 0), np.float32)
        )
        self._coverage: tuple[str, FloatArray] | None = None

    def __len__(self) -> int:
        return len(self._found)

    def search(self, query: Query, k: int, rows: Rows | None = None) -> list[Match]:
        """The `k` best rows, of those that are among the `k` best by meaning or by words."""
        among = np.arange(len(self)) if rows is None else np.asarray(rows, np.int64)
        cosines, coverage = self.cosines(query.vector, among), self.coverage(query.words)[among]
        by_meaning = among[np.lexsort((among, -cosines))[:k]]
        most = min(k, int(np.count_nonzero(coverage)))
        by_words = among[np.lexsort((among, -coverage))[:most]]
        return self.score(query, np.union1d(by_meaning, by_words))[:k]

    def score(self, query: Query, rows: Rows) -> list[Match]:
        """Every one of `rows` with its score, best first."""
        return matches(rows, self.cosines(query.vector, rows), self.coverage(query.words)[rows])

    def cosines(self, vector: FloatArray, rows: Rows) -> FloatArray:
        """The cosine of each of `rows`, in their order."""
        if not len(rows):
            return np.empty(0, np.float32)
        chosen: FloatArray = self._matrix[rows] @ vector
        return chosen

    def vectors(self, rows: Rows) -> FloatArray:
        """(n, d) float32: the vectors of `rows`, in their order."""
        chosen: FloatArray = self._matrix[rows]
        return chosen

    def coverage(self, question: str) -> FloatArray:
        """The share of the question's words of every row, (n,) float32."""
        if self._coverage is None or self._coverage[0] != question:
            self._coverage = question, self._texts.coverage(question, self._found)
        return self._coverage[1]

    def knows(self, text: str) -> bool:
        """Whether a word of the text, stop words aside, stands in any row of the store."""
        return self._texts.knows(text)

    def stems(self, text: str) -> list[str]:
        return self._texts.stems(text)

    def rows_with(self, stem: str) -> Rows:
        """The rows that have a word of this stem, in order."""
        wanted = token(stem)
        return np.array(
            [row for row, one in enumerate(self._found) if wanted in one.words], np.int64
        )

    def words(self, row: int) -> Counter[str]:
        return self._found[row].words


class PinnedSpeeches(Mapping[str, Speech]):
    """The speeches of a shelf, each of one version, whatever becomes of it in the store."""

    def __init__(self, speeches: Mapping[str, Speech]) -> None:
        self._speeches = dict(speeches)
        self._numbers = {id_: number for number, id_ in enumerate(self._speeches)}

    def __len__(self) -> int:
        return len(self._speeches)

    def __iter__(self) -> Iterator[str]:
        return iter(self._speeches)

    def __getitem__(self, id_: str) -> Speech:
        return self._speeches[id_]

    def number(self, id_: str) -> int:
        return self._numbers[id_]

    def id_at(self, number: int) -> str:
        return list(self._speeches)[number]

    def in_order(self) -> Iterator[Speech]:
        return iter(self._speeches.values())


class PinnedPassages(list[Passage]):
    """The passages of a shelf, in order of speech and of place in it."""

    @cached_property
    def sentence_starts(self) -> Rows:
        """(n + 1,) the row of the first sentence of each passage, and the number of sentences."""
        return np.cumsum([0, *(len(passage.sentences) for passage in self)])


@dataclass(frozen=True)
class Shelf:
    """Passages with their sentences. What searches a library searches it alike.

    Attributes:
        speeches: Of these passages.
        passages: In order of speech and of place in it.
        passage_index, sentence_index: A row for each of them; for each of their sentences.
        encoder: Made the vectors.
    """

    speeches: PinnedSpeeches
    passages: PinnedPassages
    passage_index: ShelfIndex
    sentence_index: ShelfIndex
    encoder: Encoder

    @classmethod
    def of(
        cls,
        passages: Sequence[tuple[StoredPassage, Found]],
        sentences: Sequence[Found],
        speeches: Mapping[str, Speech],
        collections: tuple[TextCollection, TextCollection],
        encoder: Encoder,
    ) -> Shelf:
        """Put what was fetched in order.

        Args:
            passages: With their rows; those whose sentences are not all there are left out.
            sentences: Their rows, in any order.
            speeches: By id, in order.
            collections: Of passages, of sentences.
            encoder: Made the vectors.
        """
        by_passage: dict[int, list[Found]] = {}
        for sentence in sentences:
            by_passage.setdefault(int(sentence.values["passage"]), []).append(sentence)
        order = {id_: number for number, id_ in enumerate(speeches)}
        whole = [
            (passage, found, sorted(own, key=lambda one: int(one.values["place"])))
            for passage, found in passages
            if len(own := by_passage.get(found.id, ())) == len(passage.sentences)
        ]
        whole.sort(key=lambda one: (order[one[0].speech], one[0].paragraph, one[0].number))
        return cls(
            PinnedSpeeches(speeches),
            PinnedPassages(passage for passage, _, _ in whole),
            ShelfIndex([found for _, found, _ in whole], collections[0]),
            ShelfIndex([one for _, _, own in whole for one in own], collections[1]),
            encoder,
        )

    @cached_property
    def passage_of_sentence(self) -> Rows:
        """Row of the passage that each row of `sentence_index` is from."""
        return np.repeat(np.arange(len(self.passages)), np.diff(self.passages.sentence_starts))

    def passages_of(self, sentence_rows: Rows) -> Rows:
        return self.passage_of_sentence[sentence_rows]

    def sentence_rows(self, passage_row: int) -> range:
        """Rows of `sentence_index` that belong to a passage."""
        first, last = self.passages.sentence_starts[passage_row : passage_row + 2]
        return range(int(first), int(last))

    def sentences_of(self, passage_rows: Rows) -> Rows:
        """Rows of `sentence_index` that belong to any of these passages."""
        return np.flatnonzero(np.isin(self.passage_of_sentence, passage_rows))

    def speech_of(self, passage: Passage) -> Speech:
        return self.speeches[passage.speech]
