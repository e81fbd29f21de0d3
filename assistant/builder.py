"""Speeches to a library on disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from assistant import storage
from assistant.errors import LibraryError
from assistant.library import Library
from assistant.passage import Passage, passages
from assistant.speech import Speech, written_date
from assistant.text import Span
from embeddings.encoder import FILES as ENCODER_FILES
from embeddings.encoder import Encoder, FloatArray, OnnxEncoder
from embeddings.hybrid import HybridIndex

Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total)."""
Export = Callable[[Path], Encoder]
"""Writes an encoder to a folder and opens it."""

LONGEST_PASSAGE = 256
"""Tokens, even where the encoder reads more: the reader must read a passage whole."""

_LOCK = ".lock"


@dataclass(frozen=True)
class Built:
    """What building did.

    Attributes:
        speeches, passages: In the library now.
        embedded: Texts that were embedded anew.
        removed: Speeches that the library held before and does not hold now.
    """

    speeches: int
    passages: int
    embedded: int
    removed: int = 0


def build(
    folder: Path,
    speeches: Sequence[Speech],
    export: Export | None,
    progress: Progress = lambda stage, done, total: None,
) -> Built:
    """Make `folder` the library of exactly these speeches.

    Texts that the present state holds keep their vectors when the model is the same.

    Args:
        folder: Made if need be.
        speeches: With distinct ids.
        export: Where the encoder comes from. None keeps the one that the library has.
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
            return _replace_state(folder, speeches, export, progress)
    except Timeout as error:
        raise LibraryError(
            f"{folder}: another process is building this library; wait until it is done"
        ) from error
    except OSError as error:
        reason = error.strerror or error
        raise LibraryError(
            f"{folder}: cannot be written ({reason}); nothing was changed"
        ) from error


def _replace_state(
    folder: Path, speeches: Sequence[Speech], export: Export | None, progress: Progress
) -> Built:
    previous = storage.sound_state(folder)
    state = storage.new_state(folder)
    try:
        built = _write_state(state, previous, speeches, export, progress)
    except BaseException:
        shutil.rmtree(state, ignore_errors=True)
        raise
    storage.point_to(folder, state)
    # The last state stays for a reader that is opening it just now. What a killed process
    # left goes, and what was damaged, now that there is something sound.
    storage.remove_states(folder, previous, state)
    return built


def _write_state(
    state: Path,
    previous: Path | None,
    speeches: Sequence[Speech],
    export: Export | None,
    progress: Progress,
) -> Built:
    encoder = _place_encoder(state / storage.ENCODER, previous, export, progress)
    cut: list[Passage] = []
    for done, speech in enumerate(speeches, start=1):
        cut += passages(speech, encoder.count_tokens, min(encoder.max_tokens, LONGEST_PASSAGE))
        progress("Cutting into passages", done, len(speeches))
    by_id = {speech.id: speech for speech in speeches}
    store = _VectorStore.of(previous, encoder)

    def index(spans: list[tuple[Passage, Span]], name: str) -> None:
        texts = [span.of(by_id[passage.speech].text) for passage, span in spans]
        vectors = store.vectors(texts, partial(progress, f"Embedding {name}"))
        # Who speaks, and when, is searched with what is said: a name or a month in a question
        # finds its speeches, and what all of them share tells none apart.
        labels = (_label(by_id[passage.speech]) for passage, _ in spans)
        labelled = [f"{label} {text}" for label, text in zip(labels, texts, strict=True)]
        HybridIndex.build(vectors, labelled).save(state / name)

    index([(p, p.span) for p in cut], storage.PASSAGE_INDEX)
    index([(p, s) for p in cut for s in p.sentences], storage.SENTENCE_INDEX)
    storage.write_speeches(state, speeches)
    storage.write_passages(state, cut)
    counts = {"speeches": len(speeches), "passages": len(cut)}
    storage.write_manifest(state, encoder.fingerprint, encoder.dimension, counts)
    return Built(len(speeches), len(cut), store.embedded, len(store.speeches - by_id.keys()))


def _label(speech: Speech) -> str:
    """ "Mr. Umarov (Kazakhstan) 12 September 2018"."""
    return f"{speech.byline} {written_date(speech.date) if speech.date else ''}"


def _place_encoder(
    folder: Path, previous: Path | None, export: Export | None, progress: Progress
) -> Encoder:
    folder.mkdir()
    if export is not None:
        progress("Preparing the model", 0, 1)
        encoder = export(folder)
        progress("Preparing the model", 1, 1)
        return encoder
    if previous is None:
        raise LibraryError(f"{folder.parent.parent}: no encoder to keep; name a model")
    for name in ENCODER_FILES:
        shutil.copyfile(previous / storage.ENCODER / name, folder / name)
    return OnnxEncoder.open(folder)


class _VectorStore:
    """Vectors by text: those of the present state, if the same model made them, and new ones.

    Attributes:
        embedded: How many are new.
        speeches: Ids of the speeches of the present state.
    """

    def __init__(self, encoder: Encoder, known: dict[str, FloatArray], speeches: set[str]) -> None:
        self.embedded = 0
        self.speeches = speeches
        self._encoder = encoder
        self._known = known

    @classmethod
    def of(cls, state: Path | None, encoder: Encoder) -> _VectorStore:
        known: dict[str, FloatArray] = {}
        try:
            old = Library.open_state(state) if state else None
        except LibraryError:
            old = None  # as it was written, but this version cannot read it
        if old and old.encoder.fingerprint == encoder.fingerprint:
            for index, spans in (
                (old.passage_index, [(p, p.span) for p in old.passages]),
                (old.sentence_index, [(p, s) for p in old.passages for s in p.sentences]),
            ):
                for (passage, span), vector in zip(spans, index.dense.vectors(), strict=True):
                    known[span.of(old.speech_of(passage).text)] = vector
        return cls(encoder, known, set(old.speeches) if old else set())

    def vectors(self, texts: list[str], progress: Callable[[int, int], None]) -> FloatArray:
        """(n, d) float32 unit rows."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._encoder.encode_passages(new, progress), strict=True))
        self.embedded += len(new)
        return np.stack([self._known[text] for text in texts])
