"""Texts in a collection of a Milvus store: what `HybridIndex` is on one machine.

Milvus names the candidates, by vector and by BM25. Their scores are then computed here, from
their vectors and words and the document frequencies of the store, as those of a local index
are: a score means the same wherever the texts lie.
"""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

import numpy as np

from embeddings.encoder import FloatArray
from embeddings.lexical import Tokeniser
from embeddings.milvus_server import Server

K1, B = 1.5, 0.75
"""Of BM25, as bm25s has them for the local index."""
LONGEST = 65_535
"""Characters that a field takes."""
MOST_FOUND = 16_384
"""Rows that Milvus gives for one search or query."""
_BATCH = 500
_BUCKETS = 1 << 15
_SAMPLED = 12_000
"""Rows whose lengths are read for the average; of fewer rows all are."""
_FRESH = 30.0
"""Seconds for which the number of rows is taken as known; new rows are found at once."""
_CALLS = 8

IndexKind = Literal["FLAT", "HNSW", "IVF_SQ8", "DISKANN"]
_BUILT: dict[str, dict[str, int]] = {
    "FLAT": {},
    "HNSW": {"M": 32, "efConstruction": 200},
    "IVF_SQ8": {"nlist": 4096},
    "DISKANN": {},
}
_BREADTH: dict[str, dict[str, int]] = {
    "FLAT": {},
    "HNSW": {"ef": 256},
    "IVF_SQ8": {"nprobe": 64},
    "DISKANN": {"search_list": 256},
}


@dataclass(frozen=True)
class Row:
    """A text as it lies in the store.

    Attributes:
        id: From content: the same text of the same speech has the same one whoever writes it.
        values: Other columns, by name.
        text: With who speaks and when; only its words are stored.
        vector: (d,) float32.
    """

    id: int
    values: Mapping[str, Any]
    text: str
    vector: FloatArray


@dataclass(frozen=True)
class Found:
    """A row that was read.

    Attributes:
        words: How often each word stands in it.
    """

    id: int
    values: Mapping[str, Any]
    words: Counter[str]
    vector: FloatArray

    @property
    def length(self) -> int:
        return self.words.total()


@dataclass
class _Known:
    """What was counted while the collection had so many rows."""

    rows: int
    usual: float
    until: float
    frequencies: dict[str, int] = field(default_factory=dict)


