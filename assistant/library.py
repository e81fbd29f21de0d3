"""A library: speeches, their passages and their index in a folder of plain files.

    CURRENT                 name of the folder that holds the present state
    state-1f0c…/            never changed once CURRENT names it
        manifest.json       format, counts, model, and the sha256 of every other file
        speeches.jsonl      reading texts, their maps to the files, who spoke and when
        passages.jsonl      offsets
        passages/           index of the passages (FAISS and BM25)
        sentences/          index of their sentences
        encoder/            the model that made the vectors, with its tokenizer

A new state is written beside the old one, and then CURRENT is replaced in one step: whatever
happens while a library is built, the last good state opens.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from assistant.errors import DamagedIndexError, LibraryError, ModelError
from assistant.passage import Passage, passages
from assistant.speech import Speech
from assistant.text import ReadingText, Segment, Span
from embeddings.dense import Rows
from embeddings.encoder import FILES as ENCODER_FILES
from embeddings.encoder import Encoder, FloatArray, OnnxEncoder
from embeddings.hybrid import HybridIndex

FORMAT = 1
POINTER = "CURRENT"
Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total)."""

_LOCK = ".lock"
_MANIFEST = "manifest.json"
_SPEECHES = "speeches.jsonl"
_PASSAGES = "passages.jsonl"
_PASSAGE_INDEX = "passages"
_SENTENCE_INDEX = "sentences"
_ENCODER = "encoder"
_STATE = "state-"


@dataclass(frozen=True)
class Library:
    """An opened library. Row `i` of `passage_index` is `passages[i]`.

    Attributes:
        folder: Where its state lies.
        speeches: By id, in order of file name.
        passages: In order of speech and place in it.
        sentence_index: A row for each sentence of each passage, in order.
        encoder: Made the vectors of both indexes.
        fingerprint: Hash of the manifest, and so of everything in the library.
    """

    folder: Path
    speeches: dict[str, Speech]
    passages: list[Passage]
    passage_index: HybridIndex
    sentence_index: HybridIndex
    encoder: Encoder
    fingerprint: str

    @classmethod
    def open(cls, folder: Path) -> Library:
        """Open the present state of the library in `folder`.

        Raises:
            LibraryError: There is none, it is of another version, or a file of it is not
                what it was when it was built.
        """
        state = _present_state(folder)
        manifest = _checked_manifest(state)
        try:
            speeches = [_speech_from(line) for line in _lines(state / _SPEECHES)]
            found = [_passage_from(line) for line in _lines(state / _PASSAGES)]
            library = cls(
                folder=state,
                speeches={speech.id: speech for speech in speeches},
                passages=found,
                passage_index=HybridIndex.load(state / _PASSAGE_INDEX),
                sentence_index=HybridIndex.load(state / _SENTENCE_INDEX),
                encoder=OnnxEncoder.open(state / _ENCODER),
                fingerprint=_sha256(state / _MANIFEST),
            )
        except (DamagedIndexError, ModelError, OSError, ValueError, KeyError, TypeError) as error:
            raise LibraryError(f"{folder}: damaged ({error}); build it again") from error
        counts = (len(library.passages), len(library.passage_index), library._sentence_starts[-1])
        if counts != (manifest["passages"], manifest["passages"], len(library.sentence_index)):
            raise LibraryError(f"{folder}: its files do not belong together; build it again")
        return library

    @cached_property
    def _sentence_starts(self) -> list[int]:
        """Row of the first sentence of each passage, and the number of rows at the end."""
        return [0, *accumulate(len(passage.sentences) for passage in self.passages)]

    def sentence_rows(self, passage_row: int) -> range:
        """Rows of `sentence_index` that belong to a passage."""
        return range(self._sentence_starts[passage_row], self._sentence_starts[passage_row + 1])

    def speech_of(self, passage: Passage) -> Speech:
        return self.speeches[passage.speech]

    def rows(self, keep: Callable[[Speech], bool]) -> Rows:
        """Rows of the passages of the speeches that `keep` accepts."""
        kept = {speech.id for speech in self.speeches.values() if keep(speech)}
        return np.array(
            [row for row, passage in enumerate(self.passages) if passage.speech in kept], np.int64
        )


