"""The model that reads a question beside a passage: which sentences answer, and which words.

It runs on ONNX Runtime; `assistant.training` makes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from assistant.errors import ModelError
from assistant.text import Span
from embeddings.encoder import MODEL_FILE, TOKENIZER_FILE, available_cores, open_session

LONGEST = 512
"""Tokens that the model reads: question, context and passage."""
_LONGEST_QUESTION, _LONGEST_CONTEXT = 160, 60
"""Tokens of the parts before the passage, so that they leave it room."""
EVIDENCE, START, END = range(3)
"""Columns of the model's output for each token."""
UNREAD = -30.0
"""Score of a sentence beyond what the model reads."""
_LONGEST_SHORT = 24
"""Tokens of the words marked in a quote."""


@dataclass(frozen=True)
class ReaderInput:
    """A passage as the model is given it.

    Attributes:
        context: Who speaks, when and on what; may be empty.
        text: Of the passage.
        sentences: Offsets into the text.
    """

    context: str
    text: str
    sentences: tuple[Span, ...]


@dataclass(frozen=True)
class Judgement:
    """What the model says of one passage. Scores are logits: higher is better, 0 is even.

    Attributes:
        answers: Whether the passage answers.
        sentences: (s,) whether each sentence does; `UNREAD` for one that was not read.
        tokens: (t, 3) evidence, start and end of each token.
        prepared: What was read.
    """

    answers: float
    sentences: npt.NDArray[np.float32]
    tokens: npt.NDArray[np.float32]
    prepared: Prepared

    @property
    def words(self) -> float:
        """How much likelier some words of the passage are the answer than none is."""
        passage = [n for n, (start, end) in enumerate(self.prepared.offsets) if end > start]
        if not passage:
            return UNREAD
        first, last = passage[0], passage[-1] + 1
        best = self._sums(first, last).max()
        return float(best - self.tokens[0, START] - self.tokens[0, END])

    def short(self, span: Span) -> Span | None:
        """The words inside `span`, offsets into the passage, most likely to be the answer.

        Whole words and whole numbers: of "1,200 troops" never "200 troops".
        """
        inside = [
            token
            for token, (start, end) in enumerate(self.prepared.offsets)
            if span.start <= start < end <= span.end
        ]
        if not inside:
            return None
        first, last = inside[0], inside[-1] + 1
        sums = self._sums(first, last)
        start, end = np.unravel_index(int(sums.argmax()), sums.shape)
        offsets = self.prepared.offsets
        begin, finish = offsets[first + int(start)][0], offsets[first + int(end)][1]
        for word in _WORD.finditer(self.prepared.text, *span):
            if word.start() < begin < word.end():
                begin = word.start()
            if word.start() < finish < word.end():
                finish = word.end()
        return Span(begin, finish)

    def _sums(self, first: int, last: int) -> npt.NDArray[np.float32]:
        """(n, n) start of one token plus end of another; -inf backwards and where too long."""
        sums = np.add.outer(self.tokens[first:last, START], self.tokens[first:last, END])
        reach = np.subtract.outer(np.arange(last - first), np.arange(last - first))
        sums[(reach > 0) | (reach <= -_LONGEST_SHORT)] = -np.inf
        return sums


_WORD = re.compile(r"\d+(?:[.,]\d+)*|\w+(?:['’-]\w+)*")


@dataclass(frozen=True)
class Prepared:
    """Token ids of a question and a passage, and where the passage's tokens stand.

    Attributes:
        text: Of the passage.
        ids: Of all tokens.
        types: 0 for the question, 1 for the rest.
        offsets: For each token its characters in the passage; (0, 0) for all other tokens.
        sentences: For each sentence its first token and the one after its last.
    """

    text: str
    ids: list[int]
    types: list[int]
    offsets: list[tuple[int, int]]
    sentences: list[tuple[int, int]]


