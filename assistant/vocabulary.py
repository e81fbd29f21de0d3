"""The words of a library, and how near in meaning each passage's words are to given ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from assistant.library import Library
from embeddings.dense import Rows
from embeddings.encoder import FloatArray
from embeddings.lexical import Tokeniser

Encode = Callable[[Sequence[str]], FloatArray]

_SHARPNESS = 3
"""Power of a cosine of two words: 0.8 ("troops", "military") counts 0.51, 0.5 hardly anything."""
_COMMON = 2000
"""A word is embedded if it stands in one passage of so many, or oftener: of 11,412 passages in
at least six, which leaves 4,500 words. A rarer one is still found where it is the same word."""


class Vocabulary:
    """Stems of every passage, without the labels that the lexical index has beside them."""

    def __init__(
        self,
        texts: Iterable[str],
        encode: Encode,
        common: Mapping[str, FloatArray] | None = None,
        stemmed: bool = False,
    ) -> None:
        """Read the words of passages.

        Args:
            texts: Of the passages, in order.
            encode: Words to (n, d) float32 unit rows.
            common: The vectors of common stems, if these passages do not tell which are common.
            stemmed: Whether the texts are stems already, parted by spaces.
        """
        self._tokenise = Tokeniser()
        self._encode = encode
        # Number 0 stands in every passage and is near to nothing, so that none is without words.
        self._numbers: dict[str, int] = {"": 0}
        number = self._numbers
        read: Callable[[str], list[str]] = str.split if stemmed else self._tokenise
        words = [
            [0, *{number.setdefault(stem, len(number)) for stem in read(text)}] for text in texts
        ]
        self._starts = np.array([0, *accumulate(map(len, words))], np.int64)
        self._words = np.fromiter((word for some in words for word in some), np.int64)
        frequency = np.bincount(self._words, minlength=len(number))
        if common is not None:
            known = [stem for stem in number if stem in common]
            self._common = np.array([number[stem] for stem in known], np.int64)
            self._vectors = np.array([common[stem] for stem in known], np.float32)
            return
        self._common = np.flatnonzero(frequency * _COMMON >= len(self))
        self._common = self._common[self._common > 0]
        stems = list(number)
        self._vectors = encode([stems[word] for word in self._common])

    @classmethod
    def of(cls, library: Library) -> Vocabulary:
        """The words of a library's passages: seconds for thousands of speeches."""
        texts = (p.span.of(library.speech_of(p).text) for p in library.passages)
        return cls(texts, library.encoder.encode_questions)

    def common(self) -> dict[str, FloatArray]:
        """The vector of each common stem."""
        stems = list(self._numbers)
        return {stems[word]: self._vectors[row] for row, word in enumerate(self._common)}

    def __len__(self) -> int:
        """Number of passages."""
        return len(self._starts) - 1

    def stems(self, text: str) -> list[str]:
        """The words of a text as they are compared, without stop words."""
        return self._tokenise(text)

    def nearness(self, stems: Sequence[str], rows: Rows) -> FloatArray:
        """(t, n) how near the nearest word of each passage is to each stem: 0 to 1, 1 the same."""
        near = np.zeros((len(stems), len(rows)), np.float32)
        if not len(rows) or not stems:
            return near
        vectors = self._encode(list(stems))
        for line, stem in enumerate(stems):
            of_word = np.zeros(len(self._numbers), np.float32)
            cosines = self._vectors @ vectors[line] if len(self._common) else np.zeros(0)
            of_word[self._common] = np.clip(cosines, 0, 1) ** _SHARPNESS
            if stem in self._numbers:
                of_word[self._numbers[stem]] = 1.0
            near[line] = np.maximum.reduceat(of_word[self._words], self._starts[:-1])[rows]
        return near

    def frequency(self, stems: Sequence[str], rows: Rows) -> npt.NDArray[np.int64]:
        """(t,) how many of the passages have each stem."""
        counts = np.zeros(len(stems), np.int64)
        for line, stem in enumerate(stems):
            if stem in self._numbers and len(rows):
                has = self._words == self._numbers[stem]
                counts[line] = np.logical_or.reduceat(has, self._starts[:-1])[rows].sum()
        return counts
