"""A speech: its words, where they stand in its file, and who said them."""

from __future__ import annotations

import calendar
import hashlib
import json
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date

from assistant.text import ReadingText, Span

CORPUS_HASH = 16
"""Digits of the hash of a corpus."""


@dataclass(frozen=True)
class Speech:
    """One intervention of one speaker, as its record gives it. What is unknown is None.

    Attributes:
        id: Stem of the file's name, with `~2`, `~3` for further interventions in one file; of a
            row of a table its own id, or the stem and the row's number.
        file: The file's name.
        sha256: Of the file's bytes; of a row of a table, of its text in UTF-8.
        reading: The reading text with its map to the source: the file, or the row's text.
        speaker: As in the header: "Mr. Umarov", "The President".
        country: Delegation.
        language: Language it was delivered in, where the record names one.
        symbol: Of the meeting's record: "S/PV.8349".
        date: ISO 8601; a year or a month where no more is known.
        topic: Agenda item.
        capacity: Role in which the speaker spoke.
        pages: Where each page of the file begins, in the text that the map leads to; empty for
            a file without pages.
        capacity_derived: Whether the capacity is read from the speech's opening words, and not
            told by its record.
        role: Part taken in the meeting: "The President", "Guest".
        number: Place among the speeches of the meeting, from 1.
        row: Number of the row in a table, from 1, the header not counted; of JSON Lines the line.
    """

    id: str
    file: str
    sha256: str
    reading: ReadingText
    speaker: str | None = None
    country: str | None = None
    language: str | None = None
    symbol: str | None = None
    date: str | None = None
    topic: str | None = None
    capacity: str | None = None
    pages: tuple[int, ...] = ()
    capacity_derived: bool = False
    role: str | None = None
    number: int | None = None
    row: int | None = None

    @property
    def text(self) -> str:
        return self.reading.text

    def pages_of(self, span: Span) -> tuple[int, int] | None:
        """First and last page that a slice of the text touches, from 1, both included."""
        if not self.pages:
            return None
        source = self.reading.source_span(span)
        return bisect_right(self.pages, source.start), bisect_right(self.pages, source.end - 1)

    @property
    def byline(self) -> str:
        """Who, of which delegation: "Mr. Umarov (Kazakhstan)"."""
        speaker = self.speaker or "Speaker unknown"
        return f"{speaker} ({self.country})" if self.country else speaker

    @property
    def label(self) -> str:
        """Who and when, as it is searched with the words: "Mr. Umarov (Kazakhstan) 2018"."""
        return f"{self.byline} {written_date(self.date) if self.date else ''}"

    @property
    def occasion(self) -> str:
        """Meeting and day: "S/PV.8349, 12 September 2018"; the file where neither is known."""
        parts = [self.symbol, written_date(self.date) if self.date else None]
        return ", ".join(part for part in parts if part) or self.file

    @property
    def origin(self) -> str:
        """The file, and in a table the row: "debate.jsonl, row 12"."""
        return self.file if self.row is None else f"{self.file}, row {self.row}"

    @property
    def told_capacity(self) -> str | None:
        """The capacity, and where it is from if not from the record."""
        if self.capacity is None or not self.capacity_derived:
            return self.capacity
        return f"{self.capacity} (derived from the opening words)"


_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def period(value: str) -> tuple[date, date]:
    """First and last day of a date that may be only a year or a month.

    Raises:
        ValueError: It is not YYYY, YYYY-MM or YYYY-MM-DD, or there is no such day.
    """
    found = _DATE.fullmatch(value.strip())
    if found is None:
        raise ValueError(f"{value!r} is not a date; write YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = (None if part is None else int(part) for part in found.groups())
    assert year is not None
    try:
        first = date(year, 1 if month is None else month, 1 if day is None else day)
        last_month = 12 if month is None else month
        days = calendar.monthrange(year, last_month)[1]
        last = date(year, last_month, days if day is None else day)
    except (ValueError, calendar.IllegalMonthError) as error:
        raise ValueError(f"{value!r} is not a day of the calendar") from error
    return first, last


_WRITTEN = re.compile(r"(?:(\d{1,2})\s+)?([A-Za-z]+)\.?\s+(\d{4})")
_MONTH_FIRST = re.compile(r"([A-Za-z]+)\.?\s+(\d{1,2}),?\s+(\d{4})")
_TIME = re.compile(r"(?<=\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}.*")
_MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
}


def iso_date(value: str) -> str:
    """A date as metadata write it, in ISO 8601.

    "15 March 2014", "Mar 15, 2014", "March 2014", or ISO itself, with or without a time of day.

    Raises:
        ValueError: It is neither, or there is no such day.
    """
    value = _TIME.sub("", _MONTH_FIRST.sub(r"\2 \1 \3", value.strip()))
    written = _WRITTEN.fullmatch(value)
    if written and (month := _MONTHS.get(written[2].lower())):
        value = f"{written[3]}-{month:02}" + (f"-{int(written[1]):02}" if written[1] else "")
    period(value)
    return value


def date_of_parts(year: str, month: str = "", day: str = "") -> str:
    """ISO 8601 of "2018", "9" or "September", "2"; what is empty stays open.

    Raises:
        ValueError: There is no such day.
    """
    number = str(_MONTHS.get(month.lower(), month))
    parts = [year, number.zfill(2), day.zfill(2)] if month and day else [year, number.zfill(2)]
    return iso_date("-".join(parts if month else [year]))


def written_pages(pages: tuple[int, int]) -> str:
    """ "p. 7", "pp. 7-8"."""
    first, last = pages
    return f"p. {first}" if first == last else f"pp. {first}-{last}"


def written_date(value: str) -> str:
    """ "2018-09-12" as "12 September 2018", "2017-10" as "October 2017"."""
    parts = [int(part) for part in value.split("-")]
    words = [str(parts[0])]
    if len(parts) > 1:
        words.insert(0, calendar.month_name[parts[1]])
    if len(parts) > 2:
        words.insert(0, str(parts[2]))
    return " ".join(words)


def corpus_hash(speeches: Iterable[Speech]) -> str:
    """Of texts and metadata: the same for the same speeches, however the library was built."""
    told = hashlib.sha256()
    for speech in sorted(speeches, key=lambda one: one.id):
        known = [getattr(speech, f.name) for f in fields(speech) if f.name != "reading"]
        told.update(json.dumps([*known, speech.text]).encode())
    return told.hexdigest()[:CORPUS_HASH]
