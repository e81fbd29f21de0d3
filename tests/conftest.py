"""What the tests share: a toy encoder one can compute by head, and libraries built once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from assistant.builder import build
from assistant.corpus import Corpus, read_corpus
from assistant.cross_encoder import ReaderInput
from assistant.library import Library
from assistant.reader import Calibration, CrossReader
from assistant.text import ReadingText, Span
from embeddings.encoder import (
    MODEL_FILE,
    TOKENIZER_FILE,
    EncoderSpec,
    FloatArray,
    OnnxEncoder,
    Progress,
)
from embeddings.lexical import STOP_WORDS
from embeddings.shipped import place_encoder

ROOT = Path(__file__).resolve().parent.parent
TOPICS = (
    "drones women police training budget mandate troops mali niger peace schools civilians"
).split()


class ToyEncoder:
    """Counts of a dozen words after a constant 1, as a unit vector; no other word counts.

    So "drones" is (1, 1, 0, …)/√2 and "women" (1, 0, 1, …)/√2, with a cosine of 0.5.
    """

    fingerprint = "toy"
    dimension = 1 + len(TOPICS)
    max_tokens = 64

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words and two more."""
        return [len(text.split()) + 2 for text in texts]

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> FloatArray:
        self.encoded += texts
        return self.encode_questions(texts)

    def encode_questions(self, texts: Sequence[str]) -> FloatArray:
        counts = [[1, *map(re.findall(r"\w+", t.lower()).count, TOPICS)] for t in texts]
        vectors = np.array(counts, np.float32).reshape(len(texts), self.dimension)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def export_toy(folder: Path) -> OnnxEncoder:
    """The toy encoder as an export that a library can carry: same words, same vectors."""
    from onnx import TensorProto, helper, numpy_helper, save
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    words = ["[UNK]", "[CLS]", "[SEP]", *TOPICS]
    table = np.zeros((len(words), 1 + len(TOPICS)), np.float32)
    table[1, 0] = 1
    table[range(3, len(words)), range(1, 1 + len(TOPICS))] = 1
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
            helper.make_node("ReduceSum", ["rows", "axis"], ["sum"], keepdims=0),
            helper.make_node("LpNormalization", ["sum"], ["vector"], axis=-1, p=2),
        ],
        "toy",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["batch", table.shape[1]])],
        [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(np.array([1], np.int64), "axis"),
        ],
    )
    opset = [helper.make_opsetid("", 18)]
    save(helper.make_model(graph, opset_imports=opset, ir_version=9), folder / MODEL_FILE)
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer.save(str(folder / TOKENIZER_FILE))
    EncoderSpec("toy", table.shape[1], ToyEncoder.max_tokens).save(folder)
    return OnnxEncoder.open(folder)


@dataclass(frozen=True)
class ToyJudgement:
    """What `ToyModel` says of a passage."""

    answers: float
    words: float
    sentences: FloatArray
    first: Callable[[Span], Span | None]

    def short(self, span: Span) -> Span | None:
        return self.first(span)


class ToyModel:
    """Reads by counting: 8 times the share of the question's words a sentence has, minus 4.

    The words marked as the short answer are the first of the sentence that the question has.
    """

    def judge(self, question: str, reads: Sequence[ReaderInput]) -> list[ToyJudgement]:
        return [self._judge(set(_words(question)) - STOP_WORDS, read) for read in reads]

    def _judge(self, wanted: set[str], read: ReaderInput) -> ToyJudgement:
        shares = [
            len(wanted & set(_words(span.of(read.text)))) / max(len(wanted), 1)
            for span in read.sentences
        ]

        def first(span: Span) -> Span | None:
            for found in re.finditer(r"\w+", span.of(read.text)):
                if found[0].lower() in wanted:
                    return Span(span.start + found.start(), span.start + found.end())
            return None

        best = 8 * max(shares) - 4
        return ToyJudgement(best, best, np.array(shares, np.float32) * 8 - 4, first)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


TOY_CALIBRATION = Calibration(
    encoder="toy", similarity=1, surroundings=0.3, weights={"sentence answers": 1}, bias=0,
    refuse=0.3, moderate=0.6, strong=0.95,
)  # fmt: skip


@pytest.fixture(scope="session")
def toy_reader() -> Callable[[Library], CrossReader]:
    """A reader for a library, with the toy model: strong when every word is there."""

    def make(library: Library) -> CrossReader:
        calibration = replace(TOY_CALIBRATION, encoder=library.encoder.fingerprint)
        return CrossReader(library, ToyModel(), calibration)

    return make


@pytest.fixture
def toy() -> ToyEncoder:
    return ToyEncoder()


@pytest.fixture(scope="session")
def toy_export() -> Callable[[Path], OnnxEncoder]:
    """What `build` takes to give a library the toy encoder."""
    return export_toy


WriteTexts = Callable[..., Corpus]


