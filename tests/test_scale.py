"""What changes when a library is large: kinds of index, files read in blocks, builds resumed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from assistant import builder, storage
from assistant.builder import Built, build
from assistant.errors import DamagedIndexError, LibraryError
from assistant.filters import Filters
from assistant.library import Library
from assistant.retriever import Retriever
from assistant.sentences import StoredSentences
from assistant.speeches import Speeches, write_speeches
from assistant.text import ReadingText, Span
from assistant.vectors import Cache, Source, VectorStore, key_of, keys_of
from embeddings.dense import KINDS, DenseIndex, Kind, kind_for
from embeddings.hybrid import Query
from embeddings.lexical import LexicalIndex
from embeddings.mapped import BLOCK, Blocks, MappedArray, MappedFile, block_hashes

ROOT = Path(__file__).resolve().parent.parent
DRONES = "What of drones?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "toy"


@pytest.fixture
def speeches(toy_library):
    return list(toy_library.speeches.values())


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every library counts as large: files in blocks, sentences without an index."""
    monkeypatch.setattr(storage, "WHOLE", 0)
    monkeypatch.setattr(builder, "MOST_SEARCHED", 0)


def state_of(folder: Path) -> Path:
    return folder / (folder / "CURRENT").read_text().strip()


def answers(library: Library) -> list[tuple[str, float]]:
    found = Retriever(library).retrieve(DRONES, Filters(), 3)
    return [(hit.passage.id, round(hit.match.score, 3)) for hit in found.hits]


# --- kinds of index --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    drawn = np.random.default_rng(7).standard_normal((3000, 32)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_finds_the_nearest(vectors: np.ndarray, kind: Kind, tmp_path: Path) -> None:
    pieces = [vectors[:1000], vectors[1000:]]
    DenseIndex.write(tmp_path, pieces, vectors.shape, kind)
    index = DenseIndex.load(tmp_path)
    assert (index.kind, len(index), index.dimension) == (kind, 3000, 32)
    shares = []
    for vector in vectors[:50]:
        cosines = vectors @ vector
        best, scores = index.search(vector, 10)
        assert scores == pytest.approx(cosines[best], abs=1e-3)
        assert (np.diff(scores) <= 0).all()
        shares.append(len(set(best) & set(np.argsort(-cosines)[:10])) / 10)
    assert np.mean(shares) >= (1 if kind == "flat" else 0.97)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.001, 0.1, 0.5])
def test_filters_come_first_whatever_the_kind(
    vectors: np.ndarray, kind: Kind, share: float
) -> None:
    index = DenseIndex.build(vectors, kind)
    rows = np.sort(np.random.default_rng(3).choice(3000, int(3000 * share), replace=False))
    cosines = vectors[rows] @ vectors[0]
    best, _ = index.search(vectors[0], 5, rows)
    expected = rows[np.argsort(-cosines)[:5]]
    assert set(best) <= set(rows)
    assert len(set(best) & set(expected)) >= len(expected) - (kind == "hnsw")


