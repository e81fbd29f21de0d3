"""A PDF to its words, page by page, each with its place on the page and its face.

pypdfium2 (Apache-2.0 or BSD-3-Clause) reads them: PDFium is the reader of a browser, mends what
it can of a damaged file, gives place and font of each character, and has wheels for every platform.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot
from pathlib import Path
from typing import Any, NamedTuple

from assistant.errors import SourceError
from assistant.source import read_bytes

LARGEST_PDF = 50_000_000
"""Bytes. A record of a day's debate, a hundred pages, has three million."""
MOST_PAGES = 500
_MOST_CHARACTERS = 50_000
"""On a page. A page of a record has 5,000."""
_LEAST_LETTERS = 20
"""In the file; with fewer it is a scan that somebody stamped."""
_MOST_UNREADABLE = 0.05
"""Share of characters without a meaning, beyond which the text layer is no text."""


class Word(NamedTuple):
    """Characters without white space between them.

    Attributes:
        left, right: Points from the left edge of the page.
        baseline: Points from the bottom of the page.
        size: Of the font, in points.
        bold, italic: The face of the first letter.
        spaced: Whether white space stands before it in the file.
    """

    text: str
    left: float
    right: float
    baseline: float
    size: float
    bold: bool
    italic: bool
    spaced: bool = True


@dataclass(frozen=True)
class Pdf:
    """The words of a file in the order in which the file has them.

    Attributes:
        pages: Words of each page.
        sha256: Of the bytes.
    """

    pages: tuple[tuple[Word, ...], ...]
    sha256: str


def read_pdf(path: Path) -> Pdf:
    """Read the words of a PDF.

    Raises:
        SourceError: It cannot be read, is no PDF, damaged, protected by a password, too large,
            or has no text.
    """
    import pypdfium2

    data = read_bytes(path, LARGEST_PDF, "meeting")
    if b"%PDF-" not in data[:1024]:
        raise SourceError(f"{path}: is not a PDF, whatever its name says")
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise SourceError(f"{path}: {_why_closed(error)}") from error
    try:
        pages = tuple(_pages(document, path))
    finally:
        document.close()
    characters = [char for page in pages for word in page for char in word.text]
    if sum(map(str.isalpha, characters)) < _LEAST_LETTERS:
        raise SourceError(
            f"{path}: no text in this PDF, only pictures of pages (a scan); "
            "run it through text recognition (OCR) first"
        )
    if sum(map(_is_unreadable, characters)) > _MOST_UNREADABLE * len(characters):
        raise SourceError(
            f"{path}: the text in this PDF cannot be read (its fonts do not say which letters "
            "they draw); run it through text recognition (OCR) first"
        )
    return Pdf(pages, hashlib.sha256(data).hexdigest())


def _why_closed(error: Exception) -> str:
    told = str(error).casefold()
    if "password" in told:
        return "is protected by a password; save it without one"
    if "security" in told:
        return "is encrypted in a way that cannot be read; save it without protection"
    return "is no PDF that can be opened (damaged, cut off or without pages); get the file again"


def _pages(document: Any, path: Path) -> Iterator[tuple[Word, ...]]:
    import pypdfium2

    count = len(document)
    if count > MOST_PAGES:
        raise SourceError(
            f"{path}: {count:,} pages are too many for the record of a meeting "
            f"(at most {MOST_PAGES}); split it into one file per meeting"
        )
    for number in range(count):
        try:
            page = document[number]
            text = page.get_textpage()
        except pypdfium2.PdfiumError as error:
            raise SourceError(
                f"{path}: page {number + 1} is damaged; get the file again"
            ) from error
        characters = text.count_chars()
        if characters > _MOST_CHARACTERS:
            raise SourceError(
                f"{path}: {characters:,} characters on page {number + 1}, no page of a record"
            )
        yield tuple(_words(text, characters))
        text.close()
        page.close()


