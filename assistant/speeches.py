"""The speeches of a library on disk: their metadata in columns, their texts read when wanted.

speeches.json   the different values of every field of a speech but the text
speeches.npy    (n, fields) int32: which value each speech has
texts.txt       the reading texts, one after the other
maps.jsonl      where each text stands in its file: paragraphs, segments
texts.npy       (n + 1, 2) int64: where each text and each map begins, in bytes
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import fields
from functools import cached_property, lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from assistant.filters import Filters
from assistant.speech import Speech
from assistant.text import ReadingText, Segment, Span
from embeddings.dense import Rows
from embeddings.mapped import MappedArray, MappedFile, OpenFile

VALUES, CODES, TEXTS, MAPS, PLACES = (
    "speeches.json", "speeches.npy", "texts.txt", "maps.jsonl", "texts.npy",
)  # fmt: skip
FILES = (VALUES, CODES, TEXTS, MAPS, PLACES)

_TEXT, _READING = "text", "reading"
_KEPT = 512
"""Speeches kept at hand; one takes some 20 kB once its text was read."""


class StoredText(ReadingText):
    """A reading text that is read from disk when it is first looked at."""

    def __init__(self, text: Callable[[], str], record: Callable[[], dict[str, Any]]) -> None:
        """Take what reads.

        Args:
            text: The text.
            record: Every other field, as JSON has it.
        """
        self._read_text = text
        self._read_record = record

    @cached_property
    def _record(self) -> dict[str, Any]:
        return reading_fields(self._read_record())


def _stored(name: str) -> cached_property[Any]:
    def read(text: StoredText) -> Any:
        return text._read_text() if name == _TEXT else text._record[name]

    part = cached_property[Any](read)
    part.__set_name__(StoredText, name)
    return part


# Whatever fields a reading text has: a field with a default would hide one that is looked up.
for _field in fields(ReadingText):
    setattr(StoredText, _field.name, _stored(_field.name))


def reading_fields(record: dict[str, Any]) -> dict[str, Any]:
    """The fields of a reading text, from JSON."""
    named: dict[str, Callable[[Any], Any]] = {
        "paragraphs": lambda value: tuple(map(Span._make, value)),
        "segments": lambda value: tuple(map(Segment._make, value)),
    }
    return {name: named.get(name, frozen)(value) for name, value in record.items()}


def frozen(value: Any) -> Any:
    """JSON has lists for the tuples of frozen types."""
    return tuple(map(frozen, value)) if isinstance(value, list) else value


class SpeechWriter:
    """Writes speeches to a folder, one at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = [field.name for field in fields(Speech) if field.name != _READING]
        self._values: list[dict[str, int]] = [{} for _ in self._names]
        self._codes = array("i")
        self._places = array("q", [0, 0])

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._texts = stack.enter_context((self._folder / TEXTS).open("wb"))
            self._maps = stack.enter_context((self._folder / MAPS).open("wb"))
            self._open = stack.pop_all()
        return self

    def add(self, speech: Speech) -> None:
        for name, values in zip(self._names, self._values, strict=True):
            told = json.dumps(getattr(speech, name), ensure_ascii=False)
            self._codes.append(values.setdefault(told, len(values)))
        record = {field.name: getattr(speech.reading, field.name) for field in fields(ReadingText)}
        self._texts.write(_bytes(record.pop(_TEXT)))
        self._maps.write(_bytes(json.dumps(record, ensure_ascii=False) + "\n"))
        self._places.extend((self._texts.tell(), self._maps.tell()))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()
        if error is not None:
            return
        values = {
            name: [json.loads(told) for told in each]
            for name, each in zip(self._names, self._values, strict=True)
        }
        told = json.dumps(values, ensure_ascii=False)
        (self._folder / VALUES).write_bytes(_bytes(told))
        codes = np.frombuffer(self._codes, np.int32).reshape(-1, len(self._names))
        np.save(self._folder / CODES, codes, allow_pickle=False)
        places = np.frombuffer(self._places, np.int64).reshape(-1, 2)
        np.save(self._folder / PLACES, places, allow_pickle=False)


def _bytes(text: str) -> bytes:
    # A lone surrogate, which JSON may bring, is text that was said as much as any other.
    return text.encode("utf-8", "surrogatepass")