def test_8_bits_are_the_same_whenever_the_vectors_are(vectors: np.ndarray, tmp_path: Path) -> None:
    for name, pieces in (("a", [vectors]), ("b", [vectors[:7], vectors[7:]])):
        (tmp_path / name).mkdir()
        DenseIndex.write(tmp_path / name, pieces, vectors.shape, "8bit")
    for file in ("vectors.faiss", "vectors.npy"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_kind_for_each_size() -> None:
    assert [kind_for(n) for n in (1, 5_000, 5_001, 1_000_000, 3_000_000)] == [
        "flat", "flat", "8bit", "8bit", "hnsw",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_library_of_every_kind(
    tmp_path: Path, toy_library, speeches, toy_export, kind: Kind
) -> None:
    build(tmp_path / "new", speeches, toy_export, kind=kind)
    assert json.loads((state_of(tmp_path / "new") / "manifest.json").read_text())["kind"] == kind
    assert answers(Library.open(tmp_path / "new")) == answers(toy_library)


# --- words -----------------------------------------------------------------------------------


def test_words_of_some_rows_are_those_of_all() -> None:
    chance = np.random.default_rng(1)
    texts = [" ".join(chance.choice(list("pqrstuvw"), 5)) for _ in range(300)]
    index = LexicalIndex.build(texts)
    for question in ("p q", "r", "s t u zzz", "zzz", ""):
        whole = index.coverage(question)
        for count in (0, 1, 5, 200):
            rows = np.sort(chance.choice(300, count, replace=False))
            assert np.array_equal(index.coverage(question, rows), whole[rows])


def test_words_of_other_texts_are_weighed_likewise() -> None:
    texts = ["Drones watch the border.", "Women watch over women.", "The budget is small."]
    index = LexicalIndex.build(texts)
    usual = (3 + 4 + 2) / 3
    assert index.coverage_of("watch women", texts, usual) == pytest.approx(
        index.coverage("watch women"), rel=1e-5
    )
    assert index.coverage_of("unicorn", texts, usual).tolist() == [0, 0, 0]


# --- sentences that are not searched ---------------------------------------------------------


@pytest.mark.usefixtures("large")
def test_sentences_of_a_large_library_are_scored_in_their_passages(
    tmp_path: Path, toy_library, speeches, toy_export
) -> None:
    build(tmp_path / "new", speeches, toy_export)
    library = Library.open(tmp_path / "new")
    assert isinstance(library.sentence_index, StoredSentences)
    vector = library.encoder.encode_questions([DRONES])[0]
    query, rows = Query(DRONES, vector), np.arange(8)
    mine, theirs = (one.sentence_index.score(query, rows) for one in (library, toy_library))
    assert {m.row: m.cosine for m in mine} == pytest.approx(
        {m.row: m.cosine for m in theirs}, abs=1e-3
    )
    assert [m.row for m in mine if m.coverage] == [m.row for m in mine[:4]]
    assert {m.row for m in mine if m.coverage} == {m.row for m in theirs if m.coverage}
    hits = Retriever(library).retrieve(DRONES, Filters(), 2).hits
    assert [hit.passage.id for hit in hits] == ["a#1.1", "c#1.1"]
    assert list(library.speeches.values()) == speeches
    assert list(library.passages) == list(toy_library.passages)


# --- files in blocks -------------------------------------------------------------------------


@pytest.mark.usefixtures("large")
def test_damage_to_a_block_is_found_when_it_is_read(tmp_path: Path, speeches, toy_export) -> None:
    build(tmp_path / "new", speeches, toy_export, kind="8bit")
    state = state_of(tmp_path / "new")
    large = json.loads((state / "manifest.json").read_text())["large"]
    assert {"texts.txt", "passages/dense/vectors.npy", "sentences/vectors.npy"} <= set(large)
    for name in large:
        path = state / name
        good = path.read_bytes()
        path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        with pytest.raises((LibraryError, DamagedIndexError), match="build it again"):
            storage.check(state, deep=True)
        path.write_bytes(good[:-1])
        with pytest.raises(LibraryError, match="build it again"):
            Library.open(tmp_path / "new")
        path.write_bytes(good)
    text = state / "texts.txt"
    text.write_bytes(text.read_bytes().replace(b"drones", b"clones"))
    library = Library.open(tmp_path / "new")
    with pytest.raises(DamagedIndexError, match=r"texts.txt: not what it was .* build it again"):
        _ = library.speeches["a"].text
    assert storage.sound_state(tmp_path / "new", deep=True) is None
    assert storage.sound_state(tmp_path / "new") == state


def test_only_the_block_that_is_read_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "rows.npy"
    np.save(path, np.arange(3 * BLOCK, dtype=np.uint8).reshape(-1, 64))
    hashes = block_hashes(path)
    with path.open("r+b") as file:
        file.seek(2 * BLOCK)
        file.write(b"?")
    array = MappedArray(MappedFile(path, Blocks(hashes)))
    assert array.rows(np.array([5, 0]))[:, 0].tolist() == [64, 0]
    with pytest.raises(DamagedIndexError, match="not what it was"):
        array.slice(0, len(array))
    with pytest.raises(DamagedIndexError, match="not what it was"):
        array.rows(np.array([0, 2 * BLOCK // 64]))
    with pytest.raises(DamagedIndexError, match="not what it was"):
        MappedFile(path, Blocks(hashes[:-32]))


# --- speeches --------------------------------------------------------------------------------


def test_speeches_come_back_with_all_their_fields(tmp_path: Path, speeches) -> None:
    write_speeches(tmp_path, speeches)
    stored = Speeches.open(tmp_path)
    assert list(stored.values()) == list(stored.in_order()) == speeches
    assert (list(stored), len(stored), "a" in stored, "z" in stored) == (["a", "b", "c"], 3, 1, 0)
    assert type(stored["a"].reading) is not ReadingText
    assert stored["a"].reading == speeches[0].reading
    assert stored["a"].reading.lines(Span(0, 4)) == speeches[0].reading.lines(Span(0, 4))


@pytest.mark.parametrize(
    "filters",
    [
        Filters(), Filters(country="Niger"), Filters(speaker="Bo"), Filters(topic="situation"),
        Filters(since="2016-06"), Filters(until="2016"), Filters(symbol="1"),
        Filters(language="French"), Filters(country="Niger", since="2017"),
    ],
    ids=str,
)  # fmt: skip
def test_columns_match_as_speeches_do(toy_library, filters: Filters) -> None:
    expected = [n for n, s in enumerate(toy_library.speeches.values()) if filters.match(s)]
    assert toy_library.speeches.matching(filters).tolist() == expected


def test_one_of_each(toy_library) -> None:
    speeches = toy_library.speeches
    assert [s.id for s in speeches.one_of_each("language")] == ["a"]
    assert [s.id for s in speeches.one_of_each("country", among=np.array([2, 1]))] == ["c", "b"]


# --- builds that go on -----------------------------------------------------------------------


def test_vectors_outlive_a_failing_build(folder: Path, speeches, toy_export, monkeypatch) -> None:
    """What it embedded is not embedded again, and what it kept is removed in the end."""
    from assistant import vectors

    monkeypatch.setattr(vectors, "_BLOCK", 2)
    done: list[int] = []

    def stop(stage: str, now: int, total: int) -> None:
        if stage == "Embedding passages":
            done.append(now)
            if now == 4:
                raise KeyboardInterrupt

    other = folder.parent / "other"
    with pytest.raises(KeyboardInterrupt):
        build(other, speeches, toy_export, stop)
    assert [path.name[:8] for path in other.glob("vectors-*")] == ["vectors-"]
    assert build(other, iter(speeches), toy_export) == Built(3, 5, 8, added=3)
    assert not list(other.glob("vectors-*"))
    assert answers(Library.open(other)) == answers(Library.open(folder))


KILLED = """
import os, signal, sys
from pathlib import Path
from assistant import vectors
from assistant.builder import build
from assistant.library import Library
sys.path.insert(0, "tests")
from conftest import export_toy
vectors._BLOCK = 1
def told(stage, done, total):
    if stage == sys.argv[3] and done == int(sys.argv[4]):
        os.kill(os.getpid(), 9)
speeches = list(Library.open(Path(sys.argv[1])).speeches.values())
print(build(Path(sys.argv[2]), speeches, export_toy, told).embedded)
"""


def test_a_killed_build_goes_on(folder: Path, speeches, tmp_path: Path) -> None:
    new = tmp_path / "new"

    def run(stage: str, at: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", KILLED, str(folder), str(new), stage, str(at)],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip

    killed = run("Embedding passages", 3)  # two are on the disk, the third is not
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert run("Indexing sentences", 0).returncode == -signal.SIGKILL
    done = run("", 0)
    assert done.stdout == "0\n", done.stderr  # ten texts, all of them embedded by then
    assert answers(Library.open(new)) == answers(Library.open(folder))


def test_what_a_cache_lost_is_made_again(tmp_path: Path) -> None:
    texts = ["a", "b", "c", "d"]
    keys = keys_of(b"".join(map(key_of, texts)))
    vectors = np.eye(4, dtype=np.float32)
    Cache(tmp_path, 4).add(keys, vectors)
    assert len(Cache(tmp_path, 4)) == 4
    with (tmp_path / "vectors.bin").open("r+b") as file:
        file.seek(2 * 16)
        file.write(b"\1")
    cache = Cache(tmp_path, 4)
    assert len(cache) == 2
    store = VectorStore(cache, [])
    assert store.missing(keys[[3, 0, 2, 3]], whole=True).tolist() == [0, 2]
    cache.add(keys[2:], vectors[2:])
    (whole,) = VectorStore(Cache(tmp_path, 4), []).vectors(keys[::-1], whole=True)
    assert np.array_equal(whole, vectors[::-1])


def test_rounded_vectors_do_not_become_whole_ones() -> None:
    keys = keys_of(key_of("a"))

    class Rounded:
        def vectors(self, rows: np.ndarray) -> np.ndarray:
            return np.ones((len(rows), 1), np.float32)

    class Nothing:
        keys = keys_of(b"")

        def vectors(self, rows: np.ndarray) -> np.ndarray:
            raise AssertionError(rows)

    store = VectorStore(Nothing(), [Source(keys, Rounded(), whole=False)])  # type: ignore[arg-type]
    assert store.missing(keys, whole=True).tolist() == [0]
    assert store.missing(keys, whole=False).tolist() == []


@pytest.mark.usefixtures("large")
def test_an_update_of_a_large_library_embeds_only_what_changed(
    tmp_path: Path, speeches, toy_export
) -> None:
    new = tmp_path / "new"
    assert build(new, speeches[:2], toy_export, kind="8bit").embedded == 7
    assert build(new, speeches, None, kind="8bit") == Built(3, 5, 3, added=1, unchanged=2)
    manifest = (state_of(new) / "manifest.json").read_bytes()
    build(tmp_path / "at once", speeches, toy_export, kind="8bit")
    assert (state_of(tmp_path / "at once") / "manifest.json").read_bytes() == manifest
