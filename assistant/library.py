"""A library: speeches, their passages, and the indexes to find them by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path

import numpy as np

from assistant import storage
from assistant.errors import DamagedIndexError, LibraryError, ModelError
from assistant.passage import Passage
from assistant.speech import Speech
from embeddings.dense import Rows
from embeddings.encoder import Encoder, OnnxEncoder
from embeddings.hybrid import HybridIndex


@dataclass(frozen=True)
class Library:
    """An opened library. Row `i` of `passage_index` is `passages[i]`.

    Attributes:
        speeches: By id, in order of file name.
        passages: In order of speech and of place in it.
        sentence_index: A row for each sentence of each passage, in order.
        encoder: Made the vectors of both indexes.
    """

    speeches: dict[str, Speech]
    passages: list[Passage]
    passage_index: HybridIndex
    sentence_index: HybridIndex
    encoder: Encoder

    @classmethod
    def open(cls, folder: Path) -> Library:
        """Open the present state of the library in `folder`.

        Raises:
            LibraryError: There is none, it is of another version, or a file of it is not
                what it was when it was built.
        """
        while True:
            state = storage.present_state(folder)
            try:
                return cls.open_state(state)
            except LibraryError:
                # Replaced twice while it was opened, and so removed: there is a newer one.
                if storage.present_state(folder) == state:
                    raise

    @classmethod
    def open_state(cls, state: Path) -> Library:
        """Open one state of a library, after checking every file of it."""
        storage.check(state)
        try:
            library = cls(
                speeches={speech.id: speech for speech in storage.read_speeches(state)},
                passages=list(storage.read_passages(state)),
                passage_index=HybridIndex.load(state / storage.PASSAGE_INDEX),
                sentence_index=HybridIndex.load(state / storage.SENTENCE_INDEX),
                encoder=OnnxEncoder.open(state / storage.ENCODER),
            )
        except (DamagedIndexError, ModelError, OSError, ValueError, KeyError, TypeError) as error:
            raise LibraryError(f"{state}: damaged ({error}); build it again") from error
        rows = (len(library.passage_index), len(library.sentence_index))
        if rows != (len(library.passages), library._sentence_starts[-1]):
            raise LibraryError(f"{state}: its files do not belong together; build it again")
        return library

    @cached_property
    def fingerprint(self) -> str:
        """Of the files that the speeches are from, and of the encoder: SHA-256, hexadecimal."""
        files = sorted(f"{speech.id} {speech.sha256}" for speech in self.speeches.values())
        content = "\n".join([*files, self.encoder.fingerprint])
        return hashlib.sha256(content.encode("utf-8")).hexdigest()

    @cached_property
    def _sentence_starts(self) -> list[int]:
        """Row of the first sentence of each passage, and the number of rows at the end."""
        return [0, *accumulate(len(passage.sentences) for passage in self.passages)]

    @cached_property
    def passage_of_sentence(self) -> Rows:
        """Row of the passage that each row of `sentence_index` is from."""
        return np.repeat(np.arange(len(self.passages)), np.diff(self._sentence_starts))

    def sentence_rows(self, passage_row: int) -> range:
        """Rows of `sentence_index` that belong to a passage."""
        return range(self._sentence_starts[passage_row], self._sentence_starts[passage_row + 1])

    def sentences_of(self, passage_rows: Rows) -> Rows:
        """Rows of `sentence_index` that belong to any of these passages."""
        wanted = np.zeros(len(self.passages), dtype=bool)
        wanted[passage_rows] = True
        return np.flatnonzero(wanted[self.passage_of_sentence])

    def speech_of(self, passage: Passage) -> Speech:
        return self.speeches[passage.speech]

    def rows(self, speeches: set[str]) -> Rows:
        """Rows of the passages of these speeches, named by id."""
        kept = [row for row, passage in enumerate(self.passages) if passage.speech in speeches]
        return np.array(kept, np.int64)
