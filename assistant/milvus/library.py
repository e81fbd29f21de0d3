"""A library on Milvus, as those see it who ask."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence, ValuesView
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from hashlib import sha256
from threading import Lock
from typing import Any

from assistant.errors import LibraryError, StoreError
from assistant.filters import Filters
from assistant.milvus.address import Address
from assistant.milvus.records import (
    FILTERED,
    PASSAGE_COLUMNS,
    SENTENCE_COLUMNS,
    StoredPassage,
    UnreadText,
    condition,
    stored_passage,
    value_id,
)
from assistant.milvus.shelf import Shelf
from assistant.milvus.store import Store
from assistant.passage import Passage
from assistant.scope import Scope
from assistant.speech import CORPUS_HASH, Speech, corpus_hash
from assistant.speeches import frozen
from assistant.text import ReadingText
from embeddings.encoder import Encoder
from embeddings.hybrid import Query
from embeddings.milvus import MOST_FOUND, TextCollection
from embeddings.milvus_server import Server

_KEPT = 2048
"""Whole speeches kept at hand, some 20 kB each."""
_MORE = 4
"""Rows asked for by words for each that is wanted: parts of a store weigh words a little apart."""
_BATCH, _AT_ONCE = 500, 50
_HASHED = 5_000
_READ_SOON = 100
_READ = [name for name in PASSAGE_COLUMNS if name not in (*FILTERED, "written")]
_SENTENCE = [name for name in SENTENCE_COLUMNS if name in ("version", "passage", "place")]


class MilvusLibrary:
    """Finds in the store what an answer may be in, and has it read in memory.

    Attributes:
        speeches: By id.
        encoder: Made the vectors.
    """

    def __init__(self, store: Store, encoder: Encoder) -> None:
        self.store = store
        self.encoder = encoder
        self.speeches = StoredSpeeches(store)
        self._pool = ThreadPoolExecutor(8)

    @classmethod
    def open(cls, address: Address, server: Server) -> MilvusLibrary:
        """Open a library.

        Raises:
            StoreError: The server cannot be reached.
            LibraryError: There is none, or it is of another version, or its encoder is not whole.
        """
        store = Store(address, server)
        about = store.about()
        if about is None:
            raise LibraryError(
                f"{address}: no library here; build one with: "
                f"rapporteur index PATH --library {address}"
            )
        store.open(about)
        return cls(store, store.encoder(about))

    @property
    def passages(self) -> TextCollection:
        """How many there are."""
        return self.store.passages

    @property
    def passage_index(self) -> TextCollection:
        """Knows which words there are."""
        return self.store.passages

    @cached_property
    def fingerprint(self) -> str:
        """Of where the library lies, and of the encoder: SHA-256, hexadecimal.

        Not of its speeches: others may write to it at any time.
        """
        content = f"{self.store.address}\n{self.encoder.fingerprint}"
        return sha256(content.encode("utf-8")).hexdigest()

    def corpus_hash(self) -> str:
        """Of texts and metadata, as documents state it; of many speeches of how many there are.

        To read a million speeches for every document would take hours.
        """
        if (count := len(self.speeches)) <= _HASHED:
            return corpus_hash(self.speeches.all_whole())
        return sha256(f"{self.fingerprint} {count}".encode()).hexdigest()[:CORPUS_HASH]

    def speech_of(self, passage: Passage) -> Speech:
        """The speech of a passage, of the passage's version."""
        if isinstance(passage, StoredPassage):
            return self.speeches.of_version(passage.version)
        return self.speeches[passage.speech]

    def scope(self, filters: Filters) -> Scope:
        """What a question is asked of."""
        asked = condition(filters, self.store.values()) if filters.stated() else ""
        return Scope(
            self.store.speeches.count(asked),
            self.store.passages.count(asked),
            self.speeches.voices(asked),
            None,
            asked,
        )

    def shelf(self, query: Query, scope: Scope, k: int) -> Shelf:
        """The passages of which the `k` best are, with their speeches.

        The `k` best by meaning and by words, and those with the `k` best sentences by each: all
        that a search in memory would come to weigh.
        """
        store, asked = self.store, scope.condition
        words, vector = query.words, query.vector
        searches: list[Callable[[], list[dict[str, Any]]]] = [
            lambda: store.passages.nearest(vector, k, asked, ["version"]),
            lambda: store.passages.best(words, _MORE * k, asked, ["version"]),
            lambda: store.sentences.nearest(vector, k, asked, ["passage"]),
            lambda: store.sentences.best(words, _MORE * k, asked, ["passage"]),
        ]
        found = list(self._pool.map(lambda search: search(), searches))
        ids = [hit["id"] for hits in found[:2] for hit in hits]
        ids += [hit["passage"] for hits in found[2:] for hit in hits]
        shelf = self.fetch(list(dict.fromkeys(ids)))
        if k <= _READ_SOON:
            # Most of them are read next: one call, and not one for each.
            versions = [p.version for p in shelf.passages if isinstance(p, StoredPassage)]
            self.speeches.prepare(versions)
        return shelf

    def fetch(self, ids: Sequence[int]) -> Shelf:
        """Passages by id, of those versions of speeches that hold."""
        store = self.store
        rows = self._pool.submit(store.passages.rows, "id", ids, _READ)
        sentences = self._pool.submit(store.sentences.rows, "passage", ids, _SENTENCE)
        passages = [(stored_passage(dict(row.values)), row) for row in rows.result()]
        speeches = self.speeches.pinned({passage.speech for passage, _ in passages})
        current = [
            (passage, row)
            for passage, row in passages
            if passage.speech in speeches and speeches[passage.speech][0] == passage.version
        ]
        return Shelf.of(
            current,
            sentences.result(),
            {id_: speech for id_, (_, speech) in sorted(speeches.items())},
            (store.passages, store.sentences),
            self.encoder,
        )


