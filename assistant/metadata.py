"""What is known of a speech beside its words: the header and the `speeches.csv` together."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import SourceError
from assistant.header import Header
from assistant.source import read_source
from assistant.speech import iso_date

METADATA_FILE = "speeches.csv"
Row = dict[str, str]


class MetadataFiles:
    """The rows of the `speeches.csv` beside a text file, or in the folder above it."""

    def __init__(self, problem: Callable[[SourceError], None]) -> None:
        self._problem = problem
        self._tables: dict[Path, dict[str, Row]] = {}

    def row(self, path: Path) -> Row:
        """What the metadata say of a file; nothing if they do not name it."""
        for folder in (path.parent, path.parent.parent):
            table = self._table(folder)
            if row := table.get(path.name) or table.get(path.stem):
                return row
        return {}

    def _table(self, folder: Path) -> dict[str, Row]:
        if folder not in self._tables:
            self._tables[folder] = {}
            path = folder / METADATA_FILE
            if path.is_file():
                try:
                    self._tables[folder] = _read_table(path, self._problem)
                except SourceError as error:
                    self._problem(error)
        return self._tables[folder]


def _read_table(path: Path, problem: Callable[[SourceError], None]) -> dict[str, Row]:
    text = read_source(path).text.removeprefix("\ufeff")
    try:
        # Not str.splitlines, which also parts at U+2028 and at form feeds.
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        if "filename" not in (reader.fieldnames or ()):
            raise SourceError(f"{path}: there is no column named filename")
        table: dict[str, Row] = {}
        for record in reader:
            row = {k: v.strip() for k, v in record.items() if k and isinstance(v, str)}
            if name := row.get("filename"):
                if name in table:
                    twice = f"{path}: {name} is named twice; the first row is kept"
                    problem(SourceError(twice))
                table.setdefault(name, row)
        return table
    except csv.Error as error:
        raise SourceError(f"{path}: not a CSV file ({error})") from error


@dataclass(frozen=True)
class Record:
    """What header and metadata together say of one intervention.

    The header wins for speaker and delegation. What metadata say of a person holds only for
    that person: not for the others in the file, nor where the header names somebody else.

    Attributes:
        header: As the record prints it, if it does.
        row: What the metadata say of the file.
        alone: Whether the file has no other intervention.
    """

    header: Header | None
    row: Row
    alone: bool

    def of_file(self, column: str) -> str | None:
        """What holds for all that is in the file."""
        return self.row.get(column) or None

    def of_person(self, column: str) -> str | None:
        """What holds for the person whom the metadata name."""
        return self.of_file(column) if self._is_about_speaker() else None

    def speaker(self) -> str | None:
        return self.header.speaker if self.header else self.of_person("speaker")

    def country(self) -> str | None:
        if self.header and self.header.country:
            return self.header.country
        given = self.of_person("country")
        return None if given == self.of_file("speaker") else given  # "The President" of that

    def language(self) -> str | None:
        return (self.header.language if self.header else None) or self.of_person("language")

    def date(self, warn: Callable[[str], None]) -> str | None:
        """ISO 8601; the year alone where the date cannot be understood."""
        for column in ("date", "year"):
            if value := self.of_file(column):
                try:
                    return iso_date(value)
                except ValueError as error:
                    warn(f"{column} left out: {error}")
        return None

    def compare(self, warn: Callable[[str], None]) -> None:
        """Tell where the header and the metadata of a file with one speaker disagree."""
        if self.header is None or not self.alone:
            return
        printed = {
            "speaker": None if self.header.is_role else self.header.speaker,
            "country": self.header.country,
        }
        for column, kept in printed.items():
            given = self.of_file(column)
            if kept and given and name_words(given) != name_words(kept):
                warn(
                    f"the header says {column} {kept!r}, {METADATA_FILE} says {given!r}; "
                    "the header is kept"
                )

    def _is_about_speaker(self) -> bool:
        named = self.of_file("speaker")
        if self.header is None or named is None:
            return self.alone
        if name_words(named) == name_words(self.header.speaker):
            return True
        # "The President" in the header, and the president's name in the metadata.
        return self.alone and self.header.is_role


def name_words(name: str) -> list[str]:
    """The plain words of a name without its title: ["umarov"] of "Mr. Umarov"."""
    words = [word for word in map(plain, name.split()) if word]
    return words[1:] if words and words[0] in _TITLES else words


_TITLES = frozenset(("mr", "mrs", "ms", "miss", "dr", "sir", "dame", "madam"))


def plain(name: str) -> str:
    """A name without case, accents, spaces and punctuation, for comparing."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(char for char in decomposed if char.isalnum())
