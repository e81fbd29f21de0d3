"""Whether a library is sound: everything that can be checked of it, each with what to do.

Nothing is written and nothing is raised: a library may be damaged in any way.
"""

from __future__ import annotations

import os
import platform
import random
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from filelock import FileLock, Timeout

from assistant import storage
from assistant.claims import WEIGHTS as STANCE
from assistant.errors import RapporteurError
from assistant.library import Library
from assistant.passage import Passage
from assistant.reader import WEIGHTS as READER
from assistant.speech import Speech
from assistant.text import Span
from assistant.topics import WEIGHTS as TOPICS
from embeddings.lexical import Tokeniser
from embeddings.shipped import ENCODER_FOLDER, verified

State = Literal["ok", "note", "problem", "unknown"]
Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total)."""

LOCK = ".lock"
_BUILD = "build the library again with rapporteur index"
_PACKAGES = (
    "rapporteur", "numpy", "faiss-cpu", "onnxruntime", "tokenizers", "bm25s", "filelock", "gradio",
)  # fmt: skip
_STAGES = {
    "spans": "Checking passages",
    "maps": "Checking maps",
    "vectors": "Checking vectors",
    "model": "Embedding a sample",
    "words": "Looking up words",
}
_SAMPLE = 24
"""Texts of each index that are embedded again, and looked up by their words."""
_ALIKE = 0.98
"""Least cosine of a text's vector and the one that is stored: processors round 8-bit models
differently, by some thousandths, and another model is far off."""
_UNIT = 5e-3
"""How far from 1 a vector's length may be: those kept with 16 bits are rounded."""
_PIECE = 8192
_TOLD = 3


@dataclass(frozen=True)
class Check:
    """What was found of one thing.

    Attributes:
        name: What was looked at.
        state: "ok"; "note": the library is sound, but something is worth knowing; "problem";
            "unknown": it could not be looked at because of a problem before.
        told: What was found.
        remedy: What to do about it.
    """

    name: str
    state: State
    told: str
    remedy: str = ""


def sound(checks: Iterable[Check]) -> bool:
    return not any(check.state == "problem" for check in checks)


def examine(folder: Path, progress: Progress = lambda stage, done, total: None) -> list[Check]:
    """Check the library in `folder`, and what it needs of this machine."""
    checks = [_pointer(folder)]
    if sound(checks):
        state = storage.present_state(folder)
        checks += _files(state, progress)
        library, opened = _opened(state)
        checks.append(opened)
        checks += _content(library, progress)
    return [*checks, _leftovers(folder), _room(folder), _writable(folder), _models(), _packages()]


def _pointer(folder: Path) -> Check:
    try:
        state = storage.present_state(folder)
    except RapporteurError as error:
        what, _, remedy = str(error).rpartition("; ")
        return Check("pointer", "problem", what, remedy)
    if not state.is_dir():
        told = f"{folder / storage.POINTER} names {state.name}, which is not there"
        return Check("pointer", "problem", told, _BUILD)
    return Check("pointer", "ok", f"names {state.name}")


# files


def _files(state: Path, progress: Progress) -> Iterator[Check]:
    """The manifest, and every file against it."""
    try:
        sums = storage.sums_of(state)
    except RapporteurError as error:
        what, _, remedy = str(error).rpartition("; ")
        yield Check("manifest", "problem", what, remedy)
        yield Check("files", "unknown", "no manifest to compare them with")
        return
    yield Check("manifest", "ok", f"format {storage.FORMAT}, unchanged")
    names = [*sums.files, *sums.large]
    wrong = []
    for done, name in enumerate(names, start=1):
        if sums.changed(state, name):
            wrong.append(name)
        progress("Hashing files", done, len(names))
    if wrong:
        told = f"{_some(wrong)}: missing, or not what was written"
        yield Check("files", "problem", told, _BUILD)
    else:
        yield Check("files", "ok", f"{len(names)} files have the hashes that the manifest has")
    lying = {path.relative_to(state).as_posix() for path in state.rglob("*") if path.is_file()}
    if foreign := sorted(lying - {*names, storage.MANIFEST}):
        told = f"{_some(foreign)}: not of this library, and not read"
        yield Check("foreign files", "note", told, "move them elsewhere")


def _opened(state: Path) -> tuple[Library | None, Check]:
    try:
        library = Library.open_state(state)
    except RapporteurError as error:
        what, _, remedy = str(error).rpartition("; ")
        return None, Check("opening", "problem", what or remedy, remedy if what else _BUILD)
    counts = (
        f"{len(library.speeches):,} speeches, {len(library.passages):,} passages, "
        f"{len(library.sentence_index):,} sentences; a row of the index for each"
    )
    return library, Check("opening", "ok", counts)


