"""BM25 over stemmed words (bm25s), as a share of the question."""

from __future__ import annotations

import json
import logging
import re
from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import Stemmer

from embeddings.dense import Rows
from embeddings.encoder import FloatArray
from embeddings.errors import DamagedIndexError
from embeddings.mapped import MappedArray, MappedFile, OpenFile

if TYPE_CHECKING:
    import bm25s

Listed = MappedArray | npt.NDArray[Any]

_K1, _B = 1.5, 0.75
_QUESTIONS_KEPT = 8
"""Questions whose scores of all rows are kept: searching and then scoring asks several times."""
_VOCABULARY, _PARAMETERS = "vocab.index.json", "params.index.json"
_STARTS, _ROWS, _BRINGS = (f"{name}.csc.index.npy" for name in ("indptr", "indices", "data"))

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

    bm25s computes what every word brings to every row that has it; a question reads the lists
    of its own words, and what is not read stays on disk.
    """

    def __init__(
        self,
        vocabulary: dict[str, int],
        starts: npt.NDArray[np.int64],
        rows: Listed,
        brings: Listed,
        size: int,
    ) -> None:
        """Use an index.

        Args:
            vocabulary: Number of each word; 0 is the empty word, which no text has.
            starts: (words + 1,) where the list of each word begins in the two that follow.
            rows: The rows that have the word, in order.
            brings: (same length) float32, what the word brings to the score of each.
            size: Number of rows.
        """
        self._vocabulary = vocabulary
        self._starts = starts
        self._rows = rows
        self._brings = brings
        self._size = size
        self._tokenise = Tokeniser()
        self._covered = lru_cache(_QUESTIONS_KEPT)(self._coverage)

    @classmethod
    def build(cls, texts: Iterable[str]) -> LexicalIndex:
        bm25, size = _indexed(texts)
        scores = bm25.scores
        starts = np.asarray(scores["indptr"], np.int64)
        return cls(bm25.vocab_dict, starts, scores["indices"], scores["data"], size)

    @classmethod
    def write(cls, folder: Path, texts: Iterable[str]) -> None:
        """Write the index of texts, read once and one at a time, to `folder`."""
        bm25, _ = _indexed(texts)
        bm25.save(str(folder), show_progress=False)

    def __len__(self) -> int:
        return self._size

    def search(self, question: str, k: int, rows: Rows | None = None) -> tuple[Rows, FloatArray]:
        """The `k` best rows and their scores, best first, without rows that share no word."""
        among = self.coverage(question, rows)
        sharing = np.flatnonzero(among)
        if 0 < k < len(sharing):
            # Only what is as good as the last that is wanted need be put in order.
            scores = among[sharing]
            sharing = sharing[scores >= np.partition(scores, len(scores) - k)[len(scores) - k]]
        # Row order breaks ties, so the same question always has the same answer.
        found = sharing if rows is None else rows[sharing]
        order = np.lexsort((found, -among[sharing]))[:k]
        return found[order], among[sharing[order]]

    def coverage(self, question: str, rows: Rows | None = None) -> FloatArray:
        """The score of every row, or of each of `rows` in their order, (n,) float32."""
        scores = self._covered(question)
        return scores if rows is None else scores[rows]

    def _coverage(self, question: str) -> FloatArray:
        words, known = self._words(question)
        scores = np.zeros(self._size, np.float32)
        if known and self._size:
            for word in known:
                having, brings = self._list(word)
                scores[having] += brings  # a row stands once in the list of a word
            scores /= np.float32(self._most(words, known))
        scores.flags.writeable = False  # shared by all who ask the same
        return scores

    def coverage_of(self, question: str, texts: Sequence[str], usual: float) -> FloatArray:
        """The score of texts that are not rows, with the words' weights among the rows, (n,).

        Args:
            question: In plain words.
            texts: As they would be indexed.
            usual: Words of such a text on average.
        """
        words, known = self._words(question)
        if not known or not texts:
            return np.zeros(len(texts), np.float32)
        weight = dict(zip(self._stems_of(words), self._weights(known), strict=True))
        most = self._most(words, known)
        scores = np.zeros(len(texts), np.float32)
        for line, text in enumerate(texts):
            stems = self._tokenise(text)
            norm = _K1 * (1 - _B + _B * len(stems) / usual)
            scores[line] = sum(
                each * count / (norm + count)
                for stem, each in weight.items()
                if (count := stems.count(stem))
            )
        return scores / np.float32(most)

    def knows(self, text: str) -> bool:
        """Whether a word of the text, stop words aside, stands in any row."""
        return any(word in self._vocabulary for word in self._tokenise(text))

    def stems(self, text: str) -> list[str]:
        """The words of a text as they are indexed, without stop words."""
        return self._tokenise(text)

    def rows_with(self, stem: str) -> Rows:
        """The rows that have a word of this stem, in order."""
        word = self._vocabulary.get(stem)
        if word is None or not self._size:
            return np.zeros(0, np.int64)
        return np.asarray(self._list(word)[0], np.int64)

    def _words(self, question: str) -> tuple[list[str], list[int]]:
        """The different words of a question, and the numbers of those that are known."""
        words = sorted(set(self._tokenise(question)))
        return words, [self._vocabulary[word] for word in words if word in self._vocabulary]

    def _stems_of(self, words: list[str]) -> list[str]:
        return [word for word in words if word in self._vocabulary]

    def _list(self, word: int) -> tuple[npt.NDArray[np.int32], FloatArray]:
        """The rows that have a word, in order, and what it brings to each."""
        first, last = int(self._starts[word]), int(self._starts[word + 1])
        return _slice(self._rows, first, last), _slice(self._brings, first, last)

    def _most(self, words: list[str], known: list[int]) -> float:
        """What a text could reach at most for a question."""
        return float(self._weights(known).sum()) + (len(words) - len(known)) * self._weight(0)

    def _weights(self, words: list[int]) -> npt.NDArray[np.float64]:
        ids = np.array(words)
        counts = self._starts[ids + 1] - self._starts[ids]
        return np.array([self._weight(int(n)) for n in counts])

    def _weight(self, frequency: int) -> float:
        """Lucene's inverse document frequency of a word that `frequency` texts have."""
        return float(np.log(1 + (self._size - frequency + 0.5) / (frequency + 0.5)))

    @classmethod
    def load(cls, folder: Path, open_file: OpenFile = MappedFile) -> LexicalIndex:
        """Open what `write` wrote; its lists are read when a question has their word.

        Raises:
            DamagedIndexError: A file is missing or unreadable.
        """
        try:
            vocabulary = {str(word): int(number) for word, number in _json(folder / _VOCABULARY)}
            size = dict(_json(folder / _PARAMETERS))["num_docs"]
            starts, rows, brings = (
                MappedArray(open_file(folder / name)) for name in (_STARTS, _ROWS, _BRINGS)
            )
            if len(rows) != len(brings) or len(starts) != len(vocabulary) + 1:
                raise ValueError("files of different sizes")
            return cls(vocabulary, np.asarray(starts.all(), np.int64), rows, brings, int(size))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedIndexError(f"{folder}: not readable; build the library again") from error


