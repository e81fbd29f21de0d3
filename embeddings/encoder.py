"""Texts to unit vectors: the `Encoder` protocol, and the exported model that an index carries.

The exported model runs on ONNX Runtime, so asking a question imports neither torch nor
sentence-transformers. `embeddings.export` makes the export.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from embeddings.errors import ModelError

FloatArray = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]
"""Called with (done, total) as work goes on."""

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
SPEC_FILE = "encoder.json"
FILES = (MODEL_FILE, TOKENIZER_FILE, SPEC_FILE)


class Encoder(Protocol):
    """Turns texts into vectors. Questions and passages may be encoded differently."""

    @property
    def fingerprint(self) -> str:
        """Hash of everything that decides the vectors; equal hashes mean equal vectors."""

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int:
        """Longest text, in tokens with the special ones, that is read without truncation."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special ones included, before any truncation."""

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> FloatArray:
        """(n, d) float32, unit rows."""

    def encode_questions(self, texts: Sequence[str]) -> FloatArray:
        """(n, d) float32, unit rows."""


@dataclass(frozen=True)
class EncoderSpec:
    """What an exported model is and how its texts are prepared.

    Attributes:
        name: The model as it was named when it was exported.
        dimension: Length of a vector.
        max_tokens: Tokens the model reads, special ones included.
        question_prompt: Put before a question (models such as E5 want one).
        passage_prompt: Put before a passage.
    """

    name: str
    dimension: int
    max_tokens: int
    question_prompt: str = ""
    passage_prompt: str = ""

    def save(self, folder: Path) -> None:
        (folder / SPEC_FILE).write_text(json.dumps(asdict(self), indent=2) + "\n", "utf-8")

    @classmethod
    def load(cls, folder: Path) -> EncoderSpec:
        return cls(**json.loads((folder / SPEC_FILE).read_text("utf-8")))


class OnnxEncoder:
    """An exported sentence-transformers model on ONNX Runtime.

    Each text runs alone, without padding, on as many threads as there are cores. For an
    8-bit model that is faster on a CPU than padded batches (1.3 times, measured on passages
    of 88 tokens), and a vector never depends on what else stood in its batch: 8-bit
    activations are scaled over the whole batch, which moved vectors by up to 0.015 in cosine.
    A question on two threads takes a tenth less time, and the threads, which wait busily for
    the next, then stand in the way of the search.
    """

    def __init__(
        self,
        spec: EncoderSpec,
        fingerprint: str,
        tokenizer: Tokenizer,
        session: onnxruntime.InferenceSession,
    ) -> None:
        self.spec = spec
        self._fingerprint = fingerprint
        self._tokenizer = tokenizer
        self._session = session
        self._inputs = {node.name for node in session.get_inputs()}

    @classmethod
    def open(cls, folder: Path) -> OnnxEncoder:
        """Open the export in `folder`.

        Raises:
            ModelError: A file is missing or cannot be read.
        """
        try:
            spec = EncoderSpec.load(folder)
            tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
            session = open_session(folder / MODEL_FILE)
            fingerprint = _fingerprint(folder)
        except Exception as error:  # each of the three libraries raises types of its own
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ModelError(
                f"{folder}: the encoder cannot be opened ({reason}); build the library again"
            ) from error
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(spec, fingerprint, tokenizer, session)

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    @property
    def dimension(self) -> int:
        return self.spec.dimension

    @property
    def max_tokens(self) -> int:
        return self.spec.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        prompted = [self.spec.passage_prompt + text for text in texts]
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(prompted)]

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> FloatArray:
        return self._encode([self.spec.passage_prompt + text for text in texts], progress)

    def encode_questions(self, texts: Sequence[str]) -> FloatArray:
        return self._encode([self.spec.question_prompt + text for text in texts], None)

    def _encode(self, texts: Sequence[str], progress: Progress | None) -> FloatArray:
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for done, row in enumerate(self._vectors(texts), start=1):
            vectors[done - 1] = row
            if progress is not None:
                progress(done, len(texts))
        return vectors

    def _vectors(self, texts: Sequence[str]) -> Iterator[FloatArray]:
        if len(texts) == 1:  # a pool costs more than it brings
            yield self._run(texts[0])
            return
        with ThreadPoolExecutor(available_cores()) as pool:
            yield from pool.map(self._run, texts)

    def _run(self, text: str) -> FloatArray:
        ids = self._tokenizer.encode(text).ids
        if len(ids) > self.max_tokens:  # keeps the closing special token
            ids = ids[: self.max_tokens - 1] + ids[-1:]
        tokens = np.array([ids], dtype=np.int64)
        feed = {
            "input_ids": tokens,
            "attention_mask": np.ones_like(tokens),
            "token_type_ids": np.zeros_like(tokens),
        }
        named = {name: array for name, array in feed.items() if name in self._inputs}
        vector: FloatArray = self._session.run(None, named)[0][0]
        return vector


def available_cores() -> int:
    """Cores this process may use (a container may allow fewer than the machine has)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def open_session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in FILES:
        digest.update(hashlib.sha256((folder / name).read_bytes()).digest())
    return digest.hexdigest()
