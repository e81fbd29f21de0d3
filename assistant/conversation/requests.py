"""Follow-ups about a quote itself: who said it, when and where, and what stands around it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from assistant.conversation.language import plainly

Fact = Literal["who", "delegation", "when", "meeting", "language"]
Step = Literal["before", "after", "paragraph"]


@dataclass(frozen=True)
class RecordRequest:
    """A fact of the record of a quote; without a number of the one last cited."""

    fact: Fact
    number: int | None = None


@dataclass(frozen=True)
class PassageRequest:
    """The paragraph of a quote, or a neighbour of it."""

    step: Step
    number: int | None = None


@dataclass(frozen=True)
class MoreRequest:
    """Further quotes: of the speech of a quote, or by others, or of any speech."""

    of: Literal["speech", "others", "any"]
    number: int | None = None


Request = RecordRequest | PassageRequest | MoreRequest

_N = r"(?:quote |quotation |citation |number |no |passage )?\[?(\d{1,3})\]?"
_THING = (
    r"quote|quotation|statement|sentence|words?|remarks?|point|passage|part|line|claim|comment|"
    r"paragraph|answer|thing"
)
_THIS = (
    r"(?:it|(?:all )?(?:that|this)|so|those|these"
    rf"|(?:that|this|the|the last|the same)(?: last)? (?:{_THING}))"
)
_THAT = rf"(?:{_THIS}|{_N})"
_SAY = (
    r"(?:sa(?:y|ys|id)|states?|stated|claim(?:s|ed)?|argue[sd]?|raise[sd]?|mention(?:s|ed)?|"
    r"express(?:es|ed)?|note[sd]?|remark(?:s|ed)?|declare[sd]?|assert(?:s|ed)?|tells?|told|"
    r"bring(?:s)? up|brought up|bring|brought|makes?|made|writes?|wrote|points? out|pointed out|"
    r"puts? forward|announce[sd]?|present(?:s|ed)?|given|gave|sp(?:eaks?|oke)|talk(?:s|ed)?|"
    r"deliver(?:s|ed)?|utter(?:s|ed)?)"
)
_WANTS = (
    r"(?:wants?|wanted|thinks?|thought|believes?|believed|suggest(?:s|ed)?|propose[sd]?|"
    r"recommend(?:s|ed)?|demand(?:s|ed)?|(?:call|ask)(?:s|ed)? for|"
    r"(?:tells?|told) (?:us|them|the council|members|everyone))"
)
_HE = r"(?:he|she|they|it|the (?:same )?(?:speaker|delegate|ambassador|representative))"
_MEETING = r"(?:meeting|debate|session|sitting|discussion|speech|statement|document|record)"
_IS = r"(?:is|was|are|were|did|does|has)"
_AGAIN = r"(?: (?:again|exactly|up|first|please))*"

_PATTERNS: list[tuple[Fact, str]] = [
    (
        "who",
        rf"(?:and )?(?:by |from |said )?whom?(?: was (?:{_THAT} )?(?:said|raised|made)(?: by)?)?"
        r"|who(?: has| had| exactly| actually| was it (?:that|who))?"
        rf" {_SAY}(?: {_THAT})?{_AGAIN}|who {_WANTS} {_THAT}{_AGAIN}"
        rf"|who(?: is| was) (?:{_THAT}|speaking|talking|quoted|the speaker|he|she|it by|that by)"
        rf"(?: said by| by| there| here)?{_AGAIN}"
        rf"|(?:who|wh(?:ich|at) (?:speaker|delegate|delegation)) (?:brings?|brought|puts?) {_THAT}"
        r" (?:up|forward)"
        rf"|(?:who are you quoting|says who|said by who)"
        rf"|whose (?:{_THING}|words|view|opinion|speech|position)s?(?: {_IS} {_THAT})?"
        rf"|wh(?:ich|at) (?:speaker|delegate|ambassador|person|representative)"
        rf"(?: (?:{_SAY}|was|is) {_THAT})?",
    ),
    (
        "delegation",
        rf"(?:for )?wh(?:ich|at) (?:country|delegation|state|member state|nation|government)"
        rf"(?: (?:{_SAY}|was|is) {_THAT}| {_IS} {_HE} (?:speak(?:ing)? for|represent(?:ing)?|from)"
        rf"| {_IS} {_HE} speak(?:ing)?)?"
        rf"|where {_IS} {_HE} from|who(?:m)? {_IS} {_HE} (?:represent(?:ing)?|speak(?:ing)? for)"
        rf"|on (?:whose behalf|behalf of whom)(?: {_IS} {_HE} speak(?:ing)?)?",
    ),
    (
        "when",
        rf"(?:when|(?:on |in )?(?:what|which) (?:date|day|year|month))"
        rf"(?: {_IS} {_THAT}(?: {_SAY})?| {_IS} {_HE} {_SAY}(?: {_THAT})?"
        rf"| {_IS} (?:[\w'-]+ ){{1,3}}{_SAY} {_THAT}| {_IS} {_HE} speaking)?{_AGAIN}"
        rf"|(?:what (?:date|day|year|month) {_IS} {_THAT})(?: from)?"
        rf"|how (?:long ago|old) is {_THAT}",
    ),
    (
        "meeting",
        rf"(?:where|(?:in |at |from |during )?(?:what|which) {_MEETING})"
        rf"(?: {_IS} {_THAT}(?: {_SAY})?(?: from| in| at)?| {_IS} {_HE} {_SAY}(?: {_THAT})?"
        rf"| {_IS} (?:[\w'-]+ ){{1,3}}{_SAY} {_THAT})?{_AGAIN}"
        rf"|(?:(?:what|where) is )?(?:the |its )?(?:source|reference|citation)"
        rf"(?: (?:of|for) {_THAT})?{_AGAIN}"
        r"|what is the (?:meeting|record|document)(?: number| symbol)?"
        rf"|where does {_THAT} come from",
    ),
    (
        "language",
        rf"(?:in )?(?:what|which) language(?: {_IS} {_THAT}(?: {_SAY})?"
        rf"| {_IS} {_HE} {_SAY}(?:ing)?(?: {_THAT}| in)?| {_IS} {_HE} speaking)?",
    ),
]
_RECORD = [(fact, re.compile(pattern)) for fact, pattern in _PATTERNS]

_SHOW = r"(?:(?:show|give|read|open|see|quote|let me see|print)(?: me)? )?"
_WHOLE = r"(?:the )?(?:whole |full |entire |complete )?"
_UNIT = r"(?:paragraph|sentence|passage|part|text|bit|lines?)s?"
_AT = rf"(?: (?:of|to|from|for|around|in) )?(?: ?(?:{_THAT}))?"
_STEPS: list[tuple[Step, str]] = [
    (
        "before",
        rf"{_SHOW}{_WHOLE}{_UNIT} (?:right |just |immediately )?(?:before|above|preceding){_AT}"
        rf"|{_SHOW}(?:the )?(?:previous|preceding|prior) {_UNIT}{_AT}"
        rf"|(?:and )?(?:what (?:comes|came|stands|stood|was said|is|goes)|what did {_HE} say) "
        rf"(?:right |just |immediately )?before{_AT}|(?:and )?before{_AT}",
    ),
    (
        "after",
        rf"{_SHOW}{_WHOLE}{_UNIT} (?:right |just |immediately )?(?:after|below|following){_AT}"
        rf"|{_SHOW}(?:the )?(?:next|following|subsequent) {_UNIT}{_AT}"
        r"|(?:and )?(?:what (?:comes|came|stands|stood|was said|is|goes)"
        rf"|what did {_HE} (?:go on to )?say) (?:right |just |immediately )?(?:after|next){_AT}"
        rf"|what (?:follows|followed){_AT}|go on|continue|read on|keep (?:going|reading)"
        rf"|(?:and )?(?:after|next){_AT}",
    ),
    (
        "paragraph",
        rf"{_SHOW}{_WHOLE}(?:paragraph|passage|context|text)(?: (?:of|around|for|from|to) {_THAT})?"
        rf"|(?:show|open|repeat|give|quote)(?: me)? {_THAT}{_AGAIN}"
        rf"|(?:show|give)(?: me)? {_THAT} in context|in context"
        rf"|what is the context(?: of {_THAT})?",
    ),
]
_PASSAGE = [(step, re.compile(pattern)) for step, pattern in _STEPS]

_MORE = [
    (
        "speech",
        re.compile(
            rf"{_SHOW}(?:some )?more(?: {_UNIT}| quotes?)? (?:from|of|in) "
            rf"(?:{_THAT}|(?:that|this|the same|the) (?:speech|speaker|statement|source))"
            rf"|(?:what|anything) (?:else|more) (?:did|does) {_HE} say(?: (?:about|on) {_THAT})?"
        ),
    ),
    (
        "others",
        re.compile(
            rf"(?:who|anyone|anybody|which (?:other )?(?:speakers?|delegations?|countries|country))"
            rf" else(?: {_SAY}(?: (?:about |of |on )?{_THAT}(?: up)?)?)?"
            rf"|(?:any |which |what )?other (?:speakers?|delegations?|countries|views?|voices)"
            rf"(?: {_SAY}(?: {_THAT})?)?"
            rf"|what (?:did|do|have) (?:the )?others? (?:say|said|think)(?: about {_THAT})?"
        ),
    ),
    (
        "any",
        re.compile(
            rf"{_SHOW}(?:some )?more(?: quotes?| results?| passages?| examples?| please)*"
            rf"(?: (?:like|about|on) {_THAT})?"
            rf"|tell me more(?: about {_THAT})?"
            rf"|(?:is there )?(?:what|anything|something) (?:else|more)"
            rf"(?: (?:was said|is there))?(?: (?:about|on) {_THAT})?"
            rf"|anything (?:similar|like {_THAT})|(?:other|another) (?:quotes?|passages?|example)s?"
        ),
    ),
]


def request_in(question: str) -> Request | None:
    """What a follow-up wants of a quote, if that is all it asks."""
    plain = plainly(question)
    for fact, pattern in _RECORD:
        if found := pattern.fullmatch(plain):
            return RecordRequest(fact, _number(found))
    for step, pattern in _PASSAGE:
        if found := pattern.fullmatch(plain):
            return PassageRequest(step, _number(found))
    for of, pattern in _MORE:
        if found := pattern.fullmatch(plain):
            return MoreRequest(of, _number(found))  # type: ignore[arg-type]
    return None


def _number(found: re.Match[str]) -> int | None:
    return next((int(group) for group in found.groups() if group), None)
