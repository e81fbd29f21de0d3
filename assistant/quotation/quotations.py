"""Whether a quotation stands in the speeches: exactly, altered, as somebody else's, or not."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from assistant.answer import Citation, Searched
from assistant.filters import Filters
from assistant.library import Library
from assistant.quotation.alignment import Alignment, align, changes, longest_new
from assistant.quotation.attribution import Attribution, delegations
from assistant.quotation.checked import (
    FEWEST_WORDS,
    CheckedQuotation,
    Edit,
    Part,
    Source,
    checked_quotation,
)
from assistant.quotation.lexicon import Lexicon
from assistant.quotation.parts import enough, parts
from assistant.quotation.verbatim import Place, Quoted, Verbatim, exact
from assistant.quotation.words import Words, is_content, negates
from assistant.text import Span

_SOURCES = 50
_NEAREST = 12
_ALIGNED = 6
_KEPT, _MOSTLY = 0.6, 0.8
"""Shares of the words that a passage keeps to be recognised in an altered quotation."""
_NEW = 6
"""Words on end that are no alteration of a passage, but from elsewhere."""
_SHORT = 6
_BEFORE = 3
_TOLD = 12
_NAME = r"(?:[^\W\d_a-z][\w'’-]*|de|la|du|da|di|del|dos|van|von|der|den|al|el|bin|ibn|y)"
_BYLINE = re.compile(
    rf"[\W_]*((?:(?:Mr|Mrs|Ms|Miss|Dr|Sir|Dame)\.? {_NAME}(?: {_NAME}){{0,5}}"
    r"|The (?:President|Secretary-General))(?: \([^()\n]{1,60}\)){0,2})\s*:\s+"
)
_SCATTERED = "All of these words were said, but not on end in one place."


class Quotations:
    """Checks quotations against a library; made once for it."""

    def __init__(self, library: Library, lexicon: Lexicon | None = None) -> None:
        self.library = library
        self._lexicon = lexicon or Lexicon(library)
        self._verbatim = Verbatim(self._lexicon)
        self._delegations = delegations(library.speeches.one_of_each("country"))

    def check(
        self, quotation: str, speaker: str | None = None, filters: Filters | None = None
    ) -> CheckedQuotation:
        """Look for a quotation in the whole library.

        Args:
            quotation: As pasted.
            speaker: Who is said to have said it: a name or a delegation.
            filters: Where it is said to be from.

        Raises:
            QuestionError: The quotation is too short or too long, or is no text.
            FilterError: The speaker cannot be understood.
        """
        words = checked_quotation(quotation)
        attribution = Attribution.of(speaker, filters, self._delegations)
        check = self._check(quotation, Quoted.of(words), attribution)
        byline = _BYLINE.match(quotation)
        if byline is None or check.standing in ("exact", "typographic"):
            return check
        # Pasted with the name of the speaker before it, as the records print it.
        rest = Words.of(" " * byline.end() + quotation[byline.end() :])
        if attribution.speaker is None:
            attribution = Attribution.of(byline[1], filters, self._delegations)
        other = self._check(quotation, Quoted.of(rest), attribution)
        if not other.sources or len(rest) < FEWEST_WORDS:
            return check
        note = f"“{byline[1]}:” was taken for who spoke, not for words of the quotation."
        return replace(other, notes=(note, *other.notes))

    def _check(self, quotation: str, quoted: Quoted, attribution: Attribution) -> CheckedQuotation:
        speeches = self.library.speeches
        searched = Searched(len(speeches), len(self.library.passages), attribution.stated)
        blank = CheckedQuotation(quotation, "absent", "absent", searched)
        nearest = self._lexicon.nearest(quoted.words, _NEAREST)
        if places := self._places(quoted, nearest):
            return self._standing(blank, places, attribution)
        return self._unlike(blank, quoted, nearest, attribution)

    def _places(self, quoted: Quoted, nearest: list[str]) -> dict[str, Place]:
        """Where the words stand so, or so but for typography, by speech."""
        found = {
            id_: place
            for id_ in self._lexicon.with_all(quoted.plain)
            if (place := exact(quoted, self.library.speeches[id_].text))
        }
        others = [*nearest, *(() if found else self._lexicon.with_letters(quoted.words))]
        for id_ in dict.fromkeys(others):
            if id_ not in found and (place := self._verbatim.typographic(quoted, id_)):
                found[id_] = place
        return found

    def _standing(
        self, blank: CheckedQuotation, places: dict[str, Place], attribution: Attribution
    ) -> CheckedQuotation:
        """The check of a quotation whose words stand in these speeches."""
        sources = _in_order(
            Source(
                tuple(self._citation(id_, span) for span in place.spans),
                "exact" if place.exact else "typographic",
                attribution.fits(self.library.speeches[id_]),
            )
            for id_, place in places.items()
        )
        first = sources[0]
        place = places[first.speech.id]
        return replace(
            blank,
            verdict="misattributed" if first.fits is False else first.standing,
            standing=first.standing,
            sources=tuple(sources[:_SOURCES]),
            more=max(len(sources) - _SOURCES, 0),
            notes=(
                *_notes(first, attribution),
                *_surroundings(place, self._lexicon.words(first.speech.id), blank.quotation),
            ),
        )

    def _unlike(
        self, blank: CheckedQuotation, quoted: Quoted, nearest: list[str], attribution: Attribution
    ) -> CheckedQuotation:
        """The check of a quotation whose words stand so nowhere."""
        aligned = {
            id_: found
            for id_ in nearest[:_ALIGNED]
            if (found := align(quoted.words, self._lexicon.words(id_), self._same))
        }
        fits = {id_: attribution.fits(self.library.speeches[id_]) for id_ in nearest}
        order = sorted(aligned, key=lambda id_: (aligned[id_].cost, fits[id_] is False))
        if not order or not self._recognisable(best := aligned[order[0]]):
            return self._partial(blank, quoted.words, nearest, attribution)
        if mended := self._mended(quoted, order, aligned):
            check = self._standing(blank, mended, attribution)
            return replace(check, notes=(*check.notes, *_slips(best)))
        sources = tuple(
            Source((self._citation(id_, _window(aligned[id_])),), "altered", fits[id_])
            for id_ in order
            if aligned[id_].cost == best.cost
        )
        return replace(
            blank,
            verdict="altered",
            standing="altered",
            sources=sources[:_SOURCES],
            edits=tuple(_edits(best)),
            changes=tuple(changes(best)),
            notes=(*_notes(sources[0], attribution), *_slips(best)),
        )

    def _same(self, record: Words, left: Span, quoted: Words, right: Span) -> bool:
        """Whether words are the same but for typography or a misprint of the record."""
        if self._verbatim.same(record, left, quoted, right):
            return True
        alone = left.end - left.start == right.end - right.start == 1
        return alone and self._lexicon.is_slip(record.word(left.start), quoted.word(right.start))

    def _recognisable(self, found: Alignment) -> bool:
        """Whether the quotation is this passage with words changed."""
        keys = found.quoted.keys
        content = sum(map(is_content, keys))
        kept = [keys[n] for block in found.blocks if block.same for n in range(*block.quoted)]
        kept_content = sum(map(is_content, kept))
        if len(keys) < _SHORT:
            # So few words are altered only where what changed is no topic.
            return found.is_slight and kept_content >= 2 and len(kept) >= len(keys) - 2
        if len(kept) < _KEPT * len(keys) or longest_new(found) >= _NEW:
            return False
        mostly = len(kept) >= _MOSTLY * len(keys)
        return (mostly and found.is_slight) or kept_content >= max(2 - mostly, content / 2)

    def _mended(
        self, quoted: Quoted, order: list[str], aligned: dict[str, Alignment]
    ) -> dict[str, Place]:
        """Where the words stand once they are misprinted as the record has them."""
        places: dict[str, Place] = {}
        for id_ in order:
            found = aligned[id_]
            if found.cost or not found.misprints:
                continue
            text = quoted.text
            for block in reversed(found.misprints):
                start, end = found.quoted.span(*block.quoted)
                text = text[:start] + found.record.surface(block.record) + text[end:]
            if place := self._verbatim.typographic(Quoted.of(Words.of(text)), id_):
                places[id_] = place
        return places

    def _partial(
        self, blank: CheckedQuotation, words: Words, nearest: list[str], attribution: Attribution
    ) -> CheckedQuotation:
        """The check of a quotation of which at most parts stand somewhere."""
        found = sorted(parts(words, {id_: self._lexicon.words(id_) for id_ in nearest}))
        if not enough(words, found):
            return blank
        told: list[Part] = []
        end = 0
        for part in found:
            if part.quoted.start > end:
                told.append(Part(words.span(end, part.quoted.start), None))
            record = self._lexicon.words(part.speech).span(*part.record)
            told.append(Part(words.span(*part.quoted), self._citation(part.speech, record)))
            end = part.quoted.end
        if end < len(words):
            told.append(Part(words.span(end, len(words)), None))
        by_speech: dict[str, list[Citation]] = {}
        for citation in (part.citation for part in told if part.citation):
            by_speech.setdefault(citation.speech.id, []).append(citation)
        sources = _in_order(
            Source(tuple(each), "partial", attribution.fits(each[0].speech))
            for each in by_speech.values()
        )
        whole = all(part.citation for part in told)
        return replace(
            blank,
            verdict="partial",
            standing="partial",
            sources=tuple(sources),
            parts=tuple(told),
            notes=(*_notes(sources[0], attribution), *([_SCATTERED] if whole else [])),
        )

    def _citation(self, id_: str, span: Span) -> Citation:
        speech = self.library.speeches[id_]
        paragraph = bisect_right(speech.reading.paragraphs, Span(span.start, len(speech.text)))
        return Citation(speech, max(paragraph, 1), span)


def _in_order(sources: Iterable[Source]) -> list[Source]:
    """Those that fit first, then those of which it is not known; exact ones first of each."""
    fits = {True: 0, None: 1, False: 2}
    return sorted(sources, key=lambda source: (fits[source.fits], source.standing != "exact"))


def _window(found: Alignment) -> Span:
    return found.record.span(*found.window)


def _edits(found: Alignment) -> Iterator[Edit]:
    for same, group in groupby(found.blocks, key=lambda block: block.same):
        blocks = list(group)
        record = Span(blocks[0].record.start, blocks[-1].record.end)
        quoted = Span(blocks[0].quoted.start, blocks[-1].quoted.end)
        there = found.record.span(*record) if record.end > record.start else None
        given = found.quoted.span(*quoted) if quoted.end > quoted.start else None
        if same:
            yield Edit("keep", there, given)
            continue
        if there:
            yield Edit("delete", there, None)
        if given:
            yield Edit("insert", None, given)


def _notes(source: Source, attribution: Attribution) -> Iterator[str]:
    speech = source.speech
    if source.fits is False and source.standing in ("altered", "partial"):
        asked = " · ".join(attribution.stated.stated().values())
        yield f"The record's words are from {speech.byline}, {speech.occasion}; not: {asked}."
    if source.fits is None:
        unknown = "who spoke" if attribution.filters == Filters() else "all that was asked"
        yield f"The record does not tell {unknown}: {speech.byline}, {speech.occasion}."
    if speech.language and speech.language != "English":
        yield f"It was delivered in {speech.language}; the words are those of the interpretation."


def _surroundings(place: Place, record: Words, quotation: str) -> Iterator[str]:
    """What the record has about the quoted words that the quotation does not show."""
    for span in place.left_out:
        left_out = span.of(record.text)
        words = len(Words.of(left_out))
        what = f"“{left_out}”" if words <= _TOLD else f"{words} words"
        yield f"Left out where the quotation marks it: {what}."
    begin = bisect_left(record.spans, (place.spans[0].start, 0))
    for number in range(begin - 1, max(begin - 1 - _BEFORE, -1), -1):
        if record.ends_sentence(number):
            break
        if negates(record.keys[number]):
            before = record.span(number, begin).of(record.text)
            yield f"The record has “{before}” just before these words."
            break
    asked = sum(record.text.count("?", span.start, span.end + 1) for span in place.spans)
    if asked != quotation.count("?") and not (asked < quotation.count("?") and place.left_out):
        yield "The record and the quotation differ in a question mark."


def _slips(found: Alignment) -> Iterator[str]:
    for block in found.misprints:
        record, quoted = found.record.surface(block.record), found.quoted.surface(block.quoted)
        yield f"The record prints “{record}”, which was taken for a slip of “{quoted}”."