# content


def _content(library: Library | None, progress: Progress) -> Iterator[Check]:
    for name, look in (
        ("spans", _spans),
        ("maps", _maps),
        ("vectors", _vectors),
        ("model", _model),
        ("words", _words),
    ):
        if library is None:
            yield Check(name, "unknown", "the library does not open")
            continue
        try:
            wrong, told = look(library, partial(progress, _STAGES[name]))
        except Exception as error:  # whatever a damaged library leads to is what is looked for
            wrong, told = [f"{type(error).__name__}: {error}".splitlines()[0]], ""
        if wrong:
            yield Check(name, "problem", _some(wrong), _BUILD)
        else:
            yield Check(name, "ok", told)


Step = Callable[[int, int], None]
Found = tuple[list[str], str]
"""What is wrong, a line each, and what to tell if nothing is."""


def _spans(library: Library, step: Step) -> Found:
    """Every passage and sentence is a slice of its paragraph, in order, without gap of words."""
    wrong, sentences, seen = [], 0, set[str]()
    for done, passage in enumerate(library.passages, start=1):
        sentences += len(passage.sentences)
        if not _fits(passage, library.speech_of(passage)) or passage.id in seen:
            wrong.append(f"passage {passage.id}")
        seen.add(passage.id)
        step(done, len(library.passages))
    return wrong, f"{len(library.passages):,} passages and {sentences:,} sentences are slices"


def _fits(passage: Passage, speech: Speech) -> bool:
    paragraphs, text = speech.reading.paragraphs, speech.text
    if not 0 < passage.paragraph <= len(paragraphs) or not passage.sentences:
        return False
    paragraph = paragraphs[passage.paragraph - 1]
    edges = [edge for sentence in passage.sentences for edge in sentence]
    return (
        paragraph.start <= passage.span.start < passage.span.end <= paragraph.end
        and (passage.span.start, passage.span.end) == (edges[0], edges[-1])
        and edges == sorted(edges)
        and all(sentence.of(text).strip() for sentence in passage.sentences)
        and not any(text[a.end : b.start].strip() for a, b in pairwise(passage.sentences))
        and all(_maps_back(speech, sentence) for sentence in passage.sentences)
    )


def _maps_back(speech: Speech, span: Span) -> bool:
    try:
        source, lines = speech.reading.source_span(span), speech.reading.lines(span)
    except ValueError:
        return False
    return source.start < source.end and 0 < lines[0] <= lines[1]


def _maps(library: Library, step: Step) -> Found:
    """Paragraphs and runs are in order inside the text, and the runs have all of its words."""
    wrong = []
    for done, speech in enumerate(library.speeches.in_order(), start=1):
        if not _is_mapped(speech):
            wrong.append(f"speech {speech.id}")
        step(done, len(library.speeches))
    return wrong, f"{len(library.speeches):,} texts lead back to their files"


def _is_mapped(speech: Speech) -> bool:
    reading, text = speech.reading, speech.text
    edges = [edge for paragraph in reading.paragraphs for edge in paragraph]
    told = found = line = 0
    for run in reading.segments:
        if run.length < 1 or run.start < told or run.source < found or run.line < line:
            return False
        if text[told : run.start].strip():
            return False
        told, found, line = run.start + run.length, run.source + run.length, run.line
    return told == len(text) and edges == sorted(edges) and edges[-1:] == [len(text)]


def _vectors(library: Library, step: Step) -> Found:
    """All vectors are of the model's dimension and of unit length."""
    indexes = {"passages": library.passage_index, "sentences": library.sentence_index}
    wrong, count, total = [], 0, sum(map(len, indexes.values()))
    for name, index in indexes.items():
        for first in range(0, len(index), _PIECE):
            rows = np.arange(first, min(first + _PIECE, len(index)))
            vectors = index.vectors(rows)
            if vectors.shape[1] != library.encoder.dimension:
                return [f"{vectors.shape[1]} components, and the model makes others"], ""
            lengths = np.linalg.norm(vectors, axis=1)
            # So written, what is no number is wrong, too.
            off = rows[~(np.abs(lengths - 1) <= _UNIT)]
            wrong += [f"row {row} of the {name}" for row in off[:_TOLD].tolist()]
            count += len(rows)
            step(count, total)
    return wrong, f"{count:,} vectors of {library.encoder.dimension} components, of unit length"


