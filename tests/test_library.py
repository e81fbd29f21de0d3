"""A library on disk: what was built is what opens, or nothing does."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from assistant import storage
from assistant.answer import Assistant
from assistant.builder import Built, build
from assistant.errors import LibraryError, ModelError
from assistant.library import Library
from embeddings.encoder import Encoder, OnnxEncoder
from embeddings.shipped import ENCODER_FOLDER, ENCODER_NAME

ROOT = Path(__file__).resolve().parent.parent
STATE_FILES = [
    "manifest.json", "speeches.json", "speeches.npy", "texts.txt", "maps.jsonl", "texts.npy",
    "passages.npy", "sentences.npy",
    "encoder/encoder.json", "encoder/model.onnx", "encoder/tokenizer.json",
    *(
        f"{index}/{file}"
        for index in ("passages", "sentences")
        for file in (
            "keys.npy", "dense/vectors.faiss", "lexical/data.csc.index.npy",
            "lexical/indices.csc.index.npy",
            "lexical/indptr.csc.index.npy", "lexical/params.index.json", "lexical/vocab.index.json",
        )
    ),
]  # fmt: skip

COPY = """
import shutil, sys
from pathlib import Path
from assistant import storage
from assistant.answer import Assistant
from assistant.builder import build
from assistant.corpus import read_corpus
from assistant.library import Library
from embeddings.encoder import Encoder, OnnxEncoder
old, new = map(Path, sys.argv[1:3])
def export(folder):
    return OnnxEncoder.open(Path(shutil.copytree(old, folder, dirs_exist_ok=True)))
"""
"""Begins a program that builds the library `new` with a copy of the encoder `old`."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "toy"


@pytest.fixture
def speeches(toy_library):
    return list(toy_library.speeches.values())


def state_of(folder: Path) -> Path:
    return folder / (folder / "CURRENT").read_text().strip()


def states(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("state-*"))


def opened(folder: Path) -> list[str]:
    return [speech.text for speech in Library.open(folder).speeches.values()]


