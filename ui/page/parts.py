"""The parts of the page that are typed in and clicked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from assistant.filters import roles_of
from assistant.library import Library
from assistant.speech import Speech
from ui.page.documents import buttons
from ui.page.room import Present
from ui.page.talk import Way

_HERE = Path(__file__).parent
_MOST_CHOICES = 500
"""Names in a list to choose from; any other name can be typed."""

Fields = list[gr.Dropdown | gr.Textbox]
"""The filters of the page."""

QUIETLY: dict[str, Any] = {
    "queue": False,
    "show_progress": "hidden",
    "api_visibility": "private",
}
"""How whatever is clicked is answered."""


@dataclass(frozen=True)
class Kept:
    """The conversation, on the server while the page is open and in the browser."""

    talk: gr.State
    stored: gr.BrowserState


def script() -> str:
    """The page's script. Each part that calls it brings it; the browser runs it once."""
    return f"<script>{(_HERE / 'page.js').read_text('utf-8')}</script>"


_OFFERED: tuple[tuple[str, Callable[[Speech], Iterable[str | None]]], ...] = (
    ("Delegation", lambda speech: [speech.country]),
    ("Speaker", lambda speech: [speech.speaker]),
    ("Meeting", lambda speech: [speech.symbol]),
    ("Topic", lambda speech: [speech.topic]),
    ("Language", lambda speech: [speech.language]),
    ("Role", roles_of),
)
"""What is offered to choose from, by what it is called on the page."""


def choices(library: Library) -> dict[str, list[str]]:
    """The most frequent names of each, in order."""
    counts: dict[str, Counter[str]] = {label: Counter() for label, _ in _OFFERED}
    for speech in library.speeches.values():
        for label, names in _OFFERED:
            counts[label].update(name for name in names(speech) if name)
    return {
        label: sorted(name for name, _ in known.most_common(_MOST_CHOICES))
        for label, known in counts.items()
    }


def offer(field: gr.Dropdown, names: list[str]) -> None:
    """Have these names to choose from; a filter that no speech has a name for is not shown."""
    field.choices = [(name, name) for name in names]
    field.visible = bool(names) or field.label in ("Delegation", "Speaker")


def filter_fields(library: Library) -> Fields:
    """The filters, in the order of `desk.FIELDS`; on the page what is known of all comes first."""
    offered = choices(library)
    with gr.Accordion("Filters", open=False, elem_id="filters"), gr.Row():
        chosen = {label: _choice(label, offered[label]) for label in ("Delegation", "Speaker")}
        since, until = _period("From"), _period("To")
        chosen |= {
            label: _choice(label, offered[label]) for label in offered if label not in chosen
        }
    country, speaker, *others = chosen.values()
    return [country, speaker, since, until, *others]


def _choice(label: str, names: list[str]) -> gr.Dropdown:
    field = gr.Dropdown(
        names, value=None, label=label, allow_custom_value=True, container=True, min_width=120
    )
    offer(field, names)
    return field


def _period(label: str) -> gr.Textbox:
    return gr.Textbox(label=label, placeholder="e.g. 2018-09", max_lines=1, min_width=90)


def chips_row(present: Present, fields: Fields) -> gr.HTML:
    """What is chosen and what it leaves, told anew whenever a filter changes."""
    row = gr.HTML(
        "",
        elem_id="chips",
        apply_default_css=False,
        head=script(),
        js_on_load="rapporteur.chips(element, filter => trigger('remove', {filter}))",
    )
    for field in fields:
        field.change(lambda *given: present.room.desk.left(*given), fields, row, **QUIETLY)
    return row


@dataclass(frozen=True)
class Box:
    """A tab of the desk: what is typed in it, and the button that sends it."""

    box: gr.Textbox
    button: gr.Button


@dataclass(frozen=True)
class Bar:
    """Over the conversation: its name, ways to keep it, and to begin anew.

    `carrier` brings what `page.js` saves as a file, `offer` what it puts under the last turn.
    """

    title: gr.Textbox
    menu: gr.HTML
    new: gr.Button
    carrier: gr.HTML
    offer: gr.HTML


def conversation_bar() -> Bar:
    with gr.Row(elem_id="bar"):
        title = gr.Textbox(
            label="Name of the conversation",
            show_label=False,
            container=False,
            placeholder="Name of the conversation",
            max_lines=1,
            elem_id="title",
        )
        return Bar(
            title,
            _export_menu(),
            gr.Button("New conversation", elem_classes="plain"),
            _unseen("rapporteur.saves(props, watch)"),
            _unseen("rapporteur.offers(props, watch)"),
        )


def _export_menu() -> gr.HTML:
    return gr.HTML(
        '<details class="menu"><summary>Export</summary>'
        f"{buttons('Save the conversation as', 'write')}</details>",
        elem_id="export",
        apply_default_css=False,
        head=script(),
        js_on_load="rapporteur.exports(element, format => trigger('write', {format}))",
    )


def _unseen(on_load: str) -> gr.HTML:
    """Brings a value to the page's script."""
    return gr.HTML(
        "",
        html_template="<span></span>",
        elem_classes="unseen",
        apply_default_css=False,
        head=script(),
        js_on_load=on_load,
    )


def ways_to_ask() -> dict[Way, Box]:
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
            "brief": _way("Briefing", "topics", "Topics, separated by semicolons", "Brief"),
        }


def _way(title: str, name: str, placeholder: str, verb: str) -> Box:
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
        return Box(box, gr.Button(verb, elem_classes="send"))
