"""Files with speeches to `Speech`es: text files, and what a `speeches.csv` beside them says.

A file that cannot be read is told in one line, and the others are still read.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assistant.errors import SourceError
from assistant.header import Header, Intervention, interventions
from assistant.speech import Speech, iso_date
from assistant.text import read_text

METADATA_FILE = "speeches.csv"
LARGEST_FILE = 5_000_000
"""Bytes. The longest speech made in the Council, eight hours of it, is a tenth of this."""

_BYTE_ORDER_MARK = "\ufeff"


@dataclass
class Corpus:
    """What was read from some paths.

    Attributes:
        speeches: In order of file name.
        problems: One line for each file that could not be read: what, and what to do.
        warnings: One line for each thing worth knowing about a file that was read.
    """

    speeches: list[Speech] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_corpus(
    paths: Iterable[Path], progress: Callable[[int, int], None] | None = None
) -> Corpus:
    """Read speeches from files and folders (folders with all that is below them)."""
    corpus = Corpus()
    files = sorted(dict.fromkeys(_files(paths, corpus)), key=lambda path: (path.name, str(path)))
    metadata = _Metadata(corpus)
    seen: dict[str, Path] = {}
    for done, path in enumerate(files, start=1):
        try:
            if (other := seen.setdefault(path.stem, path)) != path:
                raise SourceError(f"{path}: {other} has the same name; rename one of the two")
            corpus.speeches += read_file(path, metadata.row(path), corpus.warnings.append)
        except SourceError as error:
            corpus.problems.append(str(error))
        if progress is not None:
            progress(done, len(files))
    return corpus


def _files(paths: Iterable[Path], corpus: Corpus) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = [Path(root) / name for root, _, names in os.walk(path) for name in names]
            texts = [file for file in found if file.suffix.lower() == ".txt"]
            if not texts:
                corpus.problems.append(f"{path}: no .txt file in this folder")
            yield from (file.resolve() for file in texts)
        elif path.name == METADATA_FILE:
            continue  # read with the texts it describes
        elif path.exists():
            yield path.resolve()
        else:
            corpus.problems.append(f"{path}: no such file or folder")


def read_file(
    path: Path,
    row: dict[str, str] | None = None,
    warn: Callable[[str], None] = lambda line: None,
) -> list[Speech]:
    """Read the speeches of one text file: one, or as many as it has headers of speakers.

    Args:
        path: UTF-8, with or without a byte order mark, any line ends.
        row: What the metadata says of the file.
        warn: Called with a line for each thing worth knowing.

    Raises:
        SourceError: The file cannot be read, or there is no speech in it.
    """
    data = _bytes(path)
    source = decode(data, path)
    digest = hashlib.sha256(data).hexdigest()
    if controls := _CONTROL.findall(source):
        warn(f"{path}: {len(controls)} control characters in the text, kept and shown as \ufffd")
    speeches: list[Speech] = []
    parts = list(interventions(source, _first_word(source)))
    for part in parts:
        reading = read_text(source, part.start, part.end)
        if not reading.text:
            continue
        number = len(speeches) + 1
        said = _Record(path, row or {}, part, alone=len(parts) == 1, warn=warn)
        speeches.append(
            Speech(
                id=path.stem if number == 1 else f"{path.stem}~{number}",
                file=path.name,
                sha256=digest,
                reading=reading,
                speaker=said.speaker(),
                country=said.country(),
                language=said.language(),
                symbol=said.value("symbol"),
                date=said.date(),
                topic=said.value("topic"),
                capacity=said.value("capacity"),
            )
        )
    if not speeches:
        what = "only a header" if parts[0].header else "nothing but white space"
        raise SourceError(f"{path}: {what} in this file, no speech")
    return speeches


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise SourceError(
                f"{path}: {size / 1e6:,.0f} MB is too large for a speech "
                f"(at most {LARGEST_FILE / 1e6:.0f} MB); split it into one file per speech"
            )
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror or error})") from error
    if not data:
        raise SourceError(f"{path}: the file is empty")
    return data


def decode(data: bytes, path: Path) -> str:
    """Decode as UTF-8 with universal newlines; a byte order mark stays, as one character.

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


