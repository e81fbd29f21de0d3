"""Rows of a table to speeches: one a row, whose text is the source that offsets count in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from assistant.columns import chosen_columns
from assistant.errors import SourceError
from assistant.interventions import speeches_in, unread
from assistant.metadata import described_by
from assistant.source import LARGEST_FILE
from assistant.speech import Speech
from assistant.tables import Row, RowTally, open_table, stem

_SOUND_ID = re.compile(r"[^\W_](?:[\w.,:;@()+=~/ -]{0,198}[^\W_.,:;])?\)?")


def read_rows(
    path: Path, given: Mapping[str, str], seen: dict[str, Path], tally: RowTally
) -> Iterator[Speech]:
    """The speeches of a table, row by row.

    Args:
        path: CSV, TSV, JSON Lines or Parquet.
        given: Columns by what they hold, where the names do not tell.
        seen: Ids that are taken, by the file that took them; those of the table are added.
        tally: Told of rows that cannot be read, and of what is worth knowing.

    Raises:
        SourceError: The table, or the rest of it, cannot be read.
    """
    table = open_table(path)
    try:
        held = chosen_columns(table.columns, given)
    except SourceError as error:
        raise SourceError(f"{path}: {error}") from error
    unused = [column for column in table.columns if column not in held.values()]
    if unused and not {"speaker", "country"} & held.keys():
        tally.note(
            f"no column says who speaks; not used are {', '.join(unused)}; "
            "say what they hold with --map, for example --map speaker=COLUMN"
        )
    for number, row in table.rows(set(held.values()), tally.problem):
        try:
            speeches = _speeches(path, number, row, held, tally)
        except SourceError as error:
            tally.problem(number, str(error))
            continue
        yield from _with_ids(speeches, f"{stem(path)}-{number}", path, seen, tally)


def _speeches(
    path: Path, number: int, row: Row, held: Mapping[str, str], tally: RowTally
) -> list[Speech]:
    # As a file decoded with universal newlines.
    text = row.get(held["text"], "").replace("\r\n", "\n").replace("\r", "\n")
    if not text:
        raise SourceError("no text")
    data = text.encode("utf-8")
    if len(data) > LARGEST_FILE:
        size = f"{len(data) / 1e6:,.0f} MB is too large for a speech"
        raise SourceError(f"{size} (at most {LARGEST_FILE / 1e6:.0f} MB)")
    whole = unread(
        _own_id(row.get(held.get("id", ""), "")),
        path.name,
        hashlib.sha256(data).hexdigest(),
        number,
    )
    known = described_by(row, {f: c for f, c in held.items() if f not in ("text", "id")})
    return speeches_in(text, whole, known, path.name, lambda line: tally.warn(number, line))


def _own_id(value: str) -> str:
    """Of a column with names of files, the stem."""
    return re.sub(r"\.txt$", "", value.strip(), flags=re.IGNORECASE)


def _with_ids(
    speeches: list[Speech], spare: str, path: Path, seen: dict[str, Path], tally: RowTally
) -> Iterator[Speech]:
    """The speeches of a row under its own id, or under its number where that cannot be."""
    number, own = speeches[0].row or 0, speeches[0].id
    ids = [speech.id for speech in speeches]
    if own and not _SOUND_ID.fullmatch(own):
        tally.warn(number, f"{own[:80]!r} is no id that can be cited; its id is {spare!r}")
        own = ""
    elif own and (taken := next((id_ for id_ in ids if id_ in seen), None)):
        where = "of another row" if seen[taken] == path else f"in {seen[taken]}"
        tally.warn(number, f"the id {own!r} is that {where}, too; its id is {spare!r}")
        own = ""
    if not own:
        ids = [spare + speech.id.removeprefix(speeches[0].id) for speech in speeches]
        if taken := next((id_ for id_ in ids if id_ in seen), None):
            tally.problem(number, f"its id {taken!r} is taken by {seen[taken]}; rename one table")
            return
    for speech, id_ in zip(speeches, ids, strict=True):
        seen[id_] = path
        yield replace(speech, id=id_)
