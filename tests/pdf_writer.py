"""Small PDFs, written by hand: meeting records as the United Nations set them, and others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

FONTS = {"": "Times-Roman", "**": "Times-Bold", "*": "Times-Italic"}
_ENCODING = "/WinAnsiEncoding"
_LEFT = (54.0, 318.0)
_TOP, _LINE, _GAP, _INDENT, _SIZE = 690.0, 12.0, 8.0, 18.0, 10.0

Page = Sequence[tuple[float, float, str]]
"""Lines with their place: points from the left and from the bottom, and words in which
`**bold**` and `*italic*` are marked."""

COVER = (
    "United Nations  S/PV.9001",
    "Security Council",
    "Seventy-ninth year",
    "**9001**st meeting",
    "Wednesday, 6 March 2024, 10 a.m.",
    "New York",
    "",
    "*President*: Mrs. Silva . . . . . . . . . . (Brazil)",
    "*Members*: China . . . . . . . . . . Mr. Li",
    "Malta . . . . . . . . . . Ms. Borg",
    "",
    "**Agenda**",
    "The situation in the Great Lakes region",
    "\tReport of the Secretary-General (S/2024/100)",
    "",
    "This record contains the text of speeches delivered in English.",
    "24-00001 (E)",
)


def cover(lines: Iterable[str] = COVER) -> Page:
    return column(lines, 60.0, 740.0)


def column(lines: Iterable[str], left: float, top: float = _TOP) -> Page:
    """Lines under each other; a tab indents one, an empty one is a space between paragraphs."""
    placed, at = [], top
    for line in lines:
        if line:
            indent = _INDENT * line.count("\t")
            placed.append((left + indent, at, line.lstrip("\t")))
            at -= _LINE
        else:
            at -= _GAP
    return placed


def body(
    number: int,
    of: int,
    *columns: Iterable[str],
    head: str = "The situation in the Great Lakes region",
) -> Page:
    """A page with running head, columns and foot."""
    top = [(54.0, 735.0, "**S/PV.9001**"), (200.0, 735.0, head), (500.0, 735.0, "**06/03/2024**")]
    foot = [(54.0, 40.0, f"**{number}/{of}**"), (500.0, 40.0, "24-00001")]
    # As layout programs do, not in the order in which it is read.
    said = [
        line for left, lines in zip(_LEFT, columns, strict=False) for line in column(lines, left)
    ]
    return [*foot, *said, *top]


def pdf(pages: Sequence[Page], trailer: str = "") -> bytes:
    """A PDF file; `trailer` is put into its trailer dictionary."""
    fonts = " ".join(f"/F{n} {3 + n} 0 R" for n in range(len(FONTS)))
    kids = " ".join(f"{_content(n) - 1} 0 R" for n in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        *(
            f"<< /Type /Font /Subtype /Type1 /Encoding {_ENCODING} /BaseFont /{name} >>".encode()
            for name in FONTS.values()
        ),
    ]
    for number, page in enumerate(pages):
        content = b"\n".join(_line(*line) for line in page)
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {_content(number)}"
            f" 0 R /Resources << /Font << {fonts} >> >> >>".encode(),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        ]
    return _file(objects, trailer)


def _content(page: int) -> int:
    """Number of the object with the lines of a page; the page itself is the one before."""
    return 4 + len(FONTS) + 2 * page


def _line(left: float, bottom: float, words: str) -> bytes:
    shown = b""
    for marked in re.split(r"(\*\*.+?\*\*|\*.+?\*)", words):
        mark = "**" if marked.startswith("**") else "*" if marked.startswith("*") else ""
        text = marked.strip("*") if mark else marked
        escaped = re.sub(r"([\\()])", r"\\\1", text).encode("cp1252")
        font = list(FONTS).index(mark)
        shown += b"/F%d %g Tf (%s) Tj " % (font, _SIZE, escaped)
    return b"BT %g %g Td %sET" % (left, bottom, shown)


def _file(objects: Sequence[bytes], trailer: str) -> bytes:
    data, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return (
        data
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
        + b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (size, trailer.encode())
        + b"startxref\n%d\n%%%%EOF\n" % len(data)
    )
