"""Libraries on Milvus, as the command line opens and writes them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial

from assistant.builder import Built, Export, Progress
from assistant.milvus.address import Address
from assistant.milvus.library import MilvusLibrary
from assistant.milvus.store import Store
from assistant.milvus.writer import index
from assistant.speech import Speech
from embeddings.export import export_encoder
from embeddings.milvus_server import Server
from embeddings.shipped import ENCODER_NAME, place_encoder

TOKEN = "RAPPORTEUR_MILVUS_TOKEN"  # noqa: S105  # the name of a variable
"""Names "user:password" or an API key, for a server that wants one: not to stand in a command."""


def server(address: Address) -> Server:
    return Server(address.uri, os.environ.get(TOKEN, ""))


def open_store(address: Address) -> MilvusLibrary:
    """Open a library on Milvus."""
    return MilvusLibrary.open(address, server(address))


def store_index(
    address: Address,
    speeches: Sequence[Speech],
    model: str | None,
    only: bool,
    progress: Progress,
) -> Built:
    """Have speeches in a library on Milvus."""
    there = server(address)
    export: Export | None = place_encoder
    if model not in (None, ENCODER_NAME):
        export = partial(export_encoder, str(model))
    elif model is None and Store(address, there).about() is not None:
        export = None
    return index(address, there, speeches, export, progress, only)
