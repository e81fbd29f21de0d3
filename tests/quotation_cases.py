"""How well quotations are told apart, on cases made from a library: `make` has no part in it.

    python tests/quotation_cases.py LIBRARY [--count 1000 --seed 7] [--show]

Each case is made from words of the library so that its class is known. Speeches are kept out of
the library, one in twenty, so that real sentences of the same kind are absent.
"""

import argparse
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from assistant.library import Library
from assistant.passage import Passage
from assistant.quotation.checked import CheckedQuotation
from assistant.quotation.quotations import Quotations
from embeddings.dense import DenseIndex
from embeddings.hybrid import HybridIndex
from embeddings.lexical import LexicalIndex

ELSEWHERE = Path(__file__).resolve().parent / "elsewhere"
NEGATED = re.compile(r"\b(is|are|was|were|has|have|will|would|must|should|can|could|may)\b")
NOT = re.compile(r"\b(?:not|never|no|without|unless)\b ")
NUMBER = re.compile(r"\b\d+\b|\b(?:two|three|four|five|six|seven|eight|nine|ten|twenty)\b")
MODAL = re.compile(r"\b(?:must|should|may|shall|can|will|would|could|might)\b")
WRITTEN = "two three four five six seven eight nine ten twenty".split()
MODALS = "must should may shall can will would could might".split()


@dataclass(frozen=True)
class Case:
    kind: str
    verdict: str
    text: str
    speech: str | None = None
    speaker: str | None = None


