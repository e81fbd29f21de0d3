"""Checking again what was cited: does each quote still stand where it is said to stand?

Needs the speeches of a library and no model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from rapidfuzz import fuzz

from assistant import storage
from assistant.answer import Citation
from assistant.dossier import period
from assistant.errors import RapporteurError
from assistant.speech import Speech, corpus_hash, written_date
from assistant.speeches import Speeches
from assistant.text import Span

Standing = Literal["exact", "moved", "changed", "gone"]
_ALIKE = 60
"""Per cent of its letters that a quote must share with the record to be called changed."""
IDENTITY = ("file", "row", "speaker", "country", "symbol", "date", "byline", "delegation")
"""What a citation says of its speech; everything else is about the place in it."""


@dataclass(frozen=True)
class Receipt:
    """A citation as a document has it.

    Attributes:
        speech: Id of the speech.
        span: Offsets into its text.
        quote: The words, if the document has them here.
        stated: What else it says, by name, of what `facts` of a citation tells.
    """

    speech: str
    span: Span
    quote: str | None = None
    stated: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """Citations of one section of a document.

    Attributes:
        receipts: In order.
        period: First and latest mention as the document has them, ISO 8601 or written out.
    """

    receipts: tuple[Receipt, ...]
    period: tuple[str | None, str | None] | None = None


@dataclass(frozen=True)
class Document:
    """What was read of a document.

    Attributes:
        groups: Its citations.
        quotes: How many citations it says it has; None if it does not say.
        library: Hash of the library it says it is from.
        problems: What is wrong with it besides, a line each.
    """

    groups: tuple[Group, ...]
    quotes: int | None = None
    library: str | None = None
    problems: tuple[str, ...] = ()

    @property
    def receipts(self) -> list[Receipt]:
        return [receipt for group in self.groups for receipt in group.receipts]


@dataclass(frozen=True)
class Rechecked:
    """A receipt and how it stands.

    Attributes:
        receipt: As read.
        standing: "exact": words, place and record as cited; "moved": the words stand in the
            record, but elsewhere; "changed": they, or what is said of them, differ; "gone":
            nothing like them is where they are said to be.
        differences: What differs, a line each.
        now: Where the words stand, or what stands in their place.
    """

    receipt: Receipt
    standing: Standing
    differences: tuple[str, ...] = ()
    now: Citation | None = None


@dataclass(frozen=True)
class Verified:
    """A document checked against a library.

    Attributes:
        checks: Each citation.
        problems: What is wrong with the document as a whole, a line each.
        same_library: Whether it is from a library of the same speeches; None if it does not say.
    """

    checks: tuple[Rechecked, ...]
    problems: tuple[str, ...]
    same_library: bool | None

    @property
    def exact(self) -> bool:
        return not self.problems and all(check.standing == "exact" for check in self.checks)


class Verifier:
    """Checks documents against the speeches of a library."""

    def __init__(self, speeches: Mapping[str, Speech], corpus: str | None = None) -> None:
        self._speeches = speeches
        self._corpus = corpus

    @classmethod
    def open(cls, folder: Path) -> Verifier:
        """With the speeches of the library in `folder`; no model is loaded.

        Raises:
            LibraryError: There is no library, or it was changed since it was built.
        """
        while True:
            state = storage.present_state(folder)
            try:
                speeches = Speeches.open(state, storage.check(state))
                return cls(speeches, corpus_hash(speeches.in_order()))
            except (RapporteurError, OSError):
                # Replaced while it was read: there is a newer state.
                if storage.present_state(folder) == state:
                    raise

    def verify(self, document: Document) -> Verified:
        """Check every citation of a document, and that none of them is missing."""
        checks = tuple(self.check(receipt) for receipt in document.receipts)
        problems = list(document.problems)
        problems += [line for group in document.groups for line in self._period(group)]
        if not checks and document.quotes is None:
            problems.append("there is no quote in it")
        if document.quotes not in (None, len(checks)):
            has = f"and has {len(checks)}"
            problems.append(f"it says that it has {document.quotes} citations, {has}")
        same = None if document.library is None else document.library == self._corpus
        return Verified(checks, tuple(problems), same)

    def check(self, receipt: Receipt) -> Rechecked:
        """How one citation stands."""
        speech = self._speeches.get(receipt.speech)
        if speech is None:
            return self._elsewhere(receipt) or Rechecked(
                receipt, "gone", (f"no speech {receipt.speech!r} in this library",)
            )
        citation = citation_at(speech, receipt.span)
        if citation is not None and receipt.quote in (None, citation.quote):
            differences = tuple(_differences(receipt, facts(citation)))
            return Rechecked(receipt, "changed" if differences else "exact", differences, citation)
        return self._in(speech, receipt, citation)

    def _in(self, speech: Speech, receipt: Receipt, there: Citation | None) -> Rechecked:
        """A quote that does not stand where it is said to, in the speech it is said to be in."""
        quote = receipt.quote
        if quote is None:
            return Rechecked(receipt, "gone", ("the speech has no such place",))
        found = _find(speech, quote)
        if found is not None:
            record = facts(found)
            others = tuple(_differences(receipt, record, IDENTITY))
            moved = f"the words stand at {found.span.start}-{found.span.end}"
            return Rechecked(receipt, "changed" if others else "moved", (*others, moved), found)
        if there is not None and fuzz.ratio(quote, there.quote) >= _ALIKE:
            return Rechecked(receipt, "changed", (f"the record has: {there.quote}",), there)
        if fuzz.partial_ratio(quote, speech.text) >= _ALIKE:
            return Rechecked(receipt, "changed", ("the record has these words otherwise",))
        return self._elsewhere(receipt) or Rechecked(
            receipt, "gone", ("the words are not in the speech",)
        )

    def _elsewhere(self, receipt: Receipt) -> Rechecked | None:
        """The words in another speech."""
        for speech in self._speeches.values() if receipt.quote else ():
            found = _find(speech, receipt.quote or "")
            if found is not None:
                line = f"the words stand in {found.reference}"
                return Rechecked(receipt, "moved", (line,), found)
        return None

    def _period(self, group: Group) -> Iterator[str]:
        """What is wrong with the first and latest mention that a section states."""
        if group.period is None:
            return
        speeches = [self._speeches.get(receipt.speech) for receipt in group.receipts]
        actual = period(speech for speech in speeches if speech)
        for name, stated, day in zip(
            ("first", "latest"), group.period, actual or (None, None), strict=True
        ):
            if stated not in ((day, written_date(day)) if day else (None,)):
                told = written_date(day) if day else "not known"
                yield f"{name} mention: the document has {stated}, the record {told}"


def facts(citation: Citation) -> dict[str, Any]:
    """All that a document may state of a citation, by name."""
    speech, source = citation.speech, citation.source
    return {
        "file": speech.file,
        "row": speech.row,
        "speaker": speech.speaker,
        "country": speech.country,
        "symbol": speech.symbol,
        "date": speech.date,
        "byline": speech.byline,
        "delegation": speech.country or speech.speaker or "Speaker unknown",
        "paragraph": citation.paragraph,
        "lines": list(citation.lines),
        "source_start": source.start,
        "source_end": source.end,
        **stated_pages(citation),
        "place": citation.place,
        "reference": citation.reference,
    }


def stated_pages(citation: Citation) -> dict[str, Any]:
    """The page that a citation begins on, and both if it ends on another; none without pages."""
    if citation.pages is None:
        return {"page": None, "pages": None}
    first, last = citation.pages
    return {"page": first, "pages": [first, last] if last != first else None}


def _differences(
    receipt: Receipt, record: Mapping[str, Any], names: Sequence[str] | None = None
) -> Iterator[str]:
    for name, stated in receipt.stated.items():
        if names is not None and name not in names:
            continue
        if _plain(stated) != _plain(record[name]):
            yield f"{name}: the document has {_told(stated)}, the record {_told(record[name])}"


def _plain(value: Any) -> Any:
    """Documents break lines where they like."""
    return (" ".join(value.split()) or None) if isinstance(value, str) else value


def _told(value: Any) -> str:
    return "none" if value in (None, "") else str(value)


def citation_at(speech: Speech, span: Span) -> Citation | None:
    """The citation of a span, None if the speech has no such span."""
    if not 0 <= span.start < span.end <= len(speech.text):
        return None
    for number, paragraph in enumerate(speech.reading.paragraphs, start=1):
        if paragraph.start <= span.start < paragraph.end:
            citation = Citation(speech, number, span)
            return citation if _on_words(citation) else None
    return None


def _on_words(citation: Citation) -> bool:
    try:
        return bool(citation.source)
    except ValueError:  # it begins or ends between two runs
        return False


def _find(speech: Speech, quote: str) -> Citation | None:
    start = speech.text.find(quote) if quote else -1
    return citation_at(speech, Span(start, start + len(quote))) if start >= 0 else None
