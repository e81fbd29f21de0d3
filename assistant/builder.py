"""Speeches to a library on disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from operator import length_hint
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from filelock import FileLock, Timeout

from assistant import storage
from assistant.changes import Compared, Keep, beside
from assistant.errors import LibraryError
from assistant.library import Library
from assistant.passage import passages
from assistant.passages import Passages, PassageWriter
from assistant.sentences import MOST_SEARCHED, StoredSentences
from assistant.speech import Speech
from assistant.speeches import Speeches, SpeechWriter
from assistant.vectors import Cache, Keys, Source, VectorStore, key_of, keys_of, remove_caches
from embeddings.dense import Kind, Rows, kind_for
from embeddings.encoder import FILES as ENCODER_FILES
from embeddings.encoder import Encoder, OnnxEncoder
from embeddings.hybrid import HybridIndex

Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total)."""
Export = Callable[[Path], Encoder]
"""Writes an encoder to a folder and opens it."""

LONGEST_PASSAGE = 256
"""Tokens, even where the encoder reads more: the reader must read a passage whole."""

_LOCK = ".lock"
_EMPTY = "{}: there is no speech to build a library from"
_NO_ENCODER = "{}: no encoder to keep; name a model"


@dataclass(frozen=True)
class Built:
    """What building did.

    Attributes:
        speeches, passages: In the library now.
        embedded: Texts that were embedded anew.
        added, changed, removed, unchanged: Speeches, compared with what the library held before.
    """

    speeches: int
    passages: int
    embedded: int
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0


