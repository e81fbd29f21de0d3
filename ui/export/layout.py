"""What the documents share: how a place is written down, the provenance, and how they are read."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, unquote

from assistant.answer import Citation
from assistant.dossier import Dossier, Entry, Section
from assistant.errors import ExportError
from assistant.filters import Filters
from assistant.receipt import Document, Group, Receipt
from assistant.speech import written_date
from assistant.text import Span
from ui.wording import filters_in_words

SAID_AGAIN = "Said again:"
NOTE = "Note:"
REFERENCES = "References"
PROVENANCE = "About this document"
CITATIONS, LIBRARY, SEAL = "Citations", "Library", "Seal"
"""Labels of the provenance that are read again."""
_SEAL_DIGITS = 16
CHANGED = "what it says about itself was changed since it was written"


@dataclass(frozen=True)
class Numbered:
    """An entry with the number of its quote; those of where else it was said follow on."""

    number: int
    entry: Entry

    @property
    def sources(self) -> list[tuple[int, Citation]]:
        return list(enumerate(self.entry.sources, start=self.number))


def numbered(dossier: Dossier) -> Iterator[tuple[str, Section, list[Numbered]]]:
    """The sections in order, each with the title of its chapter and its entries.

    The numbers are those of the page: one for each source, on through the document.
    """
    number = 1
    for chapter in dossier.chapters:
        for section in chapter.sections:
            entries = []
            for entry in section.entries:
                entries.append(Numbered(number, entry))
                number += len(entry.sources)
            yield chapter.title, section, entries


def anchor(citation: Citation) -> str:
    """Where a quote stands, for a program: `001_ad2d82d0697ae8e5 3120-3391 file 3155-3429`."""
    span, source = citation.span, citation.source
    place = f"{span.start}-{span.end} file {source.start}-{source.end}"
    return f"{quote(citation.speech.id)} {place}"


_ANCHOR = re.compile(r"(\S+) (\d+)-(\d+) file (\d+)-(\d+)")


def receipt(place: str, words: str | None, stated: dict[str, Any]) -> Receipt:
    """What `anchor` wrote, with the words and what else is stated.

    Raises:
        ExportError: It is no such place.
    """
    found = _ANCHOR.fullmatch(" ".join(place.split()))
    if found is None:
        raise ExportError(f"{place!r} does not say where a quote stands; export it again")
    start, end, source_start, source_end = (int(number) for number in found.groups()[1:])
    at = {"source_start": source_start, "source_end": source_end}
    return Receipt(unquote(found[1]), Span(start, end), words, {**stated, **at})


def period_line(section: Section) -> str | None:
    """ "First mention found: May 2004; latest: 12 September 2018."

    None if no date is known, and for quotes that are not the mentions of one delegation.
    """
    if section.period is None or not section.delegation:
        return None
    first, latest = map(written_date, section.period)
    return f"First mention found: {first}; latest: {latest}."


_PERIOD = re.compile(r"First mention found: (.*); latest: (.*)\.")


def provenance(dossier: Dossier, citations: int | None = None) -> list[tuple[str, str]]:
    """Labels and values, with a seal that tells whether any of them was changed.

    Args:
        dossier: To tell of.
        citations: How many the document has, if not all that the dossier has.
    """
    of = dossier.provenance
    if citations is None:
        citations = len(dossier.citations)
    rows = [
        ("Made with", of.program),
        ("Made at", of.made),
        (LIBRARY, of.library),
        ("Models", of.models),
        ("Asked", "; ".join(of.asked)),
        ("Filters", _filters(of.filters)),
        ("Searched", f"{of.speeches} speeches, {of.passages} passages"),
        (CITATIONS, str(citations)),
        ("To check it again", "rapporteur verify FILE"),
    ]
    plain = [(label, " ".join(value.split())) for label, value in rows]
    return [*plain, (SEAL, seal(dict(plain)))]


def _filters(filters: Filters | None) -> str:
    if filters is None:
        return "not always the same; each chapter says its own"
    return filters_in_words(filters) or "none"


def seal(told: Mapping[str, Any]) -> str:
    """Hash of what a provenance tells. It shows a slip, not a forger."""
    content = json.dumps({label: told[label] for label in sorted(told) if label != SEAL})
    return hashlib.sha256(content.encode()).hexdigest()[:_SEAL_DIGITS]


Kind = Literal[
    "chapter", "delegation", "period", "quote", "again", "reference", "anchor", "label", "value"
]
Event = tuple[Kind, str]
"""A piece of a document that is read: what it is, and its text."""


@dataclass
class _Source:
    words: str | None
    references: list[str] = field(default_factory=list)
    anchor: str = ""

    def receipt(self, delegation: str) -> Receipt:
        # A document that has it in two places must have it right in both.
        told = dict.fromkeys(" ".join(reference.split()) for reference in self.references)
        stated: dict[str, Any] = {"reference": "; ".join(told)}
        if delegation:
            stated["delegation"] = delegation
        return receipt(self.anchor, self.words, stated)


@dataclass
class _Reading:
    delegation: str = ""
    period: tuple[str, str] | None = None
    sources: list[_Source] = field(default_factory=list)

    def group(self) -> Group:
        return Group(tuple(one.receipt(self.delegation) for one in self.sources), self.period)


def document(events: Iterable[Event]) -> Document:
    """Put together what was read, in the order of the document.

    Raises:
        ExportError: A quote without a place, or a place without a quote.
    """
    readings = [_Reading()]
    told: dict[str, str] = {}
    label = ""
    for kind, text in events:
        now = readings[-1]
        if kind == "chapter":
            readings.append(_Reading())
        elif kind == "delegation":
            readings.append(_Reading(" ".join(text.split())))
        elif kind == "period":
            found = _PERIOD.fullmatch(" ".join(text.split()))
            now.period = (found[1], found[2]) if found else ("?", "?")
        elif kind in ("quote", "again"):
            now.sources.append(_Source(text if kind == "quote" else None))
        elif kind in ("reference", "anchor"):
            if not now.sources:
                raise ExportError("a reference without a quote; export the document again")
            if kind == "anchor":
                now.sources[-1].anchor = text
            else:
                now.sources[-1].references.append(text)
        elif kind == "label":
            label = text
        else:
            told.setdefault(label, text)
    groups = tuple(reading.group() for reading in readings if reading.sources)
    return documented(groups, told)


def documented(groups: Sequence[Group], told: dict[str, str]) -> Document:
    """Citations with what the provenance says of them.

    Raises:
        ExportError: There is no provenance of ours.
    """
    if not told.get(CITATIONS, "").isdecimal():
        raise ExportError("no document of Rapporteur, or its provenance is gone")
    broken = told.get(SEAL) != seal(told)
    problems = (CHANGED,) if broken else ()
    return Document(tuple(groups), int(told[CITATIONS]), told.get(LIBRARY), problems)


def decoded(data: bytes) -> str:
    """Raises ExportError when the data are not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExportError("not UTF-8 text; export it again") from error
