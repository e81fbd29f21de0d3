"""When each delegation spoke on a topic, drawn: a row for each, a dot for each mention. SVG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from assistant.dossier import Chapter, Section
from assistant.speech import period
from ui.wording import counted

_WIDTH, _LEFT, _RIGHT = 720, 170, 24
_ROW, _TOP, _BOTTOM = 24, 10, 30
_ROWS = 20
"""Delegations that are drawn, those with most mentions."""
_LABEL = 24
"""Letters of a name that fit."""
_TICKS = 8


@dataclass(frozen=True)
class _Row:
    name: str
    days: tuple[date, ...]
    """Of each mention the middle of what is known of its date."""


def timeline(chapter: Chapter) -> str:
    """The mentions of a chapter over time; empty if no date is known."""
    rows = _rows(chapter.sections)
    if not rows:
        return ""
    days = [day for row in rows for day in row.days]
    first, last = min(days).year, max(days).year + 1
    height = _TOP + _ROW * len(rows) + _BOTTOM
    label = escape(f"Mentions of {chapter.title} over time, by delegation")
    body = "".join((*_years(first, last, height), *_dots(rows, first, last)))
    return (
        f'<svg class="timeline" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}" '
        f'xmlns="http://www.w3.org/2000/svg">{body}</svg>'
    )


def _rows(sections: Sequence[Section]) -> list[_Row]:
    rows = []
    for section in sections:
        dates = [c.speech.date for entry in section.entries for c in entry.sources]
        days = tuple(_middle(day) for day in dates if day)
        if days:
            rows.append(_Row(section.delegation or "All", days))
    return rows[:_ROWS]


def _middle(value: str) -> date:
    first, last = period(value)
    return first + (last - first) / 2


def _x(day: date, first: int, last: int) -> float:
    begin, end = date(first, 1, 1).toordinal(), date(last, 1, 1).toordinal()
    share = (day.toordinal() - begin) / (end - begin)
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _years(first: int, last: int, height: int) -> Iterator[str]:
    step = max(1, -(-(last - first) // _TICKS))
    for year in range(first, last + 1, step):
        x = _x(date(year, 1, 1), first, last)
        yield (
            f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{height - _BOTTOM}"/>'
            f'<text class="year" x="{x:.1f}" y="{height - 10}" text-anchor="middle">{year}</text>'
        )


def _dots(rows: Sequence[_Row], first: int, last: int) -> Iterator[str]:
    for number, row in enumerate(rows):
        y = _TOP + _ROW * (number + 0.5)
        name = row.name if len(row.name) <= _LABEL else row.name[: _LABEL - 1] + "…"
        yield f'<text x="{_LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(name)}</text>'
        yield f'<line class="row" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
        for day, mentions in sorted(Counter(row.days).items()):
            radius = min(10.0, 3.5 + 1.5 * (mentions - 1))
            title = escape(f"{row.name}: {counted(mentions, 'mention')}")
            yield (
                f'<circle cx="{_x(day, first, last):.1f}" cy="{y}" r="{radius}">'
                f"<title>{title}</title></circle>"
            )
