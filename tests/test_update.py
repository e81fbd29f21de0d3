"""Building a library again: what changes, what is told of it, and what a dry run would do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.builder import Built, build, plan
from assistant.errors import LibraryError
from assistant.library import Library
from assistant.speech import Speech
from assistant.vectors import Cache, keys_of
from tests.conftest import TOY_TEXTS, WriteTexts, export_toy
from tests.test_cli import Run, folder, run

__all__ = ["folder", "run"]  # fixtures

NEW = {
    "a.txt": "Mr. Ali (Niger): We sent drones. Peace first.\n\nWomen lead our police. "
    "We thank you.\n",
    "d.txt": "Ms. Dee (Chad): Schools need a budget. We thank you.\n",
}
"""One speech changed, one added; b is to go. Four texts are new: the first paragraph of a, its new
sentence, the paragraph of d and its first sentence."""


@pytest.fixture
def after(read_texts: WriteTexts) -> list[Speech]:
    read = read_texts(TOY_TEXTS | NEW).speeches
    return [speech for speech in read if speech.id != "b"]


def contents(place: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(place).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(place.rglob("*"))
        if path.is_file()
    }


def held(place: Path) -> dict[str, str]:
    return {speech.id: speech.text for speech in Library.open(place).speeches.values()}


def test_an_update_tells_what_it_did(folder: Path, after: list[Speech]) -> None:
    built = build(folder, after, None)
    assert built == Built(3, 4, 4, added=1, changed=1, removed=1, unchanged=1)
    assert held(folder) == {speech.id: speech.text for speech in after}


def test_an_update_is_the_library_that_a_new_one_would_be(
    folder: Path, tmp_path: Path, after: list[Speech]
) -> None:
    build(folder, after, None)
    build(tmp_path / "new", after, export_toy)
    updated, new = Library.open(folder), Library.open(tmp_path / "new")
    assert list(updated.passages) == list(new.passages)
    for one, other in (
        (updated.passage_index, new.passage_index),
        (updated.sentence_index, new.sentence_index),
    ):
        rows = range(len(one))
        assert one.vectors(rows).tolist() == other.vectors(rows).tolist()


def test_what_is_known_of_a_speech_changes_it(folder: Path, read_texts: WriteTexts) -> None:
    csv = str(TOY_TEXTS["speeches.csv"]).replace("2016-05-31", "2016-05-30")
    read = read_texts(TOY_TEXTS | {"speeches.csv": csv}).speeches
    assert build(folder, read, None) == Built(3, 5, 0, changed=1, unchanged=2)


def test_a_dry_run_tells_the_same_and_writes_nothing(folder: Path, after: list[Speech]) -> None:
    before = contents(folder)
    planned = plan(folder, after, None)
    assert contents(folder) == before
    assert planned == build(folder, after, None)


def test_a_dry_run_of_a_new_library_makes_no_folder(tmp_path: Path, after: list[Speech]) -> None:
    planned = plan(tmp_path / "new", after, export_toy)
    assert not (tmp_path / "new").exists()
    assert planned == build(tmp_path / "new", after, export_toy)


def test_a_dry_run_counts_on_what_a_killed_build_made(folder: Path, after: list[Speech]) -> None:
    library = Library.open(folder)
    text = "Schools need a budget."
    cache = Cache(Cache.folder(folder, library.encoder.fingerprint), library.encoder.dimension)
    import hashlib

    key = keys_of(hashlib.sha256(text.encode()).digest()[:16])
    cache.add(key, library.encoder.encode_passages([text]))
    before = contents(folder)
    assert plan(folder, after, None).embedded == 3
    assert contents(folder) == before
    assert build(folder, after, None).embedded == 3


def test_a_dry_run_is_refused_for_what_a_build_is_refused_for(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"there is no speech to build a library from$"):
        plan(tmp_path / "new", [], export_toy)


# --- on the command line ------------------------------------------------------------------------


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A folder with one new speech and one that is changed."""
    place = tmp_path / "more"
    place.mkdir()
    for name, text in NEW.items():
        (place / name).write_text(text)
    return place


