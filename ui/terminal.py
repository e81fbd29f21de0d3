"""Answers, speeches and measurements in a terminal (rich)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import count

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from assistant.answer import Answer, Citation, Finding
from assistant.briefing import Briefing, Position, Quote, Sheet
from assistant.claims import CheckedClaim, Evidence
from assistant.evaluate import VERDICTS, ClaimScores, Scores
from assistant.quotation.checked import CheckedQuotation, Source
from assistant.receipt import Rechecked, Verified
from assistant.speech import Speech, written_pages
from assistant.text import Span
from ui.wording import (
    change_in_words,
    counted,
    filters_in_words,
    interpreted,
    lacking,
    mentions,
    narrowed,
    no_mention,
    quotation_verdict,
    refusal,
    sheet_scope,
    some_of,
    verdict,
)

QUOTE_WIDTH = 76
_ALSO_SAID = 5
_EVIDENCE = 5
_POSITIONS, _QUOTES, _NAMES, _CELLS = 10, 3, 20, 30
"""Delegations of a sheet, quotes of each, further ones named, and rows of the table."""
_STANCE_STYLES = {"supports": "bold green", "contradicts": "bold red", "related": "dim"}
_INDENT = (0, 0, 0, 2)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def shown(text: str) -> str:
    """The text with control characters made visible: a record must not steer the terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def answer_view(answer: Answer) -> RenderableType:
    """The best quote with its reference, then what else was found; or the refusal."""
    return _answer(answer, _Numbers(1, again=False))


def turn_view(answer: Answer, first: int, asked: bool = True) -> RenderableType:
    """How a question of a conversation was interpreted, and the answer.

    Args:
        answer: To show.
        first: Number of the first citation; the others follow.
        asked: Whether the question is shown as well.
    """
    question = Text(f"> {shown(answer.question)}", "bold")
    parts: list[RenderableType] = [question] if asked else []
    if interpreted(answer):
        parts.append(Text(f"Interpreted as “{shown(answer.interpreted)}”", "dim"))
    return Group(*parts, _answer(answer, _Numbers(first, again=True)), Text())


class _Numbers:
    """Numbers citations; what was said again has one where it can be asked about."""

    def __init__(self, first: int, again: bool) -> None:
        self._numbers = count(first)
        self._again = again

    def next(self) -> str:
        return f"[{next(self._numbers)}] "

    def again(self) -> str:
        return self.next() if self._again else ""


def _answer(answer: Answer, numbers: _Numbers) -> RenderableType:
    if not answer.answered:
        return _refusal(answer, numbers)
    parts: list[RenderableType] = [Text(shown(answer.record))] if answer.record else []
    strength = None if answer.about_quote else answer.strength
    parts.append(_finding(answer.findings[0], numbers, strength))
    if answer.named:
        parts.append(Padding(Text(shown(narrowed(answer.named)), "dim"), _INDENT))
    if also := answer.also_found:
        parts += [Text(), _heading("Also found")]
        parts += [_finding(finding, numbers) for finding in also]
    return Group(*parts)


def claims_view(checked: Sequence[CheckedClaim]) -> RenderableType:
    """Each claim: what bears on it, with its stance, under the verdict."""
    numbers = count(1)
    parts: list[RenderableType] = []
    for one in checked:
        if len(checked) > 1:
            parts += [Text(), _heading(shown(one.claim))]
        parts += [Text(shown(verdict(one)), "bold")]
        parts += [_evidence(evidence, next(numbers)) for evidence in one.evidence[:_EVIDENCE]]
    return Group(*parts)


def _evidence(evidence: Evidence, number: int) -> RenderableType:
    quote = Text("“" + shown(evidence.citation.quote) + "”")
    style = _STANCE_STYLES[evidence.stance]
    reference = Text.assemble(
        (f"[{number}] ", "bold"), _reference(evidence.citation), " · ", (evidence.stance, style),
        style="cyan",
    )  # fmt: skip
    lacks = [Text(shown(lacking(evidence)), "dim")] if evidence.missing else []
    return Group(Text(), *(Padding(line, _INDENT) for line in (quote, reference, *lacks)))


def _heading(words: str) -> Rule:
    return Rule(Text(words, "dim"), align="left", style="dim")


def _finding(finding: Finding, numbers: _Numbers, strength: str | None = None) -> RenderableType:
    """A quote; its strength is told for the first only, for which it was measured."""
    reference = Text.assemble((numbers.next(), "bold"), _reference(finding.citation), style="cyan")
    if strength:
        reference.append(f" · {strength} match", "dim")
    again = [
        Text(f"{numbers.again()}said again: {_reference(other)}", "dim") for other in finding.again
    ]
    lines = [_quote(finding), reference, *again]
    return Group(Text(), *(Padding(line, _INDENT) for line in lines))


def _reference(citation: Citation) -> str:
    return shown(citation.reference)


def _quote(finding: Finding) -> Text:
    text = Text("“" + shown(finding.citation.quote) + "”")
    if finding.short is not None:
        begin = finding.short.span.start - finding.citation.span.start + 1
        text.stylize("bold underline", begin, begin + len(finding.short.quote))
    return text


