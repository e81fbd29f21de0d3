"""JSON: the document as an object; and any JSON of ours, read for what it cites."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import islice
from typing import Any

from assistant.answer import Answer
from assistant.briefing import Briefing
from assistant.dossier import Chapter, Dossier, Section, Turn
from assistant.errors import ExportError
from assistant.quotation.checked import CheckedQuotation
from assistant.receipt import Document, Group, Receipt
from assistant.text import Span
from ui import contract
from ui.export.bibliography import holds_csl, read_csl
from ui.export.layout import CHANGED, SEAL, Numbered, decoded, numbered, seal

_STATED = (
    "file row speaker country symbol date paragraph lines source_start source_end page pages "
    "reference"
).split()
_Object = dict[str, Any]


def render_json(dossier: Dossier) -> bytes:
    """UTF-8."""
    sections = numbered(dossier)
    content: _Object = {"chapters": [_chapter(chapter, sections) for chapter in dossier.chapters]}
    if dossier.turns:
        content["turns"] = [_turn(turn) for turn in dossier.turns]
    of = dossier.provenance
    told = {
        **asdict(of),
        "asked": list(of.asked),
        "filters": of.filters.stated() if of.filters else None,
        # Those of the turns, too: what a program takes from there is checked as well.
        "citations": sum(len(group.receipts) for group in _groups(content)),
    }
    record = {"title": dossier.title, "provenance": {**told, SEAL: seal(told)}, **content}
    return (json.dumps(record, ensure_ascii=False, indent=2) + "\n").encode()


def _turn(turn: Turn) -> _Object:
    """What came of a turn as the contract has it, with what kind of turn it is."""
    match turn.outcome:
        case Answer():
            return {"kind": "question", **contract.answer_record(turn.outcome)}
        case CheckedQuotation():
            return {"kind": "quotation", **contract.quotation_record(turn.outcome)}
        case Briefing(sheets=sheets):
            return {"kind": "briefing", "topics": [contract.sheet_record(one) for one in sheets]}
        case str():
            return {"kind": "notice", "text": turn.text, "notice": turn.outcome}
        case _:
            return {"kind": "claim", **contract.claim_record(turn.text, turn.outcome)}


def _chapter(chapter: Chapter, sections: Iterator[tuple[str, Section, list[Numbered]]]) -> _Object:
    """A chapter; `sections` are those of the document from its first on."""
    return {
        "title": chapter.title,
        "remarks": [*chapter.remarks, *chapter.closing],
        "sections": [
            {
                "delegation": section.delegation or None,
                "first": section.period[0] if section.period else None,
                "latest": section.period[1] if section.period else None,
                "quotes": [_entry(one) for one in entries],
            }
            for _, section, entries in islice(sections, len(chapter.sections))
        ],
    }


def _entry(one: Numbered) -> _Object:
    first, *again = [
        {"number": number, "quote": said.quote, "citation": contract.citation_record(said)}
        for number, said in one.sources
    ]
    return {**first, "note": one.entry.note or None, "again": again}


def read_json(data: bytes) -> Document:
    """An export, an answer, or a batch of answers, one a line.

    Raises:
        ExportError: It is not JSON, or what it cites is not cited as it should be.
    """
    text = decoded(data)
    try:
        value = _parsed(text)
        if holds_csl(value):
            return read_csl(data)
        groups = tuple(_groups(value))
        about = value.get("provenance") if isinstance(value, dict) else None
        if about is None:
            return Document(groups)
        broken = about.get(SEAL) != seal(about)
        problems = (CHANGED,) if broken else ()
        return Document(groups, int(about["citations"]), str(about["library"]), problems)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ExportError(f"not JSON of ours ({error!r})") from error


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.split("\n") if line.strip()]


def _groups(value: Any) -> Iterator[Group]:
    """Citations of an object and of what is in it; those of a delegation are a group."""
    if isinstance(value, list):
        for one in value:
            yield from _groups(one)
    elif isinstance(value, dict) and isinstance(value.get("quotes"), list):
        delegation = value.get("delegation") or value.get("country") or value.get("speaker")
        receipts = [r for quote in value["quotes"] for r in _receipts(quote, delegation)]
        receipts = [_said_by(receipt, value.get("speaker")) for receipt in receipts]
        dated = {"first", "latest"} <= value.keys()
        yield Group(tuple(receipts), (value["first"], value["latest"]) if dated else None)
    elif isinstance(value, dict) and isinstance(value.get("citation"), dict):
        yield Group(tuple(_receipts(value, None)))
    elif isinstance(value, dict):
        for one in value.values():
            yield from _groups(one)


def _said_by(receipt: Receipt, speaker: str | None) -> Receipt:
    """With the one who is said to speak for the whole delegation, where that is another."""
    if speaker is None or receipt.stated.get("speaker") == speaker:
        return receipt
    return replace(receipt, stated={**receipt.stated, "speaker": speaker})


def _receipts(cited: _Object, delegation: str | None) -> Iterator[Receipt]:
    """A quote with its citation, the short answer in it, and where else it was said."""
    words = cited.get("quote")
    if cited["citation"]:
        found = _receipt(words, cited["citation"], delegation)
        yield found
        short = cited.get("short")
        if isinstance(short, str) and short not in (words or ""):
            # The words marked as the answer are not in the quote: one of the two was changed.
            yield replace(found, quote=short)
    for other in [*(cited.get("again") or []), *(cited.get("segments") or [])]:
        if "citation" in other:
            yield _receipt(other.get("quote"), other["citation"], delegation)
        else:
            yield _receipt(None, other, delegation)


def _receipt(words: str | None, citation: _Object, delegation: str | None) -> Receipt:
    stated = {name: citation[name] for name in _STATED if name in citation}
    if delegation is not None:
        stated["delegation"] = delegation
    span = Span(int(citation["start"]), int(citation["end"]))
    return Receipt(str(citation["speech"]), span, words, stated)