def build(
    folder: Path,
    speeches: Iterable[Speech],
    export: Export | None,
    progress: Progress = lambda stage, done, total: None,
    kind: Kind | None = None,
    keep: Keep | None = None,
) -> Built:
    """Make `folder` the library of exactly these speeches, or of those it has with these.

    Texts that the present state holds keep their vectors when the model is the same, and so do
    those that a build made that was killed. Speeches are read once, one at a time.

    Args:
        folder: Made if need be.
        speeches: With distinct ids.
        export: Where the encoder comes from. None keeps the one that the library has.
        progress: Told of every stage.
        kind: How vectors are searched; None for what `kind_for` says of so many passages, and of
            so many sentences.
        keep: Which speeches of the library stay beside these, which must have other ids; None
            for none.

    Raises:
        LibraryError: The folder cannot be written, or another process is building there.
        ModelError: The encoder cannot be exported.
    """
    given = _Given.of(speeches)
    if keep is None and not given:
        raise LibraryError(_EMPTY.format(folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / _LOCK, timeout=0):
            return _replace_state(folder, given, export, progress, kind, keep)
    except Timeout as error:
        raise LibraryError(
            f"{folder}: another process is building this library; wait until it is done"
        ) from error
    except OSError as error:
        reason = error.strerror or error
        raise LibraryError(
            f"{folder}: cannot be written ({reason}); nothing was changed"
        ) from error


def plan(
    folder: Path,
    speeches: Iterable[Speech],
    export: Export | None,
    progress: Progress = lambda stage, done, total: None,
    kind: Kind | None = None,
    keep: Keep | None = None,
) -> Built:
    """What `build` would do. Nothing is written to `folder`, and it is not locked.

    Args and errors are those of `build`; an encoder that is not the library's is placed in a
    temporary folder.
    """
    previous = storage.sound_state(folder, deep=True)
    before = _opened(previous)
    compared = _compared(folder, _Given.of(speeches), before, keep)
    with TemporaryDirectory() as place:
        if export is not None:
            encoder = export(Path(place))
        elif before is not None:
            encoder = before.encoder
        else:
            raise LibraryError(_NO_ENCODER.format(folder))
        whole, parts, done = bytearray(), bytearray(), 0
        limit = min(encoder.max_tokens, LONGEST_PASSAGE)
        for done, speech in enumerate(compared, start=1):
            for passage in passages(speech, encoder.count_tokens, limit):
                whole += key_of(passage.span.of(speech.text))
                for sentence in passage.sentences:
                    parts += key_of(sentence.of(speech.text))
            progress("Cutting into passages", done, max(length_hint(compared), done))
        if not done:
            raise LibraryError(_EMPTY.format(folder))
        keys = keys_of(whole), keys_of(parts)
        store = _store(folder, previous, before, encoder, write=False)
        kinds = _kinds(kind, *map(len, keys))
        missing = [
            {bytes(key) for key in each[store.missing(each, exact)]}
            for each, exact in zip(keys, _exact(kinds, len(keys[1])), strict=True)
        ]
    return _built(compared, done, len(keys[0]), len(missing[0] | missing[1]))


def _compared(
    folder: Path, given: Iterable[Speech], before: Library | None, keep: Keep | None
) -> Compared:
    """The speeches of the next state: these, or with them what is kept of the library.

    Raises:
        LibraryError: The library of which speeches are to be kept cannot be read.
    """
    if keep is not None and before is None and storage.exists(folder):
        before = Library.open(folder)  # which tells what is wrong with it
    if keep is not None and before is not None:
        given = beside(filter(keep, before.speeches.in_order()), given)
    return Compared(given, before.speeches if before else {})


def _built(compared: Compared, speeches: int, passages: int, embedded: int) -> Built:
    return Built(
        speeches,
        passages,
        embedded,
        compared.added,
        compared.changed,
        compared.removed,
        compared.unchanged,
    )


def _kinds(kind: Kind | None, passages: int, sentences: int) -> tuple[Kind, Kind]:
    """How passages, and how sentences, are searched."""
    return kind or kind_for(passages), kind or kind_for(sentences)


def _exact(kinds: tuple[Kind, Kind], sentences: int) -> tuple[bool, bool]:
    """Whether the vectors of passages, and those of sentences, are kept with 32 bits.

    A state is to hold the same vectors whatever the one before it was: those of 32 bits are
    never made of those that were rounded to 16.
    """
    return kinds[0] == "flat", kinds[1] == "flat" and sentences <= MOST_SEARCHED


class _Given:
    """Speeches of which the first was read already, once."""

    def __init__(self, first: Speech | None, others: Iterator[Speech], length: int) -> None:
        self._first = first
        self._all = chain([first], others) if first else others
        self._length = length

    @classmethod
    def of(cls, speeches: Iterable[Speech]) -> _Given:
        others = iter(speeches)
        return cls(next(others, None), others, length_hint(speeches))

    def __bool__(self) -> bool:
        return self._first is not None

    def __iter__(self) -> Iterator[Speech]:
        return self._all

    def __length_hint__(self) -> int:
        return self._length


def _replace_state(
    folder: Path,
    speeches: Iterable[Speech],
    export: Export | None,
    progress: Progress,
    kind: Kind | None,
    keep: Keep | None,
) -> Built:
    previous = storage.sound_state(folder, deep=True)
    before = _opened(previous)
    compared = _compared(folder, speeches, before, keep)
    state = storage.new_state(folder)
    try:
        built = _write_state(state, previous, before, compared, export, progress, kind)
    except BaseException:
        shutil.rmtree(state, ignore_errors=True)
        raise
    storage.point_to(folder, state)
    # The last state stays for a reader that is opening it just now. What a killed process
    # left goes, and what was damaged, now that there is something sound.
    storage.remove_states(folder, previous, state)
    remove_caches(folder)
    return built


def _write_state(
    state: Path,
    previous: Path | None,
    before: Library | None,
    speeches: Compared,
    export: Export | None,
    progress: Progress,
    kind: Kind | None,
) -> Built:
    encoder = _place_encoder(state / storage.ENCODER, previous, export, progress)
    cut = _Cut.of(state, speeches, encoder, progress)
    if not len(cut.speeches):
        raise LibraryError(_EMPTY.format(state.parent))
    store = _store(state.parent, previous, before, encoder)
    kinds = _kinds(kind, len(cut.passages), cut.sentences)
    many = cut.sentences > MOST_SEARCHED
    exact = _exact(kinds, cut.sentences)
    for name, texts, keys, searched, whole in (
        (storage.PASSAGE_INDEX, _PassageTexts(cut), cut.passage_keys, kinds[0], exact[0]),
        (storage.SENTENCE_INDEX, _SentenceTexts(cut), cut.sentence_keys, kinds[1], exact[1]),
    ):
        missing = store.missing(keys, whole)
        store.embed(
            keys[missing], texts.plain(missing), encoder, partial(progress, f"Embedding {name}")
        )
        vectors = store.vectors(keys, whole)
        shape = (len(keys), encoder.dimension)
        (state / name).mkdir()
        progress(f"Indexing {name}", 0, 1)
        if many and name == storage.SENTENCE_INDEX:
            StoredSentences.write(state / name, vectors, texts.labelled(), shape)
        else:
            HybridIndex.write(state / name, vectors, texts.labelled(), shape, searched)
        np.save(state / name / storage.KEYS, keys, allow_pickle=False)
        progress(f"Indexing {name}", 1, 1)
    counts = {
        "speeches": len(cut.speeches), "passages": len(cut.passages), "sentences": cut.sentences,
    }  # fmt: skip
    described: dict[str, int | str] = {
        **counts, "dimension": encoder.dimension, "kind": kinds[0], "model": encoder.fingerprint,
    }  # fmt: skip
    storage.write_manifest(state, described)
    return _built(speeches, len(cut.speeches), len(cut.passages), store.embedded)


@dataclass(frozen=True)
class _Cut:
    """Speeches and passages as they were written to a state, with the key of every text."""

    speeches: Speeches
    passages: Passages
    passage_keys: Keys
    sentence_keys: Keys

    @classmethod
    def of(
        cls, state: Path, speeches: Iterable[Speech], encoder: Encoder, progress: Progress
    ) -> _Cut:
        limit = min(encoder.max_tokens, LONGEST_PASSAGE)
        whole, parts = bytearray(), bytearray()
        total = length_hint(speeches)
        places = PassageWriter()
        with SpeechWriter(state) as writer:
            for number, speech in enumerate(speeches):
                writer.add(speech)
                for passage in passages(speech, encoder.count_tokens, limit):
                    places.add(number, passage)
                    whole += key_of(passage.span.of(speech.text))
                    for sentence in passage.sentences:
                        parts += key_of(sentence.of(speech.text))
                progress("Cutting into passages", number + 1, max(total, number + 1))
        places.write(state)
        stored = Speeches.open(state)
        return cls(stored, Passages.open(state, stored), keys_of(whole), keys_of(parts))

    @property
    def sentences(self) -> int:
        return len(self.sentence_keys)


class _PassageTexts:
    """The words of passages, read again from the state in order."""

    def __init__(self, cut: _Cut) -> None:
        self._cut = cut

    def plain(self, rows: Rows) -> Iterator[str]:
        """Of some passages, as they are embedded."""
        for row in rows.tolist():
            passage = self._cut.passages[row]
            yield passage.span.of(self._cut.speeches[passage.speech].text)

    def labelled(self) -> Iterator[str]:
        """Of all, as they are searched with their words.

        Who speaks, and when, is searched with what is said: a name or a month in a question
        finds its speeches, and what all of them share tells none apart.
        """
        for passage in self._cut.passages:
            speech = self._cut.speeches[passage.speech]
            yield f"{speech.label} {passage.span.of(speech.text)}"


class _SentenceTexts(_PassageTexts):
    """The same of the sentences of all passages."""

    def plain(self, rows: Rows) -> Iterator[str]:
        starts = self._cut.passages.sentence_starts
        around = np.searchsorted(starts, rows, side="right") - 1
        for row, of in zip(rows.tolist(), around.tolist(), strict=True):
            passage = self._cut.passages[of]
            span = passage.sentences[row - int(starts[of])]
            yield span.of(self._cut.speeches[passage.speech].text)

    def labelled(self) -> Iterator[str]:
        for passage in self._cut.passages:
            speech = self._cut.speeches[passage.speech]
            for sentence in passage.sentences:
                yield f"{speech.label} {sentence.of(speech.text)}"


def _opened(state: Path | None) -> Library | None:
    try:
        return Library.open_state(state) if state else None
    except LibraryError:
        return None


def _store(
    folder: Path,
    state: Path | None,
    before: Library | None,
    encoder: Encoder,
    write: bool = True,
) -> VectorStore:
    """What vectors there are: of the last state, if the same model made them, and of a cache."""
    cache = Cache(Cache.folder(folder, encoder.fingerprint), encoder.dimension, write)
    sources = []
    if state and before and before.encoder.fingerprint == encoder.fingerprint:
        for name, index in (
            (storage.PASSAGE_INDEX, before.passage_index),
            (storage.SENTENCE_INDEX, before.sentence_index),
        ):
            keys = np.load(state / name / storage.KEYS, allow_pickle=False)
            whole = isinstance(index, HybridIndex) and index.dense.kind == "flat"
            sources.append(Source(keys, index, whole))
    return VectorStore(cache, sources)


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
        raise LibraryError(_NO_ENCODER.format(folder.parent.parent))
    for name in ENCODER_FILES:
        shutil.copyfile(previous / storage.ENCODER / name, folder / name)
    return OnnxEncoder.open(folder)
