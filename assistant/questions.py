"""Files of questions and claims: batches to ask, and those with the answers they should get."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeVar

from assistant.errors import QuestionError, RapporteurError
from assistant.filters import Filters


@dataclass(frozen=True)
class Asked:
    """A line of a batch: a question, or the turns of a conversation."""

    id: str
    turns: tuple[str, ...]
    filters: Filters
    is_conversation: bool


@dataclass(frozen=True)
class Pasted:
    """A line of a batch of quotations."""

    id: str
    quotation: str
    filters: Filters


@dataclass(frozen=True)
class Gold:
    """Words that answer a question: those of `short`, or all of `quote`, in one file."""

    file: str
    quote: str
    short: str | None


@dataclass(frozen=True)
class Judged:
    """A question and what answers it; `gold` is empty when nothing does."""

    id: str
    question: str
    kind: str
    gold: tuple[Gold, ...]
    filters: Filters

    @property
    def answerable(self) -> bool:
        return bool(self.gold)


def read_batch(
    path: Path, problem: Callable[[QuestionError], None] | None = None
) -> Iterator[Asked]:
    """Lines `{"id", "question", "filters"?}` or `{"id", "turns": [...], "filters"?}`.

    Args:
        path: JSON Lines, UTF-8, gzipped if the name ends in `.gz`.
        problem: Told of each line that cannot be used, instead of an error being raised.

    Raises:
        QuestionError: The file, or a line of it, cannot be used.
    """
    return _each(path, _asked, problem)


def _asked(record: dict[str, Any], path: Path, number: int) -> Asked:
    turns = record.get("turns")
    texts = [record.get("question")] if turns is None else turns
    if isinstance(texts, list):
        texts = [text.get("question") if isinstance(text, dict) else text for text in texts]
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise QuestionError(f"{path}, line {number}: no question")
    filters = _filters(record, path, number)
    return Asked(str(record.get("id", number)), tuple(texts), filters, turns is not None)


@dataclass(frozen=True)
class Stated:
    """A line of a batch: a claim."""

    id: str
    claim: str
    filters: Filters


def read_claims(
    path: Path, problem: Callable[[QuestionError], None] | None = None
) -> Iterator[Stated]:
    """Lines `{"id", "claim", "filters"?}`; arguments and errors are those of `read_batch`."""
    return _each(path, _stated, problem)


def _stated(record: dict[str, Any], path: Path, number: int) -> Stated:
    if not isinstance(record.get("claim"), str):
        raise QuestionError(f"{path}, line {number}: no claim")
    return Stated(str(record.get("id", number)), record["claim"], _filters(record, path, number))


def read_quotations(
    path: Path, problem: Callable[[QuestionError], None] | None = None
) -> Iterator[Pasted]:
    """Lines `{"id", "quotation", "speaker"?, "filters"?}`; the speaker joins the filters.

    Arguments and errors are those of `read_batch`.
    """
    return _each(path, _pasted, problem)


def _pasted(record: dict[str, Any], path: Path, number: int) -> Pasted:
    quotation, speaker = record.get("quotation"), record.get("speaker")
    if not isinstance(quotation, str):
        raise QuestionError(f"{path}, line {number}: no quotation")
    if not (speaker is None or isinstance(speaker, str)):
        raise QuestionError(f"{path}, line {number}: the speaker must be a text")
    filters = _filters(record, path, number)
    if speaker and speaker.strip():
        filters = filters.with_speaker(speaker)
    return Pasted(str(record.get("id", number)), quotation, filters)


@dataclass(frozen=True)
class Raised:
    """A line of a batch: a topic."""

    id: str
    topic: str
    filters: Filters


def read_topics(
    path: Path, problem: Callable[[QuestionError], None] | None = None
) -> Iterator[Raised]:
    """Lines `{"id", "topic", "filters"?}`; arguments and errors are those of `read_batch`."""
    return _each(path, _raised, problem)


def _raised(record: dict[str, Any], path: Path, number: int) -> Raised:
    if not isinstance(record.get("topic"), str):
        raise QuestionError(f"{path}, line {number}: no topic")
    return Raised(str(record.get("id", number)), record["topic"], _filters(record, path, number))


_Line = TypeVar("_Line")


def _each(
    path: Path,
    make: Callable[[dict[str, Any], Path, int], _Line],
    problem: Callable[[QuestionError], None] | None,
) -> Iterator[_Line]:
    """What is made of each line; one that cannot be used is told of, or ends the reading."""
    for number, line in _lines(path):
        try:
            yield make(_record(line, path, number), path, number)
        except RapporteurError as error:
            told = error if isinstance(error, QuestionError) else QuestionError(str(error))
            if problem is None:
                raise told from error
            problem(told)


def read_judged(path: Path, split: str | None = None) -> list[Judged]:
    """Questions with their answers, one JSON object a line.

    Both forms are read: gold with `doc` and `quote` in each, and gold with `text` under one
    `speech` for the question. `split` keeps the questions of that split.

    Raises:
        QuestionError: The file, or a line of it, cannot be used.
    """
    judged = []
    for number, line in _lines(path):
        record = _record(line, path, number)
        if split is not None and record.get("split") != split:
            continue
        try:
            gold = tuple(_gold(record)) if record["answerable"] else ()
            question = str(record["question"])
        except (KeyError, TypeError) as error:
            raise QuestionError(f"{path}, line {number}: {error} is missing") from error
        judged.append(
            Judged(
                str(record.get("id", number)),
                question,
                str(record.get("kind") or "other"),
                gold,
                _filters(record, path, number),
            )
        )
    if not judged:
        raise QuestionError(f"{path}: no question in this file")
    return judged


@dataclass(frozen=True)
class JudgedClaim:
    """A claim, the right verdict on it, and the statements that bear on it."""

    id: str
    claim: str
    verdict: str
    evidence: tuple[Gold, ...]
    filters: Filters


def holds_claims(path: Path) -> bool:
    """Whether the first line of a file is a claim, not a question.

    Raises:
        QuestionError: The file cannot be read.
    """
    return any("claim" in _record(line, path, number) for number, line in islice(_lines(path), 1))


def read_judged_claims(path: Path, split: str | None = None) -> list[JudgedClaim]:
    """Claims with their verdicts, one JSON object a line: `{"id", "claim", "verdict", "evidence"}`.

    The verdict may be called `label`, and evidence has one of the forms that `read_judged` takes.

    Raises:
        QuestionError: The file, or a line of it, cannot be used.
    """
    judged = []
    for number, line in _lines(path):
        record = _record(line, path, number)
        if split is not None and record.get("split") != split:
            continue
        try:
            verdict = str(record["verdict"] if "verdict" in record else record["label"])
            evidence = tuple(_gold({**record, "gold": record["evidence"]}))
            claim = str(record["claim"])
        except (KeyError, TypeError) as error:
            raise QuestionError(f"{path}, line {number}: {error} is missing") from error
        filters = _filters(record, path, number)
        judged.append(JudgedClaim(str(record.get("id", number)), claim, verdict, evidence, filters))
    if not judged:
        raise QuestionError(f"{path}: no claim in this file")
    return judged


def _gold(record: dict[str, Any]) -> Iterator[Gold]:
    for gold in record["gold"]:
        short = gold.get("short")
        yield Gold(
            str(gold["doc"]) if "doc" in gold else f"{record['speech']}.txt",
            str(gold["quote"] if "quote" in gold else gold["text"]),
            None if short is None else str(short),
        )


def _filters(record: dict[str, Any], path: Path, number: int) -> Filters:
    given = record.get("filters") or {}
    try:
        if not isinstance(given, dict):
            raise QuestionError("filters must be an object")
        return Filters.from_mapping(given)
    except RapporteurError as error:
        raise QuestionError(f"{path}, line {number}: {error}") from error


def _record(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise QuestionError(f"{path}, line {number}: not JSON ({error})") from error
    if not isinstance(record, dict):
        raise QuestionError(f"{path}, line {number}: not a JSON object")
    return record


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, numbered from 1."""
    try:
        # Not str.splitlines, which also parts at U+2028.
        with _open(path) as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
    except UnicodeDecodeError as error:
        raise QuestionError(f"{path}: is not UTF-8; save it as UTF-8") from error
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise QuestionError(f"{path}: cannot be read ({reason})") from error


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8-sig")
