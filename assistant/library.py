"""A library: speeches, their passages, and the indexes to find them by.

What answers questions (`Retriever`, `CrossReader`, `ClaimChecker`, `TopicSearch`, `Quotations`)
uses of a library only this, so that another store can stand behind it:

    speeches         a Mapping by id of `Speech`, with
                       matching(filters)          numbers of the speeches that filters leave
                       one_of_each(fields, among) a speech for each combination of values
                       at(number), id_at(number), number(id)
    passages         a Sequence of `Passage`, in order of speech, with
                       speech_numbers             (n,) of what speech each is
    passage_index    `PassageIndex`: searches and scores rows of `passages`
    sentence_index   `SentenceIndex`: scores rows, and searches them where there are few
    encoder          made the vectors
    scope            what filters leave
    shelf            the part of the library that a search needs: all of it, or what a store finds
    rows, rows_of, sentence_rows, sentences_of, passages_of, speech_of

Rows and numbers are 64-bit integers from 0 on, speeches and passages in the same order, the
sentences of a passage on end. Everything is made when it is asked for: a loop over all speeches
or passages of a million reads them all.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from assistant import storage
from assistant.errors import DamagedIndexError, LibraryError, ModelError
from assistant.filters import Filters
from assistant.passage import Passage
from assistant.passages import Passages
from assistant.scope import Scope
from assistant.sentences import StoredSentences
from assistant.speech import Speech, corpus_hash
from assistant.speeches import Speeches
from embeddings.dense import Rows
from embeddings.encoder import Encoder, FloatArray, OnnxEncoder
from embeddings.hybrid import HybridIndex, Match, Query


class SentenceIndex(Protocol):
    """What a library must do with sentences."""

    @property
    def searched(self) -> bool:
        """Whether `search` finds any; where not, their passages are found without them."""

    def __len__(self) -> int: ...

    def search(self, query: Query, k: int, rows: Rows | None = None) -> list[Match]:
        """The `k` best rows, best first; among `rows` only, if given."""

    def score(self, query: Query, rows: Rows) -> list[Match]:
        """Every one of `rows` with its score, best first."""

    def cosines(self, vector: FloatArray, rows: Rows) -> FloatArray:
        """The cosine of each of `rows`, in their order."""

    def vectors(self, rows: Rows) -> FloatArray:
        """(n, d) float32: the vectors of `rows`, in their order."""


class PassageIndex(SentenceIndex, Protocol):
    """What a library must do with passages, and with their words."""

    def knows(self, text: str) -> bool:
        """Whether a word of the text, stop words aside, stands in any row."""

    def stems(self, text: str) -> list[str]:
        """The words of a text as they are indexed, without stop words."""

    def rows_with(self, stem: str) -> Rows:
        """The rows that have a word of this stem, in order."""


@dataclass(frozen=True)
class Library:
    """An opened library. Row `i` of `passage_index` is `passages[i]`.

    Attributes:
        speeches: By id, in order of file name.
        passages: In order of speech and of place in it.
        sentence_index: A row for each sentence of each passage, in order.
        encoder: Made the vectors of both indexes.
        state: Folder that it was opened from.
    """

    speeches: Speeches
    passages: Passages
    passage_index: PassageIndex
    sentence_index: SentenceIndex
    encoder: Encoder
    state: Path | None = None

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
        """Open one state of a library, after checking its files.

        A file too large for that is checked block by block, whenever one is first read.
        """
        open_file = storage.check(state)
        try:
            speeches = Speeches.open(state, open_file)
            passages = Passages.open(state, speeches, open_file)
            index = HybridIndex.load(state / storage.PASSAGE_INDEX, open_file)
            folder = state / storage.SENTENCE_INDEX
            sentences: SentenceIndex
            if StoredSentences.is_in(folder):
                texts = SentenceTexts(speeches, passages).labelled
                sentences = StoredSentences.load(folder, index.lexical, texts, open_file)
            else:
                sentences = HybridIndex.load(folder, open_file)
            encoder = OnnxEncoder.open(state / storage.ENCODER)
        except (DamagedIndexError, ModelError, OSError, ValueError, KeyError, TypeError) as error:
            raise LibraryError(f"{state}: damaged ({error}); build it again") from error
        if (len(index), len(sentences)) != (len(passages), passages.sentence_starts[-1]):
            raise LibraryError(f"{state}: its files do not belong together; build it again")
        return cls(speeches, passages, index, sentences, encoder, state)

    @cached_property
    def fingerprint(self) -> str:
        """Of the files that the speeches are from, and of the encoder: SHA-256, hexadecimal."""
        files = sorted(f"{speech.id} {speech.sha256}" for speech in self.speeches.in_order())
        content = "\n".join([*files, self.encoder.fingerprint])
        return hashlib.sha256(content.encode("utf-8")).hexdigest()

    def corpus_hash(self) -> str:
        """Of texts and metadata, as documents state it."""
        return corpus_hash(self.speeches.in_order())

    @cached_property
    def passage_of_sentence(self) -> Rows:
        """Row of the passage that each row of `sentence_index` is from."""
        return np.repeat(np.arange(len(self.passages)), np.diff(self.passages.sentence_starts))

    def passages_of(self, sentence_rows: Rows) -> Rows:
        """Row of the passage that each of these sentences is from."""
        starts = self.passages.sentence_starts
        return np.asarray(np.searchsorted(starts, sentence_rows, side="right") - 1, np.int64)

    def sentence_rows(self, passage_row: int) -> range:
        """Rows of `sentence_index` that belong to a passage."""
        first, last = self.passages.sentence_starts[passage_row : passage_row + 2].tolist()
        return range(first, last)

    def sentences_of(self, passage_rows: Rows) -> Rows:
        """Rows of `sentence_index` that belong to any of these passages."""
        return sentences_of(self.passages, np.unique(passage_rows))

    def scope(self, filters: Filters) -> Scope:
        """What a question is asked of."""
        numbers = self.speeches.matching(filters) if filters.stated() else None
        rows = None if numbers is None else self.rows_of(numbers)
        return Scope(
            len(self.speeches) if numbers is None else len(numbers),
            len(self.passages) if rows is None else len(rows),
            self.speeches.one_of_each("country", "speaker", among=numbers),
            rows,
        )

    def shelf(self, query: Query, scope: Scope, k: int) -> Library:  # noqa: ARG002
        """Where to search: here."""
        return self

    def speech_of(self, passage: Passage) -> Speech:
        return self.speeches[passage.speech]

    def rows(self, speeches: set[str]) -> Rows:
        """Rows of the passages of these speeches, named by id."""
        numbers = [self.speeches.number(id_) for id_ in speeches if id_ in self.speeches]
        return self.rows_of(np.array(numbers, np.int64))

    def rows_of(self, numbers: Rows) -> Rows:
        """Rows of the passages of these speeches, given by number."""
        return self.passages.of_speeches(numbers)


def sentences_of(passages: Passages, rows: Rows) -> Rows:
    """Rows of the sentences of passages that are in order."""
    starts = np.asarray(passages.sentence_starts, np.int64)
    counts = starts[rows + 1] - starts[rows]
    # Each run counts on from its own start.
    offsets = np.repeat(starts[rows] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    return offsets + np.arange(len(offsets))


class SentenceTexts:
    """Reads sentences, with who speaks and when."""

    def __init__(self, speeches: Speeches, passages: Passages) -> None:
        self._speeches = speeches
        self._passages = passages

    def labelled(self, rows: Rows) -> list[str]:
        """Each of these sentences as it is searched with its words."""
        starts = self._passages.sentence_starts
        around = np.searchsorted(starts, rows, side="right") - 1
        texts = []
        for sentence, row in zip(rows.tolist(), around.tolist(), strict=True):
            passage = self._passages[row]
            speech = self._speeches[passage.speech]
            span = passage.sentences[sentence - int(starts[row])]
            texts.append(f"{speech.label} {span.of(speech.text)}")
        return texts
