"""Which column of a table holds what: by the usual names, or as the user says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.errors import SourceError

# In the order in which they are looked for; a column is taken once. "participanttype" is the
# role in the meetings' corpus of Schönfeld et al., and its "role" an office: a capacity.
_USUAL: dict[str, tuple[str, ...]] = {
    "text": ("text", "body", "content", "speech_text", "transcript", "speech", "statement"),
    "id": ("id", "speech_id", "doc_id", "filename", "file"),
    "speaker": ("speaker", "speaker_name", "name"),
    "country": (
        "country", "delegation", "country_org", "country_name", "state", "affiliation",
        "country_code", "iso3", "iso",
    ),
    "language": ("language", "lang"),
    "symbol": ("symbol", "document_symbol", "meeting_symbol", "spv", "meeting"),
    "date": ("date",),
    "year": ("year",),
    "month": ("month",),
    "day": ("day",),
    "topic": ("topic", "agenda", "agenda_item", "subject", "title"),
    "role": ("participant_type", "participanttype", "role"),
    "capacity": ("capacity", "role_in_un", "position", "role"),
    "number": ("speech_number", "number"),
}  # fmt: skip
FIELDS = tuple(_USUAL)
"""What a column can hold."""


def usual_columns(columns: Sequence[str]) -> dict[str, str]:
    """The column of each field that has one by a usual name, whatever its case."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(_plain(column), column)
    found: dict[str, str] = {}
    for field, names in _USUAL.items():
        held = (by_name[name] for name in map(_plain, names) if name in by_name)
        if free := [column for column in held if column not in found.values()]:
            found[field] = free[0]
    return found


def chosen_columns(columns: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """The column of each field: those that the user names, else the usual ones.

    Raises:
        SourceError: There is no such column, or none with the text, or the text's name is
            that of two; without the name of the table.
    """
    there = f"there are {', '.join(columns)}"
    for field, column in given.items():
        if column not in columns:
            raise SourceError(f"no column {column!r} for {field}; {there}")
    left = [column for column in columns if column not in given.values()]
    found = {f: c for f, c in usual_columns(left).items() if f not in given} | dict(given)
    if "text" not in found:
        raise SourceError(f"no column with the text; name it with --map text=COLUMN; {there}")
    for field, column in found.items():
        if columns.count(column) > 1:
            raise SourceError(f"two columns are named {column!r}, for {field}; rename one; {there}")
    return found


def parse_map(pairs: Sequence[str]) -> dict[str, str]:
    """ "text=Body,date=When" as a user types it, once or several times.

    Raises:
        SourceError: It is not of this form, or a field is named twice or not known.
    """
    found: dict[str, str] = {}
    for pair in (part for given in pairs for part in given.split(",")):
        field, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not column:
            raise SourceError(f"--map {pair!r}: write FIELD=COLUMN, such as text=Body")
        if field not in FIELDS:
            raise SourceError(f"--map {pair!r}: no field {field!r}; there are {', '.join(FIELDS)}")
        if field in found:
            raise SourceError(
                f"--map: {field} is mapped to two columns, {found[field]} and {column}; name one"
            )
        found[field] = column
    return found


def _plain(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())
