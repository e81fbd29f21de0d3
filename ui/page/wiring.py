"""What happens when the parts of the page are used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ui.page.desk import FIELDS, Desk, Field, texts, widened, without_slot
from ui.page.parts import QUIETLY, Bar, Box, Fields, Kept
from ui.page.room import Present
from ui.page.talk import Said, Talk, Way, said_in, title_in

_ASKING = "(...values) => (window.rapporteur?.asking(values[0]), values)"
Replied = tuple[str, Talk, dict[str, Any], str]
"""The new turns as HTML, the conversation with them, what the browser keeps, its name."""


@dataclass(frozen=True)
class Wiring:
    """The parts of the page, and what happens when they are used.

    Whatever is asked is answered at the desk of the room that is present when it begins.
    """

    present: Present
    log: gr.HTML
    bar: Bar
    ways: dict[Way, Box]
    kept: Kept
    fields: Fields

    @property
    def desk(self) -> Desk:
        return self.present.room.desk

    @property
    def _outputs(self) -> list[Any]:
        return [self.log, self.kept.talk, self.kept.stored, self.bar.title]

    def connect(self, page: gr.Blocks) -> None:
        for way, parts in self.ways.items():
            for event in (parts.box.submit, parts.button.click):
                self._sends(event, way, parts)
        self._asks(self.log.ask, self._typed_in_log("ask", "question"), [*self.fields])
        self._asks(self.log.check, self._typed_in_log("check", "claim"), [*self.fields])
        self._asks(self.log.drop, self._again, [])
        self._asks(self.log.widen, self._widen, [], [*self.fields])
        self._connect_bar()
        page.load(self._restored, [self.kept.stored], self._outputs, js=_ASKING_AGAIN, **QUIETLY)

    def _sends(self, event: Any, way: Way, parts: Box) -> None:
        """What is typed in a box is answered; it stays there if it cannot be."""

        def send(text: str, talk: Talk, *fields: Field) -> tuple[Any, ...]:
            if not text.strip():
                return gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.skip()  # the page says so
            talk = self.desk.add(Said(way, text, texts(fields)), talk)
            stays = text if isinstance(talk.entries[-1].outcome, str) else ""
            return *self._replied(talk), stays

        sent = event(
            send,
            [parts.box, self.kept.talk, *self.fields],
            [*self._outputs, parts.box],
            js=_ASKING,
            **QUIETLY,
        )
        self._offers(sent)

    def _asks(self, event: Any, reply: Any, inputs: list[Any], more: Sequence[Any] = ()) -> None:
        outputs = [*self._outputs, *more]
        self._offers(event(reply, [self.kept.talk, *inputs], outputs, js=_ASKING, **QUIETLY))

    def _offers(self, after: Any) -> None:
        """Follow-ups are looked for when the answer is shown."""

        def suggested(talk: Talk) -> str:
            return self.desk.suggestions(talk)

        after.then(suggested, self.kept.talk, self.bar.offer, **QUIETLY)

    def _replied(self, talk: Talk) -> Replied:
        return talk.entries[-1].turn.html, talk, talk.stored(), talk.name

    def _typed_in_log(self, way: Way, name: str) -> Callable[..., Any]:
        """An example, or a follow-up that is offered."""

        def send(event: gr.EventData, talk: Talk, *fields: Field) -> Replied:
            return self._replied(self.desk.add(Said(way, _text(event, name), texts(fields)), talk))

        return send

    def _again(self, event: gr.EventData, talk: Talk) -> Any:
        """A follow-up asked again without something that it took over."""
        said = without_slot(talk, _number(event, "turn"), _text(event, "kind"))
        return self._replied(self.desk.add(said, talk)) if said else [gr.skip()] * 4

    def _widen(self, event: gr.EventData, talk: Talk) -> Any:
        """A question asked again of all speeches; the filters are emptied."""
        said = widened(talk, _number(event, "turn"))
        if said is None:
            return [gr.skip()] * (4 + len(self.fields))
        emptied = [None if isinstance(field, gr.Dropdown) else "" for field in self.fields]
        return *self._replied(self.desk.add(said, talk)), *emptied

    def _connect_bar(self) -> None:
        bar, kept = self.bar, self.kept

        def rename(title: str, talk: Talk) -> tuple[Talk, dict[str, Any], str]:
            talk = talk.named(title)
            return talk, talk.stored(), talk.name

        def begin() -> tuple[Any, ...]:
            return "", Talk(), {"turns": []}, "", "", *("" for _ in self.ways)

        for event in (bar.title.submit, bar.title.blur):
            event(rename, [bar.title, kept.talk], [kept.talk, kept.stored, bar.title], **QUIETLY)
        written = bar.menu.write(self._document, kept.talk, bar.carrier, **QUIETLY)
        # Emptied, so that the same document can be saved twice.
        written.then(lambda: "", None, bar.carrier, **QUIETLY)
        boxes = [way.box for way in self.ways.values()]
        bar.new.click(begin, None, [*self._outputs, bar.offer, *boxes], **QUIETLY)

    def _document(self, event: gr.EventData, talk: Talk) -> str:
        return self.desk.document(talk, _text(event, "format"))

    def _restored(self, stored: object) -> Any:
        """The conversation of before the page was reloaded."""
        turns = said_in(stored)
        if not turns:
            return [gr.skip()] * 4
        desk = self.desk
        talk = desk.restore(turns, title_in(stored))
        html = "".join(entry.turn.html for entry in talk.entries)
        if isinstance(stored, dict) and stored.get("library") != desk.library.fingerprint:
            html += _CHANGED
        return html, talk, talk.stored(), talk.name


_ASKING_AGAIN = "(...values) => (window.rapporteur?.restoring(values[0]), values)"
_CHANGED = (
    '<section class="turn"><p class="notice">The library has changed since this conversation; '
    "the answers are those of the library as it is now.</p></section>"
)


def _text(event: gr.EventData, name: str) -> str:
    """What `page.js` sent with an event."""
    value = event._data.get(name) if isinstance(event._data, dict) else None
    return value if isinstance(value, str) else ""


def _number(event: gr.EventData, name: str) -> int:
    """A number that `page.js` sent with an event; 0 if it is none."""
    value = _text(event, name)
    return int(value) if value.isascii() and value.isdecimal() else 0


def connect_chips(row: gr.HTML, fields: Fields) -> None:
    def remove(event: gr.EventData, *values: str | None) -> list[str | None]:
        removed = _text(event, "filter")
        return [
            (None if isinstance(field, gr.Dropdown) else "") if name == removed else value
            for name, field, value in zip(FIELDS, fields, values, strict=True)
        ]

    row.remove(remove, fields, fields, **QUIETLY)
