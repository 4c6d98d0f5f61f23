"""Scoring: the voices of an iteration, measured, as an event."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

from debate.consensus.measures import Measures, measure
from debate.consensus.method import Method
from debate.consensus.pair import SemanticMap
from debate.consensus.score import Scorer
from debate.consensus.voices import Voice
from debate.engine.casting import Casting
from debate.engine.embedding import Embedding
from debate.errors import EmbedderError
from debate.graph.turngraph import Iteration
from debate.reply.answers import shared_names
from debate.transcript.events import Camp, Scored
from debate.transcript.state import State


@dataclass(frozen=True, slots=True)
class RunScorer:
    """Scores the iterations of one run."""

    casting: Casting
    embedding: Embedding | None
    """What embeds; None where nothing may be embedded, so that only structured scores can be taken."""

    def structured(self, iteration: Iteration, state: State) -> Scored:
        """The agreement of an iteration by answers or stances: arithmetic, taken at once."""
        voices = voices_of(self.casting, iteration, state)
        return self._event(
            iteration, measure(voices, self.casting.method, topic=self.casting.topic, choices=self._choices())
        )

    async def semantic(self, iteration: Iteration, state: State) -> Scored:
        """The agreement of an iteration by a method that embeds. Without vectors there is no number, but a reason."""
        voices = voices_of(self.casting, iteration, state)
        if self.embedding is None:
            return self._none(iteration, "agreement", voices, "no embedder is available")
        try:
            scorer = await self._scorer(self.embedding, state)
            measured = await scorer.score(
                voices, self.casting.method, topic=self.casting.topic, choices=self._choices()
            )
            pairs = await self._pairs(scorer, voices) if self.casting.needs_pairs else None
        except EmbedderError as error:
            return self._none(iteration, "agreement", voices, str(error))
        return self._event(iteration, measured).model_copy(update={"pairs": pairs})

    async def _pairs(self, scorer: Scorer, voices: list[Voice]) -> dict[str, dict[str, float]]:
        """The agreement of every two voices that can be compared. Every text is embedded once."""
        found: dict[str, dict[str, float]] = {}
        for one, other in combinations(voices, 2):
            measured = await scorer.score([one, other], self.casting.method, topic=self.casting.topic)
            if measured.agreement is not None:
                found.setdefault(one.participant, {})[other.participant] = measured.agreement
        return found

    async def wording(self, iteration: Iteration, state: State) -> Scored:
        """The mean embedding similarity of an iteration's positions."""
        voices = voices_of(self.casting, iteration, state)
        unreadable = tuple(voice.participant for voice in voices if voice.position is None)
        if self.embedding is None:
            return self._none(iteration, "similarity", voices, "no embedder is available")
        try:
            scorer = await self.embedding.scorer()
            measured = await scorer.similarity(voices, topic=self.casting.topic)
            earlier = self._before(iteration, state)
            drift = await scorer.drift(earlier, voices) if earlier is not None else None
        except EmbedderError as error:
            return self._none(iteration, "similarity", voices, str(error))
        return Scored(
            round=iteration.round,
            iteration=iteration.number,
            measure="similarity",
            method="embedding",
            value=measured.mean_similarity,
            reason=None if measured.mean_similarity is not None else "fewer than two positions",
            n_valid=len(voices) - len(unreadable),
            unreadable=unreadable,
            embedder=measured.embedder,
            projected=measured.mean_projected,
            vendi=measured.vendi,
            drift=drift,
        )

    async def _scorer(self, embedding: Embedding, state: State) -> Scorer:
        """What scores this run: by the map that its header holds, whatever was fitted since."""
        scorer = await (embedding.judging() if self.casting.method is Method.NLI else embedding.scorer())
        curve = state.header.curve if state.header is not None else None
        if curve is None:
            return scorer
        fitted = SemanticMap(centre=curve.centre, width=curve.width)
        return replace(scorer, curve=fitted, validated=curve.validated)

    def _before(self, iteration: Iteration, state: State) -> list[Voice] | None:
        """The voices of the iteration before, of those whose positions are compared; None for the first."""
        compared = [i for i in self.casting.graph.iterations.values() if self.casting.compares_wording(i)]
        place = compared.index(iteration)
        return voices_of(self.casting, compared[place - 1], state) if place else None

    def _choices(self) -> int | None:
        question = self.casting.scenario.question
        return len(question.choices) or None if question is not None else None

    def _event(self, iteration: Iteration, measured: Measures) -> Scored:
        return Scored(
            round=iteration.round,
            iteration=iteration.number,
            measure="agreement",
            method=measured.method.value,
            value=measured.agreement,
            reason=measured.reason,
            n_valid=measured.n_valid,
            unreadable=measured.unreadable,
            kappa=measured.kappa,
            min_pair=measured.min_pair,
            majority_share=measured.majority_share,
            unanimous=measured.unanimous,
            effective_positions=measured.effective_positions,
            camps=tuple(Camp(label=c.label, members=c.members, share=c.share) for c in measured.camps),
            reliability=measured.reliability,
            embedder=measured.embedder,
        )

    def _none(self, iteration: Iteration, what: str, voices: list[Voice], reason: str) -> Scored:
        valid = [voice for voice in voices if voice.position is not None]
        return Scored(
            round=iteration.round,
            iteration=iteration.number,
            measure="similarity" if what == "similarity" else "agreement",
            method="embedding" if what == "similarity" else self.casting.method.value,
            value=None,
            reason=reason,
            n_valid=len(valid),
            unreadable=tuple(voice.participant for voice in voices if voice.position is None),
        )


def voices_of(casting: Casting, iteration: Iteration, state: State) -> list[Voice]:
    """The voters of an iteration with what they stand for; one who gave no reply has a voice that lacks every field.

    What a gate left out or a stop made unused has none.
    """
    voices = []
    for id_ in iteration.turns:
        participant = casting.graph.turns[id_].participant
        if participant not in casting.voters(iteration.round):
            continue
        ended = state.turns[id_].ended if id_ in state.turns else None
        if ended is not None and ended.outcome in ("skipped", "unused"):
            continue
        reply = ended.reply if ended is not None and ended.outcome == "completed" else None
        voices.append(Voice.of(participant, reply) if reply is not None else Voice(participant=participant))
    names = shared_names((voice.answer for voice in voices if voice.answer is not None), casting.answers)
    return [replace(voice, answer=names[voice.answer]) if voice.answer is not None else voice for voice in voices]
