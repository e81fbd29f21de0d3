"""Speeches and passages as rows of a Milvus store, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from hashlib import sha256
from typing import Any

from assistant.filters import Filters
from assistant.passage import Passage
from assistant.speech import Speech, period
from assistant.speeches import frozen, reading_fields
from assistant.text import ReadingText, Span
from embeddings.milvus import content_id

FORMAT = 1
FILTERED = ("country", "speaker", "symbol", "topic", "language", "role", "capacity")
"""Fields that filters name. Every row has the number of its value in a column of that name."""
KNOWN = tuple(field.name for field in fields(Speech) if field.name != "reading")

SPEECH_COLUMNS = {
    "speech": "VARCHAR", "version": "VARCHAR", "known": "VARCHAR", "passages": "INT64",
}  # fmt: skip
PASSAGE_COLUMNS = {
    "speech": "VARCHAR", "version": "VARCHAR", "paragraph": "INT32", "number": "INT32",
    "spans": "VARCHAR", "labelled": "INT32",
}  # fmt: skip
SENTENCE_COLUMNS = {"version": "VARCHAR", "passage": "INT64", "place": "INT32"}
_COMMON = {
    **dict.fromkeys(FILTERED, "INT64"),
    "first_day": "INT32",
    "last_day": "INT32",
    "written": "INT64",
}
for _columns in (SPEECH_COLUMNS, PASSAGE_COLUMNS, SENTENCE_COLUMNS):
    _columns.update(_COMMON)

ASKED = ("version", "speech", "passage", *_COMMON)
"""Columns that conditions name."""

NEVER = "id < 0"
"""A condition that no row meets; ids are from 0 on."""


@dataclass(frozen=True)
class StoredPassage(Passage):
    """A passage of one version of a speech."""

    version: str


def content(speech: Speech) -> bytes:
    """All of a speech, the same bytes for the same speech."""
    return json.dumps(asdict(speech), sort_keys=True, ensure_ascii=True).encode()


def version_of(data: bytes) -> str:
    """SHA-256, hexadecimal, of all of a speech."""
    return sha256(data).hexdigest()


def whole_speech(data: bytes) -> Speech:
    """From `content`."""
    record = json.loads(data)
    reading = ReadingText(**reading_fields(record.pop("reading")))
    return Speech(reading=reading, **{name: frozen(value) for name, value in record.items()})


class UnreadText(ReadingText):
    """A reading text that is fetched when it is first looked at."""

    def __init__(self, version: str, fetch: Callable[[], ReadingText]) -> None:
        """Take what fetches it.

        Args:
            version: Of the speech.
            fetch: Gets the text.
        """
        object.__setattr__(self, "version", version)
        object.__setattr__(self, "_fetch", fetch)

    version: str

    @cached_property
    def _fetched(self) -> ReadingText:
        fetch: Callable[[], ReadingText] = self.__dict__["_fetch"]
        return fetch()

    def __getattribute__(self, name: str) -> Any:
        if name in ("text", "paragraphs", "segments"):
            return getattr(self._fetched, name)
        return super().__getattribute__(name)


def known(speech: Speech) -> str:
    """All of a speech but its text."""
    return json.dumps({name: getattr(speech, name) for name in KNOWN})


def value_id(value: str | None) -> int:
    """The number of a value of a filtered field; 0 of none."""
    return 0 if value is None else content_id("value", value)


def filtered(speech: Speech) -> dict[str, int]:
    """The columns of a speech that filters name."""
    days = period(speech.date) if speech.date else None
    return {
        **{name: value_id(getattr(speech, name)) for name in FILTERED},
        "first_day": days[0].toordinal() if days else 0,
        "last_day": days[1].toordinal() if days else 0,
    }


def condition(filters: Filters, values: dict[str, list[str]]) -> str:
    """The rows of the speeches that the filters leave, as Milvus takes it; "" for all.

    What a user may call a delegation or a speaker, and what stands in a topic, is decided here,
    by `Filters`, of every value that there is; the store is asked for these values.

    Args:
        filters: What a speech must meet.
        values: All values of each of the fields that filters name.
    """
    return " and ".join(_conditions(filters, values))


def _conditions(filters: Filters, values: dict[str, list[str]]) -> Iterator[str]:
    for asked in filters.conditions():
        if "date" not in asked:
            yield " or ".join(
                _among(name, filter(fits, values[name])) for name, fits in asked.items()
            ).join("()")
    if filters.since:
        yield f"last_day >= {period(filters.since)[0].toordinal()}"
    if filters.until:
        # Without a date both days are 0: no period has such a speech.
        yield f"first_day <= {period(filters.until)[1].toordinal()} and last_day > 0"


def _among(name: str, fitting: Iterable[str]) -> str:
    numbers = ", ".join(str(value_id(value)) for value in fitting)
    return f"{name} in [{numbers}]" if numbers else NEVER


def passage_id(version: str, passage: Passage) -> int:
    return content_id(version, passage.paragraph, passage.number)


def spans_of(passage: Passage) -> str:
    return json.dumps(passage.sentences)


def stored_passage(row: dict[str, Any]) -> StoredPassage:
    sentences = tuple(Span(*span) for span in json.loads(row["spans"]))
    whole = Span(sentences[0].start, sentences[-1].end)
    return StoredPassage(
        row["speech"], row["paragraph"], row["number"], whole, sentences, row["version"]
    )
