"""Files of questions, claims, quotations or topics in, of answers out: one JSON object a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any

from assistant.answer import Assistant
from assistant.briefing import Briefer
from assistant.claims import ClaimChecker
from assistant.conversation.conversation import Conversation
from assistant.errors import QuestionError, RapporteurError
from assistant.filters import Filters
from assistant.questions import (
    Asked,
    Pasted,
    Raised,
    Stated,
    read_batch,
    read_claims,
    read_quotations,
    read_topics,
)
from assistant.quotation.quotations import Quotations
from ui.contract import (
    answer_record,
    claim_record,
    failed_claim,
    failed_quotation,
    failed_record,
    failed_topic,
    quotation_record,
    sheet_record,
)


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
    problems: list[str] = []
    batch = list(read_batch(questions, lambda error: problems.append(str(error))))
    records = (_record(assistant, asked, filters) for asked in batch)
    return problems + _write(records, len(batch), questions, output, progress)


def check(
    checker: ClaimChecker,
    claims: Path,
    output: Path | None,
    filters: Filters,
    progress: Callable[[int, int], None],
) -> list[str]:
    """Check a file of claims, as `ask` answers one of questions."""
    problems: list[str] = []
    batch = list(read_claims(claims, lambda error: problems.append(str(error))))
    records = (_claim_record(checker, stated, filters) for stated in batch)
    return problems + _write(records, len(batch), claims, output, progress)


def quote(
    quotations: Quotations,
    pasted: Path,
    output: Path | None,
    filters: Filters,
    progress: Callable[[int, int], None],
) -> list[str]:
    """Check a file of quotations, as `ask` answers one of questions."""
    problems: list[str] = []
    batch = list(read_quotations(pasted, lambda error: problems.append(str(error))))
    records = (_quotation_record(quotations, given, filters) for given in batch)
    return problems + _write(records, len(batch), pasted, output, progress)


def brief(
    briefer: Briefer,
    topics: Path,
    output: Path | None,
    filters: Filters,
    progress: Callable[[int, int], None],
) -> list[str]:
    """Brief on a file of topics, as `ask` answers one of questions."""
    problems: list[str] = []
    batch = list(read_topics(topics, lambda error: problems.append(str(error))))
    records = (_sheet_record(briefer, raised, filters) for raised in batch)
    return problems + _write(records, len(batch), topics, output, progress)


def _write(
    records: Iterable[dict[str, Any]],
    total: int,
    given: Path,
    output: Path | None,
    progress: Callable[[int, int], None],
) -> list[str]:
    """Write each record once it is made; a line for each that tells of an error."""
    if output is not None and output.exists() and output.samefile(given):
        raise QuestionError(f"{output}: holds what is asked; write the answers to another file")
    problems: list[str] = []
    with _opened(output) as file:
        for done, record in enumerate(records, start=1):
            if "error" in record:
                problems.append(f"{given}, {record['id']}: {record['error']}")
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            progress(done, total)
    return problems


def _claim_record(checker: ClaimChecker, stated: Stated, filters: Filters) -> dict[str, Any]:
    try:
        checked = checker.check(stated.claim, _joined(filters, stated.filters))
    except RapporteurError as error:
        return failed_claim(stated.id, stated.claim, str(error))
    return claim_record(stated.claim, checked, stated.id)


def _joined(filters: Filters, own: Filters) -> Filters:
    """The filters of a whole batch, where a line has none of its own."""
    return Filters(**{**filters.stated(), **own.stated()})


def _quotation_record(quotations: Quotations, given: Pasted, filters: Filters) -> dict[str, Any]:
    try:
        chosen = _joined(filters, given.filters)
        return quotation_record(quotations.check(given.quotation, filters=chosen), given.id)
    except RapporteurError as error:
        return failed_quotation(given.id, given.quotation, str(error))


def _sheet_record(briefer: Briefer, raised: Raised, filters: Filters) -> dict[str, Any]:
    try:
        briefing = briefer.brief([raised.topic], _joined(filters, raised.filters))
    except RapporteurError as error:
        return failed_topic(raised.id, raised.topic, str(error))
    return sheet_record(briefing.sheets[0], raised.id)


def _record(assistant: Assistant, asked: Asked, filters: Filters) -> dict[str, Any]:
    """The answer, or the answers of a conversation; a question's own filters come first."""
    try:
        chosen = _joined(filters, asked.filters)
        if not asked.is_conversation:
            return answer_record(Conversation(assistant).ask(asked.turns[0], chosen), asked.id)
    except RapporteurError as error:
        return failed_record(asked.id, asked.turns[0] if asked.turns else "", str(error))
    conversation = Conversation(assistant)
    turns = [_turn_record(conversation, turn, chosen) for turn in asked.turns]
    record: dict[str, Any] = {"id": asked.id, "turns": turns}
    errors = [turn["error"] for turn in turns if "error" in turn]
    return record | ({"error": "; ".join(errors)} if errors else {})


def _turn_record(conversation: Conversation, turn: str, filters: Filters) -> dict[str, Any]:
    """The answer to a turn; one that cannot be asked does not stop those after it."""
    try:
        return answer_record(conversation.ask(turn, filters))
    except RapporteurError as error:
        failed = failed_record("", turn, str(error))
        return {name: value for name, value in failed.items() if name != "id"}


def _opened(path: Path | None) -> AbstractContextManager[IO[str]]:
    if path is None:
        return nullcontext(sys.stdout)
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise QuestionError(f"{path}: cannot be written ({error.strerror or error})") from error
