"""The page: a conversation beside the speeches it quotes.

`build_page` makes it, `launch` serves it, from the `room` for the present state of the library.
What a person sees is made by `turn`, `claim`, `quotation`, `source` and `welcome`, what is typed
in and clicked by `parts`; `wiring` says what happens then, and `page.js` what the browser does.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# Gradio reads these when it is imported. Nothing is reported and nothing is fetched.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

import gradio as gr

from assistant.answer import Assistant
from assistant.errors import RapporteurError
from assistant.library import Library
from ui.page.briefing import basket
from ui.page.parts import (
    Fields,
    Kept,
    chips_row,
    choices,
    conversation_bar,
    filter_fields,
    offer,
    script,
    ways_to_ask,
)
from ui.page.room import Present, Room
from ui.page.server import fastapi_options
from ui.page.talk import Talk
from ui.page.welcome import masthead, welcome
from ui.page.wiring import Wiring, connect_chips

_HERE = Path(__file__).parent
_ICON = (
    '<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22'
    " viewBox=%220 0 16 16%22%3E%3Crect width=%2216%22 height=%2216%22 fill=%22%231f3f7a%22/%3E"
    "%3Cpath d=%22M3 5h10M3 8h10M3 11h6%22 stroke=%22white%22 stroke-width=%221.4%22/%3E"
    '%3C/svg%3E">'
)

_KEY = "rapporteur-conversation"
"""Of what the browser keeps. It is the user's own, so it is no secret, whatever Gradio calls it."""


@dataclass(frozen=True)
class Page:
    """The page, and its parts that say what the library holds."""

    blocks: gr.Blocks
    masthead: gr.HTML
    log: gr.HTML
    fields: Fields
    source: gr.HTML

    def tell(self, room: Room) -> None:
        """Say what the library holds now, to whoever loads the page from now on."""
        self.masthead.value = masthead(room.library)
        self.log.props["empty"] = welcome(room.library)
        offered = choices(room.library)
        for field in self.fields:
            if isinstance(field, gr.Dropdown):
                offer(field, offered[str(field.label)])
        self.source.value = room.catalogue.pane()
        # What is served to a browser is made of this, in one piece.
        self.blocks.config = self.blocks.get_config_file()


def build_page(present: Present) -> Page:
    """The page for the library that is present; nothing is served yet."""
    library = present.room.library
    blocks = gr.Blocks(title="Rapporteur", analytics_enabled=False, fill_width=True)
    with blocks, gr.Column(elem_id="room"):
        kept = Kept(gr.State(Talk()), gr.BrowserState({}, storage_key=_KEY, secret=_KEY))
        head = gr.HTML(masthead(library), elem_id="masthead", apply_default_css=False)
        with gr.Column(elem_id="talk"):
            bar = conversation_bar()
            log = _log_pane(library)
            with gr.Column(elem_id="desk"):
                fields = filter_fields(library)
                shown_chips = chips_row(present, fields)
                ways = ways_to_ask()
                basket(lambda: present.room.desk.briefings)
        source = _source_pane(present)
        Wiring(present, log, bar, ways, kept, fields).connect(blocks)
        connect_chips(shown_chips, fields)
    return Page(blocks, head, log, fields, source)


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
        head=script(),
        js_on_load=(
            "rapporteur.conversation(element, props, watch, {"
            "ask: question => trigger('ask', {question}),"
            "check: claim => trigger('check', {claim}),"
            "widen: turn => trigger('widen', {turn}),"
            "drop: (turn, kind) => trigger('drop', {turn, kind})})"
        ),
    )


def _source_pane(present: Present) -> gr.HTML:
    def browse(text: str) -> str:
        return present.room.catalogue.browse(str(text))

    def speech(place: str) -> str:
        return present.room.catalogue.open(str(place))

    return gr.HTML(
        present.room.catalogue.pane(),
        elem_id="source",
        apply_default_css=False,
        head=script(),
        server_functions=[browse, speech],
        js_on_load="rapporteur.source(element, server)",
    )


def launch(
    assistant: Assistant,
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    folder: Path | None = None,
    ready: Callable[[str], None] = lambda url: None,
    wait: bool = True,
) -> gr.Blocks:
    """Serve the page.

    Args:
        assistant: Answers on the page.
        host: Address to listen on; the default is reached from this machine only.
        port: To listen on.
        folder: Of the library; the page takes over each new state of it, without a restart.
        ready: Told the page's address once it is served.
        wait: Whether to serve until interrupted; else the caller closes what is returned.

    Raises:
        RapporteurError: The port is taken, or the host is not an address of this machine.
    """
    present = Present(assistant, folder)
    page = build_page(present)
    try:
        _, url, _ = page.blocks.launch(
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
    present.watch(page.tell, lambda: page.blocks.is_running)
    ready(url)
    if wait:
        page.blocks.block_thread()
    return page.blocks
