"""What becomes of a quotation that is checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assistant.answer import Citation, Searched
from assistant.errors import QuestionError
from assistant.quotation.alignment import Change
from assistant.quotation.words import Words, is_content
from assistant.speech import Speech
from assistant.text import Span

LONGEST_QUOTATION = 5000
"""Characters."""
FEWEST_WORDS = 3
_ALSO = 5

Standing = Literal["exact", "typographic", "altered", "partial", "absent"]
Verdict = Literal["exact", "typographic", "altered", "misattributed", "partial", "absent"]


@dataclass(frozen=True)
class Source:
    """A speech that has the words.

    Attributes:
        citations: One for each run of words; more than one where the quotation marks that it
            leaves words out, or has words from several places.
        standing: How the words stand there.
        fits: Whether it is whose, and whence, the quotation is said to be; None where the
            record does not tell.
    """

    citations: tuple[Citation, ...]
    standing: Standing
    fits: bool | None

    @property
    def citation(self) -> Citation:
        return self.citations[0]

    @property
    def speech(self) -> Speech:
        return self.citation.speech


@dataclass(frozen=True)
class Edit:
    """A step from the record to the quotation.

    Attributes:
        kind: "keep" for words of both, "delete" for words of the record that the quotation
            lacks, "insert" for words that it puts in.
        record: Where the words stand in the speech; None for "insert".
        quoted: Where they stand in the quotation; None for "delete".
    """

    kind: Literal["keep", "delete", "insert"]
    record: Span | None
    quoted: Span | None


@dataclass(frozen=True)
class Part:
    """Words of a quotation, and where they stand.

    Attributes:
        span: Of the quotation.
        citation: None if these words were found nowhere.
    """

    span: Span
    citation: Citation | None


@dataclass(frozen=True)
class CheckedQuotation:
    """A quotation and how it stands in the library.

    Attributes:
        quotation: As given.
        verdict: In a word.
        standing: How its words stand, whoever said them.
        searched: What it was looked for in, always the whole library; `filters` tells what it
            was held against.
        sources: The speeches that have it, those that fit first.
        more: How many more there are.
        edits: From the first source to an altered quotation.
        changes: Those of the edits that change what is said.
        parts: Of a partial quotation, in order, what was found and what was not.
        notes: What to know beside this, a sentence each.
    """

    quotation: str
    verdict: Verdict
    standing: Standing
    searched: Searched
    sources: tuple[Source, ...] = ()
    more: int = 0
    edits: tuple[Edit, ...] = ()
    changes: tuple[Change, ...] = ()
    parts: tuple[Part, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[Citation, ...]:
        """The record's words that a reader sees: parts that were found, or the first source."""
        if self.parts or not self.sources:
            return tuple(part.citation for part in self.parts if part.citation)
        return self.sources[0].citations

    @property
    def also(self) -> tuple[Source, ...]:
        """Further sources, as many as are shown."""
        return () if self.parts else self.sources[1 : 1 + _ALSO]

    @property
    def further(self) -> int:
        """How many sources there are beyond those shown."""
        return self.more + len(self.sources[1:]) - len(self.also)

    def words(self, edit: Edit) -> str:
        """The words of an edit: the record's, or those that the quotation puts in."""
        if edit.record is not None:
            return edit.record.of(self.sources[0].speech.text)
        return edit.quoted.of(self.quotation) if edit.quoted else ""


def checked_quotation(text: str) -> Words:
    """The words of a quotation that can be checked.

    Raises:
        QuestionError: It is no text, too long, or too short to tell one speech from another.
    """
    if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise QuestionError("the quotation is not proper Unicode text; paste it again")
    if any(char < " " and not char.isspace() for char in text):
        raise QuestionError("the quotation is not text; paste the words of a speech")
    if not any(map(str.isalnum, text)):
        raise QuestionError("the quotation is empty; paste the words of a speech")
    if len(text) > LONGEST_QUOTATION:
        raise QuestionError(
            f"the quotation has {len(text):,} characters; check at most {LONGEST_QUOTATION:,}"
        )
    words = Words.of(text)
    if len(words) < FEWEST_WORDS or not any(map(is_content, words.keys)):
        raise QuestionError(
            f"the quotation is too short to be told from others; paste at least {FEWEST_WORDS} "
            "words, one of them more than “of” or “the”"
        )
    return words