def test_index_is_afterwards_exactly_what_was_named(run: Run, folder: Path, texts: Path) -> None:
    status, out, _ = run("index", texts)
    assert (status, list(held(folder))) == (0, ["a", "d"])
    assert out.startswith("2 speeches, 3 passages, ")
    assert "(1 added, 1 changed, 2 removed, 0 unchanged): " in out


def test_add_keeps_the_others(run: Run, folder: Path, texts: Path) -> None:
    status, out, _ = run("index", texts, "--add")
    assert (status, list(held(folder))) == (0, ["a", "b", "c", "d"])
    assert "(1 added, 1 changed, 0 removed, 2 unchanged): " in out
    assert "Peace first." in held(folder)["a"]


def test_add_drops_what_a_file_no_longer_has(run: Run, folder: Path, tmp_path: Path) -> None:
    two = tmp_path / "two.txt"
    two.write_text("Mr. Ali (Niger): Yes.\n\nMs. Bo (Nigeria): No.\n")
    run("index", two, "--add")
    assert list(held(folder)) == ["a", "b", "c", "two", "two~2"]
    two.write_text("Mr. Ali (Niger): Yes.\n")
    run("index", two, "--add")
    assert list(held(folder)) == ["a", "b", "c", "two"]


@pytest.mark.parametrize("name", ["b", "b.txt"])
def test_remove_keeps_the_others(run: Run, folder: Path, name: str) -> None:
    status, out, _ = run("index", "--remove", name, "--remove", "c")
    assert (status, list(held(folder))) == (0, ["a"])
    assert ", 0 texts embedded (0 added, 0 changed, 2 removed, 1 unchanged): " in out


def test_remove_and_name_in_one_run(run: Run, folder: Path, texts: Path) -> None:
    assert run("index", texts, "--remove", "c")[0] == 0
    assert list(held(folder)) == ["a", "b", "d"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--remove", "z"], "no speech 'z' in this library, so nothing was changed; "),
        (["--remove", "a", "--remove", "b", "--remove", "c"], "there is no speech to build"),
    ],
)
def test_a_removal_that_cannot_be(run: Run, folder: Path, arguments: list[str], told: str) -> None:
    before = contents(folder)
    status, _, err = run("index", *arguments)
    assert (status, err.count("\n")) == (1, 1)
    assert told in err
    left = contents(folder)
    assert {name: left[name] for name in before} == before
    assert list(held(folder)) == ["a", "b", "c"]


def test_nothing_is_kept_of_a_library_that_cannot_be_read(
    run: Run, folder: Path, texts: Path
) -> None:
    """Else what it held would be lost without a word."""
    state = folder / (folder / "CURRENT").read_text().strip()
    (state / "manifest.json").write_text("{}")
    status, _, err = run("index", texts, "--add")
    assert status == 1
    assert "manifest.json: damaged; build the library again" in err


def test_dry_run(run: Run, folder: Path, texts: Path, tmp_path: Path) -> None:
    before = contents(folder)
    status, out, _ = run("index", texts, "--add", "--dry-run")
    assert status == 0
    assert out.startswith("would be 4 speeches, ")
    assert out.endswith("; nothing was written\n")
    told = json.loads(run("index", texts, "--add", "--dry-run", "--json")[1])
    assert told.pop("dry_run") is True
    assert contents(folder) == before
    assert json.loads(run("index", texts, "--add", "--json")[1]) == told


def test_index_of_nothing_is_a_usage_error(run: Run) -> None:
    with pytest.raises(SystemExit) as caught:
        run("index")
    assert caught.value.code == 2


def test_a_dry_run_leaves_a_read_only_folder_alone(
    folder: Path, after: list[Speech], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And takes no lock: nothing that writes is called."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("written")

    for name in ("mkdir", "touch", "write_text", "write_bytes"):
        monkeypatch.setattr(Path, name, refuse)
    assert plan(folder, after, None).added == 1
