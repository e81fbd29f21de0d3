"""Briefings from a library on Milvus.

A topic is weighed on the passages that a search finds best for it, a few thousand; on all that
the filters leave, where these are few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from assistant.answer import Searched
from assistant.briefing import Briefer, Sheet
from assistant.filters import Filters
from assistant.library import Library
from assistant.milvus.library import MilvusLibrary
from assistant.milvus.shelf import Shelf
from assistant.scope import Scope
from assistant.topics import WEIGHTS, Extent, TopicSearch, TopicWeights
from assistant.vocabulary import Vocabulary
from embeddings.hybrid import Query
from embeddings.milvus import stem_of
from embeddings.shipped import verified

WHOLE = 2_000
"""Passages up to which all are weighed that the filters leave; of more, so many by each search."""
_SAMPLED = 8_000
"""Passages whose words tell which are common."""


class StoreBriefer(Briefer):
    """Makes briefings from a store."""

    def __init__(
        self, library: MilvusLibrary, models: tuple[Any, Any], weights: TopicWeights
    ) -> None:
        self._store_library = library
        self._models = models
        self._weights = weights
        self.library = cast(Library, library)

    @classmethod
    def shipped(cls, library: Any) -> StoreBriefer:
        """With the models that ship with Rapporteur.

        Raises:
            ModelError: Weights are incomplete or not what was shipped.
        """
        return cls(library, TopicSearch.models(), TopicWeights.load(verified(WEIGHTS)))

    def _sheets(self, topics: Sequence[str], filters: Filters) -> Iterator[Sheet]:
        library = self._store_library
        scope = library.scope(filters)
        speeches = library.speeches.meeting(scope.condition)
        searched = Searched(scope.speeches, scope.passages, filters)
        for topic in topics:
            shelf = self._shelf(topic, scope)
            finder = self._finder_on(shelf, scope)
            rows = np.arange(len(shelf.passages))
            mentions = finder.find(topic, rows)
            here = Briefer(cast(Library, shelf), finder)
            yield here.sheet(topic, mentions, speeches, searched)

    def _shelf(self, topic: str, scope: Scope) -> Shelf:
        library = self._store_library
        if scope.passages <= WHOLE:
            rows = library.store.passages.read(scope.condition or "id >= 0", [])
            return library.fetch([row["id"] for row in rows])
        vector = library.encoder.encode_questions([topic])[0]
        return library.shelf(Query(topic, vector), scope, WHOLE)

    def _finder_on(self, shelf: Shelf, scope: Scope) -> TopicSearch:
        texts = [p.span.of(shelf.speech_of(p).text) for p in shelf.passages]
        library = cast(Library, shelf)
        encode = self._store_library.encoder.encode_questions
        vocabulary = Vocabulary(texts, encode, self._common)
        extent = None
        if scope.passages > WHOLE:
            extent = Extent(scope.passages, self._having(scope), self._usual(scope))
        return TopicSearch(library, *self._models, self._weights, vocabulary, extent)

    def _having(self, scope: Scope) -> Any:
        passages = self._store_library.store.passages

        def having(stems: Sequence[str]) -> npt.NDArray[np.int64]:
            if not scope.condition:
                return np.array(passages.frequency(stems), np.int64)
            return np.array([passages.count_having(s, scope.condition) for s in stems], np.int64)

        return having

    @cached_property
    def _common(self) -> dict[str, Any]:
        """The common words of the library and their vectors: read once."""
        return self._vocabulary_of("", _SAMPLED, None).common()

    def _usual(self, scope: Scope) -> Vocabulary:
        return self._vocabulary_of(scope.condition, WHOLE, self._common)

    def _vocabulary_of(
        self, condition: str, most: int, common: dict[str, Any] | None
    ) -> Vocabulary:
        passages = self._store_library.store.passages
        rows = passages.sample(most, condition, ["words", "labelled"])
        words = (row["words"].split()[row["labelled"] :] for row in rows)
        texts = (" ".join(map(stem_of, some)) for some in words)
        encode = self._store_library.encoder.encode_questions
        return Vocabulary(texts, encode, common, stemmed=True)
