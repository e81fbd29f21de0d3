"""Questions that leave out what was said before: "and on women?", "And France?", "why?"."""

from __future__ import annotations

import re
from dataclasses import replace

from assistant.answer import Slot
from assistant.conversation.completion import Completion, Context
from assistant.conversation.countries import country_in, country_meant, with_article
from assistant.conversation.language import (
    ABOUT,
    AUXILIARIES,
    QUESTION_WORDS,
    SAYS_ABOUT,
    capital,
    is_fragment,
    matter_of,
    object_of,
    parted,
    plainly,
)
from assistant.conversation.period import period_of, without_period
from assistant.conversation.thread import pronoun_of
from assistant.filters import Filters

_REASON = {"why", "why so", "why is that", "why not", "how come", "what for", "for what reason"}
_SPEAKING = ("", "according to", "by", "from", "for", "on behalf of")


def completions(question: str, marked: bool, context: Context) -> list[Completion]:
    """Completions of an elliptic question, the likeliest first; none if it is not one.

    Args:
        question: Without what ties it to the one before.
        marked: Whether there was something of that kind.
        context: What the rules look at.
    """
    bare = plainly(question)
    if bare in _REASON:
        return _asked_of_clause("Why", context)
    if _is_bare_question(bare):
        if not bare.startswith(("how many", "how much", "which", "what")):
            return _asked_of_clause(capital(question.strip(" ?!.,")), context)
        topic = context.topic()
        asked = f"{capital(question.strip(' ?!.,'))} {topic.value if topic else ''}".strip() + "?"
        return _held(asked, topic, context)
    preposition, phrase = parted(question)
    if found := _period(preposition, phrase, context):
        return found
    if not is_fragment(question):
        return []
    for rule in (_delegation, _speaker, _person):
        if found := rule(preposition, phrase, context):
            return found
    elliptic = _topic(preposition, phrase, context)
    # Words without anything before them may be a question of their own as well.
    return elliptic if marked or preposition else [*elliptic, Completion(question, doubt=0.15)]


def _is_bare_question(bare: str) -> bool:
    """ "How many?", "Since when?", "Which countries?": a question word, and no verb."""
    found = bare.split()
    return (
        len(found) <= 5
        and bool(QUESTION_WORDS & set(found[:3]))
        and found[0] != "who"
        and not AUXILIARIES & set(found)
        and not any(word.endswith("ed") for word in found)
    )


def _held(asked: str, topic: Slot | None, context: Context) -> list[Completion]:
    """Asked of the speech last cited, then of all that the question before was held to."""
    slots = (*([topic] if topic else []), *context.kept(context.latest.scope))
    wide = Completion(asked, slots)
    speech = context.speech()
    if not speech:
        return [wide]
    return [Completion(asked, (*slots, *speech)), replace(wide, doubt=0.1)]


def _asked_of_clause(word: str, context: Context) -> list[Completion]:
    """ "Why?", "Since when?", "With whom?": the question before, asked for that."""
    topic, before = context.topic(), context.latest.asked
    asked = None if SAYS_ABOUT.search(before) else _clause(word, before)
    if asked is None and topic is None:
        return [Completion(f"{word}?")]
    if asked is None and topic and word == "Why":
        asked = f"What is the reason for {topic.value}?"
    elif asked is None and topic:
        asked = f"{word} {topic.value}?"
    return _held(asked or "", topic, context)


def _clause(word: str, before: str) -> str | None:
    """Another question word before what a question says; None where that reads badly."""
    first, _, rest = before.partition(" ")
    second = rest.partition(" ")[0].lower()
    if first.lower() in AUXILIARIES:
        return f"{word} {before[:1].lower()}{before[1:]}"
    if first.lower() in QUESTION_WORDS and second in (_DO if word == "Why" else _DO | _BE):
        return f"{word} {rest}"
    if found := _OBJECT_FIRST.fullmatch(before.strip(" ?!.")):
        return f"{word} {found['rest']} {found['what']}?"
    return None if word == "Why" else f"{word} {matter_of(before)}?"


_DO = {"do", "does", "did", "should", "can", "could", "must", "will", "would"}
_BE = {"is", "are", "was", "were", "has", "have", "had"}
_OBJECT_FIRST = re.compile(
    rf"(?:what|which) (?P<what>(?!(?:{'|'.join(sorted(AUXILIARIES))})\b)\w.*?) "
    rf"(?P<rest>(?:{'|'.join(sorted(AUXILIARIES))}) .+)",
    re.IGNORECASE,
)


# the same question of another period, delegation, speaker, person or topic


def _period(preposition: str, phrase: str, context: Context) -> list[Completion]:
    found = period_of(f"{preposition} {phrase}")
    if found is None:
        return []
    slot = Slot("period", found[0], context.thread.turns + 1, found[1])
    kept = [s for s in context.latest.scope if s.kind in ("speaker", "delegation")]
    return [Completion(without_period(context.latest.asked), context.kept([slot, *kept]))]


