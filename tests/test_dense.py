"""Exact search by cosine, on vectors one can multiply by head."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest

from embeddings.dense import DenseIndex
from embeddings.errors import DamagedIndexError

# Unit rows of which the products are round: cosines of EAST are 1, 0.8, 0.6, 0, -1.
VECTORS = np.array([[1, 0], [0.8, 0.6], [0.6, 0.8], [0, 1], [-1, 0]], np.float32)
EAST = VECTORS[0]


@pytest.fixture
def index() -> DenseIndex:
    return DenseIndex.build(VECTORS)


def found(index: DenseIndex, k: int, rows: list[int] | None = None) -> list[tuple[int, float]]:
    chosen = None if rows is None else np.array(rows, np.int64)
    best, cosines = index.search(EAST, k, chosen)
    return [(int(row), round(float(c), 6)) for row, c in zip(best, cosines, strict=True)]


def test_best_rows_come_first(index: DenseIndex) -> None:
    assert (len(index), index.dimension) == (5, 2)
    assert found(index, 3) == [(0, 1), (1, 0.8), (2, 0.6)]


@pytest.mark.parametrize(
    ("k", "rows", "expected"),
    [
        (0, None, []),
        (99, None, [(0, 1), (1, 0.8), (2, 0.6), (3, 0), (4, -1)]),
        (2, [2, 3, 4], [(2, 0.6), (3, 0)]),  # the filter comes before the best are taken
        (1, [4], [(4, -1)]),
        (99, [4, 1], [(1, 0.8), (4, -1)]),
        (5, [], []),
        (0, [1], []),
    ],
)
def test_k_and_filter(index: DenseIndex, k: int, rows, expected: list[tuple[int, float]]) -> None:
    assert found(index, k, rows) == expected


@pytest.mark.parametrize("rows", [None, [1, 2, 3, 4]])
def test_of_equal_rows_the_lower_are_taken(rows: list[int] | None) -> None:
    same = DenseIndex.build(np.array([[0, 1], [1, 0], [1, 0], [1, 0], [1, 0]], np.float32))
    assert sorted(found(same, 2, rows)) == [(1, 1), (2, 1)]


def test_a_filter_over_many_rows_takes_exactly_those() -> None:
    """The bitmap has bits beyond the last row, and rows beyond the first byte."""
    turns = np.linspace(0, np.pi, 1003, dtype=np.float32)
    index = DenseIndex.build(np.stack([np.cos(turns), np.sin(turns)], axis=1))
    rows = np.array([7, 8, 500, 1001, 1002])
    best, _ = index.search(np.array([-1, 0], np.float32), 10, rows)
    assert best.tolist() == [1002, 1001, 500, 8, 7]


def test_cosines_and_vectors(index: DenseIndex) -> None:
    rows = np.array([4, 0, 2])
    assert index.cosines(EAST, rows).tolist() == pytest.approx([-1, 1, 0.6])
    assert np.array_equal(index.vectors(), VECTORS)


def test_vectors_outlive_their_index() -> None:
    vectors = DenseIndex.build(VECTORS).vectors()
    for _ in range(20):
        DenseIndex.build(np.zeros((5, 2), np.float32))
    assert np.array_equal(vectors, VECTORS)


def test_an_index_of_nothing(tmp_path: Path) -> None:
    index = DenseIndex.build(np.empty((0, 2), np.float32))
    assert found(index, 3) == []
    assert index.vectors().shape == (0, 2)


def test_save_and_load(index: DenseIndex, tmp_path: Path) -> None:
    index.save(tmp_path)
    loaded = DenseIndex.load(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["vectors.faiss"]
    assert np.array_equal(loaded.vectors(), VECTORS)
    assert found(loaded, 3, [1, 2, 4]) == found(index, 3, [1, 2, 4])


def test_what_is_no_such_index_is_refused(index: DenseIndex, tmp_path: Path) -> None:
    file = tmp_path / "vectors.faiss"
    with pytest.raises(DamagedIndexError, match=r"not readable; build the library again$"):
        DenseIndex.load(tmp_path)
    index.save(tmp_path)
    file.write_bytes(file.read_bytes()[:30])
    with pytest.raises(DamagedIndexError, match="not readable"):
        DenseIndex.load(tmp_path)
    faiss.write_index(faiss.IndexFlatL2(2), str(file))
    with pytest.raises(DamagedIndexError, match="not an index of vectors"):
        DenseIndex.load(tmp_path)
