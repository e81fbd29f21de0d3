"""Meaning and words as one score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embeddings import hybrid
from embeddings.errors import DamagedIndexError
from embeddings.hybrid import LEXICAL_WEIGHT, HybridIndex, Match, Query
from embeddings.lexical import LexicalIndex

TEXTS = ["Drones watch.", "Women lead.", "Unicorns watch.", "Drones and women.", "Nothing."]


@pytest.fixture(params=["one after the other", "beside each other"])
def index(toy, request, monkeypatch) -> HybridIndex:
    if request.param == "beside each other":
        monkeypatch.setattr(hybrid, "_MANY", 0)
    return HybridIndex.build(toy.encode_passages(TEXTS), TEXTS)


@pytest.fixture
def ask(toy):
    return lambda words: Query(words, toy.encode_questions([words])[0])


def rows(matches: list[Match]) -> list[int]:
    return [match.row for match in matches]


def test_a_score_is_cosine_plus_a_share_of_coverage(index: HybridIndex, ask) -> None:
    matches = index.search(ask("drones"), 9)
    coverage = LexicalIndex.build(TEXTS).coverage("drones")
    # (1,1,0)/√2 with itself, with (1,1,1)/√3, and with (1,0,0), (1,0,1)/√2.
    expected = {0: 1, 3: 2 / 6**0.5, 1: 0.5, 2: 0.5**0.5, 4: 0.5**0.5}
    assert rows(matches) == [0, 3, 2, 4, 1]
    for match in matches:
        assert match.cosine == pytest.approx(expected[match.row])
        assert match.coverage == pytest.approx(float(coverage[match.row]))
        assert match.score == pytest.approx(match.cosine + LEXICAL_WEIGHT * match.coverage)


def test_a_row_that_only_words_find_is_found(index: HybridIndex, ask) -> None:
    """And a row that one search names gets the other's part of the score too."""
    coverage = LexicalIndex.build(TEXTS).coverage("women unicorns")
    for k in (1, 2):  # with k = 1 only the words name row 2
        matches = index.search(ask("women unicorns"), k, np.array([1, 2]))
        expected = [(1, 1.0, coverage[1]), (2, 0.5**0.5, coverage[2])][:k]
        assert [(m.row, m.cosine, m.coverage) for m in matches] == [
            (row, pytest.approx(cosine), pytest.approx(float(covered)))
            for row, cosine, covered in expected
        ]


def test_words_decide_between_rows_of_one_meaning(index: HybridIndex, ask) -> None:
    assert rows(index.search(ask("unicorns of mali"), 2)) == [2, 4]
    assert rows(index.search(ask("nothing of mali"), 2)) == [4, 2]


@pytest.mark.parametrize(
    ("k", "chosen", "expected"),
    [
        (2, None, [0, 3]),
        (1, [1, 2, 4], [2]),  # equal scores: row order; rows 0 and 3 take no place
        (9, [4, 3, 1], [3, 4, 1]),
        (9, [], []),
        (0, None, []),
    ],
)
def test_filter_and_k(index: HybridIndex, ask, k: int, chosen, expected: list[int]) -> None:
    only = None if chosen is None else np.array(chosen, np.int64)
    assert rows(index.search(ask("drones"), k, only)) == expected


def test_score_takes_every_row_asked_for(index: HybridIndex, ask) -> None:
    scored = index.score(ask("drones"), np.array([4, 0, 2], np.int64))
    assert rows(scored) == [0, 2, 4]
    whole = {match.row: match for match in index.search(ask("drones"), 9)}
    assert scored == [whole[0], whole[2], whole[4]]
    assert index.score(ask("drones"), np.empty(0, np.int64)) == []


def write(folder: Path, toy) -> None:
    vectors = toy.encode_passages(TEXTS)
    HybridIndex.write(folder, [vectors[:3], vectors[3:]], TEXTS, vectors.shape, "flat")


def test_write_and_load(index: HybridIndex, toy, ask, tmp_path: Path) -> None:
    write(tmp_path / "new" / "folder", toy)
    loaded = HybridIndex.load(tmp_path / "new" / "folder")
    for words in ("drones", "women lead", "unicorns", "what?"):
        assert loaded.search(ask(words), 3) == index.search(ask(words), 3)


def test_parts_of_different_sizes_are_refused(toy, tmp_path: Path) -> None:
    write(tmp_path, toy)
    HybridIndex.build(toy.encode_passages(TEXTS[:2]), TEXTS[:2]).dense.save(tmp_path / "dense")
    with pytest.raises(DamagedIndexError, match="2 vectors but 5 texts; build the library again"):
        HybridIndex.load(tmp_path)