def _delegation(preposition: str, phrase: str, context: Context) -> list[Completion]:
    """ "And France?", "and the Canadian one?": as who speaks, or as what is spoken of."""
    country = country_meant(phrase, context.interpreter)
    if country is None:
        return []
    here = context.interpreter.delegation(country)
    before = country_in(context.latest.asked, context.interpreter)
    spoke = any(slot.kind == "delegation" for slot in context.latest.scope)
    held = Filters(country=here or country)
    slot = Slot("delegation", here or country, context.thread.turns + 1, held)
    ways = []
    if before and not spoke and preposition in ("", "in", "on", "about", "of", "to"):
        ways.append(
            Completion(
                _swapped(context.latest.asked, before, country), context.kept(context.latest.scope)
            )
        )
    if preposition in _SPEAKING and (here or spoke):
        slots = context.kept([slot, *_periods(context)])
        if before and spoke:
            asked = _swapped(context.latest.asked, before, with_article(country))
            ways.append(Completion(asked, slots))
        else:
            ways.append(replace(_said_by(with_article(country), context, slots), doubt=0.05))
    if not ways and preposition == "in":
        asked = f"{context.latest.asked.rstrip(' ?!.')} in {country}?"
        ways.append(Completion(asked, context.kept(context.latest.scope)))
    return ways


def _speaker(preposition: str, phrase: str, context: Context) -> list[Completion]:
    """ "And Umarov?", "according to Mr. Umarov?": the same question of another speaker."""
    titled = pronoun_of(phrase) is not None and len(phrase.split()) > 1
    if preposition not in _SPEAKING or not (titled or context.interpreter.named_speaker(phrase)):
        return []
    slot = Slot("speaker", phrase, context.thread.turns + 1, Filters(speaker=phrase))
    slots = context.kept([*([slot] if titled else []), *_periods(context)])
    for slot in context.latest.scope:
        for name in (slot.value, slot.value.split()[-1]):
            if slot.kind in ("speaker", "delegation") and name in context.latest.asked:
                return [Completion(_swapped(context.latest.asked, name, phrase), slots)]
    return [_said_by(phrase, context, slots)]


def _said_by(who: str, context: Context, slots: tuple[Slot, ...]) -> Completion:
    topic = context.topic()
    if topic is None:
        return Completion(f"What did {who} say?", slots)
    return Completion(f"What did {who} say about {topic.value}?", (topic, *slots))


def _person(preposition: str, phrase: str, context: Context) -> list[Completion]:
    """ "And Mahamat?" after a question about somebody who is only spoken of."""
    if preposition or not context.latest.names(phrase):
        return []
    for person in context.latest.people():
        if person.slot.kind == "person" and person.name in context.latest.asked:
            return [Completion(_swapped(context.latest.asked, person.name, phrase))]
    return []


def _topic(preposition: str, phrase: str, context: Context) -> list[Completion]:
    """ "and on women?": the same question about something else, and what was said about it."""
    slots = context.kept(context.latest.scope)
    generic = Completion(f"What was said about {phrase}?", slots, mention=phrase)
    speaking = (s.value for s in slots if s.kind in ("speaker", "delegation"))
    who = next(map(with_article, speaking), None)
    if who:
        generic = replace(generic, asked=f"What did {who} say about {phrase}?")
    if preposition not in ABOUT and preposition:
        generic = replace(
            generic,
            asked=f"{context.latest.asked.rstrip(' ?!.')} {preposition} {phrase}?",
            mention=None,
        )
    place = object_of(context.latest.asked, preposition)
    if place:
        swapped = context.latest.asked[: place[0]] + phrase + context.latest.asked[place[1] :]
        if preposition and preposition not in ABOUT:
            return [Completion(swapped, slots)]
    elif not preposition and (found := _IS.fullmatch(context.latest.asked)):
        swapped = f"{found[1]} {phrase}?"
    else:
        return [generic]
    swap = Completion(swapped, slots)
    if SAYS_ABOUT.search(swapped):
        return [swap]
    return [swap, replace(generic, doubt=0.05)]


_IS = re.compile(r"((?:who|what) (?:is|are|was|were)) [^?]+\?", re.IGNORECASE)


def _periods(context: Context) -> list[Slot]:
    return [slot for slot in context.latest.scope if slot.kind == "period"]


def _swapped(question: str, name: str, other: str) -> str:
    """Another name in the place of one, with its title and its forenames."""
    titled = rf"(?:(?:Mr|Mrs|Ms|Dr|Sir)\.? |the )?(?<!\w){re.escape(name)}(?!\w)"
    return re.sub(titled, lambda _: other, question)
