"""In which capacity a speech says that it is made: "in my national capacity", "on behalf of …".

Read from the opening words where the record and the metadata say nothing, and marked as read
from there. Rather nothing than something wrong: only the speaker's own words of how they speak
now count, not whom they align themselves with, thank, or sat with last year.
"""

from __future__ import annotations

import re

from assistant.delegations import delegation_key
from assistant.places import COUNTRIES

OPENING = 900
"""Characters of a speech in which it is said as whom it is made."""
_LONGEST = 450

_SENTENCE_END = re.compile(
    r"(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bDr)(?<!\bSt)(?<!\bNo)(?<!S/PV)[.?!;:](?=\s)|\n"
)
_I = r"\b(?:I|[Ww]e|me|my|[Oo]ur|It is (?:\w+ )?an? (?:\w+ )?(?:honou?r|privilege|pleasure))\b"
# Who speaks for others speaks; who expresses thanks on somebody's behalf may not.
_SPEAKS_FOR = re.compile(
    r"\b(?:speak(?:ing)?|deliver(?:ing)?|statements?|remarks?|address(?:ing)?|brief(?:ing)?|"
    r"explanation|intervene|take the floor)\b"
)
_SPEAKS = (
    r"\b(?:speak(?:ing)?|deliver(?:ing)?|statements?|remarks?|points?|observations?|comments?|"
    r"address(?:ing)?|brief(?:ing)?|report|explanation|intervene|take the floor|say|add|share|"
    r"express|focus|stress|state)\b"
)
# What is said of others, or of another time.
_NOT_NOW = re.compile(
    r"\b(?:align\w*|associat\w*|endors\w*|subscrib\w*|echo\w*|thank(?:s|ed|ing|ful)?|tribute|"
    r"congratulat\w*|commend\w*|welcom\w*|grateful|gratitude|appreciat\w*|condolences?|"
    r"sympath\w*|support\w*|he|she|they|who|whom|his|her|their|your|when|visited|served|was|were|"
    r"had|attended|participated|last|delivered|made|given|complementary|read|invite|give the floor|"
    r"before it|reserve|not|never|(?<!I )will brief)\b",
    re.IGNORECASE,
)
_ALIGNED = re.compile(r"\b(?:align|associat|endors|subscrib)\w*\b.*?(?:,| and| but)\s", re.DOTALL)

_NATIONAL = re.compile(r"(?<!not )\bin (?:my|our) (national capacity)\b")
_AS = re.compile(
    r"\bin (?:my|our) (?:current |present )?capacity as (?:the |an? )?(?P<what>\w[^.;:!?\n]*)"
)
_OFFICE = re.compile(
    r"\bas (?:the )?"
    r"(?P<what>(?:Vice-?|Co-?|Acting )?[Cc]hair(?:man|woman|person)?s? of [^.;:!?\n]*)"
)
_BEHALF = re.compile(r"\b(?P<what>on behalf of [^.;:!?\n]*)")
_OWN = re.compile(
    r"on behalf of (?:my\b|our(?! group)|myself|the (?:government|people|\w+ people|entire|whole|"
    r"council|security council|members of the (?:security )?council|delegation|state of|"
    r"republic of|president|prime minister)\b|(?:one of|his|her|mr|ms|mrs|dr|ambassador|minister|"
    r"all|every|each|any|those|these|some|this|it)\b|\d)",
    re.IGNORECASE,
)
# A delegation speaks for its own State, government, people and President anyway.
_SEVERAL = re.compile(
    r"\b(?:(?<!State )Union|Community|Communities|Group|Movement|Forum|countries|"
    r"(?<!United )States|[Mm]embers|Caucus|League|Association|Organi[sz]ation|Conference|"
    r"Commission|Committee|Coalition|Alliance|Network|Watchlist|A3|"
    r"co-?penholders|Secretary- ?General)\b"
)
_COUNTRY = re.compile("|".join(re.escape(name) for name in COUNTRIES))
# Where the name of an office or a group is over and the sentence goes on.
_OVER = re.compile(
    r",? \((?!the\b|State|Islamic|Bolivarian|Plurinational|\d)"
    r"|,(?! (?:and|as well as|namely|the|[A-Z]))"
    r"|, (?:I|We|It|Allow|Let|Sir|Madam|Mr|Ms|Mrs|the (?:following|floor))\b"
    r"|,? (?:to (?!the\b)|at (?:this|today|the|a)\b|"
    r"in (?:this|today|the debate|connection|wishing|explanation|accordance|relation|honour)\b|"
    r"on (?:the (?:situation|subject|topic|occasion|issue|draft|question|agenda|item|very|"
    r"important|work|implementation|report|vote)|this|today|behalf)|"
    r"and (?:to|would|I|we|wish|thank|also|in my|on behalf)\b|for (?:the|this|giving)\b|"
    r"with (?:regard|respect|a|some|which)\b|by (?:making|thanking|saying)|I|we|let|allow|"
    r"during|regarding|about|following|today|after|before|which|who|whose|where|covering|"
    r"under the presidency)(?!\w)"
)


