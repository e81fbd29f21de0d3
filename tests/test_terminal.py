"""What the terminal shows."""

import io
from dataclasses import replace

from rich.console import Console

from assistant.answer import Answer, Citation, Finding, Searched
from assistant.filters import Filters
from assistant.speech import Speech
from assistant.text import Span, read_text
from ui.progress import ProgressView
from ui.terminal import answer_view, shown

SPEECH = Speech(
    "a", "a.txt", "", read_text("We sent four drones. They watch."), "Mr. Ali", "Niger",
    symbol="S/PV.1", date="2016-05-31",
)  # fmt: skip
FIRST, SECOND = Span(0, 20), Span(21, 32)


def cited(span: Span) -> Citation:
    return Citation(SPEECH, 1, span)


def answer(*findings: Finding, answered: bool = True) -> Answer:
    searched = Searched(1, 1, Filters(country="Niger"))
    related = () if answered else findings
    return Answer("Drones?", "Drones?", answered, 0.5, "weak", findings, related, searched)


def printed(shown: Answer, colour: bool = False) -> str:
    console = Console(
        file=io.StringIO(),
        width=80,
        force_terminal=colour,
        color_system="standard" if colour else None,
    )
    console.print(answer_view(shown))
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def test_an_answer_is_quote_reference_and_what_else_was_found() -> None:
    weak = Finding("a#1.1", cited(FIRST), 0.5, "moderate", again=(cited(SECOND),))
    other = Finding("a#1.1", cited(SECOND), 0.4, "moderate")
    noise = Finding("a#1.1", cited(SECOND), 0.1, "none")
    assert printed(answer(weak, other, noise)) == (
        """
  “We sent four drones.”
  [1] Mr. Ali (Niger), S/PV.1, 31 May 2016, para. 1, line 1 · weak match
  said again: Mr. Ali (Niger), S/PV.1, 31 May 2016, para. 1, line 1

Also found ─────────────────────────────────────────────────────────────────────

  “They watch.”
  [2] Mr. Ali (Niger), S/PV.1, 31 May 2016, para. 1, line 1"""
    )


def test_the_short_span_is_marked_in_the_quote() -> None:
    short = Finding("a#1.1", cited(FIRST), 0.5, "weak", short=cited(Span(8, 19)))
    assert "\x1b[1;4mfour drones\x1b[0m" in printed(answer(short), colour=True)


def test_a_refusal_says_what_was_searched() -> None:
    near = Finding("a#1.1", cited(FIRST), 0.1, "none")
    assert printed(answer(near, answered=False)) == (
        """The speeches do not answer this.
Searched 1 speech, 1 passage · delegation Niger

Related, not an answer ─────────────────────────────────────────────────────────

  “We sent four drones.”
  [1] Mr. Ali (Niger), S/PV.1, 31 May 2016, para. 1, line 1"""
    )


def test_unknown_facts_are_left_out() -> None:
    bare = replace(SPEECH, speaker=None, country=None, symbol=None, date=None)
    finding = Finding("a#1.1", Citation(bare, 1, FIRST), 0.5, "weak")
    assert "[1] Speaker unknown, a.txt, para. 1, line 1" in printed(answer(finding))


def test_rich_markup_in_a_record_is_text() -> None:
    speech = replace(SPEECH, reading=read_text("We [bold]sent[/bold] drones."))
    finding = Finding("a#1.1", Citation(speech, 1, Span(0, 28)), 0.5, "weak")
    assert "“We [bold]sent[/bold] drones.”" in printed(answer(finding))


def test_control_characters_are_shown() -> None:
    assert shown("a\x1b[31mb\x07\nc") == "a\ufffd[31mb\ufffd\nc"


def test_progress_waits_before_it_shows() -> None:
    console = Console(file=io.StringIO(), force_terminal=False)
    with ProgressView(console) as progress:
        for done in range(1, 11):
            progress("Reading files", done, 10)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().strip() == ""


def test_progress_tells_stage_rate_and_time_left() -> None:
    console = Console(file=io.StringIO(), force_terminal=False, width=100)
    clock = iter([0.0, 0.0, 5.0, 20.0])
    progress = ProgressView(console, clock=lambda: next(clock))
    for done in (0, 10, 40):
        progress("Embedding passages", done, 100)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().strip() == "Embedding passages: 40 of 100, 2/s, 30 s left"
