"""The weights that ship: whole, unchanged, and refused when they are not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assistant.cross_encoder import CrossEncoder
from assistant.errors import ModelError
from assistant.reader import WEIGHTS, Calibration
from embeddings.shipped import ENCODER_FOLDER, ENCODER_NAME, place_encoder, verified, write_sums


@pytest.mark.parametrize("folder", [ENCODER_FOLDER, WEIGHTS], ids=["encoder", "reader"])
def test_the_weights_are_what_was_trained(folder: Path, tmp_path: Path) -> None:
    assert verified(folder) == folder
    named = {line.split()[1] for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines()}
    assert named == {path.name for path in folder.iterdir()} - {"README.md", "SHA256SUMS"}
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    write_sums(copy)
    assert (copy / "SHA256SUMS").read_bytes() == (folder / "SHA256SUMS").read_bytes()


def test_together_they_are_small() -> None:
    files = [path for folder in (ENCODER_FOLDER, WEIGHTS) for path in folder.iterdir()]
    assert sum(path.stat().st_size for path in files) < 80_000_000


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "reader.json"])
def test_changed_weights_are_refused(name: str, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(WEIGHTS, tmp_path / "copy"))
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(ModelError, match=rf"{name}: not the file that was shipped; install"):
        verified(copy)


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(ENCODER_FOLDER, tmp_path / "copy"))
    (copy / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"not the files that were shipped; install"):
        verified(copy)
    with pytest.raises(ModelError, match=r"the weights are incomplete"):
        verified(tmp_path / "nowhere")


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}", "utf-8")
    with pytest.raises(ModelError, match=r"^[^\n]*: the reader cannot be opened [^\n]*$"):
        CrossEncoder.open(tmp_path)


def test_the_encoder_is_placed_in_a_library(tmp_path: Path) -> None:
    encoder = place_encoder(tmp_path)
    assert (encoder.spec.name, encoder.dimension, encoder.max_tokens) == (ENCODER_NAME, 384, 160)
    near, far = encoder.encode_passages(["He paid the dues.", "The sea was calm."])
    (question,) = encoder.encode_questions(["Who settled the bill?"])
    assert question @ near > question @ far + 0.2


def test_the_calibration_that_ships() -> None:
    calibration = Calibration.load(WEIGHTS)
    assert 0 < calibration.refuse < calibration.moderate < calibration.strong < 1
