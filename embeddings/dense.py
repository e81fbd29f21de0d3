"""Nearest neighbours by cosine (FAISS): exact, of 8-bit vectors, or along a graph of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, get_args

import faiss
import numpy as np
import numpy.typing as npt

from embeddings.encoder import FloatArray, available_cores
from embeddings.errors import DamagedIndexError
from embeddings.mapped import MappedArray, MappedFile, OpenFile

Rows = npt.NDArray[np.int64]
Exact = MappedArray | npt.NDArray[np.float16]
"""(n, d) float16 vectors, on disk or in memory."""

Kind = Literal["flat", "8bit", "hnsw"]
"""How vectors are searched.

flat: every vector, in 32 bits, in memory. 8bit: every vector, in 8 bits, in memory; the best
are compared again with vectors of 16 bits, on disk. hnsw: the same along a graph, which looks
at a few thousand vectors of millions."""
KINDS: tuple[Kind, ...] = get_args(Kind)

MOST_FLAT = 5_000
MOST_8BIT = 2_000_000
"""Rows up to which a kind is chosen where none is named; `docs/scaling.md` has the table."""

_FILE, _EXACT = "vectors.faiss", "vectors.npy"
_RESCORED, _FEWEST_RESCORED = 4, 100
"""Rows compared again for each that is asked for, and at least."""
_LINKS, _BUILD_BREADTH, _SEARCH_BREADTH = 32, 100, 256
_NARROW = 0.2
"""A filter that leaves a smaller share of the rows is searched row by row, not along the graph."""
_PIECE = 16_384
"""Rows taken at a time."""
_TRAINED_ON = 262_144


def kind_for(rows: int) -> Kind:
    """The kind for so many rows."""
    return "flat" if rows <= MOST_FLAT else "8bit" if rows <= MOST_8BIT else "hnsw"


class DenseIndex:
    """Unit vectors in row order; the score of a row is its cosine with the question.

    The cosines it gives are those of the stored vectors whatever the kind: of 32 bits for
    flat, of 16 bits (5 decimals) for the others, of which only the choice of rows is inexact.
    """

    def __init__(self, index: faiss.Index, exact: Exact | None = None) -> None:
        """Use an index.

        Args:
            index: Flat, scalar quantised, or a graph of scalar quantised vectors.
            exact: (n, d) float16 vectors beside one that is not flat.
        """
        self._index = index
        self._exact = exact

    @classmethod
    def build(cls, vectors: FloatArray, kind: Kind = "flat") -> DenseIndex:
        """Index (n, d) float32 unit rows."""
        if kind == "flat":
            index = faiss.IndexFlatIP(vectors.shape[1])
            index.add(np.ascontiguousarray(vectors))
            return cls(index)
        exact = vectors.astype(np.float16)
        return cls(_quantised(exact, kind), exact)

    @property
    def kind(self) -> Kind:
        if isinstance(self._index, faiss.IndexFlatIP):
            return "flat"
        return "hnsw" if isinstance(self._index, faiss.IndexHNSW) else "8bit"

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._index.d)

    def search(
        self, vector: FloatArray, k: int, rows: Rows | None = None
    ) -> tuple[Rows, FloatArray]:
        """The `k` best rows and their cosines, best first; among `rows` only, if given."""
        allowed = len(self) if rows is None else len(rows)
        # FAISS pads a short result with row -1, which numpy would read as the last row.
        k = min(k, allowed)
        if k == 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        if self.kind == "flat":
            return self._nearest(vector, k, rows)
        found, _ = self._nearest(vector, min(allowed, max(_RESCORED * k, _FEWEST_RESCORED)), rows)
        found = np.sort(found[found >= 0])
        cosines = self.cosines(vector, found)
        order = np.lexsort((found, -cosines))[:k]
        return found[order], cosines[order]

    def _nearest(self, vector: FloatArray, k: int, rows: Rows | None) -> tuple[Rows, FloatArray]:
        """What FAISS finds, with row -1 where it finds no more."""
        # One vector gives threads nothing to share, and they cost time to wake.
        faiss.omp_set_num_threads(1)
        index, chosen = self._index, None
        if rows is not None:
            # The stubs of faiss give the C++ signatures, not those of its Python wrappers.
            chosen = faiss.IDSelectorBitmap(_bitmap(rows, len(self)))  # type: ignore[call-arg, arg-type]
        parameters = None if chosen is None else faiss.SearchParameters(sel=chosen)  # type: ignore[call-arg]
        if isinstance(index, faiss.IndexHNSW):
            if rows is not None and len(rows) < _NARROW * len(self):
                index = faiss.downcast_index(index.storage)
            else:
                breadth = max(_SEARCH_BREADTH, k)
                parameters = faiss.SearchParametersHNSW(efSearch=breadth, sel=chosen)  # type: ignore[attr-defined]
        scores, found = index.search(vector.reshape(1, -1), k, params=parameters)
        return found[0], scores[0]

    def cosines(self, vector: FloatArray, rows: Rows) -> FloatArray:
        """The cosine of each of `rows`, in their order."""
        if self._exact is None:
            return self._stored()[rows] @ vector
        return cosines_of(self._exact, vector, rows)

    def rows(self, rows: Rows) -> FloatArray:
        """(n, d) the vectors of `rows`, in their order."""
        if self._exact is None:
            chosen: FloatArray = self._stored()[rows]
            return chosen
        return vectors_of(self._exact, rows)

    def vectors(self) -> FloatArray:
        """(n, d) float32 unit rows."""
        # A copy: the stored ones live only as long as this index.
        return self.rows(np.arange(len(self)))

    def _stored(self) -> FloatArray:
        if not len(self):
            return np.empty((0, self.dimension), np.float32)
        start = self._index.get_xb()  # type: ignore[attr-defined]
        flat: FloatArray = faiss.rev_swig_ptr(start, len(self) * self.dimension)
        return flat.reshape(len(self), self.dimension)

    def save(self, folder: Path) -> None:
        _write(self._index, folder / _FILE)
        if isinstance(self._exact, np.ndarray):
            np.save(folder / _EXACT, self._exact, allow_pickle=False)

    @classmethod
    def write(
        cls, folder: Path, vectors: Iterable[FloatArray], shape: tuple[int, int], kind: Kind
    ) -> None:
        """Write the index of vectors that come piece by piece, `shape` in all, to `folder`.

        The files are those of `build` and `save`. Beside the index that results, memory holds
        one piece of the vectors.
        """
        if kind == "flat":
            index = faiss.IndexFlatIP(shape[1])
            for piece in vectors:
                index.add(np.ascontiguousarray(piece))
            cls(index).save(folder)
            return
        write_exact(folder / _EXACT, vectors, shape)
        exact = MappedArray(MappedFile(folder / _EXACT))
        _write(_quantised(exact.all(), kind), folder / _FILE)

    @classmethod
    def load(cls, folder: Path, open_file: OpenFile = MappedFile) -> DenseIndex:
        """Open what `save` wrote.

        Raises:
            DamagedIndexError: A file is missing or is not such an index.
        """
        path = folder / _FILE
        try:
            open_file(path).check(0, path.stat().st_size)
            index = faiss.read_index(str(path))  # of its own class, and its owner
        except (RuntimeError, OSError) as error:
            raise DamagedIndexError(f"{path}: not readable; build the library again") from error
        if isinstance(index, faiss.IndexFlatIP):
            return cls(index)
        if not isinstance(index, faiss.IndexScalarQuantizer | faiss.IndexHNSWSQ):
            raise DamagedIndexError(f"{path}: not an index of vectors; build the library again")
        exact = MappedArray(open_file(folder / _EXACT))
        if exact.shape != (index.ntotal, index.d):
            raise DamagedIndexError(f"{folder}: files of different sizes; build the library again")
        return cls(index, exact)


def write_exact(path: Path, vectors: Iterable[FloatArray], shape: tuple[int, int]) -> None:
    """Write vectors that come piece by piece as a (n, d) float16 array."""
    header = {"descr": "<f2", "fortran_order": False, "shape": shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for piece in vectors:
            file.write(piece.astype("<f2").tobytes())


def cosines_of(exact: Exact, vector: FloatArray, rows: Rows) -> FloatArray:
    """The cosine of each of some rows of float16 vectors, a piece of them in memory at a time."""
    pieces = [
        vectors_of(exact, rows[first : first + _PIECE]) @ vector
        for first in range(0, len(rows), _PIECE)
    ]
    return np.concatenate(pieces) if pieces else np.empty(0, np.float32)


def vectors_of(exact: Exact, rows: Rows) -> FloatArray:
    """(n, d) float32: some rows of float16 vectors."""
    chosen = exact.rows(rows) if isinstance(exact, MappedArray) else exact[rows]
    return chosen.astype(np.float32)


def _write(index: faiss.Index, path: Path) -> None:
    """Raises OSError where there is no room; FAISS, writing itself, is silent when it closes."""
    with path.open("wb") as file:
        faiss.write_index(index, faiss.PyCallbackIOWriter(file.write))  # type: ignore[attr-defined]


def _quantised(exact: npt.NDArray[np.float16], kind: Kind) -> faiss.Index:
    """An index of 8-bit vectors, made from 16-bit ones: the same whenever these are the same."""
    n, dimension = exact.shape
    faiss.omp_set_num_threads(available_cores())
    # One range for all components: of unit vectors they are alike, and it is searched in half
    # the time that a range for each takes.
    bits, metric = faiss.ScalarQuantizer.QT_8bit_uniform, faiss.METRIC_INNER_PRODUCT
    index = (
        faiss.IndexScalarQuantizer(dimension, bits, metric)
        if kind == "8bit"
        else faiss.IndexHNSWSQ(dimension, bits, _LINKS, metric)  # type: ignore[arg-type]
    )
    if isinstance(index, faiss.IndexHNSW):
        index.hnsw.efConstruction = _BUILD_BREADTH
    step = max(1, n // _TRAINED_ON)
    index.train(exact[::step].astype(np.float32))
    for first in range(0, n, _PIECE):
        index.add(exact[first : first + _PIECE].astype(np.float32))
    return index


def _bitmap(rows: Rows, total: int) -> npt.NDArray[np.uint8]:
    mask = np.zeros(total, dtype=bool)
    mask[rows] = True
    return np.packbits(mask, bitorder="little")
