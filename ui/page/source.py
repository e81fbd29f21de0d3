"""The right-hand side of the page: the list of speeches, and a speech with its cited span."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import parse_qs

from assistant.errors import RapporteurError
from assistant.library import Library
from assistant.speech import Speech, written_date, written_pages
from assistant.text import Span
from ui.page.turn import address, edition, marked, occasion, shown
from ui.wording import counted

MOST_LISTED = 200

_GONE = "This library does not hold the speech asked for."
_CHANGED = (
    "This speech was changed since it was cited, so that the passage is not marked; "
    "ask again to find the words as they are now."
)
_INTERPRETED = "; the English wording is that of the interpreters"


class Catalogue:
    """The speeches of a library, newest first, to be browsed and opened."""

    def __init__(self, library: Library) -> None:
        self._library = library
        ordered = sorted(library.speeches.values(), key=lambda s: s.date or "", reverse=True)
        self._described = [(_description(speech), speech) for speech in ordered]

    def pane(self) -> str:
        """The pane as it is before anything is opened."""
        return (
            '<section class="pane" role="region" aria-label="Source">'
            '<div class="browse"><div class="bar"><h2>Speeches</h2>'
            '<button type="button" class="plain close" data-close>Close</button></div>'
            '<input type="search" class="find" aria-label="Find a speech" autocomplete="off"'
            ' placeholder="Find by speaker, delegation, date, meeting or topic">'
            f'<div class="listed">{self.browse("")}</div></div>'
            '<div class="reading" tabindex="-1" hidden></div></section>'
        )

    def browse(self, text: str) -> str:
        """The speeches whose description has every word of `text`."""
        words = text.casefold().split()
        found = [
            speech
            for description, speech in self._described
            if all(word in description for word in words)
        ]
        return listing(found)

    def open(self, place: str) -> str:
        """A speech, by what `address` says of it; a line of regret if there is none."""
        given = parse_qs(place)
        try:
            return self._opened(given)
        except RapporteurError as error:
            # A store is out of reach for a while; or a block of a large file, read only now.
            return _regret(f"{error}.")

    def _opened(self, given: dict[str, list[str]]) -> str:
        speech = self._library.speeches.get(given.get("speech", [""])[0])
        if speech is None:
            return _regret(_GONE)
        if given.get("text", [edition(speech)])[0] != edition(speech):
            return speech_html(speech, notice=_CHANGED)
        return speech_html(speech, _span(given, len(speech.text)))


def _regret(line: str) -> str:
    return f'{_bar("")}<p class="notice">{shown(line)}</p>'


def _span(given: dict[str, list[str]], length: int) -> Span | None:
    """The span that an address names; None if it does not name one inside the text."""
    try:
        span = Span(int(given["start"][0]), int(given["end"][0]))
    except (KeyError, ValueError):
        return None
    return span if 0 <= span.start < span.end <= length else None


def _description(speech: Speech) -> str:
    known = [
        speech.speaker,
        speech.country,
        speech.symbol,
        speech.date,
        written_date(speech.date) if speech.date else None,
        speech.topic,
        speech.role,
        speech.capacity,
        speech.origin,
    ]
    return " ".join(part for part in known if part).casefold()


def listing(speeches: Sequence[Speech]) -> str:
    """A list of speeches, each a button that opens it."""
    if not speeches:
        return '<p class="notice">No speech has all of these words.</p>'
    rows = "".join(_row(speech) for speech in speeches[:MOST_LISTED])
    more = len(speeches) - MOST_LISTED
    rest = f'<p class="more">and {more:,} more; type to find them</p>' if more > 0 else ""
    return (
        f'<p class="count">{counted(len(speeches), "speech", "speeches")}</p><ul>{rows}</ul>{rest}'
    )


def _row(speech: Speech) -> str:
    topic = f'<span class="topic">{shown(speech.topic)}</span>' if speech.topic else ""
    return (
        f'<li><button type="button" data-source="{shown(address(speech))}">'
        f'<span class="who">{_who(speech)}</span>'
        f'<span class="when">{shown(" · ".join(occasion(speech)))}</span>{topic}</button></li>'
    )


def _who(speech: Speech) -> str:
    speaker = f"<b>{shown(speech.speaker or 'Speaker unknown')}</b>"
    return f"{speaker} · {shown(speech.country)}" if speech.country else speaker


def _bar(running: str) -> str:
    """Ways back, and between them the running head that stays in view."""
    return (
        '<div class="bar"><button type="button" class="plain" data-back>All speeches</button>'
        f'<span class="running" aria-hidden="true">{shown(running)}</span>'
        '<button type="button" class="plain close" data-close>Close</button></div>'
    )


def speech_html(speech: Speech, cited: Span | None = None, notice: str = "") -> str:
    """A whole speech with numbered paragraphs and the cited span marked, under a notice if any."""
    numbered = enumerate(speech.reading.paragraphs, start=1)
    marks = [cited] if cited else []
    paragraphs = "".join(
        f'<p class="paragraph"><span class="number" aria-hidden="true">{number}</span>'
        f"<span>{marked(speech.text, span, marks)}</span></p>"
        for number, span in numbered
    )
    running = " · ".join([speech.byline, *occasion(speech)])
    header = f"<header>{_head(speech)}</header>"
    told = f'<p class="notice">{shown(notice)}</p>' if notice else ""
    return f'{_bar(running)}{told}<article class="speech">{header}{paragraphs}</article>'


def _head(speech: Speech) -> str:
    spoke_as = [speech.role, speech.told_capacity]
    capacity = " · ".join(part for part in spoke_as if part)
    lines = [" · ".join(occasion(speech)), speech.topic, capacity, _delivered(speech)]
    pages = speech.pages_of(Span(0, len(speech.text)))
    if speech.origin != lines[0]:
        lines.append(f"File {speech.origin}" + (f", {written_pages(pages)}" if pages else ""))
    return f"<h2>{_who(speech)}</h2>" + "".join(_lines(lines))


def _lines(lines: Iterable[str | None]) -> Iterable[str]:
    return (f"<p>{shown(line)}</p>" for line in lines if line)


def _delivered(speech: Speech) -> str | None:
    if speech.language is None:
        return None
    english = speech.language.casefold() == "english"
    return f"Delivered in {speech.language}" + ("" if english else _INTERPRETED)