@dataclass(frozen=True)
class Output:
    """What a model gives for one passage.

    Attributes:
        prepared: What was read.
        tokens: (t, 3) numbers of each token.
        passage: Of the passage: one number, or (3,).
    """

    prepared: Prepared
    tokens: npt.NDArray[np.float32]
    passage: npt.NDArray[np.float32]


def prepare(tokenizer: Tokenizer, question: str, read: ReaderInput) -> Prepared:
    """`[CLS] question [SEP] context: passage [SEP]`, cut to what the model reads."""
    context = _first_tokens(tokenizer, read.context, _LONGEST_CONTEXT)
    prefix = f"{context}: " if context else ""
    asked = _first_tokens(tokenizer, question, _LONGEST_QUESTION)
    encoding = tokenizer.encode(asked, prefix + read.text)
    count = min(len(encoding.ids), LONGEST)
    offsets = [
        (start - len(prefix), end - len(prefix))
        if kind == 1 and start >= len(prefix) and end > start
        else (0, 0)
        for kind, (start, end) in zip(
            encoding.type_ids[:count], encoding.offsets[:count], strict=True
        )
    ]
    starts = [start if end else -1 for start, end in offsets]
    sentences = []
    for sentence in read.sentences:
        tokens = [n for n, start in enumerate(starts) if sentence.start <= start < sentence.end]
        sentences.append((tokens[0], tokens[-1] + 1) if tokens else (0, 0))
    return Prepared(read.text, encoding.ids[:count], encoding.type_ids[:count], offsets, sentences)


def _first_tokens(tokenizer: Tokenizer, text: str, count: int) -> str:
    offsets = tokenizer.encode(text, add_special_tokens=False).offsets
    return text if len(offsets) <= count else text[: offsets[count - 1][1]]


class CrossEncoder:
    """An exported model with its tokenizer."""

    def __init__(self, tokenizer: Tokenizer, session: onnxruntime.InferenceSession) -> None:
        self._tokenizer = tokenizer
        self._session = session

    @classmethod
    def open(cls, folder: Path) -> CrossEncoder:
        """Open the model in `folder`.

        Raises:
            ModelError: A file is missing or cannot be read.
        """
        try:
            tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
            session = open_session(folder / MODEL_FILE)
        except Exception as error:  # both libraries raise types of their own
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ModelError(f"{folder}: the reader cannot be opened ({reason})") from error
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(tokenizer, session)

    def judge(self, question: str, reads: Sequence[ReaderInput]) -> list[Judgement]:
        """Read every passage beside the question: as the reader was trained to."""
        return [_judgement(output) for output in self.outputs(question, reads)]

    def outputs(self, question: str, reads: Sequence[ReaderInput]) -> list[Output]:
        """Run the model on every passage, each alone, on as many threads as cores."""
        with ThreadPoolExecutor(available_cores()) as pool:
            return list(pool.map(partial(self._output, question), reads))

    def _output(self, question: str, read: ReaderInput) -> Output:
        prepared = prepare(self._tokenizer, question, read)
        ids = np.array([prepared.ids], dtype=np.int64)
        tokens, passage = self._session.run(
            None,
            {
                "input_ids": ids,
                "attention_mask": np.ones_like(ids),
                "token_type_ids": np.array([prepared.types], dtype=np.int64),
            },
        )
        return Output(prepared, tokens[0], passage[0])


def _judgement(output: Output) -> Judgement:
    evidence = output.tokens[:, EVIDENCE]
    sentences = np.array(
        [
            evidence[first:last].mean() if last > first else UNREAD
            for first, last in output.prepared.sentences
        ],
        dtype=np.float32,
    )
    return Judgement(float(output.passage), sentences, output.tokens, output.prepared)


@cache
def opened(folder: Path) -> CrossEncoder:
    """`CrossEncoder.open`, once for a folder: answers, claims and briefings share the models."""
    return CrossEncoder.open(folder)
