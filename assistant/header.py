"""Who speaks: the headers of verbatim records.

Mr. Mukhtarov (Kazakhstan) (spoke in Russian):
The President (spoke in Chinese):
Mr. Fernandez-Taranco:
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.text import Span

# White space within a paragraph: a header may be wrapped, but no blank line is in it.
_SPACE = r"(?:[^\S\n]|\n(?![^\S\n]*\n))"
_TITLE = (
    r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Dame|Lord|Lady|Baroness|Baron|Prince|Princess|Sheikh|"
    r"Sheikha|Shaikh|Archbishop|Cardinal|Monsignor|Dato)\.?)"
)
_PARTICLE = r"(?:al|bin|da|de|del|der|dos|du|el|ibn|la|le|van|von)"
_CAPITALISED = r"(?![a-z])[^\W\d_][^\s():;,!?]*"
_NAME = rf"(?:{_PARTICLE}|{_CAPITALISED})"
_ROLE = r"The (?:Acting )?(?:[Pp]resident|(?:[Dd]eputy )?[Ss]ecretary[- ][Gg]eneral)"
# Standing alone: an office, or a title and a name. "Mr. Guterres put it well:" is neither.
_ALONE = rf"(?:{_ROLE}|{_TITLE}(?:{_SPACE}+{_NAME}){{0,5}}{_SPACE}+{_CAPITALISED})"
# With a delegation behind it any name will do, a misread one ("Mrs. ngu") too.
_WITH_GROUP = (
    rf"(?:{_TITLE}(?:{_SPACE}+[^\s():;,!?]+){{1,6}}|{_CAPITALISED}(?:{_SPACE}+{_NAME}){{0,7}})"
)
_GROUP = (
    rf"{_SPACE}*\((?P<{{0}}>(?:[Ss]poke\b|[Ii]nterpret|[Ss]peaking\b)[^()]{{{{2,120}}}}|"
    rf"(?![a-z])[^()]{{{{2,120}}}})\)"
)
_HEADER = re.compile(
    rf"(?:(?P<name>{_WITH_GROUP}){_GROUP.format('a')}(?:{_GROUP.format('b')})?|(?P<alone>{_ALONE}))"
    rf"(?:{_GROUP.format('c')})?{_SPACE}*:"
)
_LANGUAGE = re.compile(
    r"(?:spoke|speaking|interpretation|interpreted)\s+(?:in|from)\s+([^\W\d_]+)", re.IGNORECASE
)
# "Mr. President:" is how a speaker addresses somebody, not who speaks.
_ADDRESS = re.compile(
    r"(?:Mr|Mrs|Ms|Dr)\.?\s+(?:President|Chair\w*|Secretary|Speaker|Minister|Ambassador|Special|"
    r"Foreign|Prime|Deputy|Vice|Under|High|Permanent|Representative|Commander)\b"
)
# "(spoke I thank Mr. Lowcock for his briefing. in French)": words of the speech, misplaced
# when the record was extracted. They stay in the text, and nothing is read from them.
_GARBLED = re.compile(r"^spoke\b|\.\s+[^\W\d_]+$")
_LINE = re.compile(r"\n\s*")


@dataclass(frozen=True)
class Header:
    """Who speaks, as the record prints it.

    Attributes:
        speaker: Name or office.
        country: Delegation.
        language: Language of delivery.
        end: Where the words begin.
        titled: Whether the name is an office or has a title.
    """

    speaker: str
    country: str | None
    language: str | None
    end: int
    titled: bool = True

    @property
    def is_role(self) -> bool:
        """Whether it names an office ("The President") and not a person."""
        return re.fullmatch(_ROLE, self.speaker) is not None


def header_at(source: str, position: int) -> Header | None:
    """The header that begins at `position`, if one does."""
    found = _HEADER.match(source, position)
    if found is None or _ADDRESS.match(source, position):
        return None
    country, language, end = _groups(found)
    titled = found["alone"] or re.match(_ROLE, found["name"]) or re.match(_TITLE, found["name"])
    # "Finally (Article 51):" – an untitled name speaks for somebody whose name has no number.
    if not titled and (country is None or any(char.isdigit() for char in country)):
        return None
    speaker = " ".join((found["alone"] or found["name"]).split())
    return Header(speaker, country, language, end, bool(titled))


def _groups(found: re.Match[str]) -> tuple[str | None, str | None, int]:
    """Delegation and language of what stands in brackets, and where the words begin."""
    country = language = None
    end = found.end()
    for name in ("a", "b", "c"):
        group = " ".join((found[name] or "").split())
        if spoken := _LANGUAGE.match(group):
            language = spoken.group(1)
        elif _GARBLED.search(group):
            end = found.start(name) - 1
            break
        elif group and country is None:
            country = group
    return country, language, end


_AFTER_NAME = re.compile(
    rf"(?:{_GROUP.format('a')})?(?:{_GROUP.format('b')})?(?:{_GROUP.format('c')})?{_SPACE}*:"
)


def header_named(source: str, name: Span) -> Header | None:
    """The header of which the record itself tells the name apart, in bold letters."""
    found = _AFTER_NAME.match(source, name.end)
    if found is None:
        return None
    return Header(" ".join(name.of(source).split()), *_groups(found))


def header_of_paragraph(source: str, position: int) -> Header | None:
    """The header with which a paragraph begins, unless it introduces a quotation."""
    header = header_at(source, position)
    if header is None or not header.titled or _QUOTATION.match(source, header.end):
        return None
    return header


@dataclass(frozen=True)
class Intervention:
    """What one speaker says in a file: `source[start:end]` without the header."""

    header: Header | None
    start: int
    end: int


def interventions(source: str, start: int) -> Iterator[Intervention]:
    """Part a file by speaker.

    Within a file only names with a title, and offices, begin a new intervention ("Second
    pillar (Prevention):" does not), and one that is not at the head of a paragraph needs a
    delegation. The header of the one who is speaking already (the President goes on after a
    vote) parts nothing, nor does one that introduces a quotation.
    """
    header = header_at(source, start)
    begin = header.end if header else start
    for gap in _LINE.finditer(source, begin):
        following = header_at(source, gap.end())
        if following is None or not following.titled or _same_speaker(header, following):
            continue
        if following.country is None and gap.group().count("\n") < 2:
            continue
        if _QUOTATION.match(source, following.end):
            continue
        yield Intervention(header, begin, gap.start())
        header, begin = following, following.end
    yield Intervention(header, begin, len(source))


_QUOTATION = re.compile(r"\s*[\"“‘']")


def _same_speaker(header: Header | None, following: Header) -> bool:
    return (
        header is not None
        and header.speaker == following.speaker
        and following.country in (None, header.country)
    )
