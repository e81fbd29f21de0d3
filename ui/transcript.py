"""A conversation as a file to keep: Markdown to read, JSON for programs.

Every quote is sliced from its speech when the file is made. Both say what they were made from:
version, library, time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import count
from typing import Any

from assistant.answer import Answer, Citation
from assistant.briefing import Briefing
from assistant.claims import CheckedClaim
from assistant.library import Library
from assistant.quotation.checked import CheckedQuotation
from ui import contract
from ui.wording import (
    counted,
    filters_in_words,
    interpreted,
    lacking,
    narrowed,
    quotation_verdict,
    refusal,
    sheet_scope,
    verdict,
)

_MARKED = re.compile(r"([\\`*_<\[\]])")

Outcome = Answer | Sequence[CheckedClaim] | CheckedQuotation | Briefing | str


@dataclass(frozen=True)
class Provenance:
    """What a file was made from.

    Attributes:
        program: Name and version.
        library: Fingerprint of the speeches and of the encoder.
        encoder: Fingerprint of the encoder alone.
        speeches, passages: How many the library has.
        time: ISO 8601, to the second, UTC.
    """

    program: str
    library: str
    encoder: str
    speeches: int
    passages: int
    time: str

    @classmethod
    def of(cls, library: Library, now: datetime | None = None) -> Provenance:
        return cls(
            program=f"rapporteur {version('rapporteur')}",
            library=library.fingerprint,
            encoder=library.encoder.fingerprint,
            speeches=len(library.speeches),
            passages=len(library.passages),
            time=(now or datetime.now(UTC)).isoformat(timespec="seconds"),
        )


@dataclass(frozen=True)
class Turn:
    """What was typed, what came of it, and what was quoted, numbered from `first`."""

    text: str
    outcome: Outcome
    citations: tuple[Citation, ...]
    first: int


def as_json(title: str, turns: Sequence[Turn], provenance: Provenance) -> str:
    """The conversation as one object; the turns are those of the contract, with numbers."""
    record = {
        "title": title,
        "provenance": asdict(provenance),
        "turns": [_record(turn) for turn in turns],
    }
    return json.dumps(record, ensure_ascii=False, indent=2) + "\n"


def _record(turn: Turn) -> dict[str, Any]:
    cited = [
        {"number": number, "quote": citation.quote, "citation": contract.citation_record(citation)}
        for number, citation in enumerate(turn.citations, turn.first)
    ]
    return _outcome_record(turn) | {"cited": cited}


def _outcome_record(turn: Turn) -> dict[str, Any]:
    if isinstance(turn.outcome, Answer):
        return {"kind": "question"} | contract.answer_record(turn.outcome)
    if isinstance(turn.outcome, CheckedQuotation):
        return {"kind": "quotation"} | contract.quotation_record(turn.outcome)
    if isinstance(turn.outcome, Briefing):
        sheets = [contract.sheet_record(sheet) for sheet in turn.outcome.sheets]
        return {"kind": "briefing", "topics": sheets}
    if isinstance(turn.outcome, str):
        return {"kind": "notice", "text": turn.text, "notice": turn.outcome}
    return {"kind": "claim"} | contract.claim_record(turn.text, turn.outcome)


def as_markdown(title: str, turns: Sequence[Turn], provenance: Provenance) -> str:
    """The conversation to read, with every quote and its reference."""
    parts = [f"# {_escaped(title)}"]
    for number, turn in enumerate(turns, start=1):
        parts += [f"## {number}. {_escaped(' '.join(turn.text.split()))}", *_told(turn)]
    holds = counted(provenance.speeches, "speech", "speeches")
    parts += [
        "---",
        f"Made by {provenance.program} on {provenance.time} from a library of {holds}, "
        f"{counted(provenance.passages, 'passage')}. Quotes are slices of the records.",
        f"Library {provenance.library}  \nEncoder {provenance.encoder}",
    ]
    return "\n\n".join(parts) + "\n"


def _told(turn: Turn) -> Iterator[str]:
    numbers = count(turn.first)
    outcome = turn.outcome
    if isinstance(outcome, str):
        yield _escaped(outcome)
    elif isinstance(outcome, Answer):
        yield from _answer(outcome, numbers)
    elif isinstance(outcome, CheckedQuotation | Briefing):
        if isinstance(outcome, CheckedQuotation):
            yield _escaped(quotation_verdict(outcome))
        else:
            for sheet in outcome.sheets:
                yield _escaped(f"{sheet.topic}: {sheet_scope(sheet)}")
        for citation in turn.citations:
            yield from _quote(citation, numbers)
    else:
        for one in outcome:
            if len(outcome) > 1:
                yield f"### {_escaped(one.claim)}"
            yield _escaped(verdict(one))
            for evidence in one.evidence:
                told = [evidence.stance, *([lacking(evidence)] if evidence.missing else [])]
                yield from _quote(evidence.citation, numbers, *told)


def _answer(answer: Answer, numbers: Iterator[int]) -> Iterator[str]:
    if interpreted(answer):
        yield f"Interpreted as “{_escaped(answer.interpreted)}”"
    if filters := filters_in_words(answer.searched.filters):
        yield f"Searched: {_escaped(filters)}"
    if answer.named:
        yield _escaped(narrowed(answer.named))
    if answer.record:
        yield _escaped(answer.record)
    elif not answer.answered:
        yield f"{refusal(answer.searched)[0]} {_escaped(refusal(answer.searched)[1])}."
    if not answer.answered and answer.related:
        yield "Related, not an answer:"
    for place, finding in enumerate(answer.shown):
        sure = place == 0 and answer.answered and not answer.about_quote
        yield from _quote(
            finding.citation, numbers, *([f"{answer.strength} match"] if sure else [])
        )
        for again in finding.again:
            yield f"[{next(numbers)}] said again: {_escaped(again.reference)}"


def _quote(citation: Citation, numbers: Iterator[int], *told: str) -> Iterator[str]:
    lines = (f"> {_escaped(line)}" for line in citation.quote.splitlines())
    yield "\n".join(lines)
    reference = _escaped(citation.reference)
    yield " · ".join([f"[{next(numbers)}] {reference}", *map(_escaped, told)])


def _escaped(text: str) -> str:
    """Text whose signs Markdown does not take for its own."""
    return _MARKED.sub(r"\\\1", text)
