"""Briefings on the page: a sheet for each topic, a table, timelines, and documents of them.

Dropping, ordering and annotating quotes happens in the browser (`briefing.js`), which sends back
what is left as places in speeches: the words of a document are sliced here, from the library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import gradio as gr

from assistant.answer import Citation, Searched
from assistant.briefing import Briefer, Briefing
from assistant.dossier import BASKET, Chapter, Dossier, Entry, Section, provenance
from assistant.errors import ExportError
from assistant.filters import Filters
from assistant.library import Library
from assistant.milvus.uses import briefer_of
from assistant.receipt import citation_at
from assistant.text import Span
from ui import export
from ui.export.conversation import MOST
from ui.export.layout import period_line
from ui.export.timeline import timeline
from ui.export.webpage import comparison
from ui.page.documents import buttons, document_file
from ui.page.turn import (
    Numbering,
    Turn,
    address,
    edition,
    joined,
    marked,
    marker,
    reference,
    shown,
    turn_html,
)
from ui.wording import counted

_HERE = Path(__file__).parent
_OPEN = 3
"""Delegations that are not collapsed."""
_PARTING = re.compile(r"[;\n]+")
_LARGEST = 20_000_000
"""Characters that a browser may send to have a document made."""


class Briefings:
    """Makes briefings for the page, and documents of what is left of them there."""

    def __init__(self, library: Library) -> None:
        self._library = library

    @cached_property
    def _briefer(self) -> Briefer:
        # Made when the first briefing is asked for: it reads every word of the library.
        return briefer_of(self._library)

    def brief(self, topics: str, filters: Filters) -> Briefing:
        """Brief on topics as typed, parted by semicolons or lines."""
        asked = [topic.strip() for topic in _PARTING.split(topics) if topic.strip()]
        return self._briefer.brief(asked, filters)

    def turn(self, briefing: Briefing, turn: int, first: int) -> Turn:
        """A turn with a sheet for each topic.

        Args:
            briefing: To render.
            turn: Number of the turn in the conversation.
            first: Number of the first citation; the others follow.
        """
        dossier = export.briefing_dossier(briefing, self._library, MOST)
        return briefing_turn(dossier, turn, first)

    def document(self, request: str) -> str:
        """A document of what the browser has left, as `document_file` has it."""
        return document_file(lambda: ("briefing", *self._requested(request)))

    def _requested(self, request: str) -> tuple[str, Dossier]:
        """Raises ExportError when this is no request that the page makes."""
        try:
            if len(request) > _LARGEST:
                raise ExportError("too much for a document; brief on fewer topics")
            asked = json.loads(request)
            name = export.chosen_format(str(asked["format"]), Path("briefing"))
            chapters = tuple(map(self._chapter, asked["chapters"]))
            of = asked["provenance"]
            searched = Searched(
                int(of["speeches"]), int(of["passages"]), Filters.from_mapping(of["filters"])
            )
            made = provenance(self._library, tuple(map(str, of["asked"])), searched)
            return name, Dossier(str(asked["title"]), chapters, made)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ExportError("the page and the program do not fit; reload the page") from error

    def _chapter(self, asked: dict[str, Any]) -> Chapter:
        return Chapter(
            str(asked["title"]),
            tuple(map(self._section, asked["sections"])),
            tuple(map(str, asked["remarks"])),
            tuple(map(str, asked["closing"])),
        )

    def _section(self, asked: dict[str, Any]) -> Section:
        entries = tuple(map(self._entry, asked["entries"]))
        found = asked["found"]
        return Section(str(asked["delegation"]), entries, None if found is None else int(found))

    def _entry(self, asked: dict[str, Any]) -> Entry:
        again = tuple(self._citation(str(place)) for place in asked["again"])
        note = " ".join(str(asked["note"]).split())
        return Entry(self._citation(str(asked["place"])), again, note)

    def _citation(self, place: str) -> Citation:
        """What `address` names; KeyError or ValueError if there is no such place."""
        told = {name: values[0] for name, values in parse_qs(place).items()}
        speech = self._library.speeches.get(told["speech"])
        if speech is None or told.get("text", edition(speech)) != edition(speech):
            raise ExportError(
                f"the library has changed: the speech {told['speech']} is gone or is not what it "
                "was when it was quoted; reload the page, which asks again"
            )
        citation = citation_at(speech, Span(int(told["start"]), int(told["end"])))
        if citation is None:
            raise ValueError(place)
        return citation


def basket(briefings: Callable[[], Briefings]) -> None:
    """The passages that were added, under the tabs; hidden while there are none.

    Args:
        briefings: Gives what makes documents now.
    """

    def document(request: str) -> str:
        return briefings().document(str(request))

    script, style = ((_HERE / f"briefing.{kind}").read_text("utf-8") for kind in ("js", "css"))
    gr.HTML(
        f'<details class="basket" hidden><summary>{BASKET} (<span>0</span>)</summary>'
        f"<ol></ol>{buttons('Export these', 'export')}</details>"
        '<p class="exporting" role="status"></p>',
        elem_id="basket",
        apply_default_css=False,
        head=f"<style>{style}</style><script>{script}</script>",
        server_functions=[document],
        js_on_load="rapporteurBriefing(element, server)",
    )


def briefing_turn(dossier: Dossier, turn: int, first: int) -> Turn:
    """A briefing as a turn of the conversation."""
    numbers = Numbering(first)
    of = dossier.provenance
    told = {
        "asked": of.asked,
        "filters": of.filters.stated() if of.filters else {},
        "speeches": of.speeches,
        "passages": of.passages,
    }
    sheets = "".join(_sheet(chapter, numbers) for chapter in dossier.chapters)
    body = (
        f'<div class="briefing" data-title="{shown(dossier.title)}"'
        f" data-provenance='{_data(told)}'>{comparison(dossier)}{sheets}"
        f"{buttons('Export', 'export')}</div>"
    )
    return Turn(turn_html("; ".join(of.asked), turn, body), numbers.citations)


def _data(value: object) -> str:
    """JSON for a singly quoted attribute."""
    return shown(json.dumps(value, ensure_ascii=False))


def _sheet(chapter: Chapter, numbers: Numbering) -> str:
    told = {
        "title": chapter.title,
        "remarks": chapter.remarks,
        "closing": chapter.closing,
    }
    remarks = "".join(f'<p class="scope">{shown(remark)}</p>' for remark in chapter.remarks)
    positions = "".join(
        _position(section, numbers, rank < _OPEN) for rank, section in enumerate(chapter.sections)
    )
    closing = "".join(f'<p class="scope">{shown(remark)}</p>' for remark in chapter.closing)
    return (
        f"<section class=\"sheet\" data-chapter='{_data(told)}'>"
        f'<h3 class="topic">{shown(chapter.title)}</h3>{remarks}{_plot(chapter)}'
        f"{positions}{closing}</section>"
    )


def _plot(chapter: Chapter) -> str:
    """The timeline; on a narrow screen it is scrolled, for its labels would be too small."""
    drawn = timeline(chapter)
    return f'<div class="plot" tabindex="0">{drawn}</div>' if drawn else ""


def _position(section: Section, numbers: Numbering, is_open: bool) -> str:
    told = {"delegation": section.delegation, "found": section.found}
    mentions = counted(section.mentions, "mention")
    period = f'<p class="scope">{shown(line)}</p>' if (line := period_line(section)) else ""
    entries = "".join(_entry(entry, numbers) for entry in section.entries)
    return (
        f"<details class=\"position\" data-section='{_data(told)}'{' open' if is_open else ''}>"
        f"<summary><b>{shown(section.delegation)}</b> · {mentions}</summary>"
        f"{period}{entries}</details>"
    )


def _entry(entry: Entry, numbers: Numbering) -> str:
    citation = entry.citation
    place = address(citation.speech, citation.span)
    told = {
        "place": place,
        "again": [address(other.speech, other.span) for other in entry.again],
    }
    quote = marked(citation.speech.text, citation.span, [])
    copied = shown(f"“{citation.quote}” — {citation.reference}")
    return (
        f"<article class=\"finding\" data-entry='{_data(told)}'>"
        f'<blockquote><span class="quote">{quote}</span>{marker(citation, numbers(citation))}'
        f'</blockquote><p class="reference">{joined(reference(citation))}</p>'
        f"{_again(entry, numbers)}"
        f'<div class="actions"><button type="button" class="plain" data-copy="{copied}">Copy'
        f'</button><button type="button" class="plain" data-source="{shown(place)}">'
        "Open</button>"
        '<button type="button" class="plain" data-note>Note</button>'
        '<button type="button" class="plain" data-move="-1" aria-label="Move up">↑</button>'
        '<button type="button" class="plain" data-move="1" aria-label="Move down">↓</button>'
        '<button type="button" class="plain" data-leave-out>Drop</button></div></article>'
    )


def _again(entry: Entry, numbers: Numbering) -> str:
    if not entry.again:
        return ""
    places = "".join(
        f"<li>{joined(reference(other))}{marker(other, numbers(other))}</li>"
        for other in entry.again
    )
    return f'<div class="again"><p>said again</p><ul>{places}</ul></div>'