@pytest.fixture
def read_texts(tmp_path: Path) -> WriteTexts:
    """Write files (name=content, text or bytes) to a folder of their own and read them."""

    def read(files: dict[str, str | bytes]) -> Corpus:
        folder = tmp_path / "texts"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode("utf-8")
            (folder / name).write_bytes(data)
        return read_corpus([folder])

    return read


TOY_TEXTS: dict[str, str | bytes] = {
    "a.txt": "Mr. Ali (Niger): We sent drones. The drones watch the border.\n\n"
    "Women lead our police. We thank you.\n",
    "b.txt": "Ms. Bo (Nigeria): The budget is small.\n\nWe thank you.\n",
    "c.txt": "Mr. Cho (Guinea-Bissau):\nDrones need a mandate. Drones need a budget.\n",
    "speeches.csv": "filename,symbol,date,topic\n"
    "a.txt,S/PV.1,2016-05-31,The situation in Mali\n"
    "b.txt,S/PV.2,2016-06,Peacekeeping\n"
    "c.txt,S/PV.3,2017,The situation in Somalia\n",
}


@pytest.fixture
def toy_library(tmp_path: Path, read_texts: WriteTexts) -> Library:
    """Three small speeches of three delegations, with the toy encoder."""
    build(tmp_path / "toy", read_texts(TOY_TEXTS).speeches, export_toy)
    return Library.open(tmp_path / "toy")


@pytest.fixture(scope="session")
def seeds() -> Path:
    return ROOT / "seeds"


@pytest.fixture(scope="session")
def seed_speeches(seeds: Path) -> Corpus:
    return read_corpus([seeds])


@pytest.fixture(scope="session")
def pretrained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of the pretrained model that ours were trained from, made once."""
    from embeddings.export import PRETRAINED, export_encoder

    folder = tmp_path_factory.mktemp("encoder")
    export_encoder(PRETRAINED, folder)
    return folder


@pytest.fixture(scope="session")
def library(
    tmp_path_factory: pytest.TempPathFactory,
    seed_speeches: Corpus,
) -> Library:
    """The five seeds with the encoder that ships. Do not write to it."""
    folder = tmp_path_factory.mktemp("library")
    build(folder, seed_speeches.speeches, place_encoder)
    return Library.open(folder)


@pytest.fixture(scope="session")
def shared_speeches() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of 2,091 real speeches, where the shared data lie; skips elsewhere."""
    import os
    import tarfile

    shared = Path(os.environ.get("RAPPORTEUR_SHARED") or ROOT.parent / "shared")
    archive = shared / "data" / "unsc.tar.gz"
    if not archive.is_file():
        pytest.skip(f"no {archive}; set RAPPORTEUR_SHARED to the folder of the shared data")
    with tarfile.open(archive) as tar:
        members = [m for m in tar if m.isfile() and m.name.endswith(".txt")]
        return [(Path(m.name).name, tar.extractfile(m).read()) for m in members]


_SOFT = re.compile(r"[\s\u002d\u2010\u00ad]+")


class Exactness:
    """Whether a reading text and its map to the source keep their promise."""

    def slice(self, source: str, reading: ReadingText, span: Span) -> None:
        """A slice and its source slice are the same words, and the lines are right."""
        at = reading.source_span(span)
        words, printed = span.of(reading.text), at.of(source)
        assert _SOFT.sub("", words) == _SOFT.sub("", printed)
        assert (words[0], words[-1]) == (printed[0], printed[-1])
        last = at.end - 1
        assert reading.lines(span) == tuple(source.count("\n", 0, n) + 1 for n in (at.start, last))

    def whole(self, source: str, reading: ReadingText, start: int = 0) -> None:
        """Runs are copied letter by letter; only white space and line-end hyphens differ."""
        told, found = 0, start
        for segment in reading.segments:
            between, gap = reading.text[told : segment.start], source[found : segment.source]
            assert between in ("", " ", "\n")
            dropped, white = gap[: len(gap) - len(gap.lstrip("-\u2010\u00ad"))], gap.strip()
            assert white == dropped
            assert len(dropped) <= 1
            assert told == 0 or between or "\n" in gap
            assert not dropped or "\n" in gap
            told, found = segment.start + segment.length, segment.source + segment.length
            assert reading.text[segment.start : told] == source[segment.source : found]
            assert "\n" not in source[segment.source : found]
        assert told == len(reading.text)
        assert not source[found:].strip()
        between = [reading.text[a.end : b.start] for a, b in zip(*_pairs(reading), strict=True)]
        assert set(between) <= {"\n"}
        ends = [edge for span in reading.paragraphs for edge in span]
        assert ends == sorted(ends)
        assert not ends or (ends[0], ends[-1]) == (0, len(reading.text))


def _pairs(reading: ReadingText) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    return reading.paragraphs[:-1], reading.paragraphs[1:]


@pytest.fixture(scope="session")
def exact() -> Exactness:
    return Exactness()
