"""How well meeting records are read (docs/records.md): run it on a folder of PDFs.

    python tests/measure_records.py RECORDS SPEECHES

RECORDS has official records as PDF, SPEECHES a text file for each of the same speeches, made from
them by others, named UNSC_<year>_SPV.<number>[Resumption<n>]_spch<nnn>.txt, and beside the
folder a speeches.csv with columns filename, speaker, country. Those texts have misread letters
and misplaced words, so that some of what differs is theirs; `--show` prints all that does.
"""

from __future__ import annotations

import csv
import re
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pypdfium2
from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from assistant.corpus import read_file, source_text
from assistant.metadata import plain
from assistant.passage import sentences
from assistant.speech import Speech

_ALIKE = 70
"""Per cent of its letters that a name must share with ours to be the same name, misread."""


def words(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"[^\W_]+", "".join(c for c in decomposed if not unicodedata.combining(c)))


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u00ad\u2010-]+", "", text)


def references(symbol: str, folder: Path) -> list[Path]:
    name = re.sub(r"^S/|[\s()]", "", symbol).replace("PV.", "SPV.")
    return sorted(folder.glob(f"UNSC_*_{name}_spch*.txt"))


def without_running_heads(text: str, speech: Speech) -> str:
    """What the makers of the texts left in of the top and foot of pages."""
    number = re.escape((speech.symbol or "").removeprefix("S/PV."))
    head = rf"(\d\d/\d\d/\d{{4}} )?{re.escape(speech.topic or '')} S/PV\. ?{number}"
    return re.sub(r"\b\d{1,2}/\d{1,2}\b", "", re.sub(head, "", text))


def same_name(ours: Speech, row: dict[str, str]) -> bool:
    if ours.speaker == "The President":
        return row["participant_type"] == "The President" and ours.country == row["country"]
    near = fuzz.ratio(plain(ours.speaker or ""), plain(row["speaker"])) >= _ALIKE
    # The table counts guests without a delegation as "UN" and the like, the record says nothing.
    return near and (ours.country in (None, row["country"]) or _is_alias(ours.country, row))


def _is_alias(country: str, row: dict[str, str]) -> bool:
    return fuzz.partial_ratio(plain(country), plain(row["country"])) >= _ALIKE


def pages_right(path: Path, speeches: Sequence[Speech]) -> tuple[int, int]:
    """Sentences that stand, letter by letter, on the pages cited, of all sentences."""
    with pypdfium2.PdfDocument(path) as document:
        # The plain text of each page, as the library gives it: nothing of ours is in it.
        texts = [page.get_textpage().get_text_range() for page in document]
    printed = [squeezed(text.replace("\ufffe", "")) for text in texts]
    right = total = 0
    for speech in speeches:
        for paragraph in speech.reading.paragraphs:
            for span in sentences(speech.text, paragraph):
                first, last = speech.pages_of(span) or (0, 0)
                said = squeezed(span.of(speech.text))
                total += 1
                right += _stands(
                    said, printed[first - 1], printed[last - 1] if last > first else ""
                )
    return right, total


def _stands(said: str, page: str, following: str) -> bool:
    """Whether all is on one page, or its beginning on one and the rest on the other."""
    ends = range(1, len(said)) if following else [len(said)]
    return any(said[:end] in page and said[end:] in following for end in ends)


def measure(path: Path, texts: Path, rows: dict[str, dict[str, str]], show: bool) -> None:
    speeches = read_file(path, warn=print)
    files = references(speeches[0].symbol or "", texts)
    reference = words(
        " ".join(without_running_heads(file.read_text("utf-8"), speeches[0]) for file in files)
    )
    read = words(source_text(path))
    said = words(" ".join(speech.text for speech in speeches))
    found = LCSseq.similarity(reference, read) / len(reference)
    theirs = LCSseq.similarity(reference, said) / len(said)
    names = sum(same_name(s, rows[f.name]) for s, f in zip(speeches, files, strict=False))
    right, total = pages_right(path, speeches)
    print(
        f"{speeches[0].symbol}: {len(speeches)} interventions ({len(files)}), {len(said)} words; "
        f"of the texts' words read in order {found:.2%}, of ours in the texts {theirs:.2%}; "
        f"speakers {names}/{len(files)}; pages {right}/{total} sentences"
    )
    for tag, a, b, _, _ in LCSseq.opcodes(reference, read) if show and reference else ():
        if tag == "delete":
            print(f"   - {' '.join(reference[a:b])}")
    for tag, _, _, c, d in LCSseq.opcodes(reference, said) if show and reference else ():
        if tag == "insert":
            print(f"   + {' '.join(said[c:d])}")


def main() -> None:
    show = "--show" in sys.argv
    records, texts = (Path(name) for name in sys.argv[1:] if name != "--show")
    table = (texts.parent / "speeches.csv").open(encoding="utf-8", newline="")
    rows = {row["filename"]: row for row in csv.DictReader(table)}
    for path in sorted(records.glob("*.pdf")):
        measure(path, texts, rows, show)


if __name__ == "__main__":
    main()
