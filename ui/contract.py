"""Answers as JSON: the contract with programs (README, "JSON")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.answer import Answer, Citation, Finding, Searched
from assistant.briefing import Delegation, Position, Quote, Sheet
from assistant.claims import CheckedClaim, Evidence, overall
from assistant.quotation.checked import CheckedQuotation, Edit, Part, Source
from assistant.receipt import Rechecked, Verified, stated_pages
from assistant.speech import Speech
from assistant.text import Span


def answer_record(answer: Answer, id_: str | None = None) -> dict[str, Any]:
    """An answer as a JSON object; `id_` is that of the question in a batch."""
    record: dict[str, Any] = {} if id_ is None else {"id": id_}
    return record | {
        "question": answer.question,
        "interpreted": answer.interpreted,
        "answered": answer.answered,
        "score": round(answer.score, 4),
        "strength": answer.strength,
        "answers": [_finding(finding) for finding in answer.findings],
        "related": [_related(related) for related in answer.related],
        "searched": _searched(answer.searched),
        "slots": [{"kind": s.kind, "value": s.value, "turn": s.turn} for s in answer.slots],
        "record": answer.record,
    }


def claim_record(
    text: str, checked: Sequence[CheckedClaim], id_: str | None = None
) -> dict[str, Any]:
    """A claim, or a text of several, as a JSON object.

    The verdict on a text is that of its worst claim; `claims` has each of several.
    """
    record: dict[str, Any] = {} if id_ is None else {"id": id_}
    deciding = overall(checked)
    record |= {"claim": text, **_checked(deciding)}
    if len(checked) > 1:
        record["claims"] = [{"claim": one.claim, **_checked(one)} for one in checked]
    return record


def _checked(checked: CheckedClaim) -> dict[str, Any]:
    return {
        "verdict": checked.verdict,
        "score": round(checked.score, 4),
        "named": checked.named,
        "said_by_other": checked.said_by_other,
        "evidence": [_evidence(evidence) for evidence in checked.evidence],
        "searched": _searched(checked.searched),
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "quote": evidence.citation.quote,
        "stance": evidence.stance,
        "score": round(evidence.score, 4),
        "missing": list(evidence.missing),
        "citation": citation_record(evidence.citation),
    }


def failed_claim(id_: str, claim: str, error: str) -> dict[str, Any]:
    """What stands in a batch for a claim that could not be checked."""
    return {
        "id": id_,
        "claim": claim,
        "verdict": None,
        "score": 0.0,
        "evidence": [],
        "error": error,
    }


def failed_record(id_: str, question: str, error: str) -> dict[str, Any]:
    """What stands in a batch for a question that could not be asked."""
    return {
        "id": id_,
        "question": question,
        "interpreted": question,
        "answered": False,
        "score": 0.0,
        "strength": "none",
        "answers": [],
        "related": [],
        "error": error,
    }


def quotation_record(check: CheckedQuotation, id_: str | None = None) -> dict[str, Any]:
    """A checked quotation as a JSON object; `id_` is that of the quotation in a batch."""
    record: dict[str, Any] = {} if id_ is None else {"id": id_}
    return record | {
        "quotation": check.quotation,
        "verdict": check.verdict,
        "standing": check.standing,
        "sources": [_source(source) for source in check.sources],
        "more": check.more,
        "edits": [_edit(check, edit) for edit in check.edits],
        "changes": [
            {"kind": change.kind, "record": change.record, "quotation": change.quoted}
            for change in check.changes
        ],
        "parts": [_part(check, part) for part in check.parts],
        "notes": list(check.notes),
        "searched": _searched(check.searched),
    }


def failed_quotation(id_: str, quotation: str, error: str) -> dict[str, Any]:
    """What stands in a batch for a quotation that could not be checked."""
    return {"id": id_, "quotation": quotation, "verdict": None, "error": error}


def _source(source: Source) -> dict[str, Any]:
    """Where the words stand; `segments` are all runs of them, the first of which is cited."""
    return {
        "quote": source.citation.quote,
        "standing": source.standing,
        "fits": source.fits,
        "citation": citation_record(source.citation),
        "segments": [
            {"quote": citation.quote, "citation": citation_record(citation)}
            for citation in source.citations
        ],
    }


def _edit(check: CheckedQuotation, edit: Edit) -> dict[str, Any]:
    """Offsets count in the text of the first source, and in the quotation as given."""
    return {
        "op": edit.kind,
        "text": check.words(edit),
        "record": list(edit.record) if edit.record else None,
        "quotation": list(edit.quoted) if edit.quoted else None,
    }


def _part(check: CheckedQuotation, part: Part) -> dict[str, Any]:
    return {
        "text": part.span.of(check.quotation),
        "quotation": list(part.span),
        "found": part.citation is not None,
        "citation": citation_record(part.citation) if part.citation else None,
    }


def speech_record(speech: Speech, with_text: bool = False) -> dict[str, Any]:
    """Who spoke, when and where; with the paragraphs of the reading text if asked for."""
    record: dict[str, Any] = {
        "speech": speech.id,
        "file": speech.file,
        "speaker": speech.speaker,
        "country": speech.country,
        "language": speech.language,
        "symbol": speech.symbol,
        "date": speech.date,
        "topic": speech.topic,
        "capacity": speech.capacity,
        "capacity_derived": speech.capacity_derived,
        "role": speech.role,
        "number": speech.number,
        "row": speech.row,
        "sha256": speech.sha256,
        "words": len(speech.text.split()),
    }
    if pages := speech.pages_of(Span(0, len(speech.text))):
        record["pages"] = list(pages)
    if with_text:
        paragraphs = [span.of(speech.text) for span in speech.reading.paragraphs]
        return record | {"paragraphs": paragraphs}
    return record


def citation_record(citation: Citation) -> dict[str, Any]:
    """A citation as a JSON object; what few have (a row, a derived capacity) only where it is."""
    speech, source = citation.speech, citation.source
    record = {
        "speech": speech.id,
        "file": speech.file,
        "speaker": speech.speaker,
        "country": speech.country,
        "symbol": speech.symbol,
        "date": speech.date,
        "paragraph": citation.paragraph,
        "lines": list(citation.lines),
        "start": citation.span.start,
        "end": citation.span.end,
        "source_start": source.start,
        "source_end": source.end,
        **{name: value for name, value in stated_pages(citation).items() if value},
        "reference": citation.reference,
    }
    if speech.row is not None:
        record["row"] = speech.row
    if speech.capacity is not None:
        record |= {"capacity": speech.capacity, "capacity_derived": speech.capacity_derived}
    return record


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "quote": finding.citation.quote,
        "short": finding.short.quote if finding.short else None,
        "score": round(finding.score, 4),
        "citation": citation_record(finding.citation),
        "again": [citation_record(citation) for citation in finding.again],
    }


def _related(related: Finding) -> dict[str, Any]:
    return {
        "passage": related.passage,
        "quote": related.citation.quote,
        "citation": citation_record(related.citation),
        "score": round(related.score, 4),
    }


def _searched(searched: Searched) -> dict[str, Any]:
    return {
        "speeches": searched.speeches,
        "passages": searched.passages,
        "filters": searched.filters.stated(),
    }


def sheet_record(sheet: Sheet, id_: str | None = None) -> dict[str, Any]:
    """What was said on a topic as a JSON object; `id_` is that of the topic in a batch."""
    record: dict[str, Any] = {} if id_ is None else {"id": id_}
    return record | {
        "topic": sheet.topic,
        "positions": [_position(position) for position in sheet.positions],
        "silent": [
            {**_delegation(one.delegation), "speeches": one.speeches} for one in sheet.silent
        ],
        "searched": _searched(sheet.searched),
    }


def failed_topic(id_: str, topic: str, error: str) -> dict[str, Any]:
    """What stands in a batch for a topic that nothing could be said on."""
    return {"id": id_, "topic": topic, "positions": [], "silent": [], "error": error}


def _position(position: Position) -> dict[str, Any]:
    """`speaker` is the one who speaks, if one did for the delegation throughout."""
    speakers = {citation.speech.speaker for q in position.quotes for citation in q.sources}
    return {
        **_delegation(position.delegation),
        "speaker": next(iter(speakers)) if len(speakers) == 1 else None,
        "first": position.first.speech.date if position.first else None,
        "latest": position.latest.speech.date if position.latest else None,
        "mentions": position.mentions,
        "quotes": [_quote(quote) for quote in position.quotes],
    }


def _delegation(delegation: Delegation) -> dict[str, Any]:
    return {"country": delegation.country, "speaker": delegation.speaker}


def _quote(quote: Quote) -> dict[str, Any]:
    return {
        "quote": quote.citation.quote,
        "score": round(quote.score, 4),
        "citation": citation_record(quote.citation),
        "again": [
            {"quote": other.quote, "citation": citation_record(other)} for other in quote.again
        ],
    }


def verified_record(verified: Verified) -> dict[str, Any]:
    """A document that was checked as a JSON object."""
    return {
        "exact": verified.exact,
        "same_library": verified.same_library,
        "problems": list(verified.problems),
        "citations": [_rechecked(check) for check in verified.checks],
    }


def _rechecked(check: Rechecked) -> dict[str, Any]:
    receipt = check.receipt
    return {
        "speech": receipt.speech,
        "start": receipt.span.start,
        "end": receipt.span.end,
        "quote": receipt.quote,
        "standing": check.standing,
        "differences": list(check.differences),
        "now": citation_record(check.now) if check.now else None,
    }