def refused(folder: Path) -> str:
    """The one line with which a library is refused."""
    with pytest.raises(LibraryError) as caught:
        Library.open(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- build and open --------------------------------------------------------------------------


def test_what_was_built_opens(tmp_path: Path, read_texts, toy_export) -> None:
    text = 'Mr. Á (Niger):\nWe\u2028agree 𝒜 “yes”.\x07 No\\n"quotes".\n\nSecondly, peace-\nkeeping.'
    read = read_texts({"a.txt": text, "b.txt": "Plain."}).speeches
    assert build(tmp_path / "new" / "x", read, toy_export) == Built(2, 3, 5, added=2)
    library = Library.open(tmp_path / "new" / "x")
    assert list(library.speeches.values()) == read
    assert [passage.id for passage in library.passages] == ["a#1.1", "a#2.1", "b#1.1"]
    assert [p.span.of(library.speech_of(p).text) for p in library.passages] == [
        "We agree 𝒜 “yes”.\x07 No\\n\"quotes\".", "Secondly, peace-keeping.", "Plain.",
    ]  # fmt: skip
    assert len(library.sentence_index) == sum(len(p.sentences) for p in library.passages)


def test_rows_of_passages_and_sentences(toy_library, toy) -> None:
    library = toy_library
    assert library.rows({"a"}).tolist() == [0, 1]
    assert library.rows(set()).tolist() == []
    assert [list(library.sentence_rows(row)) for row in range(5)] == [
        [0, 1], [2, 3], [4], [5], [6, 7],
    ]  # fmt: skip
    texts = [p.span.of(library.speech_of(p).text) for p in library.passages]
    assert library.passage_index.vectors(np.arange(5)) == pytest.approx(toy.encode_passages(texts))
    texts = [s.of(library.speech_of(p).text) for p in library.passages for s in p.sentences]
    assert library.sentence_index.vectors(np.arange(8)) == pytest.approx(toy.encode_passages(texts))


def test_files_of_a_library(folder: Path, toy_library) -> None:
    state = state_of(folder)
    files = {p.relative_to(state).as_posix() for p in state.rglob("*") if p.is_file()}
    assert files == set(STATE_FILES)
    manifest = json.loads((state / "manifest.json").read_text())
    assert set(manifest["files"]) == files - {"manifest.json"}
    assert (manifest["format"], manifest["speeches"], manifest["passages"]) == (3, 3, 5)
    assert (manifest["sentences"], manifest["kind"], manifest["large"]) == (8, "flat", {})
    assert manifest["model"] == toy_library.encoder.fingerprint
    for path in state.rglob("*.npy"):
        np.load(path, allow_pickle=False)


def test_the_same_speeches_give_the_same_library(tmp_path: Path, folder: Path, speeches) -> None:
    code = COPY + "build(new, list(Library.open(old.parent.parent).speeches.values()), export)"
    subprocess.run(
        [sys.executable, "-c", code, str(state_of(folder) / "encoder"), str(tmp_path / "new")],
        cwd=ROOT, check=True, env={"PYTHONHASHSEED": "7"},
    )  # fmt: skip
    manifests = [state_of(f) / "manifest.json" for f in (folder, tmp_path / "new")]
    assert manifests[0].read_bytes() == manifests[1].read_bytes()


# --- build again -----------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [True, False])
def test_building_again_embeds_nothing(
    folder: Path, toy_library, speeches, toy_export, toy_reader, keep: bool
) -> None:
    before = (state_of(folder) / "manifest.json").read_bytes()
    assert build(folder, speeches, None if keep else toy_export) == Built(3, 5, 0, unchanged=3)
    again = Library.open(folder)
    assert (state_of(folder) / "manifest.json").read_bytes() == before
    assert np.array_equal(
        *(one.sentence_index.vectors(np.arange(8)) for one in (again, toy_library))
    )
    for question in ("What of drones?", "Who leads the police?"):
        answers = [Assistant(one, toy_reader(one)).ask(question) for one in (again, toy_library)]
        assert answers[0] == answers[1]


def test_only_what_changed_is_embedded(folder: Path, speeches, read_texts) -> None:
    changed = read_texts({"b.txt": "Ms. Bo (Nigeria): The budget is big.\n\nWe thank you.\n"})
    # One passage, which is one sentence; "We thank you." and the other files are known.
    assert build(folder, changed.speeches, None) == Built(3, 5, 1, changed=1, unchanged=2)
    assert opened(folder)[1] == "The budget is big.\nWe thank you."


def test_a_library_holds_exactly_the_speeches_it_was_given(folder: Path, speeches) -> None:
    assert build(folder, speeches[1:], None) == Built(2, 3, 0, removed=1, unchanged=2)
    assert list(Library.open(folder).speeches) == ["b", "c"]


def test_another_model_embeds_everything(folder: Path, speeches, toy_export) -> None:
    def other(path: Path) -> OnnxEncoder:
        toy_export(path)
        spec = json.loads((path / "encoder.json").read_text())
        (path / "encoder.json").write_text(json.dumps(spec | {"max_tokens": 32}))
        return OnnxEncoder.open(path)

    assert build(folder, speeches, other) == Built(3, 5, 10, unchanged=3)


def test_only_the_present_and_the_last_state_are_kept(folder: Path, speeches) -> None:
    (folder / "state-0123456789ab").mkdir()
    (folder / "state-of-the-union").mkdir()
    names = [state_of(folder).name]
    for _ in range(3):
        build(folder, speeches, None)
        names.append(state_of(folder).name)
        assert states(folder) == sorted([*names[-2:], "state-of-the-union"])
    assert {path.name for path in folder.iterdir()} <= {
        "CURRENT",
        ".lock",
        "state-of-the-union",
        *names[-2:],
    }


def test_a_reader_keeps_what_it_opened(folder: Path, toy_library, toy_reader, speeches) -> None:
    assistant = Assistant(toy_library, toy_reader(toy_library))
    expected = assistant.ask("What of drones?")
    for _ in range(3):
        build(folder, speeches[1:], None)
    assert assistant.ask("What of drones?") == expected


# --- damage ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STATE_FILES)
@pytest.mark.parametrize("damage", ["flipped", "truncated", "longer", "missing"])
def test_damage_to_any_file_is_refused(folder: Path, toy_library, name: str, damage: str) -> None:
    path = state_of(folder) / name
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    path.unlink()
    if damage != "missing":
        data[middle] ^= 1
        changed = {"flipped": data, "truncated": data[:middle], "longer": path.suffix.encode()}
        path.write_bytes(changed[damage] if damage != "longer" else data + b"\n")
    assert "uild" in refused(folder)


def test_any_flipped_bit_of_the_manifest_is_refused(folder: Path, toy_library) -> None:
    path = state_of(folder) / "manifest.json"
    good = path.read_bytes()
    for position in range(len(good)):
        for bit in (1, 0x80):
            path.write_bytes(good[:position] + bytes([good[position] ^ bit]) + good[position + 1 :])
            refused(folder)
    path.write_bytes(good)
    assert len(opened(folder)) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"format": 4}, {"speeches": 4}, {"passages": 4}, {"dimension": 7}, {"model": "x"},
        {"corpus": "x"}, {"files": {}}, {"files": []}, {"files": None}, {"format": None},
    ],
    ids=str,
)  # fmt: skip
def test_an_edited_manifest_is_refused(folder: Path, toy_library, change: dict) -> None:
    path = state_of(folder) / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    message = refused(folder)
    if change == {"format": 4}:
        assert message.endswith("is a library of format 4, this program reads 3; build it again")


