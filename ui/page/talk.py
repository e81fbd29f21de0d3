"""A conversation on the page: its turns, and what the browser keeps of them.

The browser keeps what was typed and chosen, and no word that was answered: after a reload
every turn is asked again, and every quote is sliced from the library as ever.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

from assistant import dossier
from assistant.answer import SlotKind
from assistant.conversation.thread import Thread
from assistant.dossier import Outcome
from ui.page.turn import Turn

Way = Literal["ask", "check", "quote", "brief"]
WAYS: tuple[Way, ...] = get_args(Way)

MOST_TURNS = 500
"""Turns that are asked again, the first of a longer conversation."""
_LONGEST = 5000
_TITLE = 60


@dataclass(frozen=True)
class Said:
    """A turn as it was asked: enough to ask it again.

    Attributes:
        way: Whether it is a question, a claim, a quotation or topics.
        text: As typed.
        fields: What the filters of the page said, in their order.
        interpret: Whether a name in the question narrowed the search.
        without: Kinds of slots that were not to be taken over.
        at: The turn in whose place it was asked, if it is one asked again.
    """

    way: Way
    text: str
    fields: tuple[str, ...] = ()
    interpret: bool = True
    without: tuple[SlotKind, ...] = ()
    at: int | None = None


@dataclass(frozen=True)
class Entry:
    """A turn, what came of it, and how it is shown."""

    said: Said
    outcome: Outcome
    turn: Turn


@dataclass(frozen=True)
class Talk:
    """A conversation.

    Attributes:
        title: Given by the user; empty if none was.
        entries: Its turns, in order.
        thread: What follow-ups are completed from.
        library: Fingerprint of the library that the latest turn was asked of.
    """

    title: str = ""
    entries: tuple[Entry, ...] = ()
    thread: Thread = field(default_factory=Thread)
    library: str = ""

    @property
    def name(self) -> str:
        """The title, or the beginning of what was said first."""
        if self.title or not self.entries:
            return self.title
        text = " ".join(self.entries[0].said.text.split())
        return text if len(text) <= _TITLE else text[: _TITLE - 1].rstrip() + "…"

    @property
    def turns(self) -> list[dossier.Turn]:
        """What a document of it is made of."""
        return [dossier.Turn(entry.said.text, entry.outcome) for entry in self.entries]

    def named(self, title: str) -> Talk:
        title = " ".join(title.split())[:_LONGEST]
        return self if title == self.name else replace(self, title=title)

    def stored(self) -> dict[str, Any]:
        """What the browser keeps."""
        turns = [asdict(entry.said) for entry in self.entries]
        return {"title": self.title, "library": self.library, "turns": turns}


def title_in(stored: object) -> str:
    title = stored.get("title") if isinstance(stored, dict) else None
    return title[:_LONGEST] if isinstance(title, str) else ""


def said_in(stored: object) -> list[Said]:
    """The turns that a browser kept; whatever is not one is left out."""
    turns = stored.get("turns") if isinstance(stored, dict) else None
    if not isinstance(turns, list):
        return []
    found = (_said(turn) for turn in turns[:MOST_TURNS])
    return [said for said in found if said is not None]


def _said(turn: object) -> Said | None:
    if not isinstance(turn, dict):
        return None
    way = next((way for way in WAYS if way == turn.get("way")), None)
    text, fields = turn.get("text"), turn.get("fields")
    without, at = turn.get("without"), turn.get("at")
    if way is None or not isinstance(text, str) or len(text) > _LONGEST:
        return None
    if not isinstance(fields, list) or not isinstance(without, list):
        return None
    kinds = tuple(kind for kind in get_args(SlotKind) if kind in without)
    texts = tuple(value if isinstance(value, str) else "" for value in fields)
    number = at if isinstance(at, int) and not isinstance(at, bool) and at > 0 else None
    return Said(way, text, texts, turn.get("interpret") is not False, kinds, number)
