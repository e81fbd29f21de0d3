"""The page: a conversation beside the speeches it quotes.

`build_page` makes it, `launch` serves it. What a person sees is made by `turn`,
`claim`, `quotation`, `source` and `welcome`; what it does in the browser is in `page.js`.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Gradio reads these when it is imported. Nothing is reported and nothing is fetched.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

import gradio as gr

from assistant.answer import Assistant
from assistant.claims import ClaimChecker
from assistant.errors import RapporteurError
from assistant.library import Library
from assistant.quotation.quotations import Quotations
from ui import transcript
from ui.page.desk import FIELDS, Desk, Field, chips, texts, widened, without_slot
from ui.page.server import fastapi_options
from ui.page.source import Catalogue
from ui.page.talk import Said, Talk, Way, said_in, title_in
from ui.page.welcome import masthead, welcome

_HERE = Path(__file__).parent
_ICON = (
    '<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22'
    " viewBox=%220 0 16 16%22%3E%3Crect width=%2216%22 height=%2216%22 fill=%22%231f3f7a%22/%3E"
    "%3Cpath d=%22M3 5h10M3 8h10M3 11h6%22 stroke=%22white%22 stroke-width=%221.4%22/%3E"
    '%3C/svg%3E">'
)

_MOST_CHOICES = 500
"""Names in a list to choose from; any other name can be typed."""

_KEY = "rapporteur-conversation"
"""Of what the browser keeps. It is the user's own, so it is no secret, whatever Gradio calls it."""

_Fields = list[gr.Dropdown | gr.Textbox]


def build_page(assistant: Assistant) -> gr.Blocks:
    """The page for one library; nothing is served yet."""
    library = assistant.library
    desk = Desk(assistant, ClaimChecker.shipped(library), Quotations(library))
    page = gr.Blocks(title="Rapporteur", analytics_enabled=False, fill_width=True)
    with page, gr.Column(elem_id="room"):
        kept = _Kept(gr.State(Talk()), gr.BrowserState({}, storage_key=_KEY, secret=_KEY))
        gr.HTML(masthead(library), elem_id="masthead", apply_default_css=False)
        with gr.Column(elem_id="talk"):
            bar = _bar()
            log = _log_pane(library)
            with gr.Column(elem_id="desk"):
                fields = _filter_fields(library)
                shown_chips = _chips_row(fields)
                ways = _ways()
        _source_pane(library)
        connected = _Page(desk, library, log, bar, ways, kept, fields)
        connected.connect(page)
        _connect_chips(shown_chips, fields)
    return page


def _script() -> str:
    """The page's script. Each part that calls it brings it; the browser runs it once."""
    return f"<script>{(_HERE / 'page.js').read_text('utf-8')}</script>"


def _head() -> str:
    # Not handed over as `css`: Gradio rewrites that, and its dark mode and order are lost.
    return f"<style>{(_HERE / 'page.css').read_text('utf-8')}</style>{_ICON}"


def _log_pane(library: Library) -> gr.HTML:
    """The conversation. Its value is the latest turn, which `page.js` appends."""
    return gr.HTML(
        "",
        html_template=(
            '<div class="log" role="log" aria-live="polite" aria-label="Conversation"'
            ' tabindex="0">${empty}</div><p class="status" role="status"></p>'
        ),
        empty=welcome(library),
        elem_id="log",
        apply_default_css=False,
        head=_script(),
        js_on_load=(
            "rapporteur.conversation(element, props, watch, {"
            "ask: question => trigger('ask', {question}),"
            "check: claim => trigger('check', {claim}),"
            "widen: turn => trigger('widen', {turn}),"
            "drop: (turn, kind) => trigger('drop', {turn, kind})})"
        ),
    )


def _source_pane(library: Library) -> None:
    catalogue = Catalogue(library)

    def browse(text: str) -> str:
        return catalogue.browse(str(text))

    def speech(place: str) -> str:
        return catalogue.open(str(place))

    gr.HTML(
        catalogue.pane(),
        elem_id="source",
        apply_default_css=False,
        head=_script(),
        server_functions=[browse, speech],
        js_on_load="rapporteur.source(element, server)",
    )


def _filter_fields(library: Library) -> _Fields:
    speeches = library.speeches.values()
    countries = sorted({speech.country for speech in speeches if speech.country})
    frequent = Counter(s.speaker for s in speeches if s.speaker).most_common(_MOST_CHOICES)
    speakers = sorted(name for name, _ in frequent)
    with gr.Accordion("Filters", open=False, elem_id="filters"), gr.Row():
        return [
            _choice("Delegation", countries),
            _choice("Speaker", speakers),
            _period("From"),
            _period("To"),
        ]


