"""Word lists for reading a side out of English prose. Stems match the beginnings of words."""

from __future__ import annotations

import re
from typing import Final

from debate.consensus.wording import words


def stems(*lines: str) -> re.Pattern[str]:
    """A pattern that matches a whole word beginning with one of the stems; ``stem$`` is the word itself."""
    parts = sorted({stem for line in lines for stem in line.split()}, key=len, reverse=True)
    return re.compile("|".join(re.escape(stem[:-1]) + "$" if stem.endswith("$") else re.escape(stem) for stem in parts))


AGAINST_TARGET: Final = stems(
    "ban$ bans$ banned$ banning$ prohib abol end$ ends$ ended$ ending$ clos stop$ stops$ stopp limit restrict",
    "eliminat remov scrap criminali illegal outlaw repeal abandon cut$ cutting$ withdr reject dismantl forbid",
    "forbidd censor disband halt ceas curb curtail suspend revok discontinu phase$ phased$ phasing$ defund divest",
    "boycott punish eradicat replac reduc lower discourag disallow leave$ quit$ unlawful crime$ criminal offence",
    "offense curfew fight$ fighting$ tax$ taxed$ block$ blocked$ drop$ dropped$ shut$ regulat oppose$ condemn",
    "penali",
)
"""Deeds a motion can demand that go against what it is about."""

FOR_TARGET: Final = stems(
    "adopt legal allow permit introduc subsid keep$ kept$ keeping$ retain$ retained$ maintain protect$ protected$",
    "increas rais expand promot encourag fund enact requir mandat compuls implement creat provid build$ built$",
    "restor reintroduc reinstat support endors establish invest$ grant$ accept approv extend preserv defend hold$",
    "make$ made$ embrac continu elect$ elected$ join$ joined$ free$ pass$ passed$ embraced permissib tolerat",
    "become$ show$ use$ used$ strengthen recogni guarant enabl favor favour entitl",
)
"""Deeds that go for what a motion is about."""

GOOD: Final = stems(
    "benefi good$ better$ best$ help$ helps$ helped$ helpful helping$ importan protect improv effectiv effici",
    "right$ rights$ freedom freely$ free$ fair$ fairer$ fairness$ safe$ safer$ safety$ secur justif just$",
    "justice$ moral$ ethical$ essential necess needed$ need$ needs$ valuab value$ values$ advant positiv success",
    "succeed promot encourag empower enabl ensur allow save$ saves$ saving$ healthy$ healthier$ progress innovat",
    "opportunit prosper growth$ educat equal dignity autonom choice$ choose$ deserv reduce$ reduces$ prevent solv",
    "deter$ deters$ deterr support foster enhanc strengthen stabil boost great$ legitima useful reasonab popular",
    "peace trust truth reliab afford cheap cheaper$ work$ works$ vital crucial thriv flourish reward enjoy love$",
    "happy happi wonderful fulfil gain$ gains$ acceptab appropriate$ well$",
)
"""Words that speak well of what they are said of."""

BAD: Final = stems(
    "bad$ worse worst harm danger damag hurt$ hurts$ risk threat cost$ costs$ costly$ expensiv wrong$ wrongs$",
    "immoral unethical violat infring unfair unjust ineffec ineffic fail problem abus exploit corrupt crime$",
    "crimes$ crimin kill death$ deaths$ die$ dies$ dying$ disease addict suffer pain$ painful poor$ poorer$",
    "poverty destroy destruct undermin weaken erod discriminat oppress racis sexis inequal bias prejud violen",
    "war$ wars$ terror fear$ fraud wast burden useless unnecess pointless unreal impossib impract unsafe unhealth",
    "pollut distort distract disrupt suicid coerc forced$ barbaric cruel inhuman degrad stigma divid divisi",
    "conflict chaos collaps lose$ loses$ losing$ loss$ lack deny$ denies$ deprive depriv prevent$ hinder imped",
    "limit restrict negativ disadvant detriment toxic obes cheat$ stress depress bully bulli isolat murder",
    "torture victim illegal myth$ false$ flaw incorrect outdat obsolete archaic hypocri arbitrar unaccept",
    "unreliab unpopular unconstitu irrevers mistake nothing$ too$ cannot$ hate$ never$",
)
"""Words that speak ill of it."""


def opposed(first: str, second: str) -> tuple[str, str] | None:
    """The words of opposite sign by which two texts differ (raise and lower, justified and unjustified), if any."""
    left, right = set(words(first)), set(words(second))
    pairs = ((a, b) for a in sorted(left - right) for b in sorted(right - left))
    return next((pair for pair in pairs if _opposite(*pair)), None)


def _opposite(first: str, second: str) -> bool:
    for prefix in ("un", "in", "im", "il", "ir", "dis", "non"):
        if first == prefix + second or second == prefix + first:
            return True
    return any(
        (plus.match(first) and minus.match(second)) or (plus.match(second) and minus.match(first))
        for plus, minus in ((FOR_TARGET, AGAINST_TARGET), (GOOD, BAD))
    )
