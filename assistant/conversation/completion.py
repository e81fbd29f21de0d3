"""What a follow-up is completed to, and what it may take over."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from assistant.answer import Slot, SlotKind
from assistant.conversation.language import words
from assistant.conversation.thread import Exchange, Thread, speech_slot
from assistant.filters import Filters
from assistant.interpret import Interpreter

_WHO = {"speaker", "country"}
_WHEN = {"since", "until"}


@dataclass(frozen=True)
class Completion:
    """A question as it can be asked on its own.

    Attributes:
        asked: In full.
        slots: What was taken over, what holds the search among it.
        mention: Words that whoever mentions it has used; None if that is not what is asked.
        who: Whether it is asked who said so.
        new: Whether what was quoted already is not wanted again.
        doubt: By how much another's quote must score higher to be preferred to this one's.
    """

    asked: str
    slots: tuple[Slot, ...] = ()
    mention: str | None = None
    who: bool = False
    new: bool = False
    doubt: float = 0.0

    @property
    def scope(self) -> tuple[Slot, ...]:
        return tuple(slot for slot in self.slots if slot.filters.stated())

    def filters(self, given: Filters) -> Filters:
        """The given filters, and those of the slots on what is left open by then."""
        stated = given.stated()
        for slot in self.slots:
            fields = slot.filters.stated()
            for together in (_WHO, _WHEN):
                if together & stated.keys():
                    fields = {name: fields[name] for name in fields if name not in together}
            stated |= fields
        return Filters(**stated)

    @property
    def text(self) -> str:
        """The question with what it is held to, as far as its words do not say that."""
        named = {word.removesuffix("'s").removesuffix("’s") for word in words(self.asked)}
        unsaid = [
            slot.value for slot in self.scope if not set(filter(_tells, words(slot.value))) <= named
        ]
        shown = [v for v in unsaid if not any(v != other and v in other for other in unsaid)]
        return f"{self.asked} ({'; '.join(dict.fromkeys(shown))})" if shown else self.asked


def _tells(word: str) -> bool:
    """Whether a word tells a name or a meeting from others, as titles and "the" do not."""
    return len(word) > 3 or word.isdigit()


@dataclass(frozen=True)
class Context:
    """What the rules look at.

    Attributes:
        thread: The conversation up to the question.
        latest: The question before.
        interpreter: Knows the speakers and delegations of the library.
        without: Kinds of slots that are not to be taken over.
    """

    thread: Thread
    latest: Exchange
    interpreter: Interpreter
    without: frozenset[SlotKind] = frozenset()

    def kept(self, slots: Iterable[Slot]) -> tuple[Slot, ...]:
        """The slots that may be taken over and hold the search to something."""
        return tuple(s for s in slots if s.kind not in self.without and s.filters.stated())

    def speech(self) -> tuple[Slot, ...]:
        """The speech of the quote that was last cited."""
        that = self.thread.that
        return self.kept([speech_slot(that.speech, self.thread.that_turn)]) if that else ()

    def topic(self) -> Slot | None:
        """What was last talked about."""
        if not self.latest.topic or "topic" in self.without:
            return None
        return Slot("topic", self.latest.topic, self.latest.number)

    def named(self, question: str) -> bool:
        """Whether a question says itself who speaks."""
        return self.interpreter.names_who_speaks(question)


_SAY = (
    r"(?:mention(?:s|ed)?|allude[sd]? to|refer(?:s|red)? to|touch(?:es|ed)? (?:up)?on|"
    r"br(?:ings?|ought) up|(?:talk(?:s|ed)?|sp(?:eaks?|oke|oken)|comment(?:s|ed)?) (?:about|of|on)|"
    r"(?:says?|said) (?:anything|something) (?:about|on|regarding))"
)
_MENTIONS = re.compile(
    rf"(?:do|does|did|has|have) (?P<who>.+?) (?:\w+ly |ever |also |even )?{_SAY} (?P<what>.+)", re.I
)
_WHO_MENTIONS = re.compile(
    r"(?:who|which (?:speakers?|delegates?|delegations?|countr(?:y|ies)|ambassadors?)) "
    rf"(?:has |have |had |else )?(?:{_SAY}|raise[sd]?) (?P<what>.+)",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"wh(?:at|ere) (?:(?:do|does|did|has|have|had) (?P<who>.+?) (?:say|said|stand|thinks?|thought)"
    r"|(?:is|are|was|were) (?P<whose>.+?)['’]s? (?:opinion|position|stance|views?)"
    r"|(?:was|is|has been) said)"
    r"(?: (?:on|about|of|regarding|concerning) (?P<what>.+))?",
    re.IGNORECASE,
)
_SAID_BY = re.compile(r"^what (?:do|does|did|has|have|had) .+? (?:say|said)\b", re.IGNORECASE)
_ELSE = re.compile(r"^(what|who|where|when) else\b", re.IGNORECASE)
_ANYONE = {"anyone", "anybody", "they", "someone", "somebody", "the speaker", "the speakers"}


def normalised(way: Completion, interpreter: Interpreter) -> Completion:
    """Whether something is mentioned, and by whom, asked as what was said about it.

    The reader takes "Does he mention Mali?" for a question that a sentence about Mali does not
    answer, and is strict with "What did he say about Mali?".
    """
    if _ELSE.match(way.asked):
        way = replace(way, asked=_ELSE.sub(r"\1", way.asked), new=True)
    plain = way.asked.strip(" ?!.")
    if found := _WHO_MENTIONS.fullmatch(plain):
        what = found["what"]
        return replace(way, asked=f"What was said about {what}?", mention=what, who=True)
    if found := _SAID.fullmatch(plain):
        who = found["who"] or found["whose"]
        return replace(way, mention=_mentioned(who, found["what"], way, interpreter))
    found = _MENTIONS.fullmatch(plain)
    if found is None or found["what"].lower().startswith(("that ", "what ")):
        return way
    who, what = found["who"], found["what"]
    said = "was said" if who.lower() in _ANYONE else f"did {who} say"
    mention = _mentioned(who, what, way, interpreter)
    return replace(way, asked=f"What {said} about {what}?", mention=mention)


def impersonal(way: Completion) -> Completion:
    """A completion that asks what was said, whoever said it."""
    return replace(way, asked=_SAID_BY.sub("What was said", way.asked))


def _mentioned(
    who: str | None, what: str | None, way: Completion, interpreter: Interpreter
) -> str | None:
    """What is to be mentioned; nothing by somebody who is only spoken of."""
    if (
        who is None
        or who.lower() in _ANYONE
        or way.scope
        or who in interpreter.delegation_names
        or interpreter.names_who_speaks(f"What did {who} say?")
    ):
        return what
    return None
