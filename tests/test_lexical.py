"""BM25 as a share of the question, on texts one can count."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.errors import DamagedIndexError
from embeddings.lexical import STOP_WORDS, LexicalIndex, Tokeniser

ROOT = Path(__file__).resolve().parent.parent
TEXTS = [
    "Drones watch the border.",
    "Women watch over women.",
    "The budget is small.",
    "Drones need a budget.",
]


@pytest.fixture
def index() -> LexicalIndex:
    return LexicalIndex.build(TEXTS)


def found(index: LexicalIndex, question: str, k: int = 9, rows: list[int] | None = None):
    best, scores = index.search(question, k, None if rows is None else np.array(rows, np.int64))
    assert (scores > 0).all()
    return best.tolist()


def test_the_same_question_again(index: LexicalIndex) -> None:
    """What is kept of a question is shared by all who ask it."""
    scores = index.coverage("Do drones watch?")
    with pytest.raises(ValueError, match="read-only"):
        scores[0] = 0
    for _ in range(2):
        assert found(index, "Do drones watch?") == [0, 3, 1]
        assert found(index, "Do drones watch?", k=1, rows=[1, 3]) == [3]
        assert found(index, "Do drones watch?", k=0) == []
    assert found(index, "What budget?") == [2, 3]


def test_rows_with_a_stem(index: LexicalIndex) -> None:
    assert index.stems("The drones watched") == ["drone", "watch"]
    assert index.rows_with("watch").tolist() == [0, 1]
    assert index.rows_with("dron").tolist() == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The drones' and the women's views", ["drone", "women", "view"]),
        ("Kazakhstan’s S/PV.8349", ["kazakhstan", "s", "pv", "8349"]),
        ("Peacekeepers, PEACEKEEPING", ["peacekeep", "peacekeep"]),
        ("Côte d’Ivoire", ["côte", "d'ivoir"]),
        ("What did you say of it?", []),
        ("troop-contributing", ["troop", "contribut"]),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert Tokeniser()(text) == words


def test_no_topic_is_a_stop_word() -> None:
    assert not STOP_WORDS & set("women peace against between up down own more united".split())


def test_a_score_is_bm25_over_the_most_it_could_be(index: LexicalIndex) -> None:
    """Words of TEXTS without stop words: 3, 4 with women twice ("over" is a word), 2, 3."""
    mean = (3 + 4 + 2 + 3) / 4

    def idf(n: int) -> float:
        return math.log(1 + (4 - n + 0.5) / (n + 0.5))

    def share(count: int, length: int) -> float:
        return count / (count + 1.5 * (1 - 0.75 + 0.75 * length / mean))

    most = idf(2) + idf(1)
    expected = [
        share(1, 3) * idf(2) / most,
        share(2, 4) * idf(1) / most,
        0,
        share(1, 3) * idf(2) / most,
    ]
    assert index.coverage("Drones and women?").tolist() == pytest.approx(expected, rel=1e-5)
    # A word that no text has weighs like the rarest that could be.
    assert index.coverage("drones unicorn")[0] == pytest.approx(
        share(1, 3) * idf(2) / (idf(2) + idf(0)), rel=1e-5
    )
    # Asking twice is not asking for more.
    assert index.coverage("drone drones women").tolist() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("question", "k", "rows", "expected"),
    [
        ("women", 9, None, [1]),
        ("drones", 9, None, [0, 3]),  # equal: row order
        ("drones", 1, None, [0]),
        ("small budget", 9, None, [2, 3]),
        ("drones", 1, [2, 3], [3]),
        ("drones", 9, [3, 0], [0, 3]),
        ("drones", 9, [1, 2], []),
        ("drones", 9, [], []),
        ("drones", 0, None, []),
        ("unicorn", 9, None, []),
        ("what about it?", 9, None, []),
        ("", 9, None, []),
    ],
)
def test_search(
    index: LexicalIndex, question: str, k: int, rows: list[int] | None, expected: list[int]
) -> None:
    assert found(index, question, k, rows) == expected


VOCABULARY = st.sampled_from("drones women budget police peace mali the of a 2018".split())
SENTENCES = st.lists(VOCABULARY, max_size=12).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(SENTENCES, min_size=1, max_size=8), question=SENTENCES)
def test_coverage_is_a_share(texts: list[str], question: str) -> None:
    index = LexicalIndex.build([*texts, "Speaker unknown"])
    coverage = index.coverage(question)
    assert (coverage.shape, coverage.dtype) == ((len(texts) + 1,), np.float32)
    assert ((coverage >= 0) & (coverage <= 1)).all()
    tokenise = Tokeniser()
    shared = [bool(set(tokenise(question)) & set(tokenise(text))) for text in texts]
    assert (coverage[:-1] > 0).tolist() == shared


@pytest.mark.parametrize("texts", [["The of."], ["", ""], ["", "drones"]])
def test_texts_without_words_are_found_by_none(texts: list[str], tmp_path: Path) -> None:
    index = LexicalIndex.build(texts)
    assert index.coverage("drones").tolist()[0] == 0
    LexicalIndex.write(tmp_path, texts)
    assert len(LexicalIndex.load(tmp_path)) == len(texts)


def test_save_and_load(index: LexicalIndex, tmp_path: Path) -> None:
    LexicalIndex.write(tmp_path, TEXTS)
    loaded = LexicalIndex.load(tmp_path)
    assert len(loaded) == 4
    for question in ("drones and women", "small budget", "unicorn", ""):
        assert np.array_equal(loaded.coverage(question), index.coverage(question))
    assert {path.suffix for path in tmp_path.iterdir()} == {".npy", ".json"}
    for path in tmp_path.glob("*.npy"):
        np.load(path, allow_pickle=False)


def test_a_damaged_index_is_refused(index: LexicalIndex, tmp_path: Path) -> None:
    with pytest.raises(DamagedIndexError, match=r"not readable; build the library again$"):
        LexicalIndex.load(tmp_path)
    LexicalIndex.write(tmp_path, TEXTS)
    for file in sorted(tmp_path.glob("*.json")):
        kept = file.read_bytes()
        file.write_bytes(b"{")
        with pytest.raises(DamagedIndexError, match="not readable"):
            LexicalIndex.load(tmp_path)
        file.write_bytes(kept)


def test_the_same_texts_give_the_same_files_whatever_the_hash_seed(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from embeddings.lexical import LexicalIndex\n"
        "LexicalIndex.write(\n"
        "    Path(sys.argv[1]), ['drones watch women', 'a small budget', 'police of mali'])"
    )
    saved = []
    for seed in ("1", "2", "3"):
        folder = tmp_path / seed
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-c", code, str(folder)],
            cwd=ROOT, check=True, env={"PYTHONHASHSEED": seed},
        )  # fmt: skip
        saved.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert saved[0] == saved[1] == saved[2]
    assert len(saved[0]) == 5
