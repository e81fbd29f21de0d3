"""The first page of a record: which meeting it is of, when it was, who presided, and on what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.records.layout import SYMBOL, Line
from assistant.speech import iso_date

_TOP = 6
"""Lines among which a record has its symbol; further down a symbol is cited."""
_DATE = re.compile(r"\b(\d{1,2}\s+[A-Z][a-z]+\s+\d{4})\b")
_DELEGATION = re.compile(r"\(([^()]{2,120})\)")
_NOTE = re.compile(r"This record contains|Provisional\b|\d\d-\d{5}|\d{7}|\*")
_SAME_EDGE = 3.0
"""Points by which the lines of one item may differ at the left; what is under it is set in more."""
_ITEM_GAP = 1.5
"""Distance of the lines of different items, in sizes of the font."""


@dataclass(frozen=True)
class Cover:
    """What the first page says. What it does not say is None.

    Attributes:
        symbol: "S/PV.8699 (Resumption 1)".
        date: ISO 8601.
        topic: Items of the agenda, without what is listed under them.
        presidency: Delegation of the President, if one alone presided.
    """

    symbol: str | None
    date: str | None
    topic: str | None
    presidency: str | None


def read_cover(lines: Sequence[Line]) -> Cover:
    """Read the rows of a first page, from top to bottom."""
    return Cover(_symbol(lines), _date(lines), _topic(lines), _presidency(lines))


def _symbol(lines: Sequence[Line]) -> str | None:
    for line in lines[:_TOP]:
        if found := SYMBOL.search(line.text):
            part = f" ({' '.join(found[2].split())})" if found[2] else ""
            return f"S/PV.{found[1]}{part}"
    return None


def _date(lines: Sequence[Line]) -> str | None:
    """The first day after the number of the meeting; the agenda may name others."""
    meeting = _row(lines, r".*\bmeeting\b")
    for line in lines[meeting:] if meeting is not None else ():
        for written in _DATE.findall(line.text):
            try:
                return iso_date(" ".join(written.split()))
            except ValueError:  # "10 Members 2020"
                continue
    return None


def _presidency(lines: Sequence[Line]) -> str | None:
    first, last = _row(lines, r"Presidents?\b"), _row(lines, r"Members?\b")
    if first is None or last is None:
        return None
    named = {" ".join(one.split()) for one in _DELEGATION.findall(_joined(lines[first:last]))}
    return named.pop() if len(named) == 1 else None


def _topic(lines: Sequence[Line]) -> str | None:
    agenda = _row(lines, r"Agenda\b")
    if agenda is None:
        return None
    rows = [Line(lines[agenda].words[1:], 1), *lines[agenda + 1 :]]
    rows = rows if rows[0].words else rows[1:]
    items: list[list[Line]] = []
    for at, row in enumerate(rows):
        if _NOTE.match(row.text):
            break
        if abs(row.left - rows[0].left) > _SAME_EDGE:
            continue
        above = rows[at - 1] if at else None
        if above and items and above is items[-1][-1] and _close(above, row):
            items[-1].append(row)
        else:
            items.append([row])
    return "; ".join(map(_joined, items)) or None


def _close(above: Line, below: Line) -> bool:
    return above.baseline - below.baseline < _ITEM_GAP * below.size


def _row(lines: Sequence[Line], start: str) -> int | None:
    """Number of the first line that begins so."""
    return next((at for at, line in enumerate(lines) if re.match(start, line.text)), None)


def _joined(lines: Sequence[Line]) -> str:
    return " ".join(line.text for line in lines)