class _Character(NamedTuple):
    """A character of a page; `broken` is a hyphen with which a line ends."""

    place: int
    text: str
    broken: bool = False


def _words(text: Any, count: int) -> Iterator[Word]:
    word: list[_Character] = []
    spaced = True
    for character in _characters(text, count):
        if word and word[-1].broken and _baseline(text, character) != _baseline(text, word[-1]):
            yield _word(text, word, spaced)
            word, spaced = [], True
        if not character.text.isspace():
            word.append(character)
            continue
        if word:
            yield _word(text, word, spaced)
            word = []
        spaced = True
    if word:
        yield _word(text, word, spaced)


def _characters(text: Any, count: int) -> Iterator[_Character]:
    """Characters of a page; half a surrogate pair waits for the other."""
    import pypdfium2.raw as pdfium

    high = 0
    for index in range(count):
        code = pdfium.FPDFText_GetUnicode(text, index)
        if code in _HYPHENS:
            yield _Character(index, "-", broken=True)
        elif 0xD800 <= code < 0xDC00:
            high = code
        elif 0xDC00 <= code < 0xE000:
            pair = 0x10000 + ((high - 0xD800) << 10) + code - 0xDC00
            yield _Character(index, chr(pair) if high else _UNKNOWN)
            high = 0
        elif code == 0 or code > 0x10FFFF:
            yield _Character(index, _UNKNOWN)
        elif code not in _NOTHING:
            yield _Character(index, chr(code))


_HYPHENS = {0x02, 0xFFFE}
"""What PDFium makes of a hyphen at a line end; it leaves out the line end behind it."""
_NOTHING = {0x200B, 0xFEFF}
_UNKNOWN = "\ufffd"


def _is_unreadable(char: str) -> bool:
    return char == _UNKNOWN or "\ue000" <= char <= "\uf8ff" or (char < " " and not char.isspace())


def _word(text: Any, characters: list[_Character], spaced: bool) -> Word:
    import pypdfium2.raw as pdfium

    written = "".join(character.text for character in characters)
    first, last = characters[0].place, characters[-1].place
    face = next((c.place for c in characters if c.text.isalnum()), first)
    left, _ = _sides(text, first)
    _, right = _sides(text, last)
    name, flags = _font(text, face)
    weight = pdfium.FPDFText_GetFontWeight(text, face)
    return Word(
        written,
        left,
        right,
        _baseline(text, characters[0]),
        _size(text, face),
        bold="bold" in name or weight >= _BOLD,
        italic="italic" in name or "oblique" in name or bool(flags & _ITALIC),
        spaced=spaced,
    )


def _size(text: Any, index: int) -> float:
    """Height of the font on the page; programs of layout set size 1 and magnify it."""
    import pypdfium2.raw as pdfium

    matrix = pdfium.FS_MATRIX()
    magnified = pdfium.FPDFText_GetMatrix(text, index, matrix)
    scale = hypot(matrix.c, matrix.d) if magnified else 1.0
    return float(pdfium.FPDFText_GetFontSize(text, index) * scale)


_BOLD = 600
_ITALIC = 1 << 6
"""Flag of a font descriptor (ISO 32000-1, table 123)."""
_LONGEST_NAME = 128


def _font(text: Any, index: int) -> tuple[str, int]:
    import pypdfium2.raw as pdfium

    name = ctypes.create_string_buffer(_LONGEST_NAME)
    flags = ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(text, index, name, _LONGEST_NAME, flags)
    return name.value.decode("ascii", "replace").casefold(), flags.value


def _baseline(text: Any, character: _Character) -> float:
    import pypdfium2.raw as pdfium

    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetCharOrigin(text, character.place, x, y)
    return y.value


def _sides(text: Any, index: int) -> tuple[float, float]:
    import pypdfium2.raw as pdfium

    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    pdfium.FPDFText_GetCharBox(text, index, left, right, bottom, top)
    return left.value, right.value
