"""Tables on disk to rows, one at a time: CSV, TSV, JSON Lines and Parquet.

A table may be larger than memory; no more than a row of it, or a batch of rows, is held.
"""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import json
import math
import re
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

from assistant.errors import SourceError
from assistant.source import LARGEST_FILE, what_it_is

Row = dict[str, str]
Problem = Callable[[int, str], None]
"""Told of a row that cannot be read: its number, and what is wrong with it."""

_KINDS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
_PACKED = (".csv.gz", ".tsv.gz", ".jsonl.gz", ".ndjson.gz")
_LOOKED_AT = 1000
"""Lines of JSON Lines of which the names are the columns."""
_LONGEST_LINE = 6 * LARGEST_FILE + 1_000_000
"""Bytes of a line: the longest text with every character escaped, and the rest of the row."""
_BATCH = 256
_VARIES = re.compile(r"'[^']*'|\"[^\"]*\"|\d[\d,]*")


def is_table(path: Path) -> bool:
    """Whether a file is one by its name."""
    return path.name.lower().endswith((*_KINDS, *_PACKED))


def stem(path: Path) -> str:
    """The name without what tells the kind: "debate" of "debate.jsonl.gz"."""
    name = path.name[:-3] if path.name.lower().endswith(_PACKED) else path.name
    return Path(name).stem


@dataclass
class RowTally:
    """What is told of the rows of a table: one line for all of a kind, with their number."""

    path: Path
    _problems: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    _warnings: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    _notes: list[str] = field(default_factory=list)

    def note(self, line: str) -> None:
        """Something worth knowing of the whole table."""
        self._notes.append(f"{self.path}: {line}")

    def problem(self, row: int, line: str) -> None:
        """A row that cannot be read."""
        self._problems.setdefault(_VARIES.sub("…", line), []).append((row, line))

    def warn(self, row: int, line: str) -> None:
        """Something worth knowing of a row that is read."""
        self._warnings.setdefault(_VARIES.sub("…", line), []).append((row, line))

    def problems(self) -> list[str]:
        return [self._line(told) for told in self._problems.values()]

    def warnings(self) -> list[str]:
        return [*self._notes, *(self._line(told) for told in self._warnings.values())]

    def _line(self, told: list[tuple[int, str]]) -> str:
        (row, line), more = told[0], len(told) - 1
        also = f" (and {more:,} more rows like it)" if more else ""
        return f"{self.path}, row {row}: {line}{also}"


@dataclass(frozen=True)
class Table:
    """A table whose columns are known and whose rows are yet to be read.

    Attributes:
        path: Where it lies.
        columns: In their order; of JSON Lines, the names in the first thousand lines.
        read: Its rows with their numbers, given the columns that are wanted and whom to tell of
            rows that cannot be read. Numbers are from 1, the header not counted.
    """

    path: Path
    columns: tuple[str, ...]
    read: Callable[[Collection[str], Problem], Iterator[tuple[int, Row]]]

    def rows(self, wanted: Collection[str], problem: Problem) -> Iterator[tuple[int, Row]]:
        """The rows with a value in any wanted column; white space around a value stays.

        Raises:
            SourceError: The rest of the table cannot be read.
        """
        with _told(self.path):
            yield from self.read(wanted, problem)


def open_table(path: Path) -> Table:
    """Look at a table's columns.

    Raises:
        SourceError: It cannot be read, or is not what its name says.
    """
    name = path.name.lower().removesuffix(".gz")
    with _told(path):
        if not path.is_file():
            raise SourceError(f"{path}: {what_it_is(path)}")
        if not path.stat().st_size:
            raise SourceError(f"{path}: the file is empty")
        if name.endswith(".parquet"):
            return _parquet(path)
        if name.endswith((".jsonl", ".ndjson")):
            return _json_lines(path)
        return separated(path, tabs=name.endswith(".tsv"))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What goes wrong with a file, as one line."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(f"{path}: not a whole gzip file ({error})") from error
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror or error})") from error
    except csv.Error as error:
        raise SourceError(f"{path}: not a CSV file ({error})") from error


def _opened(path: Path) -> IO[bytes]:
    packed = path.name.lower().endswith(".gz")
    file: IO[bytes] = gzip.GzipFile(path) if packed else path.open("rb")  # type: ignore[assignment]
    head = file.read(4096)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceError(f"{path}: is in UTF-16; save it as UTF-8")
    if b"\0" in head:
        raise SourceError(f"{path}: is a binary file, not text")
    file.seek(0)
    return file


# --- CSV and TSV


def separated(path: Path, tabs: bool) -> Table:
    """A table of lines whose first names the columns; semicolons may part them, too.

    Tables of tabs as R writes them have neither quotation marks nor, in the header, a name for
    the column of row names; both are understood, and a line break inside a value is.
    """
    with _opened(path) as file:
        first = file.readline().decode("utf-8-sig", "replace")
    if tabs and '"' not in first:
        return _tabbed(path, tuple(first.rstrip("\r\n").split("\t")))
    mark = "\t" if tabs else max(",;\t", key=first.count)
    columns = tuple(next(_records(path, mark), (0, []))[1])

    def read(wanted: Collection[str], problem: Problem) -> Iterator[tuple[int, Row]]:
        for number, values in islice(_records(path, mark), 1, None):
            if row := _row(columns, values, wanted, number, problem):
                yield number, row

    return Table(path, columns, read)


