"""The collections of a library on Milvus.

    NAME_records     what the store is (`about`), the encoder that made its vectors, the speeches
                     whole, in pieces, and all values of the fields that filters name
    NAME_speeches    a row for each speech: which version of it holds, and what is known of it
    NAME_passages    a row for each passage: vector, words, place
    NAME_sentences   the same for each sentence

A speech is written in the order: its pieces, its passages and sentences, at last its row. Until
that names its version, nobody sees it; a version is the hash of all of a speech, and every row
of a passage has it. So two writers of the same speech write the same rows, and one that is
killed leaves rows that nobody sees.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock

import platformdirs

from assistant.errors import LibraryError
from assistant.milvus.address import Address
from assistant.milvus.records import (
    ASKED,
    FILTERED,
    FORMAT,
    PASSAGE_COLUMNS,
    SENTENCE_COLUMNS,
    SPEECH_COLUMNS,
    whole_speech,
)
from assistant.speech import Speech
from embeddings.encoder import FILES as ENCODER_FILES
from embeddings.encoder import Encoder, OnnxEncoder
from embeddings.milvus import IndexKind, TextCollection, content_id
from embeddings.milvus_records import Record, Records, joined, pieces
from embeddings.milvus_server import Server

Export = Callable[[Path], Encoder]
_ABOUT, _MODEL, _SPEECH, _VALUE = "about", "model", "speech", "value"
_VOICE = "voice"
_NO_VECTOR = 2
_FRESH = 30.0


@dataclass(frozen=True)
class About:
    """What a store is.

    Attributes:
        format: Of its rows.
        encoder: Fingerprint of the encoder.
        dimension: Of its vectors.
        kind: How they are indexed.
    """

    format: int
    encoder: str
    dimension: int
    kind: IndexKind


class Store:
    """A library on Milvus, by its collections."""

    def __init__(self, address: Address, server: Server) -> None:
        self.address = address
        self.server = server
        self.records = Records(server, f"{address.name}_records")
        self.speeches = _texts(server, f"{address.name}_speeches", SPEECH_COLUMNS)
        self.passages = _texts(server, f"{address.name}_passages", PASSAGE_COLUMNS)
        self.sentences = _texts(server, f"{address.name}_sentences", SENTENCE_COLUMNS)
        self._values: tuple[float, dict[str, list[str]]] | None = None
        self._lock = Lock()

    @property
    def texts(self) -> tuple[TextCollection, ...]:
        return self.speeches, self.passages, self.sentences

    def about(self) -> About | None:
        """What the store is; None if there is none yet.

        Raises:
            LibraryError: It is of another format.
        """
        if not self.records.exist():
            return None
        self.records.open()
        found = self.records.of_kind(_ABOUT)
        if not found:
            return None
        about = About(**json.loads(found[0].content))
        if about.format != FORMAT:
            raise LibraryError(
                f"{self.address}: is a library of format {about.format}, this program reads "
                f"{FORMAT}; index it again under another name"
            )
        return about

    def create(self, export: Export, kind: IndexKind) -> Encoder:
        """Make the collections, and give them the encoder."""
        with tempfile.TemporaryDirectory() as folder:
            encoder = export(Path(folder))
            files = {name: (Path(folder) / name).read_bytes() for name in ENCODER_FILES}
        about = About(FORMAT, encoder.fingerprint, encoder.dimension, kind)
        self.records.create()
        self.speeches.create(_NO_VECTOR, "FLAT")
        for texts in (self.passages, self.sentences):
            texts.create(encoder.dimension, kind)
        self.records.open()
        for name, data in files.items():
            self.records.write(pieces(_MODEL, name, data))
        self.records.write([Record(_ABOUT, _ABOUT, "", json.dumps(asdict(about)))])
        return encoder

    def open(self, about: About) -> None:
        """Have all collections in the server's memory."""
        self.records.open()
        self.speeches.open("FLAT")
        for texts in (self.passages, self.sentences):
            texts.open(about.kind)

    def encoder(self, about: About) -> OnnxEncoder:
        """The encoder that made the vectors, kept on this machine once it was fetched.

        Raises:
            LibraryError: The store does not hold it whole.
        """
        folder = platformdirs.user_cache_path("rapporteur") / f"encoder-{about.encoder[:16]}"
        if not all((folder / name).is_file() for name in ENCODER_FILES):
            self._fetch_encoder(folder)
        encoder = OnnxEncoder.open(folder)
        if encoder.fingerprint != about.encoder:
            raise LibraryError(
                f"{folder}: not the encoder that made the vectors of {self.address}; remove that "
                "folder, and it is fetched again"
            )
        return encoder

    def _fetch_encoder(self, folder: Path) -> None:
        stored = self.records.of_owners(_MODEL, ENCODER_FILES)
        if missing := [name for name in ENCODER_FILES if name not in stored]:
            raise LibraryError(f"{self.address}: has no encoder ({missing[0]}); index it again")
        folder.mkdir(parents=True, exist_ok=True)
        for name in ENCODER_FILES:
            part = folder / f"{name}.part"
            part.write_bytes(joined(stored[name], None, f"{self.address} {name}"))
            part.replace(folder / name)

    # Speeches

    def write_whole(self, contents: dict[str, bytes]) -> None:
        """Put whole speeches there, by version."""
        self.records.write(
            record
            for version, data in contents.items()
            for record in pieces(_SPEECH, version, data)
        )

    def whole(self, versions: Sequence[str]) -> dict[str, Speech]:
        """Speeches by version, of those that are there; each is what was written.

        Raises:
            StoreError: One is not what was written.
        """
        stored = self.records.of_owners(_SPEECH, versions)
        return {
            version: whole_speech(joined(records, version, f"{self.address} speech {version[:12]}"))
            for version, records in stored.items()
        }

    def remove_whole(self, versions: Sequence[str]) -> None:
        if versions:
            self.records.delete(f'kind == "{_SPEECH}" and owner in {json.dumps(list(versions))}')

    # Values

    def add_values(self, speeches: Sequence[Speech]) -> None:
        """Have the values of the fields that filters name among those that are known."""
        told = {(name, value) for s in speeches for name in FILTERED if (value := getattr(s, name))}
        told |= {(_VOICE, json.dumps([s.country, s.speaker])) for s in speeches}
        self.records.write(value_record(name, value) for name, value in sorted(told))
        self._values = None

    def remove_values(self, values: Sequence[tuple[str, str]]) -> None:
        keys = [value_record(name, value).key for name, value in values]
        if keys:
            self.records.delete(f"key in {json.dumps(keys)}")
        self._values = None

    def values(self) -> dict[str, list[str]]:
        """All values of each field that filters name, and "voice": country and speaker, JSON."""
        with self._lock:
            if self._values is None or self._values[0] < time.monotonic():
                found: dict[str, list[str]] = {name: [] for name in (*FILTERED, _VOICE)}
                for record in self.records.of_kind(_VALUE):
                    found[record.owner].append(record.content)
                self._values = time.monotonic() + _FRESH, found
            return self._values[1]

    def voices(self) -> list[tuple[str | None, str | None]]:
        """Every country and speaker that occur together."""
        return [(told[0], told[1]) for told in map(json.loads, self.values()[_VOICE])]

    def flush(self) -> None:
        self.records.flush()
        for texts in self.texts:
            texts.flush()


def _texts(server: Server, name: str, columns: dict[str, str]) -> TextCollection:
    return TextCollection(server, name, columns, [name for name in ASKED if name in columns])


def value_record(name: str, value: str) -> Record:
    return Record(f"{name}:{content_id('value', value)}", _VALUE, name, value)
