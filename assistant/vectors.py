"""Vectors that need not be made again: those of the last state, and of a build that was killed."""

from __future__ import annotations

import hashlib
import os
import shutil
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from embeddings.dense import Rows
from embeddings.encoder import Encoder, FloatArray

Keys = npt.NDArray[np.uint64]
"""(n, 2): the first 16 bytes of the SHA-256 of a text's UTF-8."""

_FOLDER = "vectors-"
_BLOCK = 512
"""Texts that are embedded, a second or two of work, before their vectors are put on the disk."""
_PIECE = 8192
_KEYS, _VECTORS = "keys.bin", "vectors.bin"
_RECORD = np.dtype([("key", "<u8", (2,)), ("sum", "<u4")])


def key_of(text: str) -> bytes:
    """16 bytes; `keys_of` reads many of them."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def keys_of(data: bytes | bytearray) -> Keys:
    return np.frombuffer(data, "<u8").reshape(-1, 2)


class Vectors(Protocol):
    """What `Source` reads from: an index, say."""

    def vectors(self, rows: Rows) -> FloatArray: ...


class Source:
    """Vectors by key.

    Attributes:
        whole: Whether they are as the encoder made them, of 32 bits, and not rounded to 16.
    """

    def __init__(self, keys: Keys, vectors: Vectors, whole: bool = True) -> None:
        self.whole = whole
        self._order = np.argsort(keys[:, 0], kind="stable")
        self._keys = np.ascontiguousarray(keys[self._order])
        self._vectors = vectors

    def rows(self, keys: Keys) -> Rows:
        """(n,) where the vector of each key stands; -1 for none."""
        if not len(self._keys):
            return np.full(len(keys), -1, np.int64)
        at = np.searchsorted(self._keys[:, 0], keys[:, 0])
        at = np.minimum(at, len(self._keys) - 1)
        found: Rows = np.where((self._keys[at] == keys).all(axis=1), self._order[at], -1)
        return found

    def vectors(self, rows: Rows) -> FloatArray:
        return self._vectors.vectors(rows)


class Cache:
    """Vectors as they are made, in a folder that outlives the process.

    Vectors are appended and on the disk before their keys are: of a process that was killed,
    or a machine that lost power, what was written whole is read again, each by its checksum.
    """

    def __init__(self, folder: Path, dimension: int, write: bool = True) -> None:
        """Open the cache in `folder`, which is made if it is to be written to."""
        self._keys, self._file = folder / _KEYS, folder / _VECTORS
        self._dimension = dimension
        if write:
            folder.mkdir(exist_ok=True)
            for path in (self._keys, self._file):
                path.touch()
        self._parts = [self._sound()]
        if not write:
            return
        for path, size in ((self._keys, _RECORD.itemsize), (self._file, 4 * dimension)):
            os.truncate(path, len(self._records) * size)

    @staticmethod
    def folder(library: Path, fingerprint: str) -> Path:
        """Where the cache for the vectors of one model lies."""
        return library / f"{_FOLDER}{fingerprint[:16]}"

    def _sound(self) -> npt.NDArray[np.void]:
        """The records up to the first that is not as it was written."""
        if not (self._keys.exists() and self._file.exists()):
            return np.empty(0, _RECORD)
        count = min(
            self._keys.stat().st_size // _RECORD.itemsize,
            self._file.stat().st_size // (4 * self._dimension),
        )
        records = np.fromfile(self._keys, _RECORD, count)
        vectors = self._stored(count)
        for row, record in enumerate(records):
            if record["sum"] != _sum(record["key"], vectors[row]):
                return records[:row]
        return records

    def _stored(self, count: int) -> FloatArray:
        if not count:
            return np.empty((0, self._dimension), np.float32)
        return np.asarray(np.memmap(self._file, "<f4", "r", shape=(count, self._dimension)))

    @property
    def _records(self) -> npt.NDArray[np.void]:
        # Joined when they are looked at, not with every block.
        self._parts = [np.concatenate(self._parts)]
        return self._parts[0]

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @property
    def keys(self) -> Keys:
        return np.ascontiguousarray(self._records["key"])

    def vectors(self, rows: Rows) -> FloatArray:
        chosen: FloatArray = self._stored(len(self))[rows]
        return chosen

    def add(self, keys: Keys, vectors: FloatArray) -> None:
        records = np.empty(len(keys), _RECORD)
        records["key"] = keys
        records["sum"] = [_sum(key, vector) for key, vector in zip(keys, vectors, strict=True)]
        for path, data in ((self._file, vectors.astype("<f4")), (self._keys, records)):
            with path.open("ab") as file:
                file.write(data.tobytes())
                file.flush()
                os.fsync(file.fileno())
        self._parts.append(records)


def _sum(key: npt.NDArray[np.uint64], vector: FloatArray) -> int:
    return zlib.crc32(np.ascontiguousarray(vector).data, zlib.crc32(key.tobytes()))


def remove_caches(library: Path) -> None:
    """Remove what a build kept for the next, once there is a state that has it."""
    for path in library.glob(f"{_FOLDER}*"):
        shutil.rmtree(path, ignore_errors=True)


class VectorStore:
    """Vectors by the key of their text: known ones, and new ones as they are made.

    Attributes:
        embedded: Texts that were embedded anew, not counting those of a killed build.
    """

    def __init__(self, cache: Cache, sources: Sequence[Source]) -> None:
        self.embedded = 0
        self._cache = cache
        self._sources = [*sources, Source(cache.keys, cache)]

    def missing(self, keys: Keys, whole: bool) -> Rows:
        """Of each text without a vector the first row, in order.

        Args:
            keys: Of texts in row order.
            whole: Whether vectors of 32 bits are wanted.
        """
        _, first = np.unique(keys.view("V16").ravel(), return_index=True)
        first.sort()
        for source in self._usable(whole):
            first = first[source.rows(keys[first]) < 0]
        return first

    def embed(
        self,
        keys: Keys,
        texts: Iterable[str],
        encoder: Encoder,
        progress: Callable[[int, int], None],
    ) -> None:
        """Make vectors, a block of them at a time; what a block made is kept whatever comes.

        Args:
            keys: Of texts that have no vector.
            texts: These, in order.
            encoder: Makes them.
            progress: Told of each text, as (done, total).
        """
        given = iter(texts)
        for first in range(0, len(keys), _BLOCK):
            some = list(islice(given, _BLOCK))
            told = partial(_told, progress, first, len(keys))
            self._cache.add(keys[first : first + _BLOCK], encoder.encode_passages(some, told))
            self.embedded += len(some)
        self._sources[-1] = Source(self._cache.keys, self._cache)

    def vectors(self, keys: Keys, whole: bool) -> Iterator[FloatArray]:
        """The vectors of keys, all of which are there, in their order and in pieces."""
        for first in range(0, len(keys), _PIECE):
            yield self._gathered(keys[first : first + _PIECE], whole)

    def _gathered(self, keys: Keys, whole: bool) -> FloatArray:
        gathered: FloatArray | None = None
        left = np.arange(len(keys))
        for source in self._usable(whole):
            rows = source.rows(keys[left])
            has = rows >= 0
            if not has.any():
                continue
            found = source.vectors(rows[has])
            if gathered is None:
                gathered = np.empty((len(keys), found.shape[1]), np.float32)
            gathered[left[has]] = found
            left = left[~has]
        assert gathered is not None
        assert not len(left), "every text was embedded"
        return gathered

    def _usable(self, whole: bool) -> list[Source]:
        return [source for source in self._sources if source.whole or not whole]


def _told(progress: Callable[[int, int], None], before: int, total: int, done: int, _: int) -> None:
    progress(before + done, total)
