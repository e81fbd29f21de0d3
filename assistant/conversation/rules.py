"""Which rule completes a question, and which questions stand on their own."""

from __future__ import annotations

from dataclasses import replace

from assistant.conversation import ellipsis, references
from assistant.conversation.completion import Completion, Context
from assistant.conversation.language import capital, is_thin, needs_meeting, without_markers


def completions(question: str, context: Context) -> list[Completion]:
    """Ways to complete a question, the likeliest first; itself if it stands on its own."""
    alone = Completion(question)
    bare, marked = without_markers(question)
    if elliptic := ellipsis.completions(bare, marked, context):
        return elliptic
    if pointing := references.completions(bare, context):
        return pointing
    if context.named(question):
        return [alone]
    scope, speech = context.kept(context.latest.scope), context.speech()
    if held := (scope or speech) if needs_meeting(bare) else ():
        return [Completion(capital(bare), speech or held), replace(alone, doubt=0.4)]
    if marked and scope:
        return [Completion(capital(bare), scope), replace(alone, doubt=0.4)]
    if marked and speech:
        return [Completion(capital(bare), speech), replace(alone, doubt=0.2)]
    if speech and is_thin(bare):
        return [alone, Completion(capital(bare), speech, doubt=0.15)]
    return [alone]
