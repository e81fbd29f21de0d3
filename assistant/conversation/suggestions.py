"""Follow-ups that are known to have answers, to be offered after an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from assistant.answer import Answer, Assistant
from assistant.conversation.conversation import Conversation
from assistant.conversation.countries import country_in
from assistant.conversation.thread import Thread
from assistant.filters import Filters
from assistant.interpret import Interpreter
from assistant.metadata import name_words

_TRIED = 4
"""Follow-ups of each kind that are asked at most: about a second, after the answer is shown."""
_WORD = r"[A-Z][\w’'-]+"
_NAME = re.compile(
    r"(?P<title>\b(?:Mr|Mrs|Ms|Dr|Sir|Ambassadors?|General|President|Minister)\.? )?"
    rf"\b(?P<name>[A-Z]{{3,}}\b|{_WORD}(?: (?:(?:of|for|on|and|in)(?: the)? )?{_WORD}){{1,6}})"
)
_SAYS_LITTLE = re.compile(
    r"(?:United Nations|Security Council|Secretar\w+|States? Members?|Member States?)\b"
    r"|.*\b(?:Mr|Ms|Mrs)\b"
)


def suggestions(assistant: Assistant, thread: Thread, filters: Filters, most: int = 3) -> list[str]:
    """Follow-ups to the latest question, each asked once to be sure that it has an answer.

    Args:
        assistant: Answers.
        thread: The conversation.
        filters: That the follow-ups will be asked with.
        most: How many are wanted.
    """
    latest, that = thread.latest, thread.that
    if latest is None or that is None or not latest.answer.answered:
        return []
    found: list[str] = []
    known = [one.citation for one in thread.quoted]
    others = islice(_speakers(thread), _TRIED)
    names = islice(_names(thread, assistant.interpreter), _TRIED)
    # One of the other speakers, so that there is room for what else there is to ask.
    plain = iter((("Anything else?", ""), ("Who briefed?", "")))
    for kind, most_of_it in ((others, 1), (names, most - 1), (others, most), (plain, 1)):
        wanted = min(len(found) + most_of_it, most)
        for question, words in kind:
            if len(found) == wanted:
                break
            answer = Conversation(assistant, thread).ask(question, filters)
            if _is_sure(answer, words) and answer.findings[0].citation not in known:
                found.append(question)
                known.append(answer.findings[0].citation)
    if len(found) < most and that.paragraph < len(that.speech.reading.paragraphs):
        found.append(f"Show me the paragraph after [{thread.number_of(that)}]")
    return found


def _is_sure(answer: Answer, words: str) -> bool:
    """Whether it has an answer, and that has the words which the question is about."""
    sure = answer.strength in ("strong", "moderate") if not words else answer.answered
    return sure and words in answer.findings[0].citation.quote


def _speakers(thread: Thread) -> Iterator[tuple[str, str]]:
    """The same question of others who spoke on it."""
    assert thread.latest is not None
    quoted = {finding.citation.speech.speaker for finding in thread.latest.answer.shown}
    near = (finding.citation.speech.speaker for finding in thread.latest.answer.findings)
    for speaker in dict.fromkeys(near):
        if speaker and speaker not in quoted and name_words(speaker):
            yield f"And {speaker}?", ""


def _names(thread: Thread, interpreter: Interpreter) -> Iterator[tuple[str, str]]:
    """What else the speech names, the nearest paragraphs first: "KAZCENT", "the African Union"."""
    assert thread.latest is not None
    assert thread.that is not None
    text, here = thread.that.speech.text, thread.that.paragraph - 1
    paragraphs = list(enumerate(thread.that.speech.reading.paragraphs))
    asked = set[str]()
    for number, span in sorted(paragraphs, key=lambda pair: abs(pair[0] - here)):
        for found in _NAME.finditer(text, *span):
            name = found["name"]
            begins = text[: found.start()].rstrip()[-1:] in ("", ".", "“", '"')
            if number == here or found["title"] or begins or name in asked:
                continue
            asked.add(name)
            if name in thread.latest.asked or _SAYS_LITTLE.match(name):
                continue
            if country_in(name, interpreter) is None:
                yield (f"What is {name}?" if name.isupper() else f"And the {name}?"), name
