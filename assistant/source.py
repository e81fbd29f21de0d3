"""A file on disk to its text, or one line that says why not."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import SourceError

LARGEST_FILE = 5_000_000
"""Bytes. The longest speech made in the Council, eight hours of it, is a tenth of this."""


@dataclass(frozen=True)
class Source:
    """A file as it was read.

    Attributes:
        text: Decoded as UTF-8 with universal newlines; a byte order mark stays, as one
            character, so that offsets are those of any program that decodes the file.
        sha256: Of the bytes.
    """

    text: str
    sha256: str


def read_source(path: Path, largest: int | None = None) -> Source:
    """Read a text file.

    Raises:
        SourceError: It cannot be read, is empty, too large, binary or in another encoding.
    """
    data = read_bytes(path, largest)
    return Source(decode(data, path), hashlib.sha256(data).hexdigest())


def read_bytes(path: Path, largest: int | None = None, holds: str = "speech") -> bytes:
    """The bytes of a file that has some; `holds` is what a file should have one of.

    Raises:
        SourceError: It cannot be read, is empty or too large.
    """
    try:
        if not path.is_file():
            raise SourceError(f"{path}: {what_it_is(path)}")
        size = path.stat().st_size
        if largest and size > largest:
            raise SourceError(
                f"{path}: {size / 1e6:,.0f} MB is too large for a {holds} "
                f"(at most {largest / 1e6:.0f} MB); split it into one file per {holds}"
            )
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror or error})") from error
    if not data:
        raise SourceError(f"{path}: the file is empty")
    return data


def what_it_is(path: Path) -> str:
    """Why a path is no file that can be read."""
    if path.is_symlink() and not path.exists():
        return "cannot be read (the link leads nowhere)"
    return "no such file" if not path.exists() else "not a file with text"


def decode(data: bytes, path: Path) -> str:
    """Decode as UTF-8 with universal newlines.

    Raises:
        SourceError: It is binary or in another encoding.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceError(f"{path}: is in UTF-16; save it as UTF-8")
    if b"\0" in data:
        raise SourceError(f"{path}: is a binary file, not text")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(
            f"{path}: is not UTF-8 (byte 0x{data[error.start]:02x} in line {line}); "
            "save it as UTF-8"
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
