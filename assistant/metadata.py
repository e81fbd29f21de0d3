"""What is known of a speech beside its words: its header and the metadata together."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.columns import usual_columns
from assistant.errors import SourceError
from assistant.header import Header
from assistant.places import state_of_code
from assistant.speech import date_of_parts, iso_date
from assistant.tables import Row, RowTally, Table, open_table

METADATA_FILE = "speeches.csv"
SPEAKERS_FILE, MEETINGS_FILE = "speaker.tsv", "meta.tsv"


class MetadataFiles:
    """What the tables beside text files, or in the folder above them, say of each.

    Either `speeches.csv`, a row for each file, or the two tables of the corpus of the Council's
    debates by Schönfeld et al. (doi:10.7910/DVN/KGVSYH): `speaker.tsv`, a row for each file, and
    `meta.tsv`, one for each meeting. What neither says, the names of that corpus's files may:
    "UNSC_2014_SPV.7154_spch001.txt".
    """

    def __init__(self, problem: Callable[[SourceError], None]) -> None:
        self._problem = problem
        self._tables: dict[Path, dict[str, Row]] = {}

    def row(self, path: Path) -> Row:
        """What is said of a file, by field; nothing if they do not name it."""
        return self.found(path)[0]

    def found(self, path: Path) -> tuple[Row, str]:
        """What is said of a file, and the table that says it."""
        named = file_name_fields(path.name)
        meeting = self._look_up(path, MEETINGS_FILE, _meeting_of(path.name))
        for table in (METADATA_FILE, SPEAKERS_FILE):
            if row := self._look_up(path, table, path.name, path.stem):
                return {**named, **meeting, **row}, table
        return {**named, **meeting}, MEETINGS_FILE if meeting else METADATA_FILE

    def _look_up(self, path: Path, name: str, *keys: str | None) -> Row:
        for folder in (path.parent, path.parent.parent):
            table = self._table(folder / name)
            for key in keys:
                if key and (row := table.get(key)):
                    return row
        return {}

    def _table(self, path: Path) -> dict[str, Row]:
        if path not in self._tables:
            self._tables[path] = {}
            if path.is_file():
                try:
                    read = _read_meetings if path.name == MEETINGS_FILE else _read_table
                    self._tables[path] = read(path, self._problem)
                except SourceError as error:
                    self._problem(error)
        return self._tables[path]


def is_metadata(path: Path) -> bool:
    """Whether a table tells of text files, and holds no speeches itself."""
    if path.name == METADATA_FILE:
        try:
            held = usual_columns(open_table(path).columns)
        except SourceError:
            return True
        return "text" not in held or any(map(_is_key, open_table(path).columns))
    return path.name in (SPEAKERS_FILE, MEETINGS_FILE)


def _read_table(path: Path, problem: Callable[[SourceError], None]) -> dict[str, Row]:
    """Rows by the name of the file that each tells of."""
    opened = open_table(path)
    key = next(filter(_is_key, opened.columns), None)
    if key is None:
        raise SourceError(f"{path}: there is no column named filename")
    table: dict[str, Row] = {}
    for name, row in _rows(opened, key, problem):
        if name in table:
            problem(SourceError(f"{path}: {name} is named twice; the first row is kept"))
        table.setdefault(name, row)
    return table


def _read_meetings(path: Path, problem: Callable[[SourceError], None]) -> dict[str, Row]:
    """Rows by the beginning of the names of the meeting's files: "UNSC_2014_SPV.7154"."""
    opened = open_table(path)
    key = next((column for column in opened.columns if plain(column) == "basename"), None)
    if key is None:
        raise SourceError(f"{path}: there is no column named basename")
    return dict(_rows(opened, key, problem))