def _refusal(answer: Answer, numbers: _Numbers) -> RenderableType:
    refused, scope = (answer.record, "") if answer.record else refusal(answer.searched)
    lines: list[RenderableType] = [Text(shown(refused), "bold")]
    if scope:
        lines.append(Text(shown(scope), "dim"))
    if answer.related:
        lines += [Text(), _heading("Related, not an answer")]
        lines += [_finding(finding, numbers) for finding in answer.related]
    return Group(*lines)


def quotation_view(check: CheckedQuotation) -> RenderableType:
    """The verdict, the record's words with what the quotation changes, and what to know."""
    parts: list[RenderableType] = [Text(shown(quotation_verdict(check)), "bold")]
    if asked := filters_in_words(check.searched.filters):
        parts.append(Text(f"held against {shown(asked)}", "dim"))
    if check.parts:
        for part in check.parts:
            where = shown(part.citation.reference) if part.citation else "found nowhere"
            words = Text("“" + shown(part.span.of(check.quotation)) + "”")
            style = "cyan" if part.citation else "bold red"
            parts += [Text(), *_indented(words, Text(where, style))]
    elif check.sources:
        first = check.sources[0]
        words = _edited(check) if check.edits else _segments(first)
        also = [Text(f"also: {_reference(s.citation)}", "dim") for s in check.sources[1:_ALSO_SAID]]
        reference = Text(_reference(first.citation), "cyan")
        parts += [Text(), *_indented(words, reference, *also)]
        if more := check.more + len(check.sources[_ALSO_SAID:]):
            parts += _indented(
                Text(f"and in {counted(more, 'more speech', 'more speeches')}", "dim")
            )
    told = [change_in_words(change) for change in check.changes]
    notes = [Text(shown(line), "bold") for line in told] + [
        Text(shown(n), "dim") for n in check.notes
    ]
    return Group(*parts, *([Text()] if notes else []), *_indented(*notes))


def _indented(*lines: Text) -> list[RenderableType]:
    return [Padding(line, _INDENT) for line in lines]


def _segments(source: Source) -> Text:
    return Text("“" + " … ".join(shown(citation.quote) for citation in source.citations) + "”")


def _edited(check: CheckedQuotation) -> Text:
    """The record's words, with those the quotation lacks and those it puts in marked."""
    marks = {"keep": ("", "", ""), "delete": ("[-", "-]", "red"), "insert": ("{+", "+}", "green")}
    text = Text("“")
    for number, edit in enumerate(check.edits):
        opening, closing, style = marks[edit.kind]
        text.append(" " if number else "")
        text.append(f"{opening}{shown(check.words(edit))}{closing}", style)
    return text.append("”")


