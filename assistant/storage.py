"""How a library lies on disk.

    CURRENT                 name of the folder that holds the present state
    state-1f0c…/            never changed once CURRENT names it
        manifest.json       format, counts, model, and the sha256 of every other file
        speeches.json …     the speeches: `assistant.speeches`
        passages.npy …      the passages: `assistant.passages`
        passages/           index of the passages (FAISS and BM25)
        sentences/          index of their sentences, or of many their vectors alone
        …/keys.npy          of what text each vector is, for the next build
        encoder/            the model that made the vectors, with its tokenizer
        *.blocks            the sha256 of every block of a large file beside it
    vectors-8a1b…/          while a library is built: the vectors made so far, by model

A new state is written beside the old one, and then CURRENT is replaced in one step: whatever
happens while a library is built, the last good state opens.

Every file is compared with its hash before anything is read from it: most whole, when the
library is opened, and of those that are read in parts the bytes that were hashed stay in memory;
those above `WHOLE` bytes, which stay on disk, in blocks of 64 KiB, each when something of it is
first read. `*.blocks` has their hashes, and is itself checked whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from assistant import speeches as columns
from assistant.errors import DamagedIndexError, LibraryError
from assistant.speech import Speech
from assistant.text import ReadingText
from embeddings.encoder import available_cores
from embeddings.mapped import Blocks, MappedFile, OpenFile, block_hashes

FORMAT = 3
POINTER = "CURRENT"
PASSAGE_INDEX = "passages"
SENTENCE_INDEX = "sentences"
ENCODER = "encoder"
KEYS = "keys.npy"

WHOLE = 32 << 20
"""Bytes up to which a file is hashed whole when a library is opened: a tenth of a second."""

_STATE = re.compile(r"state-[0-9a-f]{12}")
MANIFEST = "manifest.json"
_BLOCKS = ".blocks"
_CACHES = "vectors-"
_MAPPED = (".npy", ".faiss", columns.TEXTS, columns.MAPS)
"""Ends of the names of files that are read in parts."""
_EARLIER = "speeches.jsonl"


def exists(folder: Path) -> bool:
    """Whether there is a library in `folder`, whatever its condition."""
    return os.path.lexists(folder / POINTER)


def sound_state(folder: Path, deep: bool = False) -> Path | None:
    """The present state if there is one and every file of it is as it was written."""
    try:
        state = present_state(folder)
        check(state, deep)
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
        manifest = json.loads((state / MANIFEST).read_text("utf-8"))
        return list(_earlier(state / _EARLIER)) if manifest["format"] < FORMAT else []
    except (LibraryError, OSError, ValueError, KeyError, TypeError):
        return []


def _earlier(path: Path) -> Iterator[Speech]:
    """Speeches as formats 1 and 2 wrote them: an object a line, the text in it."""
    # Not str.splitlines, which also parts at U+2028.
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            record = json.loads(line)
            reading = ReadingText(**columns.reading_fields(record.pop("reading")))
            yield Speech(reading=reading, **record)


def new_state(folder: Path) -> Path:
    """An empty folder for a state that is to be written."""
    state = folder / f"state-{uuid4().hex[:12]}"
    state.mkdir()
    return state


def check(state: Path, deep: bool = False) -> OpenFile:
    """Compare the files of a state with its manifest.

    Args:
        state: Its folder.
        deep: Whether large files are read whole as well.

    Returns:
        What maps a file of the state, with the checks that are left.

    Raises:
        LibraryError: The state is of another format, or a file is missing or was changed.
    """
    sums = sums_of(state)
    opened: dict[Path, MappedFile] = {}
    with ThreadPoolExecutor(available_cores()) as pool:
        hashes = pool.map(_hashed, (state / name for name in sums.files))
        for (name, expected), (found, file) in zip(sums.files.items(), hashes, strict=True):
            if found != expected:
                raise _changed(state / name)
            if file is not None:
                opened[state / name] = file
    for name, size in sums.large.items():
        opened[state / name] = _open_large(state / name, size)
        if deep:
            _check_whole(opened[state / name])
    return lambda wanted: opened.get(wanted) or MappedFile(wanted)


@dataclass(frozen=True)
class Sums:
    """What the manifest of a state says of its files, by name.

    Attributes:
        files: The SHA-256 of each that is checked whole.
        large: The size of each that is checked in blocks.
    """

    files: dict[str, str]
    large: dict[str, int]

    def changed(self, state: Path, name: str) -> bool:
        """Whether a file is missing or is not what it was."""
        if name in self.files:
            return _sha256(state / name) != self.files[name]
        try:
            _check_whole(_open_large(state / name, self.large[name]))
        except LibraryError:
            return True
        return False


def sums_of(state: Path) -> Sums:
    """Read the manifest of a state.

    Raises:
        LibraryError: It is of another format, missing, or was changed.
    """
    path = state / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
        version, files = manifest["format"], dict(manifest["files"])
        large = dict(manifest["large"]) if version == FORMAT else {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise LibraryError(f"{path}: damaged; build the library again") from error
    if version != FORMAT:
        raise LibraryError(
            f"{state.parent}: is a library of format {version}, this program reads {FORMAT}; "
            "build it again"
        )
    if _manifest_hash(manifest) != manifest.get("self"):
        raise LibraryError(f"{path}: changed since the library was built; build it again")
    return Sums(files, large)


def _hashed(path: Path) -> tuple[str | None, MappedFile | None]:
    """The hash of a file, and the very bytes that have it of one that is read in parts."""
    if not path.name.endswith(_MAPPED) or path.suffix == ".faiss" or path.name == KEYS:
        return _sha256(path), None
    try:
        content = path.read_bytes()
    except OSError:
        return None, None
    return hashlib.sha256(content).hexdigest(), MappedFile(path, content=content)


def _open_large(path: Path, size: int) -> MappedFile:
    try:
        if path.stat().st_size != size:
            raise _changed(path)
        return MappedFile(path, Blocks(_beside(path).read_bytes()))
    except (OSError, DamagedIndexError) as error:
        raise _changed(path) from error


def _check_whole(file: MappedFile) -> None:
    try:
        file.check(0, len(file.data))
    except DamagedIndexError as error:
        raise _changed(file.path) from error


def _changed(path: Path) -> LibraryError:
    return LibraryError(
        f"{path}: missing, or not what it was when the library was built; build it again"
    )


def _beside(path: Path) -> Path:
    return path.with_name(path.name + _BLOCKS)


def write_manifest(state: Path, told: dict[str, int | str]) -> None:
    """Seal a state: hash all that is in it, and have it on the disk.

    Args:
        state: Its folder.
        told: What the manifest says beside the hashes.
    """
    found = sorted(path for path in state.rglob("*") if path.is_file())
    large = [p for p in found if p.stat().st_size > WHOLE and p.name.endswith(_MAPPED)]
    for path in large:
        _beside(path).write_bytes(block_hashes(path))
    files = sorted({*found, *map(_beside, large)} - {*large})
    hashes = {path.relative_to(state).as_posix(): _sha256(path) for path in files}
    spoken = [
        _sha256(_beside(path) if path in large else path)
        for path in (state / name for name in columns.FILES)
    ]
    manifest: dict[str, Any] = {
        "format": FORMAT,
        **told,
        "corpus": hashlib.sha256("".join(map(str, spoken)).encode()).hexdigest(),
        "files": hashes,
        "large": {path.relative_to(state).as_posix(): path.stat().st_size for path in large},
    }
    manifest["self"] = _manifest_hash(manifest)
    (state / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    folders = {path.parent for path in files}
    for path in (*files, *large, state / MANIFEST, *folders, state):
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


def leftovers(folder: Path) -> list[Path]:
    """What builds that were stopped, or one that is under way, have left beside the states.

    Of whole states two are kept, the present one and the last.
    """
    try:
        present = present_state(folder)
    except LibraryError:
        present = folder
    lying: list[Path] = []
    whole: list[Path] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if _STATE.fullmatch(path.name) and path != present:
            (whole if (path / MANIFEST).exists() else lying).append(path)
        elif path.name == f"{POINTER}.new" or path.name.startswith(_CACHES):
            lying.append(path)
    whole.sort(key=lambda path: path.stat().st_mtime)
    return [*lying, *whole[:-1]]


def remove_states(folder: Path, *keep: Path | None) -> None:
    """Remove all states but these, and nothing else that may lie in the folder."""
    for path in folder.iterdir():
        if _STATE.fullmatch(path.name) and path not in keep:
            shutil.rmtree(path, ignore_errors=True)


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
