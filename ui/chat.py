"""A conversation in the terminal: questions in turn, numbered citations throughout."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TextIO

from assistant.answer import Answer, Assistant
from assistant.conversation.conversation import Conversation
from assistant.errors import RapporteurError
from assistant.filters import Filters

_NEW = ("new", "/new")
"""What begins a new conversation when it is typed."""


def talk(
    assistant: Assistant,
    turns: Iterable[str],
    filters: Filters,
    show: Callable[[Answer, int], None],
    problem: Callable[[str, str], None],
) -> None:
    """Answer questions in turn.

    Args:
        assistant: Answers.
        turns: The questions; "new" begins a new conversation.
        filters: What the speeches must meet.
        show: Given each answer, and the number of its first citation.
        problem: Given each question that cannot be asked, and one line that says why.
    """
    conversation = Conversation(assistant)
    for turn in turns:
        if turn.strip().lower() in _NEW:
            conversation = Conversation(assistant)
            continue
        first = len(conversation.thread.quoted) + 1
        try:
            show(conversation.ask(turn, filters), first)
        except RapporteurError as error:
            problem(turn, str(error))


def typed_lines(stream: TextIO) -> Iterator[str]:
    """Lines until the end of the input; with a prompt where somebody types them."""
    while True:
        if stream.isatty():
            print("> ", end="", flush=True)  # noqa: T201
        line = stream.readline()
        if not line:
            return
        if line.strip():
            yield line.strip()
