"""A speech: its words, where they stand in its file, and who said them."""

from __future__ import annotations

import calendar
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date

from assistant.text import ReadingText

CORPUS_HASH = 16
"""Digits of the hash of a corpus."""


@dataclass(frozen=True)
class Speech:
    """One intervention of one speaker, as its record gives it. What is unknown is None.

    Attributes:
        id: Stem of the file's name, with `~2`, `~3` for further interventions in one file.
        file: The file's name.
        sha256: Of the file's bytes.
        reading: The reading text with its map to the file.
        speaker: As in the header: "Mr. Umarov", "The President".
        country: Delegation.
        language: Language it was delivered in, where the record names one.
        symbol: Of the meeting's record: "S/PV.8349".
        date: ISO 8601; a year or a month where no more is known.
        topic: Agenda item.
        capacity: Role in which the speaker spoke.
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

    @property
    def text(self) -> str:
        return self.reading.text

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


_WRITTEN = re.compile(r"(?:(\d{1,2})\s+)?([A-Za-z]+)\s+(\d{4})")
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}


def iso_date(value: str) -> str:
    """A date as metadata write it, ISO or "15 March 2014", in ISO 8601.

    Raises:
        ValueError: It is neither, or there is no such day.
    """
    written = _WRITTEN.fullmatch(value.strip())
    if written and (month := _MONTHS.get(written[2].lower())):
        value = f"{written[3]}-{month:02}" + (f"-{int(written[1]):02}" if written[1] else "")
    period(value)
    return value.strip()


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