class TextCollection:
    """One collection. Columns beside vector and words are `columns`, by name."""

    def __init__(
        self, server: Server, name: str, columns: Mapping[str, str], asked: Sequence[str]
    ) -> None:
        """Name a collection.

        Args:
            server: Where it lies.
            name: Of the collection.
            columns: Name and pymilvus type ("INT64", "VARCHAR") of further columns.
            asked: Those that conditions name, which get an index.
        """
        self.server = server
        self.name = name
        self._columns = columns
        self._asked = asked
        self._tokenise = Tokeniser()
        self._known: _Known | None = None
        self._kind: IndexKind = "FLAT"

    def create(self, dimension: int, kind: IndexKind) -> None:
        """Make the collection, unless it is there."""
        if self.server.call("has_collection", self.name):
            return
        from pymilvus import DataType, Function, FunctionType, MilvusClient

        schema = MilvusClient.create_schema(auto_id=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        for name, kind_of in self._columns.items():
            size = {"max_length": LONGEST} if kind_of == "VARCHAR" else {}
            schema.add_field(name, DataType[kind_of], **size)
        schema.add_field("length", DataType.INT32)
        schema.add_field("bucket", DataType.INT32)
        # Milvus has other stems and stop words than we have: it gets ours, one token each.
        analyser = {"tokenizer": "standard"}
        schema.add_field(
            "words", DataType.VARCHAR, max_length=LONGEST, enable_analyzer=True,
            enable_match=True, analyzer_params=analyser,
        )  # fmt: skip
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
        schema.add_field("bm25", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(
            Function(
                name="words_to_bm25", function_type=FunctionType.BM25,
                input_field_names=["words"], output_field_names=["bm25"],
            )
        )  # fmt: skip
        index = MilvusClient.prepare_index_params()
        index.add_index("vector", index_type=kind, metric_type="IP", params=_BUILT[kind])
        index.add_index(
            "bm25", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25",
            params={"bm25_k1": K1, "bm25_b": B},
        )  # fmt: skip
        for name in (*self._asked, "bucket"):
            index.add_index(name, index_type="INVERTED")
        self.server.call(
            "create_collection", self.name, schema=schema, index_params=index, writing=True
        )

    def open(self, kind: IndexKind) -> None:
        """Have it in the server's memory, which a restart may have emptied."""
        self._kind = kind
        self.server.call("load_collection", self.name, writing=True)

    # Writing

    def write(self, rows: Iterable[Row]) -> None:
        """Put rows there, in place of those of the same ids."""
        told = [self._record(row) for row in rows]
        for first in range(0, len(told), _BATCH):
            self.server.call("upsert", self.name, told[first : first + _BATCH], writing=True)

    def _record(self, row: Row) -> dict[str, Any]:
        stems = self._tokenise(row.text)
        return {
            "id": row.id,
            **row.values,
            "length": len(stems),
            "bucket": row.id % _BUCKETS,
            "words": " ".join(map(token, stems))[:LONGEST],
            "vector": row.vector,
        }

    def delete(self, condition: str) -> None:
        """Remove the rows that meet a condition."""
        self.server.call("delete", self.name, filter=condition, writing=True)

    def flush(self) -> None:
        """Have what was written on the server's disk, and indexed."""
        self.server.call("flush", self.name, writing=True)
        self._known = None

    # Reading

    def count(self, condition: str = "", fresh: bool = False) -> int:
        """How many rows meet a condition."""
        named: dict[str, Any] = {"consistency_level": "Strong"} if fresh else {}
        answer = self.server.call(
            "query", self.name, filter=condition, output_fields=["count(*)"], **named
        )
        return int(answer[0]["count(*)"])

    def nearest(
        self, vector: FloatArray, k: int, condition: str, columns: Sequence[str]
    ) -> list[dict[str, Any]]:
        """The `k` rows nearest in meaning, best first: their columns, and "score", the cosine."""
        return self._search("vector", [vector], k, condition, columns)[0]

    def best_stems(
        self, stems: Sequence[str], k: int, condition: str, columns: Sequence[str]
    ) -> list[dict[str, Any]]:
        """The same as `best` for words that are stems already."""
        return self._search("bm25", [" ".join(map(token, stems))], k, condition, columns)[0]

    def best(
        self, text: str, k: int, condition: str, columns: Sequence[str]
    ) -> list[dict[str, Any]]:
        """The `k` rows best by BM25, best first: their columns, and "score"."""
        words = " ".join(dict.fromkeys(map(token, self._tokenise(text))))
        return self._search("bm25", [words], k, condition, columns)[0] if words else []

    def _search(
        self, over: str, data: Sequence[Any], k: int, condition: str, columns: Sequence[str]
    ) -> list[list[dict[str, Any]]]:
        breadth = dict(_BREADTH[self._kind]) if over == "vector" else {}
        for name in ("ef", "search_list"):
            if name in breadth:
                breadth[name] = max(breadth[name], k)
        answers = self.server.call(
            "search", self.name, data=list(data), anns_field=over, limit=min(k, MOST_FOUND),
            filter=condition, output_fields=list(columns),
            search_params={"params": breadth},
        )  # fmt: skip
        return [
            [{"id": hit["id"], "score": hit["distance"], **hit["entity"]} for hit in answer]
            for answer in answers
        ]

    def having(
        self, stems: Sequence[str], condition: str, columns: Sequence[str], most: int = MOST_FOUND
    ) -> list[dict[str, Any]]:
        """The columns of rows that have every one of these words, at most so many."""
        if self.server.is_lite and len(stems) == 1:
            # Its text_match reads every row; its BM25 has lists of words.
            return self._search("bm25", [token(stems[0])], most, condition, columns)[0]
        terms = [f'text_match(words, "{token(stem)}")' for stem in stems]
        asked = " and ".join([*terms, *([condition] if condition else [])])
        return self.read(asked, columns, most)

    def read(
        self, condition: str, columns: Sequence[str], most: int = MOST_FOUND, fresh: bool = False
    ) -> list[dict[str, Any]]:
        """The columns of rows that meet a condition, at most so many."""
        named: dict[str, Any] = {"consistency_level": "Strong"} if fresh else {}
        rows = self.server.call(
            "query", self.name, filter=condition, output_fields=["id", *columns],
            limit=min(most, MOST_FOUND), **named,
        )  # fmt: skip
        return [dict(row) for row in rows]

    def rows(self, column: str, ids: Sequence[int], columns: Sequence[str]) -> list[Found]:
        """Rows with vectors and words: those of which a column has one of these values."""
        found: list[Found] = []
        for first in range(0, len(ids), _BATCH):
            some = ", ".join(map(str, ids[first : first + _BATCH]))
            told = self.read(f"{column} in [{some}]", [*columns, "words", "vector"])
            found += [
                Found(
                    int(row["id"]),
                    {name: row[name] for name in columns},
                    Counter(row["words"].split()),
                    np.asarray(row["vector"], np.float32),
                )
                for row in told
            ]
        return found

    def sample(self, most: int, condition: str, columns: Sequence[str]) -> list[dict[str, Any]]:
        """The columns of about so many rows, chosen by id; of all rows if there are no more."""
        rows = max(self._counted().rows, 1)
        share = math.ceil(_BUCKETS * most / rows)
        chosen = [f"bucket < {share}"] if share < _BUCKETS else []
        asked = " and ".join([*chosen, *([condition] if condition else [])])
        return self.read(asked or "bucket >= 0", columns)

    # Words

    def __len__(self) -> int:
        return self.count()

    def knows(self, text: str) -> bool:
        """Whether a word of the text, stop words aside, stands in any row."""
        return bool(self.best(text, 1, "", []))

    def stems(self, text: str) -> list[str]:
        """The words of a text as they are indexed, without stop words."""
        return self._tokenise(text)

    def frequency(self, stems: Sequence[str]) -> list[int]:
        """How many rows have each word."""
        known = self._counted().frequencies
        new = [stem for stem in dict.fromkeys(stems) if stem not in known]
        if new:
            known.update(zip(new, self._frequencies(new), strict=True))
        return [known[stem] for stem in stems]

    def _frequencies(self, stems: Sequence[str]) -> Iterator[int]:
        if self.server.is_lite:
            found = self._search("bm25", list(map(token, stems)), MOST_FOUND, "", [])
            yield from map(len, found)
            return
        asked = [f'text_match(words, "{token(stem)}")' for stem in stems]
        with ThreadPoolExecutor(_CALLS) as pool:
            yield from pool.map(self.count, asked)

    def count_having(self, stem: str, condition: str) -> int:
        """How many of the rows that meet a condition have a word."""
        if self.server.is_lite:
            return len(self.having([stem], condition, []))
        return self.count(f'text_match(words, "{token(stem)}") and {condition}')

    def coverage(self, question: str, found: Sequence[Found]) -> FloatArray:
        """(n,) float32: as `LexicalIndex.coverage`, among all rows of the collection."""
        stems = sorted(set(self._tokenise(question)))
        scores = np.zeros(len(found), np.float32)
        if not stems or not found:
            return scores
        counted = self._counted()
        weights = [
            math.log(1 + (counted.rows - had + 0.5) / (had + 0.5)) for had in self.frequency(stems)
        ]
        usual = counted.usual or 1.0
        for stem, weight in zip(map(token, stems), weights, strict=True):
            for row, text in enumerate(found):
                if count := text.words[stem]:
                    norm = K1 * (1 - B + B * text.length / usual)
                    scores[row] += np.float32(weight * count / (norm + count))
        return scores / np.float32(sum(weights))

    def _counted(self) -> _Known:
        """The number of rows and what was counted with it; counted anew when rows were added."""
        known = self._known
        if known is not None and time.monotonic() < known.until:
            return known
        rows = self.count()
        until = time.monotonic() + _FRESH
        if known is None or known.rows != rows:
            known = self._known = _Known(rows, 1.0, until)
            lengths = [row["length"] for row in self.sample(_SAMPLED, "", ["length"])]
            known.usual = sum(lengths) / max(len(lengths), 1)
        known.until = until
        return known


def token(stem: str) -> str:
    """A word that every tokeniser takes for one: letters and digits of ASCII alone."""
    plain = stem.isascii() and stem.isalnum() and not _CODED.fullmatch(stem)
    return stem if plain else f"x{stem.encode().hex()}x"


def stem_of(token_: str) -> str:
    """The word that a token stands for."""
    if _CODED.fullmatch(token_):
        return bytes.fromhex(token_[1:-1]).decode()
    return token_


_CODED = re.compile(r"x(?:[0-9a-f]{2})+x")


def content_id(*parts: object) -> int:
    """A 63-bit number from content. Two of 300 million are the same with a chance of 1 in 200."""
    digest = sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") >> 1