def _records(path: Path, mark: str) -> Iterator[tuple[int, list[str]]]:
    """Lines of values, the header as number 0; bytes that are no UTF-8 as lone surrogates."""
    csv.field_size_limit(2**31 - 1)  # a text may be longer than the module's 131,072 characters
    with (
        _opened(path) as file,
        io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="") as text,
    ):
        lines = (values for values in csv.reader(text, delimiter=mark, strict=True) if values)
        yield from enumerate(lines)


def _tabbed(path: Path, columns: tuple[str, ...]) -> Table:
    def read(wanted: Collection[str], problem: Problem) -> Iterator[tuple[int, Row]]:
        named = columns
        for number, values in enumerate(_tabbed_records(path, len(columns)), start=1):
            if number == 1 and len(values) == len(columns) + 1:
                named = ("", *columns)
            if row := _row(named, values, wanted, number, problem):
                yield number, row

    return Table(path, columns, read)


def _tabbed_records(path: Path, width: int) -> Iterator[list[str]]:
    """Lines joined until they have as many values as the header has names."""
    with (
        _opened(path) as file,
        io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="\n") as lines,
    ):
        next(lines, None)
        first = True
        values: list[str] = []
        for line in lines:
            more = line.rstrip("\r\n").split("\t")
            if not values and more == [""]:
                continue
            joined = [*values[:-1], f"{values[-1]} {more[0]}", *more[1:]] if values else more
            if len(joined) < width:
                values = joined
                continue
            # A line that is whole by itself is no end of the one before it.
            if values and len(more) >= width:
                yield values
                joined = more
            # Row names have a value in every line and no name in the header.
            width = max(width, len(joined)) if first else width
            first = False
            yield joined
            values = []
        if values:
            yield values


def _row(
    columns: tuple[str, ...],
    values: list[str],
    wanted: Collection[str],
    number: int,
    problem: Problem,
) -> Row | None:
    if any(values[len(columns) :]):
        problem(number, f"{len(values)} values, where the header names {len(columns)} columns")
        return None
    row = {c: v for c, v in zip(columns, values, strict=False) if c in wanted}
    return row if _is_sound(row, number, problem) else None


def _is_sound(row: Row, number: int, problem: Problem) -> bool:
    try:
        for value in row.values():
            value.encode("utf-8")
    except UnicodeEncodeError:
        problem(number, "is not UTF-8; save the table as UTF-8")
        return False
    return True


# --- JSON Lines


def _json_lines(path: Path) -> Table:
    columns: dict[str, None] = {}
    for _, record in islice(_objects(path, lambda number, line: None), _LOOKED_AT):
        columns |= dict.fromkeys(record)
    if not columns:
        raise SourceError(f"{path}: no line of it is a JSON object")

    def read(wanted: Collection[str], problem: Problem) -> Iterator[tuple[int, Row]]:
        for number, record in _objects(path, problem):
            row = {name: _text(value) for name, value in record.items() if name in wanted}
            if _is_sound(row, number, problem):
                yield number, row

    return Table(path, tuple(columns), read)


def _objects(path: Path, problem: Problem) -> Iterator[tuple[int, dict[str, Any]]]:
    """The lines that hold an object, with their numbers; empty lines are passed over."""
    with _opened(path) as file:
        for number, line in enumerate(_lines(file), start=1):
            if len(line) > _LONGEST_LINE:
                problem(number, f"longer than {_LONGEST_LINE / 1e6:.0f} MB")
                continue
            if not line.strip().removeprefix(b"\xef\xbb\xbf"):
                continue
            try:
                record = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except UnicodeDecodeError:
                problem(number, "is not UTF-8; save the table as UTF-8")
            except (ValueError, RecursionError):
                problem(number, "not JSON")
            else:
                if isinstance(record, dict):
                    yield number, record
                else:
                    problem(number, "not a JSON object")


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines, of which no more is held than makes them too long."""
    while line := file.readline(_LONGEST_LINE + 1):
        rest = line
        while len(rest) > _LONGEST_LINE and not rest.endswith(b"\n"):
            rest = file.readline(_LONGEST_LINE + 1)
        yield line


# --- Parquet


def _parquet(path: Path) -> Table:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            columns = tuple(file.schema_arrow.names)
    except ArrowException as error:
        raise SourceError(f"{path}: not a Parquet file") from error

    def read(wanted: Collection[str], problem: Problem) -> Iterator[tuple[int, Row]]:
        number = 0
        try:
            with ParquetFile(path) as file:
                for batch in file.iter_batches(_BATCH, columns=sorted(wanted)):
                    for record in batch.to_pylist():
                        number += 1
                        row = {name: _text(value) for name, value in record.items()}
                        if _is_sound(row, number, problem):
                            yield number, row
        except (ArrowException, UnicodeDecodeError) as error:
            reason = f"damaged after row {number}; the rows before are read"
            raise SourceError(f"{path}: {reason}") from error

    return Table(path, columns, read)


def _text(value: object) -> str:
    """A value as it would stand in a CSV file; empty for what is none or holds several."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.0f}" if value.is_integer() else str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""