@pytest.mark.parametrize("content", ["[]", "null", "7", "{}", "", '"text"', '{"format": 1}'])
def test_a_manifest_of_another_shape_is_refused(folder: Path, toy_library, content: str) -> None:
    (state_of(folder) / "manifest.json").write_text(content)
    assert "damaged" in refused(folder)


POINTERS = [
    b"", b"state-", b"state-gone\n", b"../toy\n", b"state-/../..", b"\xff\xfe", b"\0", b"x" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("content", POINTERS, ids=lambda content: repr(content[:12]))
def test_a_damaged_pointer_is_refused(folder: Path, toy_library, content: bytes) -> None:
    (folder / "CURRENT").write_bytes(content)
    assert "uild" in refused(folder)


@pytest.mark.parametrize("content", POINTERS, ids=lambda content: repr(content[:12]))
def test_building_again_mends_a_damaged_pointer(
    folder: Path, speeches, toy_export, content: bytes
) -> None:
    """As the message says it does."""
    (folder / "CURRENT").write_bytes(content)
    build(folder, speeches, toy_export)
    assert len(opened(folder)) == 3


@pytest.mark.parametrize("name", STATE_FILES)
def test_building_again_mends_a_damaged_state(
    folder: Path, speeches, toy_export, name: str
) -> None:
    (state_of(folder) / name).write_bytes(b"{}")
    assert build(folder, speeches, toy_export).embedded == 10
    assert len(opened(folder)) == 3


@pytest.mark.parametrize("name", ["encoder/model.onnx", "encoder/tokenizer.json"])
def test_a_damaged_encoder_is_not_carried_over(folder: Path, speeches, name: str) -> None:
    (state_of(folder) / name).write_bytes(b"{}")
    with pytest.raises((LibraryError, ModelError)) as caught:
        build(folder, speeches, None)
    assert "\n" not in str(caught.value)


def test_a_changed_encoder_is_not_carried_over(folder: Path, speeches) -> None:
    """It opens, but it is not the one that was exported."""
    path = state_of(folder) / "encoder" / "model.onnx"
    data = path.read_bytes()
    one = np.float32(1).tobytes()
    path.write_bytes(data.replace(one, np.float32(2).tobytes(), 1))
    with pytest.raises((LibraryError, ModelError)):
        build(folder, speeches, None)


def test_no_library(tmp_path: Path) -> None:
    message = refused(tmp_path)
    assert message == (
        f"{tmp_path}: no library here; build one with: rapporteur index PATH --library {tmp_path}"
    )


# --- building goes wrong ---------------------------------------------------------------------


def test_nothing_to_build_from(tmp_path: Path, toy_export) -> None:
    with pytest.raises(LibraryError, match=r"there is no speech to build a library from$"):
        build(tmp_path, [], toy_export)


def test_no_encoder_to_keep(tmp_path: Path, speeches) -> None:
    with pytest.raises(LibraryError, match=r"no encoder to keep; name a model$"):
        build(tmp_path / "new", speeches, None)
    assert states(tmp_path / "new") == []


def test_a_folder_that_is_a_file(tmp_path: Path, speeches, toy_export) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(LibraryError, match="cannot be written"):
        build(tmp_path / "file", speeches, toy_export)
    assert (tmp_path / "file").read_text() == "mine"


def test_one_writer_at_a_time(folder: Path, speeches) -> None:
    with FileLock(folder / ".lock"), pytest.raises(LibraryError, match=r"wait until it is done$"):
        build(folder, speeches[1:], None)
    assert len(opened(folder)) == 3
    assert build(folder, speeches[1:], None).speeches == 2


@pytest.mark.parametrize("error", [ModelError("no model"), KeyboardInterrupt(), ValueError()])
def test_a_failing_export_leaves_the_last_state(
    folder: Path, speeches, error: BaseException
) -> None:
    def fails(path: Path) -> OnnxEncoder:
        (path / "half").touch()
        raise error

    name = state_of(folder).name
    with pytest.raises(type(error)):
        build(folder, speeches[1:], fails)
    assert len(opened(folder)) == 3
    assert states(folder) == [name]


def test_a_failing_stage_leaves_the_last_state(folder: Path, speeches) -> None:
    stages: list[str] = []

    def stop(stage: str, done: int, total: int) -> None:
        stages.append(stage)
        if stage == "Cutting into passages":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(folder, speeches[1:], None, stop)
    assert stages == ["Cutting into passages"]
    assert len(opened(folder)) == len(states(folder)) + 2 == 3


KILLED = (
    COPY
    + """
import time
stage, at = sys.argv[3], int(sys.argv[4])
speeches = list(Library.open(new).speeches.values())
def other(folder):
    export(folder)
    with (folder / "encoder.json").open("a") as spec:
        spec.write(" ")  # another model, as far as one can tell
    return OnnxEncoder.open(folder)
def told(now, done, total):
    if now == stage and done == at:
        print("now", flush=True)
        time.sleep(60)
build(new, speeches[1:], other, told)
"""
)


@pytest.mark.parametrize(
    ("stage", "at"),
    [
        ("Preparing the model", 0),
        ("Preparing the model", 1),
        ("Cutting into passages", 2),
        ("Embedding passages", 1),
        ("Embedding sentences", 1),
    ],
)
def test_a_killed_build_leaves_the_last_state(folder: Path, speeches, stage: str, at: int) -> None:
    name, encoder = state_of(folder).name, state_of(folder) / "encoder"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(encoder), str(folder), stage, str(at)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "now\n"
        with pytest.raises(LibraryError, match="another process is building"):
            build(folder, speeches, None)
        process.send_signal(signal.SIGKILL)
    assert state_of(folder).name == name
    assert len(states(folder)) == 2  # with what the killed one left
    assert len(opened(folder)) == 3
    build(folder, speeches[1:], None)  # the lock went with the process
    assert states(folder) == sorted([name, state_of(folder).name])
    assert len(opened(folder)) == 2


def test_others_may_open_a_library_where_the_umask_allows_it(folder: Path, toy_library) -> None:
    """A library is often built by one user and served by another."""
    assert state_of(folder).stat().st_mode == folder.stat().st_mode


# --- the models ------------------------------------------------------------------------------


@pytest.mark.model
def test_the_seeds_open_as_they_were_read(library, seed_speeches) -> None:
    assert list(library.speeches.values()) == seed_speeches.speeches
    assert (len(library.passages), len(library.sentence_index)) == (54, 132)
    assert library.encoder.spec.name == ENCODER_NAME


@pytest.mark.model
def test_a_library_is_built_and_opened_without_torch(tmp_path: Path, seeds: Path) -> None:
    code = COPY + (
        "print(build(new, read_corpus([Path(sys.argv[3])]).speeches, export).passages)\n"
        "print(Assistant(Library.open(new)).ask('Who pays?').searched.passages)\n"
        "print({'torch', 'sentence_transformers', 'gradio', 'onnx'} & set(sys.modules))"
    )
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, str(ENCODER_FOLDER), str(tmp_path / "library"), str(seeds)],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.split() == ["54", "54", "set()"]
    assert time.perf_counter() - started < 60
    shutil.rmtree(tmp_path / "library")