def _indexed(texts: Iterable[str]) -> tuple[bm25s.BM25, int]:
    """bm25s over texts, which are read once and one at a time; and how many they were."""
    import bm25s  # not needed to ask, and scipy, which it brings, takes memory

    # It reports every index it builds, and sets up logging to do so.
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    tokenise = Tokeniser()
    # Numbered here in order of appearance: bm25s numbers words by a set's order, which
    # differs from run to run, and the same texts must give the same files.
    vocabulary: dict[str, int] = {"": 0}
    ids = [
        # Four bytes a word instead of the thirty-odd of a list of numbers.
        array("i", [vocabulary.setdefault(word, len(vocabulary)) for word in tokenise(text)])
        for text in texts
    ]
    bm25 = bm25s.BM25()
    bm25.index((ids, vocabulary), show_progress=False)
    return bm25, len(ids)


def _json(path: Path) -> Any:
    """The pairs of an object in a file."""
    return json.loads(path.read_text("utf-8")).items()


def _slice(listed: Listed, first: int, last: int) -> npt.NDArray[Any]:
    return listed.slice(first, last) if isinstance(listed, MappedArray) else listed[first:last]


class Tokeniser:
    """Text to stemmed words (Snowball), lower case, without stop words."""

    def __init__(self) -> None:
        self._stemmer = Stemmer.Stemmer(_LANGUAGE)

    def __call__(self, text: str) -> list[str]:
        words = (word.lower().replace("’", "'") for word in _WORD.findall(text))
        kept = [word.removesuffix("'s") for word in words if word not in STOP_WORDS]
        stems: list[str] = self._stemmer.stemWords(kept)
        return stems
