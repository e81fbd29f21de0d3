"""From trained weights to the 8-bit ONNX files that ship."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import torch

from assistant.training.network import PassageNetwork
from embeddings.encoder import MODEL_FILE, TOKENIZER_FILE
from embeddings.export import quantise, quiet


def export_network(network: PassageNetwork, tokenizer: Path, folder: Path) -> None:
    """Write the network as 8-bit ONNX, and its tokenizer, to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    axes = {name: {0: "batch", 1: "tokens"} for name in [*names, "tokens"]}
    sample = torch.ones((2, 8), dtype=torch.long)
    with tempfile.TemporaryDirectory() as scratch, quiet(), torch.no_grad():
        graph = Path(scratch) / MODEL_FILE
        torch.onnx.export(
            network.eval().cpu(),
            (sample, sample, sample),
            str(graph),
            input_names=names,
            output_names=["tokens", "answers"],
            dynamic_axes={**axes, "answers": {0: "batch"}},
            opset_version=18,
            dynamo=False,  # as in embeddings.export
        )
        quantise(graph, folder / MODEL_FILE)
    shutil.copyfile(tokenizer, folder / TOKENIZER_FILE)
