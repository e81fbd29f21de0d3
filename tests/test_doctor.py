"""What the doctor finds of libraries that are sound, and of such as are not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from assistant import storage
from assistant.builder import build
from assistant.doctor import Check, examine, sound
from assistant.library import Library
from assistant.passages import SENTENCES
from assistant.vectors import Cache
from tests.conftest import export_toy
from ui.cli import main


@pytest.fixture
def folder(tmp_path: Path, toy_library: Library) -> Path:
    return tmp_path / "toy"


def state_of(folder: Path) -> Path:
    return folder / (folder / "CURRENT").read_text().strip()


def found(folder: Path) -> dict[str, Check]:
    return {check.name: check for check in examine(folder)}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def sealed(folder: Path, change: Callable[[Path], None]) -> dict[str, Check]:
    """What is found of a state that was changed before it was sealed, so that all hashes fit."""
    state = state_of(folder)
    manifest = json.loads((state / "manifest.json").read_text())
    change(state)
    (state / "manifest.json").unlink()
    kept = ("speeches", "passages", "sentences", "dimension", "kind", "model")
    storage.write_manifest(state, {name: manifest[name] for name in kept})
    checks = found(folder)
    assert checks["files"].state == "ok"
    return checks


def test_a_sound_library(folder: Path) -> None:
    before = contents(folder)
    checks = examine(folder)
    assert sound(checks)
    assert {check.state for check in checks} == {"ok"}
    told = {check.name: check.told for check in checks}
    assert told["opening"] == ("3 speeches, 5 passages, 8 sentences; a row of the index for each")
    assert told["spans"] == "5 passages and 8 sentences are slices"
    assert told["vectors"] == "13 vectors of 13 components, of unit length"
    assert told["model"] == "10 texts embedded again have their vectors (least cosine 1.0000)"
    assert told["words"].startswith("5 passages are found by their words")
    assert contents(folder) == before


def test_no_library(tmp_path: Path) -> None:
    checks = found(tmp_path / "none")
    assert not sound(checks.values())
    assert checks["pointer"] == Check(
        "pointer",
        "problem",
        f"{tmp_path / 'none'}: no library here",
        f"build one with: rapporteur index PATH --library {tmp_path / 'none'}",
    )
    assert "files" not in checks
    assert not (tmp_path / "none").exists()


def test_every_damaged_file_is_named(folder: Path) -> None:
    state = state_of(folder)
    for path in sorted(state.rglob("*")):
        if not path.is_file() or path.name == "manifest.json":
            continue
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        check = found(folder)["files"]
        assert check.state == "problem"
        assert path.relative_to(state).as_posix() in check.told
        path.unlink()
        assert found(folder)["files"].state == "problem"
        path.write_bytes(data)
    assert sound(examine(folder))


def test_blocks_of_large_files_are_looked_at(
    folder: Path, toy_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "WHOLE", 0)
    build(folder, list(toy_library.speeches.values()), None)
    texts = state_of(folder) / "texts.txt"
    assert found(folder)["files"].state == "ok"
    texts.write_bytes(texts.read_bytes().replace(b"drones", b"clones"))
    assert "texts.txt" in found(folder)["files"].told


@pytest.mark.parametrize("content", [b"", b"state-", b"state-0123456789ab\n", b"\xff"])
def test_a_damaged_pointer(folder: Path, content: bytes) -> None:
    (folder / "CURRENT").write_bytes(content)
    check = found(folder)["pointer"]
    assert check.state == "problem"
    assert check.remedy.startswith("build")


@pytest.mark.parametrize("content", ["", "{}", '{"format": 2, "files": {}}', "["])
def test_a_damaged_manifest(folder: Path, content: str) -> None:
    (state_of(folder) / "manifest.json").write_text(content)
    checks = found(folder)
    assert checks["manifest"].state == "problem"
    assert checks["manifest"].remedy.startswith("build")
    assert checks["spans"].state == "unknown"


def test_spans_that_are_no_slices(folder: Path) -> None:
    def moved(state: Path) -> None:
        spans = np.load(state / SENTENCES)
        spans[1] += 3
        np.save(state / SENTENCES, spans)

    checks = sealed(folder, moved)
    assert (checks["spans"].state, checks["spans"].told) == ("problem", "passage a#1.1")


def test_maps_that_lead_nowhere(folder: Path) -> None:
    def broken(state: Path) -> None:
        path = state / "maps.jsonl"
        line = path.read_text().index("segments")
        at = path.read_text().index("[[", line) + 2
        path.write_text(path.read_text()[:at] + "7" + path.read_text()[at + 1 :])

    checks = sealed(folder, broken)
    assert (checks["maps"].state, checks["maps"].told) == ("problem", "speech a")


def _vectors(state: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    from embeddings.dense import DenseIndex

    place = state / "passages" / "dense"
    index = DenseIndex.load(place)
    DenseIndex.build(change(index.vectors())).save(place)


def test_vectors_that_are_no_unit_vectors(folder: Path) -> None:
    checks = sealed(folder, lambda state: _vectors(state, lambda v: v * np.float32(1.5)))
    assert checks["vectors"].told == (
        "row 0 of the passages, row 1 of the passages, row 2 of the passages"
    )


def test_vectors_of_other_texts(folder: Path) -> None:
    checks = sealed(folder, lambda state: _vectors(state, lambda v: v[::-1].copy()))
    assert checks["vectors"].state == "ok"
    assert checks["model"].state == "problem"
    assert "row 0 of the passages" in checks["model"].told


def test_words_of_other_texts(folder: Path) -> None:
    from embeddings.lexical import LexicalIndex

    checks = sealed(
        folder,
        lambda state: LexicalIndex.write(state / "passages" / "lexical", ["other words"] * 5),
    )
    assert checks["words"].state == "problem"
    assert "is not found by its words" in checks["words"].told


def test_leftovers_are_told_and_no_problem(folder: Path, toy_library: Library) -> None:
    (folder / "state-0123456789ab").mkdir()
    (folder / "CURRENT.new").touch()
    Cache(Cache.folder(folder, "x"), 3)
    checks = found(folder)
    assert sound(checks.values())
    assert checks["leftovers"].state == "note"
    assert checks["leftovers"].told == (
        "CURRENT.new, state-0123456789ab, vectors-x: left by a build that was stopped"
    )
    build(folder, list(toy_library.speeches.values()), None)
    assert found(folder)["leftovers"].state == "ok"


def test_a_build_that_is_under_way(folder: Path) -> None:
    with FileLock(folder / ".lock"):
        assert found(folder)["leftovers"].told == "a build is under way"


def test_foreign_files_are_told(folder: Path) -> None:
    (state_of(folder) / "notes.txt").write_text("mine")
    check = found(folder)["foreign files"]
    assert (check.state, check.told) == ("note", "notes.txt: not of this library, and not read")


def test_no_room_and_no_right(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10))
    monkeypatch.setattr("os.access", lambda *_: False)
    checks = found(folder)
    assert sound(checks.values())
    assert (checks["disk"].state, checks["permission"].state) == ("note", "note")


def test_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--library", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["ok", "pointer", "names", state_of(folder).name]
    assert main(["doctor", "--library", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["sound"], len(told["checks"])) == (True, len(lines))
    (state_of(folder) / "texts.txt").write_text("")
    assert main(["doctor", "--library", str(folder)]) == 1
    out, err = capsys.readouterr()
    line = "texts.txt: missing, or not what was written: build the library again"
    assert line in out
    assert "Traceback" not in err
    assert main(["doctor", "--library", str(folder), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["sound"] is False


def test_another_encoder_is_no_problem_in_itself(folder: Path) -> None:
    """Its own vectors are what counts."""
    build(folder, list(Library.open(folder).speeches.values()), export_toy)
    assert sound(examine(folder))