def _rows(
    opened: Table, key: str, problem: Callable[[SourceError], None]
) -> Iterator[tuple[str, Row]]:
    held = usual_columns([column for column in opened.columns if column != key])
    held.pop("text", None)

    tally = RowTally(opened.path)
    for _, row in opened.rows({key, *held.values()}, tally.problem):
        if name := row.get(key, "").strip():
            yield name, described_by(row, held)
    for line in tally.problems():
        problem(SourceError(line))


def described_by(row: Row, held: Mapping[str, str]) -> Row:
    """What a row of a table says, by field; what means nothing ("NA") is left out."""
    found: Row = {}
    for field, column in held.items():
        value = row.get(column, "").strip()
        if value and value not in _NOTHING:
            is_number_of_meeting = field == "symbol" and plain(column) == "spv"
            found[field] = (_symbol(value) or value) if is_number_of_meeting else value
    return found


_NOTHING = frozenset(("NA", "N/A", "n.a.", "NaN", "nan", "null", "NULL", "None"))
_SPV = re.compile(
    r"(?:S/?PV\.?)?(?:(\d{4})_(\d{1,4})|(\d{3,5})(?:\s*\(?([A-Z][a-z]+)\s*(\d+)\)?)?)"
)
_FILE_NAME = re.compile(r"(UNSC_(\d{4})_(SPV\.[^_]+(?:_\d{1,4})?))_spch(\d+)\.txt", re.IGNORECASE)


def _symbol(value: str) -> str | None:
    """ "7154", "SPV.7154Resumption1" or "SPV.2020_397" as a symbol: "S/PV.7154", "S/2020/397"."""
    found = _SPV.fullmatch(value)
    if found is None:
        return None
    if found[1]:
        return f"S/{found[1]}/{found[2]}"
    return f"S/PV.{found[3]}" + (f" ({found[4]} {found[5]})" if found[4] else "")


def file_name_fields(name: str) -> Row:
    """What a name such as "UNSC_2014_SPV.7154_spch001.txt" says; nothing of any other name."""
    found = _FILE_NAME.fullmatch(name)
    symbol = _symbol(found[3]) if found else None
    if found is None or symbol is None:
        return {}
    return {"symbol": symbol, "year": found[2], "number": found[4]}


def _meeting_of(name: str) -> str | None:
    found = _FILE_NAME.fullmatch(name)
    return found[1] if found else None


def _is_key(column: str) -> bool:
    return plain(column) == "filename"


@dataclass(frozen=True)
class Record:
    """What header and metadata together say of one intervention.

    The header wins for speaker and delegation. What metadata say of a person holds only for
    that person: not for the others in the file, nor where the header names somebody else.

    Attributes:
        header: As the record prints it, if it does.
        row: What the metadata say of the file, by field.
        alone: Whether the file has no other intervention.
        table: Name of the file that the metadata are from.
    """

    header: Header | None
    row: Row
    alone: bool
    table: str = METADATA_FILE

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
        if given is None or given == self.of_file("speaker"):  # "The President" of that
            return None
        return state_of_code(given) or given

    def language(self) -> str | None:
        return (self.header.language if self.header else None) or self.of_person("language")

    def date(self, warn: Callable[[str], None]) -> str | None:
        """ISO 8601; the month or the year alone where the date cannot be understood."""
        given = {name: self.row.get(name, "") for name in ("year", "month", "day")}
        written = {"date": self.row.get("date", "")}
        written |= {"month": given["month"] and given["year"]} | {"year": given["year"]}
        for column, value in written.items():
            try:
                if value:
                    whole = column == "month"
                    return date_of_parts(**given) if whole else iso_date(value)
            except ValueError as error:
                warn(f"{column} left out: {error}")
        return None

    def number(self) -> int | None:
        """Place among the speeches of the meeting; of a file with several it is not told."""
        given = self.row.get("number", "")
        return int(given) if self.alone and given.isdecimal() else None

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
            if column == "country" and given:
                given = state_of_code(given) or given
            if kept and given and name_words(given) != name_words(kept):
                warn(
                    f"the header says {column} {kept!r}, {self.table} says {given!r}; "
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
