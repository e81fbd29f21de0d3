"""Small records in a Milvus store, by key: what is no text to be searched."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from embeddings.errors import StoreError
from embeddings.milvus_server import Server

_LONGEST = 60_000
"""Characters of a piece; a field of Milvus takes 65,535 bytes."""
_BATCH = 100
_MOST = 16_384


@dataclass(frozen=True)
class Record:
    """A record.

    Attributes:
        key: Distinct; the same content of the same owner has the same.
        kind: What it is.
        owner: What it belongs to.
        content: Text.
    """

    key: str
    kind: str
    owner: str
    content: str


class Records:
    """A collection of them."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name

    def exist(self) -> bool:
        return bool(self.server.call("has_collection", self.name))

    def create(self) -> None:
        """Make the collection, unless it is there."""
        if self.exist():
            return
        from pymilvus import DataType, MilvusClient

        schema = MilvusClient.create_schema(auto_id=False)
        schema.add_field("key", DataType.VARCHAR, is_primary=True, max_length=1024)
        for column in ("kind", "owner", "content"):
            schema.add_field(column, DataType.VARCHAR, max_length=65_535)
        schema.add_field("none", DataType.FLOAT_VECTOR, dim=2)  # every collection has vectors
        index = MilvusClient.prepare_index_params()
        index.add_index("none", index_type="FLAT", metric_type="IP")
        for column in ("kind", "owner"):
            index.add_index(column, index_type="INVERTED")
        self.server.call(
            "create_collection", self.name, schema=schema, index_params=index, writing=True
        )

    def open(self) -> None:
        self.server.call("load_collection", self.name, writing=True)

    def write(self, records: Iterable[Record]) -> None:
        """Put records there, in place of those of the same keys."""
        told = [{**vars(record), "none": [0.0, 0.0]} for record in records]
        for first in range(0, len(told), _BATCH):
            self.server.call("upsert", self.name, told[first : first + _BATCH], writing=True)

    def delete(self, condition: str) -> None:
        self.server.call("delete", self.name, filter=condition, writing=True)

    def flush(self) -> None:
        self.server.call("flush", self.name, writing=True)

    def of_kind(self, kind: str) -> list[Record]:
        """All records of a kind, in order of key."""
        found: list[Record] = []
        last = ""
        while True:
            after = f' and key > "{last}"' if last else ""
            some = self._read(f'kind == "{kind}"{after}')
            found += some
            if len(some) < _MOST:
                return sorted(found, key=lambda record: record.key)
            last = max(record.key for record in some)

    def of_owners(self, kind: str, owners: Sequence[str]) -> dict[str, list[Record]]:
        """The records of a kind of some owners, in order of key."""
        found: dict[str, list[Record]] = {}
        for first in range(0, len(owners), _BATCH):
            named = json.dumps(list(owners[first : first + _BATCH]))
            for record in self._read(f'kind == "{kind}" and owner in {named}'):
                found.setdefault(record.owner, []).append(record)
        return {owner: sorted(some, key=lambda one: one.key) for owner, some in found.items()}

    def _read(self, condition: str) -> list[Record]:
        rows: list[dict[str, Any]] = self.server.call(
            "query", self.name, filter=condition, limit=_MOST,
            output_fields=["key", "kind", "owner", "content"], consistency_level="Strong",
        )  # fmt: skip
        return [Record(row["key"], row["kind"], row["owner"], row["content"]) for row in rows]


def pieces(kind: str, owner: str, data: bytes) -> list[Record]:
    """Bytes of any length as records; `joined` puts them together again."""
    text = base64.b64encode(zlib.compress(data)).decode()
    starts = range(0, len(text), _LONGEST)
    return [
        Record(f"{owner}:{number:06}/{len(starts):06}", kind, owner, text[start : start + _LONGEST])
        for number, start in enumerate(starts)
    ]


def joined(records: Sequence[Record], digest: str | None, what: str) -> bytes:
    """The bytes of records in order, once they have the hash that they must have, if one is given.

    Raises:
        StoreError: They are incomplete, or not what was written.
    """
    try:
        data = zlib.decompress(base64.b64decode("".join(record.content for record in records)))
    except (ValueError, zlib.error) as error:
        raise StoreError(f"{what}: incomplete in the store; index it again") from error
    if digest is not None and sha256(data).hexdigest() != digest:
        raise StoreError(f"{what}: not what was written to the store; index it again")
    return data
