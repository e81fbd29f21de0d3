"""What the page says before anything is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from assistant.library import Library
from assistant.speech import Speech, period
from ui.page.turn import shown
from ui.wording import counted

_SEEDS = frozenset(
    {
        "000_98f9f3623c312350",
        "001_ad2d82d0697ae8e5",
        "002_3203a1ff4b4bfa3b",
        "003_5c9ba75130eacfe0",
        "004_48689e5705c532ea",
    }
)
_MOST = 4
_LONGEST_TOPIC = 60


@dataclass(frozen=True)
class Examples:
    """To begin with: questions that have answers, one that has none, and a claim to check."""

    answered: tuple[str, ...]
    refused: str | None = None
    claim: str | None = None


_SEEDS_EXAMPLES = Examples(
    (
        "What has Kazakhstan said about deploying unmanned aerial vehicles?",
        "Should peacekeepers be used for counter-terrorism?",
        "What was said about women in peacekeeping?",
        "What is KAZCENT?",
    ),
    "Who won the World Cup?",
    "Peacekeeping contingents are suited to counter-terrorism operations.",
)


def examples(library: Library) -> Examples:
    """Examples that fit the library: tried ones for the seeds, else from its own headers."""
    if library.speeches.keys() == _SEEDS:
        return _SEEDS_EXAMPLES
    questions: dict[tuple[str, str], str] = {}
    for speech in library.speeches.values():
        speaker, topic = speech.speaker, speech.topic
        if speaker and topic and _fits(speaker, topic) and len(questions) < _MOST:
            asked = f"What did {speaker} say about {topic}?"
            questions.setdefault((speaker, topic), asked)
    return Examples(tuple(questions.values()))


def _fits(speaker: str, topic: str) -> bool:
    """Whether a question of them reads well: of a person, and of no whole title of a letter."""
    return not speaker.startswith("The ") and len(topic) <= _LONGEST_TOPIC


def masthead(library: Library) -> str:
    """The name, and one sentence of what can be asked of what."""
    return (
        '<header class="masthead"><h1>Rapporteur</h1>'
        f"<p>Ask what was said in {shown(holdings(library))}.</p>"
        '<button type="button" class="plain" data-browse>Speeches</button></header>'
    )


def holdings(library: Library) -> str:
    """ "5 speeches of Kazakhstan in the Security Council, 2004 to 2018"."""
    speeches = library.speeches.values()
    delegations = {speech.country for speech in speeches if speech.country}
    whose = counted(len(delegations), "delegation", "delegations")
    if len(delegations) == 1:
        whose = delegations.pop()
    of = f" of {whose}" if whose != "0 delegations" else ""
    years = _years(speeches)
    return f"{counted(len(speeches), 'speech', 'speeches')}{of} in the Security Council{years}"


def _years(speeches: Iterable[Speech]) -> str:
    known = sorted(period(speech.date)[0].year for speech in speeches if speech.date)
    if not known:
        return ""
    return f", {known[0]}" if known[0] == known[-1] else f", {known[0]} to {known[-1]}"


def welcome(library: Library) -> str:
    """The empty conversation."""
    offered = examples(library)
    questions = "".join(_example(question) for question in offered.answered)
    html = (
        '<div class="welcome"><p class="lead">Ask in your own words. The answer is a quotation '
        "with its place in the record, or a plain statement that the speeches do not answer.</p>"
    )
    if questions:
        html += f"<h2>For example</h2><ul>{questions}</ul>"
    if offered.refused:
        html += f"<h2>And one that is refused</h2><ul>{_example(offered.refused)}</ul>"
    if offered.claim:
        html += f"<h2>A claim to check</h2><ul>{_example(offered.claim, 'check')}</ul>"
    return html + "</div>"


def _example(text: str, way: str = "ask") -> str:
    return f'<li><button type="button" data-{way}="{shown(text)}">{shown(text)}</button></li>'
