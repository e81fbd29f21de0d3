"""English as it is used in follow-ups: its closed classes of words, and what is left without."""

from __future__ import annotations

import re

from embeddings.lexical import STOP_WORDS

AUXILIARIES = frozenset(
    """am are can could did do does had has have is may might must ought shall should was were
    will would""".split()
)
QUESTION_WORDS = frozenset("how what when where which who whom whose why".split())
_IMPERATIVES = frozenset("compare describe explain find give list name open show tell".split())
_ABOUT = "about|on|regarding|concerning|as to|with regard to|of"
ABOUT = frozenset(_ABOUT.split("|"))
_PREPOSITIONS = (
    f"according to|{_ABOUT}|after|against|at|before|by|during|for|from|in|on behalf of|since|"
    "through|to|towards|under|until|with|without|within"
)

_TALK = re.compile(
    r"\s*(?:(?:many )?thanks(?: a lot| so much| very much| again)?"
    r"(?: for (?:that|this))?[\s,.!;:–—-]*"
    r"|(?:thank you|ok|okay|hi|hello|hey|please|sorry)"
    r"(?: so much| very much| again| there| then| for (?:that|this))?(?:[\s,.!;:–—-]+|$)"
    r"|(?:alright|all right|cheers|cool|excellent|excuse me|fine|good|good (?:morning|afternoon|"
    r"evening)|got it|great|h+m+|i see|interesting|nice|no|of course|perfect|"
    r"(?:and )?(?:one more|another)(?: thing| question)?|"
    r"right|sure|understood|well|wow|yes|very (?:good|interesting|helpful))"
    r"\s*(?:[,.!;:–—]+|$))",
    re.IGNORECASE,
)
_TALK_AT_END = re.compile(r"[\s,]+(?:please|thanks|thank you)(?=\W*$)", re.IGNORECASE)
_FRAME = re.compile(
    r"(?:(?:can|could|would|will) you (?:please )?(?=show|give|open)"
    r"|(?:(?:can|could|would) you (?:please )?)?(?:tell|remind) me,? "
    rf"(?=(?:{'|'.join(sorted(QUESTION_WORDS))})\b)"
    r"|(?:do you know|i(?: would|'d) like to know|i want to know|i wonder|and do we know),? "
    rf"(?=(?:{'|'.join(sorted(QUESTION_WORDS))})\b))",
    re.IGNORECASE,
)
_MARKER = re.compile(
    r"(?:(?:and|but|so|then|also|plus|or|now|okay|ok|well)\b[\s,]+"
    r"|(?:what|how) about\s+|what of\s+(?!it\b))",
    re.IGNORECASE,
)
_ANYTHING = re.compile(r"(?:is there |was there )?(?:any|some)thing (?=(?:about|on)\s)", re.I)
_MARKER_AT_END = re.compile(
    r"(?<!since)(?<!until)(?<!before)(?<!by)(?<!from)"
    r"[\s,]+(?:then|though|as well|too|also|either|instead)(?=\W*$)",
    re.IGNORECASE,
)
_CONTRACTED = re.compile(r"\b(what|who|when|where|how|that|it|he|she|there)['’]s\b", re.IGNORECASE)


def without_small_talk(text: str) -> str:
    """A question without thanks and the like around it; empty if there is nothing else."""
    while (found := _TALK.match(text)) and found.end():
        text = text[found.end() :]
    text = _TALK_AT_END.sub("", text).strip()
    frame = _FRAME.match(text)
    return text[frame.end() :] if frame else text


def without_markers(text: str) -> tuple[str, bool]:
    """A question without the words that tie it to what was said before; whether it had any.

    "So what are they for, then?" is "what are they for?".
    """
    rest = text
    while found := _MARKER.match(rest):
        rest = rest[found.end() :]
    if found := _ANYTHING.match(rest):
        rest = rest[found.end() :]
    rest = _MARKER_AT_END.sub("", rest)
    return rest, rest != text