def _model(library: Library, step: Step) -> Found:
    """A sample of the texts has the vectors that the library's own model makes of them."""
    wrong, least, count = [], 1.0, 0
    sampled = _sampled(library)
    for name, rows, texts in sampled:
        index = library.passage_index if name == "passages" else library.sentence_index
        stored, made = index.vectors(np.array(rows)), library.encoder.encode_passages(texts)
        cosines = (stored * made).sum(axis=1)
        wrong += [
            f"row {row} of the {name}"
            for row, cosine in zip(rows, cosines.tolist(), strict=True)
            if not cosine >= _ALIKE
        ]
        least, count = min(least, float(cosines.min())), count + len(rows)
        step(count, sum(len(each) for _, each, _ in sampled))
    return wrong, f"{count} texts embedded again have their vectors (least cosine {least:.4f})"


def _sampled(library: Library) -> list[tuple[str, list[int], list[str]]]:
    """Rows of both indexes with their texts, the same ones for the same library."""
    draw = random.Random(0)  # noqa: S311 (which rows are looked at is no secret)
    whole = sorted(draw.sample(range(len(library.passages)), min(_SAMPLE, len(library.passages))))
    passages = [library.passages[row] for row in whole]
    parts = [
        draw.randrange(len(one.sentences)) + library.sentence_rows(row).start
        for row, one in zip(whole, passages, strict=True)
    ]
    texts = [one.span.of(library.speech_of(one).text) for one in passages]
    sentences = [
        one.sentences[part - library.sentence_rows(row).start].of(library.speech_of(one).text)
        for row, one, part in zip(whole, passages, parts, strict=True)
    ]
    return [("passages", whole, texts), ("sentences", parts, sentences)]


def _words(library: Library, step: Step) -> Found:
    """The index of words finds a sample of the passages by each of their words."""
    wrong, count, tokenise = [], 0, Tokeniser()
    _, rows, texts = _sampled(library)[0]
    for done, (row, text) in enumerate(zip(rows, texts, strict=True), start=1):
        stems = set(tokenise(text))
        missing = [stem for stem in stems if row not in library.passage_index.rows_with(stem)]
        if missing:
            wrong.append(f"passage {library.passages[row].id} is not found by its words")
        count += len(stems)
        step(done, len(rows))
    return wrong, f"{len(rows)} passages are found by their words ({count} looked up)"


# the folder and the machine


def _leftovers(folder: Path) -> Check:
    lying = [path.name for path in storage.leftovers(folder)]
    if _is_building(folder):
        return Check("leftovers", "note", "a build is under way", "wait until it is done")
    if lying:
        told = f"{_some(lying)}: left by a build that was stopped"
        return Check("leftovers", "note", told, "the next rapporteur index takes them away")
    return Check("leftovers", "ok", "nothing is left of builds that were stopped")


def _is_building(folder: Path) -> bool:
    """Whether somebody holds the lock; a lock that nobody ever took is not made."""
    if not (folder / LOCK).exists():
        return False
    try:
        with FileLock(folder / LOCK, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False  # nobody can write here, so nobody builds


def _room(folder: Path) -> Check:
    held = sum(path.stat().st_size for path in _files_below(folder))
    existing = next(place for place in (folder, *folder.absolute().parents) if place.is_dir())
    free = shutil.disk_usage(existing).free
    told = f"{_size(free)} free, the library takes {_size(held)}"
    if free < held:
        return Check("disk", "note", told, "make room before it is built again")
    return Check("disk", "ok", told)


def _files_below(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        yield from (path for name in names if (path := Path(root) / name).is_file())


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"


def _writable(folder: Path) -> Check:
    if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
        told = f"{folder} cannot be written; asking works, updating does not"
        return Check("permission", "note", told, "run rapporteur index as the folder's owner")
    return Check("permission", "ok", "the folder can be written")


def _models() -> Check:
    try:
        names = [verified(place).name for place in (ENCODER_FOLDER, READER, STANCE, TOPICS)]
    except RapporteurError as error:
        what, _, remedy = str(error).rpartition("; ")
        return Check("models", "problem", what, remedy)
    return Check("models", "ok", f"{len(names)} models that ship are what was shipped")


def _packages() -> Check:
    found, missing = [f"Python {platform.python_version()}"], []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check(
            "packages", "problem", f"missing: {_some(missing)}", "install Rapporteur again"
        )
    return Check("packages", "ok", ", ".join(found))


def _some(names: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = f" and {len(names) - _TOLD:,} more" if len(names) > _TOLD else ""
    return re.sub(r"\s+", " ", ", ".join(names[:_TOLD]) + more)