def test_a_reader_that_is_overtaken_opens_the_newer_state(
    folder: Path, speeches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two builds between reading CURRENT and opening what it named remove that state."""
    present_state, overtaken = storage.present_state, [True]

    def slow(place: Path) -> Path:
        state = present_state(place)
        if overtaken.pop() if overtaken else False:
            build(folder, speeches, None)
            build(folder, speeches, None)
        return state

    monkeypatch.setattr(storage, "present_state", slow)
    assert list(Library.open(folder).speeches) == ["a", "b", "c"]


def test_an_interrupt_after_the_swap_keeps_the_new_state(
    folder: Path, speeches, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_to = storage.point_to

    def interrupted(place: Path, state: Path) -> None:
        point_to(place, state)
        raise KeyboardInterrupt

    monkeypatch.setattr(storage, "point_to", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build(folder, speeches[:1], None)
    assert list(Library.open(folder).speeches) == ["a"]


def test_a_damaged_library_stays_until_there_is_a_sound_one(folder: Path, speeches) -> None:
    (state_of(folder) / "texts.txt").write_text("")
    kept = state_of(folder)

    def failing(place: Path) -> Encoder:
        raise ModelError("no model")

    with pytest.raises(ModelError):
        build(folder, speeches, failing)
    assert kept.is_dir()
