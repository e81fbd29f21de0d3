"""Files with speeches, text or PDF, to `Speech`es.

A file that cannot be read is told in one line, and the others are still read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from assistant.errors import SourceError
from assistant.header import interventions
from assistant.metadata import METADATA_FILE, MetadataFiles, Record, Row
from assistant.records.record import read_record
from assistant.source import LARGEST_FILE, read_source
from assistant.speech import Speech
from assistant.text import Span, read_texts


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
    paths: Iterable[Path], progress: Callable[[int, int], None] = lambda done, total: None
) -> Corpus:
    """Read speeches from files and folders (folders with all that is below them)."""
    corpus = Corpus()
    files = sorted(dict.fromkeys(_files(paths, corpus)), key=lambda path: (path.name, str(path)))
    metadata = MetadataFiles(lambda error: corpus.problems.append(str(error)))
    seen: dict[str, Path] = {}
    for done, path in enumerate(files, start=1):
        try:
            speeches = read_file(path, metadata.row(path), corpus.warnings.append)
            for speech in speeches:
                if speech.id in seen:
                    other = seen[speech.id]
                    raise SourceError(f"{path}: {other} has the same name; rename one of the two")
            seen |= {speech.id: path for speech in speeches}
            corpus.speeches += speeches
        except SourceError as error:
            corpus.problems.append(str(error))
        progress(done, len(files))
    return corpus


def _files(paths: Iterable[Path], corpus: Corpus) -> Iterator[Path]:
    for path in paths:
        # Not resolved: a link is known by its own name, not by that of what it leads to.
        path = Path(os.path.abspath(path))
        if path.is_dir():
            texts = list(_texts_below(path, corpus))
            if not texts:
                corpus.problems.append(f"{path}: no .txt or .pdf file in this folder")
            yield from texts
        elif path.name == METADATA_FILE:
            continue  # read with the texts it describes
        elif os.path.lexists(path):
            yield path
        else:
            corpus.problems.append(f"{path}: no such file or folder")


def _texts_below(folder: Path, corpus: Corpus) -> Iterator[Path]:
    def tell(error: OSError) -> None:
        corpus.problems.append(f"{error.filename}: cannot be read ({error.strerror})")

    for root, folders, names in os.walk(folder, onerror=tell):
        for path in (Path(root) / name for name in folders):
            if path.is_symlink():
                corpus.problems.append(f"{path}: a link is not followed; name the folder itself")
        yield from (Path(root) / name for name in names if name.lower().endswith(_READ))


_PDF = ".pdf"
_READ = (".txt", _PDF)
_NOT_WHITE = re.compile(r"[^\s\ufeff]")
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")


def read_file(
    path: Path, row: Row | None = None, warn: Callable[[str], None] = lambda line: None
) -> list[Speech]:
    """Read the speeches of one file: one, or as many as it has headers of speakers.

    Args:
        path: Text in UTF-8, with or without a byte order mark, any line ends; or the record
            of a meeting as PDF.
        row: What the metadata say of the file.
        warn: Called with a line for each thing worth knowing.

    Raises:
        SourceError: The file cannot be read, or there is no speech in it.
    """
    _check_name(path)
    if _is_pdf(path):
        return _read_record(path, row or {}, warn)
    source = read_source(path, LARGEST_FILE)
    first = _NOT_WHITE.search(source.text)
    if first is None:
        raise SourceError(f"{path}: nothing but white space in this file, no speech")
    if controls := len(_CONTROL.findall(source.text)):
        warn(f"{path}: {controls} control characters in the text, kept and shown as \ufffd")
    parts = list(interventions(source.text, first.start()))
    readings = read_texts(source.text, [Span(part.start, part.end) for part in parts])
    said = [(part, reading) for part, reading in zip(parts, readings, strict=True) if reading.text]
    if not said:
        raise SourceError(f"{path}: only a header in this file, no speech")
    if len(said) > 1:
        warn(f"{path}: {len(said)} speakers in this file, read as {len(said)} speeches")
    speeches = []
    for number, (part, reading) in enumerate(said, start=1):
        id_ = _id(path, number)
        record = Record(part.header, row or {}, alone=len(parts) == 1)
        unread = Speech(id_, path.name, source.sha256, reading)
        speeches.append(_described(unread, record, lambda line: warn(f"{path}: {line}")))
    return speeches


def _read_record(path: Path, row: Row, warn: Callable[[str], None]) -> list[Speech]:
    """The interventions of a meeting; what its first page says wins over the metadata."""
    record = read_record(path, warn)
    cover = record.cover
    printed = {"symbol": cover.symbol, "date": cover.date, "topic": cover.topic}
    known = row | {name: value for name, value in printed.items() if value}
    speeches = []
    for number, said in enumerate(record.interventions, start=1):
        unread = Speech(
            _id(path, number), path.name, record.sha256, said.reading, pages=record.pages
        )
        described = Record(said.header, known, alone=False)
        speeches.append(_described(unread, described, lambda line: None))
    return speeches


def _id(path: Path, number: int) -> str:
    return path.stem if number == 1 else f"{path.stem}~{number}"


def _is_pdf(path: Path) -> bool:
    return path.suffix.lower() == _PDF


def source_text(path: Path) -> str:
    """What the offsets and lines of a citation count in: a file decoded, or a PDF read.

    Raises:
        SourceError: It cannot be read.
    """
    return read_record(path).text if _is_pdf(path) else read_source(path, LARGEST_FILE).text


def _described(speech: Speech, record: Record, warn: Callable[[str], None]) -> Speech:
    """The speech with what is known of it."""
    record.compare(warn)
    return replace(
        speech,
        speaker=record.speaker(),
        country=record.country(),
        language=record.language(),
        symbol=record.of_file("symbol"),
        date=record.date(warn),
        topic=record.of_file("topic"),
        capacity=record.of_person("capacity"),
    )


def _check_name(path: Path) -> None:
    """A library keeps names in UTF-8; a name in another encoding cannot be kept."""
    try:
        path.name.encode("utf-8")
    except UnicodeEncodeError as error:
        shown = str(path).encode("utf-8", "replace").decode("utf-8")
        raise SourceError(f"{shown}: the file's name is not UTF-8; rename it") from error
