"""Checking quotations against a library on Milvus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from assistant.errors import StoreError
from assistant.filters import Filters
from assistant.library import Library
from assistant.milvus.library import MilvusLibrary
from assistant.milvus.records import StoredPassage, stored_passage
from assistant.quotation.checked import CheckedQuotation
from assistant.quotation.lexicon import Lexicon
from assistant.quotation.quotations import Quotations
from assistant.quotation.words import Words
from assistant.speech import Speech
from embeddings.milvus import token

_SPEECHES = 400
"""Speeches that are compared with a quotation all of whose words they have."""
_PASSAGES, _RANKED, _RAREST = 8, 60, 8
_MORE = 4
_TEXTS, _AT_ONCE = 200, 20
"""Passages looked at for how a word is written, and how many of them at a time."""
_COLUMNS = ("speech", "version", "paragraph", "number", "spans")


class StoreQuotations(Quotations):
    """Checks quotations against a store, each against the speeches as it finds them."""

    def __init__(self, library: Any) -> None:
        self._store_library: MilvusLibrary = library
        self.library = library

    def check(
        self, quotation: str, speaker: str | None = None, filters: Filters | None = None
    ) -> CheckedQuotation:
        library = self._store_library
        pinned = SimpleNamespace(
            speeches=_Pinned(library), passages=library.passages, encoder=library.encoder
        )
        lexicon = StoreLexicon(library, pinned.speeches)
        return Quotations(cast(Library, pinned), lexicon).check(quotation, speaker, filters)


class _Pinned(Mapping[str, Speech]):
    """Speeches by id, each of the version that it had when it was first looked at."""

    def __init__(self, library: MilvusLibrary) -> None:
        self._library = library
        self._known: dict[str, Speech] = {}

    def __len__(self) -> int:
        return len(self._library.speeches)

    def __iter__(self) -> Iterator[str]:
        return iter(self._library.speeches)

    def __getitem__(self, id_: str) -> Speech:
        if id_ not in self._known:
            self._known[id_] = self._library.speeches[id_]
        return self._known[id_]

    def one_of_each(self, *names: str) -> list[Speech]:
        return self._library.speeches.one_of_each(*names)


class StoreLexicon(Lexicon):
    """Looks words up in a store; made for one quotation."""

    def __init__(self, library: MilvusLibrary, speeches: Mapping[str, Speech]) -> None:
        super().__init__(cast(Library, library))
        self._library: Any = library
        self._store = library.store
        self._speeches = speeches

    def _words(self, speech: str) -> Words:
        return Words.of(self._speeches[speech].text)

    def with_all(self, quotation: str) -> list[str]:
        """The speeches that have every word of a text, in order."""
        stems = list(dict.fromkeys(self._store.passages.stems(quotation)))
        if not stems:
            return []
        rows = self._store.speeches.having(stems, "", ["speech"], _SPEECHES)
        return sorted(row["speech"] for row in rows)

    def with_letters(self, quotation: Words) -> list[str]:
        """The speeches with a passage that has the letters of a text, whatever its typography."""
        stems = list(dict.fromkeys(self._store.passages.stems(quotation.text)))
        if not stems:
            return []
        rows = self._store.passages.having(stems, "", ["speech"], _TEXTS)
        ids = sorted({row["speech"] for row in rows})
        return [id_ for id_ in ids if quotation.letters in self.words(id_).letters]

    def _place(self, speech: str) -> int | str:
        return speech

    def _near(self, text: str) -> Iterator[tuple[str, float]]:
        """The speeches of the passages that share most of the rare words of a text."""
        passages = self._store.passages
        stems = list(dict.fromkeys(passages.stems(text)))
        counts = dict(zip(stems, passages.frequency(stems), strict=True))
        rare = sorted((stem for stem in stems if counts[stem]), key=counts.__getitem__)[:_RAREST]
        if not rare:
            return
        total = passages.count()
        weights = {token(stem): float(np.log(1 + total / counts[stem])) for stem in rare}
        # The words as they stand, of which these are the stems: stems of stems may differ.
        rows = passages.best_stems(rare, _MORE * _RANKED, "", [*_COLUMNS, "words"])
        shares = [sum(weights[w] for w in weights.keys() & row["words"].split()) for row in rows]
        order = sorted(range(len(rows)), key=lambda at: (-shares[at], rows[at]["id"]))[:_RANKED]
        # Many have the same common words; few have them side by side.
        pairs = [" ".join(pair) for pair in pairwise(text.casefold().split())]
        texts = dict(zip(order, self._texts([rows[at] for at in order]), strict=True))
        ranked = sorted(
            (-shares[at] * (1 + _share(pairs, texts[at])), rows[at]["speech"]) for at in order
        )
        for score, speech in ranked[:_PASSAGES]:
            yield speech, -score

    def _texts(self, rows: Sequence[dict[str, Any]]) -> list[str]:
        """The texts of passages; none of one whose speech was replaced."""
        self._library.speeches.prepare([row["version"] for row in rows])
        return [self._text(stored_passage(row)) for row in rows]

    def _text(self, passage: StoredPassage) -> str:
        try:
            return passage.span.of(self._library.speech_of(passage).text)
        except StoreError:
            return ""

    def _texts_with(self, stem: str) -> Iterator[str]:
        """Passages that have a word of a stem."""
        rows = self._store.passages.having([stem], "", list(_COLUMNS), _TEXTS)
        for first in range(0, len(rows), _AT_ONCE):
            yield from self._texts(rows[first : first + _AT_ONCE])

    def _count(self, stem: str) -> int:
        return self._store.passages.frequency([stem])[0]


def _share(phrases: Sequence[str], text: str) -> float:
    """How many of some phrases a text has."""
    return sum(phrase in text.casefold() for phrase in phrases) / max(len(phrases), 1)
