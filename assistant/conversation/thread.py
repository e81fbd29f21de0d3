"""What a conversation remembers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from assistant.answer import Answer, Citation, Slot
from assistant.filters import Filters
from assistant.speech import Speech, written_date

Pronoun = Literal["he", "she"]
_TITLES: dict[str, Pronoun] = {
    **dict.fromkeys(("mr", "sir", "lord", "prince", "king", "sheikh", "monsignor"), "he"),
    **dict.fromkeys(
        ("mrs", "ms", "miss", "dame", "lady", "princess", "queen", "baroness", "sheikha"), "she"
    ),
}
_NAME = r"[^\W\d_a-z][\w’'-]*"
_OFFICES = "Secretary-General|Ambassadors?|General|President|Chairperson|Minister|Director"
_TITLE = "(?:(?:Mr|Mrs|Ms|Miss|Dr|Sir|Dame|Lord|Lady)\\.? )?"
_NAMED = re.compile(
    rf"{_TITLE}{_NAME}(?: (?:(?:al|bin|da|de|del|der|el|ibn|la|van|von) )*{_NAME})*"
)


@dataclass(frozen=True)
class Person:
    """Somebody whom a pronoun can mean.

    Attributes:
        name: As it is written into a question.
        pronoun: By the title; None where there is none.
        slot: What is taken over with the pronoun.
    """

    name: str
    pronoun: Pronoun | None
    slot: Slot


@dataclass(frozen=True)
class Exchange:
    """A question of the conversation with what came of it.

    Attributes:
        number: Of the turn, from 1.
        asked: The completed question.
        scope: What the conversation, or a name in the question, held the search to.
        topic: What it was about; that of the exchange before where it was about a quote.
        answer: To it.
        from_record: Whether it was about a quote, and answered without a search.
    """

    number: int
    asked: str
    scope: tuple[Slot, ...]
    topic: str
    answer: Answer
    from_record: bool = False

    def people(self) -> Iterator[Person]:
        """Who is named in the question, then who spoke, then who is named as the answer."""
        shown = " ".join(finding.citation.quote for finding in self.answer.shown)
        speech = self.answer.shown[0].citation.speech if self.answer.shown else None
        if not self.from_record:
            for name in _names_in(self.asked):
                if person := self._person(name, shown, speech):
                    yield person
        for slot in self.scope:
            if slot.kind == "speaker" and not self.answer.answered:
                yield Person(slot.value, pronoun_of(slot.value), slot)
        if not self.answer.answered:
            return
        if self.answer.answered and re.match(r"who\b", self.asked, re.IGNORECASE):
            short = self.answer.findings[0].short
            for name in _names_in(f"– {short.quote}" if short and not self.answer.record else ""):
                if person := self._person(name, shown, None):
                    yield person
        if speech and speech.speaker:
            yield Person(speech.speaker, pronoun_of(speech.speaker), self.speaker_slot(speech))

    def names(self, name: str) -> bool:
        """Whether a quote shown names somebody so, with a title."""
        shown = " ".join(finding.citation.quote for finding in self.answer.shown)
        return _title_of(name, shown) is not None

    def speaker_slot(self, speech: Speech) -> Slot:
        return speaker_slot(speech, self.number)

    def _person(self, name: str, shown: str, speech: Speech | None) -> Person | None:
        """A name in the question as a person: the one who spoke, or one whom the quotes name."""
        last = name.split()[-1]
        if speech and speech.speaker and last == speech.speaker.split()[-1]:
            return Person(speech.speaker, pronoun_of(speech.speaker), self.speaker_slot(speech))
        slot = Slot("person", name, self.number)
        if pronoun := _title_of(last, shown):
            return Person(name, pronoun, slot)
        if re.search(rf"\b(?:{_OFFICES}) (?:[\w’'-]+ ){{0,3}}{re.escape(last)}\b", shown):
            return Person(name, None, slot)
        asked_who = re.match(rf"who (?:is|was) (?:\w+\.? )?{re.escape(name)}", self.asked, re.I)
        return Person(name, pronoun_of(name), slot) if asked_who or pronoun_of(name) else None


def _title_of(name: str, text: str) -> Pronoun | None:
    """The pronoun for the title with which a text has a name."""
    found = re.search(rf"\b([A-Z]\w+)\.? (?:[\w’'-]+ ){{0,3}}{re.escape(name)}\b", text)
    return _TITLES.get(found[1].lower()) if found else None


def _names_in(text: str) -> Iterator[str]:
    """Runs of capitalised words after the first word."""
    for found in _NAMED.finditer(text):
        if found.start():
            yield re.sub(r"['’]s?$", "", found[0])


def pronoun_of(name: str) -> Pronoun | None:
    return _TITLES.get(name.split()[0].rstrip(".").lower())


def speaker_slot(speech: Speech, turn: int) -> Slot:
    """The one who holds a speech; of an office ("The President") only in that meeting."""
    filters = Filters(speaker=speech.speaker, country=speech.country)
    if speech.speaker and speech.speaker.startswith("The "):
        filters = replace(filters, **_meeting(speech).stated())
    return Slot("speaker", speech.speaker or "", turn, filters)


def _meeting(speech: Speech) -> Filters:
    return Filters(symbol=speech.symbol, since=speech.date, until=speech.date)


def _occasion(speech: Speech) -> str:
    known = [speech.symbol, written_date(speech.date) if speech.date else None]
    return ", ".join(part for part in known if part)


def speech_slot(speech: Speech, turn: int) -> Slot:
    """One speech, as far as its record tells it from others."""
    filters = replace(_meeting(speech), speaker=speech.speaker, country=speech.country)
    return Slot("speech", _occasion(speech) or speech.byline, turn, filters)


def meeting_slot(speech: Speech, turn: int) -> Slot:
    return Slot("meeting", speech.symbol or _occasion(speech), turn, _meeting(speech))


@dataclass(frozen=True)
class Quoted:
    """A quote of the conversation, and the turn in which it was shown."""

    citation: Citation
    turn: int


@dataclass(frozen=True)
class Thread:
    """A conversation up to now.

    Attributes:
        exchanges: The questions, in order.
        turns: How many turns there were, those that were no question among them.
        quoted: Everything quoted, in order of its number `[n]`, from 1.
        that: The quote that "that" means: the first of the latest answer.
        that_turn: Number of the turn that it is of.
    """

    exchanges: tuple[Exchange, ...] = ()
    turns: int = 0
    quoted: tuple[Quoted, ...] = ()
    that: Citation | None = None
    that_turn: int = 0

    @property
    def latest(self) -> Exchange | None:
        return self.exchanges[-1] if self.exchanges else None

    def number_of(self, citation: Citation) -> int:
        """The latest `[n]` of a quote; 0 if it has none."""
        numbers = (n for n, one in enumerate(self.quoted, 1) if one.citation == citation)
        return max(numbers, default=0)

    def people(self) -> Iterator[Person]:
        """Everybody whom a pronoun can mean, the likeliest first."""
        for exchange in reversed(self.exchanges):
            yield from exchange.people()

    def meant(self, pronoun: Pronoun) -> Person | None:
        """The one whom a pronoun means."""
        for person in self.people():
            if pronoun is None or person.pronoun in (None, pronoun):
                return person
        speaker = self.that.speech.speaker if self.that else None
        if self.that and speaker and pronoun_of(speaker) in (None, pronoun):
            slot = speaker_slot(self.that.speech, self.that_turn)
            return Person(speaker, pronoun_of(speaker), slot)
        return None

    def after(self, exchange: Exchange) -> Thread:
        answer = exchange.answer
        cited = replace(self._noted(answer.cited), exchanges=(*self.exchanges, exchange))
        # What is only related to a refused question is "that" until something is answered.
        if not answer.shown or not (answer.answered or self.that is None):
            return cited
        return replace(cited, that=answer.shown[0].citation, that_turn=exchange.number)

    def noted(self, citations: tuple[Citation, ...]) -> Thread:
        """After a turn that was no question: its quotes count, and the first is "that"."""
        noted = self._noted(citations)
        if not citations:
            return noted
        return replace(noted, that=citations[0], that_turn=noted.turns)

    def _noted(self, citations: tuple[Citation, ...]) -> Thread:
        turn = self.turns + 1
        quoted = (Quoted(citation, turn) for citation in citations)
        return replace(self, turns=turn, quoted=(*self.quoted, *quoted))

    def before(self, turn: int) -> Thread:
        """As it was before a turn, but for the numbers, which run on."""
        exchanges = tuple(e for e in self.exchanges if e.number < turn)
        earlier = Thread()
        for exchange in exchanges:
            earlier = earlier.after(exchange)
        return replace(self, exchanges=exchanges, that=earlier.that, that_turn=earlier.that_turn)

    def asked_before(self, turn: int) -> Exchange | None:
        """The question whose quotes were shown in a turn."""
        among = [exchange for exchange in self.exchanges if exchange.number == turn]
        return among[-1] if among else self.latest
