"""A source text to the speeches in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from assistant.capacity import derived_capacity
from assistant.errors import SourceError
from assistant.header import interventions
from assistant.metadata import Record
from assistant.speech import Speech
from assistant.tables import Row
from assistant.text import ReadingText, Span, read_texts

Warn = Callable[[str], None]
"""Told what is worth knowing of a source that is read."""

_NOT_WHITE = re.compile(r"[^\s\ufeff]")
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_UNREAD = ReadingText("", (), ())


def speeches_in(source: str, whole: Speech, row: Row, table: str, warn: Warn) -> list[Speech]:
    """The speeches of a text: one, or as many as it has headers of speakers.

    Args:
        source: A file, or the text of a row, with universal newlines.
        whole: What holds for all of them: the id, which the first has and the others with `~2`,
            `~3` behind, file, row and hash. Its reading text is not looked at.
        row: What the metadata say, by field.
        table: Name of the file that the metadata are from.
        warn: Called with each thing worth knowing.

    Raises:
        SourceError: There is no speech in it; says so and no more.
    """
    first = _NOT_WHITE.search(source)
    if first is None:
        raise SourceError("nothing but white space, no speech")
    if controls := len(_CONTROL.findall(source)):
        warn(f"{controls} control characters in the text, kept and shown as \ufffd")
    parts = list(interventions(source, first.start()))
    readings = read_texts(source, [Span(part.start, part.end) for part in parts])
    said = [(part, reading) for part, reading in zip(parts, readings, strict=True) if reading.text]
    if not said:
        raise SourceError("only a header, no speech")
    if len(said) > 1:
        place = "file" if whole.row is None else "row"
        warn(f"{len(said)} speakers in this {place}, read as {len(said)} speeches")
    speeches = []
    for number, (part, reading) in enumerate(said, start=1):
        id_ = whole.id if number == 1 else f"{whole.id}~{number}"
        record = Record(part.header, row, alone=len(parts) == 1, table=table)
        speeches.append(described(replace(whole, id=id_, reading=reading), record, warn))
    return speeches


def unread(id_: str, file: str, sha256: str, row: int | None = None) -> Speech:
    """What is known of a source before it is read."""
    return Speech(id_, file, sha256, _UNREAD, row=row)


def described(speech: Speech, record: Record, warn: Warn) -> Speech:
    """The speech with what is known of it."""
    record.compare(warn)
    country, capacity = record.country(), record.of_person("capacity")
    derived = None if capacity else derived_capacity(speech.text, country)
    return replace(
        speech,
        speaker=record.speaker(),
        country=country,
        language=record.language(),
        symbol=record.of_file("symbol"),
        date=record.date(warn),
        topic=record.of_file("topic"),
        capacity=capacity or derived,
        capacity_derived=derived is not None,
        role=record.of_person("role"),
        number=record.number(),
    )
