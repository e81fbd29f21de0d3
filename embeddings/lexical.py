"""BM25 over stemmed words (bm25s), as a share of the question."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import bm25s
import numpy as np
import numpy.typing as npt
import Stemmer

from embeddings.dense import Rows
from embeddings.encoder import FloatArray
from embeddings.errors import DamagedIndexError

# It reports every index it builds, and sets up logging to do so.
logging.getLogger("bm25s").setLevel(logging.WARNING)

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_LANGUAGE = "english"

# Words that carry no topic, those a question is made of among them.
STOP_WORDS = frozenset(
    """a an and any are as at be been but by can could did do does doing for from had has have
    he her him his how i if in into is it its me my no not of on or our say saying says she should
    so some such tell than that the their them then there these they this those to was we were
    what when where which who whom whose why will with would you your""".split()
)


class LexicalIndex:
    """BM25 (Lucene's variant, k1 1.5, b 0.75) in row order.

    A score is BM25 divided by the most a text could reach for that question, the sum of the
    inverse document frequencies of its words, those that no text has among them. So it is
    the share of the question, rare words counting more, that the text covers: between 0 and
    1 and comparable across questions, which BM25 itself is not.
    """

    def __init__(self, bm25: bm25s.BM25, size: int) -> None:
        self._bm25 = bm25
        self._size = size
        self._tokenise = Tokeniser()

    @classmethod
    def build(cls, texts: list[str]) -> LexicalIndex:
        tokenise = Tokeniser()
        # Numbered here in order of appearance: bm25s numbers words by a set's order, which
        # differs from run to run, and the same texts must give the same files.
        vocabulary: dict[str, int] = {"": 0}
        ids = [
            [vocabulary.setdefault(word, len(vocabulary)) for word in tokenise(text)]
            for text in texts
        ]
        bm25 = bm25s.BM25()
        bm25.index((ids, vocabulary), show_progress=False)
        return cls(bm25, len(texts))

    def __len__(self) -> int:
        return self._size

    def search(self, question: str, k: int, rows: Rows | None = None) -> tuple[Rows, FloatArray]:
        """The `k` best rows and their scores, best first, without rows that share no word."""
        scores = self.coverage(question)
        allowed = np.arange(self._size) if rows is None else rows
        among = scores[allowed]
        k = min(k, int(np.count_nonzero(among)))
        # Row order breaks ties, so the same question always has the same answer.
        order = np.lexsort((allowed, -among))[:k]
        return allowed[order], among[order]

    def coverage(self, question: str) -> FloatArray:
        """The score of every row, (n,) float32."""
        words = sorted(set(self._tokenise(question)))
        known = [self._bm25.vocab_dict[word] for word in words if word in self._bm25.vocab_dict]
        if not known or not self._size:
            return np.zeros(self._size, dtype=np.float32)
        most = float(self._weights(known).sum()) + (len(words) - len(known)) * self._weight(0)
        scores: FloatArray = self._bm25.get_scores_from_ids(np.array(known, dtype=np.int32))
        return scores[: self._size] / np.float32(most)

    def knows(self, text: str) -> bool:
        """Whether a word of the text, stop words aside, stands in any row."""
        return any(word in self._bm25.vocab_dict for word in self._tokenise(text))

    def stems(self, text: str) -> list[str]:
        """The words of a text as they are indexed, without stop words."""
        return self._tokenise(text)

    def rows_with(self, stem: str) -> Rows:
        """The rows that have a word of this stem, in order."""
        word = self._bm25.vocab_dict.get(stem)
        if word is None or not self._size:
            return np.zeros(0, np.int64)
        first, last = self._bm25.scores["indptr"][word : word + 2]
        rows = np.asarray(self._bm25.scores["indices"][first:last], np.int64)
        return np.sort(rows[rows < self._size], kind="stable")

    def _weights(self, words: list[int]) -> npt.NDArray[np.float64]:
        starts = np.asarray(self._bm25.scores["indptr"])
        ids = np.array(words)
        return np.array([self._weight(int(n)) for n in starts[ids + 1] - starts[ids]])

    def _weight(self, frequency: int) -> float:
        """Lucene's inverse document frequency of a word that `frequency` texts have."""
        return float(np.log(1 + (self._size - frequency + 0.5) / (frequency + 0.5)))

    def save(self, folder: Path) -> None:
        self._bm25.save(str(folder), show_progress=False)

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        """Raises DamagedIndexError when a file is missing or unreadable."""
        try:
            bm25 = bm25s.BM25.load(str(folder), allow_pickle=False, show_progress=False)
        except Exception as error:
            raise DamagedIndexError(f"{folder}: not readable; build the library again") from error
        return cls(bm25, int(bm25.scores["num_docs"]))


class Tokeniser:
    """Text to stemmed words (Snowball), lower case, without stop words."""

    def __init__(self) -> None:
        self._stemmer = Stemmer.Stemmer(_LANGUAGE)

    def __call__(self, text: str) -> list[str]:
        words = (word.lower().replace("’", "'") for word in _WORD.findall(text))
        kept = [word.removesuffix("'s") for word in words if word not in STOP_WORDS]
        stems: list[str] = self._stemmer.stemWords(kept)
        return stems
