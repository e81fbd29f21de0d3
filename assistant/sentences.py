"""The sentences of a large library: scored inside the passages that were found.

Three times as many vectors as there are passages would fill memory, and their words a second
index. So above `MOST_SEARCHED` sentences only passages are searched; the vectors of sentences
stay on disk, 16 bits a component, and their words are weighed as those of passages are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

from embeddings.dense import Rows, cosines_of, vectors_of, write_exact
from embeddings.encoder import FloatArray
from embeddings.errors import DamagedIndexError
from embeddings.hybrid import Match, Query, matches
from embeddings.lexical import LexicalIndex, Tokeniser
from embeddings.mapped import MappedArray, MappedFile, OpenFile

MOST_SEARCHED = 100_000
"""Sentences up to which they have an index of their own."""

_VECTORS, _WORDS = "vectors.npy", "words.json"
_COUNTED = 20_000

TextsOf = Callable[[Rows], list[str]]
"""The text of each of some sentences with who speaks and when, as passages are indexed."""


class StoredSentences:
    """A row for each sentence of each passage. Nothing is searched; found rows are scored."""

    searched = False

    def __init__(
        self, vectors: MappedArray, usual: float, words: LexicalIndex, texts_of: TextsOf
    ) -> None:
        self._vectors = vectors
        self._usual = usual
        self._words = words
        self._texts_of = texts_of

    @staticmethod
    def write(
        folder: Path, vectors: Iterable[FloatArray], texts: Iterable[str], shape: tuple[int, int]
    ) -> None:
        """Write vectors that come piece by piece, and how long a sentence is on average."""
        folder.mkdir(exist_ok=True)
        write_exact(folder / _VECTORS, vectors, shape)
        tokenise = Tokeniser()
        counts = [len(tokenise(text)) for text in islice(texts, _COUNTED)]
        usual = sum(counts) / max(len(counts), 1)
        (folder / _WORDS).write_text(json.dumps({"usual": max(usual, 1.0)}) + "\n", "utf-8")

    @classmethod
    def load(
        cls,
        folder: Path,
        words: LexicalIndex,
        texts_of: TextsOf,
        open_file: OpenFile = MappedFile,
    ) -> StoredSentences:
        """Open what `write` wrote.

        Args:
            folder: Of the sentences.
            words: Index of the passages.
            texts_of: Reads sentences.
            open_file: Maps a file.

        Raises:
            DamagedIndexError: A file is missing or unreadable.
        """
        try:
            usual = float(json.loads((folder / _WORDS).read_text("utf-8"))["usual"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedIndexError(f"{folder}: not readable; build the library again") from error
        return cls(MappedArray(open_file(folder / _VECTORS)), usual, words, texts_of)

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Whether these are the sentences that a folder holds, and not an index of them."""
        return (folder / _WORDS).exists()

    def __len__(self) -> int:
        return len(self._vectors)

    def search(self, query: Query, k: int, rows: Rows | None = None) -> list[Match]:  # noqa: ARG002
        """None: sentences are found with their passages."""
        return []

    def score(self, query: Query, rows: Rows) -> list[Match]:
        """Every one of `rows` with its score, best first."""
        coverage = self._words.coverage_of(query.words, self._texts_of(rows), self._usual)
        return matches(rows, self.cosines(query.vector, rows), coverage)

    def cosines(self, vector: FloatArray, rows: Rows) -> FloatArray:
        """The cosine of each of `rows`, in their order."""
        return cosines_of(self._vectors, vector, rows)

    def vectors(self, rows: Rows) -> FloatArray:
        """(n, d) float32: the vectors of `rows`, in their order."""
        return vectors_of(self._vectors, rows)