class Maker:
    """Makes cases from the speeches of a library."""

    def __init__(self, library: Library, held_out: list[str], rng: random.Random) -> None:
        self.library = library
        self.rng = rng
        self.held_out = held_out
        self.texts = [" ".join(s.text.split()) for s in library.speeches.values()]
        self.vocabulary = sorted({w for t in self.texts for w in re.findall(r"\b[a-z]{3,}\b", t)})
        self.speakers = sorted({s.speaker for s in library.speeches.values() if s.speaker})
        self.passages = [p for p in library.passages if p.span.end - p.span.start > 60]
        self.elsewhere = [
            sentence
            for path in sorted(ELSEWHERE.glob("*.txt"))
            for sentence in re.split(r"(?<=[.?!])\s+", " ".join(path.read_text("utf-8").split()))
            if len(sentence.split()) > 7
        ]

    def true_words(self, fewest: int = 8) -> tuple[str, str]:
        """One to four sentences of a speech, or a fragment of them; and which speech."""
        while True:
            passage = self.rng.choice(self.passages)
            text = self.library.speech_of(passage).text
            many = self.rng.randint(1, min(4, len(passage.sentences)))
            first = self.rng.randrange(len(passage.sentences) - many + 1)
            last = passage.sentences[first + many - 1]
            words = text[passage.sentences[first].start : last.end].split(" ")
            if self.rng.random() < 0.3 and len(words) > fewest + 4:
                start = self.rng.randrange(len(words) - fewest)
                words = words[start : start + self.rng.randint(fewest, 40)]
            if len(words) >= fewest:
                return " ".join(words), passage.speech

    def verdict(self, text: str, otherwise: str) -> str:
        """Exact, if the words made up stand somewhere after all."""
        plain = " ".join(text.split()).strip("\"'“”‘’ ").rstrip(".,")
        pattern = re.compile(rf"(?<![\w-]){re.escape(plain)}(?![\w-])")
        return "exact" if any(plain in t and pattern.search(t) for t in self.texts) else otherwise

    # Exact and typographic

    def exact(self) -> Case:
        text, speech = self.true_words()
        if self.rng.random() < 0.3:
            text = f"“{text}”"
        if self.rng.random() < 0.3:
            text = text.replace(" ", "\n", 2)
        return Case("exact", "exact", text, speech)

    def typographic(self) -> Case:
        change = self.rng.choice(
            (self._quotes, self._dashes, self._wraps, self._first, self._capitals)
        )
        text, speech = self.true_words()
        changed = change(text)
        return Case("typography", self.verdict(changed, "typographic"), changed, speech)

    def _quotes(self, text: str) -> str:
        marked = text.replace("'", "\u2019").replace('"', "\u201d")
        return (
            marked
            if marked != text
            else re.sub(r",(?!\d)", ";", text, count=1).replace(" and ", " — and ", 1)
        )

    def _dashes(self, text: str) -> str:
        return (
            text.replace("-", self.rng.choice("‐‑–"))
            if "-" in text
            else re.sub(r",(?!\d)", " –", text)
        )

    def _wraps(self, text: str) -> str:
        return text.replace("-", "-\n").replace("ffi", "ﬃ").replace("fi", "ﬁ").replace("fl", "ﬂ")

    def _first(self, text: str) -> str:
        return text[0].swapcase() + text[1:]

    def _capitals(self, text: str) -> str:
        return text.upper()

    def ellipsis(self) -> Case:
        text, speech = self.true_words(20)
        words = text.split(" ")
        while True:
            start = self.rng.randint(4, len(words) - 9)
            end = self.rng.randint(start + 1, min(start + 12, len(words) - 4))
            left_out = " ".join(words[start:end])
            if not NOT.search(left_out + " ") and "n't" not in left_out and "nor" not in left_out:
                break
            text, speech = self.true_words(20)
            words = text.split(" ")
        mark = self.rng.choice(("…", "...", "[...]", "(…)", "[…]"))
        text = " ".join([*words[:start], mark, *words[end:]])
        return Case("ellipsis", "typographic", text, speech)

    def bracket(self) -> Case:
        text, speech = self.true_words(10)
        words = text.split(" ")
        at = self.rng.randint(3, len(words) - 3)
        if self.rng.random() < 0.5:
            words.insert(at, "[sic]")
        elif words[at].islower() and not (NOT.search(words[at] + " ") or MODAL.search(words[at])):
            words[at] = "[the Council]" if words[at].isalpha() else f"{words[at]} [sic]"
        else:
            words.insert(at, "[emphasis added]")
        return Case("bracket", "typographic", " ".join(words), speech)

    # Altered

    def edited(self) -> Case:
        text, speech = self.true_words(10)
        words = text.split(" ")
        for _ in range(self.rng.randint(1, 3)):
            at = self.rng.randrange(1, len(words) - 1)
            how = self.rng.choice(("substitute", "insert", "delete"))
            if how == "delete":
                del words[at]
            else:
                words[at : at + (how == "substitute")] = [self.rng.choice(self.vocabulary)]
        changed = " ".join(words)
        return Case("1-3 words edited", self.verdict(changed, "altered"), changed, speech)

    def negation(self) -> Case:
        while True:
            text, speech = self.true_words()
            if found := NOT.search(text):
                changed = text[: found.start()] + text[found.end() :]
            elif found := NEGATED.search(text):
                changed = text[: found.end()] + " not" + text[found.end() :]
            else:
                continue
            return Case("negation", self.verdict(changed, "altered"), changed, speech)

    def hidden_negation(self) -> Case:
        """An ellipsis where the record has "not"."""
        while True:
            text, speech = self.true_words(10)
            found = re.search(r"\w+ (?:not|never) (?=\w+ \w+ \w+ \w+)", text)
            if found and found.start() > 20:
                verb, _ = found[0].split()
                changed = f"{text[: found.start()]}{verb} … {text[found.end() :]}"
                return Case("negation behind an ellipsis", "altered", changed, speech)

    def number(self) -> Case:
        while True:
            text, speech = self.true_words()
            if found := NUMBER.search(text):
                other = (
                    str(int(found[0]) + self.rng.randint(1, 9))
                    if found[0].isdigit()
                    else self.rng.choice([word for word in WRITTEN if word != found[0]])
                )
                changed = text[: found.start()] + other + text[found.end() :]
                return Case("number", self.verdict(changed, "altered"), changed, speech)

    def modal(self) -> Case:
        while True:
            text, speech = self.true_words()
            if found := MODAL.search(text):
                other = self.rng.choice([word for word in MODALS if word != found[0]])
                changed = text[: found.start()] + other + text[found.end() :]
                return Case("modal", self.verdict(changed, "altered"), changed, speech)

    # The rest

    def misattributed(self) -> Case:
        while True:
            text, speech = self.true_words(10)
            speaker = self.rng.choice(self.speakers)
            said_by = {
                s.speaker
                for s, t in zip(self.library.speeches.values(), self.texts, strict=True)
                if text.strip("\"'").rstrip(".,") in t
            }
            if None in said_by or any(name.startswith("The ") for name in said_by if name):
                continue
            if speaker.split()[-1] in " ".join(name for name in said_by if name):
                continue
            return Case("other speaker", "misattributed", text, speech, speaker)

    def absent(self) -> Case:
        how = self.rng.choice(("elsewhere", "held out", "shuffled"))
        if how == "elsewhere":
            text = self.rng.choice(self.elsewhere)
        elif how == "held out":
            text = self.rng.choice(self.held_out)
        else:
            words = [word for _ in range(4) for word in self.true_words()[0].split(" ")]
            text = " ".join(self.rng.sample(words, 15))
        return Case(f"absent: {how}", self.verdict(text, "absent"), text)

    def partial(self) -> Case:
        text, speech = self.true_words(14)
        how = self.rng.choice(("with words from elsewhere", "stitched"))
        if how == "stitched":
            other = self.true_words(14)[0]
            return Case("partial: stitched", "partial", f"{text} {other}", speech)
        parts = [text, self.rng.choice(self.elsewhere)]
        self.rng.shuffle(parts)
        return Case(f"partial: {how}", "partial", " ".join(parts), speech)

    def cases(self, count: int) -> Iterator[Case]:
        makers: list[tuple[int, Callable[[], Case]]] = [
            (20, self.exact), (12, self.typographic), (6, self.ellipsis), (4, self.bracket),
            (14, self.edited), (7, self.negation), (5, self.number), (5, self.modal),
            (3, self.hidden_negation),
            (9, self.misattributed), (10, self.absent), (8, self.partial),
        ]  # fmt: skip
        weights, kinds = zip(*makers, strict=True)
        for maker in self.rng.choices(kinds, weights, k=count):
            yield maker()


