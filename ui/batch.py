"""Files of questions in, files of answers out: one JSON object a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any

from assistant.answer import Assistant
from assistant.errors import QuestionError, RapporteurError
from assistant.filters import Filters
from assistant.questions import Asked, Pasted, read_batch, read_quotations
from assistant.quotation import Quotations
from ui.contract import answer_record, failed_quotation, failed_record, quotation_record


def ask(
    assistant: Assistant,
    questions: Path,
    output: Path | None,
    filters: Filters,
    progress: Callable[[int, int], None],
) -> list[str]:
    """Answer a file of questions; a line that cannot be answered does not stop the others.

    Args:
        assistant: Answers.
        questions: JSON Lines, as `read_batch` takes them.
        output: Where the answers go; None for standard output.
        filters: For questions that state none of the kind themselves.
        progress: Told of each question, as (done, total).

    Returns:
        One line for each question that could not be answered.

    Raises:
        QuestionError: A file cannot be read or written.
    """
    if output is not None and output.exists() and output.samefile(questions):
        raise QuestionError(f"{output}: holds the questions; write the answers to another file")
    problems: list[str] = []
    batch = list(read_batch(questions, lambda error: problems.append(str(error))))
    with _opened(output) as file:
        for done, asked in enumerate(batch, start=1):
            record = _record(assistant, asked, filters)
            if "error" in record:
                problems.append(f"{questions}, {asked.id}: {record['error']}")
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            progress(done, len(batch))
    return problems


def quote(
    quotations: Quotations,
    pasted: Path,
    output: Path | None,
    filters: Filters,
    progress: Callable[[int, int], None],
) -> list[str]:
    """Check a file of quotations, as `ask` answers one of questions.

    Returns:
        One line for each quotation that could not be checked.

    Raises:
        QuestionError: A file cannot be read or written.
    """
    if output is not None and output.exists() and output.samefile(pasted):
        raise QuestionError(f"{output}: holds the quotations; write the checks to another file")
    problems: list[str] = []
    batch = list(read_quotations(pasted, lambda error: problems.append(str(error))))
    with _opened(output) as file:
        for done, given in enumerate(batch, start=1):
            record = _checked(quotations, given, filters)
            if "error" in record:
                problems.append(f"{pasted}, {given.id}: {record['error']}")
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            progress(done, len(batch))
    return problems


def _checked(quotations: Quotations, given: Pasted, filters: Filters) -> dict[str, Any]:
    try:
        chosen = Filters(**{**filters.stated(), **given.filters.stated()})
        return quotation_record(quotations.check(given.quotation, filters=chosen), given.id)
    except RapporteurError as error:
        return failed_quotation(given.id, given.quotation, str(error))


def _record(assistant: Assistant, asked: Asked, filters: Filters) -> dict[str, Any]:
    """The answer, or the answers of a conversation; a question's own filters come first."""
    try:
        chosen = Filters(**{**filters.stated(), **asked.filters.stated()})
        answers = [assistant.ask(turn, chosen) for turn in asked.turns]
    except RapporteurError as error:
        return failed_record(asked.id, asked.turns[0] if asked.turns else "", str(error))
    if asked.is_conversation:
        return {"id": asked.id, "turns": [answer_record(answer) for answer in answers]}
    return answer_record(answers[0], asked.id)


def _opened(path: Path | None) -> AbstractContextManager[IO[str]]:
    if path is None:
        return nullcontext(sys.stdout)
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise QuestionError(f"{path}: cannot be written ({error.strerror or error})") from error