def plainly(text: str) -> str:
    """For comparing with patterns: lower case, contractions spelled out, no punctuation."""
    spelled = _CONTRACTED.sub(r"\1 is", text).replace("’", "'").lower()
    return " ".join(re.sub(r"[?!.,;:“”\"]+", " ", spelled).split())


def words(text: str) -> list[str]:
    return re.findall(r"[\w’'-]+", text)


def is_fragment(text: str) -> bool:
    """Whether there is no clause in it: "on women", "the Canadian one"."""
    found = words(plainly(text))
    return (
        0 < len(found) <= 10
        and found[0] not in _IMPERATIVES
        and not (AUXILIARIES | QUESTION_WORDS) & set(found)
    )


def content_words(text: str) -> list[str]:
    return [w for w in words(text) if w.lower() not in STOP_WORDS and len(w) > 1]


def parted(fragment: str) -> tuple[str, str]:
    """The preposition of a fragment, and the rest: ("on", "women")."""
    found = re.match(rf"({_PREPOSITIONS})\s+(?=\S)", fragment, re.IGNORECASE)
    bare = fragment.strip(" ?!.,;:")
    if found is None:
        return "", bare
    return found[1].lower(), bare[found.end() :]


SAYS_ABOUT = re.compile(
    r"\b(?:sa(?:y|ys|id)|talk(?:s|ed)?|sp(?:eak|eaks|oke)|th(?:ink|inks|ought)|views?|opinions?|"
    rf"positions?|mention(?:s|ed)?|made?)\s+(?:{_ABOUT})\s+",
    re.IGNORECASE,
)


def object_of(question: str, preposition: str) -> tuple[int, int] | None:
    """Where the words stand that a fragment with this preposition takes the place of.

    What something is said about; else what follows the last such preposition.
    """
    end = len(question.rstrip(" ?!."))
    among = _ABOUT if preposition == "" or preposition in ABOUT else preposition
    said = SAYS_ABOUT.search(question)
    if among is _ABOUT and said:
        return said.end(), end
    found = list(re.finditer(rf"\b(?:{among})\s+(?=\w)", question, re.IGNORECASE))
    if not found or found[-1].end() >= end:
        return None
    return found[-1].end(), end


_SUBORDINATE = re.compile(r"\s+(?:when|while|because|if|that|which|who|whom|according to)\s", re.I)
_LEADING = re.compile(
    r"(?:not|also|ever|really|actually|about|on|regarding|for|of|to|in|with|against|by|a|an|any|"
    r"its|their|his|her|our)\s+",
    re.IGNORECASE,
)
_VERBS = frozenset(
    """achieve add address adopt agree appear apply ask avoid be become begin believe bring build
    call care change cite come commit concern conclude consider contain contribute cost cover
    create deal declare demand deploy describe die do end ensure exist expect express face fail
    fight find focus follow fund get give go happen have help hold identify implement improve
    include increase intend join keep lack last lead learn like look make matter mean measure
    mention mind name need note offer oppose pay plan play pledge praise prevent promise propose
    protect provide put raise reach recommend refer reject remain report request require say see
    seek send share should show sign speak start state stop strengthen succeed suffer suggest
    support take talk tell think train try urge use want warn welcome work""".split()
)


_HAVE_AND_BE = frozenset("are had has have is was were".split())
_ARTICLES = frozenset("a an any no the".split())


def _is_verb(word: str) -> bool:
    return word.lower() in _VERBS or _is_participle(word)


def _is_participle(word: str) -> bool:
    return re.fullmatch(r"been|being|\w+[^\We]ed", word.lower()) is not None


_TITLES = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Sir|Dame|Lord|Lady)\.? (?=[^\W\d_a-z])")


