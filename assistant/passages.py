"""The passages of a library on disk: offsets in columns.

passages.npy    (n + 1, 4) int32: speech, paragraph, number in it, row of the first sentence;
                of the last line only the row counts
sentences.npy   (m, 2) int32: start and end of each sentence in its speech's text
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import overload

import numpy as np
import numpy.typing as npt

from assistant.passage import Passage
from assistant.speeches import Speeches
from assistant.text import Span
from embeddings.dense import Rows
from embeddings.mapped import MappedArray, MappedFile, OpenFile

PASSAGES, SENTENCES = "passages.npy", "sentences.npy"


class PassageWriter:
    """Takes passages one at a time, and writes them to a folder."""

    def __init__(self) -> None:
        self._passages = array("i")
        self._sentences = array("i")

    @property
    def passages(self) -> int:
        return len(self._passages) // 4

    @property
    def sentences(self) -> int:
        return len(self._sentences) // 2

    def add(self, speech: int, passage: Passage) -> None:
        """Take the next passage, of the speech of that number."""
        self._passages.extend((speech, passage.paragraph, passage.number, self.sentences))
        for sentence in passage.sentences:
            self._sentences.extend(sentence)

    def write(self, folder: Path) -> None:
        rows = array("i", [*(0, 0, 0), self.sentences])
        passages = np.frombuffer(self._passages + rows, np.int32).reshape(-1, 4)
        np.save(folder / PASSAGES, passages, allow_pickle=False)
        sentences = np.frombuffer(self._sentences, np.int32).reshape(-1, 2)
        np.save(folder / SENTENCES, sentences, allow_pickle=False)


class Passages(Sequence[Passage]):
    """Passages in order of speech and of place in it, each made when it is asked for."""

    def __init__(
        self, speeches: Speeches, rows: npt.NDArray[np.int32], sentences: MappedArray
    ) -> None:
        self._speeches = speeches
        self._rows = rows
        self._sentences = sentences

    @classmethod
    def open(cls, folder: Path, speeches: Speeches, open_file: OpenFile = MappedFile) -> Passages:
        """Open what a `PassageWriter` wrote.

        Raises:
            DamagedIndexError, ValueError: A file is missing or is not such a file.
        """
        rows = MappedArray(open_file(folder / PASSAGES)).all()
        sentences = MappedArray(open_file(folder / SENTENCES))
        if rows.shape[1:] != (4,) or sentences.shape != (int(rows[-1, 3]), 2):
            raise ValueError(f"{folder / PASSAGES}: not of these sentences")
        return cls(speeches, rows, sentences)

    def __len__(self) -> int:
        return len(self._rows) - 1

    @overload
    def __getitem__(self, row: int) -> Passage: ...
    @overload
    def __getitem__(self, row: slice) -> list[Passage]: ...
    def __getitem__(self, row: int | slice) -> Passage | list[Passage]:
        if isinstance(row, slice):
            return [self._at(each) for each in range(*row.indices(len(self)))]
        if not -len(self) <= row < len(self):
            raise IndexError(f"no passage {row} among {len(self)}")
        return self._at(int(row) % len(self))

    def __iter__(self) -> Iterator[Passage]:
        return map(self._at, range(len(self)))

    def _at(self, row: int) -> Passage:
        (speech, paragraph, number, first), (*_, last) = self._rows[row : row + 2].tolist()
        sentences = tuple(map(Span._make, self._sentences.slice(first, last).tolist()))
        whole = Span(sentences[0].start, sentences[-1].end)
        return Passage(self._speeches.id_at(speech), paragraph, number, whole, sentences)

    @property
    def speech_numbers(self) -> npt.NDArray[np.int32]:
        """(n,) the number of the speech that each passage is from, in order."""
        return self._rows[:-1, 0]

    @property
    def sentence_starts(self) -> npt.NDArray[np.int32]:
        """(n + 1,) the row of the first sentence of each passage, and the number of sentences."""
        return self._rows[:, 3]

    def of_speeches(self, numbers: Rows) -> Rows:
        """Rows of the passages of the speeches of these numbers."""
        wanted = np.zeros(len(self._speeches), dtype=bool)
        wanted[numbers] = True
        return np.flatnonzero(wanted[self.speech_numbers])