_NOT_WHITE = re.compile(r"[^\s\ufeff]")
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")


def _first_word(source: str) -> int:
    found = _NOT_WHITE.search(source)
    return found.start() if found else len(source)


class _Metadata:
    """The rows of the `speeches.csv` beside a text file, or in the folder above."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._tables: dict[Path, dict[str, dict[str, str]]] = {}

    def row(self, path: Path) -> dict[str, str] | None:
        for folder in (path.parent, path.parent.parent):
            table = self._table(folder)
            if row := table.get(path.name) or table.get(path.stem):
                return row
        return None

    def _table(self, folder: Path) -> dict[str, dict[str, str]]:
        if folder not in self._tables:
            self._tables[folder] = {}
            path = folder / METADATA_FILE
            if path.is_file():
                try:
                    self._tables[folder] = _read_table(path)
                except SourceError as error:
                    self._corpus.problems.append(str(error))
        return self._tables[folder]


def _read_table(path: Path) -> dict[str, dict[str, str]]:
    text = decode(_bytes_of_table(path), path).removeprefix(_BYTE_ORDER_MARK)
    try:
        reader = csv.DictReader(text.splitlines(keepends=True), strict=True)
        if "filename" not in (reader.fieldnames or ()):
            raise SourceError(f"{path}: there is no column named filename")
        return {
            row["filename"].strip(): {
                key: value.strip() for key, value in row.items() if key and isinstance(value, str)
            }
            for row in reader
            if row["filename"]
        }
    except csv.Error as error:
        raise SourceError(f"{path}: not a CSV file ({error})") from error


def _bytes_of_table(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror or error})") from error


class _Record:
    """What header and metadata together say of an intervention.

    The header wins for speaker and delegation. Metadata that names another person says
    nothing of this speech's delegation either.
    """

    def __init__(
        self,
        path: Path,
        row: dict[str, str],
        part: Intervention,
        alone: bool,
        warn: Callable[[str], None],
    ) -> None:
        self._path = path
        self._row = row
        self._header: Header | None = part.header
        self._alone = alone
        self._warn = warn

    def value(self, column: str) -> str | None:
        return self._row.get(column) or None

    def speaker(self) -> str | None:
        if self._header is None:
            return self.value("speaker") if self._alone else None
        if self._alone and not self._header.is_role:
            self._compare("speaker", self._header.speaker)
        return self._header.speaker

    def country(self) -> str | None:
        given = self.value("country")
        if given is not None and given == self.value("speaker"):
            given = None  # "The President" of "The President"
        if self._header is None:
            return given if self._alone else None
        if self._header.country is not None:
            if self._alone:
                self._compare("country", self._header.country)
            return self._header.country
        named = self.value("speaker")
        if named and not self._header.is_role and not _alike(named, self._header.speaker):
            return None
        return given if self._alone or named == self._header.speaker else None

    def language(self) -> str | None:
        return (self._header.language if self._header else None) or self.value("language")

    def date(self) -> str | None:
        """ISO 8601; the year alone where the date cannot be understood."""
        for column in ("date", "year"):
            if value := self.value(column):
                try:
                    return iso_date(value)
                except ValueError as error:
                    self._warn(f"{self._path}: {column} left out: {error}")
        return None

    def _compare(self, column: str, printed: str) -> None:
        given = self.value(column)
        if given and not _alike(given, printed):
            self._warn(
                f"{self._path}: the header says {column} {printed!r}, "
                f"{METADATA_FILE} says {given!r}; the header is kept"
            )


def _alike(one: str, other: str) -> bool:
    """Whether two names are the same but for case, accents, spaces and punctuation."""
    return plain(one) == plain(other)


def plain(name: str) -> str:
    """A name without case, accents, spaces and punctuation, for comparing."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(char for char in decomposed if char.isalnum())
