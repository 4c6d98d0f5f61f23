"""Where a speaker says in prose that it stands on the motion: "I remain opposed", "the proposition overstates it".

A reader of patterns, not of meaning: it counts sentences in which the speaker sides, later ones for more, and is
silent where none does. Concessions ("while I agree that …", "I grant …, but"), what others are said to hold, and
agreement with the opponent rather than the motion are left out. Its result is an estimate, never a stated stance. Pure,
English.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from debate.consensus.leaning import motion_of, names_deed
from debate.consensus.wording import content_stems, negations, words

_MOTION: Final = (
    r"(?:(?:the|this|that|today's)\s+)?(?:\w+\s+){0,2}?"
    r"(?:proposition|motion|resolution|(?:statement|claim|thesis|proposal|premise|assertion)(?!\s+that))\b"
)
_SELF: Final = (
    r"\b(?:i|we|i'm|we're|i've|i'd|i'll|i am|we are|i have|this side|our side"
    r"|my (?:own |final |current |overall |honest |considered |initial |original )?(?:view|position|stance|judge?ment"
    r"|conclusion|assessment|opinion|verdict|answer|vote|case|inclination|sense))\b"
)
_FOR: Final = (
    r"\b(?:support(?:s|ed|ing|ive)?|endors\w+|favou?r(?:s|ed|ing|able)?|back(?:s|ed|ing)?|affirm\w*|accept(?:s|ing)?"
    r"|uphold\w*|defend(?:s|ing)?|agree\w*|stand (?:by|with|behind)|side with|convinced|persuaded"
    r"|sympathetic|in favou?r|embrace|advocate|on board"
    r"|aligned?|go along|pro)\b"
)
_AGAINST: Final = (
    r"\b(?:oppos\w+|reject\w*|disagree\w*|disput\w+|against|s[kc]eptic\w*|unconvinced|unpersuaded|doubt(?:s|ful)?"
    r"|object(?:s|ion|ions)? to|challeng(?:e|ing)|contest|rebut|refute|take issue|push back|reservations|dissent"
    r"|critical of|wary|opponent of)\b"
)
_TRUE: Final = (
    r"\b(?:correct|right|true|sound|valid|well[- ](?:supported|founded|grounded)|justified|defensible|persuasive"
    r"|convincing|compelling|more good than harm|reasonable|holds?(?: up| true| water)?|stands?|stronger"
    r"|accurate|plausible|warranted|has merit"
    r"|should (?:pass|be (?:accepted|adopted|affirmed|supported|upheld))|deserves? (?:support|to pass))\b"
)
_UNTRUE: Final = (
    r"\b(?:too (?:strong|broad|absolute|sweeping|simplistic|far|categorical|simple|general)"
    r"|over(?:states?|stated|simplif\w+|reach\w*|broad|generali[sz]\w+|looks?|ly \w+)|exaggerat\w+"
    r"|fails?|falls? (?:short|apart)|wrong|false|mistaken|flawed|untenable|misguided|misleading|ignores?|neglects?"
    r"|un(?:convincing|persuasive|supported|justified|warranted|founded|proven)|conflates?|misrepresent\w*|weak"
    r"|inaccurate|indefensible|mistakes|more harm than good|short-sighted|simplistic|sweeping|problematic"
    r"|should (?:fail|be (?:rejected|opposed|defeated)))\b"
)
_ON_MOTION: Final = (
    (re.compile(rf"\b(?:in (?:\w+ )?(?:favou?r|support) of|for|pro|affirm\w*|support\w*)\s+{_MOTION}"), 1),
    (re.compile(rf"\b(?:against|in (?:\w+ )?opposition to|oppos\w+(?: to)?|reject\w*|con|negat\w+)\s+{_MOTION}"), -1),
)
_PREDICATE: Final = (
    (re.compile(rf"{_MOTION}[^.,;:]{{0,60}}?{_UNTRUE}"), -1),
    (re.compile(rf"{_MOTION}[^.,;:]{{0,60}}?{_TRUE}"), 1),
)
_SIDES: Final = (
    (re.compile(rf"{_SELF}([^.;:]{{0,70}}?)({_AGAINST})([^.;:]{{0,90}})"), -1),
    (re.compile(rf"{_SELF}([^.;:]{{0,70}}?)({_FOR})([^.;:]{{0,90}})"), 1),
)
_BELIEF: Final = re.compile(
    r"\b(?:i|we)(?:n't| not| never| no longer|'m| am| are|'d| would| will| still| also| do| continue to| have to| must"
    r"| can| firmly| strongly| therefore| ultimately| remain)*\s+(?:believe|think|argue|contend|maintain|conclude|hold"
    r"|say|submit|assert|feel|insist|convinced|confident|agree|propose|recommend|urge)\s+(?:that\s+)?([^;:]+)"
)
_OPPONENT: Final = re.compile(r"\b(?:you|your|yours|my opponents?|the other side|they|their|colleague|both)\b")
_OTHERS: Final = re.compile(
    r"\b(?:proponents|supporters|advocates|opponents|critics|s[kc]eptics|others|my opponents?|the other side"
    r"|some (?:people )?(?:may |might |would |will )?(?:argue|say|claim|believe|contend)"
    r"|you (?:argue|say|claim|suggest|assert|contend)|one (?:might|could|may))\b"
)
_CONCESSION: Final = re.compile(
    r"\b(?:while|although|though|even though|even if|granted|admittedly|whereas|despite|if|because|to be sure)\b"
    r"[^,;]*(?:[,;]|$)"
)
_TURN: Final = re.compile(r"[,;]?\s*\b(?:but|however|yet|nevertheless|nonetheless|still,)\b")
_NOT: Final = re.compile(
    r"\b(?:not|never|no longer|cannot|can't|don't|won't|wouldn't|isn't|aren't|doesn't|didn't|haven't|wasn't|hardly"
    r"|unable|reluctant|hesitant|difficult|hard|no reason|neither|without|un)\b"
)
_UNCHANGED: Final = re.compile(r"\b(?:has|have|had|did)(?:n't| not) (?:changed|shifted|moved|change|shift|move)\w*")
_NEUTRAL: Final = re.compile(
    r"\b(?:neutral|undecided|on the fence|middle ground|both sides have|neither (?:fully )?(?:support|agree)|ambivalent"
    r"|torn)\b"
)
_ENOUGH: Final = 0.6
_SHOWN: Final = 0.2


def sentences(text: str) -> list[str]:
    """The sentences of ``text``, cut at full stops and line breaks; marks of lists and headings are dropped."""
    plain = re.sub(r"[*_`#>]+", "", text.replace("\u2019", "'"))
    parts = re.split(r"(?<=[.!?])[\"')\]]*\s+|\n+", plain)
    return [part for raw in parts if (part := re.sub(r"^\s*(?:[-\u2022]|\d+[.)])\s+", "", raw).strip())]


@lru_cache(maxsize=4096)
def self_stance(topic: str, text: str) -> float | None:
    """Where the speaker of ``text`` says it stands on ``topic``, in [-1, 1]; None where it does not say."""
    found = sentences(text)
    total = weight = 0.0
    for index, sentence in enumerate(found):
        side = _side(topic, sentence.lower())
        if side is not None:
            counts = 1 + 2 * (index + 1) / len(found)
            total += counts * side
            weight += counts
    if not weight or abs(total / weight) < _SHOWN:
        return None
    return total / weight


def self_stating(topic: str, text: str) -> str | None:
    """The last sentence of ``text`` in which the speaker takes a side; None without one."""
    return next((part for part in reversed(sentences(text)) if _side(topic, part.lower())), None)


def _side(topic: str, sentence: str) -> float | None:
    """The side one sentence takes: 1, -1, 0 where it says neutral, None where it takes none."""
    said = _turned(_UNCHANGED.sub(" ", _CONCESSION.sub(" ", sentence)))
    votes = [*_votes_of_speaker(topic, said), *_votes_on_motion(said)]
    if not votes and re.search(_SELF, said) and _NEUTRAL.search(said):
        return 0.0
    total = sum(votes)
    return None if total == 0 else 1.0 if total > 0 else -1.0


def _turned(sentence: str) -> str:
    """What follows a "but", with the subject it may have left out."""
    *before, last = _TURN.split(sentence)
    subject = "i " if before and re.search(_SELF, before[0]) and not re.search(_SELF, last) else ""
    return subject + last


def _votes_of_speaker(topic: str, said: str) -> list[int]:
    about = content_stems(topic)
    direction, deeds = motion_of(topic)
    votes = []
    for pattern, sign in _SIDES:
        match = pattern.search(said)
        if match is None or _OPPONENT.search(match[3][:40]):
            continue
        of_motion = re.search(_MOTION, match[0]) is not None
        shared = content_stems(match[3]) & about
        bare = (
            match[0].startswith(("i", "my"))
            and re.fullmatch(r"\W*(?:it|this|that|here|overall|so|strongly|firmly)?\W*", match[3]) is not None
        )
        if of_motion or shared or bare:
            turned = sum(1 for _ in _NOT.finditer(match[1] + " " + match[2]))
            # To support what a motion would ban is to oppose the motion.
            against_motion = not of_motion and not bare and direction < 0 and not names_deed(words(match[3]), deeds)
            votes.append(sign * (-1) ** (turned + against_motion))
            break
    belief = _BELIEF.search(said)
    if belief is not None and not votes:
        turned = len(_NOT.findall(said[: belief.start(1)][belief.start() :]))
        votes += [vote * (-1) ** turned for vote in _restated(topic, belief[1])]
    return votes


def _votes_on_motion(said: str) -> list[int]:
    if _OTHERS.search(said):
        return []
    for pattern, sign in (*_ON_MOTION, *_PREDICATE):
        match = pattern.search(said)
        if match is not None and not _OPPONENT.search(match[0]):
            before = said[max(0, match.start() - 25) : match.start()]
            return [sign * (-1) ** sum(1 for _ in _NOT.finditer(before + " " + match[0]))]
    return []


def _restated(topic: str, clause: str) -> list[int]:
    """Whether a clause says the motion over again, or its opposite by a negation."""
    about, said = content_stems(topic), content_stems(clause)
    if not about or len(about & said) < _ENOUGH * len(about):
        return []
    return [1 if (negations(topic) - negations(clause)) % 2 == 0 else -1]
