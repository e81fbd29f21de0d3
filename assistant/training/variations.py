"""Groups made from speeches and from other groups, for what the written questions lack.

Three things the reader is asked and nobody wrote enough of: what was said about a topic, in other
words than those of the speech; who said it; and questions that would be answered, were they
not of another country, number or year.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from assistant.library import Library
from assistant.passage import Passage
from assistant.retriever import Retriever
from assistant.training.groups import Group, Row
from assistant.training.mining import row_of
from embeddings.hybrid import Query

_T = TypeVar("_T")

TOPICS = Path(__file__).parent / "topic_names.tsv"
"""Lines of how people ask for a topic, `|` between, and a regular expression of how speeches
name it."""
_OF_SOMEONE = (
    "What did {who} say about {topic}?",
    "What does {who} say about {topic}?",
    "what did {who} say on {topic}",
    "What is {who}'s view on {topic}?",
    "What is {who}'s position on {topic}?",
    "Did {who} mention {topic}?",
    "What did {who} think of {topic}?",
)
_OF_ANYONE = (
    "Which speaker brought up {topic}?",
    "Who brought up {topic}?",
    "Who mentioned {topic}?",
    "Who spoke about {topic}?",
    "Which speaker raised {topic}?",
    "Which delegation talked about {topic}?",
    "Which country raised {topic}?",
    "Which delegate referred to {topic}?",
    "What was said about {topic}?",
    "What did say about {topic}?",
    "What do speakers say about {topic}?",
    "{topic}",
    "Tell me about {topic}",
    "Is there anything on {topic}?",
)
_PER_TOPIC, _SPEECHES_WITHOUT = 10, 4
_NEAR = 5
_LONGEST = 70
"""Words of a sentence: a longer one names the topic among many."""


def from_topics(
    library: Library,
    excluded: Callable[[str], bool],
    chance: random.Random,
    topics: Path = TOPICS,
) -> Iterator[Group]:
    """Groups for questions on a topic: of passages that name it, and of speeches without it.

    Args:
        library: Of the speeches.
        excluded: Whether a speech, by id, must not be used.
        chance: Draws the speeches and the wording.
        topics: As `TOPICS`.
    """
    kept = {name for name in library.speeches if not excluded(name)}
    by_speech: dict[str, list[Passage]] = {}
    for passage in library.passages:
        if passage.speech in kept:
            by_speech.setdefault(passage.speech, []).append(passage)
    retriever = Retriever(library)
    for line in topics.read_text("utf-8").splitlines():
        asked, pattern = line.split("\t")
        named = re.compile(pattern, re.IGNORECASE)
        naming = [name for name in sorted(by_speech) if named.search(library.speeches[name].text)]
        without = sorted(by_speech.keys() - set(naming))
        drawn = [(name, True) for name in _some(naming, _PER_TOPIC, chance)]
        drawn += [(name, False) for name in _some(without, _SPEECHES_WITHOUT, chance)]
        for name, present in drawn:
            question = _question(asked.split("|"), library.speeches[name].country, chance)
            rows = [row_of(library, passage) for passage in by_speech[name]]
            marked = [_marked(row, named) for row in rows]
            positives = tuple(row for row in marked if row.evidence)
            if not present:
                vector = library.encoder.encode_questions([question])[0]
                hits = retriever.hits(Query(question, vector), library.rows({name}), _NEAR)
                yield Group(question, (), tuple(row_of(library, hit.passage) for hit in hits))
            elif positives:
                best = max(len(row.evidence) for row in positives)
                positives = tuple(row for row in positives if len(row.evidence) == best)
                near = [row for row in rows if not named.search(row.text + row.context)]
                yield Group(question, positives, tuple(_some(near, _NEAR, chance)))


def _some(of: Sequence[_T], most: int, chance: random.Random) -> list[_T]:
    return chance.sample(of, min(most, len(of)))


def _question(topics: Sequence[str], country: str | None, chance: random.Random) -> str:
    wordings = _OF_ANYONE if country is None or chance.random() < 0.5 else _OF_SOMEONE
    return chance.choice(wordings).format(who=country, topic=chance.choice(topics))


def _marked(row: Row, named: re.Pattern[str]) -> Row:
    texts = [row.sentence(place) for place in range(len(row.sentences))]
    return replace(
        row,
        evidence=tuple(
            place
            for place, text in enumerate(texts)
            if named.search(text) and len(text.split()) <= _LONGEST
        ),
    )


_COUNTRIES = (
    "Afghanistan", "Algeria", "Argentina", "Armenia", "Australia", "Austria", "Azerbaijan",
    "Bangladesh", "Belarus", "Belgium", "Bolivia", "Brazil", "Bulgaria", "Burundi", "Cameroon",
    "Canada", "Chad", "Chile", "China", "Colombia", "Croatia", "Cuba", "Cyprus", "Denmark",
    "Egypt", "Estonia", "Ethiopia", "Finland", "France", "Georgia", "Germany", "Ghana", "Greece",
    "Guatemala", "Guinea", "Haiti", "Hungary", "Iceland", "India", "Indonesia", "Iran", "Iraq",
    "Ireland", "Israel", "Italy", "Japan", "Jordan", "Kenya", "Kuwait", "Lebanon", "Libya",
    "Lithuania", "Malaysia", "Mali", "Mexico", "Morocco", "Myanmar", "Nepal", "Nigeria", "Norway",
    "Pakistan", "Peru", "Poland", "Portugal", "Qatar", "Romania", "Russia", "Rwanda", "Senegal",
    "Serbia", "Singapore", "Slovenia", "Somalia", "South Africa", "South Sudan", "Spain", "Sweden",
    "Switzerland", "Syria", "Thailand", "Tunisia", "Turkey", "Uganda", "Ukraine", "Uruguay",
    "Venezuela", "Viet Nam", "Yemen", "Zambia", "Zimbabwe",
)  # fmt: skip
_CAPITALS = (
    "Abuja", "Addis Ababa", "Amman", "Ankara", "Baghdad", "Bamako", "Beijing", "Beirut", "Belgrade",
    "Berlin", "Bogota", "Brussels", "Cairo", "Canberra", "Damascus", "Dhaka", "Geneva", "Islamabad",
    "Jakarta", "Juba", "Kabul", "Kampala", "Khartoum", "Kigali", "Kyiv", "Lima", "London", "Madrid",
    "Mogadishu", "Moscow", "Nairobi", "New Delhi", "Oslo", "Ottawa", "Paris", "Pretoria",
    "Pyongyang", "Rabat", "Riyadh", "Rome", "Seoul", "Tallinn", "Tehran", "Tokyo", "Tripoli",
    "Tunis", "Vienna", "Warsaw", "Washington",
)  # fmt: skip
_MONTHS = (
    "January", "February", "March", "April", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
_OTHER_WAY = {
    "increase": "decrease", "decrease": "increase", "first": "last", "last": "first",
    "oppose": "support", "before": "after", "after": "before", "northern": "southern",
    "southern": "northern", "eastern": "western", "western": "eastern", "women": "men",
    "reject": "accept", "rise": "fall", "strengthen": "weaken", "least": "most",
}  # fmt: skip
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_NUMBER = re.compile(r"\b\d[\d,.]*\b")
_YEARS_APART = 9


def swapped(groups: Iterable[Group], chance: random.Random) -> Iterator[Group]:
    """Questions with a country, number or word for its opposite put in: nothing answers them.

    Args:
        groups: On speeches; those whose question holds nothing to swap are passed over.
        chance: Draws what is put in.
    """
    for group in groups:
        if group.positives and (question := _swapped(group, chance)):
            rows = (*group.positives[:1], *group.near)
            near = tuple(replace(row, evidence=(), short=None) for row in rows)
            yield replace(group, question=question, positives=(), near=near, far=())


def _swapped(group: Group, chance: random.Random) -> str | None:
    """The question with the first thing that can be swapped."""
    read = " ".join(f"{row.context} {row.text}" for row in group.positives)
    for names in (_COUNTRIES, _CAPITALS, _MONTHS):
        match = re.search(rf"(?<!the )\b(?:{'|'.join(names)})\b", group.question)
        if match:
            others = [name for name in names if name not in read and name != match.group()]
            return _with(group.question, match, chance.choice(others))
    if match := _YEAR.search(group.question):
        apart = chance.randint(1, _YEARS_APART) * chance.choice((-1, 1))
        return _with(group.question, match, str(int(match.group()) + apart))
    if match := _NUMBER.search(group.question):
        return _with(group.question, match, _other_number(match.group(), chance))
    if match := re.search(rf"\b(?:{'|'.join(_OTHER_WAY)})\b", group.question):
        return _with(group.question, match, _OTHER_WAY[match.group()])
    return None


def _with(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def _other_number(old: str, chance: random.Random) -> str:
    """Another of as many digits."""
    while (new := re.sub(r"[1-9]", lambda _: str(chance.randint(1, 9)), old)) == old:
        if not re.search("[1-9]", old):
            return "1" + old
    return new
