"""A conversation: questions in turn, each completed from those before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from assistant.answer import Answer, Assistant, Citation, Finding, Slot, SlotKind, checked
from assistant.conversation.completion import Completion, Context, impersonal, normalised
from assistant.conversation.countries import AS_SUBJECT, country_in
from assistant.conversation.language import topic_of, without_markers, without_small_talk
from assistant.conversation.quotes import fact_of, paragraph_at, refused
from assistant.conversation.record import said_by
from assistant.conversation.requests import (
    MoreRequest,
    PassageRequest,
    RecordRequest,
    Request,
    request_in,
)
from assistant.conversation.rules import completions
from assistant.conversation.thread import Exchange, Thread, speech_slot
from assistant.filters import Filters
from embeddings.lexical import Tokeniser

_MENTIONED = 0.2
"""Least score of a quote that has the words asked for, where it is asked what was said of them."""
_ANYTHING = "That asks nothing of the speeches."
_NOTHING_YET = "Nothing has been quoted yet that this could be about."
_GONE = "The library no longer holds the speech that [{}] is from."
_CHANGED = "The speech that [{}] is from was changed since; ask again for its words."


class Conversation:
    """Asks an assistant, completing each question from the conversation.

    A question that stands on its own takes nothing over; what a follow-up takes over is in
    `Answer.slots`, and the completed question in `Answer.interpreted`.
    """

    def __init__(self, assistant: Assistant, thread: Thread | None = None) -> None:
        self.assistant = assistant
        self.thread = thread or Thread()
        self._tokenise = Tokeniser()

    def ask(
        self,
        question: str,
        filters: Filters | None = None,
        *,
        interpret: bool = True,
        without: frozenset[SlotKind] = frozenset(),
        at: int | None = None,
    ) -> Answer:
        """Answer the next question.

        Args:
            question: As typed.
            filters: What the speeches must meet, whatever the conversation says.
            interpret: Whether a speaker or delegation named in the question is a filter, too.
            without: Kinds of slots that are not to be taken over.
            at: The question is asked as if this turn were being asked: to ask it again.

        Raises:
            QuestionError: The question is empty or too long.
        """
        asked = checked(question)
        given = filters or Filters()
        before = self.thread if at is None else self.thread.before(at)
        exchange = self._exchange(asked, given, interpret, before, without)
        understood = exchange.answer.interpreted or asked
        answer = replace(exchange.answer, question=question, interpreted=understood)
        self.thread = self.thread.after(replace(exchange, answer=answer))
        return answer

    def _exchange(
        self,
        asked: str,
        given: Filters,
        interpret: bool,
        before: Thread,
        without: frozenset[SlotKind],
    ) -> Exchange:
        bare = without_small_talk(asked)
        if not bare.strip(" ?!.,"):
            return self._about_quote(refused(_ANYTHING), before)
        request = request_in(without_markers(bare)[0]) or request_in(bare)
        if request and (before.exchanges or before.quoted) and "quote" not in without:
            return self._requested(request, given, before)
        ways = [Completion(bare)]
        interpreter = self.assistant.interpreter
        if before.latest:
            ways = completions(bare, Context(before, before.latest, interpreter, without))
        if {"speaker", "delegation"} & without:
            interpret = False
            # The names in the question itself are the user's.
            ways = [way if way.asked == bare else impersonal(way) for way in ways]
        return self._best([normalised(way, interpreter) for way in ways], given, interpret)

    # questions that are searched for

    def _best(self, ways: list[Completion], given: Filters, interpret: bool) -> Exchange:
        """The completion whose first quote is likeliest to answer, the earlier ones preferred."""
        asked = [(way, self._asked(way, given, interpret)) for way in dict.fromkeys(ways)]
        way, answer = max(asked, key=lambda pair: pair[1].score - pair[0].doubt)
        return self._exchanged(way, answer, given)

    def _asked(self, way: Completion, given: Filters, interpret: bool) -> Answer:
        answer = self.assistant.ask(way.asked, way.filters(given), interpret)
        if way.mention:
            answer = self._mentioning(answer, way.mention)
        if way.new:
            answer = _only(answer, self._is_new)
        who = [finding.citation.speech for finding in answer.shown]
        return replace(
            answer,
            interpreted=way.text,
            slots=way.slots,
            record=said_by(who) if way.who and answer.answered else None,
        )

    def _mentioning(self, answer: Answer, words: str) -> Answer:
        """With the first quote that has the words asked for before the others.

        Whether something was mentioned is a matter of words, which the reader does not see.
        """
        wanted = set(self._tokenise(words))
        for finding in answer.findings:
            if wanted and wanted <= set(self._tokenise(finding.citation.quote)):
                break
        else:
            return answer
        if answer.answered:
            return answer
        score = max(finding.score, _MENTIONED)
        first = replace(finding, score=score, strength="weak")
        others = tuple(other for other in answer.findings if other is not finding)
        return replace(
            answer,
            answered=True,
            score=score,
            strength="weak",
            findings=(first, *others),
            related=(),
        )

    def _exchanged(self, way: Completion, answer: Answer, given: Filters) -> Exchange:
        turn = self.thread.turns + 1
        scope = list(way.scope)
        held = answer.searched.filters.stated()
        if answer.named and not {"speaker", "country"} & given.stated().keys():
            kind: SlotKind = "speaker" if "speaker" in held else "delegation"
            field = "speaker" if kind == "speaker" else "country"
            scope.append(Slot(kind, answer.named, turn, Filters(**{field: held[field]})))
        country = country_in(way.asked, self.assistant.interpreter, AS_SUBJECT)
        names = [name for s in scope for name in (s.value, s.value.split()[-1])]
        names += [country] if country else []
        taken = next((slot.value for slot in way.slots if slot.kind == "topic"), None)
        topic = taken or topic_of(way.asked, tuple(names))
        kept = tuple(slot for slot in scope if slot.kind not in ("speech", "meeting"))
        return Exchange(turn, way.asked, kept, topic, answer)

    # questions about a quote

    def _is_new(self, finding: Finding) -> bool:
        """Whether it was not quoted yet."""
        return all(finding.citation != one.citation for one in self.thread.quoted)

    def _requested(self, request: Request, given: Filters, before: Thread) -> Exchange:
        number, that, turn = request.number, before.that, before.that_turn
        if number is not None:
            if not 0 < number <= len(before.quoted):
                line = f"There is no [{number}] in this conversation."
                return self._about_quote(refused(line), before)
            that, turn = before.quoted[number - 1].citation, before.quoted[number - 1].turn
        if that is None:
            return self._about_quote(refused(_NOTHING_YET), before)
        speech = self.assistant.library.speeches.get(that.speech.id)
        if speech is None or speech.text != that.speech.text:
            line = (_GONE if speech is None else _CHANGED).format(number or before.number_of(that))
            return self._about_quote(refused(line), before)
        that = replace(that, speech=speech)  # with what its record says now
        slot = Slot("quote", f"[{number or before.number_of(that)}]", turn)
        if isinstance(request, RecordRequest):
            answer = fact_of(that, request.fact)
        elif isinstance(request, PassageRequest):
            answer = paragraph_at(request.step, that)
        else:
            answer = self._more(request, that, slot, given, before)
        return self._about_quote(replace(answer, slots=answer.slots or (slot,)), before)

    def _about_quote(self, answer: Answer, before: Thread) -> Exchange:
        """An exchange that leaves the topic as it was."""
        turn, latest = self.thread.turns + 1, before.latest
        if latest is None:
            return Exchange(turn, answer.interpreted, (), "", answer, from_record=True)
        return replace(latest, number=turn, answer=answer, from_record=True)

    def _more(
        self, request: MoreRequest, that: Citation, slot: Slot, given: Filters, before: Thread
    ) -> Answer:
        """The last question again, without what was quoted already."""
        latest = before.asked_before(slot.turn)
        if latest is None:
            return paragraph_at("after", that)
        scope, question = latest.scope, latest.asked
        quoted = {one.citation.speech.byline for one in before.quoted}
        speakers = quoted if request.of == "others" else set()
        if request.of == "speech":
            scope = (speech_slot(that.speech, slot.turn),)
        elif request.of == "others":
            scope = tuple(s for s in scope if s.kind not in ("speaker", "delegation"))
            question = f"What was said about {latest.topic}?" if latest.topic else question
        way = normalised(Completion(question, (*scope, slot)), self.assistant.interpreter)

        def is_wanted(finding: Finding) -> bool:
            return self._is_new(finding) and finding.citation.speech.byline not in speakers

        found = self.assistant.ask(way.asked, way.filters(given), request.of != "others")
        answer = _only(found, is_wanted)
        if way.mention:
            answer = self._mentioning(answer, way.mention)
        if request.of == "speech" and not answer.answered:
            return paragraph_at("after", that)
        return replace(answer, interpreted=f"{_MORE[request.of]}: {way.text}", slots=way.slots)


_MORE = {"speech": "More from that speech", "others": "Others", "any": "More"}


def _only(answer: Answer, keep: Callable[[Finding], bool]) -> Answer:
    """An answer of those findings only; a refusal where none of them is likely."""
    findings = tuple(finding for finding in answer.findings if keep(finding))
    strength = findings[0].strength if findings else "none"
    answered = strength != "none"
    return replace(
        answer,
        findings=findings,
        score=findings[0].score if findings else 0.0,
        strength=strength,
        answered=answered,
        related=() if answered else tuple(replace(f, short=None) for f in findings[:3]),
    )
