"""Dense and lexical search over the same rows, as one score."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings.dense import DenseIndex, Kind, Rows
from embeddings.encoder import FloatArray, available_cores
from embeddings.errors import DamagedIndexError
from embeddings.lexical import LexicalIndex
from embeddings.mapped import MappedFile, OpenFile

LEXICAL_WEIGHT = 0.5
"""Of the lexical share against the cosine. `docs/quality.md` has the measurements: any value
from 0.3 to 0.7 does about equally well, and all do better than reciprocal rank fusion."""

_DENSE, _LEXICAL = "dense", "lexical"

_MANY = 100_000
"""Rows from which on the two searches run beside each other; for fewer, one after the other takes
less time than handing over."""
_BESIDE = ThreadPoolExecutor(available_cores(), "dense")


@dataclass(frozen=True)
class Query:
    """A question in the two forms that the two searches take."""

    words: str
    vector: FloatArray


@dataclass(frozen=True)
class Match:
    """A row that was found.

    Attributes:
        row: Its number in the index.
        score: `cosine + LEXICAL_WEIGHT * coverage`; higher is better.
        cosine: Of question and row.
        coverage: Share of the question's word weight that the row covers, 0 to 1.
    """

    row: int
    score: float
    cosine: float
    coverage: float


class HybridIndex:
    """One text per row, found by meaning (FAISS) and by words (BM25)."""

    searched = True

    def __init__(self, dense: DenseIndex, lexical: LexicalIndex) -> None:
        self.dense = dense
        self.lexical = lexical

    @classmethod
    def build(cls, vectors: FloatArray, texts: list[str], kind: Kind = "flat") -> HybridIndex:
        """Index row `i` with `vectors[i]` (n, d) and the words of `texts[i]`."""
        return cls(DenseIndex.build(vectors, kind), LexicalIndex.build(texts))

    def __len__(self) -> int:
        return len(self.dense)

    def search(self, query: Query, k: int, rows: Rows | None = None) -> list[Match]:
        """The `k` best rows, best first; among `rows` only, if given.

        Both searches name their `k` best, and every row that either names gets both parts of
        its score, so a row one search missed is not taken for one that scores nothing there.
        """
        if len(self) < _MANY:
            by_meaning, _ = self.dense.search(query.vector, k, rows)
            by_words, _ = self.lexical.search(query.words, k, rows)
        else:
            searching = _BESIDE.submit(self.dense.search, query.vector, k, rows)
            by_words, _ = self.lexical.search(query.words, k, rows)
            by_meaning, _ = searching.result()
        return self.score(query, np.union1d(by_meaning, by_words))[:k]

    def score(self, query: Query, rows: Rows) -> list[Match]:
        """Every one of `rows` with its score, best first."""
        cosines = self.dense.cosines(query.vector, rows)
        return matches(rows, cosines, self.lexical.coverage(query.words, rows))

    def cosines(self, vector: FloatArray, rows: Rows) -> FloatArray:
        """The cosine of each of `rows`, in their order."""
        return self.dense.cosines(vector, rows)

    def vectors(self, rows: Rows) -> FloatArray:
        """(n, d) float32: the vectors of `rows`, in their order."""
        return self.dense.rows(rows)

    def knows(self, text: str) -> bool:
        """Whether a word of the text, stop words aside, stands in any row."""
        return self.lexical.knows(text)

    def stems(self, text: str) -> list[str]:
        """The words of a text as they are indexed, without stop words."""
        return self.lexical.stems(text)

    def rows_with(self, stem: str) -> Rows:
        """The rows that have a word of this stem, in order."""
        return self.lexical.rows_with(stem)

    @staticmethod
    def write(
        folder: Path,
        vectors: Iterable[FloatArray],
        texts: Iterable[str],
        shape: tuple[int, int],
        kind: Kind,
    ) -> None:
        """Write the index of vectors that come piece by piece, `shape` in all, and of texts.

        `folder` is made if need be. Texts are read once, one at a time.
        """
        for name in (_DENSE, _LEXICAL):
            (folder / name).mkdir(parents=True, exist_ok=True)
        DenseIndex.write(folder / _DENSE, vectors, shape, kind)
        LexicalIndex.write(folder / _LEXICAL, texts)

    @classmethod
    def load(cls, folder: Path, open_file: OpenFile = MappedFile) -> HybridIndex:
        """Raises DamagedIndexError when files are missing, unreadable or of different sizes."""
        dense = DenseIndex.load(folder / _DENSE, open_file)
        lexical = LexicalIndex.load(folder / _LEXICAL, open_file)
        if len(dense) != len(lexical):
            raise DamagedIndexError(
                f"{folder}: {len(dense)} vectors but {len(lexical)} texts; build the library again"
            )
        return cls(dense, lexical)


def matches(rows: Rows, cosines: FloatArray, coverage: FloatArray) -> list[Match]:
    """Rows with their scores, (n,) each, best first."""
    scores = cosines + LEXICAL_WEIGHT * coverage
    order = np.lexsort((rows, -scores))
    return [
        Match(int(rows[i]), float(scores[i]), float(cosines[i]), float(coverage[i])) for i in order
    ]