def _choice(label: str, names: list[str]) -> gr.Dropdown:
    return gr.Dropdown(
        names, value=None, label=label, allow_custom_value=True, container=True, min_width=120
    )


def _period(label: str) -> gr.Textbox:
    return gr.Textbox(label=label, placeholder="e.g. 2018-09", max_lines=1, min_width=90)


def _chips_row(fields: _Fields) -> gr.HTML:
    row = gr.HTML(
        "",
        elem_id="chips",
        apply_default_css=False,
        head=_script(),
        js_on_load="rapporteur.chips(element, filter => trigger('remove', {filter}))",
    )
    for field in fields:
        field.change(
            chips, fields, row, queue=False, show_progress="hidden", api_visibility="private"
        )
    return row


@dataclass(frozen=True)
class _Way:
    """A tab of the desk: what is typed in it, and the button that sends it."""

    box: gr.Textbox
    button: gr.Button


@dataclass(frozen=True)
class _Bar:
    """Over the conversation: its name, ways to keep it, and to begin anew.

    `carrier` brings what `page.js` saves as a file, `offer` what it puts under the last turn.
    """

    title: gr.Textbox
    markdown: gr.Button
    json: gr.Button
    new: gr.Button
    carrier: gr.HTML
    offer: gr.HTML


def _bar() -> _Bar:
    with gr.Row(elem_id="bar"):
        title = gr.Textbox(
            label="Name of the conversation",
            show_label=False,
            container=False,
            placeholder="Name of the conversation",
            max_lines=1,
            elem_id="title",
        )
        return _Bar(
            title,
            gr.Button("Export Markdown", elem_classes="plain"),
            gr.Button("Export JSON", elem_classes="plain"),
            gr.Button("New conversation", elem_classes="plain"),
            _unseen("rapporteur.saves(props, watch)"),
            _unseen("rapporteur.offers(props, watch)"),
        )


def _unseen(script: str) -> gr.HTML:
    """Brings a value to the page's script."""
    return gr.HTML(
        "",
        html_template="<span></span>",
        elem_classes="unseen",
        apply_default_css=False,
        head=_script(),
        js_on_load=script,
    )


def _ways() -> dict[Way, _Way]:
    """The tabs, by what is done in them."""
    with gr.Tabs(elem_id="ways"):
        return {
            "ask": _way("Ask", "question", "Ask about the speeches", "Ask"),
            "check": _way("Check a claim", "claim", "A claim about what was said", "Check"),
            "quote": _way(
                "Check a quotation",
                "quotation",
                "Paste a quotation",
                "Check",
            ),
        }


def _way(title: str, name: str, placeholder: str, verb: str) -> _Way:
    with gr.Tab(title), gr.Row(elem_classes="asking"):
        box = gr.Textbox(
            label=name.capitalize(),
            show_label=False,
            container=False,
            placeholder=placeholder,
            lines=1,
            max_lines=5,
            autofocus=name == "question",
            elem_id=name,
        )
        return _Way(box, gr.Button(verb, elem_classes="send"))


@dataclass(frozen=True)
class _Kept:
    """The conversation, on the server while the page is open and in the browser."""

    talk: gr.State
    stored: gr.BrowserState


_QUIETLY: dict[str, Any] = {
    "queue": False,
    "show_progress": "hidden",
    "api_visibility": "private",
}
_ASKING = "(...values) => (window.rapporteur?.asking(values[0]), values)"
Replied = tuple[str, Talk, dict[str, Any], str]
"""The new turns as HTML, the conversation with them, what the browser keeps, its name."""


