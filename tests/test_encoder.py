"""The exported model: what it computes, and what it needs to do so."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from assistant.passage import passages
from embeddings.encoder import FILES, EncoderSpec, OnnxEncoder
from embeddings.errors import ModelError
from embeddings.export import export_encoder

ROOT = Path(__file__).resolve().parent.parent
TEXTS = [
    "Drones, and drones!",
    "women",
    "Women and drones",
    "nothing known",
    "",
    "x " * 100 + "mali",
]


def run(code: str, *arguments: str) -> str:
    """What a fresh Python prints."""
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# --- the toy export --------------------------------------------------------------------------


def test_toy_export_computes_what_one_computes_by_head(toy, toy_export, tmp_path: Path) -> None:
    encoder = toy_export(tmp_path)
    vectors = encoder.encode_passages(TEXTS)
    assert (vectors.shape, vectors.dtype) == ((6, encoder.dimension), np.float32)
    assert vectors[0, :2] == pytest.approx([1 / 5**0.5, 2 / 5**0.5])
    assert vectors[1] @ vectors[2] == pytest.approx(2 / 6**0.5)
    assert vectors[3].tolist() == vectors[4].tolist() == [1] + [0] * (encoder.dimension - 1)
    assert vectors[:5] == pytest.approx(toy.encode_passages(TEXTS[:5]))
    assert vectors[5].tolist() == vectors[4].tolist()  # the 101st word is beyond 64 tokens
    assert encoder.count_tokens(["", "one two", *TEXTS[5:]]) == [2, 4, 103]


def test_questions_and_passages_have_their_own_prompts(toy_export, tmp_path: Path) -> None:
    dimension = toy_export(tmp_path).dimension
    EncoderSpec("toy", dimension, 64, "drones ", "women police ").save(tmp_path)
    encoder = OnnxEncoder.open(tmp_path)
    assert encoder.count_tokens(["mali"]) == [5]
    asked, told = encoder.encode_questions(["mali"])[0], encoder.encode_passages(["mali"])[0]
    assert np.flatnonzero(asked).tolist() == [0, 1, 8]
    assert np.flatnonzero(told).tolist() == [0, 2, 3, 8]


def test_progress_and_no_texts(toy_export, tmp_path: Path) -> None:
    encoder = toy_export(tmp_path)
    told: list[tuple[int, int]] = []
    encoder.encode_passages(["a", "b", "c"], lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert encoder.encode_passages([]).shape == (0, encoder.dimension)


def test_fingerprint_is_of_everything_that_decides_the_vectors(toy_export, tmp_path: Path) -> None:
    first = toy_export(tmp_path).fingerprint
    assert toy_export(tmp_path).fingerprint == first
    EncoderSpec("toy", 13, 32).save(tmp_path)
    assert OnnxEncoder.open(tmp_path).fingerprint != first


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff\xfe damaged"])
def test_a_damaged_export_is_refused_in_one_line(
    toy_export, tmp_path: Path, name: str, content: bytes | None
) -> None:
    toy_export(tmp_path)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError) as caught:
        OnnxEncoder.open(tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{tmp_path}: the encoder cannot be opened (")


def test_a_model_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from embeddings.export import export_encoder; from embeddings.errors import ModelError\n"
        "try: export_encoder('no/such-model', Path(sys.argv[1]))\n"
        "except ModelError as error: print(error)"
    )
    told = run(code, str(tmp_path))
    assert told.startswith("model no/such-model: it cannot be loaded (")
    assert "\n" not in told
    assert list(tmp_path.iterdir()) == []


# --- the pretrained model --------------------------------------------------------------------


@pytest.fixture(scope="module")
def encoder(pretrained_folder: Path) -> OnnxEncoder:
    return OnnxEncoder.open(pretrained_folder)


@pytest.fixture(scope="module")
def texts(seed_speeches, encoder) -> list[str]:
    """The passages of the seeds, and their sentences."""
    cut = [
        (speech.text, passage)
        for speech in seed_speeches.speeches
        for passage in passages(speech, encoder.count_tokens, encoder.max_tokens)
    ]
    return [p.span.of(text) for text, p in cut] + [
        s.of(text) for text, p in cut for s in p.sentences
    ]


@pytest.mark.model
def test_export_agrees_with_sentence_transformers(encoder, texts) -> None:
    from embeddings.export import PRETRAINED, load_model

    expected = load_model(PRETRAINED).encode(texts, normalize_embeddings=True)
    cosines = (encoder.encode_passages(texts) * expected).sum(axis=1)
    print(f"\ncosine of {len(texts)} texts: mean {cosines.mean():.4f}, lowest {cosines.min():.4f}")
    assert cosines.mean() >= 0.99
    assert cosines.min() >= 0.97


@pytest.mark.model
def test_constant_shapes_change_no_bit(
    encoder, texts, pretrained_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embeddings.export.without_shape_arithmetic", lambda path, longest: None)
    plain = export_encoder("all-MiniLM-L6-v2", tmp_path)
    some = ["", "one", texts[0], "word " * 300]
    assert np.array_equal(plain.encode_passages(some), encoder.encode_passages(some))
    kinds = [
        [node.op_type for node in onnx.load(str(folder / "model.onnx")).graph.node]
        for folder in (tmp_path, pretrained_folder)
    ]
    assert kinds[1].count("Shape") < kinds[0].count("Shape") / 5


@pytest.mark.model
def test_canonical_numbers(encoder) -> None:
    """Anchors the model, its export and its pooling; they change only when one of them does."""
    question = "What was said about drones?"
    assert encoder.count_tokens([question, ""]) == [8, 2]
    assert (encoder.dimension, encoder.max_tokens) == (384, 256)
    (vector,) = encoder.encode_questions([question])
    assert vector[:6] == pytest.approx(CANONICAL, abs=1e-3)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


CANONICAL = [0.0080, 0.0959, -0.0115, -0.0348, 0.0157, -0.0308]


@pytest.mark.model
def test_rankings_of_the_pretrained_model(encoder) -> None:
    texts = [
        "Unmanned aerial vehicles are used for surveillance.",
        "Women take part in all stages of peacekeeping.",
        "We have paid our outstanding contributions to the budget.",
    ]
    questions = ["What about drones?", "What is the role of female soldiers?", "Who owes money?"]
    cosines = encoder.encode_questions(questions) @ encoder.encode_passages(texts).T
    assert cosines.argmax(axis=1).tolist() == [0, 1, 2]


@pytest.mark.model
def test_a_vector_does_not_depend_on_its_batch(encoder, texts) -> None:
    together = encoder.encode_passages(texts[:40])
    alone = np.stack([encoder.encode_passages([text])[0] for text in texts[:40]])
    assert np.array_equal(together, alone)
    assert np.array_equal(together[::-1], encoder.encode_passages(texts[39::-1]))


@pytest.mark.model
def test_a_text_beyond_the_limit_is_read_up_to_it(encoder) -> None:
    long = "peace " * 254  # with the two special tokens exactly 256
    assert encoder.count_tokens([long, long + "drones"]) == [256, 257]
    one, other = encoder.encode_passages([long, long + "drones"])
    assert np.array_equal(one, other)


@pytest.mark.model
def test_exporting_again_gives_the_same_bytes(pretrained_folder: Path, tmp_path: Path) -> None:
    run(
        "import sys; from pathlib import Path; from embeddings.export import *\n"
        "export_encoder(PRETRAINED, Path(sys.argv[1]))",
        str(tmp_path),
    )
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (pretrained_folder / name).read_bytes()


@pytest.mark.model
def test_a_folder_with_a_sentence_transformers_model_can_be_exported(
    pretrained_folder: Path, tmp_path: Path
) -> None:
    """Prompts and the limit come from the model's own files."""
    from embeddings.export import pretrained_path

    model, made = tmp_path / "model", tmp_path / "export"
    shutil.copytree(pretrained_path(), model)
    made.mkdir()
    config = model / "config_sentence_transformers.json"
    settings = json.loads(config.read_text()) if config.exists() else {}
    config.write_text(json.dumps(settings | {"prompts": {"query": "query: ", "document": "p: "}}))
    (model / "sentence_bert_config.json").write_text('{"max_seq_length": 32}')
    spec = export_encoder(str(model), made).spec
    assert (spec.question_prompt, spec.passage_prompt, spec.max_tokens) == ("query: ", "p: ", 32)
    assert (made / "tokenizer.json").is_file()


@pytest.mark.model
def test_encoding_imports_neither_torch_nor_sentence_transformers(pretrained_folder: Path) -> None:
    told = run(
        "import sys; from pathlib import Path; from embeddings.encoder import OnnxEncoder\n"
        "print(OnnxEncoder.open(Path(sys.argv[1])).encode_questions(['drones']).shape)\n"
        "print({'torch', 'sentence_transformers', 'transformers', 'onnx'} & set(sys.modules))",
        str(pretrained_folder),
    )
    assert told == "(1, 384)\nset()"


@pytest.mark.model
@pytest.mark.parametrize("order", ["faiss, torch", "torch, faiss"])
def test_faiss_and_torch_live_together(order: str) -> None:
    """Each brings its own OpenMP."""
    told = run(
        f"import {order}, numpy as np\n"
        "i = faiss.IndexFlatIP(8); i.add(np.eye(8, dtype=np.float32))\n"
        "t = torch.eye(8) @ torch.ones(8, 8)\n"
        "print(i.search(np.eye(8, dtype=np.float32)[[5]], 1)[1][0, 0], int(t.sum()))"
    )
    assert told == "5 64"
