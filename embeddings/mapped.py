"""Files that stay on disk: mapped into memory, and checked block by block when first read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.encoder import available_cores
from embeddings.errors import DamagedIndexError

BLOCK = 1 << 16
"""Bytes that are hashed together. A row that is read costs the hashing of its block: a tenth of
a millisecond, where a block of 1 MiB would cost two."""
HASH_BYTES = 32
_HEADER = 4096
"""Bytes of a `.npy` file that have its header in them, and more."""
_MANY = 64
"""Blocks from which on they are hashed on all cores."""


class Blocks:
    """The SHA-256 of every block of a file, and which blocks have been found right.

    The file must not change while it is mapped; a block that was found right is not hashed again.
    """

    def __init__(self, hashes: bytes) -> None:
        self._hashes = hashes
        self._right = np.zeros(len(hashes) // HASH_BYTES, dtype=bool)

    def __len__(self) -> int:
        return len(self._right)

    def check(self, path: Path, data: npt.NDArray[np.uint8], blocks: npt.NDArray[np.int64]) -> None:
        """Hash those of the blocks that were not read before.

        Raises:
            DamagedIndexError: One of them is not what it was when the file was written.
        """
        left = blocks[~self._right[blocks]]
        if len(left) < _MANY:
            wrong = [block for block in left if not self._is_right(data, int(block))]
        else:
            with ThreadPoolExecutor(available_cores()) as pool:
                right = pool.map(partial(self._is_right, data), left.tolist(), chunksize=_MANY)
                wrong = [block for block, is_right in zip(left, right, strict=True) if not is_right]
        if wrong:
            raise DamagedIndexError(
                f"{path}: not what it was when the library was built; build it again"
            )
        self._right[left] = True

    def _is_right(self, data: npt.NDArray[np.uint8], block: int) -> bool:
        expected = self._hashes[block * HASH_BYTES : (block + 1) * HASH_BYTES]
        start = block * BLOCK
        return hashlib.sha256(data[start : start + BLOCK].data).digest() == expected


def block_hashes(path: Path) -> bytes:
    """What `Blocks` takes: the SHA-256 of every block of a file, one after the other."""
    hashes = []
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            hashes.append(hashlib.sha256(block).digest())
    return b"".join(hashes)


class MappedFile:
    """The bytes of a file. What is not read takes no memory."""

    def __init__(
        self, path: Path, blocks: Blocks | None = None, content: bytes | None = None
    ) -> None:
        """Map a file.

        Args:
            path: Of the file.
            blocks: To check what is read; None for a file that needs no check.
            content: All of it, if it was read already.

        Raises:
            DamagedIndexError: It is missing, or longer or shorter than its blocks.
        """
        try:
            size = path.stat().st_size if content is None else len(content)
            # A plain view: the class of a map costs time at every slice.
            self.data: npt.NDArray[np.uint8] = (
                np.frombuffer(content, np.uint8)
                if content is not None
                else np.asarray(np.memmap(path, np.uint8, "r"))
                if size
                else np.empty(0, np.uint8)
            )
        except OSError as error:
            raise DamagedIndexError(f"{path}: not readable; build the library again") from error
        self.path = path
        self._blocks = blocks
        if blocks is not None and len(blocks) != -(-size // BLOCK):
            raise DamagedIndexError(
                f"{path}: not what it was when the library was built; build it again"
            )

    def read(self, first: int, last: int) -> bytes:
        """Bytes `first` to `last`, half open."""
        self.check(first, last)
        return self.data[first:last].tobytes()

    def check(self, first: int, last: int) -> None:
        """See to it that these bytes are what was written."""
        if self._blocks is not None and last > first:
            blocks = np.arange(first // BLOCK, (last - 1) // BLOCK + 1)
            self._blocks.check(self.path, self.data, blocks)

    def check_runs(self, firsts: npt.NDArray[np.int64], length: int) -> None:
        """The same of runs of at most `BLOCK` bytes."""
        if self._blocks is not None and len(firsts):
            ends = np.concatenate([firsts // BLOCK, (firsts + length - 1) // BLOCK])
            self._blocks.check(self.path, self.data, np.unique(ends))


class MappedArray:
    """The array of a `.npy` file; its rows are read when they are asked for."""

    def __init__(self, file: MappedFile) -> None:
        """Read the header.

        Raises:
            DamagedIndexError: The file holds no array of plain numbers, or not all of it.
        """
        try:
            head = BytesIO(file.read(0, min(_HEADER, len(file.data))))
            version = np.lib.format.read_magic(head)
            if version != (1, 0):
                raise ValueError("not of version 1.0")
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(head)
            start = head.tell()
            if fortran or dtype.hasobject or not shape:
                raise ValueError("not rows of numbers")
            end = start + int(np.prod(shape)) * dtype.itemsize
            if end != len(file.data):
                raise ValueError("not as long as it says")
            self._array: npt.NDArray[Any] = file.data[start:end].view(dtype).reshape(shape)
        except (OSError, ValueError) as error:
            raise DamagedIndexError(
                f"{file.path}: not readable; build the library again"
            ) from error
        self._file = file
        self._start = start
        self._stride = dtype.itemsize * int(np.prod(shape[1:]))

    def __len__(self) -> int:
        return len(self._array)

    @property
    def shape(self) -> tuple[int, ...]:
        return self._array.shape

    def slice(self, first: int, last: int) -> npt.NDArray[Any]:
        """Rows `first` to `last`, half open: a view, not to be written to."""
        self._file.check(self._start + first * self._stride, self._start + last * self._stride)
        return self._array[first:last]

    def rows(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Some rows, in the order given."""
        self._file.check_runs(self._start + np.asarray(rows) * self._stride, self._stride)
        chosen: npt.NDArray[Any] = self._array[rows]
        return chosen

    def all(self) -> npt.NDArray[Any]:
        """Every row: a view."""
        return self.slice(0, len(self))


OpenFile = Callable[[Path], MappedFile]
"""Maps a file, with its checks."""