class Speeches(Mapping[str, Speech]):
    """Speeches by id, in the order in which they were written; numbered from 0 in that order.

    A speech is made when it is asked for, its text read when it is looked at.
    """

    def __init__(
        self,
        values: dict[str, list[Any]],
        codes: npt.NDArray[np.int32],
        places: MappedArray,
        texts: MappedFile,
        maps: MappedFile,
    ) -> None:
        self._values = values
        self._codes = codes
        self._places = places
        self._texts = texts
        self._maps = maps
        self._ids: list[str] = values["id"]
        self.at = lru_cache(maxsize=_KEPT)(self._at)
        self._representatives: dict[tuple[str, ...], list[Speech]] = {}

    @classmethod
    def open(cls, folder: Path, open_file: OpenFile = MappedFile) -> Speeches:
        """Open what a `SpeechWriter` wrote.

        Raises:
            DamagedIndexError, ValueError, OSError: A file is missing or is not such a file.
        """
        text = (folder / VALUES).read_bytes().decode("utf-8", "surrogatepass")
        values = {
            name: [frozen(each) for each in given] for name, given in json.loads(text).items()
        }
        codes = MappedArray(open_file(folder / CODES)).all()
        places = MappedArray(open_file(folder / PLACES))
        if codes.shape[1:] != (len(values),) or places.shape != (len(codes) + 1, 2):
            raise ValueError(f"{folder / CODES}: not of these speeches")
        return cls(values, codes, places, open_file(folder / TEXTS), open_file(folder / MAPS))

    def __len__(self) -> int:
        return len(self._codes)

    def __iter__(self) -> Iterator[str]:
        column = self._codes[:, self._column("id")]
        return (self._ids[code] for code in column)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._numbers

    def __getitem__(self, id_: str) -> Speech:
        return self.at(self._numbers[id_])

    def id_at(self, number: int) -> str:
        """The id of the speech of that number."""
        return str(self._ids[self._codes[number, self._column("id")]])

    def number(self, id_: str) -> int:
        """Raises KeyError where there is no such speech."""
        return self._numbers[id_]

    def in_order(self) -> Iterator[Speech]:
        """All speeches, none of them kept at hand."""
        return map(self._at, range(len(self)))

    def matching(self, filters: Filters) -> Rows:
        """The numbers of the speeches that the filters leave."""
        kept = np.ones(len(self), dtype=bool)
        for condition in filters.conditions():
            met = np.zeros(len(self), dtype=bool)
            for field, fits in condition.items():
                column = np.array([fits(value) for value in self._values[field]], dtype=bool)
                met |= column[self._codes[:, self._column(field)]]
            kept &= met
        return np.flatnonzero(kept)

    def one_of_each(self, *names: str, among: Rows | None = None) -> list[Speech]:
        """A speech for each combination of values that these fields have.

        So who speaks can be told without making every speech.
        """
        if among is None and names in self._representatives:
            return self._representatives[names]
        numbers = np.arange(len(self)) if among is None else among
        keys = np.zeros(len(numbers), np.int64)
        for name in names:
            keys = keys * len(self._values[name]) + self._codes[numbers, self._column(name)]
        _, first = np.unique(keys, return_index=True)
        found = [self._at(int(number)) for number in numbers[np.sort(first)]]
        if among is None:
            self._representatives[names] = found
        return found

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {id_: number for number, id_ in enumerate(self)}

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {name: at for at, name in enumerate(self._values)}

    def _column(self, name: str) -> int:
        return self._columns[name]

    def _at(self, number: int) -> Speech:
        known = {
            name: values[code]
            for (name, values), code in zip(
                self._values.items(), self._codes[number].tolist(), strict=True
            )
        }
        return Speech(
            reading=StoredText(lambda: self._text(number), lambda: self._map(number)), **known
        )

    def _text(self, number: int) -> str:
        return self._read(self._texts, number, 0)

    def _map(self, number: int) -> dict[str, Any]:
        record: dict[str, Any] = json.loads(self._read(self._maps, number, 1))
        return record

    def _read(self, file: MappedFile, number: int, column: int) -> str:
        first, last = self._places.slice(number, number + 2)[:, column].tolist()
        return file.read(first, last).decode("utf-8", "surrogatepass")


def write_speeches(folder: Path, speeches: Iterable[Speech]) -> None:
    with SpeechWriter(folder) as writer:
        for speech in speeches:
            writer.add(speech)
