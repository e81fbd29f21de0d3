"""How a library fares on one machine as it grows; figures for `docs/scaling.md`.

    python tests/scale.py kinds LIBRARY ROWS [KIND …]
    python tests/scale.py build SPEECHES.jsonl.gz LIBRARY [MOST]
    python tests/scale.py ask LIBRARY QUESTIONS.jsonl
    python tests/scale.py encode LIBRARY

kinds: a made-up library of ROWS passages, three sentences each, in a temporary folder: vectors
drawn near those of LIBRARY, words drawn from its vocabulary as often as they stand there. For
each kind of index, in a process of its own: time to build, memory, latency of the retrieval
alone, and the share of the exact ten nearest that it finds. "own" is memory after the questions
without the pages of mapped files, which the system takes back when it needs them; "peak" has both.
build: the General Debate, an object a line with id, country_code, year and text. Killed and
started again, it goes on.
ask: latency and memory of a process that answers questions, with its reader.
encode: texts a second of the encoder in threads and in processes.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from rich.console import Console

from assistant import storage
from assistant.answer import Assistant
from assistant.builder import build
from assistant.filters import Filters
from assistant.library import Library
from assistant.passage import Passage
from assistant.passages import PassageWriter
from assistant.retriever import PASSAGES_READ, Retriever
from assistant.sentences import StoredSentences
from assistant.speech import Speech
from assistant.speeches import write_speeches
from assistant.text import Span, read_text
from embeddings.dense import KINDS, DenseIndex
from embeddings.encoder import OnnxEncoder
from embeddings.hybrid import HybridIndex
from embeddings.shipped import place_encoder
from ui.progress import ProgressView

SPEECH, SENTENCES, WORDS = 25, 3, 70
"""Passages of a made-up speech, sentences of a passage, words of a passage."""
PIECE = 8192
SPREAD = 0.35
"""How far a made-up vector lies from a real one: their cosine is 0.94."""
QUESTIONS, ASKED = 200, 8
"""Questions asked, and words of each, stop words aside."""


def main() -> None:
    mode, *given = sys.argv[1:]
    modes = {"kinds": kinds, "build": general_debate, "ask": ask, "encode": encode, "one": one}
    modes[mode](*given)


# --- kinds -----------------------------------------------------------------------------------


def kinds(library: str, rows: str, *chosen: str) -> None:
    print(
        "kind   build s  build MB  disk MB  open s  open MB   own MB  peak MB  "
        "p50 ms  p95 ms  recall@10"
    )
    for kind in chosen or KINDS:
        with tempfile.TemporaryDirectory() as folder:
            for step in ("build", "search"):
                command = [sys.executable, __file__, "one", step, kind, library, rows, folder]
                subprocess.run(command, check=True)


def one(step: str, kind: str, library: str, rows: str, folder: str) -> None:
    """One line of the table, in two steps, each in a process of its own."""
    real = Library.open(Path(library))
    if step == "build":
        begin = time.perf_counter()
        make(real, int(rows), kind, Path(folder))
        size = sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file()) / 1e6
        print(f"{kind:5} {time.perf_counter() - begin:8.0f} {peak():9.0f} {size:8.0f}", end="")
        sys.stdout.flush()
        return
    vectors = questions(real)
    texts = list(words(real, QUESTIONS, seed=1, length=ASKED))
    encoder = real.encoder
    del real
    found = measured(Path(folder), kind, encoder, texts, vectors)
    print("  " + found)


def measured(
    folder: Path, kind: str, encoder: object, texts: list[str], vectors: np.ndarray
) -> str:
    """Opening and asking the library in `folder`."""
    before = memory()
    begin = time.perf_counter()
    library = Library.open(folder)
    opened, held = time.perf_counter() - begin, memory() - before
    retriever = Retriever(library)
    times = []
    for text in texts:
        begin = time.perf_counter()
        retriever.retrieve(text, Filters(), PASSAGES_READ)
        times.append((time.perf_counter() - begin) * 1000)
    p50, p95 = np.percentile(times, [50, 95])
    own, most = _status("RssAnon"), peak()
    index = library.passage_index
    assert isinstance(index, HybridIndex)
    assert index.dense.kind == kind
    return (
        f"{opened:5.1f} {held:8.0f} {own:8.0f} {most:8.0f} {p50:7.1f} {p95:7.1f} "
        f"{recall(index.dense, vectors):10.3f}"
    )


def recall(index: DenseIndex, vectors: np.ndarray) -> float:
    """Share of the exact ten nearest that are found."""
    best = np.full((len(vectors), 10), -2, np.float32)
    rows = np.full((len(vectors), 10), -1)
    for first in range(0, len(index), PIECE):
        some = np.arange(first, min(first + PIECE, len(index)))
        scores = np.concatenate([best, vectors @ index.rows(some).T], axis=1)
        named = np.concatenate([rows, np.broadcast_to(some, (len(vectors), len(some)))], axis=1)
        order = np.argsort(-scores, axis=1)[:, :10]
        best = np.take_along_axis(scores, order, axis=1)
        rows = np.take_along_axis(named, order, axis=1)
    found = [set(index.search(vector, 10)[0].tolist()) for vector in vectors]
    hits = [len(each & set(exact.tolist())) for each, exact in zip(found, rows, strict=True)]
    return sum(hits) / (10 * len(vectors))


def make(real: Library, rows: int, kind: str, folder: Path) -> None:
    """Write a library of made-up passages."""
    state = storage.new_state(folder)
    (state / storage.ENCODER).mkdir()
    place_encoder(state / storage.ENCODER)
    write_speeches(state, made_up(real, rows))
    places = PassageWriter()
    for row in range(rows):
        places.add(row // SPEECH, place(row))
    places.write(state)
    dimension = real.encoder.dimension
    for name in (storage.PASSAGE_INDEX, storage.SENTENCE_INDEX):
        (state / name).mkdir()
    HybridIndex.write(
        state / storage.PASSAGE_INDEX, near(real, rows, 1), words(real, rows), (rows, dimension),
        kind,
    )  # fmt: skip
    StoredSentences.write(
        state / storage.SENTENCE_INDEX, near(real, rows * SENTENCES, 2), words(real, 100),
        (rows * SENTENCES, dimension),
    )  # fmt: skip
    storage.write_manifest(state, {"kind": kind, "model": real.encoder.fingerprint})
    storage.point_to(folder, state)


LINE = WORDS * 12
"""Characters of a made-up passage, padded, so that its place is known without reading it."""


def place(row: int) -> Passage:
    number = row % SPEECH
    start, third = number * (LINE + 1), LINE // SENTENCES
    spans = tuple(Span(start + n * third, start + (n + 1) * third) for n in range(SENTENCES))
    return Passage(f"s{row // SPEECH}", number + 1, 1, Span(start, spans[-1].end), spans)


def made_up(real: Library, rows: int) -> Iterator[Speech]:
    texts = words(real, rows)
    whose = list(real.speeches.one_of_each("speaker", "country"))
    for number in range(-(-rows // SPEECH)):
        lines = [
            text[:LINE].ljust(LINE, ".") for _, text in zip(range(SPEECH), texts, strict=False)
        ]
        like = whose[number % len(whose)]
        day = f"{1990 + number % 30}-{1 + number % 12:02}-{1 + number % 28:02}"
        yield Speech(
            f"s{number}", f"s{number}.txt", hashlib.sha256(str(number).encode()).hexdigest(),
            read_text("\n\n".join(lines)), like.speaker, like.country, date=day,
        )  # fmt: skip


def words(real: Library, count: int, seed: int = 0, length: int = WORDS) -> Iterator[str]:
    """Texts of words drawn as often as they stand in a library, and of many rarer ones."""
    index = real.passage_index
    stems: dict[str, int] = {}
    for speech in list(real.speeches.in_order())[:200]:
        for stem in index.stems(speech.text):
            stems[stem] = stems.get(stem, 0) + 1
    known = sorted(stems, key=lambda stem: -stems[stem])
    # Zipf's law, on beyond the words that were seen: a large library has many rare ones.
    known += [f"{stem}{number}" for number in range(20) for stem in known]
    odds = np.cumsum(1 / np.arange(10, len(known) + 10))
    chance = np.random.default_rng(seed)
    for _ in range(count):
        drawn = np.searchsorted(odds, chance.random(length) * odds[-1])
        yield " ".join(known[at] for at in drawn)


def near(real: Library, count: int, seed: int) -> Iterator[np.ndarray]:
    """Unit vectors near those of a library, in pieces."""
    chance = np.random.default_rng(seed)
    given = real.passage_index.vectors(np.arange(len(real.passages)))
    for first in range(0, count, PIECE):
        length = min(PIECE, count - first)
        drawn = given[chance.integers(len(given), size=length)]
        noise = chance.standard_normal(drawn.shape, np.float32) * SPREAD / drawn.shape[1] ** 0.5
        drawn = drawn + noise
        yield drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def questions(real: Library) -> np.ndarray:
    return np.concatenate(list(near(real, QUESTIONS, 3)))


# --- build -----------------------------------------------------------------------------------


def general_debate(source: str, folder: str, most: str = "0") -> None:
    begin = time.perf_counter()
    with ProgressView(Console(stderr=True)) as progress:
        speeches = Lines(Path(source), int(most))
        built = build(Path(folder), speeches, place_encoder, progress)
    print(f"{built}, {time.perf_counter() - begin:.0f} s, peak {peak():.0f} MB")


class Lines:
    """The speeches of a file, one at a time; of all or of the first `most`."""

    def __init__(self, path: Path, most: int) -> None:
        self._path = path
        with gzip.open(path, "rb") as file:
            length = sum(1 for _ in file)
        self._length = min(length, most) if most else length

    def __length_hint__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Speech]:
        with gzip.open(self._path, "rt", encoding="utf-8", newline="\n") as file:
            for _, line in zip(range(self._length), file, strict=False):
                record = json.loads(line)
                yield Speech(
                    record["id"], f"{record['id']}.txt",
                    hashlib.sha256(record["text"].encode()).hexdigest(),
                    read_text(record["text"]), country=record["country_code"],
                    date=str(record["year"]),
                )  # fmt: skip


# --- ask, encode -----------------------------------------------------------------------------


def ask(folder: str, asked: str) -> None:
    begin = time.perf_counter()
    library = Library.open(Path(folder))
    opened = time.perf_counter() - begin
    assistant, retriever = Assistant(library), Retriever(library)
    lines = [line for line in Path(asked).read_text("utf-8").split("\n") if line.strip()]
    texts = [json.loads(line)["question"] for line in lines]
    for name, call in (
        ("retrieval", lambda text: retriever.retrieve(text, Filters(), PASSAGES_READ)),
        ("answer", assistant.ask),
    ):
        times = []
        for text in texts * 3:
            start = time.perf_counter()
            call(text)
            times.append((time.perf_counter() - start) * 1000)
        p50, p95 = np.percentile(times, [50, 95])
        print(f"{name:10} p50 {p50:6.1f} ms, p95 {p95:6.1f} ms, peak {peak():.0f} MB")
    print(
        f"{len(library.speeches)} speeches, {len(library.passages)} passages, open {opened:.1f} s"
    )


_ENCODERS: list[OnnxEncoder] = []


def _open(folder: Path) -> None:
    os.sched_setaffinity(0, {os.getpid() % (os.cpu_count() or 1)})
    _ENCODERS.append(OnnxEncoder.open(folder))


def _encode(texts: list[str]) -> int:
    return len(_ENCODERS[0].encode_passages(texts))


def encode(folder: str) -> None:
    library = Library.open(Path(folder))
    passages = library.passages[: 1 << 12 : 4]
    texts = [p.span.of(library.speech_of(p).text) for p in passages]
    parts = [texts[first : first + 64] for first in range(0, len(texts), 64)]
    place = storage.present_state(Path(folder)) / storage.ENCODER
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores, initializer=_open, initargs=(place,)) as pool:
        list(pool.map(_encode, parts[:cores]))
        for _ in range(3):
            begin = time.perf_counter()
            library.encoder.encode_passages(texts)
            threads = len(texts) / (time.perf_counter() - begin)
            begin = time.perf_counter()
            sum(pool.map(_encode, parts))
            processes = len(texts) / (time.perf_counter() - begin)
            print(f"{threads:.0f} texts/s in threads, {processes:.0f} in {cores} processes")


def peak() -> float:
    """Most memory that this process has held, in MB."""
    return _status("VmHWM")


def memory() -> float:
    return _status("VmRSS")


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


if __name__ == "__main__":
    main()
