"""The page: a conversation beside the speeches it quotes.

`build_page` makes it, `launch` serves it. What a person sees is made by `turn`,
`claim`, `quotation`, `source` and `welcome`; what it does in the browser is in `page.js`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
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
from ui.page.briefing import basket
from ui.page.desk import FIELDS, Conversation, Desk, Field, Replied, chips
from ui.page.server import fastapi_options
from ui.page.source import Catalogue
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

_Fields = list[gr.Dropdown | gr.Textbox]


def build_page(assistant: Assistant) -> gr.Blocks:
    """The page for one library; nothing is served yet."""
    library = assistant.library
    desk = Desk(assistant, ClaimChecker.shipped(library), Quotations(library))
    page = gr.Blocks(title="Rapporteur", analytics_enabled=False, fill_width=True)
    with page, gr.Column(elem_id="room"):
        past = gr.State(Conversation())
        gr.HTML(masthead(library), elem_id="masthead", apply_default_css=False)
        with gr.Column(elem_id="talk"):
            log = _log_pane(library)
            with gr.Column(elem_id="desk"):
                fields = _filter_fields(library)
                shown_chips = _chips_row(fields)
                ways, new = _ways()
                basket(desk.briefings)
        _source_pane(library)
        _connect(desk, log, ways, new, past, fields)
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
            "widen: question => trigger('widen', {question})})"
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


def _ways() -> tuple[dict[str, _Way], gr.Button]:
    """The tabs, by name, and the button that begins anew."""
    with gr.Tabs(elem_id="ways"):
        ways = {
            "ask": _way("Ask", "question", "Ask about the speeches", "Ask"),
            "check": _way("Check a claim", "claim", "A claim about what was said", "Check"),
            "quote": _way(
                "Check a quotation",
                "quotation",
                "Paste a quotation",
                "Check",
            ),
            "brief": _way("Briefing", "topics", "Topics, separated by semicolons", "Brief"),
        }
    return ways, gr.Button("New conversation", elem_id="new")


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


def _connect(
    desk: Desk,
    log: gr.HTML,
    ways: dict[str, _Way],
    new: gr.Button,
    past: gr.State,
    fields: _Fields,
) -> None:
    def typed(reply: Callable[..., Replied]) -> Callable[..., Replied]:
        def send(text: str, past: Conversation, *fields: Field) -> Replied:
            if not text.strip():
                return gr.skip(), gr.skip(), gr.skip()  # the page says so itself
            return reply(text, past, *fields)

        return send

    def ask_example(event: gr.EventData, past: Conversation, *fields: Field) -> Replied:
        return desk.ask(_text(event, "question"), past, *fields)

    def ask_all(
        event: gr.EventData, past: Conversation
    ) -> tuple[str, str, Conversation, None, None, str, str]:
        return *desk.ask(_text(event, "question"), past, interpret=False), None, None, "", ""

    def check_example(event: gr.EventData, past: Conversation, *fields: Field) -> Replied:
        return desk.check(_text(event, "claim"), past, *fields)

    ask, check = ways["ask"], ways["check"]
    events: list[tuple[Any, Callable[..., Any], list[Any], list[Any]]] = [
        (log.ask, ask_example, [past, *fields], [log, ask.box, past]),
        (log.check, check_example, [past, *fields], [log, check.box, past]),
        (log.widen, ask_all, [past], [log, ask.box, past, *fields]),
    ]
    for name, reply in (
        ("ask", desk.ask), ("check", desk.check), ("quote", desk.quote), ("brief", desk.brief)
    ):  # fmt: skip
        way = ways[name]
        inputs, outputs = [way.box, past, *fields], [log, way.box, past]
        events += [
            (way.box.submit, typed(reply), inputs, outputs),
            (way.button.click, typed(reply), inputs, outputs),
        ]
    for event, handler, inputs, outputs in events:
        event(
            handler,
            inputs,
            outputs,
            js="(...values) => (rapporteur.asking(values[0]), values)",
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )
    new.click(
        lambda: ("", Conversation(), *("" for _ in ways)),
        outputs=[log, past, *(way.box for way in ways.values())],
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def _text(event: gr.EventData, name: str) -> str:
    """What `page.js` sent with an event."""
    value = event._data.get(name) if isinstance(event._data, dict) else None
    return value if isinstance(value, str) else ""


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
