"""CSV: a row for each citation, under the provenance in lines that begin with #."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from assistant.answer import Citation
from assistant.dossier import Dossier
from assistant.errors import ExportError
from assistant.receipt import Document, Group, Receipt, facts
from assistant.text import Span
from ui.export.layout import decoded, documented, numbered, provenance

_WORDS = ("file", "speaker", "country", "symbol", "date", "reference")
_PAGES = ("first_page", "last_page")
_NUMBERS = ("paragraph", "source_start", "source_end")
_COLUMNS = (
    "number topic delegation quote note again_of speaker country date symbol paragraph first_line "
    "last_line first_page last_page reference speech file start end source_start source_end"
).split()
_FORMULA = ("=", "+", "-", "@", "\t", "'")


def render_csv(dossier: Dossier) -> bytes:
    """UTF-8 with a byte order mark, which Excel needs."""
    text = io.StringIO(newline="")
    for label, value in provenance(dossier):
        text.write(f"# {label}: {' '.join(value.split())}\r\n")
    table = csv.DictWriter(text, _COLUMNS)
    table.writeheader()
    for row in _rows(dossier):
        table.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue().encode("utf-8-sig")


def _rows(dossier: Dossier) -> Iterator[dict[str, Any]]:
    for topic, section, entries in numbered(dossier):
        for one in entries:
            for number, citation in one.sources:
                first = citation is one.entry.citation
                yield {
                    "number": number,
                    "topic": topic,
                    "delegation": section.delegation,
                    "note": one.entry.note if first else "",
                    "again_of": "" if first else one.number,
                    **_place(citation),
                }


def _place(citation: Citation) -> dict[str, Any]:
    known = facts(citation)
    first, last = citation.lines
    pages = citation.pages or ("", "")
    return {
        "quote": citation.quote,
        "speech": citation.speech.id,
        "start": citation.span.start,
        "end": citation.span.end,
        "first_line": first,
        "last_line": last,
        **dict(zip(_PAGES, pages, strict=True)),
        **{name: known[name] for name in (*_WORDS, *_NUMBERS)},
    }


def _cell(value: Any) -> str:
    """As a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def read_csv(data: bytes) -> Document:
    """Raises ExportError when this is no CSV of ours."""
    text = decoded(data)
    told: dict[str, str] = {}
    while text.startswith("# "):
        line, _, text = text.partition("\n")
        label, _, value = line[2:].partition(": ")
        # A spreadsheet that saves it again fills the line with empty cells.
        told[label] = value.rstrip("\r").removesuffix("," * (len(_COLUMNS) - 1))
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        receipts = tuple(_receipt({k: _text(v) for k, v in row.items()}) for row in rows)
    except (csv.Error, KeyError, ValueError, TypeError, AttributeError) as error:
        raise ExportError(f"not a table of ours ({error})") from error
    return documented([Group(receipts)], told)


def _text(cell: str) -> str:
    return cell[1:] if cell.startswith("'") else cell


def _receipt(row: dict[str, str]) -> Receipt:
    stated: dict[str, Any] = {name: row[name] or None for name in _WORDS}
    stated |= {name: int(row[name]) for name in _NUMBERS}
    stated["lines"] = [int(row["first_line"]), int(row["last_line"])]
    if row.get("first_page"):
        first, last = (int(row[name]) for name in _PAGES)
        stated |= {"page": first, "pages": [first, last] if last != first else None}
    if row["delegation"]:
        stated["delegation"] = row["delegation"]
    return Receipt(row["speech"], Span(int(row["start"]), int(row["end"])), row["quote"], stated)