@dataclass(frozen=True)
class Built:
    """What building did: counts of speeches and passages, and passages that were embedded."""

    speeches: int
    passages: int
    embedded: int


def build(
    folder: Path,
    speeches: Sequence[Speech],
    export: Callable[[Path], Encoder] | None,
    progress: Progress = lambda stage, done, total: None,
) -> Built:
    """Make `folder` the library of exactly these speeches.

    Texts that the present state holds keep their vectors when the model is the same.

    Args:
        folder: Made if need be.
        speeches: With distinct ids.
        export: Writes an encoder to a folder and opens it. None keeps the one that the
            library has.
        progress: Told of every stage.

    Raises:
        LibraryError: The folder cannot be written, or another process is building there.
        ModelError: The encoder cannot be exported.
    """
    if not speeches:
        raise LibraryError(f"{folder}: there is no speech to build a library from")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / _LOCK, timeout=0):
            return _build(folder, speeches, export, progress)
    except Timeout as error:
        raise LibraryError(
            f"{folder}: another process is building this library; wait until it is done"
        ) from error
    except OSError as error:
        reason = error.strerror or error
        raise LibraryError(
            f"{folder}: cannot be written ({reason}); the old state is kept"
        ) from error


def exists(folder: Path) -> bool:
    """Whether there is a library in `folder`, whatever its condition."""
    return (folder / POINTER).is_file()


def _build(
    folder: Path,
    speeches: Sequence[Speech],
    export: Callable[[Path], Encoder] | None,
    progress: Progress,
) -> Built:
    previous = _present_state(folder) if exists(folder) else None
    _remove_states(folder, keep=previous)
    state = Path(tempfile.mkdtemp(prefix=_STATE, dir=folder))
    try:
        encoder = _place_encoder(state / _ENCODER, previous, export, progress)
        cut: list[Passage] = []
        for done, speech in enumerate(speeches, start=1):
            cut += passages(speech, encoder.count_tokens, encoder.max_tokens)
            progress("Cutting into passages", done, len(speeches))
        by_id = {speech.id: speech for speech in speeches}
        old = _VectorStore.of(previous, encoder)
        embedded = 0
        for name, spans in (
            (_PASSAGE_INDEX, [(p, p.span) for p in cut]),
            (_SENTENCE_INDEX, [(p, sentence) for p in cut for sentence in p.sentences]),
        ):
            texts = [span.of(by_id[passage.speech].text) for passage, span in spans]
            vectors, new = old.vectors(texts, partial(progress, f"Embedding {name}"))
            # Who speaks is searched with what is said: a name in a question finds its
            # speeches, and a name that all of them share tells none apart.
            bylines = (by_id[passage.speech].byline for passage, _ in spans)
            named = [f"{byline} {text}" for byline, text in zip(bylines, texts, strict=True)]
            HybridIndex.build(vectors, named).save(state / name)
            embedded += new
        _write_lines(state / _SPEECHES, map(_speech_to, speeches))
        _write_lines(state / _PASSAGES, map(_passage_to, cut))
        _write_manifest(state, encoder, len(speeches), len(cut))
        _point_to(folder, state)
    except BaseException:
        shutil.rmtree(state, ignore_errors=True)
        raise
    _remove_states(folder, keep=state, also=previous)
    return Built(len(speeches), len(cut), embedded)


def _place_encoder(
    folder: Path,
    previous: Path | None,
    export: Callable[[Path], Encoder] | None,
    progress: Progress,
) -> Encoder:
    folder.mkdir()
    if export is None:
        if previous is None:
            raise LibraryError(f"{folder}: there is no encoder to keep; name a model")
        for name in ENCODER_FILES:
            shutil.copyfile(previous / _ENCODER / name, folder / name)
        return OnnxEncoder.open(folder)
    progress("Exporting the model", 0, 1)
    encoder = export(folder)
    progress("Exporting the model", 1, 1)
    return encoder