@dataclass(frozen=True)
class _Page:
    """The parts of the page, and what happens when they are used."""

    desk: Desk
    library: Library
    log: gr.HTML
    bar: _Bar
    ways: dict[Way, _Way]
    kept: _Kept
    fields: _Fields

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
        page.load(self._restored, [self.kept.stored], self._outputs, js=_ASKING_AGAIN, **_QUIETLY)

    def _sends(self, event: Any, way: Way, parts: _Way) -> None:
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
            **_QUIETLY,
        )
        self._offers(sent)

    def _asks(self, event: Any, reply: Any, inputs: list[Any], more: Sequence[Any] = ()) -> None:
        outputs = [*self._outputs, *more]
        self._offers(event(reply, [self.kept.talk, *inputs], outputs, js=_ASKING, **_QUIETLY))

    def _offers(self, after: Any) -> None:
        """Follow-ups are looked for when the answer is shown."""
        after.then(self.desk.suggestions, self.kept.talk, self.bar.offer, **_QUIETLY)

    def _replied(self, talk: Talk) -> Replied:
        return talk.entries[-1].turn.html, talk, talk.stored(self.library.fingerprint), talk.name

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
            return [gr.skip()] * 8
        return *self._replied(self.desk.add(said, talk)), None, None, "", ""

    def _connect_bar(self) -> None:
        bar, kept = self.bar, self.kept

        def rename(title: str, talk: Talk) -> tuple[Talk, dict[str, Any], str]:
            talk = talk.named(title)
            return talk, talk.stored(self.library.fingerprint), talk.name

        def begin() -> tuple[Any, ...]:
            return "", Talk(), {"turns": []}, "", "", *("" for _ in self.ways)

        for event in (bar.title.submit, bar.title.blur):
            event(rename, [bar.title, kept.talk], [kept.talk, kept.stored, bar.title], **_QUIETLY)
        bar.markdown.click(self._markdown, kept.talk, bar.carrier, **_QUIETLY)
        bar.json.click(self._json, kept.talk, bar.carrier, **_QUIETLY)
        boxes = [way.box for way in self.ways.values()]
        bar.new.click(begin, None, [*self._outputs, bar.offer, *boxes], **_QUIETLY)

    def _markdown(self, talk: Talk) -> str:
        return self._file(talk, "md", transcript.as_markdown)

    def _json(self, talk: Talk) -> str:
        return self._file(talk, "json", transcript.as_json)

    def _file(self, talk: Talk, ending: str, write: Callable[..., str]) -> str:
        """A file that the browser saves: its name and its text."""
        turns = [
            transcript.Turn(entry.said.text, entry.outcome, entry.turn.citations, entry.first)
            for entry in talk.entries
        ]
        text = write(talk.name, turns, transcript.Provenance.of(self.library))
        stem = re.sub(r"[^\w-]+", "-", talk.name).strip("-").lower() or "conversation"
        return json.dumps({"name": f"{stem}.{ending}", "text": text})

    def _restored(self, stored: object) -> Any:
        """The conversation of before the page was reloaded."""
        turns = said_in(stored)
        if not turns:
            return [gr.skip()] * 4
        talk = self.desk.restore(turns, title_in(stored))
        html = "".join(entry.turn.html for entry in talk.entries)
        if isinstance(stored, dict) and stored.get("library") != self.library.fingerprint:
            html += _CHANGED
        return html, talk, talk.stored(self.library.fingerprint), talk.name


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


def _connect_chips(row: gr.HTML, fields: _Fields) -> None:
    def remove(event: gr.EventData, *values: str | None) -> list[str | None]:
        removed = _text(event, "filter")
        return [
            (None if isinstance(field, gr.Dropdown) else "") if name == removed else value
            for name, field, value in zip(FIELDS, fields, values, strict=True)
        ]

    row.remove(
        remove, fields, fields, queue=False, show_progress="hidden", api_visibility="private"
    )


def launch(
    assistant: Assistant,
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    ready: Callable[[str], None] = lambda url: None,
    wait: bool = True,
) -> gr.Blocks:
    """Serve the page.

    Args:
        assistant: Answers on the page.
        host: Address to listen on; the default is reached from this machine only.
        port: To listen on.
        ready: Told the page's address once it is served.
        wait: Whether to serve until interrupted; else the caller closes what is returned.

    Raises:
        RapporteurError: The port is taken, or the host is not an address of this machine.
    """
    page = build_page(assistant)
    try:
        _, url, _ = page.launch(
            server_name=host,
            server_port=port,
            prevent_thread_lock=True,
            quiet=True,
            share=False,
            allowed_paths=[],
            footer_links=[],
            run_history=False,
            enable_monitoring=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            app_kwargs=fastapi_options(host),
            theme=gr.themes.Base(
                font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
            ),
            head=_head(),
        )
    except OSError as error:
        raise RapporteurError(
            f"{host}:{port}: the page cannot be served there, the port is taken or the address is "
            "not of this machine; choose another with --port or --host"
        ) from error
    ready(url)
    if wait:
        page.block_thread()
    return page
