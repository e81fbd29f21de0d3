"""Rapporteur's retrieval, without the reader: passages and sentences, vectors and BM25."""

from pathlib import Path

from protocol import K, main


class Rapporteur:
    ways = ("hybrid",)

    def build(self, speeches: Path, passages: Path, store: Path) -> None:
        """From the files of the speeches, reading and cutting them included."""
        from assistant.builder import build
        from assistant.corpus import read_corpus
        from embeddings.export import PRETRAINED, export_encoder

        build(store, read_corpus([speeches]).speeches, lambda to: export_encoder(PRETRAINED, to))

    def open(self, store: Path, way: str) -> None:
        from assistant.filters import Filters
        from assistant.library import Library
        from assistant.retriever import Retriever

        self._retriever, self._all = Retriever(Library.open(store)), Filters()

    def search(self, question: str, way: str) -> list[int]:
        found = self._retriever.retrieve(question, self._all, K)
        return [hit.match.row for hit in found.hits]


if __name__ == "__main__":
    main(Rapporteur())
