"""Speeches to a library on Milvus. Any number of these can run at a time, on any machines."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from assistant.builder import LONGEST_PASSAGE, Built, Export, Progress
from assistant.errors import LibraryError
from assistant.milvus.address import Address
from assistant.milvus.records import (
    FILTERED,
    content,
    filtered,
    known,
    passage_id,
    spans_of,
    value_id,
    version_of,
)
from assistant.milvus.store import About, Store
from assistant.passage import passages
from assistant.speech import Speech
from embeddings.encoder import Encoder
from embeddings.milvus import MOST_FOUND, Row, content_id
from embeddings.milvus_server import Server

_BATCH = 32
"""Speeches that are written together."""
_LEFT_OVER = 3600
"""Seconds after which rows that no speech has are a killed writer's, and not one's at work."""


def index(
    address: Address,
    server: Server,
    speeches: Sequence[Speech],
    export: Export | None,
    progress: Progress = lambda stage, done, total: None,
    only: bool = False,
) -> Built:
    """Have these speeches in the library, beside those that are there.

    Speeches that are there as they are cost a look; the others are cut, embedded and written, a
    few at a time. Whoever asks meanwhile sees each speech as it was or as it is.

    Args:
        address: Of the library, which is made if need be.
        server: Where it lies.
        speeches: With distinct ids.
        export: Where the encoder comes from. None for that of the library.
        progress: Told of every stage.
        only: Whether the speeches that are not among these are removed.

    Raises:
        StoreError: The server cannot be reached, or refuses. What was written holds; the same
            call goes on from there.
        LibraryError: The library has another encoder.
    """
    if not speeches:
        raise LibraryError(f"{address}: there is no speech to index")
    store = Store(address, server)
    about = store.about()
    if about is None:
        if export is None:
            raise LibraryError(f"{address}: no encoder to keep; name a model")
        progress("Preparing the model", 0, 1)
        encoder: Encoder = store.create(export, address.kind)
        about = store.about()
        assert about is not None, "it was just made"
        progress("Preparing the model", 1, 1)
    else:
        encoder = _same_encoder(store, about, export)
    store.open(about)
    writer = _Writer(store, encoder)
    for done in writer.write(speeches):
        progress("Indexing speeches", done, len(speeches))
    removed = 0
    if only:
        removed = writer.remove(set(_ids(store)) - {speech.id for speech in speeches})
    store.flush()
    held = store.speeches.count(fresh=True)
    return Built(
        held,
        store.passages.count(fresh=True),
        writer.embedded,
        added=writer.added,
        changed=writer.changed,
        removed=removed,
        unchanged=held - writer.added - writer.changed,
    )


def remove(address: Address, server: Server, ids: Sequence[str]) -> int:
    """Remove speeches; how many there were."""
    store = Store(address, server)
    about = store.about()
    if about is None:
        raise LibraryError(f"{address}: no library here")
    store.open(about)
    removed = _Writer(store, store.encoder(about)).remove(set(ids))
    store.flush()
    return removed


def _same_encoder(store: Store, about: About, export: Export | None) -> Encoder:
    encoder = store.encoder(about)
    if export is None:
        return encoder
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        if export(Path(folder)).fingerprint != about.encoder:
            raise LibraryError(
                f"{store.address}: its vectors are of another model ({encoder.spec.name}), and "
                "vectors of two models cannot be compared; index under another name"
            )
    return encoder


def _ids(store: Store) -> Iterator[str]:
    """The ids of all speeches."""
    last = -1
    while True:
        rows = store.speeches.read(f"id > {last}", ["speech"], fresh=True)
        yield from (row["speech"] for row in rows)
        if len(rows) < MOST_FOUND:
            return
        last = max(row["id"] for row in rows)


class _Writer:
    """Writes and removes speeches.

    Attributes:
        embedded: Texts that were embedded.
        added, changed: Speeches that were written.
    """

    def __init__(self, store: Store, encoder: Encoder) -> None:
        self.embedded = self.added = self.changed = 0
        self._store = store
        self._encoder = encoder

    def write(self, speeches: Sequence[Speech]) -> Iterator[int]:
        """Write speeches; yields how many are done."""
        given = iter(speeches)
        done = 0
        while some := list(islice(given, _BATCH)):
            self._write(some)
            done += len(some)
            yield done

    def _write(self, speeches: Sequence[Speech]) -> None:
        store = self._store
        contents = {speech.id: content(speech) for speech in speeches}
        versions = {id_: version_of(data) for id_, data in contents.items()}
        present = self._versions(list(versions))
        new = [speech for speech in speeches if present.get(speech.id) != versions[speech.id]]
        if new:
            store.write_whole({versions[s.id]: contents[s.id] for s in new})
            counts = self._write_passages(new, versions)
            store.add_values(new)
            store.speeches.write(
                self._speech_row(speech, versions[speech.id], counts[speech.id]) for speech in new
            )
            replaced = [present[speech.id] for speech in new if speech.id in present]
            self.changed += len(replaced)
            self.added += len(new) - len(replaced)
            self._remove_versions(replaced)
            # Once more: who removed the last speech that had a value may have just removed it.
            store.add_values(new)
        self._remove_left_over(versions)

    def _versions(self, ids: Sequence[str]) -> dict[str, str]:
        rows = self._store.speeches.read(
            f"speech in {json.dumps(list(ids))}", ["speech", "version"], fresh=True
        )
        return {row["speech"]: row["version"] for row in rows}

    def _write_passages(
        self, speeches: Sequence[Speech], versions: dict[str, str]
    ) -> dict[str, int]:
        encoder, store = self._encoder, self._store
        limit = min(encoder.max_tokens, LONGEST_PASSAGE)
        cut = [(s, p) for s in speeches for p in passages(s, encoder.count_tokens, limit)]
        spans = [(s, p, p.span, None) for s, p in cut]
        spans += [(s, p, span, n) for s, p in cut for n, span in enumerate(p.sentences)]  # type: ignore[misc]
        texts = [span.of(speech.text) for speech, _, span, _ in spans]
        new = list(dict.fromkeys(texts))
        vectors = dict(zip(new, encoder.encode_passages(new), strict=True))
        self.embedded += len(new)
        now = int(time.time())
        rows: tuple[list[Row], list[Row]] = ([], [])
        for (speech, passage, _, place), text in zip(spans, texts, strict=True):
            version = versions[speech.id]
            id_ = passage_id(version, passage)
            values = {**filtered(speech), "version": version, "written": now}
            if place is None:
                values |= {
                    "speech": speech.id, "paragraph": passage.paragraph,
                    "number": passage.number, "spans": spans_of(passage),
                    "labelled": len(store.passages.stems(speech.label)),
                }  # fmt: skip
            else:
                values |= {"passage": id_, "place": place}
                id_ = content_id(version, passage.paragraph, passage.number, place)
            told = f"{speech.label} {text}"
            rows[place is not None].append(Row(id_, values, told, vectors[text]))
        store.passages.write(rows[0])
        store.sentences.write(rows[1])
        counts = dict.fromkeys((speech.id for speech in speeches), 0)
        for speech, _ in cut:
            counts[speech.id] += 1
        return counts

    def _speech_row(self, speech: Speech, version: str, count: int) -> Row:
        values = {
            **filtered(speech),
            "speech": speech.id,
            "version": version,
            "known": known(speech),
            "passages": count,
            "written": int(time.time()),
        }
        # Each word once: the row tells which speeches have all words of a quotation.
        words = " ".join(dict.fromkeys(f"{speech.label} {speech.text}".split()))
        return Row(content_id("speech", speech.id), values, words, np.zeros(2, np.float32))

    def _remove_versions(self, versions: Sequence[str]) -> None:
        if versions:
            named = f"version in {json.dumps(list(versions))}"
            for texts in (self._store.passages, self._store.sentences):
                texts.delete(named)
            self._store.remove_whole(versions)

    def _remove_left_over(self, versions: dict[str, str]) -> None:
        """What writers of these speeches left that were killed, or that lost to another."""
        before = int(time.time()) - _LEFT_OVER
        ids = json.dumps(list(versions))
        rows = self._store.passages.read(
            f"speech in {ids} and written < {before}", ["speech", "version"], fresh=True
        )
        stale = {row["version"] for row in rows if row["version"] != versions[row["speech"]]}
        self._remove_versions(sorted(stale))

    def remove(self, ids: set[str]) -> int:
        """Remove speeches; how many there were."""
        store, removed = self._store, 0
        given = iter(sorted(ids))
        while some := list(islice(given, _BATCH)):
            asked = f"speech in {json.dumps(some)}"
            rows = store.speeches.read(asked, ["speech", "version", "known"], fresh=True)
            store.speeches.delete(asked)
            self._remove_versions([row["version"] for row in rows])
            self._remove_values([json.loads(row["known"]) for row in rows])
            removed += len(rows)
        return removed

    def _remove_values(self, gone: Sequence[dict[str, str | None]]) -> None:
        """The values that only these speeches had."""
        told = {(name, value) for one in gone for name in FILTERED if (value := one[name])}
        unused = [
            (name, value)
            for name, value in sorted(told)
            if not self._store.speeches.count(f"{name} == {value_id(value)}", fresh=True)
        ]
        voices = {(one["country"], one["speaker"]) for one in gone}
        for country, speaker in sorted(voices, key=str):
            asked = f"country == {value_id(country)} and speaker == {value_id(speaker)}"
            if not self._store.speeches.count(asked, fresh=True):
                unused.append(("voice", json.dumps([country, speaker])))
        self._store.remove_values(unused)