def derived_capacity(text: str, country: str | None = None) -> str | None:
    """The words by which a speech says as whom it is made: a slice of its opening.

    Args:
        text: Reading text of the speech.
        country: The delegation, in whose name everyone speaks: it is no capacity to tell.
    """
    opening = text[:OPENING]
    for start, end in _sentences(opening):
        sentence = opening[start:end]
        if found := _in_sentence(sentence, country):
            return found
    return None


def _sentences(text: str) -> list[tuple[int, int]]:
    """Those that end within the text, and the last one, which may go on."""
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    return list(zip([0, *ends], [*ends, len(text)], strict=True))


def _in_sentence(sentence: str, country: str | None) -> str | None:
    if (national := _NATIONAL.search(sentence)) and _speaks_now(sentence, national):
        return national[1]
    for pattern in (_AS, _OFFICE, _BEHALF):
        found = pattern.search(sentence)
        if found is None or not _speaks_now(sentence, found):
            continue
        what = _name(found["what"])
        if pattern is _BEHALF and not _for_others(sentence[: found.start()], what, country):
            continue
        return what
    return None


def _for_others(before: str, what: str, country: str | None) -> bool:
    """Whether somebody speaks for several, and not for their own delegation alone."""
    if _OWN.match(what) or not _SPEAKS_FOR.search(before):
        return False
    own = delegation_key(country or "")
    if delegation_key(re.sub("^on behalf of (?:the )?", "", what)) == own:
        return False
    others = any(delegation_key(found[0]) != own for found in _COUNTRY.finditer(what))
    return others or _SEVERAL.search(what) is not None


def _speaks_now(sentence: str, found: re.Match[str]) -> bool:
    """Whether the sentence is of the speaker's own speaking, up to the words found."""
    before = sentence[: found.start()]
    own = _ALIGNED.sub("", before)  # "We align ourselves with the statement of …, and in my …"
    if _NOT_NOW.search(own):
        return False
    if own.strip() in ("", "Allow me,", "Allow me"):  # "In my capacity as Chair, I wish to …"
        return found.re is not _BEHALF and found.re is not _NATIONAL
    return re.search(_I, own) is not None and re.search(_SPEAKS, own) is not None


def _name(words: str) -> str:
    """The name of an office or a group, up to where the sentence goes on."""
    opened = re.match(r"(?: and)?(?: ?on behalf of )?", words)
    begin = opened.end() if opened else 0
    over = _OVER.search(words, begin)
    end = over.start() if over else len(words)
    # "as representative of South Africa and on behalf of the African members of the Council"
    if re.match(r" (?:and )?on behalf of (?!my\b|our\b)", words[end:]):
        return (words[:end] + _name(words[end:]))[:_LONGEST].rstrip(" ,-–—")
    return words[:end][:_LONGEST].rstrip(" ,-–—")
