"""Full questions with something that points back: "Does he want it?", "Who spoke there?"."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from assistant.answer import Slot
from assistant.conversation.completion import Completion, Context
from assistant.conversation.countries import AS_SUBJECT, country_in, with_article
from assistant.conversation.language import AUXILIARIES, capital, plainly
from assistant.conversation.thread import (
    Person,
    meeting_slot,
    speaker_slot,
    speech_slot,
)

_HE = re.compile(r"\b(?:(?P<he>he|him|himself|his)|(?P<she>she|her|hers|herself))\b", re.IGNORECASE)
_SPEAKER = re.compile(
    r"\b(?:the|this|that) (?:same |said )?(?:speaker|delegate|ambassador|representative)"
    r"(?P<s>['’]s)?(?! (?:of|for|from|to)\b)(?!\w)",
    re.IGNORECASE,
)
_SPEECHES = "speech|statement|intervention|address|remarks"
_OCCASIONS = f"meeting|debate|session|sitting|discussion|{_SPEECHES}"
_OCCASION = re.compile(
    r"\b(?:the|this|that|his|her|their|its) (?:same |whole |entire )?"
    rf"(?P<noun>{_OCCASIONS})\b"
    r"(?! (?:of|on|in|about|held|with|that|where|to|from|by)\b \w)",
    re.IGNORECASE,
)
_ADJECTIVES = (
    "allowed|bad|common|correct|difficult|easy|effective|enough|fair|good|hard|important|legal|"
    "likely|necessary|new|normal|possible|right|true|useful|wrong"
)
_HAPPENS = (
    "happen(?:ed|s)?|mean(?:s|t)?|work(?:s|ed)?|help(?:s|ed)?|matter(?:s|ed)?|appl(?:y|ies)|take"
)
_FOLLOWS = "|".join(
    sorted(AUXILIARIES | set("and or but as in on for to with by from at when".split()))
)
_THING = re.compile(
    r"\b(?:(?P<own>its|their)(?= \w)|it|they|them|themselves|itself"
    rf"|(?:this|that|these|those)(?=\W*$|\s+(?:{_FOLLOWS}|{_HAPPENS}|{_ADJECTIVES}|\w+ed)\b))(?!\w|['’]s)",
    re.IGNORECASE,
)
_SUCH = re.compile(
    r"\b(?:this|that|these|those|such(?: an?)?|the same) "
    rf"(?!time|way|day|year|moment|point|{_OCCASIONS}|the\b|a\b|is\b|(?:{_HAPPENS}|{_ADJECTIVES})\b|\w+ed\b)(?P<noun>[a-z-]{{3,}})",
    re.IGNORECASE,
)
_EMPTY_IT = re.compile(
    r"\b(?:is|was) it (?:true|possible|important|necessary|essential|right|the case|likely|vital)\b"
    r"|\bit (?:is|was) (?:true|possible|important|necessary|essential)\b"
    r"|\b(?:says?|said|thinks?|believes?|means?|so) that\b(?=\s+\w)",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\b(do|does|did|has|can|could|must|should|will|would) it\b(?! (?:been|be)\b)", re.IGNORECASE
)
_THEY_SAY = re.compile(
    r"\b(?P<verb>do|does|did|have|has|would|should|will|can) (?P<who>they|it) (?:\w+ )??"
    r"(?:accept|advocate|agree|ask|believe|call|condemn|consider|demand|favou?r|mention|oppose|"
    r"pledge|promise|propose|recommend|reject|say|see|speak|suggest|support|talk|think|urge|view|want|"
    r"welcome)\b",
    re.IGNORECASE,
)
_SAYS_SO = re.compile(
    r"(?:what )?(?P<asks>do|does|did|has|have) (?P<who>.+?) (?:also |ever )?"
    r"(?:agree|believe|concur|confirm|disagree|make|mention(?:ed)?|object|reply|respond|said|say|"
    r"share|support|think)(?: (?:with|to|on|about|of))?"
    r"(?: (?:it|that|this|so|the same(?: thing)?|likewise|(?:this|that|the same) view))?",
    re.IGNORECASE,
)
_DANGLING = re.compile(
    r"(?:what (?:do|does|did|has|have|had) .+? (?:say|said|think|thought|want|reply|respond)"
    r"|what (?:is|was) .+?'s (?:view|position|opinion|stance))(?: with| on| about| to)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Reading:
    """A question as far as it is completed, and what was taken over for that."""

    text: str
    slots: tuple[Slot, ...] = ()
    points: bool = False
    person: Person | None = None

    def with_(
        self, text: str, slots: tuple[Slot, ...] = (), person: Person | None = None
    ) -> _Reading:
        """What another reference adds."""
        return _Reading(text, (*self.slots, *slots), True, person or self.person)


def completions(question: str, context: Context) -> list[Completion]:
    """Completions of a question that points back, the likeliest first; none if it does not."""
    read = _Reading(question)
    for rule in (_person, _occasion, _they, _says_so, _thing, _dangling):
        read = rule(read, context)
    if not read.points:
        return []
    slots = read.slots
    if not context.named(read.text) and not context.kept(slots):
        slots += context.kept(context.latest.scope)
    complete = Completion(capital(read.text), tuple(dict.fromkeys(slots)))
    return [*_in_that_speech(complete, read.person, context), complete]


def _in_that_speech(
    complete: Completion, person: Person | None, context: Context
) -> list[Completion]:
    """Held to the speech last cited, where a pronoun means the one who held it."""
    that, speech = context.thread.that, context.speech()
    if that is None or not speech or person is None or person.name != that.speech.speaker:
        return []
    return [replace(complete, slots=(*complete.slots, *speech))]


def _person(read: _Reading, context: Context) -> _Reading:
    """Writes a name for "he", "her", "the same speaker"."""
    said = _HE.search(read.text)
    that = context.thread.that
    person: Person | None = None
    if said:
        pattern = _HE
        person = context.thread.meant("he" if said["he"] else "she")
    elif _SPEAKER.search(read.text):
        pattern = _SPEAKER
        if that and that.speech.speaker:
            slot = speaker_slot(that.speech, context.thread.that_turn)
            person = Person(that.speech.speaker, None, slot)
    else:
        return read
    if person is None or person.slot.kind in context.without:
        return read.with_(_written(pattern, read.text, "the speaker"))
    return read.with_(_written(pattern, read.text, person.name), (person.slot,), person)


def _written(pattern: re.Pattern[str], text: str, name: str) -> str:
    """The text with a name for each reference to a person."""

    def write(found: re.Match[str]) -> str:
        word = found[0].lower()
        owns = word in ("his", "hers") or word.endswith(("'s", "’s"))
        if word == "her":
            owns = bool(re.match(r"\s+\w", text[found.end() :]))
        return f"{name}'s" if owns else name

    return pattern.sub(write, text)


def _occasion(read: _Reading, context: Context) -> _Reading:
    """Holds "the meeting" and "that speech" to where the last quote is from."""
    found, that = _OCCASION.search(read.text), context.thread.that
    if found is None or that is None:
        return read
    of_speech = re.fullmatch(_SPEECHES, found["noun"], re.IGNORECASE) or not that.speech.symbol
    slot = (speech_slot if of_speech else meeting_slot)(that.speech, context.thread.that_turn)
    return read.with_(read.text, context.kept([slot]))


def _they(read: _Reading, context: Context) -> _Reading:
    """ "Do they support it?": writes the delegation or the speaker whose words are discussed."""
    that = context.thread.that
    if read.person:
        return read
    subject = _SUBJECT.search(read.text)
    country = country_in(context.latest.asked, context.interpreter, AS_SUBJECT)
    if subject and country:
        return read.with_(_replaced(read.text, subject, f"{subject[1]} {country}"))
    found = _THEY_SAY.search(read.text)
    if found is None:
        return read
    speaking = [slot for slot in context.latest.scope if slot.kind in ("delegation", "speaker")]
    if not speaking and that and that.speech.speaker:
        speaking = [speaker_slot(that.speech, context.thread.that_turn)]
    kept = context.kept(speaking[:1])
    if not kept:
        return read.with_(
            _replaced(read.text, found, found[0].replace(found["who"], "the speakers"))
        )
    verb = {"do": "does", "have": "has"}.get(found["verb"].lower(), found["verb"].lower())
    said = found[0].replace(found["who"], with_article(kept[0].value))
    return read.with_(_replaced(read.text, found, verb + said[len(found["verb"]) :]), kept)


def _thing(read: _Reading, context: Context) -> _Reading:
    """Writes what was talked about for "it", "they", "that strategy"."""
    searched = _EMPTY_IT.sub(lambda found: "·" * len(found[0]), read.text)
    found = _THING.search(searched)
    such = _SUCH.search(searched) if found is None else None
    topic = context.topic()
    if (found is None and such is None) or topic in read.slots:
        return read
    if topic is None:
        return read.with_(read.text, context.speech())
    if such:
        noun = such["noun"].lower()
        phrase = topic.value if noun in topic.value.lower() else f"the {noun}"
        return read.with_(_replaced(read.text, such, phrase), (topic,))
    assert found is not None
    phrase = f"{topic.value}'s" if found["own"] else topic.value
    return read.with_(_replaced(read.text, found, phrase), (topic,))


def _says_so(read: _Reading, context: Context) -> _Reading:
    """ "Did France say so?": what it said about what was talked about."""
    found, topic = _SAYS_SO.fullmatch(read.text.rstrip(" ?!.")), context.topic()
    if found is None or topic is None or found["who"].lower() in ("it", "they"):
        return read
    asked = f"What {found['asks'].lower()} {found['who']} say about {topic.value}?"
    return read.with_(asked, (topic,))


def _dangling(read: _Reading, context: Context) -> _Reading:
    """ "What did France say?": about what was talked about."""
    topic = context.topic()
    if topic is None or topic.value in read.text or not _DANGLING.fullmatch(plainly(read.text)):
        return read
    bare = re.sub(r" (?:with|on|about|to)$", "", read.text.rstrip(" ?!."))
    return read.with_(f"{bare} about {topic.value}?", (topic,))


def _replaced(text: str, found: re.Match[str], phrase: str) -> str:
    return text[: found.start()] + phrase + text[found.end() :]
