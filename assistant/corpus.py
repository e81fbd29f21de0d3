"""Files with speeches, text or PDF, to `Speech`es.

A file that cannot be read is told in one line, and the others are still read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assistant.columns import usual_columns
from assistant.errors import SourceError
from assistant.interventions import described, speeches_in, unread
from assistant.metadata import METADATA_FILE, MetadataFiles, Record, is_metadata
from assistant.records.record import read_record
from assistant.rows import read_rows
from assistant.source import LARGEST_FILE, read_source
from assistant.speech import Speech
from assistant.tables import Row, RowTally, is_table, open_table


@dataclass
class Corpus:
    """What was read from some paths.

    Attributes:
        speeches: In order of file name.
        problems: One line for each file that could not be read, and for all rows of a table with
            the same fault: what, and what to do.
        warnings: One line for each thing worth knowing about a file that was read.
    """

    speeches: list[Speech] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_corpus(
    paths: Iterable[Path],
    progress: Callable[[int, int], None] = lambda done, total: None,
    columns: Mapping[str, str] | None = None,
) -> Corpus:
    """Read speeches from files and folders (folders with all that is below them).

    Args:
        paths: Texts, tables with a speech in each row, folders.
        progress: Told of each file that is read, as (done, total).
        columns: Columns of the tables, by what they hold, that have none of the usual names.
    """
    corpus = Corpus()
    columns = columns or {}
    files = sorted(
        dict.fromkeys(_files(paths, columns, corpus)), key=lambda path: (path.name, str(path))
    )
    metadata = MetadataFiles(lambda error: corpus.problems.append(str(error)))
    seen: dict[str, Path] = {}
    for done, path in enumerate(files, start=1):
        try:
            if is_table(path):
                _read_table(path, columns, seen, corpus)
            else:
                corpus.speeches += _read_text(path, metadata, seen, corpus.warnings.append)
        except SourceError as error:
            corpus.problems.append(str(error))
        progress(done, len(files))
    return corpus


def _read_table(
    path: Path, columns: Mapping[str, str], seen: dict[str, Path], corpus: Corpus
) -> None:
    """Add the speeches of a table; where the rest of it cannot be read, those before it."""
    tally = RowTally(path)
    try:
        corpus.speeches.extend(read_rows(path, columns, seen, tally))
    finally:
        corpus.problems += tally.problems()
        corpus.warnings += tally.warnings()


def _read_text(
    path: Path, metadata: MetadataFiles, seen: dict[str, Path], warn: Callable[[str], None]
) -> list[Speech]:
    row, table = metadata.found(path)
    speeches = read_file(path, row, warn, table)
    for speech in speeches:
        if speech.id in seen:
            raise SourceError(f"{path}: {seen[speech.id]} has the same name; rename one of the two")
    seen |= {speech.id: path for speech in speeches}
    return speeches


def _files(paths: Iterable[Path], columns: Mapping[str, str], corpus: Corpus) -> Iterator[Path]:
    for path in paths:
        # Not resolved: a link is known by its own name, not by that of what it leads to.
        path = Path(os.path.abspath(path))
        if path.is_dir():
            found = list(_files_below(path, corpus))
            tables = [path for path in found if is_table(path) and not is_metadata(path)]
            read = [path for path in found if not is_table(path)]
            read += [path for path in tables if _may_hold_speeches(path, columns, corpus)]
            if not read:
                corpus.problems.append(f"{path}: no .txt or .pdf file, no table of speeches")
            yield from read
        elif is_metadata(path):
            continue  # read with the texts it describes
        elif os.path.lexists(path):
            yield path
        else:
            corpus.problems.append(f"{path}: no such file or folder")


def _may_hold_speeches(path: Path, columns: Mapping[str, str], corpus: Corpus) -> bool:
    """Whether a table that nobody named has a text; one that cannot be read is told as any."""
    try:
        held = usual_columns(open_table(path).columns)
    except SourceError:
        return True
    if "text" in held or "text" in columns:
        return True
    corpus.warnings.append(f"{path}: not read, for no column of it has the text of speeches")
    return False


def _files_below(folder: Path, corpus: Corpus) -> Iterator[Path]:
    def tell(error: OSError) -> None:
        corpus.problems.append(f"{error.filename}: cannot be read ({error.strerror})")

    for root, folders, names in os.walk(folder, onerror=tell):
        for path in (Path(root) / name for name in folders):
            if path.is_symlink():
                corpus.problems.append(f"{path}: a link is not followed; name the folder itself")
        for path in (Path(root) / name for name in names):
            if path.suffix.lower() in _READ or is_table(path):
                yield path


_PDF = ".pdf"
_READ = (".txt", _PDF)


def read_file(
    path: Path,
    row: Row | None = None,
    warn: Callable[[str], None] = lambda line: None,
    table: str = METADATA_FILE,
) -> list[Speech]:
    """Read the speeches of one file: one, or as many as it has headers of speakers.

    Args:
        path: Text in UTF-8, with or without a byte order mark, any line ends; or the record
            of a meeting as PDF.
        row: What the metadata say of the file, by field.
        warn: Called with a line for each thing worth knowing.
        table: Name of the file that the metadata are from.

    Raises:
        SourceError: The file cannot be read, or there is no speech in it.
    """
    _check_name(path)
    if _is_pdf(path):
        return _read_record(path, row or {}, warn)
    source = read_source(path, LARGEST_FILE)
    whole = unread(path.stem, path.name, source.sha256)
    try:
        return speeches_in(
            source.text, whole, row or {}, table, lambda line: warn(f"{path}: {line}")
        )
    except SourceError as error:
        raise SourceError(f"{path}: {error}") from error


def _read_record(path: Path, row: Row, warn: Callable[[str], None]) -> list[Speech]:
    """The interventions of a meeting; what its first page says wins over the metadata."""
    record = read_record(path, warn)
    cover = record.cover
    printed = {"symbol": cover.symbol, "date": cover.date, "topic": cover.topic}
    known = row | {name: value for name, value in printed.items() if value}
    speeches = []
    for number, said in enumerate(record.interventions, start=1):
        id_ = path.stem if number == 1 else f"{path.stem}~{number}"
        speech = Speech(id_, path.name, record.sha256, said.reading, pages=record.pages)
        alone = Record(said.header, known, alone=False)
        speeches.append(described(speech, alone, lambda line: None))
    return speeches


def _is_pdf(path: Path) -> bool:
    return path.suffix.lower() == _PDF


def source_text(path: Path) -> str:
    """What the offsets and lines of a citation count in: a file decoded, or a PDF read.

    Raises:
        SourceError: It cannot be read.
    """
    return read_record(path).text if _is_pdf(path) else read_source(path, LARGEST_FILE).text


def _check_name(path: Path) -> None:
    """A library keeps names in UTF-8; a name in another encoding cannot be kept."""
    try:
        path.name.encode("utf-8")
    except UnicodeEncodeError as error:
        shown = str(path).encode("utf-8", "replace").decode("utf-8")
        raise SourceError(f"{shown}: the file's name is not UTF-8; rename it") from error