class _VectorStore:
    """Vectors by text: those of the present state, if the same model made them."""

    def __init__(self, encoder: Encoder, known: dict[str, FloatArray]) -> None:
        self._encoder = encoder
        self._known = known

    @classmethod
    def of(cls, state: Path | None, encoder: Encoder) -> _VectorStore:
        known: dict[str, FloatArray] = {}
        try:
            old = Library.open(state.parent) if state else None
        except LibraryError:
            old = None  # damaged: everything is embedded again
        if old and old.encoder.fingerprint == encoder.fingerprint:
            sentences = [(p, span) for p in old.passages for span in p.sentences]
            for index, spans in (
                (old.passage_index, [(p, p.span) for p in old.passages]),
                (old.sentence_index, sentences),
            ):
                for (passage, span), vector in zip(spans, index.dense.vectors(), strict=True):
                    known[span.of(old.speech_of(passage).text)] = vector
        return cls(encoder, known)

    def vectors(
        self, texts: list[str], progress: Callable[[int, int], None]
    ) -> tuple[FloatArray, int]:
        """(n, d) float32 unit rows, and how many of them are new."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        for text, vector in zip(new, self._encoder.encode_passages(new, progress), strict=True):
            self._known[text] = vector
        return np.stack([self._known[text] for text in texts]), len(new)


def _present_state(folder: Path) -> Path:
    try:
        name = (folder / POINTER).read_text("utf-8").strip()
    except OSError as error:
        raise LibraryError(
            f"{folder}: no library here; build one with: rapporteur index PATH --library {folder}"
        ) from error
    if not name.startswith(_STATE) or Path(name).name != name:
        raise LibraryError(f"{folder / POINTER}: damaged; build the library again")
    return folder / name


def _checked_manifest(state: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((state / _MANIFEST).read_text("utf-8"))
        version, files = manifest["format"], manifest["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LibraryError(f"{state / _MANIFEST}: damaged; build the library again") from error
    if version != FORMAT:
        raise LibraryError(
            f"{state.parent}: is a library of format {version}, this program reads {FORMAT}; "
            "build it again"
        )
    for name, expected in files.items():
        path = state / name
        if not path.is_file() or _sha256(path) != expected:
            raise LibraryError(
                f"{path}: missing, or changed since the library was built; build it again"
            )
    return manifest


def _write_manifest(state: Path, encoder: Encoder, speeches: int, passages_: int) -> None:
    files = sorted(path for path in state.rglob("*") if path.is_file())
    hashes = {path.relative_to(state).as_posix(): _sha256(path) for path in files}
    manifest = {
        "format": FORMAT,
        "speeches": speeches,
        "passages": passages_,
        "dimension": encoder.dimension,
        "model": encoder.fingerprint,
        "corpus": hashes[_SPEECHES],
        "files": hashes,
    }
    (state / _MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    for path in (*files, state / _MANIFEST):
        _sync(path)


def _point_to(folder: Path, state: Path) -> None:
    new = folder / f"{POINTER}.new"
    new.write_text(state.name + "\n", "utf-8")
    _sync(new)
    os.replace(new, folder / POINTER)


def _sync(path: Path) -> None:
    """Have the bytes on the disk before anything points to them."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _remove_states(folder: Path, keep: Path | None, also: Path | None = None) -> None:
    """Remove what no reader can be opening: all states but the present and the last one."""
    for path in folder.glob(_STATE + "*"):
        if path not in (keep, also):
            shutil.rmtree(path, ignore_errors=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    # Not str.splitlines, which also parts at U+2028.
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield json.loads(line)


def _write_lines(path: Path, records: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _speech_to(speech: Speech) -> dict[str, Any]:
    return asdict(speech)


def _speech_from(record: dict[str, Any]) -> Speech:
    reading = record.pop("reading")
    return Speech(
        reading=ReadingText(
            reading["text"],
            tuple(Span(*span) for span in reading["paragraphs"]),
            tuple(Segment(*segment) for segment in reading["segments"]),
        ),
        **record,
    )


def _passage_to(passage: Passage) -> dict[str, Any]:
    return asdict(passage)


def _passage_from(record: dict[str, Any]) -> Passage:
    return Passage(
        record["speech"],
        record["paragraph"],
        record["number"],
        Span(*record["span"]),
        tuple(Span(*span) for span in record["sentences"]),
    )