def topic_of(question: str, names: tuple[str, ...] = ()) -> str:
    """What a question is about, in its own words; empty where nothing is left.

    "What dilemma do troop contributors face?" – "the dilemma troop contributors face"; "What
    should drones be used for?" – "drones"; "Did Chad pay its dues?", of Chad, – "dues".

    Args:
        question: Complete.
        names: Of the speaker or delegation that the search was held to, who are not a topic.
    """
    text = _TITLES.sub("", question.strip(" ?!."))
    names = tuple(_TITLES.sub("", name) for name in names)
    for name in names:
        text = re.sub(rf"(?:the )?(?<!\w){re.escape(name)}['’]s?(?!\w)", "the", text)
        text = re.sub(rf"\s(?:of|by|for|from|according to) {re.escape(name)}(?!\w)", "", text)
    said = SAYS_ABOUT.search(text)
    if said:
        return _trimmed(text[said.end() :])
    found = words(text)
    lower = [word.lower() for word in found]
    first = next((n for n, word in enumerate(lower) if word in AUXILIARIES), None)
    if first is None:  # "Who held the presidency?"
        skipped = {"who": 2, "which": 3, "what": 3}.get(lower[0] if lower else "", 0)
        return _trimmed(" ".join(found[skipped:]))
    asked, rest = _without_question_words(found[:first]), found[first + 1 :]
    starts = (name.split() for name in names)
    if subject := next(
        (name for name in starts if name == rest[: len(name)]), None
    ):  # then the verb follows
        rest = rest[len(subject) + 1 :]
        while rest and (rest[0].lower() == "to" or _is_verb(rest[0])):
            rest = rest[1:]
    if rest[:1] and rest[0].lower() in ("be", "been", "being"):  # "What should be done about …?"
        rest = rest[2:]
    if lower[first] in _HAVE_AND_BE and rest[:1] and rest[0].lower() in _ARTICLES and asked:
        rest = []  # "Which system has a database?"
    if asked:
        return _trimmed(" ".join(["the", *asked, *rest]))
    # "What is the peace plan?" has no verb but "is".
    is_cut = _is_participle if lower[first] in _HAVE_AND_BE else _is_verb
    # Of two words that can be verbs the second is one: "What does the report say?"
    following = [*rest[1:], ""]
    cuts = (n for n, word in enumerate(rest) if n and is_cut(word) and not is_cut(following[n]))
    verb = next(cuts, len(rest))
    return _trimmed(" ".join(rest[:verb]))


def _without_question_words(found: list[str]) -> list[str]:
    return [w for w in found if w.lower() not in QUESTION_WORDS | {"kind", "sort", "of", "many"}]


_EMPTY = re.compile(r"(?:any|some|every|no)thing|together", re.IGNORECASE)
_PRONOUN = re.compile(r"\b(?:he|him|it|she|them|they)\b", re.IGNORECASE)


def _trimmed(text: str) -> str:
    text = _SUBORDINATE.split(" " + text)[0].strip()
    while found := _LEADING.match(text):
        text = text[found.end() :]
    text = re.sub(rf"\s+(?:{_PREPOSITIONS})$", "", text)
    telling = [word for word in content_words(text) if not _EMPTY.fullmatch(word)]
    return text if telling and not _PRONOUN.search(text) else ""


def matter_of(question: str) -> str:
    """A question without its question words and first auxiliary: "peacekeepers be used"."""
    found = words(question)
    while found and found[0].lower() in QUESTION_WORDS | AUXILIARIES:
        found = found[1:]
    return " ".join(found)


def capital(text: str) -> str:
    """A question with its first letter in upper case."""
    return text[:1].upper() + text[1:]


_OF_MEETING = re.compile(
    r"\b(?:brief(?:s|ed|ers?|ings?)?|presid(?:ed?|ency|ing)|chair(?:s|ed)?|attend(?:s|ed)?)\b", re.I
)


def is_thin(question: str) -> bool:
    """Whether a question says too little to be sure that it stands on its own."""
    return (
        len(content_words(question)) <= 2
        and not any(word[:1].isupper() or word[:1].isdigit() for word in words(question)[1:])
        and not any(mark in question for mark in "“\"'‘")
    )


def needs_meeting(question: str) -> bool:
    """Whether it asks for something that each meeting has: "Who briefed?"."""
    return is_thin(question) and _OF_MEETING.search(question) is not None