def speeches_view(speeches: Iterable[Speech]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("Speech", no_wrap=True)
    for heading in ("Speaker", "Delegation", "Date", "Meeting", "Topic"):
        table.add_column(heading, overflow="fold")
    for speech in speeches:
        fields = (
            speech.id,
            speech.speaker,
            speech.country,
            speech.date,
            speech.symbol,
            speech.topic,
        )
        table.add_row(*(shown(field or "–") for field in fields))
    return table


def speech_view(speech: Speech) -> RenderableType:
    heading = Text(shown(f"{speech.byline}, {speech.occasion}"), "bold")
    parts: list[RenderableType] = [heading]
    if speech.topic:
        parts.append(Text(shown(speech.topic), "dim"))
    if speech.told_capacity:
        parts.append(Text(shown(f"Capacity: {speech.told_capacity}"), "dim"))
    if speech.language and speech.language != "English":
        parts.append(Text(f"Delivered in {shown(speech.language)}; interpretation", "dim"))
    if pages := speech.pages_of(Span(0, len(speech.text))):
        parts.append(Text(f"{shown(speech.file)}, {written_pages(pages)}", "dim"))
    for number, span in enumerate(speech.reading.paragraphs, start=1):
        row = Table.grid(padding=(0, 1))
        row.add_column(width=3, justify="right", style="dim")
        row.add_column(max_width=QUOTE_WIDTH)
        row.add_row(str(number), shown(span.of(speech.text)))
        parts += [Text(), row]
    return Group(*parts)


def scores_view(table: dict[str, Scores]) -> Table:
    """One row for each kind of question, and one for all."""
    view = Table(box=None, header_style="bold", pad_edge=False)
    view.add_column("Kind")
    headings = "n hit@1 hit@3 hit@5 answered refused AUROC end-to-end median ms p95 ms"
    for heading in re.split(r" (?!ms)", headings):
        view.add_column(heading, justify="right")
    for kind, scores in table.items():
        shares = (
            scores.hit1, scores.hit3, scores.hit5, scores.answered,
            scores.refused, scores.auroc, scores.end_to_end,
        )  # fmt: skip
        cells = ["–" if share is None else f"{share:.3f}" for share in shares]
        times = (f"{scores.median_ms:.1f}", f"{scores.p95_ms:.1f}")
        style = "bold" if kind == "all" else ""
        view.add_row(shown(kind), str(scores.questions), *cells, *times, style=style)
    return view


def claim_scores_view(scores: ClaimScores) -> RenderableType:
    """How many claims of each verdict got which, and the shares."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("Verdict")
    for heading in (*(f"called {got}" for got in VERDICTS), "precision", "recall"):
        table.add_column(heading, justify="right")
    for given, row in scores.confusion.items():
        shares = (scores.precision(given), scores.recall(given))
        cells = ["–" if share is None else f"{share:.3f}" for share in shares]
        table.add_row(given, *map(str, row.values()), *cells)
    evidence = "–" if scores.evidence3 is None else f"{scores.evidence3:.3f}"
    line = (
        f"{scores.claims} claims: accuracy {scores.accuracy:.3f}, macro F1 {scores.macro_f1:.3f}, "
        f"evidence among the first three {evidence}, flips {scores.flips}, "
        f"{scores.median_ms:.0f} ms, p95 {scores.p95_ms:.0f} ms"
    )
    return Group(table, Text(), Text(line))


def briefing_view(briefing: Briefing) -> RenderableType:
    """A sheet for each topic, after a table of all of them if there are several."""
    numbers = count(1)
    parts: list[RenderableType] = []
    several = len(briefing.sheets) > 1
    if several:
        parts += [comparison_view(briefing), Text()]
    for topic, sheet in enumerate(briefing.sheets, start=1):
        title = f"{topic}  {sheet.topic}" if several else sheet.topic
        parts += [_heading(shown(title)), *_sheet(sheet, numbers), Text()]
    return Group(*parts[:-1])


def _sheet(sheet: Sheet, numbers: Iterator[int]) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(sheet_scope(sheet), "dim")]
    for position in sheet.positions[:_POSITIONS]:
        parts += _position(position, numbers)
    if further := sheet.positions[_POSITIONS:]:
        names = [f"{one.delegation.name} ({one.mentions})" for one in further]
        parts += [Text(), Text(f"Also: {shown(some_of(names, _NAMES))}", "dim")]
    if told := no_mention(sheet, _NAMES):
        parts += [Text(), Text(shown(told), "dim")]
    return parts


def _position(position: Position, numbers: Iterator[int]) -> list[RenderableType]:
    name = Text(shown(position.delegation.name), "bold")
    name.append(f" · {mentions(position)}", "dim")
    parts: list[RenderableType] = [Text(), name]
    parts += [_mention(quote, next(numbers)) for quote in position.quotes[:_QUOTES]]
    if further := len(position.quotes[_QUOTES:]):
        parts += _indented(Text(f"and {counted(further, 'more quote')}", "dim"))
    return parts


def _mention(quote: Quote, number: int) -> RenderableType:
    words = Text("“" + shown(quote.citation.quote) + "”")
    reference = Text.assemble((f"[{number}] ", "bold"), _reference(quote.citation), style="cyan")
    again = [Text(f"said again: {_reference(other)}", "dim") for other in quote.again]
    return Group(Text(), *_indented(words, reference, *again))


def comparison_view(briefing: Briefing) -> RenderableType:
    """Mentions of each topic, a row for each delegation that has any; a dash for none found."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("Mentions found", overflow="fold")
    for topic in range(1, len(briefing.sheets) + 1):
        table.add_column(str(topic), justify="right", no_wrap=True)
    rows = []
    for delegation in briefing.delegations:
        cells = [briefing.position(delegation, n) for n in range(len(briefing.sheets))]
        if any(cells):
            rows.append((delegation.name, [cell.mentions if cell else 0 for cell in cells]))
    rows.sort(key=lambda row: -sum(row[1]))
    for name, numbers in rows[:_CELLS]:
        table.add_row(shown(name), *(str(number or "–") for number in numbers))
    topics = [
        Text(shown(f"{number}  {sheet.topic}"), "dim")
        for number, sheet in enumerate(briefing.sheets, start=1)
    ]
    further = [Text(f"and {counted(len(rows) - _CELLS, 'more delegation')}", "dim")]
    return Group(*topics, Text(), table, *(further if len(rows) > _CELLS else []))


def verified_view(verified: Verified) -> RenderableType:
    """How many citations stand as cited, and each that does not."""
    standings = Counter(check.standing for check in verified.checks)
    told = ", ".join(f"{number:,} {standing}" for standing, number in standings.most_common())
    citations = counted(len(verified.checks), "citation")
    lines: list[RenderableType] = [Text(f"{citations}: {told}" if told else citations, "bold")]
    for number, check in enumerate(verified.checks, start=1):
        if check.standing != "exact":
            lines += _rechecked(check, number)
    lines += [Text(shown(problem), "red") for problem in verified.problems]
    if verified.same_library is False:
        note = "The document is from a library of other speeches, or of other records of them."
        lines.append(Text(note, "dim"))
    return Group(*lines)


def _rechecked(check: Rechecked, number: int) -> list[RenderableType]:
    receipt = check.receipt
    head = Text.assemble((check.standing, "bold red"), f" · citation {number}, {receipt.speech}")
    quote = [Text("“" + shown(receipt.quote) + "”")] if receipt.quote else []
    return [Text(), head, *_indented(*quote, *(Text(shown(d)) for d in check.differences))]
