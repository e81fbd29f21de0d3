"""Where a library on Milvus lies: `milvus:http://host:19530/unsc`, `milvus:./speeches.db`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import get_args
from urllib.parse import parse_qsl, urlsplit

from assistant.errors import LibraryError
from embeddings.milvus import IndexKind

SCHEME = "milvus:"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_DEFAULT_NAME = "rapporteur"
_EXAMPLES = f"{SCHEME}http://localhost:19530 or {SCHEME}./speeches.db"


@dataclass(frozen=True)
class Address:
    """A library on Milvus.

    Attributes:
        uri: Of the server, or the file.
        name: Of the library there; one server may have several.
        kind: How vectors are indexed if the library is made now.
    """

    uri: str
    name: str = _DEFAULT_NAME
    kind: IndexKind = "FLAT"

    @classmethod
    def parse(cls, text: str) -> Address:
        """From what a user gives.

        Raises:
            LibraryError: It is no such address.
        """
        parts = urlsplit(text.removeprefix(SCHEME))
        asked = dict(parse_qsl(parts.query, keep_blank_values=True))
        kind = asked.pop("index", "FLAT").upper()
        if asked or kind not in get_args(IndexKind):
            kinds = ", ".join(get_args(IndexKind))
            raise LibraryError(f"{text}: after ? comes index= and one of {kinds}")
        if parts.scheme in ("http", "https", "tcp") and parts.hostname:
            uri, name = f"{parts.scheme}://{parts.netloc}", parts.path.strip("/") or _DEFAULT_NAME
        elif not parts.scheme and parts.path.endswith(".db") and not parts.netloc:
            uri, name = parts.path, _DEFAULT_NAME
        else:
            raise LibraryError(f"{text}: is no address of a library; write {_EXAMPLES}")
        if not _NAME.fullmatch(name):
            raise LibraryError(
                f"{text}: a library on Milvus is named with letters, digits and underscores"
            )
        return cls(uri, name, kind)  # type: ignore[arg-type]  # one of its arguments, as checked

    def __str__(self) -> str:
        local = self.uri.endswith(".db")
        return f"{SCHEME}{self.uri}" + ("" if local else f"/{self.name}")