class StoredSpeeches(Mapping[str, Speech]):
    """The speeches of a store by id. A loop over all of them reads them all."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._whole: OrderedDict[str, Speech] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return self._store.speeches.count()

    def __iter__(self) -> Iterator[str]:
        return (speech.id for speech in self.in_order())

    def __contains__(self, id_: object) -> bool:
        return isinstance(id_, str) and bool(self._rows([id_]))

    def __getitem__(self, id_: str) -> Speech:
        rows = self._rows([id_])
        if not rows:
            raise KeyError(id_)
        return self.of_version(rows[0]["version"])

    def values(self) -> ValuesView[Speech]:
        """All speeches in order of id, read together and not one by one."""
        return _Values(self)

    def in_order(self) -> Iterator[Speech]:
        """All speeches in order of id, each text fetched when it is looked at."""
        return iter(self.meeting(""))

    def meeting(self, asked: str) -> list[Speech]:
        """The speeches that meet a condition, in order of id; texts are fetched when looked at."""
        found: list[Speech] = []
        last = -1
        while True:
            after = f"id > {last}" + (f" and {asked}" if asked else "")
            rows = self._store.speeches.read(after, ["version", "known"])
            found += map(self._unread, rows)
            if len(rows) < MOST_FOUND:
                return sorted(found, key=lambda speech: speech.id)
            last = max(row["id"] for row in rows)

    def all_whole(self) -> Iterator[Speech]:
        """All speeches with their texts, fetched some at a time."""
        rows = [(s, s.reading) for s in self.meeting("")]
        versions = [reading.version for _, reading in rows if isinstance(reading, UnreadText)]
        for first in range(0, len(versions), _AT_ONCE):
            found = self._store.whole(versions[first : first + _AT_ONCE])
            yield from found.values()

    def matching(self, filters: Filters) -> list[Speech]:
        """The speeches that filters leave, in order of id."""
        return self.meeting(condition(filters, self._store.values()))

    def voices(self, asked: str) -> list[Speech]:
        """A speech for each delegation and speaker among those that meet a condition.

        Of many, two of different ones stand for all: more is not told of them.
        """
        if not asked:
            return [_voice(*voice) for voice in self._store.voices()]
        rows = self._store.speeches.read(asked, ["known"], most=1)
        if not rows:
            return []
        told = json.loads(rows[0]["known"])
        first = told["country"], told["speaker"]
        return [_voice(*first), _voice(*self._other(asked, *first))]

    def _other(
        self, asked: str, country: str | None, speaker: str | None
    ) -> tuple[str | None, str | None]:
        """The delegation and the speaker that all have; None for either where some have others."""
        count = self._store.speeches.count
        others = [
            count(f"{asked} and {name} != {value_id(value)}")
            for name, value in (("country", country), ("speaker", speaker))
        ]
        return None if others[0] else country, None if others[1] else speaker

    def one_of_each(self, *_: str) -> list[Speech]:
        """A speech for each delegation and speaker."""
        return self.voices("")

    def of_version(self, version: str) -> Speech:
        """A whole speech.

        Raises:
            StoreError: It was removed, or is not what was written.
        """
        with self._lock:
            if version in self._whole:
                self._whole.move_to_end(version)
                return self._whole[version]
        found = self._store.whole([version]).get(version)
        if found is None:
            raise StoreError("a speech was replaced in the store while it was read; ask again")
        self._keep({version: found})
        return found

    def prepare(self, versions: Sequence[str]) -> None:
        """Fetch whole speeches at once that are wanted next."""
        with self._lock:
            new = [version for version in dict.fromkeys(versions) if version not in self._whole]
        for first in range(0, len(new), _AT_ONCE):
            self._keep(self._store.whole(new[first : first + _AT_ONCE]))

    def _keep(self, speeches: Mapping[str, Speech]) -> None:
        with self._lock:
            self._whole.update(speeches)
            while len(self._whole) > _KEPT:
                self._whole.popitem(last=False)

    def pinned(self, ids: set[str]) -> dict[str, tuple[str, Speech]]:
        """The version that holds of each of some speeches, and the speech of that version."""
        return {row["speech"]: (row["version"], self._unread(row)) for row in self._rows(list(ids))}

    def having(self, stems: Sequence[str], most: int) -> list[str]:
        """The ids of speeches that have every one of some words, at most so many."""
        return sorted(
            row["speech"] for row in self._store.speeches.having(stems, "", ["speech"], most)
        )

    def _rows(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for first in range(0, len(ids), _BATCH):
            asked = f"speech in {json.dumps(list(ids[first : first + _BATCH]))}"
            rows += self._store.speeches.read(asked, ["speech", "version", "known"])
        return rows

    def _unread(self, row: dict[str, Any]) -> Speech:
        version = row["version"]
        return Speech(
            reading=UnreadText(version, lambda: self.of_version(version).reading),
            **{name: frozen(value) for name, value in json.loads(row["known"]).items()},
        )


class _Values(ValuesView[Speech]):
    def __init__(self, speeches: StoredSpeeches) -> None:
        super().__init__(speeches)
        self._speeches = speeches

    def __iter__(self) -> Iterator[Speech]:
        return self._speeches.in_order()


def _voice(country: str | None, speaker: str | None) -> Speech:
    return Speech("", "", "", ReadingText("", (), ()), country=country, speaker=speaker)
