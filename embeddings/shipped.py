"""The weights that ship with Rapporteur, and the check that they are what was trained."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from embeddings.encoder import FILES, OnnxEncoder
from embeddings.errors import ModelError

ENCODER_NAME = "rapporteur-encoder"
ENCODER_FOLDER = Path(__file__).parent / "weights"
SUMS_FILE = "SHA256SUMS"


def verified(folder: Path) -> Path:
    """The folder, once every file named in its `SHA256SUMS` has the hash given there.

    Raises:
        ModelError: A file is missing or is not what was shipped.
    """
    try:
        lines = (folder / SUMS_FILE).read_text("utf-8").splitlines()
        named = {line.split(maxsplit=1)[1] for line in lines}
        if named != {path.name for path in _weights(folder)}:
            raise ModelError(f"{folder}: not the files that were shipped; install Rapporteur again")
        for line in lines:
            expected, name = line.split(maxsplit=1)
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
                raise ModelError(
                    f"{folder / name}: not the file that was shipped; install Rapporteur again"
                )
    except (OSError, ValueError, IndexError) as error:
        raise ModelError(
            f"{folder}: the weights are incomplete ({error}); install Rapporteur again"
        ) from error
    return folder


def write_sums(folder: Path) -> None:
    """Write the hashes of all files of weights in `folder` to its `SHA256SUMS`."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in _weights(folder)
    ]
    (folder / SUMS_FILE).write_text("\n".join(lines) + "\n", "utf-8")


def place_encoder(folder: Path) -> OnnxEncoder:
    """Copy the encoder that ships to `folder`, and open it there.

    Raises:
        ModelError: The weights are incomplete or not what was shipped.
    """
    source = verified(ENCODER_FOLDER)
    for name in FILES:
        shutil.copyfile(source / name, folder / name)
    return OnnxEncoder.open(folder)


def _weights(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in {".onnx", ".json"})