def without(library: Library, share: int) -> tuple[Library, list[str]]:
    """The library without one speech in `share`, and sentences of those left out."""
    ids = list(library.speeches)
    out = set(ids[share // 2 :: share])
    kept: list[Passage] = [p for p in library.passages if p.speech not in out]
    texts = [p.span.of(library.speech_of(p).text) for p in kept]
    sentences = [
        span.of(library.speech_of(p).text)
        for p in library.passages
        if p.speech in out
        for span in p.sentences
    ]
    index = HybridIndex(
        DenseIndex.build(np.zeros((len(kept), 2), np.float32)), LexicalIndex.build(texts)
    )
    speeches = {id_: speech for id_, speech in library.speeches.items() if id_ not in out}
    left = replace(library, speeches=speeches, passages=kept, passage_index=index)
    return left, [s for s in sentences if len(s.split()) >= 10]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("library", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", action="store_true", help="print the cases that went wrong")
    options = parser.parse_args()
    library, held_out = without(Library.open(options.library), 20)
    maker = Maker(library, held_out, random.Random(options.seed))
    quotations = Quotations(library)
    told: Counter[tuple[str, str, str]] = Counter()
    times: list[float] = []
    for case in maker.cases(options.count):
        begin = time.perf_counter()
        check = quotations.check(case.text, case.speaker)
        times.append((time.perf_counter() - begin) * 1000)
        told[case.kind, case.verdict, check.verdict] += 1
        if options.show and check.verdict != case.verdict:
            show(case, check)
    report(told, times)


def show(case: Case, check: CheckedQuotation) -> None:
    print(f"--- {case.kind}: should be {case.verdict}, is {check.verdict}\n{case.text}")
    for source in check.sources[:2]:
        print("   ", source.citation.reference, "|", source.citation.quote[:300])
    print("   ", *check.notes)


def report(told: Counter[tuple[str, str, str]], times: list[float]) -> None:
    verdicts = "exact typographic altered misattributed partial absent".split()
    print(f"{'made as':36}{'n':>5}" + "".join(f"{verdict:>15}" for verdict in verdicts))
    for kind, verdict in sorted({(kind, verdict) for kind, verdict, _ in told}):
        row = [told[kind, verdict, given] for given in verdicts]
        print(f"{f'{kind} ({verdict})':36}{sum(row):5}" + "".join(f"{n or '·':>15}" for n in row))
    count = sum(told.values())
    right = sum(n for (_, verdict, given), n in told.items() if verdict == given)
    wrongly = Counter(
        given
        for (_, verdict, given), n in told.items()
        for _ in range(n)
        if verdict in ("altered", "partial", "absent")
    )
    p50, p95 = np.percentile(times, [50, 95])
    print(f"right {right / count:.3f} of {count}")
    print(f"not there so, yet exact {wrongly['exact']}, typographic {wrongly['typographic']}")
    print(f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, longest {max(times):.0f} ms")


if __name__ == "__main__":
    main()
