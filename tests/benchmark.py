"""Speeds of this machine, as ratios within one run: `make bench`.

    python tests/benchmark.py [FOLDER]

FOLDER has speeches to embed; the five seeds, repeated, without it.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from assistant.answer import Assistant
from assistant.builder import build
from assistant.corpus import read_corpus
from assistant.library import Library
from assistant.passage import passages
from embeddings.encoder import OnnxEncoder
from embeddings.export import PRETRAINED, export_encoder, load_model
from embeddings.shipped import place_encoder
from ui.cli import SEEDS

TEXTS = 600
RUNS = 5
QUESTIONS = (
    "What has Kazakhstan said about drones?",
    "Are peacekeepers fit for counter-terrorism?",
    "Who should pay for peacekeeping?",
    "What is KAZCENT?",
    "Which reports have been issued since 2000?",
    "How can accountability be improved?",
    "What did Mr. Sadykov say about partnerships?",
    "Who won the football World Cup?",
)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SEEDS
    with tempfile.TemporaryDirectory() as scratch:
        library = Path(scratch) / "library"
        begin = time.perf_counter()
        build(library, read_corpus([SEEDS]).speeches, place_encoder)
        print(f"build of the library of the seeds                  {seconds(begin):6.1f} s")
        asking(Assistant(Library.open(library)))
        cold_start(library)
        exported = Path(scratch) / "pretrained"
        exported.mkdir()
        encoder = export_encoder(PRETRAINED, exported)
        embedding(encoder, sample(folder, encoder))


def sample(folder: Path, encoder: OnnxEncoder) -> list[str]:
    texts = [
        passage.span.of(speech.text)
        for speech in read_corpus([folder]).speeches
        for passage in passages(speech, encoder.count_tokens, encoder.max_tokens)
    ]
    step = max(1, len(texts) // TEXTS)
    return (texts * (TEXTS // len(texts) + 1))[::step][:TEXTS]


def embedding(encoder: OnnxEncoder, texts: list[str]) -> None:
    """In turn, so that a machine that slows down slows both."""
    model = load_model(PRETRAINED)
    ours, theirs = [], []
    for _ in range(RUNS):
        begin = time.perf_counter()
        mine = encoder.encode_passages(texts)
        ours.append(len(texts) / seconds(begin))
        begin = time.perf_counter()
        reference = model.encode(texts, show_progress_bar=False)
        theirs.append(len(texts) / seconds(begin))
    cosines = np.sum(mine * reference, axis=1)
    ratio = median(a / b for a, b in zip(ours, theirs, strict=True))
    tokens = np.mean(encoder.count_tokens(texts))
    print(f"{len(texts)} passages of {tokens:.0f} tokens on average, median of {RUNS} runs in turn")
    print(f"  its 8-bit ONNX export                            {median(ours):6.0f} passages/s")
    print(f"  SentenceTransformer.encode                       {median(theirs):6.0f} passages/s")
    print(f"  ratio                                            {ratio:6.2f}")
    lowest, mean = cosines.min(), cosines.mean()
    print(f"  cosine, mean and lowest                          {mean:.4f} {lowest:.4f}")


def asking(assistant: Assistant) -> None:
    times = []
    for question in QUESTIONS * 10:
        begin = time.perf_counter()
        assistant.ask(question)
        times.append(seconds(begin) * 1000)
    p50, p95 = np.percentile(times, [50, 95])
    print(f"one question in a running process, p50 / p95       {p50:6.1f} / {p95:.1f} ms")


def cold_start(library: Path) -> None:
    """A process that starts, opens the library, answers and ends."""
    command = [sys.executable, "-m", "ui.cli", "ask", QUESTIONS[0], "--library", str(library)]
    times = []
    for _ in range(RUNS * 2):
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(seconds(begin))
    print(f"rapporteur ask from a cold process, median         {median(times):6.2f} s")


def seconds(begin: float) -> float:
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
