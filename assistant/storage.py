"""How a library lies on disk.

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
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from assistant.errors import LibraryError
from assistant.passage import Passage
from assistant.speech import Speech
from assistant.text import ReadingText, Segment, Span

FORMAT = 2
POINTER = "CURRENT"
PASSAGE_INDEX = "passages"
SENTENCE_INDEX = "sentences"
ENCODER = "encoder"

_STATE = re.compile(r"state-[0-9a-f]{12}")
_MANIFEST = "manifest.json"
_SPEECHES = "speeches.jsonl"
_PASSAGES = "passages.jsonl"


def exists(folder: Path) -> bool:
    """Whether there is a library in `folder`, whatever its condition."""
    return os.path.lexists(folder / POINTER)


def sound_state(folder: Path) -> Path | None:
    """The present state if there is one and every file of it is as it was written."""
    try:
        state = present_state(folder)
        check(state)
    except LibraryError:
        return None
    return state


def present_state(folder: Path) -> Path:
    """The folder of the state that CURRENT names.

    Raises:
        LibraryError: There is no library, or CURRENT is damaged.
    """
    pointer = folder / POINTER
    try:
        name = pointer.read_text("utf-8").strip()
    except FileNotFoundError as error:
        raise LibraryError(
            f"{folder}: no library here; build one with: rapporteur index PATH --library {folder}"
        ) from error
    except (OSError, ValueError) as error:
        raise LibraryError(f"{pointer}: cannot be read; build the library again") from error
    if not _STATE.fullmatch(name):
        raise LibraryError(f"{pointer}: damaged; build the library again")
    return folder / name


def earlier_speeches(folder: Path) -> list[Speech]:
    """The speeches of a library that an earlier version wrote; none of any other."""
    try:
        state = present_state(folder)
        manifest = json.loads((state / _MANIFEST).read_text("utf-8"))
        return list(read_speeches(state)) if manifest["format"] < FORMAT else []
    except (LibraryError, OSError, ValueError, KeyError, TypeError):
        return []


def new_state(folder: Path) -> Path:
    """An empty folder for a state that is to be written."""
    state = folder / f"state-{uuid4().hex[:12]}"
    state.mkdir()
    return state


def check(state: Path) -> None:
    """Compare every file of a state with its manifest.

    Raises:
        LibraryError: The state is of another format, or a file is missing or was changed.
    """
    path = state / _MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
        version, files = manifest["format"], dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LibraryError(f"{path}: damaged; build the library again") from error
    if version != FORMAT:
        raise LibraryError(
            f"{state.parent}: is a library of format {version}, this program reads {FORMAT}; "
            "build it again"
        )
    for name, expected in files.items():
        if _sha256(state / name) != expected:
            raise LibraryError(
                f"{state / name}: missing, or not what it was when the library was built; "
                "build it again"
            )
    if _manifest_hash(manifest) != manifest.get("self"):
        raise LibraryError(f"{path}: changed since the library was built; build it again")


def write_manifest(state: Path, model: str, dimension: int, counts: dict[str, int]) -> None:
    """Seal a state: hash all that is in it, and have it on the disk."""
    files = sorted(path for path in state.rglob("*") if path.is_file())
    hashes = {path.relative_to(state).as_posix(): _sha256(path) for path in files}
    manifest: dict[str, Any] = {
        "format": FORMAT,
        **counts,
        "dimension": dimension,
        "model": model,
        "corpus": hashes[_SPEECHES],
        "files": hashes,
    }
    manifest["self"] = _manifest_hash(manifest)
    (state / _MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    folders = {path.parent for path in files}
    for path in (*files, state / _MANIFEST, *folders, state):
        _sync(path)


def _manifest_hash(manifest: dict[str, Any]) -> str:
    """Of everything in the manifest but this hash itself."""
    content = {key: value for key, value in manifest.items() if key != "self"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def point_to(folder: Path, state: Path) -> None:
    """Make a sealed state the present one, in one step."""
    new = folder / f"{POINTER}.new"
    new.write_text(state.name + "\n", "utf-8")
    _sync(new)
    _sync(folder)
    os.replace(new, folder / POINTER)
    _sync(folder)


def remove_states(folder: Path, *keep: Path | None) -> None:
    """Remove all states but these, and nothing else that may lie in the folder."""
    for path in folder.iterdir():
        if _STATE.fullmatch(path.name) and path not in keep:
            shutil.rmtree(path, ignore_errors=True)


def write_speeches(state: Path, speeches: Iterable[Speech]) -> None:
    _write_lines(state / _SPEECHES, map(asdict, speeches))


def read_speeches(state: Path) -> Iterator[Speech]:
    for record in _read_lines(state / _SPEECHES):
        reading = record.pop("reading")
        text = ReadingText(
            reading["text"],
            tuple(Span(*span) for span in reading["paragraphs"]),
            tuple(Segment(*segment) for segment in reading["segments"]),
        )
        pages = tuple(record.pop("pages", ()))
        yield Speech(reading=text, pages=pages, **record)


def write_passages(state: Path, passages: Iterable[Passage]) -> None:
    _write_lines(state / _PASSAGES, map(asdict, passages))


def read_passages(state: Path) -> Iterator[Passage]:
    for record in _read_lines(state / _PASSAGES):
        span = Span(*record.pop("span"))
        sentences = tuple(Span(*sentence) for sentence in record.pop("sentences"))
        yield Passage(span=span, sentences=sentences, **record)


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    # Not str.splitlines, which also parts at U+2028.
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield json.loads(line)


def _write_lines(path: Path, records: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk before anything points to them."""
    if path.is_dir() and os.name == "nt":
        return  # Windows does not open folders
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str | None:
    """None for a file that cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
